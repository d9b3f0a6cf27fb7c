//! Where documents come from, as a person, a setting or a caller names it.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;

use licd_edge::textfile::escaped;
use licd_rules::Code;

use crate::Failure;

/// How addresses begin that something can be fetched from.
const SCHEMES: [&str; 4] = ["https", "http", "ftps", "ftp"];

/// Where a document, or several, come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file of this machine.
    File(PathBuf),
    /// A server.
    Url(Url),
    /// A USB stick: the file system on this block device, or whichever stick is plugged in.
    Stick(Option<PathBuf>),
}

/// An address of one of the kinds that can be fetched. It is shown without the password that may be
/// in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Place {
    /// Reads `usb`, `usb:/dev/…`, an address, or a path, which is what everything else is. A file
    /// whose name looks like one of the others is reached by `./` before it.
    ///
    /// # Errors
    /// [`Code::SourceRefused`] for an address of another kind, and for a stick that is not named by
    /// the path of its device.
    pub fn parse(text: &OsStr) -> Result<Self, Failure> {
        let Some(text) = text.to_str() else { return Ok(Self::File(text.into())) };
        if text == "usb" {
            return Ok(Self::Stick(None));
        }
        if let Some(device) = text.strip_prefix("usb:") {
            if device.starts_with('/') {
                return Ok(Self::Stick(Some(device.into())));
            }
            return Err(refused("names no device by its path, as usb:/dev/sdX1 does"));
        }
        if let Some(url) = Url::parse(text) {
            return Ok(Self::Url(url));
        }
        match text.split_once("://") {
            Some((scheme, _)) if is_scheme(scheme) => Err(refused(
                "cannot be fetched; addresses begin with https://, http://, ftps:// or ftp://",
            )),
            _ => Ok(Self::File(text.into())),
        }
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

impl Url {
    /// Reads an address; `None` if it is of no kind that can be fetched. The rest of it is for the
    /// one who fetches to judge.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, _) = text.split_once("://")?;
        let known = SCHEMES.iter().any(|one| scheme.eq_ignore_ascii_case(one));
        known.then(|| Self(text.to_owned()))
    }

    /// How its server is spoken to, in the address's own case.
    pub(crate) fn scheme(&self) -> &str {
        self.parts().0
    }

    /// The whole address.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, who asks, and the rest from the host on.
    fn parts(&self) -> (&str, Option<&str>, &str) {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match authority.rsplit_once('@') {
            Some((user, _)) => (scheme, Some(user), rest.get(user.len() + 1..).unwrap_or_default()),
            None => (scheme, None, rest),
        }
    }

    /// Whose it is, without a port and the brackets of IPv6.
    #[must_use]
    pub fn host(&self) -> &str {
        let (_, _, rest) = self.parts();
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
            Some((address, _)) => address,
            None => host.split(':').next().unwrap_or_default(),
        }
    }

    /// Whether there is a password in it.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.parts().1.is_some_and(|user| user.contains(':'))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, user, rest) = self.parts();
        let user = user.map(|user| user.split(':').next().unwrap_or_default());
        let user = user.map_or_else(String::new, |user| format!("{user}@"));
        f.write_str(&escaped(&format!("{scheme}://{user}{rest}")))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
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
    fn what_is_no_address_and_no_stick_is_a_file() {
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
    fn an_address_is_shown_without_its_password() {
        for (text, shown) in [
            ("HTTPS://h/a", "HTTPS://h/a"),
            ("ftp://user@h/a", "ftp://user@h/a"),
            ("ftp://user:secret@h/a", "ftp://user@h/a"),
            ("http://us:er:se@cret@h:1/a@b:c", "http://us@h:1/a@b:c"),
        ] {
            assert_eq!(url(text).to_string(), shown);
            assert_eq!(url(text).has_password(), text != shown, "{text}");
            assert!(!format!("{:?}", url(text)).contains("secret"));
        }
    }

    #[test]
    fn a_host_is_found_behind_user_and_before_port() {
        for (text, host) in [
            ("https://ums.example:8443/a?b@c", "ums.example"),
            ("ftp://u:p@[::1]:2121/x", "::1"),
            ("http://h", "h"),
            ("http://h?x", "h"),
        ] {
            assert_eq!(url(text).host(), host);
        }
    }
}
