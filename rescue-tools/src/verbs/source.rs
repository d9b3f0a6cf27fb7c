//! Opens files named on the command line and prints their verdicts.

use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use licd_device::{Device, Failure, FileVerdict};
use licd_fs::printable::{escaped, reason};
use licd_rules::Code;
use license_format::limits::FILE_BYTES;
use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::document::Document;
use crate::output::{Output, Verdict};

/// The display name of a file: the user's spelling, escaped for a terminal. The daemon escapes names
/// the same way.
pub(crate) fn name(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

/// The document in a file, or in the pipe that stands for one.
pub(crate) fn document(path: &Path) -> Document {
    match path.as_os_str() == "-" || is_pipe(path) {
        true => Document::opened(name(path), open(path)),
        false => Document::at(name(path), path),
    }
}

/// Opens a file so that it can be read twice. A pipe, which is standard input for `-` or a shell's
/// `<(COMMAND)`, is read to its end first. Reading has no time limit; the user can interrupt it.
pub(crate) fn open(path: &Path) -> Result<File, Failure> {
    let read = match path.as_os_str() == "-" {
        true => buffered(io::stdin().lock()),
        false if is_pipe(path) => File::open(path).and_then(buffered),
        false => return Device::open(path),
    };
    let (file, bytes) = read.map_err(|error| Failure {
        code: Code::SourceUnreachable,
        message: format!("cannot be read: {}", reason(&error)),
    })?;
    // The daemon would see a file of that size.
    if bytes > FILE_BYTES {
        let message =
            format!("is larger than {FILE_BYTES} bytes, the limit of a licence; check the file");
        return Err(Failure { code: Code::TooLarge, message });
    }
    Ok(file)
}

fn is_pipe(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.file_type().is_fifo())
}

/// Copies a pipe into memory, and returns the number of bytes: at most one more than a licence file may hold.
fn buffered(pipe: impl Read) -> io::Result<(File, u64)> {
    let mut buffer = File::from(memfd_create(c"licctl", MFdFlags::MFD_CLOEXEC)?);
    let bytes = io::copy(&mut pipe.take(FILE_BYTES + 1), &mut buffer)?;
    buffer.rewind()?;
    Ok((buffer, bytes))
}

/// Prints verdicts on files.
pub(crate) fn print(files: &[FileVerdict], out: &mut Output) -> Result<(), Failure> {
    if out.is_json() {
        return out.value(&licd_device::Files::new(files));
    }
    let words = licensing_words::of_user();
    for file in files {
        let message = words.message(file.code, &file.message);
        out.line(format_args!("{}: {}: {message}", file.file, file.code))?;
    }
    Ok(())
}

/// The verdict with the highest exit code.
pub(crate) fn worst<'a>(files: impl Iterator<Item = &'a FileVerdict>) -> Verdict {
    let code = files.map(|file| file.code).max_by_key(|code| code.exit_code());
    code.map_or(Verdict::Yes, Verdict::Code)
}
