//! What administrators ask for: the page, the same as JSON, and orders.

use hyper::{Method, header};
use license_format::Date;

use super::Call;
use super::page;
use super::reply::Reply;
use crate::command::{Command, Form};
use crate::error::UmsError;
use crate::fleet::views::{LicenceSearch, View};
use crate::ums::Ums;

pub(super) fn answer(ums: &Ums, call: &Call) -> Reply {
    let query = Form::parse(call.query.as_bytes());
    let path: Vec<&str> = call.path.split('/').skip(1).collect();
    let answer = match (&call.method, path.as_slice()) {
        (&Method::GET, [""]) => page::render(ums, &query).map(Reply::html),
        (&Method::GET, ["api", "devices"]) => {
            view(&query).and_then(|view| ums.devices(view)).map(|rows| Reply::json(&rows))
        }
        (&Method::GET, ["api", "packs"]) => ums.packs().map(|rows| Reply::json(&rows)),
        (&Method::GET, ["api", "licences"]) => {
            ums.licences(&search(&query)).map(|rows| Reply::json(&rows))
        }
        (&Method::GET, ["api", "events"]) => ums.events().map(|rows| Reply::json(&rows)),
        (&Method::POST, ["do", name]) => return order(ums, call, name),
        _ => return Reply::error(404, "there is no such page"),
    };
    answer.unwrap_or_else(Reply::from)
}

/// The view that a query selects.
pub(super) fn view(query: &Form) -> Result<View, UmsError> {
    let day = |name: &'static str| {
        Date::parse(&query.get(name)).ok_or(UmsError::Invalid(name, "a day, YYYY-MM-DD"))
    };
    match query.get("view").as_str() {
        "" | "all" => Ok(View::All),
        "unlicensed" => Ok(View::Unlicensed),
        "expires" => Ok(View::Expires(day("from")?, day("to")?)),
        "expired" => Ok(View::Expired),
        "endless" => Ok(View::Endless),
        _ => Err(UmsError::Invalid("view", "a view")),
    }
}

/// The search that a query states.
pub(super) fn search(query: &Form) -> LicenceSearch {
    LicenceSearch {
        order: query.get("order"),
        category: query.get("category"),
        pack: query.get("pack"),
        until: query.get("until"),
        unit: query.get("unit"),
    }
}

/// Carries out an order. A form of the page leads back to the page; other callers get JSON.
fn order(ums: &Ums, call: &Call, name: &str) -> Reply {
    if !is_own_page(call) {
        return Reply::error(403, "orders come from the page of this server only");
    }
    let Some(command) = Command::parse(name, &Form::parse(&call.body)) else {
        return Reply::error(404, "there is no such order");
    };
    let done = command.and_then(|command| ums.carry_out(command));
    if !text(call, header::ACCEPT).contains("text/html") {
        return done.map_or_else(Reply::from, |()| Reply::json(&"done"));
    }
    let message = done.map_or_else(|error| error.to_string(), |()| format!("{name}: done"));
    let message =
        form_urlencoded::Serializer::new(String::new()).append_pair("message", &message).finish();
    Reply::status(303).with(header::LOCATION, format!("/?{message}"))
}

/// Whether a browser sends the order from the page of this server: it states the page's origin
/// (Fetch §3.2), and other programs state none.
fn is_own_page(call: &Call) -> bool {
    let origin = text(call, header::ORIGIN);
    origin.is_empty() || origin.strip_prefix("http://") == Some(text(call, header::HOST))
}

fn text(call: &Call, name: header::HeaderName) -> &str {
    call.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
