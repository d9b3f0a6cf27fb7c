//! The language of messages to a user.

use alloc::string::String;

/// A supported language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English, the default.
    English,
    /// German.
    German,
}

impl Language {
    /// The language that gettext(3) would choose: the first of `LC_ALL`, `LC_MESSAGES` and `LANG`
    /// that is set names the locale; unless that is C, `LANGUAGE` may list preferred alternatives.
    #[must_use]
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set).unwrap_or_default();
        if matches!(code(&locale), "" | "C" | "POSIX") {
            return Self::English;
        }
        let preferred = set(&"LANGUAGE").unwrap_or_default();
        preferred.split(':').chain([locale.as_str()]).find_map(Self::named).unwrap_or(Self::English)
    }

    fn named(locale: &str) -> Option<Self> {
        match code(locale) {
            "de" => Some(Self::German),
            "en" => Some(Self::English),
            _ => None,
        }
    }
}

/// The language of `LANGUAGE_TERRITORY.CODESET@MODIFIER`.
fn code(locale: &str) -> &str {
    locale.split(['_', '.', '@']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, German};
    use alloc::borrow::ToOwned as _;

    fn of(variables: &[(&str, &str)]) -> Language {
        let value = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Language::of(value)
    }

    #[test]
    fn the_language_is_that_of_the_locale_and_english_for_all_others() {
        for (locale, language) in [
            ("de_DE.UTF-8", German),
            ("de_AT@euro", German),
            ("de", German),
            ("de_CH.UTF-8", German),
            ("en_GB.UTF-8", English),
            ("fr_FR.UTF-8", English),
            ("den_CA", English),
            ("C", English),
            ("C.UTF-8", English),
            ("POSIX", English),
            ("", English),
        ] {
            assert_eq!(of(&[("LANG", locale)]), language, "{locale}");
        }
        assert_eq!(of(&[]), English);
    }

    #[test]
    fn the_first_variable_that_is_set_counts() {
        let (de, en) = ("de_DE.UTF-8", "en_US.UTF-8");
        assert_eq!(of(&[("LC_ALL", de), ("LC_MESSAGES", en), ("LANG", en)]), German);
        assert_eq!(of(&[("LC_ALL", ""), ("LC_MESSAGES", de), ("LANG", en)]), German);
        assert_eq!(of(&[("LC_MESSAGES", en), ("LANG", de)]), English);
        assert_eq!(of(&[("LC_ALL", "C"), ("LANG", de)]), English);
    }

    #[test]
    fn a_list_of_languages_goes_before_the_locale() {
        let fr = ("LANG", "fr_FR.UTF-8");
        assert_eq!(of(&[("LANGUAGE", "fr:de:en"), fr]), German);
        assert_eq!(of(&[("LANGUAGE", "en_GB:de"), ("LANG", "de_DE.UTF-8")]), English);
        assert_eq!(of(&[("LANGUAGE", "fr"), ("LANG", "de_DE.UTF-8")]), German);
        assert_eq!(of(&[("LANGUAGE", "de"), ("LANG", "C")]), English);
        assert_eq!(of(&[("LANGUAGE", "de"), ("LANG", "C.UTF-8")]), English);
    }
}
