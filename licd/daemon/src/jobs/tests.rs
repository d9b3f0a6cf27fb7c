use super::*;
use crate::shared::Refreshed;
use crate::shared::tests::shared;

#[test]
fn the_message_about_a_missing_thread_says_the_cure() {
    let message = no_thread("removal", &Errno::ENOMEM.into());
    assert_eq!(
        message,
        "licd: no thread can be started for the removal (Out of memory); \
         see what uses up the memory or the tasks of the machine"
    );
}

#[test]
fn work_that_panics_is_reported_as_a_fault() {
    let (_dir, shared, inbox) = shared();
    spawn(
        &shared,
        "broken",
        || -> Box<Refreshed> { panic!("broken") },
        |end: Option<Box<Refreshed>>| News::Refreshed(end),
    )
    .unwrap();
    let news = inbox.wait();
    assert!(matches!(news.as_slice(), [News::Refreshed(None)]));
}
