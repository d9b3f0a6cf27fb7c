//! The unit ID among several candidates.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod maker;
use maker::*;

use licd_rules::{Case, Generation, License, Past, choose, is_certain, is_settled};
use license_format::UnitId;

const NOW: &str = "2026-06-01";

fn case<T>(makers: &[Maker], ask: impl FnOnce(Case<'_>) -> T) -> T {
    let (trust, past) = (trust(&[]), Past::default());
    let wanted = [unit(), stranger()];
    let licenses: Vec<License> =
        makers.iter().map(|maker| maker.verified_for(&trust, &wanted).unwrap()).collect();
    ask(Case {
        licenses: &licenses.iter().collect::<Vec<_>>(),
        past: &past,
        trust: &trust,
        unit: None,
        now: noon(NOW),
        generation: Generation::Os12,
        version: None,
        starter: None,
    })
}

fn chosen(candidates: &[UnitId], makers: &[Maker]) -> Option<UnitId> {
    case(makers, |case| choose(candidates, case).cloned())
}

/// A licence of this unit.
fn of(id: &str, unit: UnitId) -> Maker {
    pack(id).units(&[unit])
}

#[test]
fn the_best_licence_decides_and_then_the_order() {
    let both = [unit(), stranger()];
    let (first, second) = (Some(unit()), Some(stranger()));
    let ended = |maker: Maker| maker.between("2025-01-01", "2025-12-31");
    let pending = |maker: Maker| maker.between("2026-07-01", "2026-12-31");
    let (one, other) = (of("WE-AAAAA", unit()), of("WE-BBBBB", stranger()));
    assert_eq!(chosen(&[], &[]), None);
    assert_eq!(chosen(&both, &[]), first);
    assert_eq!(chosen(&both, &[ended(other.clone())]), second);
    assert_eq!(chosen(&both, &[one.clone(), other.clone()]), first);
    assert_eq!(chosen(&both, &[ended(one.clone()), other.clone()]), second);
    assert_eq!(chosen(&both, &[pending(one.clone()), other.clone()]), second);
    assert_eq!(chosen(&both, &[pending(one.clone()), ended(other.clone())]), first);
    assert_eq!(chosen(&both, &[ended(one.clone()), pending(other.clone())]), second);
    assert_eq!(chosen(&both, &[ended(one), ended(other)]), first);
}

#[test]
fn a_unit_is_settled_while_a_licence_counts_or_will_count() {
    let settled = |maker: Maker| case(&[maker], |case| is_settled(&unit(), case));
    let own = || of("WE-AAAAA", unit());
    assert!(settled(own()));
    assert!(settled(own().between("2026-07-01", "2026-12-31")));
    assert!(!settled(own().between("2025-01-01", "2025-12-31")));
    assert!(!settled(of("WE-AAAAA", stranger())));
}

#[test]
fn the_choice_of_a_unit_is_certain_if_the_best_candidate_has_a_licence_in_force() {
    let both = [unit(), stranger()];
    let certain = |maker: Maker| case(&[maker], |case| is_certain(&both, case));
    assert!(certain(of("WE-AAAAA", unit())));
    assert!(!certain(of("WE-AAAAA", unit()).between("2026-07-01", "2026-12-31")));
    assert!(!certain(of("WE-BBBBB", stranger())));
    assert!(case(&[], |case| is_certain(&both[..1], case) && is_certain(&[], case)));
}
