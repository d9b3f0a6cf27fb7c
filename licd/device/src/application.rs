//! What a person states to activate a device.

use std::fmt;

use licd_fs::printable::printable;
use licd_protocol::UrlError;
use licd_rules::sort_by;
use serde::{Deserialize, Serialize};

use crate::{Failure, Proxy, Url};

/// Bytes of a name, a company or a mail address: that of a mail address (RFC 5321 §4.5.3.1).
pub const FIELD_BYTES: usize = 320;

/// Bytes from which a field is left out of messages: shorter ones are in many words.
const QUOTED_BYTES: usize = 3;
/// The mark of what is left out, and of the end of a text that was cut off.
const CUT: &str = "…";

/// Whether the person has accepted the terms of the licensing service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// Yes.
    Accepted,
    /// Not yet.
    Open,
}

/// An application for a licence of this device. It has no debug output: it holds a person's data.
#[derive(Clone)]
pub struct Application {
    url: Option<Url>,
    proxy: Option<Proxy>,
    person: Person,
}

/// The person's data; each is absent if it is empty. No debug output, either.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Why an application is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApplicationError {
    /// The terms are not accepted.
    TermsOpen,
    /// This field is too long.
    TooLong(&'static str),
    /// This field holds a line break or another control character.
    Control(&'static str),
    /// The mail address has no `@` between two parts.
    NoMailAddress,
    /// The address of the service cannot be parsed.
    Address(UrlError),
}

impl fmt::Display for ApplicationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TermsOpen => f.write_str(
                "activation: the terms of the licensing service are not accepted, so nothing was sent \
                 or written; accept them",
            ),
            Self::TooLong(field) => {
                write!(f, "{field}: is longer than {FIELD_BYTES} bytes; shorten it")
            }
            Self::Control(field) => {
                write!(f, "{field}: holds a line break or another control character; leave it out")
            }
            Self::NoMailAddress => {
                f.write_str("email: is no mail address such as ada@example.com; correct it")
            }
            Self::Address(error @ UrlError::Scheme) => write!(f, "url: {error}"),
            Self::Address(error) => write!(f, "url: the address {error}"),
        }
    }
}

impl std::error::Error for ApplicationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Address(error) => Some(error),
            _ => None,
        }
    }
}

impl Application {
    /// An application by a person who has accepted the terms. `url`: the address of the service, if it
    /// differs from that of the configuration.
    ///
    /// # Errors
    /// [`ApplicationError`]
    pub fn new(terms: Terms, person: Person, url: Option<&str>) -> Result<Self, ApplicationError> {
        if terms == Terms::Open {
            return Err(ApplicationError::TermsOpen);
        }
        let url = url.map(str::trim).filter(|url| !url.is_empty());
        let url = url.map(Url::parse).transpose().map_err(ApplicationError::Address)?;
        Ok(Self { url, proxy: None, person: person.checked()? })
    }

    /// The same through this proxy, in place of that of the configuration or the environment.
    #[must_use]
    pub fn through(self, proxy: Option<Proxy>) -> Self {
        Self { proxy, ..self }
    }

    /// The proxy, if it differs from that of the configuration or the environment.
    #[must_use]
    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// The address of the service, if it differs from that of the configuration.
    #[must_use]
    pub fn url(&self) -> Option<&Url> {
        self.url.as_ref()
    }

    /// The person's data.
    #[must_use]
    pub fn person(&self) -> &Person {
        &self.person
    }
}

impl Person {
    /// The same without blanks around the fields and without empty ones.
    ///
    /// # Errors
    /// [`ApplicationError`]
    pub fn checked(self) -> Result<Self, ApplicationError> {
        let email = field("email", self.email)?;
        if email.as_deref().is_some_and(|email| !is_mail_address(email)) {
            return Err(ApplicationError::NoMailAddress);
        }
        let (name, company) = (field("name", self.name)?, field("company", self.company)?);
        Ok(Self { name, company, email })
    }

    /// The failure, without the person's data, which a server may have quoted: others read it.
    pub(crate) fn leave_out(&self, failure: Failure) -> Failure {
        // The message is escaped, and so is what it quotes.
        let all = [&self.email, &self.name, &self.company].into_iter().flatten();
        let mut all: Vec<String> = all.map(|field| printable(field)).collect();
        all.retain(|field| field.len() >= QUOTED_BYTES);
        // One may be a part of another.
        sort_by(&mut all, |a, b| b.len().cmp(&a.len()));
        let message = all.iter().fold(failure.message, |message, field| without(&message, field));
        Failure { message, ..failure }
    }
}

fn field(name: &'static str, text: Option<String>) -> Result<Option<String>, ApplicationError> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    match &text {
        Some(text) if text.len() > FIELD_BYTES => Err(ApplicationError::TooLong(name)),
        Some(text) if text.contains(char::is_control) => Err(ApplicationError::Control(name)),
        _ => Ok(text),
    }
}

