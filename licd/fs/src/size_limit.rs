//! The limit of a file's size (`RLIMIT_FSIZE`).

use nix::sys::signal::{SigSet, Signal};

/// Makes a write beyond the limit an error, `EFBIG`, in this thread and those it starts. By default
/// SIGXFSZ ends the program there, without a message and with its temporary files left behind.
pub fn becomes_an_error() {
    // It fails for invalid arguments alone. The signal is blocked, since only unsafe code can ignore it.
    let _ = SigSet::from(Signal::SIGXFSZ).thread_block();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signal_of_the_limit_does_not_end_the_program() {
        becomes_an_error();
        assert!(SigSet::thread_get_mask().unwrap().contains(Signal::SIGXFSZ));
    }
}
