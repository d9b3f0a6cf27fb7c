//! The main function of the worker.

use std::io::{self, Read as _, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use licd_protocol::{FetchRequest, REQUEST_BYTES, ca_file};

use crate::error::{FetchError, RequestError, system_message};
use crate::job::{Job, Plan};
use crate::output::Output;
use crate::resolver::Resolver;
use crate::sandbox::{self, SandboxError};
use crate::tls::Bundle;
use crate::watchdog::Watchdog;
use crate::{ftp, http, retry};

/// The bundle of the system: on Debian and its derivatives, on Red Hat and its derivatives, on others.
const BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/// The name in messages about errors before the first request.
pub(crate) const SELF: &str = "licd-fetch";

/// Reads a request, fetches the file and writes it to standard output.
pub(crate) fn run() -> ExitCode {
    let output = Arc::new(Output::new(io::stdout()));
    let mut attempts = 0;
    let last =
        match prepare(&output).and_then(|job| fetch_with_retries(&job, &output, &mut attempts)) {
            Ok(()) => output.end(),
            Err(error) => output.failure(error.failure(attempts)),
        };
    match last {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Sandboxes the worker, before it reads the first byte from the network.
fn prepare<W: Write + Send + 'static>(output: &Arc<Output<W>>) -> Result<Job, RequestError> {
    let failed = |error: SandboxError| {
        FetchError::Internal { action: "locking itself in", message: error.to_string() }.of(SELF)
    };
    sandbox::close_inherited_descriptors().map_err(failed)?;
    let request = read_request().map_err(|error| error.of(SELF))?;
    let plan = Plan::parse(request).map_err(|error| error.of(SELF))?;
    let bundle = read_bundle(&plan);
    let host = plan.url.host().to_owned();
    sandbox::confine().map_err(failed)?;
    let watchdog = Watchdog::start(&host, plan.total, Arc::clone(output));
    let watchdog = watchdog.map_err(|error| error.of(SELF))?;
    let resolver = Resolver::start().map_err(|error| error.of(SELF))?;
    sandbox::filter_system_calls().map_err(failed)?;
    plan.prepare(bundle, watchdog, resolver).map_err(|error| error.of(&host))
}

fn read_request() -> Result<FetchRequest, FetchError> {
    let action = "reading the request";
    let mut text = Vec::new();
    io::stdin()
        .take(REQUEST_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(|error| FetchError::Internal { action, message: system_message(&error) })?;
    if text.len() as u64 > REQUEST_BYTES {
        return Err(FetchError::Internal { action, message: "it is too long".to_owned() });
    }
    // The message of the JSON parser may quote a password.
    serde_json::from_slice(&text).map_err(|_| FetchError::Internal {
        action,
        message: "it is not of the form agreed on".to_owned(),
    })
}

/// Reads the configured bundle of authorities, or the first existing one of the system. An error is
/// kept for later, because addresses without TLS need no authority.
fn read_bundle(plan: &Plan) -> Bundle {
    if let Some(file) = plan.ca_file() {
        let message = |error| format!("[network] ca_file {file} {error}");
        return ca_file::read(Path::new(file)).map_err(message);
    }
    let read = |file: &&str| ca_file::read(Path::new(file)).ok();
    BUNDLES.iter().find_map(read).ok_or_else(|| {
        "this system has no certificate authorities; install the package ca-certificates or set \
         [network] ca_file"
            .to_owned()
    })
}

/// Retries transient errors until the file comes or the time is up.
fn fetch_with_retries<W: Write>(
    job: &Job,
    output: &Output<W>,
    attempts: &mut u32,
) -> Result<(), RequestError> {
    loop {
        *attempts += 1;
        let Err(failed) = fetch_once(job, output) else { return Ok(()) };
        let random = getrandom::u32().unwrap_or(0);
        match retry::wait(&failed.error, *attempts, job.watchdog.remaining(), random) {
            Some(wait) => thread::sleep(wait),
            None => return Err(failed),
        }
    }
}

/// Makes one attempt.
pub(crate) fn fetch_once<W: Write>(job: &Job, output: &Output<W>) -> Result<(), RequestError> {
    match job.url.scheme().is_web() {
        true => http::fetch(job, output),
        false => ftp::fetch(job, output),
    }
}
