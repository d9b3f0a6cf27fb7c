//! The valid values in `settings.toml`, and the messages about invalid ones.

use std::fmt;
use std::ops::RangeInclusive;

use licd_fs::tomlvalue::{Number, Text};
use licd_protocol::Url;
use licd_rules::Selector;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

/// Limit of download links; UMS adds one for each deployment and removes it once it is complete.
pub const LICENSE_URLS: usize = 64;
/// Hours between two polls of the download links: from one hour to a year.
pub const POLL_HOURS: RangeInclusive<u16> = 1..=8760;

/// The word for no removal profile.
const NONE: &str = "none";

/// A download link: not empty, within [`Url::BYTES`], without control characters.
struct Link(String);

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Text {
            expecting: "a download link in quotes, 1 to 2048 characters, no control characters",
            parse: |text| {
                let fits = !text.contains(char::is_control);
                let fits = fits && (1..=Url::BYTES).contains(&text.len());
                fits.then(|| Self(text.to_owned()))
            },
        }
        .read(value)
    }
}

/// At most [`LICENSE_URLS`] download links.
struct Links;

impl<'de> Visitor<'de> for Links {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {LICENSE_URLS} download links")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<String>, A::Error> {
        let mut links = Vec::new();
        while let Some(link) = items.next_element::<Link>()? {
            if links.len() == LICENSE_URLS {
                return Err(de::Error::invalid_length(links.len() + 1, &self));
            }
            links.push(link.0);
        }
        Ok(links)
    }

    // The default message would quote the string, and a link may hold a password.
    fn visit_str<E: de::Error>(self, _: &str) -> Result<Vec<String>, E> {
        Err(E::custom(format_args!(
            "invalid type: string, expected {}",
            &self as &dyn de::Expected
        )))
    }
}

pub(super) fn license_urls<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<String>, D::Error> {
    value.deserialize_seq(Links)
}

pub(super) fn poll_hours<'de, D: Deserializer<'de>>(value: D) -> Result<u16, D::Error> {
    Number {
        expecting: "a number of hours, 1 to 8760",
        parse: |hours| u16::try_from(hours).ok().filter(|hours| POLL_HOURS.contains(hours)),
    }
    .read(value)
}

pub(super) fn remove<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Selector>, D::Error> {
    Text {
        expecting: "\"none\" or what to remove, such as \"evaluation\" or \"pack:WE-7Q2KD\"",
        parse: |text| match text {
            NONE => Some(None),
            text => Selector::parse(text).map(Some),
        },
    }
    .read(value)
}
