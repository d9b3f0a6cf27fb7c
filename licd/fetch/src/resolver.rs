//! Looks up names by the rules of the system (nsswitch.conf, `/etc/hosts`, DNS).
//!
//! The C library's look-up cannot be interrupted, and it waits for both address families: a name server
//! that ignores queries for IPv6 makes it fail whatever the answer for IPv4. Each family therefore has
//! its own thread, started before the sandbox forbids new threads. The thread that fetches waits for
//! them with a time-out.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use dns_lookup::{AddrInfoHints, LookupErrorKind};
use nix::libc::{AF_INET, AF_INET6, SOCK_STREAM};

use crate::error::{FetchError, LookupError, system_message};

/// The most addresses of each family.
const MAX_ADDRESSES: usize = 4;
/// The further wait for the second family after the first has answered. RFC 8305 §3 recommends 50 ms
/// for interactive use, which this is not.
const SECOND_FAMILY: Duration = Duration::from_millis(500);
/// The file that lists the name servers (resolv.conf(5)).
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// The number of name servers that the C library asks (`MAXNS`).
const MAX_SERVERS: usize = 3;

/// The result of a look-up.
type Lookup = Result<Vec<IpAddr>, LookupError>;

/// The address families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

/// Where the addresses of names come from.
pub(crate) enum Resolver {
    /// Threads that ask the system.
    System(Mutex<Threads>),
    /// A function of the caller.
    Given(LookUp),
}

/// Returns the addresses of a host at a port; none if the name does not exist.
pub type LookUp = fn(&str, u16) -> Vec<SocketAddr>;

/// A handle to the threads that look up names.
pub(crate) struct Threads {
    queries: [Query; 2],
    answers: Receiver<Resolved>,
}

/// One thread, and its current query.
struct Query {
    family: Family,
    hosts: Sender<String>,
    /// The host that the thread is looking up.
    pending: Option<String>,
}

/// The answer of a thread.
struct Resolved {
    family: Family,
    host: String,
    lookup: Lookup,
}

impl Resolver {
    /// Starts the threads.
    ///
    /// # Errors
    /// [`FetchError::Internal`] if the system starts no thread.
    pub(crate) fn start() -> Result<Self, FetchError> {
        let (answer, answers) = mpsc::channel();
        let queries = [start(Family::V4, answer.clone())?, start(Family::V6, answer)?];
        Ok(Self::System(Mutex::new(Threads { queries, answers })))
    }

    /// The addresses of `host` (an IPv6 address without brackets), alternating between the families,
    /// IPv6 first (RFC 8305 §4).
    ///
    /// # Errors
    /// [`LookupError`], after `within` at the latest.
    pub(crate) fn look_up(
        &self,
        host: &str,
        port: u16,
        within: Duration,
    ) -> Result<Vec<SocketAddr>, LookupError> {
        let threads = match self {
            Self::Given(look_up) => return given(look_up(host, port)),
            Self::System(threads) => threads,
        };
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let found = threads.lock().unwrap_or_else(PoisonError::into_inner).look_up(host, within)?;
        Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }
}

