//! licensing-tool: the window for the licences of a device, and the Setup Assistant's activation page.
//! It shows the daemon's status report and gives the daemon orders over D-Bus; polkit decides what its
//! user may do.
//!
//! | module | content |
//! |---|---|
//! | `state.rs` | state and event make actions: a function without a display, tested as one |
//! | `bus.rs` | the thread that carries out orders, by `licd-client` |
//! | `view.rs` | widgets, drawn from the state; the only one that knows GTK |
//! | `labels.rs` | the keys of the controls; what the words of `licensing-words` are put together to |

mod args;
mod bus;
mod labels;
mod state;
mod view;

use std::env;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use args::Invocation;

/// The exit code of wrong usage, as in the other programs.
const WRONG_USAGE: u8 = 2;
/// The environment variable by which GTK chooses its renderer.
const RENDERER: &str = "GSK_RENDERER";

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    match args::parse(env::args_os().skip(1)) {
        Ok(Invocation::Run(args)) => run(args),
        Ok(Invocation::Help) => print(args::HELP),
        Ok(Invocation::Version) => {
            print(concat!("licensing-tool ", env!("CARGO_PKG_VERSION"), "\n"))
        }
        Err(wrong) => {
            report(&format!("{wrong}; see licensing-tool --help"));
            ExitCode::from(WRONG_USAGE)
        }
    }
}

fn run(args: args::Args) -> ExitCode {
    if env::var_os(RENDERER).is_none() {
        // Returns only if it fails; GTK then chooses by itself.
        let error = with_cairo();
        report(&format!("{RENDERER}: {error}"));
    }
    view::run(args).unwrap_or_else(|reason| {
        report(&reason);
        ExitCode::FAILURE
    })
}

/// Starts this program again with GTK's software renderer. OpenGL on a device without a driver for it
/// costs more time and memory than it saves (numbers in `docs/decisions/0034-window-with-gtk4.md`), and
/// GTK 4.8 takes the renderer from the environment only.
fn with_cairo() -> io::Error {
    match env::current_exe() {
        Ok(program) => {
            let mut command = Command::new(program);
            command.args(env::args_os().skip(1)).env(RENDERER, "cairo").exec()
        }
        Err(error) => error,
    }
}

fn report(line: &str) {
    // Without standard error there is no other place for it.
    let _ = writeln!(io::stderr(), "licensing-tool: {line}");
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
