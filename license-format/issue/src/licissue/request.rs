//! The licence request of a device: the file of `licctl request`, by its JSON Schema
//! (`packaging/request.schema.json`).

use std::fmt;
use std::path::Path;

use license_format::{UnitId, UnitKind};
use license_issue::is_assignable;
use serde::Deserialize;

use crate::error::CommandError;
use crate::files;

/// The version of the schema.
const SCHEMA: u32 = 1;

/// The members that name the unit. The vendor needs no other; schema 1 may gain some.
#[derive(Deserialize)]
struct Request {
    schema: u32,
    unit_id: String,
    r#type: String,
    value: String,
}

/// Why a file is no request to issue by. The text of each follows the file in a message.
#[derive(Debug, PartialEq, Eq)]
enum RequestError {
    /// The file is no JSON of a request.
    NoRequest,
    /// The request has another schema.
    Schema(u32),
    /// A licence may not name this unit ID.
    Unit,
    /// Unit ID, type and value name different units.
    Contradiction,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRequest => f.write_str("is no licence request"),
            Self::Schema(schema) => write!(f, "is a licence request of schema {schema}"),
            Self::Unit => f.write_str("names no unit that a licence can be issued for"),
            Self::Contradiction => {
                f.write_str("names one unit by unit_id and another by type and value")
            }
        }
    }
}

impl std::error::Error for RequestError {}

impl RequestError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::NoRequest => "name the file that licctl request has written",
            Self::Schema(_) => "use a newer licissue",
            Self::Unit | Self::Contradiction => "have licctl request write it again on the device",
        }
    }
}

/// The unit that a request is for.
pub(crate) fn unit(path: &Path) -> Result<UnitId, CommandError> {
    let bytes = files::read_request(path)?;
    parse(&bytes).map_err(|error| CommandError::new(path.display(), &error, error.remedy()))
}

fn parse(bytes: &[u8]) -> Result<UnitId, RequestError> {
    let request: Request = serde_json::from_slice(bytes).map_err(|_| RequestError::NoRequest)?;
    if request.schema != SCHEMA {
        return Err(RequestError::Schema(request.schema));
    }
    let unit = UnitId::parse_human(&request.unit_id).filter(is_assignable);
    let unit = unit.ok_or(RequestError::Unit)?;
    let kind = match unit.kind() {
        UnitKind::Mac => "MAC",
        UnitKind::UsbSerial => "FLASHSERIAL",
    };
    match request.r#type == kind && request.value == unit.bare() {
        true => Ok(unit),
        false => Err(RequestError::Contradiction),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str =
        r#"{"schema":1,"unit_id":"00E0C51C5087","type":"MAC","value":"00E0C51C5087","new":[]}"#;

    #[test]
    fn a_request_names_its_unit() {
        assert_eq!(parse(REQUEST.as_bytes()), Ok(UnitId::parse("mac:00E0C51C5087").unwrap()));
        let drive = REQUEST
            .replacen("00E0C51C5087", "#85641000D308482019", 1)
            .replace("MAC", "FLASHSERIAL")
            .replace("00E0C51C5087", "85641000D308482019");
        let unit = UnitId::parse("udp:85641000D308482019").unwrap();
        assert_eq!(parse(drive.as_bytes()), Ok(unit));
    }

    #[test]
    fn any_other_file_is_refused_with_its_reason() {
        for (from, to, error) in [
            ("}", "", RequestError::NoRequest),
            ("\"value\"", "\"worth\"", RequestError::NoRequest),
            ("\"schema\":1", "\"schema\":2", RequestError::Schema(2)),
            ("00E0C51C5087", "000000000000", RequestError::Unit),
            (
                "\"unit_id\":\"00E0C51C5087",
                "\"unit_id\":\"00E0C51C5088",
                RequestError::Contradiction,
            ),
            ("\"MAC\"", "\"FLASHSERIAL\"", RequestError::Contradiction),
        ] {
            assert_eq!(parse(REQUEST.replace(from, to).as_bytes()), Err(error), "{to}");
        }
    }
}
