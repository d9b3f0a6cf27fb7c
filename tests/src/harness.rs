//! Runs stories, each on its own thread, so that each can have its own mounts. Stories that need
//! root count as ignored without root.

use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::thread;

use libtest_mimic::{Arguments, Completion, Trial};
use nix::sched::{CloneFlags, unshare};

/// A promise and its test, made by [`story!`](crate::story).
#[derive(Debug, Clone, Copy)]
pub struct Story {
    /// The module path and the promise.
    pub name: &'static str,
    /// Whether it needs root and the right to mount.
    pub needs_root: bool,
    /// The test.
    pub run: fn(),
}

/// Makes a [`Story`] of a function: `story!(promise)`, or `story!(promise, needs root)`.
#[macro_export]
macro_rules! story {
    ($name:ident) => {
        $crate::story!(@ $name, false)
    };
    ($name:ident, needs root) => {
        $crate::story!(@ $name, true)
    };
    (@ $name:ident, $needs_root:literal) => {
        $crate::harness::Story {
            name: concat!(module_path!(), "::", stringify!($name)),
            needs_root: $needs_root,
            run: $name,
        }
    };
}

/// Runs the stories selected on the command line, with the options of Rust's harness.
#[must_use]
pub fn run(chapters: &[&[Story]]) -> ExitCode {
    run_unless(None, chapters)
}

/// Runs the selected stories, or counts them as ignored if an `obstacle` prevents them.
#[must_use]
pub fn run_unless(obstacle: Option<&'static str>, chapters: &[&[Story]]) -> ExitCode {
    let trials = chapters.concat().into_iter().map(|story| trial(story, obstacle)).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(story: Story, obstacle: Option<&'static str>) -> Trial {
    let name = story.name.split_once("::").map_or(story.name, |(_, name)| name);
    Trial::ignorable_test(name, move || {
        if story.needs_root && !can_mount() {
            return Ok(Completion::ignored_with("needs root"));
        }
        if let Some(obstacle) = obstacle {
            return Ok(Completion::ignored_with(obstacle));
        }
        let thread = thread::Builder::new().name(name.to_owned());
        let story = thread.spawn(story.run).unwrap();
        story.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(Completion::Completed)
    })
}

/// Whether this process may mount file systems in a namespace of its own.
pub fn can_mount() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let has_loops = std::path::Path::new("/dev/loop-control").exists();
        // Tried on a short-lived thread, whose namespace ends with it.
        let may = || thread::spawn(|| unshare(CloneFlags::CLONE_NEWNS).is_ok()).join();
        has_loops && nix::unistd::geteuid().is_root() && may().unwrap_or(false)
    })
}
