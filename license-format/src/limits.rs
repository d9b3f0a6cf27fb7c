//! Limits of the format, each with its source.

/// Bytes of a licence's text, line feeds included (LF §2).
pub const TEXT_BYTES: usize = 4096;
/// Lines of a licence's text (LF §2).
pub const TEXT_LINES: usize = 64;
/// Bytes of one line, line feed excluded (LF §2); signature lines included.
pub const LINE_BYTES: usize = 256;
/// Signature lines of one document (LF §3).
pub const SIGNATURES: usize = 8;
/// Bytes of everything before a licence's attachment: text, empty line, signature lines.
pub const HEAD_BYTES: usize = TEXT_BYTES + 1 + SIGNATURES * (LINE_BYTES + 1);
/// `unit` lines of one licence (LF §4).
pub const UNITS: usize = 16;
/// `service` lines of one licence (LF §4).
pub const SERVICES: usize = 16;
/// `supersedes` lines of one licence (LF §4).
pub const SUPERSEDES: usize = 16;
/// Units of a mass licence (LF §4, key `units`).
pub const MASS_UNITS: u32 = 1_000_000;
/// Hashes of the longest inclusion path: the depth of a tree of [`MASS_UNITS`] leaves.
pub const PATH_HASHES: usize = 20;
/// `key` lines of a trust document (LF §7).
pub const TRUST_KEYS: usize = 16;
/// `withdraw` lines of a trust document (LF §7).
pub const WITHDRAWALS: usize = 1000;
/// Bytes of a key's name: the rest of a signature line after its dash (4 bytes with the space),
/// another space and 92 characters of base64 (LF §3).
pub const KEY_NAME_BYTES: usize = LINE_BYTES - 4 - 1 - 92;
/// Products that one `key` line of a trust document lists.
pub const KEY_PRODUCTS: usize = 32;
/// Bytes of one line of a trust document: `key`, the longest verifier key (name, hash of 8 digits
/// and 44 characters of base64, joined by `+`) and [`KEY_PRODUCTS`] products of 12 with commas.
pub const TRUST_LINE_BYTES: usize = 4 + (KEY_NAME_BYTES + 10 + 44) + 1 + (KEY_PRODUCTS * 13 - 1);
/// Bytes of a trust document's text: the longest header (26), `version` (28) and `issued` (28),
/// [`TRUST_KEYS`] lines of [`TRUST_LINE_BYTES`], and [`WITHDRAWALS`] lines of the longest pack and
/// serial (54), line feeds included.
pub const TRUST_TEXT_BYTES: usize =
    26 + 28 + 28 + TRUST_KEYS * (TRUST_LINE_BYTES + 1) + WITHDRAWALS * 54;
/// Lines of a trust document's text: three of header, then the keys and withdrawals.
pub const TRUST_TEXT_LINES: usize = 3 + TRUST_KEYS + WITHDRAWALS;
/// Bytes of a whole trust document.
pub const TRUST_BYTES: usize = TRUST_TEXT_BYTES + 1 + SIGNATURES * (LINE_BYTES + 1);
/// Bytes of an unpacked licence file (LF §6). Intake enforces it for every file.
pub const FILE_BYTES: u64 = 32 * 1024 * 1024;
/// `warn-days` of a licence that does not state it (LF §4).
pub const WARN_DAYS: u8 = 10;
/// The highest value of `warn-days` (LF §4).
pub const MAX_WARN_DAYS: u8 = 120;
/// The highest value of `grace-days` (LF §4).
pub const MAX_GRACE_DAYS: u8 = 90;
