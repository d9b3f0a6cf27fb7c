//! The replies of an FTP server (RFC 959 §4.2).

use std::io::{self, BufRead, Read as _};

/// Bytes of a reply; a greeting with a page of terms has two thousand.
const BYTES: u64 = 64 * 1024;
/// Bytes of the text that a message may need.
const TEXT_BYTES: usize = 1024;

/// A code and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    /// The text of all lines, joined by blanks.
    pub(super) text: String,
}

/// Why a reply cannot be read.
#[derive(Debug)]
pub(super) enum ReplyError {
    /// The connection fails or ends.
    Io(io::Error),
    /// The server sends something other than a reply.
    Malformed,
    /// The server sends TLS.
    Tls,
}

impl Reply {
    /// Reads a reply. A multi-line reply ends at a line with its own code and a blank; other codes in
    /// between do not end it.
    pub(super) fn read(from: &mut impl BufRead) -> Result<Self, ReplyError> {
        let mut from = from.take(BYTES);
        let first = line(&mut from)?;
        let (code, mark, words) = split(&first).ok_or_else(|| not_a_reply(&first))?;
        let mut text = words.to_owned();
        let mut is_last = mark == Mark::Last;
        while !is_last {
            let next = line(&mut from)?;
            let (mark, words) = match split(&next) {
                Some((same, mark, words)) if same == code => (mark, words),
                _ => (Mark::MoreFollow, next.as_str()),
            };
            is_last = mark == Mark::Last;
            if text.len() < TEXT_BYTES && !words.trim().is_empty() {
                text.push(' ');
                text.push_str(words.trim());
            }
        }
        Ok(Self { code, text: text.trim().to_owned() })
    }

    /// Whether the reply asks for TLS.
    pub(super) fn wants_tls(&self) -> bool {
        let mut words = self.text.split(|c: char| !c.is_ascii_alphanumeric());
        (self.code == 421 || self.code >= 500)
            && words.any(|word| {
                // “auth failed” concerns a password.
                let is_name =
                    ["TLS", "SSL", "FTPS"].iter().any(|tls| word.eq_ignore_ascii_case(tls));
                is_name
                    || ["AUTH", "PROT"].contains(&word)
                    || word.to_ascii_lowercase().starts_with("encrypt")
            })
    }
}

/// The next line without its end; bytes that are not UTF-8 are replaced.
fn line(from: &mut impl BufRead) -> Result<String, ReplyError> {
    let mut bytes = Vec::new();
    from.read_until(b'\n', &mut bytes).map_err(ReplyError::Io)?;
    if bytes.last() != Some(&b'\n') {
        return Err(match bytes.is_empty() {
            true => ReplyError::Io(io::ErrorKind::UnexpectedEof.into()),
            false => not_a_reply(&String::from_utf8_lossy(&bytes)),
        });
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned())
}

/// A TLS record begins with an alert or a handshake of version 3 (RFC 8446 §5.1).
fn not_a_reply(line: &str) -> ReplyError {
    match line.as_bytes() {
        [0x15 | 0x16, 3, ..] => ReplyError::Tls,
        _ => ReplyError::Malformed,
    }
}

/// The mark after a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// A blank or the end of the line.
    Last,
    /// A dash.
    MoreFollow,
}

/// Splits a line into code, mark and text.
fn split(line: &str) -> Option<(u16, Mark, &str)> {
    let (code, rest) = line.split_at_checked(3)?;
    let is_code = code.bytes().all(|b| b.is_ascii_digit())
        && code.starts_with(['1', '2', '3', '4', '5', '6']);
    let code = code.parse().ok().filter(|_| is_code)?;
    match rest.chars().next() {
        None => Some((code, Mark::Last, "")),
        Some(' ') => Some((code, Mark::Last, rest.get(1..)?)),
        Some('-') => Some((code, Mark::MoreFollow, rest.get(1..)?)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(u16, String), ReplyError> {
        let mut rest = text.as_bytes();
        let reply = Reply::read(&mut rest)?;
        assert_eq!(rest, b"next\r\n", "{text}");
        Ok((reply.code, reply.text))
    }

    #[test]
    fn a_multi_line_reply_ends_at_its_own_code() {
        for (text, code, words) in [
            ("220 ready\r\n", 220, "ready"),
            ("220\r\n", 220, ""),
            ("230 in\n", 230, "in"),
            ("220-Acme\r\n404 Main Street\r\n220 ready\r\n", 220, "Acme 404 Main Street ready"),
            (
                "230-Hello\r\n 230 indented\r\n230-still\r\n231 no\r\n230 in\r\n",
                230,
                "Hello 230 indented still 231 no in",
            ),
            ("220-a\r\n\r\n220x\r\n220\r\n", 220, "a 220x"),
            ("550-Grüße\r\n550 nein\r\n", 550, "Grüße nein"),
        ] {
            assert_eq!(read(&format!("{text}next\r\n")).unwrap(), (code, words.to_owned()));
        }
    }

    #[test]
    fn malformed_replies_are_distinguished_from_truncated_ones() {
        for text in [
            "SSH-2.0-OpenSSH_9.2\r\n",
            "HTTP/1.1 400 Bad\r\n",
            "\r\n",
            "99 x\r\n",
            "2200 x\r\n",
            "x",
        ] {
            assert!(matches!(read(text), Err(ReplyError::Malformed)), "{text}");
        }
        for text in ["", "220-Acme\r\n"] {
            assert!(matches!(read(text), Err(ReplyError::Io(_))), "{text}");
        }
        assert!(matches!(read("\u{16}\u{3}\u{3}"), Err(ReplyError::Tls)));
        let endless = format!("220-{}", "x\r\n".repeat(100_000));
        assert!(read(&endless).is_err());
    }

    #[test]
    fn a_request_for_tls_is_recognised_in_many_wordings() {
        for (code, text, wants) in [
            (530, "Non-anonymous sessions must use encryption.", true),
            (550, "SSL/TLS required on the control channel", true),
            (534, "Policy requires SSL.", true),
            (503, "Use AUTH first.", true),
            (421, "Sorry, cleartext sessions are not accepted, use TLS", true),
            (450, "TLS session cache is busy", false),
            (530, "Please login with USER and PASS.", false),
            (530, "auth failed", false),
            (230, "TLS is nice", false),
        ] {
            let reply = Reply { code, text: text.to_owned() };
            assert_eq!(reply.wants_tls(), wants, "{text}");
        }
    }
}
