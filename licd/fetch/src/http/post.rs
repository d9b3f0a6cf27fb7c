//! A text sent by POST, and the reason of a server that refuses it.

use std::io::Read as _;

use serde_json::Value;
use ureq::Body as Incoming;
use ureq::http::{Response, header};

/// The type of the text.
pub(super) const JSON: &str = "application/json";
/// The type of problem details (RFC 9457 §3).
const PROBLEM: &str = "application/problem+json";
/// Bytes of a reason: more than the message shows.
const REASON_BYTES: u64 = 4096;

/// Whether a server that answers so has read the text and refuses it.
pub(super) fn is_refused(status: u16) -> bool {
    matches!(status, 400..500) && !matches!(status, 404 | 408 | 410 | 425 | 429)
}

/// The beginning of the body of a refusal. An unreadable one is empty: the status alone is a reason, too.
pub(super) fn body(response: Response<Incoming>) -> String {
    let mut bytes = Vec::new();
    let _ = response.into_body().into_reader().take(REASON_BYTES).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The reason in the body of a refusal, if it is plain text or problem details; a web page is for
/// browsers.
pub(super) fn reason(response: Response<Incoming>) -> String {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let text = body(response);
    match kind.as_str() {
        "text/plain" => text.trim().to_owned(),
        PROBLEM | JSON => problem(text.as_bytes()).unwrap_or_default(),
        _ => String::new(),
    }
}

/// The explanation of problem details, else their title (RFC 9457 §3.1).
fn problem(bytes: &[u8]) -> Option<String> {
    let problem: Value = serde_json::from_slice(bytes).ok()?;
    let text = |key| problem.get(key)?.as_str().map(str::to_owned);
    text("detail").or_else(|| text("title"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_explanation_of_a_problem_comes_before_its_title() {
        for (json, reason) in [
            (r#"{"title":"Terms","detail":"accept the terms"}"#, Some("accept the terms")),
            (r#"{"title":"Terms","status":403}"#, Some("Terms")),
            (r#"{"detail":7}"#, None),
            ("[]", None),
            ("no JSON", None),
        ] {
            assert_eq!(problem(json.as_bytes()).as_deref(), reason, "{json}");
        }
    }
}
