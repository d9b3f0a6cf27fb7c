//! `licctl completions`

use clap::{Arg, Command, CommandFactory as _};
use clap_complete::Shell;
use licd_device::Failure;

use crate::args::Args;
use crate::output::{Output, VerbResult, Verdict};

pub(crate) fn run(shell: Shell, out: &mut Output) -> VerbResult {
    let (mut script, mut command) = (Vec::new(), Args::command());
    clap_complete::generate(shell, &mut command, "licctl", &mut script);
    out.raw(&script)?;
    if shell == Shell::Fish {
        command.get_subcommands().try_for_each(|verb| offer_in_fish(verb, out))?;
    }
    Ok(Verdict::Yes)
}

/// Adds the values of a verb's arguments, which the generator for fish leaves out.
fn offer_in_fish(verb: &Command, out: &mut Output) -> Result<(), Failure> {
    let values = verb.get_positionals().flat_map(Arg::get_possible_values);
    let words: Vec<_> = values.map(|value| value.get_name().to_owned()).collect();
    if words.is_empty() {
        return Ok(());
    }
    let (name, words) = (verb.get_name(), words.join(" "));
    out.line(format_args!(
        "complete -c licctl -n \"__fish_licctl_using_subcommand {name}\" -f -a \"{words}\""
    ))
}
