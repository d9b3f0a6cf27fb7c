//! Keys with limited rights, and the effect of revoking them.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod maker;
#[allow(dead_code, reason = "one test needs a part of it")]
#[path = "clock/script.rs"]
mod script;

use licd_rules::{Attested, Past, Upkeep};
use license_format::{DocumentError, Term, TrustDocument};
use maker::*;
use script::Script;

/// The issuer may sign everything, a key for evaluations only these.
fn limited() -> TrustDocument {
    trust_in(&[("issuer", &[]), ("demo", &["WE-E"])], &[])
}

/// Also a second key that may sign everything.
fn both() -> TrustDocument {
    trust_in(&[("issuer", &[]), ("second", &[])], &[])
}

/// That key is revoked.
fn revoked() -> TrustDocument {
    trust_in(&[("issuer", &[])], &[])
}

/// A genuine pack of long duration.
fn genuine() -> Maker {
    pack("WE-AAAAA").serial(5).issued("2026-03-01T00:00:00Z").between("2026-03-01", "never")
}

fn evaluation(id: &str) -> Maker {
    pack(id).term(Term::Evaluation).product("WE-E").signed_by(&["demo"])
}

/// Licences that would replace or withdraw [`genuine`] if the issuer had signed them.
fn attacks(of: impl Fn(&str) -> Maker) -> Vec<Maker> {
    vec![
        of("WE-AAAAA").serial(9_000),
        of("WE-BBBBB").supersedes(&["WE-AAAAA"]).issued("2026-04-01T00:00:00Z"),
        of("WE-AAAAA").serial(9_000).roster().units(&[stranger()]),
    ]
}

/// A device with this trust document and the memory of these licences.
fn judged(trust: TrustDocument, makers: &[Maker], past: Past) -> Device {
    Device { trust, past, ..device(noon("2026-06-01"), makers) }
}

/// The memory of these licences.
fn learned(makers: &[Maker]) -> Past {
    let licenses: Vec<_> = makers.iter().map(Maker::verified).collect();
    let mut past = Past::default();
    past.learn(&licenses, &unit(), noon("2026-06-01"));
    past
}

#[test]
fn a_key_for_evaluations_takes_nothing_from_a_genuine_pack() {
    for attack in attacks(evaluation) {
        assert!(attack.verified_by(&limited()).is_ok());
        let all = [genuine(), attack.clone()];
        let device = judged(limited(), &all, Past::default());
        assert_eq!(device.states()[0], Some("valid"));
        assert_eq!(device.upkeep()[0], Upkeep::Keep);
        let remembered = judged(limited(), &[genuine()], learned(std::slice::from_ref(&attack)));
        assert_eq!(remembered.states(), [Some("valid")]);
        // It does supersede an evaluation.
        let of_its_own = evaluation("WE-AAAAA").serial(5).issued("2026-01-01T00:00:00Z");
        let device = judged(limited(), &[of_its_own, attack], Past::default());
        assert!(matches!(device.states()[0], Some("superseded" | "withdrawn")));
    }
}

#[test]
fn a_key_for_evaluations_unlocks_nothing_permanently() {
    let perpetual = pack("WE-BBBBB").product("WE-E").term(Term::Perpetual).signed_by(&["demo"]);
    assert!(matches!(
        perpetual.verified_by(&limited()),
        Err(DocumentError::ProductMismatch { .. })
    ));
    let foreign = pack("WE-BBBBB").signed_by(&["demo"]);
    assert!(matches!(foreign.verified_by(&limited()), Err(DocumentError::UntrustedProduct { .. })));
}

#[test]
fn a_date_of_the_year_9999_ends_no_pack_that_lasts_five_years_and_goes_with_its_key() {
    let far =
        evaluation("WE-BBBBB").between("9999-12-31", "9999-12-31").issued("9999-12-31T00:00:00Z");
    let lasting = pack("WE-AAAAA").between("2026-01-01", "2031-12-31").warn(0);
    let attested = |trust: &TrustDocument| {
        let licenses: Vec<_> =
            [far.verified_by(trust), lasting.verified_by(trust)].into_iter().flatten().collect();
        Attested::of(Some(at("2026-01-15T00:00:00Z")), trust, &licenses)
    };
    let state = |trust, now| Device {
        now,
        ..judged(trust, std::slice::from_ref(&lasting), Past::default())
    };
    let wall = at("2026-06-01T08:00:00Z");
    let mut clock = Script::start_with(wall, false, attested(&limited()));
    let raised = clock.look().now;
    assert_eq!(raised, at("2031-01-15T00:00:00Z"));
    assert_eq!(state(limited(), raised).states(), [Some("valid")]);
    clock.attested = attested(&revoked());
    assert_eq!(clock.restart(wall).now, wall);
    assert_eq!(state(revoked(), wall).states(), [Some("valid")]);
}

