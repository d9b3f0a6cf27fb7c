//! What a key does that may not sign everything, and what is left of it when it is revoked.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod maker;
mod script;

use licd_rules::{Attested, Past, Upkeep};
use license_format::{DocumentError, Term, TrustDocument};
use maker::*;
use script::Script;

/// The issuer may sign everything, a key for evaluations only these.
fn limited() -> TrustDocument {
    trust_in(&[("issuer", &[]), ("demo", &["WE-E"])], &[])
}

/// A second key may sign everything.
fn both() -> TrustDocument {
    trust_in(&[("issuer", &[]), ("second", &[])], &[])
}

/// It is revoked.
fn revoked() -> TrustDocument {
    trust_in(&[("issuer", &[])], &[])
}

/// A genuine pack that lasts.
fn genuine() -> Maker {
    pack("WE-AAAAA").serial(5).issued("2026-03-01T00:00:00Z").between("2026-03-01", "never")
}

fn evaluation(id: &str) -> Maker {
    pack(id).term(Term::Evaluation).product("WE-E").signed_by(&["demo"])
}

/// What would take [`genuine`] away if it were of the issuer.
fn attacks(of: impl Fn(&str) -> Maker) -> Vec<Maker> {
    vec![
        of("WE-AAAAA").serial(9_000),
        of("WE-BBBBB").supersedes(&["WE-AAAAA"]).issued("2026-04-01T00:00:00Z"),
        of("WE-AAAAA").serial(9_000).roster().units(&[stranger()]),
    ]
}

/// A device that is judged by this trust document, with what it has learned of these licences.
fn judged(trust: TrustDocument, makers: &[Maker], past: Past) -> Device {
    Device { trust, past, ..device(noon("2026-06-01"), makers) }
}

/// What is remembered of these licences.
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
        // An evaluation it does take the place of.
        let of_its_own = evaluation("WE-AAAAA").serial(5).issued("2026-01-01T00:00:00Z");
        let device = judged(limited(), &[of_its_own, attack], Past::default());
        assert!(matches!(device.states()[0], Some("superseded" | "withdrawn")));
    }
}

#[test]
fn a_key_for_evaluations_unlocks_nothing_for_good() {
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
        // It stays in the store, for it is to count again if that key is revoked.
        assert_eq!(harmed.upkeep()[0], Upkeep::Keep);
        let past = learned(&[genuine(), attack]);
        let remembered = judged(both(), &[genuine()], past.clone());
        assert!(matches!(remembered.states()[0], Some("superseded" | "withdrawn")));
        let healed = judged(revoked(), &[genuine()], past.clone());
        assert_eq!(healed.states(), [Some("valid")]);
        // A reissue with the next serial counts as ever.
        let reissued = judged(revoked(), &[genuine(), genuine().serial(6)], past.clone());
        assert_eq!(reissued.states(), [Some("superseded"), Some("valid")]);
        // Named again it has done what it did.
        assert!(matches!(
            judged(both(), &[genuine()], past).states()[0],
            Some("superseded" | "withdrawn")
        ));
    }
}

#[test]
fn one_signer_that_may_is_enough_and_stays_when_the_other_is_revoked() {
    let reissue = genuine().serial(6).signed_by(&["issuer", "second"]);
    let past = learned(&[reissue]);
    for trust in [both(), revoked(), trust_in(&[("issuer", &["WE-E"]), ("second", &["WE"])], &[])] {
        assert_eq!(judged(trust, &[genuine()], past.clone()).states(), [Some("superseded")]);
    }
    let neither = trust_in(&[("issuer", &["WE-E"]), ("second", &["EMP"])], &[]);
    assert_eq!(judged(neither, &[genuine()], past).states(), [Some("valid")]);
}

#[test]
fn what_was_remembered_before_signers_were_counts_whatever_keys_are_in_force() {
    let mut past = learned(&attacks(|id| pack(id).signed_by(&["second"])));
    for entry in past.rosters.iter_mut().chain(&mut past.reissued) {
        entry.signer = None;
    }
    past.converted.iter_mut().for_each(|entry| entry.signer = None);
    past.tidy();
    assert_eq!(judged(revoked(), &[genuine()], past).states(), [Some("withdrawn")]);
}

#[test]
fn what_the_vendor_withdraws_counts_against_every_pack() {
    let withdrawn = trust_in(&[("issuer", &[])], &[("WE-AAAAA", 5)]);
    assert_eq!(judged(withdrawn, &[genuine()], Past::default()).states(), [Some("withdrawn")]);
}

#[test]
fn a_withdrawn_licence_still_takes_the_place_of_what_it_superseded() {
    let old = pack("WE-AAAAA").issued("2026-01-01T00:00:00Z");
    let merged = pack("WE-MMMMM").supersedes(&["WE-AAAAA"]).issued("2026-02-01T00:00:00Z");
    let trust = trust_in(&[("issuer", &[])], &[("WE-MMMMM", 1)]);
    let device = judged(trust, &[old.clone(), merged], Past::default());
    assert_eq!(device.states(), [Some("superseded"), Some("withdrawn")]);
    // What is issued for the old pack afterwards counts.
    let anew = old.serial(2).issued("2026-03-01T00:00:00Z");
    let trust = trust_in(&[("issuer", &[])], &[("WE-MMMMM", 1)]);
    let merged = pack("WE-MMMMM").supersedes(&["WE-AAAAA"]).issued("2026-02-01T00:00:00Z");
    assert_eq!(judged(trust, &[anew, merged], Past::default()).states()[0], Some("valid"));
}

#[test]
fn only_what_all_of_its_own_signers_superseded_is_cleared_away() {
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
fn nothing_is_cleared_away_by_a_date_that_only_another_signer_vouches_for() {
    let new = genuine().serial(6).between("2029-01-01", "never");
    let all = [genuine(), new];
    let mut device = Device { now: noon("2029-06-01"), ..judged(both(), &all, Past::default()) };
    device.past.learn(&device.licenses, &unit(), device.now);
    assert_eq!(device.states()[0], Some("superseded"));
    assert_eq!(device.upkeep_as_of(noon("2026-06-01"))[0], Upkeep::Keep);
    assert_eq!(device.upkeep_as_of(noon("2029-06-01"))[0], Upkeep::Remove);
}
