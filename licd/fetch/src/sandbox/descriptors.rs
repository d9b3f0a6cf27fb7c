//! The descriptors that the worker inherits from its parent.

use std::fs;
use std::os::fd::RawFd;

use nix::errno::Errno;
use nix::libc::STDERR_FILENO;
use nix::unistd::close;

use super::error::SandboxError;
use crate::error::system_message;

/// Closes every descriptor but the three standard ones. A daemon that receives descriptors over D-Bus
/// cannot keep all of them from its children. The worker calls this before it opens anything.
///
/// # Errors
/// [`SandboxError`]; the worker must not read from the network then.
pub(crate) fn close_inherited_descriptors() -> Result<(), SandboxError> {
    let not_listed =
        |error: std::io::Error| SandboxError::of("listing its open files")(&system_message(&error));
    let mut open: Vec<RawFd> = Vec::new();
    for entry in fs::read_dir("/proc/self/fd").map_err(not_listed)? {
        open.extend(
            entry
                .map_err(not_listed)?
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<RawFd>().ok()),
        );
    }
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > STDERR_FILENO) {
        match close(descriptor) {
            // EBADF: the directory that was open while it was listed.
            Ok(()) | Err(Errno::EBADF) => {}
            Err(error) => return Err(SandboxError::of("closing inherited files")(&error)),
        }
    }
    Ok(())
}
