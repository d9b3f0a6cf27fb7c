//! The client of licd on D-Bus: the calls of `com.igel.License1`, its signals, and its errors. Programs for
//! people and for scripts talk to the daemon through it, each as its kind of [`Caller`].
//!
//! | file | contents |
//! |---|---|
//! | `connection.rs` | a connection to a bus, for licd and for other services |
//! | `caller.rs` | on whose behalf a program calls, and how long it waits |
//! | `calls.rs` | the methods of licd |
//! | `exchange.rs` | a call and its answer |
//! | `options.rs` | the options of the methods |
//! | `signals.rs` | what licd signals, as one stream of events |
//! | `error.rs` | why a call has no result |

mod caller;
mod calls;
mod connection;
mod error;
mod exchange;
mod options;
mod signals;

pub use caller::Caller;
pub use calls::Client;
pub use connection::{connect, owner_changes};
pub use error::{CallError, CallErrorKind};
pub use options::{Applicant, ImportOptions, Purpose};
pub use signals::{Signal, Signals, Topic};
pub use zbus::block_on;

/// The bus name of licd.
pub const NAME: &str = "com.igel.License1";
/// The path of its manager.
const PATH: &str = "/com/igel/License1";
const MANAGER: &str = "com.igel.License1.Manager";
const JOB: &str = "com.igel.License1.Job";
const DEPLOYMENT: &str = "com.igel.License1.Deployment";

const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const OBJECT_MANAGER: &str = "org.freedesktop.DBus.ObjectManager";
