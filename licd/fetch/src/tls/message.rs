//! The messages for refused certificates.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, OtherError};

use super::pin::NotPinnedError;
use crate::error::quoted;

/// The most names of a certificate in a message.
const MAX_NAMES: usize = 4;
/// The message for errors without one of their own.
const UNACCEPTED: &str = "its certificate is damaged or of a kind that is not accepted; have another \
                          issued, or set [ums] certificate_sha256 to take it as it is";

/// The reason why a certificate is refused, and the cure.
pub(super) fn certificate(why: &CertificateError) -> String {
    use CertificateError as Why;
    match why {
        Why::ExpiredContext { time, not_after } => format!(
            "its certificate ended on {} and this device's clock says {}; have it renewed, or set \
             the clock",
            date(*not_after),
            date(*time)
        ),
        Why::NotValidYetContext { time, not_before } => format!(
            "its certificate begins on {} and this device's clock says {}; set the clock",
            date(*not_before),
            date(*time)
        ),
        Why::NotValidForNameContext { presented, .. } => other_names(presented),
        Why::Other(OtherError(error)) if error.is::<NotPinnedError>() => format!(
            "its certificate is not the one of [ums] certificate_sha256 ({error}); if it was \
             renewed, change the setting"
        ),
        other => fixed_message(other).to_owned(),
    }
}

/// The host in a name of a certificate, which rustls writes as `DnsName("ums.example")`,
/// `IpAddress(192.0.2.1)` or as a name of something else.
fn host(name: &str) -> Option<&str> {
    let (kind, host) = name.strip_suffix(')')?.split_once('(')?;
    matches!(kind, "DnsName" | "IpAddress").then(|| host.trim_matches('"'))
}

/// The message for a certificate of other names, or of none (RFC 9525 §2: a common name does not
/// count).
fn other_names(presented: &[String]) -> String {
    let hosts: Vec<&str> = presented.iter().filter_map(|name| host(name)).collect();
    if hosts.is_empty() {
        return "its certificate names no host in subjectAltName, and a common name does not count; \
                have one issued with subjectAltName, or set [ums] certificate_sha256 to take it as \
                it is"
            .to_owned();
    }
    let more = if hosts.len() > MAX_NAMES { " and others" } else { "" };
    let names = quoted(&hosts.into_iter().take(MAX_NAMES).collect::<Vec<_>>().join(", "));
    format!("its certificate is for another name; use the name that it is for ({names}{more})")
}

/// The messages for errors without facts.
fn fixed_message(why: &CertificateError) -> &'static str {
    use CertificateError as Why;
    match why {
        Why::UnknownIssuer => {
            "this device does not know the authority of its certificate; add the authority to \
             [network] ca_file, or set [ums] certificate_sha256"
        }
        Why::BadSignature => {
            "this device does not know the authority of its certificate: one of the same name has \
             another key; add the new authority to [network] ca_file, or set [ums] \
             certificate_sha256"
        }
        // What the verifier makes of a bad signature of the handshake.
        Why::ApplicationVerificationFailure => {
            "its key is too short (RSA below 2048 bits) or does not belong to its certificate; have \
             another certificate issued, or set its key right"
        }
        Why::NotValidForName => "its certificate is for another name; use the name that it is for",
        Why::Expired => "its certificate has ended; have it renewed, or set the clock",
        Why::NotValidYet => "its certificate has not begun; set the clock",
        Why::Revoked => "its certificate was revoked; have it renewed",
        Why::UnsupportedSignatureAlgorithmContext { .. }
        | Why::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "its certificate is signed by an algorithm that is not accepted, such as SHA-1; have \
             another issued, or set [ums] certificate_sha256 to take it as it is"
        }
        Why::BadEncoding => {
            "its certificate is damaged; have it installed again, or another issued"
        }
        Why::Other(OtherError(error)) => match error.downcast_ref() {
            Some(error) => webpki_message(error),
            None => UNACCEPTED,
        },
        Why::InvalidPurpose | Why::InvalidPurposeContext { .. } => {
            "its certificate is not made for a server, but for another purpose; have another \
             issued, or set [ums] certificate_sha256 to take it as it is"
        }
        _ => UNACCEPTED,
    }
}

/// The messages for errors that rustls passes on from webpki.
fn webpki_message(why: &webpki::Error) -> &'static str {
    use webpki::Error as Why;
    match why {
        Why::CaUsedAsEndEntity => {
            "its certificate is an authority's own and not made for a server; have another issued, \
             or set [ums] certificate_sha256 to take it as it is"
        }
        Why::EndEntityUsedAsCa => {
            "its certificate was issued by one that is no authority's; have another issued, or set \
             [ums] certificate_sha256 to take it as it is"
        }
        Why::UnsupportedCriticalExtension => {
            "its certificate has an unknown critical extension; have another \
             issued, or set [ums] certificate_sha256 to take it as it is"
        }
        Why::UnsupportedCertVersion => {
            "its certificate is of an old version (before X.509 v3); have another issued, or set \
             [ums] certificate_sha256 to take it as it is"
        }
        Why::NameConstraintViolation | Why::PathLenConstraintViolated => {
            "its authority may not issue such a certificate (name or length constraints); have \
             another issued, or set [ums] certificate_sha256 to take it as it is"
        }
        _ => UNACCEPTED,
    }
}

fn date(time: UnixTime) -> String {
    // The year 9999 is the last that the format can write.
    const LAST: u64 = 253_402_300_799;
    let since = Duration::from_secs(time.as_secs().min(LAST));
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn an_unknown_critical_extension_is_named() {
        let why = OtherError(Arc::new(webpki::Error::UnsupportedCriticalExtension));
        let message = certificate(&CertificateError::Other(why));
        assert!(message.starts_with("its certificate has an unknown critical extension; "));
    }
}
