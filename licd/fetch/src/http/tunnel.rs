//! The tunnel through a proxy (RFC 9110 §9.3.6). The library's own link hides the proxy's answer.

use std::io;

use httparse::{EMPTY_HEADER, Response, Status};
use licd_protocol::Credentials;
use ureq::Error;
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout, Transport};

use super::auth::{basic, parse_schemes};
use super::connect::{HEAD_BYTES, USER_AGENT};
use crate::error::{CredentialsSent, FetchError};

/// The most headers of an answer to CONNECT; proxies send a dozen.
const MAX_HEADERS: usize = 64;

/// Asks the proxy to connect to the server.
#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) is_enabled: bool,
    pub(super) credentials: Option<Credentials>,
}

impl<In: Transport> Connector<In> for Tunnel {
    type Out = In;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<In>, Error> {
        let Some(mut proxy) = chained else { return Ok(None) };
        if !self.is_enabled {
            return Ok(Some(proxy));
        }
        let host = details.uri.host().unwrap_or_default();
        let target = format!("{host}:{}", details.uri.port_u16().unwrap_or(443));
        send(&mut proxy, &self.request(&target), details.timeout)?;
        match self.read_answer(&mut proxy, details.timeout)? {
            Some(error) => Err(Error::Other(Box::new(error))),
            None => Ok(Some(proxy)),
        }
    }
}

impl Tunnel {
    fn request(&self, target: &str) -> String {
        let authorization = self.credentials.as_ref().map(basic);
        let header = authorization.map(|value| format!("Proxy-Authorization: {value}\r\n"));
        format!(
            "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {USER_AGENT}\r\n{}\r\n",
            header.unwrap_or_default()
        )
    }

    /// Reads the head of the answer and nothing beyond it. Returns the error of a refused tunnel.
    fn read_answer(
        &self,
        proxy: &mut impl Transport,
        timeout: NextTimeout,
    ) -> Result<Option<FetchError>, Error> {
        loop {
            let has_more = proxy.await_input(timeout)?;
            let mut headers = [EMPTY_HEADER; MAX_HEADERS];
            let mut head = Response::new(&mut headers);
            let input = proxy.buffers().input();
            match head.parse(input) {
                Ok(Status::Complete(length)) => {
                    let refusal = self.refusal(&head);
                    proxy.buffers().input_consume(length);
                    return Ok(refusal);
                }
                Ok(Status::Partial) if !has_more => {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                }
                Ok(Status::Partial) if input.len() < HEAD_BYTES => {}
                _ => return Ok(Some(FetchError::WrongProtocol { protocol: "HTTP" })),
            }
        }
    }

    fn refusal(&self, head: &Response<'_, '_>) -> Option<FetchError> {
        let reason = head.reason.unwrap_or_default().to_owned();
        match head.code.unwrap_or_default() {
            200..300 => None,
            407 => {
                let name = "proxy-authenticate";
                let values = head.headers.iter().filter(|h| h.name.eq_ignore_ascii_case(name));
                let schemes =
                    parse_schemes(values.filter_map(|header| str::from_utf8(header.value).ok()));
                let sent = if self.credentials.is_some() {
                    CredentialsSent::Yes
                } else {
                    CredentialsSent::No
                };
                Some(FetchError::ProxyUnauthorized(schemes, sent))
            }
            status => Some(FetchError::ProxyStatus { status, reason }),
        }
    }
}

fn send(proxy: &mut impl Transport, text: &str, timeout: NextTimeout) -> Result<(), Error> {
    let room = proxy.buffers().output().get_mut(..text.len());
    room.ok_or(Error::LargeResponseHeader(text.len(), HEAD_BYTES))?
        .copy_from_slice(text.as_bytes());
    proxy.transmit_output(text.len(), timeout)
}
