//! Bundles of certificate authorities. The worker reads them to check servers, and `licctl doctor` to
//! report beforehand what the worker would refuse.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// Bytes of a bundle: sixteen times Debian's of 2026, which has a quarter of a megabyte.
pub const BYTES: u64 = 4 << 20;
/// The byte order mark that some editors write.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a file is unusable as a bundle. The text of each follows the file name in a message.
#[derive(Debug)]
pub enum CaFileError {
    /// The file does not exist.
    Missing,
    /// The path names a directory, a device or another special file.
    NotAFile,
    /// The system refuses to read the file.
    Unreadable(io::Error),
    /// The file is larger than [`BYTES`].
    TooLarge,
    /// The file is empty or blank.
    Empty,
    /// The file is a certificate in DER.
    Der,
    /// The file is a text in UTF-16.
    Utf16,
    /// The certificates are in OpenSSL's own form, which adds trust settings.
    Trusted,
    /// The file is a PKCS #7 collection.
    Pkcs7,
    /// The file is a PKCS #7 collection in DER, as Windows exports them.
    Pkcs7Der,
    /// The file holds a key and no certificate.
    Key,
    /// A certificate in the file is incomplete or damaged.
    Damaged,
    /// The file has another form and holds no PEM certificate.
    NotPem,
}

/// Reads the file at `path`, which must hold at least one certificate.
///
/// # Errors
/// [`CaFileError`]
pub fn read(path: &Path) -> Result<Vec<u8>, CaFileError> {
    let found = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => CaFileError::Missing,
        _ => CaFileError::Unreadable(error),
    })?;
    // The reader of licd-fs does the same, but that crate uses this one. Opening a FIFO would block
    // until a writer opens it.
    if !found.is_file() {
        return Err(CaFileError::NotAFile);
    }
    let file = File::open(path).map_err(CaFileError::Unreadable)?;
    let mut bytes = Vec::new();
    file.take(BYTES + 1).read_to_end(&mut bytes).map_err(CaFileError::Unreadable)?;
    check(&bytes)?;
    Ok(bytes)
}

/// The PEM certificates in `bytes`. Like other programs, it skips everything else.
pub fn certificates(bytes: &[u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes))
        .filter_map(Result::ok)
}

/// Finds out why `bytes` hold no certificate.
fn check(bytes: &[u8]) -> Result<(), CaFileError> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > BYTES) {
        return Err(CaFileError::TooLarge);
    }
    let holds = |word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    let wrong = if certificates(bytes).any(|certificate| certificate.starts_with(&[0x30])) {
        return Ok(());
    } else if bytes.iter().all(u8::is_ascii_whitespace) {
        CaFileError::Empty
    } else if let Some(wrong) = der(bytes) {
        wrong
    } else if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        CaFileError::Utf16
    } else if holds("-----BEGIN TRUSTED CERTIFICATE-----") {
        CaFileError::Trusted
    } else if holds("-----BEGIN CERTIFICATE-----") || holds("-----BEGIN X509 CERTIFICATE-----") {
        CaFileError::Damaged
    } else if holds("-----BEGIN PKCS7-----") {
        CaFileError::Pkcs7
    } else if holds(" PRIVATE KEY-----") || holds("-----BEGIN PUBLIC KEY-----") {
        CaFileError::Key
    } else {
        CaFileError::NotPem
    };
    Err(wrong)
}

/// What a DER sequence holds, by the tag of its first part (X.690 §8.1): in a certificate another
/// sequence, in a PKCS #7 collection an object identifier.
fn der(bytes: &[u8]) -> Option<CaFileError> {
    match bytes {
        [0x30, 0x82, _, _, 0x30, ..] => Some(CaFileError::Der),
        [0x30, 0x82, _, _, 0x06, ..] | [0x30, 0x80, 0x06, ..] => Some(CaFileError::Pkcs7Der),
        _ => None,
    }
}

