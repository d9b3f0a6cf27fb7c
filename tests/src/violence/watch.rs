//! What must be true at every moment: no file of the store is unverified or half-written, the trust
//! document never goes back, and licd answers.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zbus::DynamicType;

use super::packs;
use crate::client::{Client, Refusal};
use crate::state;
use crate::wait;
use crate::world::World;

/// Names of garbage that a person copied into the store begin so.
pub(super) const COPIED: &str = "garbage-";
/// Between two looks, and between two questions.
const PERIOD: Duration = Duration::from_millis(20);
/// The time limit of `GetStatus`: a thousand callers at once, each with a report on ten thousand files,
/// make the bus carry 1.7 GB.
const ANSWER: Duration = Duration::from_secs(120);
/// The trust document in force, and the one remembered.
pub(super) const TRUST: [&str; 2] = ["/license/dsa/trust.note", "/var/lib/licd/trust.note"];

/// What the watchers see.
#[derive(Debug)]
pub(super) struct Watch<'w> {
    world: &'w World,
    wrong: Mutex<Vec<String>>,
    /// Counts starts and ends of licd: odd while it runs.
    lives: AtomicU64,
    is_over: AtomicBool,
    is_swept: AtomicBool,
    /// The files of the store that were looked at.
    looked: AtomicU64,
    asked: Mutex<Asked>,
}

/// Calls licd once it has room: callers that have vanished keep their places for a second.
pub(super) fn call_when_free(
    client: &Client,
    method: &str,
    body: &(impl Serialize + DynamicType),
) -> Result<(), Refusal> {
    wait::until("licd has room for a call", || {
        let answer = client.manager::<()>(method, body);
        let is_full = |refusal: &Refusal| refusal.name.ends_with(".LimitsExceeded");
        (!answer.as_ref().is_err_and(is_full)).then_some(answer)
    })
}

/// The answers to `GetStatus`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked {
    pub(super) answers: u64,
    pub(super) longest: Duration,
}

/// The watchers go on.
#[derive(Debug)]
pub(super) struct Going<'a>(&'a AtomicBool);

impl Drop for Going<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'w> Watch<'w> {
    pub(super) fn new(world: &'w World) -> Self {
        Self {
            world,
            wrong: Mutex::default(),
            lives: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            is_swept: AtomicBool::new(false),
            looked: AtomicU64::new(0),
            asked: Mutex::default(),
        }
    }

    /// Notes something that must not be.
    pub(super) fn wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    /// What was noted so far.
    pub(super) fn found(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }

    /// Notes that an operation on all packs of a selector was acknowledged.
    pub(super) fn swept(&self) {
        self.is_swept.store(true, Ordering::SeqCst);
    }

    /// Whether one was, since the last question.
    pub(super) fn take_swept(&self) -> bool {
        self.is_swept.swap(false, Ordering::SeqCst)
    }

    /// Notes that licd is ready, or is about to end.
    pub(super) fn turns(&self) {
        self.lives.fetch_add(1, Ordering::SeqCst);
    }

    /// The watchers go on as long as this lives, also if a panic ends it.
    pub(super) fn goes_on_for(&self) -> Going<'_> {
        Going(&self.is_over)
    }

    pub(super) fn looked(&self) -> u64 {
        self.looked.load(Ordering::Relaxed)
    }

    pub(super) fn asked(&self) -> Asked {
        *self.asked.lock().unwrap()
    }

    fn goes_on(&self) -> bool {
        thread::sleep(PERIOD);
        !self.is_over.load(Ordering::SeqCst)
    }

    /// Asks for the status until the end.
    pub(super) fn ask(&self) {
        let client = Client::patient(self.world.bus.address(), ANSWER);
        while self.goes_on() {
            let life = self.lives.load(Ordering::SeqCst);
            let began = Instant::now();
            let answer = client.manager::<String>("GetStatus", &());
            if life.is_multiple_of(2) || self.lives.load(Ordering::SeqCst) != life {
                continue;
            }
            match answer {
                Ok(text) => {
                    let report: Result<Value, _> = serde_json::from_str(&text);
                    if !report.is_ok_and(|report| report["schema"] == 1) {
                        self.wrong(format!("GetStatus answers {text}"));
                    }
                    let mut asked = self.asked.lock().unwrap();
                    asked.answers += 1;
                    asked.longest = asked.longest.max(began.elapsed());
                }
                Err(refusal) => self.wrong(format!("GetStatus answers {refusal:?}")),
            }
        }
    }

    /// Looks at the files until the end.
    pub(super) fn look(&self) {
        let mut seen = HashMap::new();
        let mut versions = [0; 2];
        while self.goes_on() {
            self.look_at_store(&mut seen);
            for (file, last) in TRUST.iter().zip(&mut versions) {
                let version = state::trust_version(&self.world.path(file));
                if version.is_some_and(|version| version < *last) {
                    self.wrong(format!("{file}: goes back from {last} to {version:?}"));
                }
                *last = version.unwrap_or(0).max(*last);
            }
        }
    }

    /// Every licence of the store is whole and genuine, and has the name of its content.
    fn look_at_store(&self, seen: &mut HashMap<(String, u64, i64), ()>) {
        let Ok(entries) = fs::read_dir(self.world.licenses()) else { return };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            // A file may be gone again, and a new one is written under a temporary name.
            let Ok(about) = entry.metadata() else { continue };
            if name.starts_with(COPIED) || !name.ends_with(".lic") {
                continue;
            }
            let file = (name, about.ino(), about.ctime_nsec());
            if seen.contains_key(&file) {
                continue;
            }
            if let Some(wrong) = is_wrong(&entry.path(), &file.0) {
                self.wrong(wrong);
            }
            self.looked.fetch_add(1, Ordering::Relaxed);
            seen.insert(file, ());
        }
    }
}

fn is_wrong(path: &Path, name: &str) -> Option<String> {
    let content = fs::read(path).ok()?;
    let digest: String =
        Sha256::digest(&content)[..16].iter().map(|byte| format!("{byte:02X}")).collect();
    if !packs::is_genuine(&content) {
        return Some(format!("{name} is in the store with {} bytes, not genuine", content.len()));
    }
    (name != format!("{digest}.lic")).then(|| format!("{name} has the content of {digest}"))
}
