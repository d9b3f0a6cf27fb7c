//! Questions and dialogues, and the ways out of them.

use acceptance::harness::Story;
use acceptance::screen::key;
use acceptance::story;

use super::{DOWN, ENTER, fill, form, furnished, open};

pub(super) const STORIES: &[Story] =
    &[story!(a_removal_is_confirmed), story!(every_dialogue_can_be_left)];

fn a_removal_is_confirmed() {
    let world = furnished();
    let held = world.stored().len();
    let screen = open(&world);
    screen.press(&["5", ENTER]);
    screen.shows("Remove all licences from this device?");
    // The first choice keeps them.
    screen.press(&[ENTER]);
    screen.shows("[5 Remove]");
    screen.press(&[key::END, ENTER]);
    screen.shows("Remove the licences of pack WE-7Q2KD from this device?");
    assert_eq!(world.stored().len(), held);
    screen.press(&[DOWN, ENTER]);
    screen.shows("1 licence removed");
    assert_eq!(world.stored().len(), held - 1);
    screen.press(&[ENTER, "1"]);
    screen.shows("no licence");
}

fn every_dialogue_can_be_left() {
    let world = furnished();
    let screen = open(&world);
    for item in 0..4 {
        form(&screen, item);
        screen.shows("Esc back");
        screen.press(&[key::ESCAPE]);
        screen.shows("Q quit");
    }
    screen.press(&["5", ENTER]);
    screen.shows("Esc keep");
    screen.press(&[key::ESCAPE]);
    screen.shows("Q quit");
    // A wrong field is named, and what was typed stays.
    form(&screen, 2);
    fill(&screen, &["host", "99999"], 6);
    screen.shows("port 99999: is not a number from 1 to 65535");
    assert_eq!(world.stored().len(), 4);
}