impl fmt::Display for CaFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "does not exist; name a file with the authorities in PEM",
            Self::NotAFile => "is not a regular file; name a file with the authorities in PEM",
            Self::Unreadable(error) => {
                return write!(f, "cannot be read ({}); let the user licd-fetch read it", error.kind());
            }
            Self::TooLarge => {
                return write!(
                    f,
                    "is larger than {BYTES} bytes; name a file with the authorities in PEM"
                );
            }
            Self::Empty => "is empty; name a file with the authorities in PEM",
            Self::Der => {
                "is a certificate in DER; convert it with openssl x509 -inform der -in FILE -out FILE.pem"
            }
            Self::Utf16 => "is a text in UTF-16; save it as ASCII or UTF-8",
            Self::Trusted => {
                "holds certificates in OpenSSL's own form (BEGIN TRUSTED CERTIFICATE); convert each \
                 with openssl x509 -in FILE -out FILE.pem"
            }
            Self::Pkcs7 => {
                "is a PKCS #7 collection; convert it with openssl pkcs7 -print_certs -in FILE -out FILE.pem"
            }
            Self::Pkcs7Der => {
                "is a PKCS #7 collection; convert it with openssl pkcs7 -inform der -print_certs \
                 -in FILE -out FILE.pem"
            }
            Self::Key => "holds a key and no certificate; name the file with the authority's certificate",
            Self::Damaged => "holds a certificate that is damaged; copy it there again",
            Self::NotPem => {
                "holds no certificate in PEM (BEGIN CERTIFICATE); name a file with the authorities in PEM"
            }
        })
    }
}

impl std::error::Error for CaFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest PEM block with a DER sequence.
    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";

    #[test]
    fn certificates_are_found_after_a_byte_order_mark_and_other_text() {
        for text in [PEM.to_owned(), format!("\u{feff}{PEM}"), format!("# ours\r\n\n{PEM}{PEM}")] {
            assert!(check(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused_by_its_kind() {
        let trusted = PEM.replace("CERTIFICATE", "TRUSTED CERTIFICATE");
        for (bytes, words) in [
            (&b""[..], "is empty"),
            (b"\n \n", "is empty"),
            (b"\x30\x82\x03\x00\x30\x82\x02\x00", "is a certificate in DER"),
            (b"\x30\x82\x03\x00\x06\x09\x2a\x86", "openssl pkcs7 -inform der -print_certs"),
            (b"\x30\x80\x06\x09\x2a\x86", "openssl pkcs7 -inform der -print_certs"),
            // PKCS #12.
            (b"\x30\x82\x03\x00\x02\x01\x03\x30", "holds no certificate in PEM"),
            (b"\xff\xfe-\0-\0", "is a text in UTF-16"),
            (trusted.as_bytes(), "(BEGIN TRUSTED CERTIFICATE)"),
            (b"-----BEGIN PKCS7-----\nMAMCAQE=\n-----END PKCS7-----\n", "is a PKCS #7 collection"),
            (b"-----BEGIN PRIVATE KEY-----\nMAMCAQE=\n-----END PRIVATE KEY-----\n", "holds a key"),
            (b"-----BEGIN CERTIFICATE-----\nMAMC\n", "holds a certificate that is damaged"),
            (b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "is damaged"),
            (b"hello", "holds no certificate in PEM"),
        ] {
            let message = check(bytes).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
            assert!(message.contains("; "), "what to do is missing: {message}");
        }
    }

    #[test]
    fn missing_and_special_files_are_refused() {
        let message = |path: &str| read(Path::new(path)).unwrap_err().to_string();
        assert_eq!(
            message(concat!(env!("CARGO_MANIFEST_DIR"), "/nowhere/ca.pem")),
            "does not exist; name a file with the authorities in PEM"
        );
        assert!(message("/usr").starts_with("is not a regular file"), "{}", message("/usr"));
        assert!(message("/dev/null").starts_with("is not a regular file"));
    }
}
