//! Properties of the time judged at, for any sequence of clock events.

use std::sync::LazyLock;

use licd_rules::{ClockState, License, REACH, Signer};
use license_format::UnixSeconds;
use proptest::prelude::*;

use crate::maker::{self, at, device, noon, pack, signer, unit};
use crate::rows::issuer;
use crate::script::{DAY, HOUR, Script};

/// A change of the wall clock.
#[derive(Debug, Clone, Copy)]
enum Clock {
    /// Forwards or backwards by this much.
    By(i64),
    /// To any value.
    To(i64),
}

/// An event on a device.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Run(i64),
    Suspend(i64),
    Set(Clock),
    /// Switched off for this long; the clock then shows this.
    Restart(i64, Clock),
    Cut(i64, Clock),
}

fn clock() -> impl Strategy<Value = Clock> {
    prop_oneof![
        3 => Just(Clock::By(0)),
        3 => (-25 * HOUR..25 * HOUR).prop_map(Clock::By),
        2 => (-90 * DAY..90 * DAY).prop_map(Clock::By),
        1 => (0..200 * 365 * DAY).prop_map(Clock::To),
    ]
}

fn gentle() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0..50 * HOUR).prop_map(Deed::Run),
        1 => (0..20 * DAY).prop_map(Deed::Suspend),
        3 => clock().prop_map(Deed::Set),
        2 => (0..20 * DAY, clock()).prop_map(|(off, clock)| Deed::Restart(off, clock)),
    ]
}

fn any_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        5 => gentle(),
        1 => (0..20 * DAY, clock()).prop_map(|(off, clock)| Deed::Cut(off, clock)),
    ]
}

/// The issue time of a document, if one arrives.
fn document() -> impl Strategy<Value = Option<i64>> {
    prop::option::weighted(0.2, 0..200 * 365 * DAY)
}

/// A device, its real running time, and the time that power cuts may have lost.
struct World {
    device: Script,
    ran: i64,
    forgotten: i64,
}

impl World {
    fn new(start: UnixSeconds) -> Self {
        Self { device: Script::start(start, false, None), ran: 0, forgotten: 0 }
    }

    fn install(&mut self, document: Option<i64>) {
        if let Some(issued) = document {
            self.device.install(issuer(), UnixSeconds(issued));
        }
    }

    fn show(&self, clock: Clock, passed: i64) -> UnixSeconds {
        match clock {
            Clock::By(seconds) => self.device.wall.plus(passed + seconds),
            Clock::To(time) => UnixSeconds(time),
        }
    }

    /// The time judged at afterwards.
    fn go(&mut self, deed: Deed) -> UnixSeconds {
        match deed {
            Deed::Run(seconds) => {
                self.ran += seconds;
                self.device.run(seconds).now
            }
            Deed::Suspend(seconds) => {
                self.ran += seconds;
                self.device.suspend(seconds).now
            }
            Deed::Set(clock) => self.device.set(self.show(clock, 0)).now,
            Deed::Restart(off, clock) => self.device.restart(self.show(clock, off)).now,
            Deed::Cut(off, clock) => {
                self.forgotten += if self.forgotten == 0 { DAY } else { HOUR };
                self.device.cut(self.show(clock, off)).now
            }
        }
    }
}

fn start() -> UnixSeconds {
    noon("2026-01-01")
}

/// A subscription until the end of 2026.
static LICENSE: LazyLock<License> = LazyLock::new(|| pack("WE-AAAAA").verified());

