//! What the worker was left by the program that started it.

use std::fs;
use std::os::fd::RawFd;

use nix::errno::Errno;
use nix::libc::STDERR_FILENO;
use nix::unistd::close;

use super::Error;
use crate::fault::system_words;

/// Closes every descriptor but the three standard ones. A daemon that is handed descriptors by
/// others cannot keep all of them from the programs it starts. To be called before anything is opened.
///
/// # Errors
/// [`Error`]; no byte from the network may be read then.
pub(crate) fn close_all() -> Result<(), Error> {
    let unlisted =
        |error: std::io::Error| Error::of("listing its open files")(&system_words(&error));
    let mut open: Vec<RawFd> = Vec::new();
    for entry in fs::read_dir("/proc/self/fd").map_err(unlisted)? {
        open.extend(
            entry
                .map_err(unlisted)?
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<RawFd>().ok()),
        );
    }
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > STDERR_FILENO) {
        match close(descriptor) {
            // The list itself was open while it was read.
            Ok(()) | Err(Errno::EBADF) => {}
            Err(error) => return Err(Error::of("closing what it was left")(&error)),
        }
    }
    Ok(())
}
