//! Files that a user names.

use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use licd_device::{Device, Failure, FileVerdict};
use licd_fs::printable::{escaped, reason};
use licd_rules::Code;
use license_format::limits::FILE_BYTES;
use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::out::{Out, Verdict};

/// The name by which a file is spoken of: as the user wrote it, fit for a terminal. The daemon
/// spells names by the same rule.
pub(crate) fn name(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

/// Opens a file so that it can be read twice. A pipe is read to its end first: standard input, for
/// `-`, or one that a shell made of `<(COMMAND)`. Its writer may take its time; the user can interrupt.
pub(crate) fn open(path: &Path) -> Result<File, Failure> {
    let read = match path.as_os_str() == "-" {
        true => kept(io::stdin().lock()),
        false if is_pipe(path) => File::open(path).and_then(kept),
        false => return Device::open(path),
    };
    read.map_err(|error| Failure {
        code: Code::SourceUnreachable,
        message: format!("cannot be read: {}", reason(&error)),
    })
}

fn is_pipe(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.file_type().is_fifo())
}

/// What a pipe holds, kept in memory: at most one byte more than a licence file may have.
fn kept(pipe: impl Read) -> io::Result<File> {
    let mut kept = File::from(memfd_create(c"licctl", MFdFlags::MFD_CLOEXEC)?);
    io::copy(&mut pipe.take(FILE_BYTES + 1), &mut kept)?;
    kept.rewind()?;
    Ok(kept)
}

/// Prints verdicts on files.
pub(crate) fn print(files: &[FileVerdict], out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.value(&licd_device::Files::new(files));
    }
    for file in files {
        out.line(format_args!("{}: {}: {}", file.file, file.code, file.message))?;
    }
    Ok(())
}

/// The verdict with the highest exit code.
pub(crate) fn worst<'a>(files: impl Iterator<Item = &'a FileVerdict>) -> Verdict {
    let code = files.map(|file| file.code).max_by_key(|code| code.exit_code());
    code.map_or(Verdict::Yes, Verdict::Code)
}
