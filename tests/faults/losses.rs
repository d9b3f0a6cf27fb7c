//! Losses of power during the operations that write: a sample, which is the same in every run.

use std::cell::RefCell;

use acceptance::crashes::verdict::{Choice, examine};
use acceptance::faults::operations::named;
use acceptance::harness::Story;
use acceptance::story;

use crate::sample::seed;

pub(crate) const STORIES: &[Story] = &[
    story!(an_import_survives_a_loss_of_power, needs root),
    story!(a_renewal_survives_a_loss_of_power, needs root),
    story!(an_import_of_trust_survives_a_loss_of_power, needs root),
    story!(a_removal_survives_a_loss_of_power, needs root),
    story!(a_removal_profile_survives_a_loss_of_power, needs root),
    story!(a_clean_up_survives_a_loss_of_power, needs root),
    story!(new_settings_survive_a_loss_of_power, needs root),
];

/// Losses of one operation.
const SAMPLE: usize = 24;
/// Orders of writes, and torn writes, at every write.
const VARIANTS: usize = 2;

fn sample(name: &str) {
    let found = RefCell::new(Vec::new());
    let choice = Choice { variants: VARIANTS, seed: seed(), most: SAMPLE };
    let examined = examine(named(name).unwrap(), choice, &|loss, wrong| {
        found.borrow_mut().push(format!("{loss}: {}", wrong.join("; ")));
    });
    let (found, tried) = (found.into_inner(), examined.losses.values().sum::<usize>());
    assert!(found.is_empty(), "{name}: {} of {tried} losses\n{}", found.len(), found.join("\n"));
    assert_eq!(tried, SAMPLE, "{name}: so many losses were tried");
}

fn an_import_survives_a_loss_of_power() {
    sample("import");
}

fn a_renewal_survives_a_loss_of_power() {
    sample("renewal");
}

fn an_import_of_trust_survives_a_loss_of_power() {
    sample("trust");
}

fn a_removal_survives_a_loss_of_power() {
    sample("remove");
}

fn a_removal_profile_survives_a_loss_of_power() {
    sample("profile");
}

fn a_clean_up_survives_a_loss_of_power() {
    sample("clean-up");
}

fn new_settings_survive_a_loss_of_power() {
    sample("settings");
}
