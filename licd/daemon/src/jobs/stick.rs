//! Importing from a stick: file after file.

use std::path::PathBuf;
use std::time::Instant;

use licd_device::{Device, Failure, Imported, OpenStick};
use licd_rules::Code;

use super::Meter;
use super::source::{PATIENCE, Stream, Watched};

/// Imports each file of a stick and tells `tell` of it, or by the source's own name why there is
/// none.
pub(super) fn import(
    stick: Option<PathBuf>,
    device: &Device,
    meter: &mut Meter<'_>,
    mut tell: impl FnMut(Imported),
) {
    let (until, intent) = (Instant::now() + PATIENCE, meter.job.intent);
    let stick = match open(stick, device) {
        Ok(stick) => stick,
        Err(failure) => return tell(Imported::unread(&meter.job.name, failure)),
    };
    let (mut done, total) = (0, stick.bytes());
    for (name, file) in stick.files() {
        tell(match file {
            Ok(_) if Instant::now() >= until => Imported::unread(&name, too_slow()),
            Ok(file) => {
                let mut reading = Watched::part(Stream::File(file), meter, done, total);
                let imported = device.import(&name, &mut reading, intent);
                done = reading.done;
                imported
            }
            Err(failure) => Imported::unread(&name, failure),
        });
    }
}

fn open(stick: Option<PathBuf>, device: &Device) -> Result<OpenStick, Failure> {
    let stick = stick.map_or_else(|| device.only_stick(), Ok)?;
    let stick = device.open_stick(&stick)?;
    if stick.is_empty() { Err(stick.nothing()) } else { Ok(stick) }
}

fn too_slow() -> Failure {
    let message = format!("its turn has not come within {} seconds", PATIENCE.as_secs());
    Failure { code: Code::SourceUnreachable, message }
}
