//! What is kept of a scenario for whoever wants to know: a directory with the console, the journal
//! of all starts and the status reports.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

/// The place where all of them are; below cargo's directory unless `tests/vm/run` says otherwise.
const DIR: &str = "LICD_VM_RESULTS";

/// The directory of one scenario.
#[derive(Debug, Clone)]
pub(crate) struct Results {
    dir: PathBuf,
    began: Instant,
    starts: Rc<Cell<u32>>,
    files: Rc<Cell<u32>>,
}

impl Results {
    /// An empty directory for the scenario of this name, which proves this.
    pub(crate) fn of(name: &str, promise: &str) -> Self {
        let all = std::env::var_os(DIR).expect("LICD_VM_RESULTS: run this by tests/vm/run");
        let dir = PathBuf::from(all).join(name.replace("::", "."));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("promise.txt"), format!("{promise}\n")).unwrap();
        Self { dir, began: Instant::now(), starts: Rc::default(), files: Rc::default() }
    }

    /// The path of a file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Adds a file; of one kind there may be several.
    pub(crate) fn add(&self, kind: &str, extension: &str, content: &str) {
        self.files.set(self.files.get() + 1);
        let name = format!("{:02}-{kind}.{extension}", self.files.get());
        let _ = fs::write(self.file(&name), content);
    }

    /// Notes that the device has started once more.
    pub(crate) fn note_start(&self) {
        self.starts.set(self.starts.get() + 1);
    }

    /// Says how long it took and where to look.
    pub(crate) fn close(&self, name: &str) {
        let (seconds, starts) = (self.began.elapsed().as_secs(), self.starts.get());
        eprintln!("{name}: {seconds} s, {starts} starts; see {}", self.dir.display());
    }
}
