//! The forms for an address, an FTP server, a file and an activation.

use std::ffi::OsStr;

use licd_device::{Application, ApplicationError, Login, Person, Place, Proxy, Scheme, Terms, Url};
use licensing_words::Caption;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tui_input::{Input, InputRequest};

use super::super::event::{Applied, Effect, Key, Source, Work};
use super::{Dialog, State};

/// What RFC 3986 §2.3 leaves unencoded.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same for a path, which keeps its slashes.
const IN_PATH: AsciiSet = ENCODED.remove(b'/');

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormKind {
    Address,
    Ftp,
    File,
    Activation,
}

impl FormKind {
    /// The forms.
    pub(crate) const ALL: [Self; 4] = [Self::Address, Self::Ftp, Self::File, Self::Activation];

    fn fields(self) -> Vec<Field> {
        let text = |caption| Field { caption, value: Value::Text(Input::default()) };
        let secret = |caption| Field { caption, value: Value::Secret(Input::default()) };
        let switch = |caption| Field { caption, value: Value::Switch(false) };
        match self {
            Self::Address => vec![
                text(Caption::Address),
                text(Caption::User),
                secret(Caption::Password),
                text(Caption::Proxy),
                text(Caption::ProxyUser),
                secret(Caption::ProxyPassword),
            ],
            Self::Ftp => vec![
                text(Caption::Host),
                text(Caption::Port),
                switch(Caption::Encrypted),
                text(Caption::User),
                secret(Caption::Password),
                text(Caption::Path),
            ],
            Self::File => vec![text(Caption::File)],
            Self::Activation => vec![
                text(Caption::PersonName),
                text(Caption::Company),
                text(Caption::Email),
                text(Caption::Address),
                text(Caption::Proxy),
                text(Caption::ProxyUser),
                secret(Caption::ProxyPassword),
                switch(Caption::AcceptTerms),
            ],
        }
    }
}

/// A form and what has been typed into it.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) fields: Vec<Field>,
    /// The selected field; the button comes after the last one.
    pub(crate) at: usize,
    /// Why the form was not accepted.
    pub(crate) complaint: Option<Complaint>,
}

/// A field.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) caption: Caption,
    pub(crate) value: Value,
}

/// The content of a field.
pub(crate) enum Value {
    Text(Input),
    /// A password.
    Secret(Input),
    Switch(bool),
}

/// Without the text of a password.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(input) => write!(f, "{:?}", input.value()),
            Self::Secret(_) => f.write_str("a password"),
            Self::Switch(on) => write!(f, "{on}"),
        }
    }
}

/// Why a form is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Complaint {
    /// A field must not be empty.
    Needed(Caption),
    /// The port is no port.
    Port(String),
    /// A sentence of the form itself.
    Sentence(Caption),
    /// The application is refused.
    Application(ApplicationError),
    /// The reason of what reads the text.
    Message(String),
}

impl Form {
    pub(super) fn new(kind: FormKind) -> Self {
        Self { fields: kind.fields(), at: 0, complaint: None }
    }

    /// Empties the fields of passwords.
    pub(super) fn forget_secrets(&mut self) {
        for field in &mut self.fields {
            if let Value::Secret(input) = &mut field.value {
                input.reset();
            }
        }
    }

    fn get(&self, caption: Caption) -> &str {
        let field = self.fields.iter().find(|field| field.caption == caption);
        match field.map(|field| &field.value) {
            Some(Value::Text(input) | Value::Secret(input)) => input.value(),
            Some(Value::Switch(_)) | None => "",
        }
    }

    /// The text of a field without blanks around it, which must not be empty.
    fn needed(&self, caption: Caption) -> Result<&str, Complaint> {
        Some(self.get(caption).trim())
            .filter(|text| !text.is_empty())
            .ok_or(Complaint::Needed(caption))
    }

