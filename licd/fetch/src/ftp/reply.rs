//! What an FTP server says (RFC 959 §4.2).

use std::io::{self, BufRead, Read as _};

/// Bytes of a reply; greetings with a page of house rules have two thousand.
const BYTES: u64 = 64 * 1024;
/// Bytes of it that are kept for a message.
const TEXT_BYTES: usize = 1024;

/// A code and the words that come with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    /// The words of all lines, a blank between them.
    pub(super) text: String,
}

/// Why there is no reply.
#[derive(Debug)]
pub(super) enum NoReply {
    Failed(io::Error),
    /// What comes is no reply.
    Garbage,
    /// What comes is TLS.
    Tls,
}

impl Reply {
    /// Reads one. A reply of several lines ends at a line that begins with its own code and a blank,
    /// whatever other lines begin with.
    pub(super) fn read(from: &mut impl BufRead) -> Result<Self, NoReply> {
        let mut from = from.take(BYTES);
        let first = line(&mut from)?;
        let (code, more, words) = cut(&first).ok_or_else(|| no_reply(&first))?;
        let mut text = words.to_owned();
        let mut ended = !more;
        while !ended {
            let next = line(&mut from)?;
            let (end, words) = match cut(&next) {
                Some((own, more, words)) if own == code => (!more, words),
                _ => (false, next.as_str()),
            };
            ended = end;
            if text.len() < TEXT_BYTES && !words.trim().is_empty() {
                text.push(' ');
                text.push_str(words.trim());
            }
        }
        Ok(Self { code, text: text.trim().to_owned() })
    }

    /// Whether it says that the connection has to be made by TLS.
    pub(super) fn wants_tls(&self) -> bool {
        let mut words = self.text.split(|c: char| !c.is_ascii_alphanumeric());
        self.code >= 500
            && words.any(|word| {
                // “auth failed” is about a password.
                let is_name =
                    ["TLS", "SSL", "FTPS"].iter().any(|tls| word.eq_ignore_ascii_case(tls));
                is_name || word == "AUTH" || word.to_ascii_lowercase().starts_with("encrypt")
            })
    }
}

/// The next line without its end, whatever its letters.
fn line(from: &mut impl BufRead) -> Result<String, NoReply> {
    let mut bytes = Vec::new();
    from.read_until(b'\n', &mut bytes).map_err(NoReply::Failed)?;
    if bytes.last() != Some(&b'\n') {
        return Err(match bytes.is_empty() {
            true => NoReply::Failed(io::ErrorKind::UnexpectedEof.into()),
            false => no_reply(&String::from_utf8_lossy(&bytes)),
        });
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned())
}

/// TLS begins with an alert or a handshake of version 3 (RFC 8446 §5.1).
fn no_reply(line: &str) -> NoReply {
    match line.as_bytes() {
        [0x15 | 0x16, 3, ..] => NoReply::Tls,
        _ => NoReply::Garbage,
    }
}

/// Code, whether more lines follow, and words.
fn cut(line: &str) -> Option<(u16, bool, &str)> {
    let (code, rest) = line.split_at_checked(3)?;
    let is_code = code.bytes().all(|b| b.is_ascii_digit())
        && code.starts_with(['1', '2', '3', '4', '5', '6']);
    let code = code.parse().ok().filter(|_| is_code)?;
    match rest.chars().next() {
        None => Some((code, false, "")),
        Some(' ') => Some((code, false, rest.get(1..)?)),
        Some('-') => Some((code, true, rest.get(1..)?)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(u16, String), NoReply> {
        let mut rest = text.as_bytes();
        let reply = Reply::read(&mut rest)?;
        assert_eq!(rest, b"next\r\n", "{text}");
        Ok((reply.code, reply.text))
    }

    #[test]
    fn a_reply_ends_at_its_own_code_only() {
        for (text, code, words) in [
            ("220 ready\r\n", 220, "ready"),
            ("220\r\n", 220, ""),
            ("230 in\n", 230, "in"),
            ("220-Acme\r\n404 Main Street\r\n220 ready\r\n", 220, "Acme 404 Main Street ready"),
            (
                "230-Hello\r\n 230 indented\r\n230-still\r\n231 no\r\n230 in\r\n",
                230,
                "Hello 230 indented still 231 no in",
            ),
            ("220-a\r\n\r\n220x\r\n220\r\n", 220, "a 220x"),
            ("550-Grüße\r\n550 nein\r\n", 550, "Grüße nein"),
        ] {
            assert_eq!(read(&format!("{text}next\r\n")).unwrap(), (code, words.to_owned()));
        }
    }

    #[test]
    fn what_is_no_reply_is_told_from_one_that_ends_too_early() {
        for text in [
            "SSH-2.0-OpenSSH_9.2\r\n",
            "HTTP/1.1 400 Bad\r\n",
            "\r\n",
            "99 x\r\n",
            "2200 x\r\n",
            "x",
        ] {
            assert!(matches!(read(text), Err(NoReply::Garbage)), "{text}");
        }
        for text in ["", "220-Acme\r\n"] {
            assert!(matches!(read(text), Err(NoReply::Failed(_))), "{text}");
        }
        assert!(matches!(read("\u{16}\u{3}\u{3}"), Err(NoReply::Tls)));
        let endless = format!("220-{}", "x\r\n".repeat(100_000));
        assert!(read(&endless).is_err());
    }

    #[test]
    fn a_wish_for_tls_is_heard_in_many_words() {
        for (code, text, wants) in [
            (530, "Non-anonymous sessions must use encryption.", true),
            (550, "SSL/TLS required on the control channel", true),
            (534, "Policy requires SSL.", true),
            (503, "Use AUTH first.", true),
            (530, "Please login with USER and PASS.", false),
            (530, "auth failed", false),
            (230, "TLS is nice", false),
        ] {
            let reply = Reply { code, text: text.to_owned() };
            assert_eq!(reply.wants_tls(), wants, "{text}");
        }
    }
}
