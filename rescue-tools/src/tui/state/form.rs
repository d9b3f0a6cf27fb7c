//! The forms for an address, an FTP server, a file and an activation.

mod places;

use licd_device::{Application, ApplicationError, Person, Terms};
use licensing_words::Caption;
use tui_input::{Input, InputRequest};

use super::super::event::{Applied, Effect, ImportSource, Key, Work};
use super::{Dialog, State};

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
            FormKind::File => ImportSource::File(self.needed(Caption::File)?.into()),
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
