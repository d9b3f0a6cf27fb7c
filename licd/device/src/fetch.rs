//! Fetching a file from a server, according to configuration and settings.

use std::env;
use std::fs::File;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

use licd_files::config::Config;
use licd_fs::printable;
use licd_fs::textfile;
use licd_machine::clock;
use licd_protocol::{Exemption, Proxy, Scheme, ca_file, without_userinfo};
use licd_rules::Code;
use licd_sources::fetch::{self, FetchError, FetchRequest, Peer};
use license_format::limits::FILE_BYTES;

use crate::{Device, Failure, Survey, Url};

/// The longest silence of a server: more than any slow one needs.
const IDLE: Duration = Duration::from_secs(30);
/// The longest name resolution: resolv.conf(5) allows three name servers five seconds each, and two
/// of them may be silent.
const NAME: Duration = Duration::from_secs(15);
/// Bytes of a password file; its first line is the password.
const PASSWORD_BYTES: u64 = 4096;
/// Bytes of an entity tag or date that licd keeps.
const TAG_BYTES: usize = 1024;

/// The credentials for a server.
#[derive(Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

/// The version of a file at hand, in the server's words (RFC 9110 §8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    /// Its entity tag.
    pub etag: Option<String>,
    /// Its modification date.
    pub last_modified: Option<String>,
}

/// The options of a fetch.
#[derive(Default)]
pub struct Fetch<'a> {
    /// The credentials; `None` takes those of the configuration for this server, if any.
    pub login: Option<Login>,
    /// The proxy for HTTP; `None` takes that of the configuration or the environment, if any.
    pub proxy: Option<Proxy>,
    /// The version at hand; the server does not send it again.
    pub unless: Version,
    /// A JSON text to post to the address; the file is the answer to it.
    pub post: Option<String>,
    /// Becomes readable to cancel the fetch.
    pub cancel: Option<BorrowedFd<'a>>,
}

/// The result of a fetch.
pub struct Fetched {
    /// The file; `None` if the version at hand is current.
    pub file: Option<File>,
    /// Its version.
    pub version: Version,
    /// The dates of the server's certificate do not fit an untrusted clock, and licd ignored them.
    pub clock_ignored: bool,
}

/// The notice for [`Fetched::clock_ignored`].
pub const CLOCK_IGNORED: &str = "the dates of the server's certificate do not fit the clock, which \
                                 is not trusted; licd ignored them";

impl Fetched {
    /// The file.
    ///
    /// # Errors
    /// [`Code::SourceRefused`]: the server answers “not modified” to an unconditional request.
    pub fn whole(self) -> Result<File, Failure> {
        self.file.ok_or_else(|| {
            let message = "answers “not modified” to an unconditional request; check the server";
            Failure::new(Code::SourceRefused, message)
        })
    }
}

impl Device {
    /// Fetches an address with the configuration and settings of a survey, up to the size limit of
    /// licence files. The caller must verify the file. Reports progress: bytes received, and the
    /// total if known.
    ///
    /// # Errors
    /// [`Code::SourceUnreachable`], [`Code::SourceRefused`] or [`Code::SourceTooLarge`], with the
    /// reason.
    pub fn fetch(
        &self,
        survey: &Survey,
        url: &Url,
        order: Fetch<'_>,
        progress: impl FnMut(u64, Option<u64>),
    ) -> Result<Fetched, Failure> {
        let cancel = order.cancel;
        let request = self.request_for(survey, url, order)?;
        let fetched =
            fetch::fetch(&request, cancel, progress).map_err(|fault| failure(&fault, url))?;
        let answer = fetched.answer;
        let kept = |tag: Option<String>| tag.filter(|tag| tag.len() <= TAG_BYTES);
        Ok(Fetched {
            file: (!answer.not_modified).then_some(fetched.file),
            version: Version { etag: kept(answer.etag), last_modified: kept(answer.last_modified) },
            clock_ignored: answer.clock_ignored,
        })
    }

