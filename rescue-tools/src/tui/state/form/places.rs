//! The addresses of servers and proxies that the texts of a form add up to.

use std::ffi::OsStr;

use licd_device::{Login, Place, Proxy, Scheme, Url};
use licensing_words::Caption;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::super::event::ImportSource;
use super::{Complaint, Form};

/// What RFC 3986 §2.3 leaves unencoded.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same for a path, which keeps its slashes.
const IN_PATH: AsciiSet = ENCODED.remove(b'/');

impl Form {
    pub(super) fn address(&mut self) -> Result<ImportSource, Complaint> {
        let text = self.needed(Caption::Address)?;
        let is_whole = text.contains("://");
        let url = url(&if is_whole { text.to_owned() } else { format!("https://{text}") })?;
        if url.has_password() {
            // The screen must not go on showing it.
            let login = url.credentials();
            self.set(Caption::Address, url.without_userinfo());
            if let Some(login) = login {
                self.set(Caption::User, login.user);
                self.set(Caption::Password, login.password);
            }
            return Err(Complaint::Sentence(Caption::PasswordMoved));
        }
        let proxy = self.proxy()?.map(|(text, _)| text);
        if proxy.is_some() && !matches!(url.scheme(), Scheme::Http | Scheme::Https) {
            return Err(Complaint::Sentence(Caption::ProxyForHttp));
        }
        Ok(ImportSource::Server { url, login: self.login()?, proxy })
    }

    fn login(&self) -> Result<Option<Login>, Complaint> {
        let (user, password) = (self.get(Caption::User).trim(), self.get(Caption::Password));
        match (user, password) {
            ("", "") => Ok(None),
            ("", _) => Err(Complaint::Needed(Caption::User)),
            // RFC 7617 §2: the server would take the part after the colon for the password.
            (user, _) if user.contains(':') => Err(Complaint::Sentence(Caption::NoColon)),
            (user, password) => {
                Ok(Some(Login { user: user.to_owned(), password: password.to_owned() }))
            }
        }
    }

    /// The proxy with its login, as the daemon takes it and as it reads it.
    pub(super) fn proxy(&self) -> Result<Option<(String, Proxy)>, Complaint> {
        let place = self.get(Caption::Proxy).trim();
        let place = place.strip_prefix("http://").unwrap_or(place);
        let encoded = |caption| utf8_percent_encode(self.get(caption), &ENCODED).to_string();
        let (user, password) = (encoded(Caption::ProxyUser), encoded(Caption::ProxyPassword));
        let text = match (place, user.as_str(), password.as_str()) {
            ("", "", "") => return Ok(None),
            ("", ..) => return Err(Complaint::Needed(Caption::Proxy)),
            (place, ..) if place.contains('@') => {
                return Err(Complaint::Sentence(Caption::ProxyLogin));
            }
            (place, "", "") => format!("http://{place}"),
            (_, "", _) => return Err(Complaint::Needed(Caption::ProxyUser)),
            (place, user, password) => format!("http://{user}:{password}@{place}"),
        };
        match Proxy::parse(&text) {
            Ok(proxy) => Ok(Some((text, proxy))),
            Err(error) => Err(Complaint::Message(format!("{place}: {error}"))),
        }
    }

    pub(super) fn ftp(&mut self) -> Result<ImportSource, Complaint> {
        let scheme = if self.is_on(Caption::Encrypted) { "ftps" } else { "ftp" };
        let host = self.needed(Caption::Host)?;
        let host = match host.contains(':') && !host.starts_with('[') {
            true => format!("[{host}]"),
            false => host.to_owned(),
        };
        let port = match self.get(Caption::Port).trim() {
            "" => String::new(),
            port => match port.parse::<u16>() {
                Ok(number) if number > 0 => format!(":{number}"),
                _ => return Err(Complaint::Port(port.to_owned())),
            },
        };
        let path = self.needed(Caption::Path)?;
        let path = utf8_percent_encode(path.strip_prefix('/').unwrap_or(path), &IN_PATH);
        let url = url(&format!("{scheme}://{host}{port}/{path}"))?;
        Ok(ImportSource::Server { url, login: self.login()?, proxy: None })
    }
}

fn url(text: &str) -> Result<Url, Complaint> {
    match Place::parse(OsStr::new(text)) {
        Ok(Place::Url(url)) => Ok(url),
        Ok(_) => Err(Complaint::Needed(Caption::Address)),
        Err(failure) => {
            let name = Place::refused_name(OsStr::new(text));
            Err(Complaint::Message(format!("{name}: {}", failure.message)))
        }
    }
}
