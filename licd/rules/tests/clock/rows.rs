//! Sequences of clock events as tables.

use licd_rules::Signer;
use license_format::UnixSeconds;

use crate::maker::signer;
use crate::script::{HOUR, Script};

/// The event after the hours of a row.
pub(crate) enum Event {
    /// The first start, with this as the latest authenticated time.
    First(Option<&'static str>),
    /// None; the clock runs on.
    Nothing,
    /// A user sets the clock.
    Set,
    /// A time server sets the clock.
    Sync,
    /// The time server falls silent.
    Lost,
    /// Installs a document with this issue time.
    Document(&'static str),
    /// A shutdown, then a start with this clock.
    Restart,
    /// A power cut, then a start with this clock.
    Cut,
    /// The device was suspended for these hours.
    Suspended,
}
pub(crate) use Event::{Cut, Document, First, Lost, Nothing, Restart, Set, Suspended, Sync};

/// Event; running hours since the previous row; wall clock then; time judged at; state.
pub(crate) type Row = (Event, i64, &'static str, &'static str, &'static str);

/// A time; hours, minutes and seconds may be left out from the end.
pub(crate) fn at(text: &str) -> UnixSeconds {
    match text.len() {
        10 => UnixSeconds::parse(&format!("{text}T00:00:00Z")),
        13 => UnixSeconds::parse(&format!("{text}:00:00Z")),
        _ => UnixSeconds::parse(text),
    }
    .unwrap()
}

/// The signer of documents.
pub(crate) fn issuer() -> Signer {
    Signer::Key(signer("issuer"))
}

/// Carries out the events of the rows, and checks clock, time and state after each.
pub(crate) fn check(rows: &[Row]) {
    let mut device = None;
    for (number, (event, hours, wall, now, state)) in rows.iter().enumerate() {
        let (wall, number) = (at(wall), number + 1);
        let verdict = match (&mut device, event) {
            (None, First(attested)) => {
                device.insert(Script::start(wall, false, attested.map(at))).look()
            }
            (Some(device), Suspended) => device.suspend(hours * HOUR),
            (Some(device), event) => {
                device.run(hours * HOUR);
                match event {
                    Nothing => device.look(),
                    Set => device.set(wall),
                    Sync => device.synchronize(wall),
                    Lost => device.lose(),
                    Document(issued) => {
                        device.install(issuer(), at(issued));
                        device.look()
                    }
                    Restart => device.restart(wall),
                    Cut => device.cut(wall),
                    First(_) | Suspended => panic!("row {number}: first start twice"),
                }
            }
            (None, _) => panic!("row {number}: no first start"),
        };
        assert_eq!(device.as_ref().unwrap().wall, wall, "row {number}: the clock");
        let got = (verdict.now.to_string(), verdict.state.as_str());
        assert_eq!(got, (at(now).to_string(), *state), "row {number}");
    }
}

pub(crate) const OK: &str = "ok";
pub(crate) const UNSYNC: &str = "unsynchronized";
pub(crate) const BEHIND: &str = "behind";
