//! `licctl slice`

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use licd_device::Failure;
use licd_fs::printable::reason;
use licd_rules::Code;
use serde::Serialize;

use super::source;
use crate::backend::Backend;
use crate::document::Document;
use crate::output::{Output, VerbResult, Verdict};

/// The mode of a new file, which the umask restricts.
const PUBLIC: u32 = 0o666;

pub(crate) fn run(
    backend: &Backend,
    mass: &Path,
    output: Option<&Path>,
    out: &mut Output,
) -> VerbResult {
    let name = source::name(mass);
    let named =
        |failure: Failure| Failure { message: format!("{name}: {}", failure.message), ..failure };
    let file = source::open(mass).map_err(named)?;
    let (verdict, genuine) = backend.check(Document::opened(name.clone(), Ok(file)));
    let genuine = genuine.filter(|_| verdict.code != Code::WrongDevice);
    let Some(slice) = genuine.and_then(|genuine| genuine.storable) else {
        return Err(named(Failure { code: verdict.code, message: verdict.message }));
    };
    write(slice.content.as_bytes(), output, out)?;
    Ok(Verdict::Yes)
}

#[derive(Serialize)]
struct WrittenSlice {
    schema: u32,
    written: String,
}

/// Prints the path of a written file.
pub(crate) fn written(path: &Path, out: &mut Output) -> Result<(), Failure> {
    let written = source::name(path);
    if out.is_json() {
        return out.value(&WrittenSlice { schema: 1, written });
    }
    out.line(format_args!("{written}: written"))
}

/// Writes to the file named, or to standard output.
pub(crate) fn write(bytes: &[u8], output: Option<&Path>, out: &mut Output) -> Result<(), Failure> {
    match output.filter(|path| path.as_os_str() != "-") {
        None => out.raw(bytes),
        Some(path) => write_to(path, bytes, PUBLIC, out),
    }
}

/// Writes a file, with this mode if it is new, and prints its path.
pub(crate) fn write_to(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    out: &mut Output,
) -> Result<(), Failure> {
    save(path, bytes, mode).map_err(|error| Failure {
        code: Code::StoreUnwritable,
        message: format!("{}: cannot be written: {}", source::name(path), reason(&error)),
    })?;
    written(path, out)
}

/// Writes a file so that a stick can be pulled after it. A new one is not left behind in part.
fn save(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).mode(mode);
    let (mut file, is_new) = match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            (options.create(true).truncate(true).open(path)?, false)
        }
        created => (created?, true),
    };
    let saved = file.write_all(bytes).and_then(|()| match file.sync_all() {
        // A pipe or a device has nothing to flush.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        flushed => flushed,
    });
    if saved.is_err() && is_new {
        let _ = fs::remove_file(path);
    }
    saved
}
