//! Memory, descriptors and threads of licd.

use std::fmt;
use std::fs;

use crate::wait;

/// Bytes by which licd's memory may grow while it lives. After garbage that came and went its heap keeps gaps:
/// of a minute 7 to 8.5 MB, and of longer runs less.
const GROWTH: u64 = 12 << 20;
/// The limit of its memory with ten thousand files in the store, as for as many licences.
const PEAK: u64 = 128 << 20;

/// What licd uses when it has nothing to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    /// Resident bytes now.
    pub(super) memory: u64,
    /// The most so far.
    pub(super) peak: u64,
    pub(super) descriptors: usize,
    pub(super) threads: u64,
}

impl Usage {
    /// What a process uses now.
    pub(super) fn of(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let number = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
        };
        Self {
            memory: number("VmRSS:") << 10,
            peak: number("VmHWM:") << 10,
            descriptors: fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count(),
            threads: number("Threads:"),
        }
    }

    /// What it uses once it has no more descriptors and threads than `idle`; after the deadline, what
    /// it uses then. For some seconds licd keeps jobs that have ended.
    pub(super) fn settled(pid: u32, idle: Self) -> Self {
        let settled = wait::within(wait::DEADLINE, || {
            let now = Self::of(pid);
            (!now.has_more_than(idle)).then_some(now)
        });
        settled.unwrap_or_else(|| Self::of(pid))
    }

    fn has_more_than(self, other: Self) -> bool {
        self.descriptors > other.descriptors || self.threads > other.threads
    }

    /// Why this is more than before.
    pub(super) fn wrong(self, before: Self) -> Option<String> {
        let grows = self.memory > before.memory + GROWTH || self.peak > PEAK;
        (grows || self.has_more_than(before))
            .then(|| format!("licd used {before}, and then {self}"))
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory, peak, descriptors, threads } = self;
        let [memory, peak] = [memory, peak].map(|bytes| bytes >> 10);
        write!(f, "{memory} KiB (at most {peak}), {descriptors} descriptors, {threads} threads")
    }
}
