//! Sources of documents, as a person, a setting or a caller names them.

use std::ffi::OsStr;
use std::path::PathBuf;

use licd_fs::printable::escaped;
use licd_protocol::{Url, UrlError, without_userinfo};
use licd_rules::Code;

use crate::Failure;

/// A source of one or more documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file of this machine.
    File(PathBuf),
    /// A server.
    Url(Url),
    /// A USB stick: the file system on this block device, or the only stick plugged in.
    Stick(Option<PathBuf>),
}

impl Place {
    /// Reads `usb`, `usb:/dev/…` or an address; any other text is a path. `./` in front names a
    /// file that looks like one of the others.
    ///
    /// # Errors
    /// [`Code::SourceRefused`]: licd cannot fetch the address, or the stick is not named by its
    /// device path.
    pub fn parse(text: &OsStr) -> Result<Self, Failure> {
        let Some(text) = text.to_str() else { return Ok(Self::File(text.into())) };
        if text == "usb" {
            return Ok(Self::Stick(None));
        }
        if let Some(device) = text.strip_prefix("usb:") {
            if device.starts_with('/') {
                return Ok(Self::Stick(Some(device.into())));
            }
            return Err(refused("must name the device by its path, such as usb:/dev/sdX1"));
        }
        match (Url::parse(text), text.split_once("://")) {
            (Ok(url), _) => Ok(Self::Url(url)),
            (Err(error), Some((scheme, _))) if is_scheme(scheme) => Err(refused(&message(error))),
            _ => Ok(Self::File(text.into())),
        }
    }

    /// The printable form of a text that [`parse`](Self::parse) refuses: safe for a terminal and a
    /// log, and without a password.
    #[must_use]
    pub fn refused_name(text: &OsStr) -> String {
        let text = text.to_string_lossy();
        // Messages put a colon after the name.
        let text = if text == "usb:" { "usb".into() } else { text };
        escaped(&without_userinfo(&text))
    }
}

/// The message after the text of an address.
fn message(error: UrlError) -> String {
    match error {
        UrlError::Scheme => error.to_string(),
        _ => format!("the address {error}"),
    }
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

fn refused(message: &str) -> Failure {
    Failure::new(Code::SourceRefused, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        Place::parse(text.as_ref()).unwrap()
    }

    fn url(text: &str) -> Url {
        let Place::Url(url) = place(text) else { panic!("{text}") };
        url
    }

    #[test]
    fn any_text_but_an_address_or_a_stick_is_a_file() {
        for text in
            ["/a b", "a.lic", "usbstick.lic", "./usb", "a:b", "", "C:\\x", "/x://y", "./ftp://a"]
        {
            assert_eq!(place(text), Place::File(text.into()), "{text}");
        }
        let odd = std::os::unix::ffi::OsStrExt::from_bytes(b"https://\xff");
        assert!(matches!(Place::parse(odd), Ok(Place::File(_))));
    }

    #[test]
    fn a_stick_is_named_by_its_device_or_not_at_all() {
        assert_eq!(place("usb"), Place::Stick(None));
        assert_eq!(place("usb:/dev/sdb1"), Place::Stick(Some("/dev/sdb1".into())));
        for text in ["usb:", "usb:sdb1"] {
            let failure = Place::parse(text.as_ref()).unwrap_err();
            assert_eq!(failure.code, Code::SourceRefused, "{text}");
        }
        assert_eq!(Place::refused_name("usb:".as_ref()), "usb");
        assert_eq!(Place::refused_name("usb:sdb1".as_ref()), "usb:sdb1");
    }

    #[test]
    fn addresses_of_other_kinds_are_refused_rather_than_taken_for_files() {
        for text in ["sftp://h/a", "file:///etc/passwd", "s3://b/a"] {
            assert_eq!(
                Place::parse(text.as_ref()).unwrap_err().code,
                Code::SourceRefused,
                "{text}"
            );
        }
    }

    #[test]
    fn an_address_that_cannot_be_one_is_refused_with_its_reason_and_without_its_password() {
        for (text, message, shown) in [
            ("https://", "the address names no host; correct it to https://HOST/PATH", "https://"),
            (
                "http://u:secret@h:0/x",
                "the address has an invalid port; correct it, ports are 1 to 65535",
                "http://h:0/x",
            ),
            (
                "ftp://u:sec#ret@h/x",
                "the address has # in its user or password; write # as %23",
                "ftp://h/x",
            ),
        ] {
            let failure = Place::parse(text.as_ref()).unwrap_err();
            assert_eq!((failure.code, failure.message.as_str()), (Code::SourceRefused, message));
            assert_eq!(Place::refused_name(text.as_ref()), shown);
        }
        assert_eq!(url("https://h/a b").to_string(), "https://h/a%20b");
    }
}
