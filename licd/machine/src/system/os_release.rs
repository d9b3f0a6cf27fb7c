//! The syntax of os-release(5): shell-compatible assignments.

/// The value of a field, by its last assignment as in a shell; `None` if it is not assigned or its
/// quotes are not closed.
pub(super) fn value(text: &str, field: &str) -> Option<String> {
    text.lines().rev().find_map(|line| match line.trim().split_once('=')? {
        (name, value) if name == field => Some(unquote(value)),
        _ => None,
    })?
}

/// “Strings may be enclosed in single or double quotes … $, quotes, backslash, backtick must be
/// escaped with backslashes, following shell style” (os-release(5)).
fn unquote(value: &str) -> Option<String> {
    if let Some(rest) = value.strip_prefix('\'') {
        return rest.strip_suffix('\'').map(str::to_owned);
    }
    let Some(rest) = value.strip_prefix('"') else { return Some(value.to_owned()) };
    let mut plain = String::with_capacity(rest.len());
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return characters.as_str().is_empty().then_some(plain),
            '\\' => match characters.next()? {
                c @ ('$' | '"' | '\\' | '`') => plain.push(c),
                other => plain.extend(['\\', other]),
            },
            other => plain.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Option<String> {
        value(text, "VERSION_ID")
    }

    #[test]
    fn values_are_read_with_and_without_quotes() {
        for text in [
            "VERSION_ID=12.4.0",
            "VERSION_ID=\"12.4.0\"",
            "VERSION_ID='12.4.0'",
            "# VERSION_ID=1\n\nNAME=\"IGEL OS\"\n  VERSION_ID=12.4.0  \nOTHER=x\n",
            "VERSION_ID=11\nVERSION_ID=12.4.0\r\n",
        ] {
            assert_eq!(version(text).as_deref(), Some("12.4.0"), "{text}");
        }
    }

    #[test]
    fn escapes_count_in_double_quotes_only() {
        assert_eq!(version(r#"VERSION_ID="a\"\$\\\`\n""#).unwrap(), r#"a"$\`\n"#);
        assert_eq!(version(r"VERSION_ID='a\$b'").unwrap(), r"a\$b");
    }

    #[test]
    fn anything_but_an_assignment_is_skipped() {
        for text in [
            "",
            "VERSION_ID",
            "MY_VERSION_ID=12",
            "VERSION_ID =12",
            "VERSION_ID=\"12",
            "VERSION_ID=\"12\"3",
            "VERSION_ID='",
            "VERSION_ID=\"\\",
        ] {
            assert_eq!(version(text), None, "{text}");
        }
    }
}