    fn is_on(&self, caption: Caption) -> bool {
        let is_on = |field: &Field| matches!(field.value, Value::Switch(true));
        self.fields.iter().any(|field| field.caption == caption && is_on(field))
    }

    fn set(&mut self, caption: Caption, text: String) {
        for field in &mut self.fields {
            if let Value::Text(input) | Value::Secret(input) = &mut field.value
                && field.caption == caption
            {
                *input = Input::new(text.clone());
            }
        }
    }

    /// The work that the form orders.
    fn work(&mut self, kind: FormKind, effect: Effect) -> Result<Work, Complaint> {
        let source = match kind {
            FormKind::Address => self.address()?,
            FormKind::Ftp => self.ftp()?,
            FormKind::File => Source::File(self.needed(Caption::File)?.into()),
            FormKind::Activation => return self.application(),
        };
        Ok(Work::Import(source, effect))
    }

    fn application(&self) -> Result<Work, Complaint> {
        let terms = match self.is_on(Caption::AcceptTerms) {
            true => Terms::Accepted,
            false => Terms::Open,
        };
        let [name, company, email] = [Caption::PersonName, Caption::Company, Caption::Email]
            .map(|caption| Some(self.get(caption).to_owned()));
        let proxy = self.proxy()?.map(|(_, proxy)| proxy);
        let person = Person { name, company, email };
        match Application::new(terms, person, Some(self.get(Caption::Address))) {
            Ok(application) => Ok(Work::Activate(Applied(Box::new(application.through(proxy))))),
            Err(error) => Err(Complaint::Application(error)),
        }
    }

    fn address(&mut self) -> Result<Source, Complaint> {
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
        Ok(Source::Server { url, login: self.login()?, proxy })
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
    fn proxy(&self) -> Result<Option<(String, Proxy)>, Complaint> {
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

    fn ftp(&mut self) -> Result<Source, Complaint> {
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
        Ok(Source::Server { url, login: self.login()?, proxy: None })
    }

    fn edit(&mut self, key: Key) {
        let Some(field) = self.fields.get_mut(self.at) else { return };
        match (&mut field.value, key) {
            (Value::Switch(on), Key::Char(' ') | Key::Left | Key::Right) => *on = !*on,
            (Value::Text(input) | Value::Secret(input), key) => {
                if let Some(request) = request(key) {
                    input.handle(request);
                }
            }
            _ => {}
        }
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

fn request(key: Key) -> Option<InputRequest> {
    Some(match key {
        Key::Char(c) => InputRequest::InsertChar(c),
        Key::Left => InputRequest::GoToPrevChar,
        Key::Right => InputRequest::GoToNextChar,
        Key::Home => InputRequest::GoToStart,
        Key::End => InputRequest::GoToEnd,
        Key::Backspace => InputRequest::DeletePrevChar,
        Key::Delete => InputRequest::DeleteNextChar,
        _ => return None,
    })
}

impl State {
    /// The dialogue after a key in a form. What was typed stays until the program ends, but for
    /// passwords.
    pub(super) fn form_key(&mut self, kind: FormKind, key: Key) -> Option<Dialog> {
        let effect = self.effect;
        let form = self.form_mut(kind);
        let button = form.fields.len();
        match key {
            Key::Escape | Key::Interrupt => {
                form.forget_secrets();
                form.complaint = None;
                return None;
            }
            Key::Up | Key::BackTab => form.at = form.at.checked_sub(1).unwrap_or(button),
            Key::Down | Key::Tab => form.at = (form.at + 1) % (button + 1),
            Key::Enter if form.at + 1 < button => form.at += 1,
            Key::Enter => match form.work(kind, effect) {
                Ok(work) => {
                    form.complaint = None;
                    return Some(self.begin(work, Some(kind)));
                }
                Err(complaint) => form.complaint = Some(complaint),
            },
            key => form.edit(key),
        }
        Some(Dialog::Form(kind))
    }
}
