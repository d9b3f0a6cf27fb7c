//! The valid values in `licd.toml`, and the messages about invalid ones.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use licd_fs::tomlvalue::{self, Number, Text};
use licd_protocol::{Proxy, ProxyError, Url, UrlError, host_name};
use licd_rules::Generation;
use license_format::{Date, limits};
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};

use super::{LOGINS, Login};

/// Limit of a version in bytes, that of a host name or kernel release in `utsname`.
const VERSION_BYTES: usize = 64;
/// Upper limit of a timeout: a day. The lower limit is 1; 0 would reject every connection.
const TIMEOUT_SECONDS: u64 = 24 * 60 * 60;
/// Limit of a host name in bytes (RFC 1035 §2.3.4).
const HOST_BYTES: usize = 255;
/// Limit of a user name in bytes, that of a mail address (RFC 5321 §4.5.3.1).
const USER_BYTES: usize = 320;
/// Limit of a path in bytes (`PATH_MAX` of Linux).
const PATH_BYTES: usize = 4096;

/// The SHA-256 of a certificate's DER encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificatePin(pub [u8; 32]);

impl CertificatePin {
    /// Parses 64 hex digits of either case, with or without colons between bytes, as `openssl` and
    /// browsers print them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut pin = [0; 32];
        let mut digits = text.as_bytes();
        for (place, byte) in pin.iter_mut().enumerate() {
            if let (true, [b':', rest @ ..]) = (place > 0, digits) {
                digits = rest;
            }
            let (pair, rest) = digits.split_first_chunk::<2>()?;
            let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
            *byte = u8::try_from(high? * 16 + low?).ok()?;
            digits = rest;
        }
        digits.is_empty().then_some(Self(pin))
    }
}

impl fmt::Display for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Parses a string; an empty one is unset.
fn unless_empty<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { parse(text).map(Some) }
}

pub(super) fn threshold<'de, D: Deserializer<'de>>(value: D) -> Result<NonZeroUsize, D::Error> {
    const { assert!(limits::SIGNATURES == 8) };
    Number {
        expecting: "1 to 8, the root keys that can sign one trust document",
        parse: |number| {
            let number = NonZeroUsize::new(usize::try_from(number).ok()?)?;
            (number.get() <= limits::SIGNATURES).then_some(number)
        },
    }
    .read(value)
}

pub(super) fn generation<'de, D>(value: D) -> Result<Option<Generation>, D::Error>
where
    D: Deserializer<'de>,
{
    Number {
        expecting: "1 to 12",
        parse: |number| Generation::from_major(u64::try_from(number).ok()?).map(Some),
    }
    .read(value)
}

pub(super) fn version<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Text {
        expecting: "a version such as \"12.4.0\"",
        parse: |text| {
            unless_empty(text, |text| {
                let fits = |b: u8| b.is_ascii_alphanumeric() || b".+~_-".contains(&b);
                (text.len() <= VERSION_BYTES && text.bytes().all(fits)).then(|| text.to_owned())
            })
        },
    }
    .read(value)
}

pub(super) fn released<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Date>, D::Error> {
    Text {
        expecting: "a day such as \"2026-01-15\", in quotes",
        parse: |text| unless_empty(text, Date::parse),
    }
    .read(value)
}

pub(super) fn days<'de, D: Deserializer<'de>>(value: D) -> Result<u16, D::Error> {
    Number { expecting: "a number of days, 0 to 65535", parse: |number| u16::try_from(number).ok() }
        .read(value)
}

pub(super) fn seconds<'de, D: Deserializer<'de>>(value: D) -> Result<Duration, D::Error> {
    Number {
        expecting: "a number of seconds, 1 to 86400",
        parse: |number| {
            let seconds = u64::try_from(number).ok()?;
            (1..=TIMEOUT_SECONDS).contains(&seconds).then(|| Duration::from_secs(seconds))
        },
    }
    .read(value)
}

pub(super) fn file<'de, D: Deserializer<'de>>(value: D) -> Result<Option<PathBuf>, D::Error> {
    Text {
        expecting: "an absolute path of a file",
        parse: |text| {
            unless_empty(text, |text| {
                let fits = text.len() < PATH_BYTES && !text.contains(char::is_control);
                (fits && Path::new(text).is_absolute()).then(|| PathBuf::from(text))
            })
        },
    }
    .read(value)
}

pub(super) fn proxy<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Proxy>, D::Error> {
    Address {
        expecting: "a proxy such as \"http://proxy.example.com:3128\"",
        parse: |text| match Proxy::parse(text) {
            Err(error @ ProxyError::UserInfo(_)) => Err(Some(format!("the proxy {error}"))),
            proxy => proxy.map_err(|_| None),
        },
    }
    .read(value)
}

pub(super) fn service_url<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Url>, D::Error> {
    Address {
        expecting: "an address such as \"https://licensing.example.com/activate\"",
        parse: |text| match Url::parse(text) {
            Ok(url) if url.scheme().is_web() => Ok(url),
            Err(error @ UrlError::UserInfo(_)) => Err(Some(format!("the address {error}"))),
            _ => Err(None),
        },
    }
    .read(value)
}

pub(super) fn terms<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Text {
        expecting: "the address or the path of the terms, on one line",
        parse: |text| {
            unless_empty(text, |text| {
                let fits = text.len() < PATH_BYTES && !text.contains(char::is_control);
                fits.then(|| text.to_owned())
            })
        },
    }
    .read(value)
}

/// Deserializes an address, or an empty string if it is unset. No message quotes it: it may hold a
/// password.
struct Address<T> {
    /// The valid values; the text follows "expected" in a message.
    expecting: &'static str,
    /// Parses the address; the error is a specific message, if there is one.
    parse: fn(&str) -> Result<T, Option<String>>,
}

impl<T> Address<T> {
    fn read<'de, D: Deserializer<'de>>(self, from: D) -> Result<Option<T>, D::Error> {
        let mut address = None;
        let mut accept = |text: &str| {
            if !text.is_empty() {
                address = Some((self.parse)(text)?);
            }
            Ok(())
        };
        tomlvalue::string(from, self.expecting, &mut accept)?;
        Ok(address)
    }
}

pub(super) fn pin<'de, D>(value: D) -> Result<Option<CertificatePin>, D::Error>
where
    D: Deserializer<'de>,
{
    Text {
        expecting: "the 64 hex digits of a certificate's SHA-256",
        parse: |text| unless_empty(text, CertificatePin::parse),
    }
    .read(value)
}

pub(super) fn logins<'de, D: Deserializer<'de>>(value: D) -> Result<Vec<Login>, D::Error> {
    let logins = Vec::<Login>::deserialize(value)?;
    if logins.len() > LOGINS {
        return Err(D::Error::custom(format!("more than {LOGINS} sections [[network.login]]")));
    }
    Ok(logins)
}

pub(super) fn host<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    Text {
        expecting: "the name of a server such as \"ums.example.com\", without port",
        parse: |text| host_name(text).filter(|_| text.len() <= HOST_BYTES),
    }
    .read(value)
}

pub(super) fn user<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    Text {
        expecting: "a user name",
        parse: |text| {
            let fits = !text.is_empty() && text.len() <= USER_BYTES;
            (fits && !text.contains(char::is_control)).then(|| text.to_owned())
        },
    }
    .read(value)
}

pub(super) fn password_file<'de, D: Deserializer<'de>>(value: D) -> Result<PathBuf, D::Error> {
    file(value)?.ok_or_else(|| D::Error::custom("password_file: is empty"))
}
