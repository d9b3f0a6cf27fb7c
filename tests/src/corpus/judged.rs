//! Genuine licences, judged by time, by other licences and by device.

use super::{PRESENT, Sample, WITHDRAWN};
use crate::maker::{self, EMP, OTHER, POWERTERM, UNIT, WE};

pub(super) fn samples() -> Vec<Sample> {
    [in_force(), out_of_force(), foreign()].concat()
}

fn in_force() -> Vec<Sample> {
    let licence = maker::licence;
    let endless = "in force, without end";
    vec![
        Sample::new("endless", "valid", endless, licence().term("perpetual").endless().sign()),
        Sample::valid("perpetual", licence().term("perpetual").sign()),
        Sample::valid("evaluation", licence().product("WE-E").term("evaluation").sign()),
        Sample::valid(
            "add-on",
            licence().pack("PWT-X9LPU").product("PWT").services(&[POWERTERM]).sign(),
        ),
        Sample::valid("services-several", licence().product("PAS").services(&[EMP, WE]).sign()),
        Sample::valid("service-unknown", licence().services(&["SUB_SERVICE_FUTURE"]).sign()),
        Sample::valid("serial-highest", licence().serial(9_223_372_036_854_775_807).sign()),
        Sample::valid("supersedes", licence().supersedes(&["WE-00001", "WE-00002"]).sign()),
        Sample::valid("roster", licence().roster().units(&[UNIT, OTHER]).sign()),
        Sample::valid("roster-mass", licence().roster().mass(20).sign()),
        Sample::valid("present-reissued", licence().pack(PRESENT).serial(11).sign()),
        Sample::valid("after-withdrawn", licence().pack(WITHDRAWN).serial(6).sign()),
        Sample::new(
            "pending",
            "pending",
            "not started; counts from 2098-01-01",
            licence().starts("2098-01-01").sign(),
        ),
        // It replaces no licence before it starts, and no stored licence replaces it.
        Sample::new(
            "pending-reissue",
            "pending",
            "2098-01-01",
            licence().pack(PRESENT).serial(12).starts("2098-01-01").sign(),
        ),
    ]
}

fn out_of_force() -> Vec<Sample> {
    let ended = || maker::licence().expires("2021-06-30");
    let expired = |name: &str, says: &str, bytes: String| Sample::new(name, "expired", says, bytes);
    let superseded = |name: &str, bytes: String| {
        Sample::new(name, "superseded", "replaced by a later licence of this device", bytes)
    };
    let withdrawn = |name: &str, bytes: String| {
        Sample::new(name, "withdrawn", format!("pack {WITHDRAWN} was withdrawn"), bytes)
    };
    vec![
        expired("expired-subscription", "subscription ended on 2021-06-30", ended().sign()),
        expired(
            "expired-perpetual",
            "maintenance ended on 2021-06-30",
            ended().term("perpetual").sign(),
        ),
        expired(
            "expired-evaluation",
            "evaluation ended on 2021-06-30",
            ended().product("WE-E").term("evaluation").sign(),
        ),
        superseded("superseded", maker::licence().pack(PRESENT).serial(9).sign()),
        superseded("superseded-and-expired", ended().pack(PRESENT).serial(9).sign()),
        superseded(
            "superseded-before-start",
            maker::licence().pack(PRESENT).serial(9).starts("2098-01-01").sign(),
        ),
        withdrawn("withdrawn-and-expired", ended().pack(WITHDRAWN).serial(5).sign()),
        withdrawn("withdrawn", maker::licence().pack(WITHDRAWN).serial(5).sign()),
        withdrawn("withdrawn-before-start", {
            maker::licence().pack(WITHDRAWN).serial(1).starts("2098-01-01").sign()
        }),
    ]
}

fn foreign() -> Vec<Sample> {
    let of = |name: &str, says: &str, bytes: String| Sample::new(name, "wrong-device", says, bytes);
    let other = || maker::licence().units(&[OTHER]);
    vec![
        of("foreign", "for unit 00E0C51C5088, not this device (00E0C51C5087)", other().sign()),
        of(
            "foreign-several",
            "for units 00E0C51C5088, #85641000D308482019,",
            maker::licence().units(&[OTHER, "#85641000D308482019"]).sign(),
        ),
        of("foreign-withdrawn", "for unit 00E0C51C5088", other().pack(WITHDRAWN).serial(5).sign()),
        of("foreign-expired", "for unit 00E0C51C5088", other().expires("2021-06-30").sign()),
        of(
            "foreign-mass-small",
            "for units 00E0C51C5088, 020000000000, 020000000001, not this device",
            other().mass(2).sign(),
        ),
        of("foreign-mass", "for other units, not this device", other().mass(40).sign()),
        of("foreign-slice", "for unit 00E0C51C5088", maker::slice(&other().mass(40).sign(), OTHER)),
        of("foreign-roster", "for unit 00E0C51C5088", other().roster().sign()),
    ]
}
