//! Why a fetch fails: the facts, the verdict, the message and the advice.

mod fetch;
mod ftp_message;
mod http_message;
mod message;
mod request;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use fetch::{AuthSchemes, CredentialsSent, FetchError, FtpStep, LookupError};
pub(crate) use licd_protocol::system_message;
pub(crate) use request::{Redirect, RequestError};
pub(crate) use text::quoted;
