//! Errors as callers see them.

use zbus::DBusError;
use zbus::message::{Header, Message};
use zbus::names::{ErrorName, OwnedErrorName};

use licd_fs::printable;
use licd_rules::Code;

use crate::shared::Refusal;

const FAILED: &str = "org.freedesktop.DBus.Error.Failed";
const INVALID_ARGS: &str = "org.freedesktop.DBus.Error.InvalidArgs";

/// An error reply.
#[derive(Debug)]
pub(super) struct BusError {
    name: OwnedErrorName,
    message: String,
}

impl BusError {
    /// The error of a verdict.
    pub(super) fn verdict(code: Code, message: String) -> Self {
        Self::named(format!("com.igel.License1.Error.{}", code.error_name()), message)
    }

    /// The error of arguments that make no sense.
    pub(super) fn arguments(message: impl Into<String>) -> Self {
        Self::named(INVALID_ARGS.to_owned(), message.into())
    }

    fn named(name: String, message: String) -> Self {
        // Every name given here is valid, but a root daemon does not panic if one is not.
        let name = OwnedErrorName::try_from(name)
            .unwrap_or_else(|_| ErrorName::from_static_str_unchecked(FAILED).into());
        Self { name, message }
    }
}

impl From<Refusal> for BusError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Verdict(failure) => Self::verdict(failure.code, failure.message),
            Refusal::Arguments(message) => Self::arguments(message),
            Refusal::Fault(message) => Self::named(FAILED.to_owned(), message),
        }
    }
}

impl DBusError for BusError {
    fn create_reply(&self, call: &Header<'_>) -> zbus::Result<Message> {
        Message::error(call, self.name()).build(&self.message.as_str())
    }

    fn name(&self) -> ErrorName<'_> {
        self.name.as_ref()
    }

    fn description(&self) -> Option<&str> {
        Some(&self.message)
    }
}

/// The message of an error of zbus, without the words that zbus puts around it.
pub(super) fn reason(error: &zbus::Error) -> String {
    match error {
        zbus::Error::MethodError(_, Some(message), _) => printable::escaped(message),
        // An error of the bus itself, or one that uses its names.
        zbus::Error::FDO(error) => {
            error.description().map_or_else(|| error.to_string(), printable::escaped)
        }
        zbus::Error::InputOutput(error) | zbus::Error::Connection(error, _) => {
            printable::reason(error)
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use licd_device::Failure;

    #[test]
    fn what_other_services_say_cannot_control_a_terminal() {
        let call = Message::method_call("/", "Ask").build(&()).unwrap();
        for name in ["org.freedesktop.PolicyKit1.Error.Failed", FAILED] {
            let answer = Message::error(&call.header(), name).build(&"no\u{1b}[31m\nyes").unwrap();
            let said = reason(&zbus::Error::from(answer));
            assert!(said.contains("no\\u{1b}[31m\\nyes"), "{said}");
        }
    }

    #[test]
    fn every_kind_of_refusal_has_its_error_name() {
        let failure = Failure { code: Code::WrongDevice, message: "A.lic: other".to_owned() };
        for (refusal, name) in [
            (Refusal::Verdict(failure), "com.igel.License1.Error.WrongDevice"),
            (Refusal::Arguments("x".to_owned()), INVALID_ARGS),
            (Refusal::Fault("x".to_owned()), FAILED),
        ] {
            assert_eq!(BusError::from(refusal).name().as_str(), name);
        }
    }
}
