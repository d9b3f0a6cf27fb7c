//! The German texts.

use licd_device::{ApplicationError, HardwareKind, StoreState};
use licd_rules::{
    ClockState, Code, Generation, LicenseState, Reason, Selector, ServiceState, titles,
};
use license_format::{Date, Expiry, PackId, Term};

use crate::{Caption, Check, Column, Help, Label, Level, Named, Span, Step, Surface, Words};
use crate::{applications, features, messages, named, reasons, restart, verdicts};

/// German.
#[derive(Debug, Clone, Copy)]
pub struct German;

impl Words for German {
    fn label(&self, label: Label) -> &'static str {
        label.german()
    }

    fn check(&self, check: Check) -> &'static str {
        check.german()
    }

    fn level(&self, level: Level) -> &'static str {
        match level {
            Level::Ok => "ok",
            Level::Note => "Hinweis",
            Level::Wrong => "FEHLER",
        }
    }

    fn unit(&self, kind: HardwareKind) -> &'static str {
        match kind {
            HardwareKind::Mac => "MAC-Adresse",
            HardwareKind::UsbSerial => "Seriennummer des USB-Laufwerks",
            HardwareKind::None => "keine",
        }
    }

    fn no_unit(&self) -> &'static str {
        "keine; eine Netzwerkschnittstelle mit fester Adresse anschließen, sonst lässt sich keine \
         Lizenz an dieses Gerät binden"
    }

    fn unknown(&self) -> &'static str {
        "unbekannt"
    }

    fn system(&self, generation: Generation, version: Option<&str>, day: Option<Date>) -> String {
        let version = version.map(|version| format!(", Version {version}")).unwrap_or_default();
        let day = day.map(|day| format!(", erschienen am {day}")).unwrap_or_default();
        format!("IGEL OS {}{version}{day}", generation.major())
    }

    fn clock(&self, state: ClockState, now: &str, day: Option<Date>) -> String {
        let instead = || match day {
            Some(day) => format!("Lizenzen werden stattdessen nach dem Stand vom {day} beurteilt"),
            None => "stattdessen gilt diese Zeit".to_owned(),
        };
        match state {
            ClockState::Ok => "synchronisiert".to_owned(),
            ClockState::Unsynchronized => {
                format!("zeigt {now}, nicht synchronisiert; bitte prüfen")
            }
            ClockState::Behind => format!(
                "zeigt eine Zeit, die sicher schon vergangen ist; {}; von einem Zeitserver stellen lassen",
                instead()
            ),
        }
    }

    fn store(&self, state: StoreState) -> &'static str {
        match state {
            StoreState::ReadOnly => "/license ist vorhanden und schreibgeschützt",
            StoreState::Writable => "/license ist vorhanden und beschreibbar",
            StoreState::Missing => "/license fehlt; die Lizenzpartition einhängen",
            StoreState::Damaged => {
                "/license ist nicht lesbar; Partition (fsck) und Protokoll des Kernels prüfen"
            }
        }
    }

    fn licenses_held(&self, held: usize) -> String {
        let licenses = if held == 1 { "Lizenz" } else { "Lizenzen" };
        format!("{held} {licenses} für dieses Gerät")
    }

    fn license(&self, state: ServiceState) -> &'static str {
        match state {
            ServiceState::Valid | ServiceState::Starter => "das Gerät ist lizenziert",
            ServiceState::Warning => "das Gerät ist lizenziert; die Lizenz endet bald, verlängern",
            ServiceState::Grace => "die Lizenz ist abgelaufen, die Nachfrist läuft; verlängern",
            ServiceState::Pending => "die Lizenz hat noch nicht begonnen",
            ServiceState::Expired => "die Lizenz ist abgelaufen; verlängern",
            ServiceState::Withdrawn => "die Lizenz wurde zurückgezogen; die neueste anfordern",
            ServiceState::None => {
                "das Gerät hat keine Lizenz; eine importieren: licctl import DATEI oder licctl \
                 import usb"
            }
        }
    }

    fn service(&self, state: ServiceState, span: &Span) -> String {
        let until = || match span.ends {
            Some(Expiry::On(day)) => format!("bis {day}, {}", left(span.days_left)),
            Some(Expiry::Never) | None => "unbefristet".to_owned(),
        };
        let ended = || span.ends.map(|day| format!("abgelaufen am {day}")).unwrap_or_default();
        match state {
            ServiceState::None if !span.needed => "keine Lizenz, und keine nötig".to_owned(),
            ServiceState::None => "keine Lizenz".to_owned(),
            ServiceState::Withdrawn => "zurückgezogen".to_owned(),
            ServiceState::Starter => format!("Startzeitraum {}", until()),
            ServiceState::Valid => until(),
            ServiceState::Warning => format!("endet bald: {}", until()),
            ServiceState::Pending => match span.starts {
                Some(day) => format!("beginnt am {day}"),
                None => "noch nicht begonnen".to_owned(),
            },
            ServiceState::Grace => match span.grace {
                Some((day, days)) => format!("{}; Nachfrist bis {day}, {}", ended(), left(days)),
                None => format!("{}; in der Nachfrist", ended()),
            },
            ServiceState::Expired => {
                format!("{}, vor {}", ended(), days(span.days_left.saturating_neg(), "Tagen"))
            }
        }
    }

    fn of_pack(&self, pack: &PackId) -> String {
        format!("Pack {pack}")
    }

    fn for_others(&self, files: usize) -> String {
        match files {
            1 => "1 Datei ist für ein anderes Gerät".to_owned(),
            n => format!("{n} Dateien sind für andere Geräte"),
        }
    }

    fn others(&self, files: usize) -> String {
        format!("und {files} weitere")
    }

    fn restart(&self, plan: Option<&str>) -> String {
        restart::german(plan)
    }

    fn next(&self, step: &Step<'_>, surface: Surface) -> String {
        let import = match surface {
            Surface::CommandLine => "dann: licctl import DATEI",
            Surface::Window => "dann importieren",
        };
        match step {
            Step::Mount => "die Lizenzpartition einhängen: mount /license".to_owned(),
            Step::CheckPartition => "die Lizenzpartition mit fsck prüfen".to_owned(),
            Step::Connect => "eine Netzwerkschnittstelle mit fester Adresse anschließen".to_owned(),
            Step::SetClock => "die Uhr von einem Zeitserver stellen lassen".to_owned(),
            Step::Get(unit) => format!("eine Lizenz für Unit {unit} besorgen, {import}"),
            Step::Renew { pack, by } => {
                let what = match pack {
                    Some(pack) => format!("Pack {pack}"),
                    None => "die Lizenz".to_owned(),
                };
                let by = by.map(|day| format!(" bis {day}")).unwrap_or_default();
                format!("{what}{by} verlängern, {import}")
            }
            Step::Wait(Some(day)) => format!("abwarten, die Lizenz beginnt am {day}"),
            Step::Wait(None) => "abwarten, bis die Lizenz beginnt".to_owned(),
            Step::Restart => "das Gerät neu starten".to_owned(),
            Step::Repair => match surface {
                Surface::CommandLine => "die genannten Probleme beheben; licctl doctor sagt, wie",
                Surface::Window => "die genannten Probleme beheben",
            }
            .to_owned(),
            Step::Nothing => "nichts".to_owned(),
        }
    }

    fn license_state(&self, state: LicenseState) -> &'static str {
        match state {
            LicenseState::Pending => "noch nicht begonnen",
            LicenseState::Valid => "in Kraft",
            LicenseState::Warning => "endet bald",
            LicenseState::Grace => "in der Nachfrist",
            LicenseState::Expired => "abgelaufen",
            LicenseState::Superseded => "ersetzt",
            LicenseState::Withdrawn => "zurückgezogen",
        }
    }

    fn left(&self, days: i32) -> String {
        left(days)
    }

    fn term(&self, term: Term) -> &'static str {
        match term {
            Term::Perpetual => "unbefristet",
            Term::Subscription => "Abonnement",
            Term::Evaluation => "Test",
        }
    }

    fn feature<'a>(&self, code: &'a str) -> &'a str {
        features::german(code)
    }

    fn allowed(&self, allowed: bool) -> &'static str {
        if allowed { "ja" } else { "nein" }
    }

    fn reason(&self, reason: Reason, until: Option<Expiry>, services: &[&'static str]) -> String {
        reasons::german(reason, until, services)
    }

    fn foreign_cure(&self) -> &'static str {
        "; eine Lizenz anfordern, die dieses Gerät nennt"
    }

    fn not_used(&self, files: usize) -> String {
        let name = if files == 1 { "Datei" } else { "Dateien" };
        format!("Ungenutzt: {files} {name}")
    }

    fn selector(&self, selector: &Selector) -> String {
        match selector {
            Selector::All => "alle Lizenzen".to_owned(),
            Selector::Evaluation => "alle Testlizenzen".to_owned(),
            Selector::Service(code) => {
                format!("alle Lizenzen für {}", titles::service(code).unwrap_or(code))
            }
            Selector::Pack(pack) => format!("die Lizenzen von Pack {pack}"),
        }
    }

    fn removed(&self, licenses: u32) -> String {
        let name = if licenses == 1 { "Lizenz" } else { "Lizenzen" };
        format!("{licenses} {name} entfernt")
    }

    fn stays(&self, pack: &PackId, class: &str) -> String {
        format!("Pack {pack} bleibt, weil es als {class} zählt; „pack:{pack}“ entfernt es")
    }

    fn caption(&self, caption: Caption) -> &'static str {
        caption.german()
    }

    fn column(&self, column: Column) -> &'static str {
        column.german()
    }

    fn help(&self, keys: Help) -> &'static str {
        keys.german()
    }

    fn verdict(&self, code: Code) -> &'static str {
        verdicts::german(code)
    }

    fn message(&self, code: Code, message: &str) -> String {
        let translated = messages::german(message);
        translated.unwrap_or_else(|| format!("{} ({message})", verdicts::german(code)))
    }

    fn problem(&self, message: &str) -> String {
        messages::german(message).unwrap_or_else(|| message.to_owned())
    }

    fn subject(&self, subject: &str) -> String {
        messages::german_subject(subject).unwrap_or_else(|| subject.to_owned())
    }

    fn application(&self, error: &ApplicationError) -> String {
        applications::german(error)
    }

    fn named(&self, sentence: Named<'_>) -> String {
        named::german(sentence)
    }

    fn summary(&self, wrong: usize, notes: usize) -> String {
        let wrong = match wrong {
            0 => "Kein Fehler".to_owned(),
            n => format!("{n} Fehler"),
        };
        match notes {
            0 => format!("{wrong}."),
            1 => format!("{wrong}, 1 Hinweis."),
            n => format!("{wrong}, {n} Hinweise."),
        }
    }
}

fn days(n: i32, many: &str) -> String {
    if n == 1 { "1 Tag".to_owned() } else { format!("{} {many}", n.max(0)) }
}

fn left(n: i32) -> String {
    if n > 0 { format!("noch {}", days(n, "Tage")) } else { "letzter Tag".to_owned() }
}
