//! A minute of random violence to a device in use. `make violence` goes on for longer, with another seed
//! each time.

use std::time::Duration;

use acceptance::harness::{self, Story};
use acceptance::story;
use acceptance::violence::{self, Run};

pub(crate) const STORIES: &[Story] = &[story!(a_device_withstands_a_minute_of_random_violence)];

/// The time of a run.
const TIME: Duration = Duration::from_secs(60);
/// The environment variable for another seed.
const SEED: &str = "LICD_VIOLENCE_SEED";

fn a_device_withstands_a_minute_of_random_violence() {
    let seed = std::env::var(SEED).map_or(1, |text| text.parse().unwrap());
    let run = Run { seed, time: TIME, log: |line| eprintln!("{line}") };
    let figures = run.on(&violence::device(harness::can_mount()));
    eprintln!("{figures}");
}
