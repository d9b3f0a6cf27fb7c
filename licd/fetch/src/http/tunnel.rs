//! The tunnel through a proxy (RFC 9110 §9.3.6). The library's own link hides what the proxy answers.

use httparse::{EMPTY_HEADER, Response, Status};
use licd_protocol::Login;
use ureq::Error;
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout, Transport};

use super::{HEAD_BYTES, USER_AGENT, basic, offered};
use crate::fault::{Fault, Given};

/// Headers of an answer to CONNECT; proxies send a dozen.
const HEADERS: usize = 64;

/// Has the proxy connect to the server, if there is one.
#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) is_wanted: bool,
    pub(super) login: Option<Login>,
}

impl<In: Transport> Connector<In> for Tunnel {
    type Out = In;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<In>, Error> {
        let Some(mut proxy) = chained else { return Ok(None) };
        if !self.is_wanted {
            return Ok(Some(proxy));
        }
        let host = details.uri.host().unwrap_or_default();
        let target = format!("{host}:{}", details.uri.port_u16().unwrap_or(443));
        say(&mut proxy, &self.request(&target), details.timeout)?;
        match self.answer(&mut proxy, details.timeout)? {
            Some(fault) => Err(Error::Other(Box::new(fault))),
            None => Ok(Some(proxy)),
        }
    }
}

impl Tunnel {
    fn request(&self, target: &str) -> String {
        let login = self.login.as_ref().map(basic);
        let login = login.map(|login| format!("Proxy-Authorization: {login}\r\n"));
        format!(
            "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {USER_AGENT}\r\n{}\r\n",
            login.unwrap_or_default()
        )
    }

    /// Reads the head of an answer and nothing beyond it; why there is no tunnel, if there is none.
    fn answer(
        &self,
        proxy: &mut impl Transport,
        timeout: NextTimeout,
    ) -> Result<Option<Fault>, Error> {
        loop {
            let went_on = proxy.await_input(timeout)?;
            let mut headers = [EMPTY_HEADER; HEADERS];
            let mut head = Response::new(&mut headers);
            let input = proxy.buffers().input();
            match head.parse(input) {
                Ok(Status::Complete(length)) => {
                    let fault = self.fault(&head);
                    proxy.buffers().input_consume(length);
                    return Ok(fault);
                }
                Ok(Status::Partial) if went_on && input.len() < HEAD_BYTES => {}
                _ => return Ok(Some(Fault::Garbage { protocol: "HTTP" })),
            }
        }
    }

    fn fault(&self, head: &Response<'_, '_>) -> Option<Fault> {
        let reason = head.reason.unwrap_or_default().to_owned();
        match head.code.unwrap_or_default() {
            200..300 => None,
            407 => {
                let name = "proxy-authenticate";
                let values = head.headers.iter().filter(|h| h.name.eq_ignore_ascii_case(name));
                let offers = offered(values.filter_map(|header| str::from_utf8(header.value).ok()));
                let given = if self.login.is_some() { Given::Yes } else { Given::No };
                Some(Fault::ProxyUnauthorized(offers, given))
            }
            status => Some(Fault::ProxyStatus { status, reason }),
        }
    }
}

fn say(proxy: &mut impl Transport, text: &str, timeout: NextTimeout) -> Result<(), Error> {
    let room = proxy.buffers().output().get_mut(..text.len());
    room.ok_or(Error::LargeResponseHeader(text.len(), HEAD_BYTES))?
        .copy_from_slice(text.as_bytes());
    proxy.transmit_output(text.len(), timeout)
}
