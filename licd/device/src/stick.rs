//! Licences on a stick: which stick, and what becomes of each of its files.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

use licd_edge::intake::{self, Streams};
use licd_edge::stick::{self, Content, Error, Fault, Rest};
use licd_edge::textfile::escaped;
use licd_rules::Code;

use crate::report::FileVerdict;
use crate::{Device, Failure};

pub use stick::Stick;

/// A stick whose top directory was looked at.
pub struct OpenStick {
    name: String,
    content: Content,
}

/// A stick in words: its name as a source, and what its owner knows it by.
#[must_use]
pub fn described(stick: &Stick) -> String {
    /// Bytes of a megabyte, as it is printed on sticks.
    const MEGABYTE: u64 = 1_000_000;
    let name = source_name(&stick.device);
    let size = match stick.bytes / MEGABYTE {
        megabytes @ ..1000 => format!("{megabytes} MB"),
        megabytes => format!("{} GB", megabytes / 1000),
    };
    match &stick.label {
        Some(label) => format!("{name} (“{}”, {size})", escaped(label)),
        None => format!("{name} ({size})"),
    }
}

/// The name of a stick as a source.
#[must_use]
pub fn source_name(device: &Path) -> String {
    format!("usb:{}", escaped(&device.to_string_lossy()))
}

impl Device {
    /// The sticks that are plugged in, by name.
    ///
    /// # Errors
    /// The machine's devices cannot be listed.
    pub fn sticks(&self) -> Result<Vec<Stick>, Failure> {
        Ok(stick::find(self.root())?)
    }

    /// The device file of the only stick that is plugged in.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn only_stick(&self) -> Result<PathBuf, Failure> {
        match self.sticks()?.as_slice() {
            [] => {
                let message = "no stick is plugged in; plug one in and try again";
                Err(Failure::new(Code::SourceUnreachable, message))
            }
            [stick] => Ok(stick.device.clone()),
            several => Err(Failure::new(Code::SourceRefused, which(several))),
        }
    }

    /// Looks at the top directory of a stick.
    ///
    /// # Errors
    /// The verdict on a device that is no stick, or cannot be read.
    pub fn open_stick(&self, device: &Path) -> Result<OpenStick, Failure> {
        let content = stick::open(self.root(), device)?;
        Ok(OpenStick { name: source_name(device), content })
    }
}

/// The question which of several sticks is meant.
#[must_use]
pub fn which(sticks: &[Stick]) -> String {
    let names: Vec<_> = sticks.iter().map(described).collect();
    format!("several sticks are plugged in; name one: {}", names.join(", "))
}

impl OpenStick {
    /// The verdict if there is nothing on it that could be taken.
    #[must_use]
    pub fn is_empty(&self) -> Option<Failure> {
        let empty = self.content.names().is_empty() && self.content.rest().is_none();
        let message = "holds no file *.lic in its top directory; copy the licences there";
        empty.then(|| Failure::new(Code::SourceRefused, message))
    }

    /// The bytes of all files that [`OpenStick::each`] takes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.content.bytes()
    }

    /// Has every file taken, by name, and returns the verdicts; one bad file never stops the next.
    ///
    /// Trust documents are called `trust.note` and come first. One of another name may come behind
    /// a licence that it vouches for, so what was signed by an unknown key is taken once more. If
    /// not all of the stick could be looked at, the last verdict says so.
    #[must_use]
    pub fn each(&self, mut take: impl FnMut(&str, File) -> FileVerdict) -> Vec<FileVerdict> {
        let names = self.content.names();
        let mut verdicts: Vec<_> = names.iter().map(|name| self.one(name, &mut take)).collect();
        if verdicts.iter().any(|file| file.code.is_accepted()) {
            for (name, verdict) in names.iter().zip(&mut verdicts) {
                if matches!(verdict.code, Code::UnknownKey | Code::UntrustedProduct) {
                    *verdict = self.one(name, &mut take);
                }
            }
        }
        let rest = self.content.rest().map(Failure::from);
        verdicts.extend(rest.map(|rest| FileVerdict::failed(self.name.clone(), rest)));
        verdicts
    }

    fn one(&self, name: &OsStr, take: impl FnOnce(&str, File) -> FileVerdict) -> FileVerdict {
        let shown = escaped(&name.to_string_lossy());
        let file = self.content.open(name).map_err(Failure::from);
        match file.and_then(|file| Ok(intake::accept(file, Streams::Refused)?)) {
            Ok(file) => take(&shown, file),
            Err(failure) => FileVerdict::failed(shown, failure),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::NotPermitted => Code::NotAuthorized,
            Error::NotABlockDevice
            | Error::Partitioned { .. }
            | Error::Unsupported { .. }
            | Error::NoDriver(_)
            | Error::NoFileSystem => Code::SourceRefused,
            Error::Damaged(_) | Error::Unfinished | Error::InUse | Error::Unreadable(_) => {
                Code::SourceUnreachable
            }
        };
        Self::new(code, error.to_string())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let code = match fault {
            Fault::NotAFile(_) => Code::SourceRefused,
            Fault::Unreadable(_) => Code::SourceUnreachable,
        };
        Self::new(code, fault.to_string())
    }
}

impl From<&Rest> for Failure {
    fn from(rest: &Rest) -> Self {
        let code = match rest {
            Rest::TooMany => Code::SourceTooLarge,
            Rest::Unreadable(_) => Code::SourceUnreachable,
        };
        Self::new(code, rest.to_string())
    }
}
