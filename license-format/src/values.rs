//! The values of a licence's fields: IDs, codes, words and the last day (LF §4).

use core::fmt;

use crate::date::Date;
use crate::encoding::decimal;

/// A short text whose alphabet and length its `parse` restricts. Its own length takes one byte, because
/// a licence has room for dozens.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $max:literal, $form:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(heapless::String<$max, u8>);

        impl $name {
            /// Reads the spelling of a licence file; `None` for any other text.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let fits: fn(&str) -> bool = $form;
                heapless::String::try_from(text).ok().filter(|_| fits(text)).map(Self)
            }

            /// The spelling of a licence file.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn upper_or_digit(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}

text_type!(
    /// The ID of a Product Pack or Subscription Key: upper-case groups joined by dashes, at least
    /// two, 4–24 bytes (`WE-7Q2KD`).
    PackId, 24, |text| text.len() >= 4
        && text.contains('-')
        && text.split('-').all(|group| !group.is_empty() && group.bytes().all(upper_or_digit))
);
text_type!(
    /// The code of a product: 2–12 of `[A-Z0-9-]` (`WE`, `WE-E`, `90M`).
    Product, 12, |text| text.len() >= 2 && text.bytes().all(|b| upper_or_digit(b) || b == b'-')
);
text_type!(
    /// The number of an order: 1–32 of `[A-Za-z0-9-]`.
    OrderNumber, 32, |text| !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
);
text_type!(
    /// The name of a service that a licence unlocks: 1–64 of `[A-Z0-9_]`.
    ServiceName, 64, |text| !text.is_empty() && text.bytes().all(|b| upper_or_digit(b) || b == b'_')
);

/// The serial number of an issue of a pack, 1 to 2^63−1. Each issue has a higher one than the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(u64);

impl Serial {
    /// The lowest serial.
    pub const FIRST: Self = Self(1);

    /// A serial number; `None` outside 1 to 2^63−1.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        (1..=i64::MAX.unsigned_abs()).contains(&number).then_some(Self(number))
    }

    /// Reads the decimal spelling of a licence file.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        decimal(text, u64::MAX).and_then(Self::new)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An enum whose variants are words of the format.
macro_rules! word_type {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Reads the word of a licence file.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)+ _ => None }
            }

            /// The word of a licence file.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

word_type!(
    /// The effect of the last day of a licence.
    Term {
        /// Maintenance ends; the services stay.
        Perpetual = "perpetual",
        /// The services end.
        Subscription = "subscription",
        /// The services end without grace, and the device counts as never licensed.
        Evaluation = "evaluation"
    }
);
word_type!(
    /// The column that UMS shows a licence in.
    Category {
        /// Perpetual kinds with maintenance.
        Maintenance = "maintenance",
        /// Subscriptions.
        Subscription = "subscription",
        /// Add-ons.
        AddOn = "add-on"
    }
);

/// The last day of a licence. `Never` is later than every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expiry {
    /// This day, inclusive.
    On(Date),
    /// The licence has no last day.
    Never,
}

impl Expiry {
    /// Reads `YYYY-MM-DD` or `never`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "never" { Some(Self::Never) } else { Date::parse(text).map(Self::On) }
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(date) => date.fmt(f),
            Self::Never => f.write_str("never"),
        }
    }
}
