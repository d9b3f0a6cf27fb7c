//! The sandbox around everything that reads bytes from the network.
//!
//! The worker enters it in steps, because a thread inherits some restrictions from its creator and the
//! system-call filter forbids new threads:
//!
//! 1. [`close_inherited_descriptors`];
//! 2. [`confine`]: limits, user, capabilities, Landlock;
//! 3. [`filter_system_calls`], for every thread.
//!
//! Landlock depends on the kernel. Without any other step the worker does not run.

mod descriptors;
mod error;
mod landlock;
mod privileges;
mod seccomp;

pub(crate) use self::descriptors::close_inherited_descriptors;
pub(crate) use self::error::SandboxError;
pub(crate) use self::landlock::LandlockStatus;
pub(crate) use self::privileges::Identity;
pub(crate) use self::seccomp::filter_system_calls;

/// The result of [`confine`].
pub(crate) struct Confinement {
    pub(crate) identity: Identity,
    pub(crate) landlock: LandlockStatus,
}

/// Drops every privilege but reading the files of name look-ups and connecting to servers.
///
/// # Errors
/// [`SandboxError`]; the worker must not read from the network then.
pub(crate) fn confine() -> Result<Confinement, SandboxError> {
    let identity = privileges::drop_privileges()?;
    let landlock = self::landlock::restrict_files()?;
    Ok(Confinement { identity, landlock })
}
