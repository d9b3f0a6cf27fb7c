//! A simulated wall clock for programs under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The path of libfaketime on Debian, relative to the architecture's directory.
const LIBRARY: &str = "faketime/libfaketime.so.1";

/// A stopped wall clock. The monotonic clock keeps running.
#[derive(Debug)]
pub struct Clock {
    file: PathBuf,
    _dir: tempfile::TempDir,
}

impl Clock {
    /// A clock that shows this time, `YYYY-MM-DD hh:mm:ss` UTC.
    #[must_use]
    pub fn at(time: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Self { file: dir.path().join("time"), _dir: dir };
        clock.set(time);
        clock
    }

    /// Sets the time, including for running programs.
    pub fn set(&self, time: &str) {
        let new = self.file.with_extension("new");
        fs::write(&new, format!("{time}\n")).unwrap();
        fs::rename(new, &self.file).unwrap();
    }

    /// Makes a program use this clock.
    pub fn shown_to<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let library = Path::new("/usr/lib").join(format!("{}-linux-gnu", env::consts::ARCH));
        command
            .env("LD_PRELOAD", library.join(LIBRARY))
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1")
            .env("TZ", "UTC")
    }
}
