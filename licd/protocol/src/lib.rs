//! What licd's programs and the worker that fetches (`licd-fetch`) say to each other, and what they
//! say it about: addresses, proxies, bundles of certificate authorities. Configuration, settings,
//! command line and worker read all of these here, so that no two of them read one differently.
//!
//! | file | what |
//! |---|---|
//! | `frame.rs` | the wire: one request in, frames out |
//! | `request.rs` | what is asked for, and what is answered |
//! | `url.rs` `login.rs` | the address of a file, and who asks |
//! | `proxy.rs` | the address of a proxy |
//! | `ca_file.rs` | whether a file holds certificate authorities |

pub mod ca_file;
mod frame;
mod login;
mod proxy;
mod request;
mod url;

pub use frame::{Broken, Frame, PAYLOAD_BYTES, REQUEST_BYTES};
pub use login::Login;
pub use proxy::{Proxy, ProxyError};
pub use request::{Answer, Asked, Code, Failure, Request};
pub use url::{Scheme, Url, UrlError, host_name, without_login};
