//! Questions and dialogues, and the ways out of them.

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::tool::{Seat, Tool};
use acceptance::{World, story, wait};

use super::ENGLISH;

pub(super) const STORIES: &[Story] = &[
    story!(licences_are_removed_after_a_question),
    story!(every_dialogue_can_be_left_and_changes_nothing),
];

/// Opens the page of licences, and the question of removal on it.
fn open_removal(tool: &Tool<'_>) {
    let _ = tool.find("", "00E0C51C5087");
    tool.keys(&["alt+l"]);
    let _ = tool.find("list item", "WE-7Q2KD");
    tool.keys(&["alt+k"]);
    let _ = tool.find("", "Which licences are to be removed");
}

fn licences_are_removed_after_a_question() {
    let (world, seat) = (World::new(), Seat::new());
    world.copy_by_hand("a.lic", maker::licence().sign());
    let _daemon = world.start();
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    open_removal(&tool);
    tool.keys(&["Escape"]);
    let _ = tool.find("list item", "WE-7Q2KD");
    assert_eq!(world.stored(), ["a.lic"]);
    tool.keys(&["alt+k"]);
    let _ = tool.find("", "90meter");
    // The focus is on the first kind; the second is the Workspace Edition.
    tool.keys(&["space", "Down", "space"]);
    wait::until("it can be removed", || {
        tool.find("push button", "Remove").is_sensitive().then_some(())
    });
    tool.keys(&["alt+r"]);
    let _ = tool.find("", "1 licence removed");
    let _ = tool.find("", "This device has no licences.");
    assert!(world.stored().is_empty());
}

fn every_dialogue_can_be_left_and_changes_nothing() {
    let (world, seat) = (World::new(), Seat::new());
    world.copy_by_hand("a.lic", maker::licence().sign());
    let _daemon = world.start();
    let tool = seat.open(&mut seat.command(&world, ENGLISH));
    open_removal(&tool);
    tool.keys(&["alt+k"]);
    tool.until_gone("Which licences are to be removed");
    // The file chooser.
    tool.keys(&["alt+i"]);
    let _ = tool.find("radio button", "From a web address");
    tool.keys(&["alt+k"]);
    assert!(tool.find("push button", "Import a file").act());
    seat.leave_chooser();
    wait::until("another file can be chosen", || {
        tool.find("push button", "Import a file").is_sensitive().then_some(())
    });
    assert_eq!(world.stored(), ["a.lic"]);
}
