//! Verdict messages for genuine licences, without the file name.

use licd_rules::{ClockState, License, LicenseState, Selector};
use license_format::{Date, Expiry, Term, UnitId, UnixSeconds};

/// The message for a licence of this device.
pub(crate) fn own(license: &License, state: LicenseState, clock: ClockState) -> String {
    let day = license.expires;
    match state {
        // The date of issue counts from the next survey on, unless a time server contradicts it.
        LicenseState::Pending
            if clock != ClockState::Ok && license.starts <= Date::of(license.issued) =>
        {
            format!(
                "not started by this device's clock; once stored it counts from {}, as its date of \
                 issue shows",
                license.starts
            )
        }
        LicenseState::Pending => format!("not started; counts from {}", license.starts),
        LicenseState::Valid | LicenseState::Warning if day == Expiry::Never => {
            "in force, without end".to_owned()
        }
        LicenseState::Valid | LicenseState::Warning => format!("in force until {day}"),
        LicenseState::Grace => {
            format!("ended on {day}; everything still works in its grace period, renew it")
        }
        LicenseState::Expired if license.term == Term::Evaluation => {
            format!("evaluation ended on {day}; ask for a licence")
        }
        LicenseState::Expired if license.term == Term::Perpetual => {
            format!("maintenance ended on {day}; what was bought stays, renew it for updates")
        }
        LicenseState::Expired => format!("subscription ended on {day}; renew it"),
        LicenseState::Superseded => {
            "replaced by a later licence of this device; ask for the pack's newest".to_owned()
        }
        LicenseState::Withdrawn => {
            format!(
                "serial {} of pack {} was withdrawn; ask for the pack's newest licence",
                license.serial, license.pack
            )
        }
    }
}

/// The message for a licence that was removed on purpose and arrives by itself.
pub(crate) fn removed() -> &'static str {
    "was removed on purpose; to get it back, import it by hand or add a new link to the settings"
}

/// The message for a licence that the removal profile, still set, has removed.
pub(crate) fn removed_by(profile: &Selector) -> String {
    format!(
        "was removed by the removal profile “{profile}”; to get it back, set licensing.remove to \
         “none”"
    )
}

/// The message for a licence of another device.
pub(crate) fn foreign(license: &License, unit: Option<&UnitId>) -> String {
    let named: Vec<String> = license.named().iter().map(UnitId::to_string).collect();
    let whose = match named.as_slice() {
        [] => "for other units".to_owned(),
        [one] => format!("for unit {one}"),
        many => format!("for units {}", many.join(", ")),
    };
    match unit {
        Some(unit) => format!("{whose}, not this device ({unit})"),
        None => format!("{whose}; this device has no unit ID"),
    }
}

/// The licences at hand that a roster withdraws, as an addition to [`foreign`]; empty if it
/// withdraws none.
pub(crate) fn taken<'a>(
    roster: &License,
    taken: impl Iterator<Item = &'a License>,
    now: UnixSeconds,
) -> String {
    let serials: Vec<String> = taken.map(|license| license.serial.to_string()).collect();
    if serials.is_empty() {
        return String::new();
    }
    let verb = if roster.starts.start() <= now {
        "it withdraws".to_owned()
    } else {
        format!("from {} it withdraws", roster.starts)
    };
    format!("; {verb} pack {} serial {} from this device", roster.pack, serials.join(", "))
}
