//! The English texts, which the JSON of licctl uses too.

use licd_device::{ApplicationError, HardwareKind, StoreState};
use licd_rules::{
    ClockState, Code, Generation, LicenseState, Reason, Selector, ServiceState, titles,
};
use license_format::{Date, Expiry, PackId, Term};

use crate::{Caption, Check, Column, Help, Label, Level, Named, Span, Step, Surface, Words};
use crate::{applications, features, named, reasons, restart, verdicts};

/// English.
#[derive(Debug, Clone, Copy)]
pub struct English;

impl Words for English {
    fn label(&self, label: Label) -> &'static str {
        label.english()
    }

    fn check(&self, check: Check) -> &'static str {
        check.english()
    }

    fn level(&self, level: Level) -> &'static str {
        match level {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Wrong => "WRONG",
        }
    }

    fn unit(&self, kind: HardwareKind) -> &'static str {
        match kind {
            HardwareKind::Mac => "MAC address",
            HardwareKind::UsbSerial => "serial number of the USB drive",
            HardwareKind::None => "none",
        }
    }

    fn no_unit(&self) -> &'static str {
        "none; connect a network interface with a permanent address, or a licence cannot be bound \
         to this device"
    }

    fn unknown(&self) -> &'static str {
        "unknown"
    }

    fn system(&self, generation: Generation, version: Option<&str>, day: Option<Date>) -> String {
        let version = version.map(|version| format!(", version {version}")).unwrap_or_default();
        let day = day.map(|day| format!(", released {day}")).unwrap_or_default();
        format!("IGEL OS {}{version}{day}", generation.major())
    }

    fn clock(&self, state: ClockState, now: &str, day: Option<Date>) -> String {
        let instead = || match day {
            Some(day) => format!("licences are judged as of {day} instead"),
            None => "that time counts instead".to_owned(),
        };
        match state {
            ClockState::Ok => "synchronised".to_owned(),
            ClockState::Unsynchronized => format!("shows {now}, not synchronised; check it"),
            ClockState::Behind => format!(
                "behind a time that has passed for certain; {}; let a time server set it",
                instead()
            ),
        }
    }

    fn store(&self, state: StoreState) -> &'static str {
        match state {
            StoreState::ReadOnly => "/license is there and read-only",
            StoreState::Writable => "/license is there and writable",
            StoreState::Missing => "/license is missing; mount the licence partition",
            StoreState::Damaged => {
                "/license cannot be read; check the partition (fsck) and the kernel's log"
            }
        }
    }

    fn licenses_held(&self, held: usize) -> String {
        format!("{} for this device", count(held, "licence"))
    }

    fn license(&self, state: ServiceState) -> &'static str {
        match state {
            ServiceState::Valid | ServiceState::Starter => "the device is licensed",
            ServiceState::Warning => "the device is licensed; the licence ends soon, renew it",
            ServiceState::Grace => "the licence has ended and is in its grace; renew it",
            ServiceState::Pending => "the licence has not started yet",
            ServiceState::Expired => "the licence has ended; renew it",
            ServiceState::Withdrawn => "the licence was withdrawn; ask for the newest one",
            ServiceState::None => {
                "the device has no licence; import one: licctl import FILE, or licctl import usb"
            }
        }
    }

    fn service(&self, state: ServiceState, span: &Span) -> String {
        let until = || match span.ends {
            Some(Expiry::On(day)) => format!("until {day}, {}", left(span.days_left)),
            Some(Expiry::Never) | None => "without end".to_owned(),
        };
        let ended = || span.ends.map(|day| format!("ended {day}")).unwrap_or_default();
        match state {
            ServiceState::None if !span.needed => "no licence, and none needed".to_owned(),
            ServiceState::None => "no licence".to_owned(),
            ServiceState::Withdrawn => "withdrawn".to_owned(),
            ServiceState::Starter => format!("starter period {}", until()),
            ServiceState::Valid => until(),
            ServiceState::Warning => format!("ends soon: {}", until()),
            ServiceState::Pending => match span.starts {
                Some(day) => format!("not started, starts {day}"),
                None => "not started".to_owned(),
            },
            ServiceState::Grace => match span.grace {
                Some((day, days)) => format!("{}; grace until {day}, {}", ended(), left(days)),
                None => format!("{}; in its grace", ended()),
            },
            ServiceState::Expired => {
                format!("{}, {} ago", ended(), days(span.days_left.saturating_neg()))
            }
        }
    }

    fn of_pack(&self, pack: &PackId) -> String {
        format!("pack {pack}")
    }

    fn for_others(&self, files: usize) -> String {
        match files {
            1 => "1 file is for another device".to_owned(),
            n => format!("{n} files are for other devices"),
        }
    }

    fn others(&self, files: usize) -> String {
        format!("and {files} more")
    }

    fn restart(&self, plan: Option<&str>) -> String {
        restart::english(plan)
    }

    fn next(&self, step: &Step<'_>, surface: Surface) -> String {
        let import = match surface {
            Surface::CommandLine => "then: licctl import FILE",
            Surface::Window => "then import it",
        };
        match step {
            Step::Mount => "mount the licence partition: mount /license".to_owned(),
            Step::CheckPartition => "check the licence partition with fsck".to_owned(),
            Step::Connect => "connect a network interface with a permanent address".to_owned(),
            Step::SetClock => "let a time server set the clock".to_owned(),
            Step::Get(unit) => format!("get a licence for unit {unit}, {import}"),
            Step::Renew { pack, by } => {
                let what = match pack {
                    Some(pack) => format!("pack {pack}"),
                    None => "the licence".to_owned(),
                };
                let by = by.map(|day| format!(" by {day}")).unwrap_or_default();
                format!("renew {what}{by}, {import}")
            }
            Step::Wait(Some(day)) => format!("wait until {day}, when the licence starts"),
            Step::Wait(None) => "wait until the licence starts".to_owned(),
            Step::Restart => "restart the device".to_owned(),
            Step::Repair => match surface {
                Surface::CommandLine => "repair what stands first; licctl doctor says how",
                Surface::Window => "repair what stands first",
            }
            .to_owned(),
            Step::Nothing => "nothing to do".to_owned(),
        }
    }

    fn license_state(&self, state: LicenseState) -> &'static str {
        match state {
            LicenseState::Pending => "not started",
            LicenseState::Valid => "in force",
            LicenseState::Warning => "ends soon",
            LicenseState::Grace => "in grace",
            LicenseState::Expired => "ended",
            LicenseState::Superseded => "replaced",
            LicenseState::Withdrawn => "withdrawn",
        }
    }

    fn left(&self, days: i32) -> String {
        left(days)
    }

    fn term(&self, term: Term) -> &'static str {
        term.as_str()
    }

    fn feature<'a>(&self, code: &'a str) -> &'a str {
        features::english(code)
    }

    fn allowed(&self, allowed: bool) -> &'static str {
        if allowed { "yes" } else { "no" }
    }

    fn reason(&self, reason: Reason, until: Option<Expiry>, services: &[&'static str]) -> String {
        reasons::english(reason, until, services)
    }

    fn foreign_cure(&self) -> &'static str {
        "; ask for a licence that names this device"
    }

    fn not_used(&self, files: usize) -> String {
        format!("Not used: {}", count(files, "file"))
    }

    fn selector(&self, selector: &Selector) -> String {
        match selector {
            Selector::All => "all licences".to_owned(),
            Selector::Evaluation => "all evaluation licences".to_owned(),
            Selector::Service(code) => {
                format!("all {} licences", titles::service(code).unwrap_or(code))
            }
            Selector::Pack(pack) => format!("the licences of pack {pack}"),
        }
    }

    fn removed(&self, licenses: u32) -> String {
        format!("{} removed", count(licenses as usize, "licence"))
    }

    fn stays(&self, pack: &PackId, class: &str) -> String {
        format!("pack {pack} stays, because it counts as {class}; “pack:{pack}” removes it")
    }

    fn caption(&self, caption: Caption) -> &'static str {
        caption.english()
    }

    fn column(&self, column: Column) -> &'static str {
        column.english()
    }

    fn help(&self, keys: Help) -> &'static str {
        keys.english()
    }

    fn verdict(&self, code: Code) -> &'static str {
        verdicts::english(code)
    }

    fn message(&self, _: Code, message: &str) -> String {
        message.to_owned()
    }

    fn problem(&self, message: &str) -> String {
        message.to_owned()
    }

    fn subject(&self, subject: &str) -> String {
        subject.to_owned()
    }

    fn application(&self, error: &ApplicationError) -> String {
        applications::english(error)
    }

    fn named(&self, sentence: Named<'_>) -> String {
        named::english(sentence)
    }

    fn summary(&self, wrong: usize, notes: usize) -> String {
        let wrong = match wrong {
            0 => "Nothing is wrong".to_owned(),
            1 => "1 thing is wrong".to_owned(),
            n => format!("{n} things are wrong"),
        };
        match notes {
            0 => format!("{wrong}."),
            n => format!("{wrong}, {}.", count(n, "note")),
        }
    }
}

/// `1 licence`, `2 licences`.
#[must_use]
pub fn count(n: usize, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

fn days(n: i32) -> String {
    count(usize::try_from(n).unwrap_or_default(), "day")
}

fn left(n: i32) -> String {
    if n > 0 { format!("{} left", days(n)) } else { "the last day".to_owned() }
}
