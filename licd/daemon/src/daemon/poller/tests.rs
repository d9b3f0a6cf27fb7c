use super::*;
use nix::sys::eventfd::EfdFlags;
use std::time::Duration;

fn inbox() -> EventFd {
    EventFd::from_flags(EfdFlags::EFD_NONBLOCK).unwrap()
}

#[test]
fn a_time_out_is_never_too_short() {
    assert_eq!(time_left(None), PollTimeout::NONE);
    assert_eq!(time_left(Some(Instant::now())), PollTimeout::ZERO);
    let left = time_left(Some(Instant::now() + Duration::from_millis(1000)));
    assert_eq!(left.as_millis(), Some(1000));
    let year = Duration::from_secs(365 * 86_400);
    assert_eq!(time_left(Some(Instant::now() + year)), PollTimeout::MAX);
}

#[test]
fn file_changes_and_the_inbox_wake_the_loop_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut poller = Poller::open(&Root::new(dir.path()).unwrap()).unwrap();
    let inbox = inbox();
    let all = || Files::Unknown(&|_| false);
    let soon = || Some(Instant::now() + Duration::from_millis(5));
    assert_eq!(poller.wait(&inbox, soon(), all()).unwrap(), []);
    std::fs::create_dir(dir.path().join("license")).unwrap();
    assert_eq!(poller.wait(&inbox, soon(), Files::Later).unwrap(), []);
    assert_eq!(poller.wait(&inbox, None, all()).unwrap(), [Wake::Files]);
    inbox.write(1).unwrap();
    assert_eq!(poller.wait(&inbox, None, all()).unwrap(), [Wake::Inbox]);
}

#[test]
fn what_could_not_be_watched_is_watched_as_soon_as_that_is_possible() {
    let dir = tempfile::tempdir().unwrap();
    let mut poller = Poller::open(&Root::new(dir.path()).unwrap()).unwrap();
    assert_eq!(poller.unwatched(), []);
    (poller.watch, poller.mounts) = (Source::Lacking, Source::Lacking);
    (poller.clock, poller.links) = (Source::Lacking, Source::Lacking);
    let unwatched = [Watched::Files, Watched::Mounts, Watched::Clock, Watched::Links];
    assert_eq!(poller.unwatched(), unwatched);
    // Directories appear meanwhile; licd searches one of them for strays alone.
    let folder = dir.path().join("license/folder");
    std::fs::create_dir_all(&folder).unwrap();
    assert!(poller.try_again(), "interfaces may have come");
    assert_eq!(poller.unwatched(), []);
    std::fs::write(folder.join("WE.lic"), "x").unwrap();
    assert_eq!(poller.wait(&inbox(), None, Files::Unknown(&|_| false)).unwrap(), [Wake::Files]);
    assert!(!poller.try_again());
}

#[test]
fn a_simulated_machine_lacks_no_events_of_interfaces() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sys")).unwrap();
    let mut poller = Poller::open(&Root::new(dir.path()).unwrap()).unwrap();
    assert_eq!(poller.unwatched(), []);
    assert!(!poller.try_again());
}