    fn request_for(
        &self,
        survey: &Survey,
        url: &Url,
        order: Fetch<'_>,
    ) -> Result<FetchRequest, Failure> {
        let Fetch { login, proxy, unless, post, .. } = order;
        let Config { network, ums, .. } = survey.config();
        let host = url.host();
        let login = match login {
            Some(login) => Some(login),
            None => network
                .logins
                .iter()
                .find(|login| login.host == host)
                .map(|login| {
                    let file = self.root().named(&login.password_file);
                    Login::with_password_file(login.user.clone(), &file)
                })
                .transpose()?,
        };
        let (user, password) = login.map(|login| (login.user, login.password)).unzip();
        let links = &survey.settings().system.remotemanager.license_urls;
        let is_ums =
            links.iter().filter_map(|link| Url::parse(link).ok()).any(|link| link.host() == host);
        let file = |path| self.root().named(path).to_string_lossy().into_owned();
        // A proxy that a person names is meant for this address, exempt or not.
        let exemptions = || variable("no_proxy").or_else(|| variable("NO_PROXY"));
        let no_proxy = if proxy.is_some() { None } else { exemptions() };
        let proxy = match proxy.or_else(|| network.proxy.clone()) {
            Some(proxy) => Some(proxy),
            None => proxy_of_environment(url.scheme())?,
        };
        if let (Some(_), Some(list)) = (&proxy, &no_proxy) {
            warn_of_unread_exemption(list);
        }
        Ok(FetchRequest {
            url: url.clone(),
            user,
            password,
            ca_file: network.ca_file.as_deref().map(file),
            pin: ums.certificate_sha256.as_ref().map(|pin| pin.to_string()),
            // Only UMS is known to use the pinned certificate.
            pin_or_authority: !is_ums,
            proxy,
            no_proxy,
            name_ms: millis(NAME.min(network.total_timeout)),
            connect_ms: millis(network.connect_timeout),
            idle_ms: millis(IDLE.min(network.total_timeout)),
            total_ms: millis(network.total_timeout),
            max_bytes: FILE_BYTES,
            etag: unless.etag,
            last_modified: unless.last_modified,
            // The synchronisation flag is enough here; a full verdict on the time would read the
            // store.
            clock_trusted: clock::synchronized(self.root())?,
            post,
        })
    }
}

impl Device {
    /// The problem with the configured file of certificate authorities, with its cure; `None` if
    /// the file is good or not configured.
    #[must_use]
    pub fn ca_file_problem(&self, survey: &Survey) -> Option<String> {
        let file = self.root().named(survey.config().network.ca_file.as_ref()?);
        let error = ca_file::read(&file).err()?;
        Some(format!("[network] ca_file {}: {error}", printable::escaped_path(&file)))
    }
}

impl Login {
    /// Credentials with the first line of this file as the password.
    ///
    /// # Errors
    /// [`Code::SourceRefused`]: the file has no password; the message names it.
    pub fn with_password_file(user: String, file: &Path) -> Result<Self, Failure> {
        Ok(Self { user, password: password(file)? })
    }
}

fn password(file: &Path) -> Result<String, Failure> {
    let refused = |why: String| {
        let message = format!("password file {}: {why}", printable::escaped_path(file));
        Failure::new(Code::SourceRefused, message)
    };
    match textfile::read_text(file, PASSWORD_BYTES)? {
        Ok(Some(text)) => match text.lines().next() {
            Some(password) => Ok(password.to_owned()),
            None => Err(refused("is empty; write the password in its first line".to_owned())),
        },
        Ok(None) => Err(refused("does not exist; create it".to_owned())),
        Err(flaw) => Err(refused(flaw.to_string())),
    }
}

/// The proxy from the environment variables that curl(1) lists. `HTTP_PROXY` does not count: a web
/// server sets it from a request header.
fn proxy_of_environment(scheme: Scheme) -> Result<Option<Proxy>, Failure> {
    let names: &[&str] = match scheme {
        Scheme::Https => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        Scheme::Http => &["http_proxy", "all_proxy", "ALL_PROXY"],
        Scheme::Ftps | Scheme::Ftp => return Ok(None),
    };
    let Some((name, text)) = names.iter().find_map(|name| Some((name, variable(name)?))) else {
        return Ok(None);
    };
    Proxy::from_environment(&text).map(Some).map_err(|error| {
        let shown = printable::escaped(&without_userinfo(&text));
        Failure::new(Code::SourceRefused, format!("proxy {shown} of {name}: {error}"))
    })
}

/// Warns of the first entry of `no_proxy` that names no host: the proxy is used for what it is meant for.
fn warn_of_unread_exemption(list: &str) {
    if let Some((entry, _)) = Exemption::list(list).find(|(_, read)| read.is_none()) {
        log::warn!(
            "no_proxy: “{}” is no host, domain or network, and is ignored; write HOST, .DOMAIN or \
             ADDRESS/BITS, with :PORT for that port alone",
            printable::escaped(entry)
        );
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn failure(fault: &FetchError, url: &Url) -> Failure {
    let code = match fault {
        FetchError::Failed(told) => match told.code {
            fetch::FailureCode::SourceUnreachable => Code::SourceUnreachable,
            fetch::FailureCode::SourceRefused => Code::SourceRefused,
            fetch::FailureCode::SourceTooLarge => Code::SourceTooLarge,
        },
        FetchError::TooLarge(_) => Code::SourceTooLarge,
        FetchError::NoWorker { .. } | FetchError::Broken(_) | FetchError::NotStored(_) => {
            Code::SourceUnreachable
        }
    };
    let message = match fault {
        // The prefix of the message already names the host.
        FetchError::Failed(told) if told.peer == Peer::Host(url.host().to_owned()) => {
            printable::escaped(&told.message)
        }
        _ => fault.to_string(),
    };
    Failure::new(code, message)
}
