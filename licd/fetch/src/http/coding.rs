//! The packing of a response.

use ureq::http::{HeaderMap, header};

use crate::error::FetchError;

/// Content codings that pack (the registry of RFC 9110 §8.4), except for those of gzip.
const PACKERS: [&str; 10] = [
    "br",
    "compress",
    "x-compress",
    "dcb",
    "dcz",
    "deflate",
    "exi",
    "pack200-gzip",
    "zstd",
    "aes128gcm",
];

/// Whether the response is packed by gzip. As browsers do, it ignores names of no packer, such as
/// `utf-8` or `none`: the server means something else.
///
/// # Errors
/// [`FetchError::ContentCoding`] names codings that the worker does not unpack.
pub(super) fn is_packed(headers: &HeaderMap) -> Result<bool, FetchError> {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let codings = values.join(",").to_ascii_lowercase();
    let codings: Vec<&str> = codings.split(',').map(str::trim).collect();
    if codings.iter().any(|coding| PACKERS.contains(coding)) {
        return Err(FetchError::ContentCoding(codings.join(", ")));
    }
    Ok(codings.iter().any(|coding| ["gzip", "x-gzip"].contains(coding)))
}
