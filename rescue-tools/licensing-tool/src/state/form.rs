//! The texts and check boxes of the pages, and the orders that they add up to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use licd_device::Url;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::actions::{Order, Person};
use super::events::Purpose;
use super::notice::Complaint;

/// The characters of a path that need no escape in an address (RFC 3986 §3.3), with the slash.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text that the user types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Url,
    Host,
    Port,
    User,
    Password,
    Path,
    Proxy,
    Name,
    Company,
    Email,
}

/// A check box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tick {
    /// FTP with TLS.
    Encrypted,
    /// The terms of the evaluation are accepted.
    Terms,
}

/// What the user has typed and chosen so far.
#[derive(Debug, Default)]
pub(crate) struct Form {
    texts: Texts,
    encrypted: bool,
    terms: bool,
    /// The chosen USB drive.
    pub(crate) stick: Option<PathBuf>,
}

#[derive(Default)]
struct Texts(BTreeMap<Field, String>);

/// Leaves out the texts, because a password is among them.
impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Form {
    /// The text of a field as typed.
    pub(crate) fn text(&self, field: Field) -> &str {
        self.texts.0.get(&field).map_or("", String::as_str)
    }

    pub(crate) fn set_text(&mut self, field: Field, text: String) {
        self.texts.0.insert(field, text);
    }

    pub(crate) fn set_tick(&mut self, tick: Tick, on: bool) {
        match tick {
            Tick::Encrypted => self.encrypted = on,
            Tick::Terms => self.terms = on,
        }
    }

    /// The import from an address.
    pub(super) fn url_order(&self, purpose: Purpose) -> Result<Order, Complaint> {
        let source = self.needed(Field::Url)?.to_owned();
        address(Field::Url, &source)?;
        Ok(Order { source, login: None, proxy: self.proxy(), purpose })
    }

    /// The import from an FTP server.
    pub(super) fn ftp_order(&self, purpose: Purpose) -> Result<Order, Complaint> {
        let host = self.needed(Field::Host)?;
        let path = utf8_percent_encode(self.needed(Field::Path)?, PATH).to_string();
        let path = path.trim_start_matches('/');
        let scheme = if self.encrypted { "ftps" } else { "ftp" };
        let host = if host.contains(':') && !host.starts_with('[') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        address(Field::Host, &format!("{scheme}://{host}/"))?;
        let port = match self.trimmed(Field::Port) {
            "" => String::new(),
            port => format!(":{port}"),
        };
        let source = format!("{scheme}://{host}{port}/{path}");
        address(Field::Port, &source)?;
        let login = match (self.trimmed(Field::User), self.text(Field::Password)) {
            ("", "") => None,
            ("", _) => return Err(Complaint::Missing(Field::User)),
            (user, password) => Some((user.to_owned(), password.to_owned())),
        };
        Ok(Order { source, login, proxy: String::new(), purpose })
    }

    /// The import from the chosen USB drive.
    pub(super) fn stick_order(&self, purpose: Purpose) -> Result<Order, Complaint> {
        let Some(stick) = &self.stick else { return Err(Complaint::NoStick) };
        let source = format!("usb:{}", stick.display());
        Ok(Order { source, login: None, proxy: String::new(), purpose })
    }

    /// The person who asks for an evaluation licence.
    pub(super) fn person(&self) -> Result<Person, Complaint> {
        let text = |field| self.needed(field).map(str::to_owned);
        let (name, company, email) =
            (text(Field::Name)?, text(Field::Company)?, text(Field::Email)?);
        if !self.terms {
            return Err(Complaint::Terms);
        }
        Ok(Person { name, company, email, proxy: self.proxy() })
    }

    fn proxy(&self) -> String {
        self.trimmed(Field::Proxy).to_owned()
    }

    fn needed(&self, field: Field) -> Result<&str, Complaint> {
        match self.trimmed(field) {
            "" => Err(Complaint::Missing(field)),
            text => Ok(text),
        }
    }

    fn trimmed(&self, field: Field) -> &str {
        self.text(field).trim()
    }
}

/// Whether the daemon can take this address; the reason is that of its own reader.
fn address(field: Field, text: &str) -> Result<(), Complaint> {
    match Url::parse(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(Complaint::NoAddress(field, error.to_string())),
    }
}
