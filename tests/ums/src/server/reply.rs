//! Replies to requests.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::http::{Error, HeaderName};
use hyper::{Response, StatusCode, header};
use serde::Serialize;

use crate::error::UmsError;

/// A reply before it is sent.
pub(super) struct Reply {
    status: u16,
    headers: Vec<(HeaderName, String)>,
    body: String,
}

impl Reply {
    pub(super) fn new(status: u16, kind: &str, body: String) -> Self {
        Self { status, headers: vec![(header::CONTENT_TYPE, kind.to_owned())], body }
    }

    pub(super) fn text(body: String) -> Self {
        Self::new(200, "text/plain; charset=utf-8", body)
    }

    pub(super) fn html(body: String) -> Self {
        Self::new(200, "text/html; charset=utf-8", body)
    }

    pub(super) fn json(value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(body) => Self::new(200, "application/json", body),
            Err(error) => Self::error(500, &error.to_string()),
        }
    }

    /// A refusal, as problem details (RFC 9457).
    pub(super) fn error(status: u16, message: &str) -> Self {
        let body = serde_json::json!({ "status": status, "detail": message }).to_string();
        Self::new(status, "application/problem+json", body)
    }

    /// An empty reply.
    pub(super) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    pub(super) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn into_response(self) -> Result<Response<Full<Bytes>>, Error> {
        let mut response = Response::builder().status(StatusCode::from_u16(self.status)?);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(Full::from(self.body))
    }
}

impl From<UmsError> for Reply {
    fn from(error: UmsError) -> Self {
        let status = match error {
            UmsError::Unknown(_) => 404,
            UmsError::Invalid(..) | UmsError::Pack(_) => 400,
            UmsError::Rule(_) | UmsError::Issue(_) | UmsError::Conflict(..) => 409,
            UmsError::Database(_) | UmsError::Random(_) | UmsError::Io(..) => 503,
            UmsError::Identity(_) => 500,
        };
        Self::error(status, &error.to_string())
    }
}
