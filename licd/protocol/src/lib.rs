//! The protocol between licd's programs and the worker that fetches (`licd-fetch`), and what both
//! sides read alike: addresses, proxies, buses, bundles of certificate authorities. Configuration, settings,
//! command line and worker use these parsers, so that none of them reads a value differently.
//!
//! | file | contents |
//! |---|---|
//! | `frame.rs` | the wire format: one request in, frames out |
//! | `request.rs` | the request, the response header and the failure |
//! | `url.rs` `scheme.rs` `credentials.rs` | the address of a file, with user and password |
//! | `proxy.rs` | the address of a proxy |
//! | `exemption.rs` | the hosts that are reached without it |
//! | `bus.rs` | the message bus that an option names |
//! | `ca_file.rs` | bundles of certificate authorities |
//! | `escape.rs` | text from other parties and the system, made fit for a terminal |

mod bus;
pub mod ca_file;
mod credentials;
mod escape;
mod exemption;
mod frame;
mod proxy;
mod request;
mod scheme;
mod url;

pub use bus::{BusAddress, BusAddressError};
pub use credentials::Credentials;
pub use escape::{escaped, system_message};
pub use exemption::Exemption;
pub use frame::{Frame, FrameError, PAYLOAD_BYTES, REQUEST_BYTES};
pub use proxy::{Proxy, ProxyError};
pub use request::{FailureCode, FetchFailure, FetchRequest, Peer, ResponseHeader};
pub use scheme::Scheme;
pub use url::{Url, UrlError, host_name, without_userinfo};
