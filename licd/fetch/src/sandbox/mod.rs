//! The walls around everything that touches a byte from the network.
//!
//! They go up in steps, since a thread takes over some of them from the one that starts it and
//! a system-call filter that forbids threads comes after the last of them:
//!
//! 0. [`close_inherited`]: what was left open;
//! 1. [`enter`]: limits, the user, capabilities, Landlock;
//! 2. [`close`]: the system-call filter, for every thread.
//!
//! Landlock is as good as the kernel has it; everything else is there or the worker does not work.

mod filter;
mod identity;
mod inherited;
mod land;

use std::fmt;

pub(crate) use identity::Identity;
pub(crate) use inherited::close_all as close_inherited;
pub(crate) use land::Land;

/// Why a wall does not go up.
#[derive(Debug)]
pub(crate) struct Error {
    /// Which.
    what: &'static str,
    /// What the system says.
    why: String,
}

impl Error {
    fn of(what: &'static str) -> impl Fn(&dyn fmt::Display) -> Self {
        move |why| Self { what, why: why.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.what, self.why)
    }
}

impl std::error::Error for Error {}

/// What [`enter`] achieved.
pub(crate) struct Walls {
    pub(crate) identity: Identity,
    pub(crate) land: Land,
}

/// Gives up everything but reading what a look-up of names reads and connecting to servers.
///
/// # Errors
/// [`Error`]; no byte from the network may be read then.
pub(crate) fn enter() -> Result<Walls, Error> {
    let identity = identity::give_up()?;
    let land = land::enclose()?;
    Ok(Walls { identity, land })
}

/// Leaves the system calls that it takes to read, write, resolve and connect. No further thread can
/// be started.
///
/// # Errors
/// [`Error`]; no byte from the network may be read then.
pub(crate) fn close() -> Result<(), Error> {
    filter::close()
}
