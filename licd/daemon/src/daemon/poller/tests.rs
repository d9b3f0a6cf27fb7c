use super::*;
use nix::sys::eventfd::EfdFlags;
use std::time::Duration;

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
    let mut poller = Poller::open(&Root::new(dir.path())).unwrap();
    let inbox = EventFd::from_flags(EfdFlags::EFD_NONBLOCK).unwrap();
    let all = || Files::Unknown(&|_| false);
    let soon = || Some(Instant::now() + Duration::from_millis(5));
    assert_eq!(poller.wait(&inbox, soon(), all()).unwrap(), []);
    std::fs::create_dir(dir.path().join("license")).unwrap();
    assert_eq!(poller.wait(&inbox, soon(), Files::Later).unwrap(), []);
    assert_eq!(poller.wait(&inbox, None, all()).unwrap(), [Wake::Files]);
    inbox.write(1).unwrap();
    assert_eq!(poller.wait(&inbox, None, all()).unwrap(), [Wake::Inbox]);
}
