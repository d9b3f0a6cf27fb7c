//! The address of a message bus, as the option `--bus` of the programs takes it.

use std::fmt;
use std::str::FromStr;

/// A message bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusAddress {
    /// The system bus.
    System,
    /// The session bus.
    Session,
    /// The bus at this D-Bus address (D-Bus Specification, “Server Addresses”).
    At(String),
}

/// A text that names no bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusAddressError;

impl FromStr for BusAddress {
    type Err = BusAddressError;

    fn from_str(text: &str) -> Result<Self, BusAddressError> {
        match text {
            "system" => Ok(Self::System),
            "session" => Ok(Self::Session),
            // A transport stands before the colon.
            address if address.contains(':') => Ok(Self::At(address.to_owned())),
            _ => Err(BusAddressError),
        }
    }
}

impl fmt::Display for BusAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system bus"),
            Self::Session => f.write_str("session bus"),
            Self::At(address) => write!(f, "bus at {address}"),
        }
    }
}

/// The text after the option and its value in a message.
impl fmt::Display for BusAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is neither system nor session nor a D-Bus address")
    }
}

impl std::error::Error for BusAddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_is_named_by_a_word_or_an_address() {
        for (text, bus) in [
            ("system", Ok(BusAddress::System)),
            ("session", Ok(BusAddress::Session)),
            ("unix:path=/run/bus", Ok(BusAddress::At("unix:path=/run/bus".into()))),
            ("planet", Err(BusAddressError)),
            ("", Err(BusAddressError)),
        ] {
            assert_eq!(text.parse(), bus, "{text}");
        }
    }
}
