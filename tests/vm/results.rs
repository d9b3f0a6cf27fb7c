//! The results of a scenario: a directory with the console, the journal of all boots and the status
//! reports.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

/// The parent directory of all results; inside cargo's target directory unless `tests/vm/run` sets
/// it.
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
    /// Creates an empty directory for a scenario.
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

    /// Adds a file; one kind may have several.
    pub(crate) fn add(&self, kind: &str, extension: &str, content: &str) {
        self.files.set(self.files.get() + 1);
        let name = format!("{:02}-{kind}.{extension}", self.files.get());
        let _ = fs::write(self.file(&name), content);
    }

    /// Records a boot.
    pub(crate) fn note_start(&self) {
        self.starts.set(self.starts.get() + 1);
    }

    /// Prints the duration and the path.
    pub(crate) fn close(&self, name: &str) {
        let (seconds, starts) = (self.began.elapsed().as_secs(), self.starts.get());
        eprintln!("{name}: {seconds} s, {starts} starts; see {}", self.dir.display());
    }
}
