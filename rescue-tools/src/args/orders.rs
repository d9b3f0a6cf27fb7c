//! The options of an import and of an activation.

use std::io::{IsTerminal as _, stderr, stdin};
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser as _};
use licd_device::{Application, ApplicationError, Intent, Person, Proxy, Terms};

use super::NamedSource;

/// Import licences and trust documents from files, sticks and servers.
#[derive(clap::Args)]
pub(crate) struct Import {
    /// Only check: print the verdicts of the import, and change nothing.
    #[arg(short = 'n', long = "check")]
    pub(crate) check: bool,
    /// The user name for servers that require a login.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// The file whose first line is the password; - for standard input.
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(crate) password_file: Option<PathBuf>,
    /// For imports that no user requested, such as when a stick is plugged in: removed licences are
    /// not imported again, and drives of the system are ignored.
    #[arg(long)]
    pub(crate) automatic: bool,
    /// Files, - for standard input, usb for the stick that is plugged in, usb:/dev/sdX1 for one of
    /// several, or addresses with https://, http://, ftps:// or ftp://.
    #[arg(
        required = true,
        value_name = "SOURCE",
        // Refuses an empty one.
        value_parser = PathBufValueParser::new().map(NamedSource::of)
    )]
    pub(crate) sources: Vec<NamedSource>,
}

impl Import {
    /// Whether a user requested the import.
    pub(crate) fn intent(&self) -> Intent {
        if self.automatic { Intent::Automatic } else { Intent::Explicit }
    }
}

/// Ask the licensing service for a licence of this device.
#[derive(clap::Args)]
pub(crate) struct Activate {
    /// Your name.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Your company.
    #[arg(long, value_name = "NAME")]
    pub(crate) company: Option<String>,
    /// Your mail address.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// Accept the terms of the licensing service. Without it, licctl asks on a terminal; elsewhere it
    /// sends and writes nothing.
    #[arg(long)]
    pub(crate) accept_terms: bool,
    /// The address of the licensing service. Default: [activation] url.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The proxy to the service, http://HOST:PORT. Default: [network] proxy, then that of the
    /// environment. One that asks for a password goes into the configuration.
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Cancel the request that waits for its answer, and delete it with your data. Exit code 1 if
    /// none waits.
    #[arg(
        long,
        conflicts_with_all = ["name", "company", "email", "accept_terms", "url", "proxy"]
    )]
    pub(crate) cancel: bool,
}

impl Activate {
    /// The application, if the person has accepted the terms.
    pub(crate) fn application(&self, terms: Terms) -> Result<Application, ApplicationError> {
        let Self { name, company, email, url, .. } = self;
        let [name, company, email] = [name, company, email].map(Clone::clone);
        let application = Application::new(terms, Person { name, company, email }, url.as_deref())?;
        // Checked with the command line.
        let proxy = self.proxy.as_deref().and_then(|proxy| Proxy::parse(proxy).ok());
        Ok(application.through(proxy))
    }

    /// Whether a person can be asked for what is missing.
    pub(crate) fn is_interactive(json: bool) -> bool {
        !json && stdin().is_terminal() && stderr().is_terminal()
    }

    /// Why the proxy cannot be used. Checked after parsing: clap's parse errors would repeat a password,
    /// and every user of the machine can read the command line.
    pub(super) fn wrong_proxy(&self) -> Option<String> {
        match self.proxy.as_deref()? {
            proxy if proxy.contains('@') => Some(
                "--proxy: holds a user or a password, which every user of this machine could read; \
                 leave it out and set [network] proxy"
                    .to_owned(),
            ),
            proxy => Proxy::parse(proxy).err().map(|error| format!("--proxy: {error}")),
        }
    }

    /// Checks the arguments before anything else.
    pub(super) fn check(&self, json: bool) -> Result<(), ApplicationError> {
        let asks = self.accept_terms || self.cancel || Self::is_interactive(json);
        self.application(if asks { Terms::Accepted } else { Terms::Open }).map(drop)
    }
}
