//! Supersession, withdrawal and time of licences, compared with a naive reading of the rules over a
//! small universe: every device with these documents, without a choice.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap or a wrong index fails the test"
)]

mod maker;
mod naive;

use licd_rules::*;
use maker::{date, noon, pack, trust_in, unit};
use naive::{Key, Paper, standing};

/// The day of all judgements, 0 of the days of papers.
const TODAY: &str = "2026-06-15";
const PACKS: [&str; 3] = ["AA-1", "BB-1", "CC-1"];
const SERIALS: [u64; 3] = [1, 2, 3];
/// First and last days of a licence: in force, ended, and not begun.
const DATES: [(i32, i32); 3] = [(-90, 90), (-90, -30), (30, 90)];
/// Whether it names this device, and whether it lists its whole pack.
const FORMS: [(bool, bool); 4] = [(true, false), (true, true), (false, true), (false, false)];
const ISSUED: [i32; 2] = [-120, -100];

/// A key for everything, and one for evaluations only.
const KEYS: [(&str, &[&str]); 2] = [("issuer", &[]), ("demo", &["WE-E"])];

/// A paper, and the licence that says the same.
struct Made {
    paper: Paper,
    license: License,
}

fn made(paper: Paper) -> Made {
    let on = |day: i32| date(TODAY).plus_days(day).to_string();
    let units = if paper.is_ours { [unit()] } else { [maker::stranger()] };
    let replaced: Vec<&str> = paper.replaces.iter().copied().collect();
    let mut maker = pack(paper.pack)
        .serial(paper.serial)
        .between(&on(paper.starts), &on(paper.ends))
        .issued(&format!("{}T00:00:00Z", on(paper.issued)))
        .supersedes(&replaced)
        .units(&units);
    if paper.has_roster {
        maker = maker.roster();
    }
    let maker = match paper.key {
        Key::All => maker.signed_by(&["issuer"]),
        Key::Evaluations => {
            maker.signed_by(&["demo"]).product("WE-E").term(license_format::Term::Evaluation)
        }
    };
    Made { paper, license: maker.verified_by(&trust_in(&KEYS, &[])).unwrap() }
}

/// Every paper of these packs that replaces one of these.
fn papers(packs: &[&'static str], replaces: &[Option<&'static str>]) -> Vec<Made> {
    let mut all = Vec::new();
    for pack in packs {
        for serial in SERIALS {
            for (is_ours, has_roster) in FORMS {
                for (starts, ends) in DATES {
                    for issued in ISSUED {
                        for replaces in replaces.iter().filter(|other| **other != Some(*pack)) {
                            for key in [Key::All, Key::Evaluations] {
                                let replaces = *replaces;
                                all.push(made(Paper {
                                    pack,
                                    serial,
                                    is_ours,
                                    has_roster,
                                    starts,
                                    ends,
                                    issued,
                                    replaces,
                                    key,
                                }));
                            }
                        }
                    }
                }
            }
        }
    }
    all
}

/// The states of licences, beside this memory.
fn states(
    licenses: &[&License],
    past: &Past,
    trust: &license_format::TrustDocument,
) -> Vec<Option<&'static str>> {
    let unit = unit();
    let judgement = Judgement::of(Case {
        licenses,
        past,
        trust,
        unit: Some(&unit),
        now: noon(TODAY),
        generation: Generation::Os12,
        version: None,
        starter: None,
    });
    judgement.states().iter().map(|state| state.map(LicenseState::as_str)).collect()
}

/// Every licence of one pack beside every document of three packs: in the store, remembered only, and
/// remembered from a key that was revoked since.
#[test]
fn every_pair_is_judged_as_the_contract_says() {
    let (mut subjects, others) =
        (papers(&["AA-1"], &[None]), papers(&PACKS, &[None, Some("AA-1")]));
    subjects.retain(|made| made.paper.is_ours);
    let both = trust_in(&KEYS, &[]);
    let revoked = trust_in(&KEYS[..1], &[]);
    let withdrawn = trust_in(&KEYS, &[("AA-1", 2)]);
    let (mut judged, empty) = (0, Past::default());
    for other in &others {
        let mut past = Past::default();
        past.learn([&other.license], &unit(), noon(TODAY));
        for one in &subjects {
            let pair = [&one.license, &other.license];
            let alone = [&one.license];
            let (paper, beside) = (&one.paper, &[&other.paper][..]);
            let what = format!("{paper:?} beside {:?}", other.paper);
            let first = |all: Vec<Option<&'static str>>| all.first().copied().flatten();
            assert_eq!(first(states(&pair, &empty, &both)), standing(paper, beside, 0), "{what}");
            assert_eq!(
                first(states(&pair, &empty, &withdrawn)),
                standing(paper, beside, 2),
                "{what}"
            );
            assert_eq!(
                first(states(&alone, &past, &both)),
                standing(paper, beside, 0),
                "seen: {what}"
            );
            judged += 3;
            if paper.key == Key::All {
                let counts = if other.paper.key == Key::All { beside } else { &[] };
                let state = first(states(&alone, &past, &revoked));
                assert_eq!(state, standing(paper, counts, 0), "revoked: {what}");
                judged += 1;
            }
        }
    }
    assert_eq!(judged, (72 * 3 + 36) * 720);
}

/// Every device with at most one document of each of three packs; each document may replace the next.
#[test]
fn every_device_of_three_packs_is_judged_as_the_contract_says() {
    let next = |n: usize| PACKS.get((n + 1) % 3).copied();
    let trust = trust_in(&KEYS, &[]);
    let past = Past::default();
    let choices: Vec<Vec<Option<Made>>> = (0..3)
        .map(|n| {
            let of_pack = papers(&PACKS[n..=n], &[None, next(n)]);
            let few = of_pack.into_iter().filter(|made| {
                let paper = &made.paper;
                paper.key == Key::All
                    && paper.issued == ISSUED[n % 2]
                    && (paper.is_ours || paper.has_roster)
            });
            [None].into_iter().chain(few.map(Some)).collect()
        })
        .collect();
    let mut devices = 0;
    for a in &choices[0] {
        for b in &choices[1] {
            for c in &choices[2] {
                let all: Vec<&Made> = [a, b, c].into_iter().flatten().collect();
                let licenses: Vec<_> = all.iter().map(|made| &made.license).collect();
                let papers: Vec<_> = all.iter().map(|made| &made.paper).collect();
                let expected: Vec<_> =
                    papers.iter().map(|paper| standing(paper, &papers, 0)).collect();
                assert_eq!(states(&licenses, &past, &trust), expected, "{papers:#?}");
                devices += 1;
            }
        }
    }
    assert_eq!(devices, 55 * 55 * 55);
}
