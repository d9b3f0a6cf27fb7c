//! The words of enums in reports, D-Bus replies and files.

/// Gives an enum its words: `ALL`, `as_str`, `parse` and `Display`.
#[macro_export]
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Parses a word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::{ClockState, Code, LicenseState, Reason, ServiceState, ServiceStatus, Stage};

    macro_rules! reads_back {
        ($($name:ident),+) => { $(
            for one in $name::ALL.iter().copied() {
                assert_eq!($name::parse(one.as_str()), Some(one));
                assert_eq!(alloc::string::ToString::to_string(&one), one.as_str());
            }
            assert_eq!($name::parse("anything else"), None);
            assert_eq!($name::parse(""), None);
        )+ };
    }

    #[test]
    fn every_word_reads_back_as_its_variant() {
        reads_back!(ClockState, Code, LicenseState, Reason, ServiceState, ServiceStatus, Stage);
    }
}
