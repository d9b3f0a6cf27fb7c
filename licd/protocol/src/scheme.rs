//! The schemes of the addresses that the worker fetches.

/// The protocol of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP over TLS.
    Https,
    /// HTTP in the clear.
    Http,
    /// FTP over TLS: by `AUTH TLS` (RFC 4217), on port 990 from the first byte.
    Ftps,
    /// FTP in the clear.
    Ftp,
}

impl Scheme {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let all = [Self::Https, Self::Http, Self::Ftps, Self::Ftp];
        all.into_iter().find(|scheme| scheme.as_str().eq_ignore_ascii_case(word))
    }

    /// The word before `://`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Ftps => "ftps",
            Self::Ftp => "ftp",
        }
    }

    /// Whether the protocol is HTTP, with or without TLS.
    #[must_use]
    pub fn is_web(self) -> bool {
        matches!(self, Self::Https | Self::Http)
    }

    /// Whether the protocol runs over TLS.
    #[must_use]
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Ftps)
    }

    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
            Self::Ftps | Self::Ftp => 21,
        }
    }
}
