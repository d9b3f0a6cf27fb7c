//! Getting a file from a server, as configuration and settings say.

use std::env;
use std::fs::File;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::time::Duration;

use licd_files::config::Config;
use licd_fs::printable;
use licd_fs::textfile;
use licd_machine::clock;
use licd_protocol::{Proxy, Scheme, ca_file, without_userinfo};
use licd_rules::Code;
use licd_sources::fetch::{self, FetchError, FetchRequest, Peer};
use license_format::limits::FILE_BYTES;

use crate::{Device, Failure, Survey, Url};

/// How long a server may stay silent: longer than any that is merely slow.
const IDLE: Duration = Duration::from_secs(30);
/// How long a name may take to be looked up: three name servers, the first two of which say nothing
/// for five seconds each, as resolv.conf(5) has it.
const NAME: Duration = Duration::from_secs(15);
/// Bytes of a file with a password, of which the first line counts.
const PASSWORD_BYTES: u64 = 4096;
/// Bytes of an entity tag or date that is kept.
const TAG_BYTES: usize = 1024;

/// Who asks, at servers that want to know.
#[derive(Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

/// Which version of a file somebody has, in the server's words (RFC 9110 §8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    /// Its entity tag.
    pub etag: Option<String>,
    /// Its date of change.
    pub last_modified: Option<String>,
}

/// How a file is to be fetched.
#[derive(Default)]
pub struct Fetch<'a> {
    /// Who asks; if not set, whom the configuration names for the server, or nobody.
    pub login: Option<Login>,
    /// What is there already; that same one is not brought again.
    pub unless: Version,
    /// Readable when it is to end.
    pub cancel: Option<BorrowedFd<'a>>,
}

/// What came of it.
pub struct Fetched {
    /// The file, `None` if it is still the version that is there already.
    pub file: Option<File>,
    /// Which version it is.
    pub version: Version,
    /// The server's certificate has dates that do not fit the clock, which is not believed either.
    pub clock_ignored: bool,
}

/// What to say of a server when [`Fetched::clock_ignored`].
pub const CLOCK_IGNORED: &str = "the dates of the server's certificate do not fit the clock, which \
                                 is not to be trusted; fetched all the same";

impl Fetched {
    /// The file.
    ///
    /// # Errors
    /// [`Code::SourceRefused`] from a server that has nothing new although no version was named.
    pub fn whole(self) -> Result<File, Failure> {
        self.file.ok_or_else(|| {
            let message = "answers that nothing has changed, which it was not asked";
            Failure::new(Code::SourceRefused, message)
        })
    }
}

impl Device {
    /// Fetches what is at an address, as configuration and settings of a survey say, at most what a
    /// licence file may have. Whatever becomes of it,
    /// it is not to be believed before it is verified. Tells of progress: bytes so far, and of how
    /// many if that is known.
    ///
    /// # Errors
    /// [`Code::SourceUnreachable`], [`Code::SourceRefused`] or [`Code::SourceTooLarge`], and why.
    pub fn fetch(
        &self,
        survey: &Survey,
        url: &Url,
        order: Fetch<'_>,
        progress: impl FnMut(u64, Option<u64>),
    ) -> Result<Fetched, Failure> {
        let request = self.request_for(survey, url, order.login, order.unless)?;
        let fetched =
            fetch::fetch(&request, order.cancel, progress).map_err(|fault| failure(&fault, url))?;
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
        login: Option<Login>,
        unless: Version,
    ) -> Result<FetchRequest, Failure> {
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
        let proxy = match network.proxy.clone() {
            Some(proxy) => Some(proxy),
            None => proxy_of_environment(url.scheme())?,
        };
        Ok(FetchRequest {
            url: url.clone(),
            user,
            password,
            ca_file: network.ca_file.as_deref().map(file),
            pin: ums.certificate_sha256.as_ref().map(|pin| pin.to_string()),
            // Only UMS is known to have the pinned certificate.
            pin_or_authority: !is_ums,
            proxy,
            no_proxy: variable("no_proxy").or_else(|| variable("NO_PROXY")),
            name_ms: millis(NAME.min(network.total_timeout)),
            connect_ms: millis(network.connect_timeout),
            idle_ms: millis(IDLE.min(network.total_timeout)),
            total_ms: millis(network.total_timeout),
            max_bytes: FILE_BYTES,
            etag: unless.etag,
            last_modified: unless.last_modified,
            // All that the state of the clock has to do with it, without reading the store.
            clock_trusted: clock::synchronized(self.root())?,
        })
    }
}

impl Device {
    /// What is wrong with the configured file of certificate authorities, and what to do; `None` if
    /// there is one, or none is configured.
    #[must_use]
    pub fn ca_file_problem(&self, survey: &Survey) -> Option<String> {
        let file = self.root().named(survey.config().network.ca_file.as_ref()?);
        let error = ca_file::read(&file).err()?;
        Some(format!("[network] ca_file {}: {error}", printable::escaped_path(&file)))
    }
}

impl Login {
    /// Somebody whose password is the first line of this file.
    ///
    /// # Errors
    /// [`Code::SourceRefused`] if there is none; the message names the file.
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
            None => Err(refused("is empty; its first line is the password".to_owned())),
        },
        Ok(None) => Err(refused("does not exist".to_owned())),
        Err(flaw) => Err(refused(flaw.to_string())),
    }
}

/// The proxy that the variables name which other programs heed; curl(1) has the list. `HTTP_PROXY` is
/// not heeded by programs that a web server may start.
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
        // The address stands before it, and names the host.
        FetchError::Failed(told) if told.peer == Peer::Host(url.host().to_owned()) => {
            printable::escaped(&told.message)
        }
        _ => fault.to_string(),
    };
    Failure::new(code, message)
}
