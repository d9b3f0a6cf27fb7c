//! Where answers come from: the daemon if it runs, else the device itself. Both give the same.

use std::cell::OnceCell;
use std::fs::File;
use std::io::Seek as _;

use licd_device::{
    Device, Failure, FileVerdict, Imported, Intent, Left, Missing, Partial, Report, Survey,
};
use licd_fs::printable::reason;
use licd_fs::root::Root;
use licd_rules::{Code, Reason, Selector, Version};
use license_format::Date;

use crate::args::Args;
use crate::bus::Daemon;

pub(crate) struct Desk {
    device: Device,
    daemon: Option<Daemon>,
    missing: OnceCell<Missing>,
}

impl Desk {
    /// The daemon if it is to be asked and owns its name; it is never started.
    pub(crate) fn open(args: &Args) -> Self {
        Self {
            device: Device::at(Root::new(&args.root)),
            daemon: Daemon::wanted(args),
            missing: OnceCell::new(),
        }
    }

    /// What could not be looked at for the answers so far, if anything; the daemon answers by the last
    /// survey that was whole.
    pub(crate) fn missing(&self) -> Option<&Missing> {
        self.missing.get()
    }

    /// The device itself, for what only reads.
    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    /// The status report as JSON.
    pub(crate) fn status_json(&self) -> Result<String, Failure> {
        match &self.daemon {
            Some(daemon) => daemon.status(),
            None => Ok(licd_device::to_json(&self.own_report()?)),
        }
    }

    /// The status report.
    pub(crate) fn report(&self) -> Result<Report, Failure> {
        let Some(daemon) = &self.daemon else {
            return self.own_report();
        };
        serde_json::from_str(&daemon.status()?).map_err(|error| Failure {
            code: Code::Timeout,
            message: format!("licd: its status report cannot be read: {error}; restart licd"),
        })
    }

    fn own_report(&self) -> Result<Report, Failure> {
        let survey = self.survey();
        let mut report = survey.report(&self.device.time(&survey)?);
        report.problems.extend(self.missing().into_iter().flat_map(Missing::problems));
        Ok(report)
    }

    /// A survey of the device, and note of what is missing from it.
    fn survey(&self) -> Survey {
        self.device.survey().unwrap_or_else(|partial| {
            let Partial { survey, missing } = *partial;
            let _ = self.missing.set(missing);
            survey
        })
    }

    /// Why a release of this date, and of this version if it is given, may or may not be installed.
    pub(crate) fn update(&self, released: Date, version: Option<&str>) -> Result<Reason, Failure> {
        match &self.daemon {
            Some(daemon) => daemon.check_update(&released.to_string(), version),
            None => {
                let survey = self.survey();
                let to = version.and_then(Version::parse);
                Ok(survey.update(released, to, &self.device.time(&survey)?).reason)
            }
        }
    }

    /// Removes licences and tells how many.
    pub(crate) fn remove(&self, selector: &Selector) -> Result<u32, Failure> {
        match &self.daemon {
            Some(daemon) => daemon.remove(&selector.to_string()),
            None => self.device.remove(selector),
        }
    }

    /// What a removal has left although it unlocks what was selected.
    pub(crate) fn left_by(&self, selector: &Selector) -> Vec<Left> {
        self.device.left_by(selector)
    }

    /// Imports an open file. Through the daemon it is read here first, for all that the bus does
    /// not tell of it; so it must be one that can be read twice.
    pub(crate) fn import(&self, name: &str, mut file: File, intent: Intent) -> FileVerdict {
        let Some(daemon) = &self.daemon else {
            let Imported { verdict, untidy, .. } = self.device.import(name, file, intent);
            if untidy {
                // What cannot be cleaned up now does no harm, and the daemon tries it again.
                let _ = self.clean_up().or_else(|_| self.clean_up());
            }
            return verdict;
        };
        let (mut verdict, _) = self.device.check(name, &file);
        let done = match file.rewind() {
            Ok(()) => daemon.import(&file, name, intent),
            Err(error) => Err(Failure {
                code: Code::SourceUnreachable,
                message: format!("cannot be read twice: {}", reason(&error)),
            }),
        };
        match done {
            Ok(code) => verdict.code = code,
            Err(Failure { code, message }) => {
                verdict.code = code;
                // Errors on the bus name the file; here it stands beside the message.
                let unnamed = message.strip_prefix(name).and_then(|rest| rest.strip_prefix(": "));
                verdict.message = unnamed.map_or(message.clone(), str::to_owned);
            }
        }
        verdict
    }

    fn clean_up(&self) -> Result<(), Failure> {
        let survey = self.device.survey().map_err(|partial| Failure::from(&partial.missing))?;
        self.device.clean_up(&survey, &self.device.time(&survey)?).map(drop)
    }

    /// Has the daemon import from a source that it opens itself; `None` without a daemon. It tells
    /// of all files together.
    pub(crate) fn import_by_daemon(&self, source: &str, intent: Intent) -> Option<FileVerdict> {
        let daemon = self.daemon.as_ref()?;
        let file = source.to_owned();
        Some(match daemon.import_from(source, intent) {
            Ok((code, lines)) => {
                let message = lines.replace('\n', "; ");
                FileVerdict { file, code, message, pack: None, units: Vec::new() }
            }
            Err(failure) => FileVerdict::unread(source, failure),
        })
    }
}
