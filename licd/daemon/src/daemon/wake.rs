//! The reasons for which the loop wakes up.

/// A reason to wake up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    Signal(Signal),
    /// Time may have changed what is in force.
    Turn,
    /// The regular poll of the download links is due.
    Poll,
    /// The next step of the restart after a deployment is due.
    Restart,
    /// Files, or the mounts that they are on, changed.
    Files,
    /// Network interfaces changed.
    Links,
    /// Orders of the bus, or news of threads, have come in.
    Inbox,
}

/// The meaning of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Stop,
    Refresh,
}
