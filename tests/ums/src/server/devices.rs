//! What devices ask for.

use hyper::{Method, header};
use license_format::{PackId, Serial, UnitId};

use super::Call;
use super::reply::Reply;
use crate::error::UmsError;
use crate::fleet::report::Report;
use crate::fleet::settings::digest;
use crate::ums::Ums;

pub(super) fn answer(ums: &Ums, call: &Call, from: &str) -> Reply {
    let path: Vec<&str> = call.path.split('/').skip(1).collect();
    let answer = match (&call.method, path.as_slice()) {
        (&Method::POST, ["report"]) => report(ums, &call.body, from),
        (&Method::POST, ["activation"]) => ums.activate(&call.body).map(Reply::text),
        (&Method::GET, ["trust.note"]) => ums.trust().map(|file| tagged(call, file)),
        (&Method::GET, ["licences", pack, serial, unit]) => {
            licence(ums, pack, serial, unit).map(|file| tagged(call, file))
        }
        _ => return Reply::error(404, "there is no such page"),
    };
    answer.unwrap_or_else(Reply::from)
}

fn report(ums: &Ums, body: &[u8], from: &str) -> Result<Reply, UmsError> {
    let report: Report = serde_json::from_slice(body)
        .map_err(|_| UmsError::Invalid("report", "a report of an agent"))?;
    Ok(Reply::json(&ums.receive(&report, from)?))
}

fn licence(ums: &Ums, pack: &str, serial: &str, unit: &str) -> Result<String, UmsError> {
    let unknown = || UmsError::Unknown(format!("licence {pack}/{serial}/{unit}"));
    let unit = unit.strip_suffix(".lic").unwrap_or_default().replacen('-', ":", 1);
    let unit = UnitId::parse(&unit).ok_or_else(unknown)?;
    let pack = PackId::parse(pack).ok_or_else(unknown)?;
    ums.licence(&pack, Serial::parse(serial).ok_or_else(unknown)?, &unit)
}

/// A file with its entity tag; only the tag if the device has the file (RFC 9110 §13.1.2).
fn tagged(call: &Call, file: String) -> Reply {
    let tag = format!("\"{}\"", digest(&file));
    let known = call.headers.get_all(header::IF_NONE_MATCH).iter();
    let is_known = known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag);
    let reply = if is_known { Reply::status(304) } else { Reply::text(file) };
    reply.with(header::ETAG, tag)
}