/// Only a mail server knows whether an address exists; this finds a field that was mistaken for it.
fn is_mail_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
        && !text.contains(char::is_whitespace)
}

/// `text` with “…” in place of every `field`, in any letter case, and of the beginning of one where the
/// text was cut off.
fn without(text: &str, field: &str) -> String {
    let kept = replaced(text, field);
    let beginnings = field.char_indices().map(|(at, _)| at).filter(|at| *at >= QUOTED_BYTES);
    let beginnings = beginnings.rev().filter_map(|at| field.get(..at));
    beginnings.fold(kept, |kept, beginning| replaced(&kept, &format!("{beginning}{CUT}")))
}

/// `text` with [`CUT`] in place of every `part`, which is not empty, however it is spelled.
fn replaced(text: &str, part: &str) -> String {
    let (all, part) = (spelled_out(text), spelled_out(part));
    let mut kept = String::new();
    let (mut rest, mut from) = (all.as_slice(), 0);
    while let [(at, _), others @ ..] = rest {
        let begins = rest.get(..part.len()).zip(rest.get(part.len()..));
        let begins = begins.filter(|(here, _)| here.iter().map(byte).eq(part.iter().map(byte)));
        let Some((_, after)) = begins else {
            rest = others;
            continue;
        };
        kept.push_str(text.get(from..*at).unwrap_or_default());
        kept.push_str(CUT);
        rest = after;
        from = rest.first().map_or(text.len(), |(at, _)| *at);
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

/// The bytes of a text, each with its place: in lower case, and as addresses mean them, where `%40` is an @
/// and `+` a space (a server may redirect to an address with the person's data).
fn spelled_out(text: &str) -> Vec<(usize, u8)> {
    let mut bytes = Vec::new();
    let mut from = 0;
    while let Some(byte) = text.as_bytes().get(from) {
        let code = text.get(from + 1..from + 3).filter(|_| *byte == b'%');
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        let plain = if *byte == b'+' { b' ' } else { *byte };
        bytes.push((from, code.unwrap_or(plain).to_ascii_lowercase()));
        from += if code.is_some() { 3 } else { 1 };
    }
    bytes
}

fn byte((_, byte): &(usize, u8)) -> u8 {
    *byte
}

#[cfg(test)]
mod tests {
    use super::*;
    use licd_rules::Code;

    fn person(name: &str, company: &str, email: &str) -> Person {
        let [name, company, email] = [name, company, email].map(|text| Some(text.to_owned()));
        Person { name, company, email }
    }

    fn error(terms: Terms, person: Person, url: Option<&str>) -> String {
        match Application::new(terms, person, url) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn open_terms_are_refused_whatever_the_person_states() {
        let message = error(Terms::Open, Person::default(), None);
        assert!(message.contains("not accepted") && message.contains("nothing was sent"));
    }

    #[test]
    fn a_field_is_refused_by_its_name_and_never_quoted() {
        let long = "x".repeat(FIELD_BYTES + 1);
        for (person, field) in [
            (person("Ada\nLovelace", "", ""), "name: "),
            (person("", &long, ""), "company: "),
            (person("", "", "ada.example.com"), "email: "),
            (person("", "", "ada@"), "email: "),
            (person("", "", "a da@example.com"), "email: "),
        ] {
            let message = error(Terms::Accepted, person, None);
            assert!(message.starts_with(field), "{message}");
            assert!(!message.contains("Lovelace") && message.len() < 200, "{message}");
        }
        let message = error(Terms::Accepted, Person::default(), Some("sftp://x"));
        assert!(message.starts_with("url: cannot be fetched"), "{message}");
    }

    #[test]
    fn blanks_around_a_field_and_empty_fields_are_dropped() {
        let Ok(kept) = person(" Ada ", " ", "ada@example.com").checked() else { panic!() };
        assert!(kept.name.as_deref() == Some("Ada") && kept.company.is_none());
    }

    #[test]
    fn a_message_of_a_server_loses_the_persons_data() {
        let kept = |message: &str| {
            let failure = Failure { code: Code::SourceRefused, message: message.to_owned() };
            person("Ada", "Ada Ltd", "ada@example.com").leave_out(failure).message
        };
        assert_eq!(kept("“ADA@example.com of Ada Ltd” is unknown"), "“… of …” is unknown");
        assert_eq!(kept("“unknown: ada@exam…” (HTTP 400)"), "“unknown: …” (HTTP 400)");
        assert_eq!(kept("at http://x/?n=ADA+Ltd&e=ada%40example.com#"), "at http://x/?n=…&e=…#");
        assert_eq!(kept("at http://x/%41da%20ltd/100%"), "at http://x/…/100%");
        let failure = Failure { code: Code::SourceRefused, message: "is unknown".to_owned() };
        assert_eq!(person("n", "", "").leave_out(failure).message, "is unknown");
    }
}
