//! Reads a USB stick, file after file.

use std::path::PathBuf;
use std::time::Instant;

use licd_device::{Arrival, Device, Failure, OpenStick, StickFile, Survey};
use licd_rules::Code;

use super::Meter;
use super::source::{READ_TIMEOUT, Stream, Watched};

/// Reads each file of a stick. A stick that cannot be opened is one document of the source's name that
/// could not be read.
pub(super) fn read(
    stick: Option<PathBuf>,
    device: &Device,
    known: &Survey,
    meter: &mut Meter<'_>,
) -> Vec<Arrival> {
    let (until, intent) = (Instant::now() + READ_TIMEOUT, meter.job.intent);
    let stick = match open(stick, device) {
        Ok(stick) => stick,
        Err(failure) => return vec![Arrival::unread(&meter.job.name, failure)],
    };
    let (mut done, total) = (0, stick.bytes());
    let read = |(name, file): StickFile| match file {
        Ok(_) if Instant::now() >= until => Arrival::unread(&name, too_slow()),
        Ok(file) => {
            let mut reading = Watched::part(Stream::File(file), meter, done, total);
            let arrival = known.read(&name, &mut reading, intent);
            done = reading.done;
            arrival
        }
        Err(failure) => Arrival::unread(&name, failure),
    };
    stick.files().map(read).collect()
}

fn open(stick: Option<PathBuf>, device: &Device) -> Result<OpenStick, Failure> {
    let stick = stick.map_or_else(|| device.only_stick(), Ok)?;
    let stick = device.open_stick(&stick)?;
    if stick.is_empty() { Err(stick.nothing()) } else { Ok(stick) }
}

fn too_slow() -> Failure {
    let message = format!("its turn has not come within {} seconds", READ_TIMEOUT.as_secs());
    Failure { code: Code::SourceUnreachable, message }
}
