//! Licences on a USB stick.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

use licd_fs::printable::{escaped, escaped_path};
use licd_fs::tree::Tree;
use licd_rules::Code;
use licd_sources::intake::{self, Streams};
use licd_sources::stick;
use licd_sources::stick::{Content, Incomplete, StickError};

use crate::{Device, Failure};

/// A stick that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stick(stick::Stick);

/// A stick with the listing of its top directory.
#[derive(Debug)]
pub struct OpenStick {
    /// Its name as a source, `usb:/dev/sdb1`.
    name: String,
    content: Content,
}

/// A file of a stick with its printable name, or the reason that it cannot be read.
pub type StickFile = (String, Result<File, Failure>);

impl Stick {
    /// The verdict if no stick is plugged in.
    #[must_use]
    pub fn none() -> Failure {
        let message = "no stick is plugged in; plug one in and try again";
        Failure::new(Code::SourceUnreachable, message)
    }

    /// Its device file.
    #[must_use]
    pub fn device(&self) -> &Path {
        &self.0.device
    }

    /// Its description for the owner: `usb:/dev/sdb1 (“IGEL”, 8 GB)`.
    #[must_use]
    pub fn described(&self) -> String {
        /// Bytes of a megabyte, as sticks are sold.
        const MEGABYTE: u64 = 1_000_000;
        let name = source_name(&self.0.device);
        let size = match self.0.bytes / MEGABYTE {
            megabytes @ ..1000 => format!("{megabytes} MB"),
            megabytes => format!("{} GB", megabytes / 1000),
        };
        match &self.0.label {
            Some(label) => format!("{name} (“{}”, {size})", escaped(label)),
            None => format!("{name} ({size})"),
        }
    }
}

fn quoted<T: AsRef<OsStr>>(names: &[T]) -> String {
    let quoted = |name: &T| format!("“{}”", escaped(&name.as_ref().to_string_lossy()));
    names.iter().map(quoted).collect::<Vec<_>>().join(", ")
}

fn source_name(device: &Path) -> String {
    format!("usb:{}", escaped_path(device))
}

impl Device {
    /// The sticks that are plugged in, by name.
    ///
    /// # Errors
    /// The machine's devices cannot be listed.
    pub fn sticks(&self) -> Result<Vec<Stick>, Failure> {
        Ok(stick::find(self.root())?.into_iter().map(Stick).collect())
    }

    /// The device file of the only stick.
    ///
    /// # Errors
    /// No stick is plugged in, or several are, which the message names.
    pub fn only_stick(&self) -> Result<PathBuf, Failure> {
        match self.sticks()?.as_slice() {
            [] => Err(Stick::none()),
            [stick] => Ok(stick.0.device.clone()),
            several => {
                let names: Vec<_> = several.iter().map(Stick::described).collect();
                let message =
                    format!("several sticks are plugged in; name one: {}", names.join(", "));
                Err(Failure::new(Code::SourceRefused, message))
            }
        }
    }

    /// The device file that `device` is, or that it is a link to, such as one of udev.
    ///
    /// # Errors
    /// A link cannot be read now.
    pub fn stick_device(&self, device: &Path) -> Result<PathBuf, Failure> {
        let resolved = Tree::hardware(self.root()).resolve(device)?;
        Ok(resolved.unwrap_or_else(|| device.to_owned()))
    }

    /// Lists the top directory of a stick.
    ///
    /// # Errors
    /// The verdict on a device that is not a stick or cannot be read.
    pub fn open_stick(&self, device: &Path) -> Result<OpenStick, Failure> {
        let content = stick::open(self.root(), device)?;
        Ok(OpenStick { name: source_name(device), content })
    }
}

impl OpenStick {
    /// Whether it holds nothing to import.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.content.names().is_empty() && self.content.incomplete().is_none()
    }

    /// The verdict if it holds nothing to import.
    #[must_use]
    pub fn nothing(&self) -> Failure {
        let cure = match (self.content.below(), self.content.near_misses()) {
            ([], []) => "copy the licences there".to_owned(),
            ([], near) => format!(
                "rename {}: a licence ends in .lic, unpacked, and a trust document is named trust.note",
                quoted(near)
            ),
            (below, _) => format!("copy {} there", quoted(below)),
        };
        let message = format!("holds no file *.lic in its top directory; {cure}");
        Failure::new(Code::SourceRefused, message)
    }

    /// Its name as a source.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The total size of its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.content.bytes()
    }

    /// Every file that may be a licence or trust document, opened on demand. If part of the stick
    /// could not be listed, the last item carries the stick's name and the reason.
    pub fn files(&self) -> impl Iterator<Item = StickFile> {
        let names = self.content.names().iter();
        let files = names.map(|name| (escaped(&name.to_string_lossy()), self.file(name.as_ref())));
        let rest = self.content.incomplete().map(|rest| (self.name.clone(), Err(rest.into())));
        files.chain(rest)
    }

    fn file(&self, name: &OsStr) -> Result<File, Failure> {
        Ok(intake::accept(self.content.open(name)?, Streams::Refused)?)
    }
}

impl From<StickError> for Failure {
    fn from(error: StickError) -> Self {
        let code = match error {
            StickError::NotPermitted => Code::NotAuthorized,
            StickError::NotABlockDevice
            | StickError::Partitioned { .. }
            | StickError::Unsupported { .. }
            | StickError::NoDriver(_)
            | StickError::NoFileSystem { .. } => Code::SourceRefused,
            StickError::Damaged(_)
            | StickError::Unfinished
            | StickError::InUse
            | StickError::Unreadable(_) => Code::SourceUnreachable,
            StickError::Unavailable(unavailable) => return unavailable.into(),
        };
        Self::new(code, error.to_string())
    }
}

impl From<&Incomplete> for Failure {
    fn from(incomplete: &Incomplete) -> Self {
        let code = match incomplete {
            Incomplete::TooMany => Code::SourceTooLarge,
            Incomplete::Unreadable(_) => Code::SourceUnreachable,
        };
        Self::new(code, incomplete.to_string())
    }
}
