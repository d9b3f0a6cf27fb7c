//! The programs at a sample of their points. The sample is the same in every run, so a failure is
//! due to a change.

use acceptance::faults::operations::{Act, named};
use acceptance::faults::sweep::{self, Choice};
use acceptance::harness::Story;
use acceptance::story;

pub(crate) const STORIES: &[Story] = &[
    story!(an_import_is_right_at_a_sample_of_its_points),
    story!(a_renewal_is_right_at_a_sample_of_its_points),
    story!(an_import_of_trust_is_right_at_a_sample_of_its_points),
    story!(a_verification_is_right_at_a_sample_of_its_points),
    story!(a_status_is_right_at_a_sample_of_its_points),
    story!(a_feature_is_right_at_a_sample_of_its_points),
    story!(a_removal_is_right_at_a_sample_of_its_points),
    story!(a_start_is_right_at_a_sample_of_its_points),
    story!(a_removal_profile_is_right_at_a_sample_of_its_points),
    story!(a_clean_up_is_right_at_a_sample_of_its_points),
    story!(a_refresh_is_right_at_a_sample_of_its_points),
    story!(new_settings_are_right_at_a_sample_of_their_points),
    story!(an_import_by_licd_is_right_at_a_sample_of_its_points),
    story!(a_removal_by_licd_is_right_at_a_sample_of_its_points),
    story!(an_import_without_the_time_says_that_nothing_is_stored),
    story!(an_answer_waits_for_memory_to_send_it),
];

/// The environment variable for another seed.
const SEED: &str = "LICD_FAULTS_SEED";
/// The default seed.
const USUAL: u64 = 7;
/// The sample size for licctl, which runs a dozen points a second.
const OF_LICCTL: usize = 20;
/// The sample size for licd, which runs one or two points a second.
const OF_LICD: usize = 5;

/// The seed of this run.
pub(crate) fn seed() -> u64 {
    std::env::var(SEED).map_or(USUAL, |seed| seed.parse().expect("a seed is a number"))
}

fn sample(name: &str) {
    let size = if matches!(named(name).unwrap().act, Act::Tool(_)) { OF_LICCTL } else { OF_LICD };
    run(name, Choice::Sample(size, seed()));
}

fn run(name: &str, choice: Choice) {
    let results = sweep::run(named(name).unwrap(), choice, 1, &|_| {});
    assert!(!results.is_empty(), "{name} has no such point");
    let wrong = results.iter().filter(|result| result.is_wrong());
    let wrong: Vec<_> = wrong.map(ToString::to_string).collect();
    let (all, right) = (results.len(), results.len() - wrong.len());
    let figures = format!("{name}: {all} points, {right} right ({SEED}={})", seed());
    eprintln!("{figures}");
    assert!(wrong.is_empty(), "{figures}\n{}", wrong.join("\n"));
}

fn an_import_is_right_at_a_sample_of_its_points() {
    sample("import");
}

fn a_renewal_is_right_at_a_sample_of_its_points() {
    sample("renewal");
}

fn an_import_of_trust_is_right_at_a_sample_of_its_points() {
    sample("trust");
}

fn a_verification_is_right_at_a_sample_of_its_points() {
    sample("verify");
}

fn a_status_is_right_at_a_sample_of_its_points() {
    sample("status");
}

fn a_feature_is_right_at_a_sample_of_its_points() {
    sample("feature");
}

fn a_removal_is_right_at_a_sample_of_its_points() {
    sample("remove");
}

fn a_start_is_right_at_a_sample_of_its_points() {
    sample("start");
}

fn a_removal_profile_is_right_at_a_sample_of_its_points() {
    sample("profile");
}

fn a_clean_up_is_right_at_a_sample_of_its_points() {
    sample("clean-up");
}

fn a_refresh_is_right_at_a_sample_of_its_points() {
    sample("refresh");
}

fn new_settings_are_right_at_a_sample_of_their_points() {
    sample("settings");
}

fn an_import_by_licd_is_right_at_a_sample_of_its_points() {
    sample("served-import");
}

fn a_removal_by_licd_is_right_at_a_sample_of_its_points() {
    sample("served-remove");
}

fn an_import_without_the_time_says_that_nothing_is_stored() {
    run("import", Choice::Of("timesync/synchronized"));
}

fn an_answer_waits_for_memory_to_send_it() {
    run("refresh", Choice::Of("sendto"));
}