fn in_force(now: UnixSeconds) -> bool {
    assert!(LICENSE.names(&unit()));
    let device = maker::Device { licenses: vec![LICENSE.clone()], ..device(now, &[]) };
    device.service(maker::WE).0 != "expired"
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2 * ProptestConfig::default().cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_licence_outlives_its_term_in_running_time(
        deeds in prop::collection::vec(any_deed(), 1..60),
    ) {
        let mut world = World::new(start());
        let term = at("2027-01-01T12:00:00Z").0 - start().0;
        for deed in deeds {
            let now = world.go(deed);
            // Not even a day longer, except for time lost to power cuts.
            prop_assert!(now >= start().plus(world.ran - world.forgotten));
            prop_assert!(!in_force(now) || world.ran - world.forgotten < term);
        }
    }

    #[test]
    fn from_any_moment_on_a_licence_lasts_at_most_a_day_longer_than_was_left_then(
        before in prop::collection::vec(gentle(), 1..30),
        after in prop::collection::vec(gentle(), 1..30),
    ) {
        let mut world = World::new(start());
        let mut then = start();
        for deed in before {
            then = world.go(deed);
        }
        let ran = world.ran;
        for deed in after {
            prop_assert!(world.go(deed) >= then.plus(world.ran - ran - DAY));
        }
    }

    #[test]
    fn no_licence_ends_by_a_clock_that_was_not_ahead_for_a_day_of_running(
        deeds in prop::collection::vec(gentle(), 1..60),
    ) {
        let mut world = World::new(start());
        // The running time with a clock more than a day ahead of the known time.
        let (mut held, mut ahead) = (0, false);
        for deed in deeds {
            let ran = world.ran;
            let now = world.go(deed);
            held = if ahead { held + world.ran - ran } else { 0 };
            if held >= DAY {
                break;
            }
            let known = start().plus(world.ran);
            ahead = world.device.wall > known.plus(DAY);
            prop_assert!(now <= known.plus(DAY), "{now}, at most {}", known.plus(DAY));
            prop_assert!(in_force(now) || known.plus(DAY) >= at("2027-01-01T12:00:00Z"));
        }
    }

    #[test]
    fn without_a_time_server_the_time_judged_at_never_goes_back(
        deeds in prop::collection::vec((gentle(), prop::option::weighted(0.1, 0..200 * 365 * DAY)), 1..60),
    ) {
        let mut world = World::new(start());
        let mut last = start();
        for (deed, document) in deeds {
            let now = world.go(deed);
            prop_assert!(now >= last);
            world.install(document);
            last = world.device.look().now;
            prop_assert!(last >= now);
        }
    }

    #[test]
    fn a_synchronised_time_heals_everything_at_once_and_for_good(
        deeds in prop::collection::vec((any_deed(), prop::option::weighted(0.1, 0..200 * 365 * DAY)), 1..40),
        after in prop::collection::vec(0..20 * HOUR, 0..10),
    ) {
        let mut world = World::new(start());
        for (deed, document) in deeds {
            world.go(deed);
            world.install(document);
            world.device.look();
        }
        let truth = noon("2027-06-01");
        world.device.synchronize(truth);
        world.device.lose();
        // The documents are still there and power is cut, but every clock is right again.
        for off in after {
            let wall = world.device.wall.plus(off);
            let shown = world.device.cut(wall);
            if wall < truth.plus(DAY) {
                prop_assert_eq!(shown.now, wall);
            }
            prop_assert_ne!(shown.state, ClockState::Behind);
        }
    }

    #[test]
    fn marks_are_written_once_an_hour_at_most_and_daily_where_nothing_was_cut(
        deeds in prop::collection::vec(gentle(), 1..60),
    ) {
        let mut world = World::new(start());
        let mut restarts = 0;
        for deed in deeds {
            restarts += u32::from(matches!(deed, Deed::Restart(..)));
            world.go(deed);
        }
        // At the first reading, at shutdown, after the first hour of each start, and daily.
        let days = u32::try_from(world.ran / DAY).unwrap();
        prop_assert!(world.device.writes <= 1 + 2 * restarts + days);
    }

    #[test]
    fn a_revoked_signer_leaves_the_time_as_without_its_documents(
        before in prop::collection::vec((gentle(), document(), document()), 1..30),
        after in prop::collection::vec(gentle(), 1..20),
    ) {
        let (mut world, mut without) = (World::new(start()), World::new(start()));
        let other = Signer::Key(signer("other"));
        for (deed, good, bad) in before {
            world.go(deed);
            without.go(deed);
            world.install(good);
            without.install(good);
            if let Some(issued) = bad {
                world.device.install(other, UnixSeconds(issued));
            }
            world.device.look();
            without.device.look();
        }
        prop_assert_eq!(world.device.revoke(other), without.device.look());
        for deed in after {
            world.go(deed);
            without.go(deed);
            prop_assert_eq!(world.device.look(), without.device.look());
        }
    }

    #[test]
    fn documents_take_the_time_at_most_five_years_beyond_a_time_server(
        deeds in prop::collection::vec((gentle(), document()), 1..40),
    ) {
        let mut world = World::new(start());
        let mut without = World::new(start());
        let truth = noon("2027-06-01");
        for device in [&mut world.device, &mut without.device] {
            device.synchronize(truth);
            device.lose();
        }
        for (deed, document) in deeds {
            world.go(deed);
            without.go(deed);
            world.install(document);
            let most = truth.plus(world.ran + DAY + i64::try_from(REACH.as_secs()).unwrap());
            let (with, without) = (world.device.look().now, without.device.look().now);
            prop_assert!(with >= without && with <= without.max(most), "{with}");
        }
    }
}
