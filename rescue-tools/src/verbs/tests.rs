//! The complete output of verbs for fixed reports, at 80 columns.

use licd_device::Report;
use licd_rules::Language;
use licensing_words::{self as words, Overview, Surface};
use serde_json::{Value, json};

use super::{doctor, features, list, status};
use crate::layout::{Color, Page};

mod doctors;
mod lists;
mod statuses;

const WE: &str = "SUB_SERVICE_SET_WORKSPACE_EDITION";
const EMP: &str = "SUB_SERVICE_SET_ENTERPRISE_MANAGEMENT_PACK";

/// A device with OS 12 and a licence for a year.
pub(crate) fn licensed() -> Value {
    json!({
        "schema": 1,
        "state": "valid",
        "unit_id": "00E0C51C5087",
        "hardware": {"kind": "mac", "mac": "00:E0:C5:1C:50:87", "serial": "14D3F8B00B"},
        "os": {"generation": 12, "version": "12.4.0", "released": "2026-01-15"},
        "clock": {"state": "ok", "now": "2026-11-29T04:38:12Z"},
        "store": {"state": "read-only", "licenses": 1},
        "services": [
            service(EMP, "UNLICENSED", "none", None),
            service(WE, "LICENSED", "valid", Some(("2027-11-21", 357))),
        ],
        "licenses": [license("WE-7Q2KD", 183, "WE", "2027-11-21", "valid")],
        "rejected": [],
        "features": {},
        "links": [],
        "restart_pending": false,
        "problems": [],
    })
}

/// The licensed device with its licence in another state.
fn in_state(status: &str, state: &str, end: &str, days_left: i32) -> Value {
    let mut device = licensed();
    device["state"] = state.into();
    device["services"][1] = service(WE, status, state, Some((end, days_left)));
    device["licenses"][0]["state"] = state.into();
    device["licenses"][0]["expires"] = end.into();
    device
}

fn warning() -> Value {
    in_state("LICENSED", "warning", "2026-12-05", 6)
}

/// The licensed device without its licence.
fn unlicensed() -> Value {
    let mut device = licensed();
    device["state"] = "none".into();
    device["services"][1] = service(WE, "UNLICENSED", "none", None);
    device["licenses"] = json!([]);
    device["store"]["licenses"] = 0.into();
    device
}

/// A device with several problems.
pub(crate) fn broken() -> Value {
    let mut device = unlicensed();
    device["unit_id"] = Value::Null;
    device["hardware"] = json!({"kind": "none", "mac": null, "serial": null});
    device["clock"]["state"] = "behind".into();
    let foreign = |file: &str| {
        let message = "for unit 00E0C51C5088; this device has no unit ID";
        json!({"file": file, "code": "wrong-device", "message": message})
    };
    device["rejected"] = json!([
        foreign("01E7CDFDC2F6877E56C68D874C24AB6C.lic"),
        {"file": "damaged.lic", "code": "malformed",
            "message": "is empty; get the file again from where it was issued"},
        foreign("foreign.lic"),
        foreign("third.lic"),
    ]);
    device["links"] = json!([
        {"url": "https://ums.example.com/none.lic", "code": "source-refused",
            "message": "has no such file; check the address (HTTP 404)",
            "asked": "2026-11-29T04:30:00Z"},
        {"url": "https://ums.example.com/foreign.lic", "code": "wrong-device",
            "message": "for unit 00E0C51C5088; this device has no unit ID",
            "asked": "2026-11-29T04:30:00Z"},
    ]);
    device["problems"] = json!([
        {"subject": "/license/dsa/trust (1).note", "message": "is not read: its name must be \
            trust.note; import it with “licctl import '/license/dsa/trust (1).note'”, then \
            remove it"},
        {"subject": "/etc/licd/licd.toml", "message": "line 2, column 1: unknown key \u{1b}[31m\n"},
    ]);
    device
}

/// The problem of a request for a licence that licd sends again by itself.
fn waiting_request() -> Value {
    let message = "this request for a licence has no answer yet; licd asks again by itself, and \
                   “licctl request -o FILE” writes it for another machine";
    json!({"subject": "/license/fetch-activation.json", "message": message})
}

fn service(name: &str, status: &str, state: &str, end: Option<(&str, i32)>) -> Value {
    let (expires, days_left) = end.unzip();
    let pack = expires.map(|_| "WE-7Q2KD");
    json!({"service": name, "status": status, "state": state, "expires": expires,
        "days_left": days_left, "pack": pack})
}

fn license(pack: &str, serial: u64, product: &str, expires: &str, state: &str) -> Value {
    json!({"pack": pack, "serial": serial, "product": product, "category": "subscription",
        "order": "69-3456677", "term": "subscription", "issued": "2026-11-22T16:48:10Z",
        "starts": "2026-11-22", "expires": expires, "state": state,
        "file": "01E7CDFDC2F6877E56C68D874C24AB6C.lic"})
}

pub(crate) fn report(device: &Value) -> Report {
    Report::from_json(&device.to_string()).unwrap()
}

fn laid_out(print: impl FnOnce(&mut Page)) -> String {
    let mut page = Page::default();
    print(&mut page);
    let text = page.text(Color::Hidden);
    for line in text.lines() {
        assert!(line.chars().count() <= 80 && line.trim_end() == line, "{line}");
    }
    text
}

fn status_in(language: Language, device: &Value) -> String {
    let words = words::of(language);
    let overview = Overview::of(&report(device), None, words, Surface::CommandLine);
    laid_out(|page| status::lay_out(&overview, words, page))
}

fn status_of(device: &Value) -> String {
    status_in(Language::English, device)
}

fn doctor_in(language: Language, device: &Value) -> String {
    let (report, words) = (report(device), words::of(language));
    let mut found = doctor::examine(&report, words, &words::time(report.clock.now));
    laid_out(|page| doctor::lay_out(&mut found, words, page))
}

fn list_in(language: Language, device: &Value) -> String {
    laid_out(|page| list::lay_out(&report(device), words::of(language), page))
}

fn list_of(device: &Value) -> String {
    list_in(Language::English, device)
}

fn features_of(device: &Value) -> String {
    laid_out(|page| features::lay_out(&report(device), &words::English, page))
}
