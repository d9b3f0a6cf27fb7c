//! Observes licd's notifications and published state.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::state;
use crate::wait;
use crate::world::World;

/// The time limit for licd's start under the tracer.
pub(super) const READY: Duration = Duration::from_secs(15);

/// The notification socket of licd.
pub(super) struct Socket {
    socket: UnixDatagram,
    pub(super) path: PathBuf,
    _dir: tempfile::TempDir,
}

impl Socket {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self { socket, path, _dir: dir }
    }

    /// Waits for the readiness notification, or until licd has `ended`.
    pub(super) fn is_ready(&self, mut ended: impl FnMut() -> bool) -> bool {
        let ready = wait::within(READY, || {
            let mut message = [0; 4096];
            // Checked before reading messages, so that the last message is not missed.
            let has_ended = ended();
            while let Ok(length) = self.socket.recv(&mut message) {
                let text = String::from_utf8_lossy(&message[..length]);
                if text.lines().any(|line| line == "READY=1") {
                    return Some(true);
                }
            }
            has_ended.then_some(false)
        });
        ready.unwrap_or(false)
    }
}

/// Inode, size and time of modification of a file; these change with the file.
type Stamp = (u64, u64, i64, i64);

fn stamp(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some((about.ino(), about.size(), about.mtime(), about.mtime_nsec()))
}

/// The states that licd publishes while observed.
#[derive(Debug)]
pub struct Watch {
    status: PathBuf,
    features: PathBuf,
    /// The stamps of the last status report and of the directory of features.
    last: [Option<Stamp>; 2],
    /// The claims of its reports in order, each with whether the report named a problem.
    pub seen: Vec<(Value, bool)>,
    /// The smallest number of feature files after the first appeared.
    pub fewest: Option<usize>,
}

impl Watch {
    /// An observer without observations.
    pub(super) fn new(world: &World) -> Self {
        let status = world.path("/run/licd/status.json");
        let features = world.path("/run/licd/features");
        Self { status, features, last: [None; 2], seen: Vec::new(), fewest: None }
    }

    /// Discards observations before the current state.
    pub(super) fn begin(&mut self) {
        self.fewest = None;
        self.look_at_features();
        self.seen.drain(..self.seen.len().saturating_sub(1));
    }

    /// Observes what has changed since the last look.
    pub(super) fn look(&mut self) {
        let now = [&self.features, &self.status].map(|path| stamp(path));
        let [features, status] = [0, 1].map(|index| now[index] != self.last[index]);
        if features {
            self.look_at_features();
        }
        // A report is complete before its file has this name.
        if status && let Ok(text) = fs::read_to_string(&self.status) {
            self.look_at_report(&text);
        }
        self.last = now;
    }

    fn look_at_features(&mut self) {
        let files = self.features();
        if files > 0 || self.fewest.is_some() {
            self.fewest = Some(self.fewest.map_or(files, |fewest| fewest.min(files)));
        }
    }

    fn look_at_report(&mut self, text: &str) {
        let Ok(report) = serde_json::from_str::<Value>(text) else { return };
        let names_problem = report["problems"].as_array().is_some_and(|list| !list.is_empty());
        let claims = state::claims(&report);
        if self.seen.last().is_none_or(|last| last.0 != claims) {
            self.seen.push((claims, names_problem));
        }
    }

    /// The number of feature files.
    fn features(&self) -> usize {
        fs::read_dir(&self.features).map_or(0, Iterator::count)
    }

    /// How the published state differs from the expected one.
    pub(super) fn difference(&self, should: &Value) -> Option<String> {
        let Some((claims, _)) = self.seen.last() else { return Some("nothing".to_owned()) };
        if claims != should {
            return Some(state::difference(claims, should));
        }
        let (files, allowed) = (self.features(), state::allowed(should));
        (files != allowed).then(|| format!("{files} files of features instead of {allowed}"))
    }
}