fn given(addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, LookupError> {
    if addresses.is_empty() { Err(LookupError::NoSuchName) } else { Ok(addresses) }
}

impl Threads {
    fn look_up(&mut self, host: &str, within: Duration) -> Lookup {
        for query in &mut self.queries {
            query.send(host);
        }
        let begun = Instant::now();
        let mut limit = within;
        let mut found: [Option<Lookup>; 2] = [None, None];
        while found.iter().any(Option::is_none) {
            let remaining = limit.saturating_sub(begun.elapsed());
            let Ok(answer) = self.answers.recv_timeout(remaining) else { break };
            let slots = self.queries.iter_mut().zip(&mut found);
            for (query, found) in slots.filter(|(query, _)| query.family == answer.family) {
                query.pending = None;
                if answer.host != host {
                    // This answers an earlier query that timed out.
                    query.send(host);
                    continue;
                }
                if is_conclusive(&answer) {
                    limit = limit.min(begun.elapsed() + SECOND_FAMILY);
                }
                *found = Some(answer.lookup.clone());
            }
        }
        let [v4, v6] = found;
        combine(v4, v6).unwrap_or_else(|| Err(timed_out(within)))
    }
}

/// Whether the answer makes the other family dispensable: it holds an address, or the name does not
/// exist. Some servers deny a name that has no IPv6 address, so only IPv4 proves the latter.
fn is_conclusive(answer: &Resolved) -> bool {
    match &answer.lookup {
        Ok(addresses) => !addresses.is_empty(),
        Err(error) => answer.family == Family::V4 && *error == LookupError::NoSuchName,
    }
}

/// Combines the answers of both families; `None` if neither is conclusive.
fn combine(v4: Option<Lookup>, v6: Option<Lookup>) -> Option<Lookup> {
    let addresses = |lookup: &Option<Lookup>| match lookup {
        Some(Ok(addresses)) => addresses.clone(),
        _ => Vec::new(),
    };
    let (v4_addresses, v6_addresses) = (addresses(&v4), addresses(&v6));
    let mut alternating = Vec::new();
    for index in 0..MAX_ADDRESSES {
        alternating.extend(v6_addresses.get(index));
        alternating.extend(v4_addresses.get(index));
    }
    if !alternating.is_empty() {
        return Some(Ok(alternating));
    }
    // The answer for IPv4 counts, unless only the one for IPv6 explains the failure.
    match (v4, v6) {
        (Some(Err(error)), _) => Some(Err(error)),
        (None, Some(Err(error))) if error != LookupError::NoSuchName => Some(Err(error)),
        (None, _) => None,
        (Some(Ok(_)), Some(Err(error))) => Some(Err(error)),
        (Some(Ok(_)), _) => Some(Err(LookupError::NoSuchName)),
    }
}

impl Query {
    /// Starts a look-up, unless an earlier one is pending.
    fn send(&mut self, host: &str) {
        if self.pending.is_none() && self.hosts.send(host.to_owned()).is_ok() {
            self.pending = Some(host.to_owned());
        }
    }
}

fn start(family: Family, answers: Sender<Resolved>) -> Result<Query, FetchError> {
    let (hosts, received) = mpsc::channel::<String>();
    thread::Builder::new()
        .name("resolver".to_owned())
        .stack_size(256 * 1024)
        .spawn(move || {
            for host in received {
                let lookup = getaddrinfo(family, &host);
                if answers.send(Resolved { family, host, lookup }).is_err() {
                    return;
                }
            }
        })
        .map_err(|error| FetchError::Internal {
            action: "starting a thread",
            message: system_message(&error),
        })?;
    Ok(Query { family, hosts, pending: None })
}

fn getaddrinfo(family: Family, host: &str) -> Lookup {
    let address = if family == Family::V4 { AF_INET } else { AF_INET6 };
    let hints = AddrInfoHints { address, socktype: SOCK_STREAM, ..AddrInfoHints::default() };
    match dns_lookup::getaddrinfo(Some(host), None, Some(hints)) {
        Ok(found) => Ok(found.filter_map(|info| Some(info.ok()?.sockaddr.ip())).collect()),
        Err(error) => match error.kind() {
            // The name exists, without an address of this family.
            LookupErrorKind::NoData => Ok(Vec::new()),
            LookupErrorKind::NoName => Err(LookupError::NoSuchName),
            LookupErrorKind::Again | LookupErrorKind::Fail => Err(server_failure()),
            _ => Err(LookupError::Other(system_message(&error.into()))),
        },
    }
}

fn server_failure() -> LookupError {
    match name_servers() {
        servers if servers.is_empty() => LookupError::NoServer,
        servers => LookupError::ServerFailure(servers),
    }
}

fn timed_out(after: Duration) -> LookupError {
    match name_servers() {
        servers if servers.is_empty() => LookupError::NoServer,
        servers => LookupError::Timeout(servers, after),
    }
}

/// The name servers of the system.
fn name_servers() -> Vec<String> {
    let text = fs::read_to_string(RESOLV_CONF).unwrap_or_default();
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        words.next().filter(|word| *word == "nameserver").and(words.next())
    });
    servers.take(MAX_SERVERS).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const SIX: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    #[test]
    fn one_address_family_is_enough() {
        let unknown = || Some(Err(LookupError::NoSuchName));
        let failing = || Some(Err(LookupError::NoServer));
        let none = || Some(Ok(Vec::new()));
        for (v4, v6, combined) in [
            (Some(Ok(vec![FOUR, FOUR])), Some(Ok(vec![SIX])), Some(Ok(vec![SIX, FOUR, FOUR]))),
            (Some(Ok(vec![FOUR])), None, Some(Ok(vec![FOUR]))),
            (Some(Ok(vec![FOUR])), failing(), Some(Ok(vec![FOUR]))),
            (Some(Ok(vec![FOUR])), unknown(), Some(Ok(vec![FOUR]))),
            (None, Some(Ok(vec![SIX])), Some(Ok(vec![SIX]))),
            (unknown(), None, unknown()),
            (none(), none(), unknown()),
            (none(), failing(), failing()),
            (failing(), unknown(), failing()),
            (None, unknown(), None),
            (None, None, None),
        ] {
            assert_eq!(combine(v4.clone(), v6.clone()), combined, "{v4:?} {v6:?}");
        }
    }

    #[test]
    fn local_names_are_found_and_numeric_addresses_not_looked_up() {
        let resolver = Resolver::start().unwrap();
        let found = resolver.look_up("localhost", 80, Duration::from_secs(10)).unwrap();
        assert!(found.contains(&"127.0.0.1:80".parse().unwrap()), "{found:?}");
        for address in ["127.0.0.1", "::1"] {
            let found = resolver.look_up(address, 80, Duration::ZERO).unwrap();
            assert_eq!(found[0].ip().to_string(), address);
        }
    }
}
