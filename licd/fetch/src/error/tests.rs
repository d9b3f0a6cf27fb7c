use std::time::Duration;

use licd_protocol::{FailureCode, Url};

use super::*;

#[test]
fn a_message_names_the_host_first_and_the_cure_last() {
    let missing = FetchError::Status { status: 404, retry_after: None };
    let failure = missing.of("ums.example").failure(1);
    assert_eq!(failure.code, FailureCode::SourceRefused);
    assert_eq!(failure.to_string(), "ums.example: has no such file; check the address (HTTP 404)");
}

#[test]
fn only_transient_errors_are_retried() {
    let status = |status| FetchError::Status { status, retry_after: None };
    for (status, transient) in [
        (400, false),
        (401, false),
        (404, false),
        (408, true),
        (429, true),
        (503, true),
        (511, false),
    ]
    .map(|(code, transient)| (status(code), transient))
    {
        assert_eq!(status.is_transient(), transient, "{status}");
    }
    let reply = |code| FetchError::FtpReply { step: FtpStep::Retrieve, code, text: String::new() };
    assert!(reply(421).is_transient() && !reply(430).is_transient() && !reply(550).is_transient());
    assert!(!FetchError::TotalTimeout(Duration::ZERO).is_transient());
    assert!(!FetchError::CorruptGzip.is_transient());
    assert!(FetchError::Lookup(LookupError::NoServer).is_transient());
    assert!(!FetchError::Lookup(LookupError::NoSuchName).is_transient());
}

#[test]
fn an_address_without_its_interface_is_named() {
    let error = FetchError::Connect(std::io::Error::from_raw_os_error(22));
    assert!(!error.is_transient());
    assert_eq!(
        error.of("fe80::1").failure(1).to_string(),
        "fe80::1: its address is valid on one link only, and names no interface; use another address \
         of it"
    );
}

#[test]
fn quoted_text_cannot_control_a_terminal() {
    let text = format!("\u{1b}[31m{}", "x".repeat(500));
    let error = FetchError::FtpReply { step: FtpStep::Retrieve, code: 451, text };
    let message = error.of("h").failure(1).to_string();
    assert!(!message.contains('\u{1b}') && message.len() < 200);
}

#[test]
fn an_error_after_a_redirect_names_the_redirect() {
    let [from, to] = ["http://a/x", "http://u:p@b/y"].map(|url| Url::parse(url).unwrap());
    let error = FetchError::Lookup(LookupError::NoSuchName);
    let failed = error.of("b").after(Some(Redirect::new(&from, &to)));
    assert_eq!(
        failed.failure(1).to_string(),
        "b: there is no host of this name; a redirects to http://b/y: ask for a new link if that \
         is wrong"
    );
}
