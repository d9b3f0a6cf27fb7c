//! Why an application for a licence is refused.

use licd_device::{ApplicationError, FIELD_BYTES};

use crate::{Caption, messages};

pub(crate) fn english(error: &ApplicationError) -> String {
    let field = |field| name(field, Caption::english);
    match error {
        ApplicationError::TermsOpen => Caption::TermsOpen.english().to_owned(),
        ApplicationError::TooLong(name) => {
            format!("{}: is longer than {FIELD_BYTES} bytes; shorten it", field(name))
        }
        ApplicationError::Control(name) => format!(
            "{}: holds a line break or another control character; leave it out",
            field(name)
        ),
        ApplicationError::NoMailAddress => format!(
            "{}: is no mail address such as ada@example.com; correct it",
            Caption::Email.english()
        ),
        ApplicationError::Address(error) => format!("{}: {error}", Caption::Address.english()),
    }
}

pub(crate) fn german(error: &ApplicationError) -> String {
    let field = |field| name(field, Caption::german);
    match error {
        ApplicationError::TermsOpen => Caption::TermsOpen.german().to_owned(),
        ApplicationError::TooLong(name) => {
            format!("{}: ist länger als {FIELD_BYTES} Byte; kürzen", field(name))
        }
        ApplicationError::Control(name) => format!(
            "{}: enthält einen Zeilenumbruch oder ein anderes Steuerzeichen; weglassen",
            field(name)
        ),
        ApplicationError::NoMailAddress => format!(
            "{}: ist keine E-Mail-Adresse wie ada@example.com; berichtigen",
            Caption::Email.german()
        ),
        ApplicationError::Address(error) => {
            let message = error.to_string();
            let message = messages::german(&message).unwrap_or(message);
            format!("{}: {message}", Caption::Address.german())
        }
    }
}

/// The caption of a field by its name.
fn name(field: &str, caption: fn(Caption) -> &'static str) -> &'static str {
    caption(match field {
        "name" => Caption::PersonName,
        "company" => Caption::Company,
        _ => Caption::Email,
    })
}
