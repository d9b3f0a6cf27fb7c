//! One attempt to fetch a file, without the process around it.

use std::io::Write;

use licd_protocol::{FetchFailure, FetchRequest};

use crate::error::FetchError;
use crate::job::{Job, Plan};
use crate::output::Output;
use crate::resolver::{LookUp, Resolver};
use crate::watchdog::Watchdog;
use crate::worker::{SELF, fetch_once};

/// Fetches a file as the worker does, but in this process: in a single attempt, without sandbox, watchdog
/// and certificate authorities, and at the addresses that `look_up` returns. Tests use it to show a
/// server's bytes to the parsers of the worker. `output` gets all frames except the final one.
///
/// # Errors
/// The failure that the worker would report in the final frame.
pub fn attempt(
    request: FetchRequest,
    look_up: LookUp,
    output: &mut impl Write,
) -> Result<(), FetchFailure> {
    let job = plan(request, look_up).map_err(|error| error.of(SELF).failure(1))?;
    fetch_once(&job, &Output::new(output)).map_err(|error| error.failure(1))
}

fn plan(request: FetchRequest, look_up: LookUp) -> Result<Job, FetchError> {
    let plan = Plan::parse(request)?;
    let watchdog = Watchdog::of(plan.url.host(), plan.total);
    plan.prepare(Err("there are no authorities".to_owned()), watchdog, Resolver::Given(look_up))
}