#[test]
fn a_key_that_is_revoked_has_replaced_and_withdrawn_nothing() {
    for attack in attacks(|id| pack(id).signed_by(&["second"])) {
        let all = [genuine(), attack.clone()];
        let harmed = judged(both(), &all, Past::default());
        assert!(matches!(harmed.states()[0], Some("superseded" | "withdrawn")));
        // It stays in the store, since it counts again if that key is revoked.
        assert_eq!(harmed.upkeep()[0], Upkeep::Keep);
        let past = learned(&[genuine(), attack]);
        let remembered = judged(both(), &[genuine()], past.clone());
        assert!(matches!(remembered.states()[0], Some("superseded" | "withdrawn")));
        let healed = judged(revoked(), &[genuine()], past.clone());
        assert_eq!(healed.states(), [Some("valid")]);
        // A reissue with the next serial still counts.
        let reissued = judged(revoked(), &[genuine(), genuine().serial(6)], past.clone());
        assert_eq!(reissued.states(), [Some("superseded"), Some("valid")]);
        // Named again, the key regains its effects.
        assert!(matches!(
            judged(both(), &[genuine()], past).states()[0],
            Some("superseded" | "withdrawn")
        ));
    }
}

#[test]
fn one_entitled_signer_is_enough_and_outlasts_the_revocation_of_the_other() {
    let reissue = genuine().serial(6).signed_by(&["issuer", "second"]);
    let past = learned(&[reissue]);
    for trust in [both(), revoked(), trust_in(&[("issuer", &["WE-E"]), ("second", &["WE"])], &[])] {
        assert_eq!(judged(trust, &[genuine()], past.clone()).states(), [Some("superseded")]);
    }
    let neither = trust_in(&[("issuer", &["WE-E"]), ("second", &["EMP"])], &[]);
    assert_eq!(judged(neither, &[genuine()], past).states(), [Some("valid")]);
}

#[test]
fn entries_without_a_signer_always_count() {
    let mut past = learned(&attacks(|id| pack(id).signed_by(&["second"])));
    for entry in past.rosters.iter_mut().chain(&mut past.reissued) {
        entry.signer = None;
    }
    past.converted.iter_mut().for_each(|entry| entry.signer = None);
    past.tidy();
    assert_eq!(judged(revoked(), &[genuine()], past).states(), [Some("withdrawn")]);
}

#[test]
fn a_withdrawal_by_the_vendor_counts_against_every_pack() {
    let withdrawn = trust_in(&[("issuer", &[])], &[("WE-AAAAA", 5)]);
    assert_eq!(judged(withdrawn, &[genuine()], Past::default()).states(), [Some("withdrawn")]);
}

#[test]
fn a_withdrawn_licence_still_replaces_the_packs_it_supersedes() {
    let old = pack("WE-AAAAA").issued("2026-01-01T00:00:00Z");
    let merged = pack("WE-MMMMM").supersedes(&["WE-AAAAA"]).issued("2026-02-01T00:00:00Z");
    let trust = trust_in(&[("issuer", &[])], &[("WE-MMMMM", 1)]);
    let device = judged(trust, &[old.clone(), merged], Past::default());
    assert_eq!(device.states(), [Some("superseded"), Some("withdrawn")]);
    // A later issue of the old pack counts.
    let anew = old.serial(2).issued("2026-03-01T00:00:00Z");
    let trust = trust_in(&[("issuer", &[])], &[("WE-MMMMM", 1)]);
    let merged = pack("WE-MMMMM").supersedes(&["WE-AAAAA"]).issued("2026-02-01T00:00:00Z");
    assert_eq!(judged(trust, &[anew, merged], Past::default()).states()[0], Some("valid"));
}

#[test]
fn the_clean_up_removes_only_licences_superseded_by_all_their_signers() {
    let by = |names: &[&str]| genuine().signed_by(names);
    let trust = both;
    let fate = |old: Maker, new: Maker| {
        let all = [old, new.serial(6)];
        let mut device = judged(trust(), &all, Past::default());
        device.past = learned(&all);
        assert_eq!(device.states()[0], Some("superseded"));
        device.upkeep()[0]
    };
    assert_eq!(fate(by(&["issuer"]), by(&["issuer"])), Upkeep::Remove);
    assert_eq!(fate(by(&["issuer"]), by(&["issuer", "second"])), Upkeep::Remove);
    assert_eq!(fate(by(&["issuer"]), by(&["second"])), Upkeep::Keep);
    assert_eq!(fate(by(&["issuer", "second"]), by(&["issuer"])), Upkeep::Keep);
}

#[test]
fn the_clean_up_ignores_dates_that_only_another_signer_attests() {
    let new = genuine().serial(6).between("2029-01-01", "never");
    let all = [genuine(), new];
    let mut device = Device { now: noon("2029-06-01"), ..judged(both(), &all, Past::default()) };
    device.past.learn(&device.licenses, &unit(), device.now);
    assert_eq!(device.states()[0], Some("superseded"));
    assert_eq!(device.upkeep_as_of(noon("2026-06-01"))[0], Upkeep::Keep);
    assert_eq!(device.upkeep_as_of(noon("2029-06-01"))[0], Upkeep::Remove);
}
