//! Whether a file holds certificate authorities. The worker reads it to check servers, `licctl
//! doctor` to say beforehand what the worker would.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// Bytes of a bundle: Debian's of 2026, a quarter of a megabyte, sixteen times over.
pub const BYTES: u64 = 4 << 20;
/// A byte order mark, as some editors put before a text.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// How a structure of more than 127 bytes begins in DER, as every certificate does (X.690 §8.1.3.5).
const DER: &[u8] = &[0x30, 0x82];

/// Why a file holds no certificate authorities. The text of each is what comes after its name.
#[derive(Debug)]
pub enum CaFileError {
    /// There is no file of this name.
    Missing,
    /// The name belongs to a directory, a device or the like.
    NotAFile,
    /// The system does not let it be read.
    Unreadable(io::Error),
    /// It has more than [`BYTES`] bytes.
    TooLarge,
    /// It has none.
    Empty,
    /// It is a certificate in DER.
    Der,
    /// It is a text in UTF-16.
    Utf16,
    /// Its certificates are in OpenSSL's own form, which carries more than a certificate.
    Trusted,
    /// It holds a PKCS #7 collection.
    Pkcs7,
    /// It holds a key and no certificate.
    Key,
    /// A certificate in it begins and cannot be read to its end.
    Damaged,
    /// It is something else.
    NotPem,
}

/// The bytes of the file at `path`, in which [`certificates`] finds at least one.
///
/// # Errors
/// [`CaFileError`]
pub fn read(path: &Path) -> Result<Vec<u8>, CaFileError> {
    let found = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => CaFileError::Missing,
        _ => CaFileError::Unreadable(error),
    })?;
    // Opening a FIFO would wait for a writer.
    if !found.is_file() {
        return Err(CaFileError::NotAFile);
    }
    let file = File::open(path).map_err(CaFileError::Unreadable)?;
    let mut bytes = Vec::new();
    file.take(BYTES + 1).read_to_end(&mut bytes).map_err(CaFileError::Unreadable)?;
    judge(&bytes)?;
    Ok(bytes)
}

/// The certificates in PEM, each as it stands; what is not one is passed over, as other programs do.
pub fn certificates(bytes: &[u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(bytes.strip_prefix(MARK).unwrap_or(bytes)).filter_map(Result::ok)
}

/// Says what is wrong with a bundle in which there is no certificate.
fn judge(bytes: &[u8]) -> Result<(), CaFileError> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > BYTES) {
        return Err(CaFileError::TooLarge);
    }
    let holds = |word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    let wrong = if certificates(bytes).any(|certificate| certificate.starts_with(&[0x30])) {
        return Ok(());
    } else if bytes.iter().all(u8::is_ascii_whitespace) {
        CaFileError::Empty
    } else if bytes.starts_with(DER) {
        CaFileError::Der
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

impl fmt::Display for CaFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "does not exist",
            Self::NotAFile => "is not a regular file; name a file with the authorities in PEM",
            Self::Unreadable(error) => {
                return write!(f, "cannot be read ({}); let the user licd-fetch read it", error.kind());
            }
            Self::TooLarge => return write!(f, "is larger than {BYTES} bytes"),
            Self::Empty => "is empty",
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
            Self::Key => "holds a key and no certificate; name the file with the authority's certificate",
            Self::Damaged => "holds a certificate that is damaged; copy it there again",
            Self::NotPem => "holds no certificate in PEM (BEGIN CERTIFICATE)",
        })
    }
}

impl std::error::Error for CaFileError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// What matters here is the form: a sequence, in PEM.
    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";

    #[test]
    fn certificates_are_found_behind_a_mark_and_among_other_texts() {
        for text in [PEM.to_owned(), format!("\u{feff}{PEM}"), format!("# ours\r\n\n{PEM}{PEM}")] {
            assert!(judge(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_called_what_it_is() {
        let trusted = PEM.replace("CERTIFICATE", "TRUSTED CERTIFICATE");
        for (bytes, words) in [
            (&b""[..], "is empty"),
            (b"\n \n", "is empty"),
            (b"\x30\x82\x01\x02", "is a certificate in DER"),
            (b"\xff\xfe-\0-\0", "is a text in UTF-16"),
            (trusted.as_bytes(), "(BEGIN TRUSTED CERTIFICATE)"),
            (b"-----BEGIN PKCS7-----\nMAMCAQE=\n-----END PKCS7-----\n", "is a PKCS #7 collection"),
            (b"-----BEGIN PRIVATE KEY-----\nMAMCAQE=\n-----END PRIVATE KEY-----\n", "holds a key"),
            (b"-----BEGIN CERTIFICATE-----\nMAMC\n", "holds a certificate that is damaged"),
            (b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "is damaged"),
            (b"hello", "holds no certificate in PEM"),
        ] {
            let said = judge(bytes).unwrap_err().to_string();
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn what_is_no_file_is_called_so() {
        let said = |path: &str| read(Path::new(path)).unwrap_err().to_string();
        assert_eq!(said("/nowhere/ca.pem"), "does not exist");
        assert!(said("/usr").starts_with("is not a regular file"), "{}", said("/usr"));
        assert!(said("/dev/null").starts_with("is not a regular file"));
    }
}
