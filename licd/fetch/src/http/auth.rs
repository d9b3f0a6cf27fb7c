//! Credentials and authentication schemes (RFC 9110 §11).

use base64ct::{Base64, Encoding as _};
use licd_protocol::{Credentials, Scheme, Url};
use ureq::http::{HeaderMap, header};

use crate::error::{AuthSchemes, CredentialsSent};
use crate::job::Job;

/// The most schemes in a message; no more are registered and in use.
const MAX_SCHEMES: usize = 6;

/// The value of an authorization header (RFC 7617 §2).
pub(super) fn basic(credentials: &Credentials) -> String {
    let Credentials { user, password } = credentials;
    format!("Basic {}", Base64::encode_string(format!("{user}:{password}").as_bytes()))
}

/// Whether the server at `url` gets the credentials: only the server of the requested address, or the
/// same host after a redirect to https.
pub(super) fn credentials_for(job: &Job, url: &Url) -> CredentialsSent {
    match job.credentials {
        None => CredentialsSent::No,
        Some(_) if is_requested_server(job, url) => CredentialsSent::Yes,
        Some(_) => CredentialsSent::Withheld,
    }
}

/// Whether `url` is on the server of the requested address, or on the same host after a redirect to
/// https.
pub(super) fn is_requested_server(job: &Job, url: &Url) -> bool {
    let requested = &job.url;
    let is_upgraded =
        requested.scheme() == Scheme::Http && requested.port() == 80 && url.port() == 443;
    let is_same =
        url.origin() == requested.origin() || url.scheme() == Scheme::Https && is_upgraded;
    url.host() == requested.host() && is_same
}

/// The schemes in these headers: the first word of each challenge (RFC 9110 §11.6.1).
pub(super) fn schemes(headers: &HeaderMap, name: header::HeaderName) -> AuthSchemes {
    let values = headers.get_all(name);
    parse_schemes(values.iter().filter_map(|value| value.to_str().ok()))
}

/// As [`schemes`], from the values of the headers. A part after a comma is a challenge if its first
/// word is a name, and a parameter if `=` follows the name.
pub(super) fn parse_schemes<'a>(values: impl Iterator<Item = &'a str>) -> AuthSchemes {
    let mut schemes = AuthSchemes::new();
    for part in values.flat_map(|value| value.split(',')) {
        let part = part.trim();
        let (word, _) = part.split_once(' ').unwrap_or((part, ""));
        let is_name =
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if is_name && !schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case(word)) {
            schemes.push(word.to_owned());
        }
        // A head has room for thousands, and each would be compared with all before it.
        if schemes.len() == MAX_SCHEMES {
            break;
        }
    }
    schemes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_distinguished_from_their_parameters() {
        for (values, expected) in [
            (&["NTLM"][..], &["NTLM"][..]),
            (&["Negotiate", "NTLM"], &["Negotiate", "NTLM"]),
            (&["Negotiate, NTLM, ntlm"], &["Negotiate", "NTLM"]),
            (&["Digest realm=\"a b\", nonce=\"x, y\", qop=auth"], &["Digest"]),
            (&["Basic realm=\"x\", Digest realm=\"y\""], &["Basic", "Digest"]),
            (&[""], &[]),
        ] {
            let found = parse_schemes(values.iter().copied());
            // A comma within quotes may leave further words; only the first schemes count.
            assert_eq!(&found[..expected.len().min(found.len())], expected, "{values:?}");
        }
    }
    #[test]
    fn of_many_schemes_the_first_are_kept() {
        let many: Vec<String> = (0..10_000).map(|number| format!("s{number}")).collect();
        let expected = ["s0", "s1", "s2", "s3", "s4", "s5"];
        assert_eq!(parse_schemes([many.join(",").as_str()].into_iter()), expected);
    }
}
