//! A file system after a loss of power, as the next start of the system finds it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::rc::Rc;

use tempfile::TempDir;

use super::log::Sectors;
use crate::drive::Drive;
use crate::tree::Tree;
use crate::wait;

/// The exit code of e2fsck after it has repaired everything, as replaying a journal does.
const REPAIRED: i32 = 1;

/// A repaired file system.
#[derive(Debug)]
pub(super) struct Recovered {
    /// The files.
    pub(super) files: Tree,
    /// Why it cannot be used.
    pub(super) wrong: Option<String>,
    /// What e2fsck repaired beyond replaying the journal.
    pub(super) repairs: Vec<String>,
}

/// Repairs and reads the file systems of one kind of device.
#[derive(Debug)]
pub(super) struct Recovery<'a> {
    drive: Drive,
    known: HashMap<Sectors<'a>, Rc<Recovered>>,
    dir: TempDir,
}

impl<'a> Recovery<'a> {
    /// For devices as long as this one.
    pub(super) fn of(content: &[u8]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("place")).unwrap();
        Self { drive: Drive::new(content), known: HashMap::new(), dir }
    }

    /// Repairs the file system of a device after these sectors were written, so that it has this
    /// content.
    pub(super) fn recover(
        &mut self,
        sectors: &Sectors<'a>,
        content: impl FnOnce() -> Vec<u8>,
    ) -> Rc<Recovered> {
        if let Some(known) = self.known.get(sectors) {
            return Rc::clone(known);
        }
        let recovered = Rc::new(self.repair(&content()));
        self.known.insert(sectors.clone(), Rc::clone(&recovered));
        recovered
    }

    /// The content of a device after its file system was repaired.
    pub(super) fn repaired(&self, content: &[u8]) -> Vec<u8> {
        let image = self.image(content);
        check("-fy", &image);
        fs::read(image).unwrap()
    }

    /// An image with this content.
    fn image(&self, content: &[u8]) -> PathBuf {
        let image = self.dir.path().join("crashed.img");
        fs::write(&image, content).unwrap();
        image
    }

    fn repair(&mut self, content: &[u8]) -> Recovered {
        let image = self.image(content);
        let repair = check("-fy", &image);
        let again = check("-fn", &image);
        let wrong = match (repair.status.code(), again.status.success()) {
            (Some(0 | REPAIRED), true) => None,
            _ => Some(format!("e2fsck -fy: {}; then -fn: {}", text(&repair), text(&again))),
        };
        let repairs = repairs(&String::from_utf8_lossy(&repair.stdout));
        let is_usable = wrong.is_none();
        let files = if is_usable { self.files(&fs::read(image).unwrap()) } else { Tree::default() };
        Recovered { files, wrong, repairs }
    }

    fn files(&mut self, image: &[u8]) -> Tree {
        let place = self.dir.path().join("place");
        self.drive.load(image);
        let partition = self.drive.mount(&place);
        let mut files = Tree::default();
        let names = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names.iter().for_each(|name| files.add(&place, Path::new(name)));
        wait::until("nothing uses the device", || partition.unmount().ok());
        files
    }
}

/// The questions that e2fsck asks, without numbers.
fn repairs(text: &str) -> Vec<String> {
    let lines: Vec<_> = text.lines().collect();
    let is_question = |at: &usize| lines[*at].contains("? yes");
    let question = |at: usize| match (lines[at], at.checked_sub(1)) {
        // What is asked about stands in the line before.
        ("Fix? yes" | "Clear? yes", Some(before)) => lines[before],
        (line, _) => line,
    };
    let plain = |line: &str| line.replace(|c: char| c.is_ascii_digit(), "");
    (0..lines.len()).filter(is_question).map(|at| plain(question(at))).collect()
}

fn check(how: &str, image: &Path) -> Output {
    Command::new("/sbin/e2fsck").arg(how).arg(image).output().unwrap()
}

fn text(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).trim().replace('\n', " / ");
    format!("{}: {text}", output.status)
}
