//! Memory, descriptors and threads of licd.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use crate::wait;

/// Bytes by which licd's memory may grow while it lives.
const GROWTH: u64 = 8 << 20;
/// A program that frees nothing for so long has nothing more to free.
const IDLE: Duration = Duration::from_secs(5);
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

    /// What it uses once that no longer falls.
    pub(super) fn settled(pid: u32) -> Self {
        let mut last = Self::of(pid);
        let mut since = Instant::now();
        let _ = wait::within(wait::DEADLINE, || {
            let now = Self::of(pid);
            if now.descriptors < last.descriptors || now.threads < last.threads {
                since = Instant::now();
            }
            last = now;
            (since.elapsed() >= IDLE).then_some(())
        });
        last
    }

    /// Why this is more than before.
    pub(super) fn wrong(self, before: Self) -> Option<String> {
        let grows = self.memory > before.memory + GROWTH || self.peak > PEAK;
        let leaks = self.descriptors > before.descriptors || self.threads > before.threads;
        (grows || leaks).then(|| format!("licd used {before}, and then {self}"))
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { memory, peak, descriptors, threads } = self;
        let [memory, peak] = [memory, peak].map(|bytes| bytes >> 10);
        write!(f, "{memory} KiB (at most {peak}), {descriptors} descriptors, {threads} threads")
    }
}
