//! The full-screen tool: `licctl` without a verb, on a terminal.
//!
//! | file | what |
//! |---|---|
//! | `event.rs` | events and actions |
//! | `state.rs`, `state/` | which actions follow from an event |
//! | `view.rs`, `view/` | the screen, drawn from the state |
//! | `terminal.rs`, `input.rs` | the terminal, and the keys and signals that come from it |
//! | `work.rs`, `work/` | the actions, carried out by the functions of the verbs on threads |

mod event;
mod input;
mod state;
mod terminal;
mod view;
mod work;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, Receiver};

use licensing_words as words;

use crate::args::Access;
use crate::output::{VerbResult, Verdict, colors};
use crate::warnings;
use event::{Action, Event};
use state::State;
use terminal::Screen;
use view::Look;
use work::Worker;

/// Runs the tool until its user quits.
///
/// # Errors
/// The terminal cannot be set up.
pub(crate) fn run(access: Access) -> VerbResult {
    let (events, inbox) = mpsc::channel();
    let sender = events.clone();
    warnings::send(move |text| drop(sender.send(Event::Warned(text))));
    let signals = input::Signals::take()?;
    let panics = terminal::Panics::keep();
    // What is left half done is inside `open`, and not used after a panic.
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let mut screen = Screen::open()?;
        input::start(events.clone(), signals)?;
        open(&mut screen, &inbox, Worker::new(access, events));
        Ok(())
    }));
    // The screen is restored by now, and can show what went wrong.
    panics.show();
    ended.unwrap_or_else(|panic| resume_unwind(panic)).map(|()| Verdict::Yes)
}

fn open(screen: &mut Screen, inbox: &Receiver<Event>, mut worker: Worker) {
    let look = Look { words: words::of_user(), color: colors() };
    let mut state = State::new();
    let mut actions = Vec::new();
    loop {
        match screen.draw(|frame| view::draw(frame, &state, look)) {
            Ok(drawn) => actions.extend(state.on(Event::Drawn(drawn))),
            // The terminal is gone.
            Err(_) => actions.extend(state.on(Event::Stop)),
        }
        // The worker holds a sender, so the channel stays open.
        let Ok(first) = inbox.recv() else { return };
        // What has come in together is drawn once.
        for event in std::iter::once(first).chain(inbox.try_iter()) {
            actions.extend(state.on(event));
        }
        for action in actions.drain(..) {
            match action {
                Action::Quit => return worker.end(),
                action => worker.carry_out(action),
            }
        }
    }
}
