//! Looking up names, by the system's own rules (nsswitch.conf, `/etc/hosts`, DNS).
//!
//! The C library's look-up cannot be interrupted, and asks for both kinds of address before it
//! returns: a name server that passes over questions for IPv6 makes it fail whatever it says of IPv4.
//! So each kind has a thread of its own, which is started before the sandbox forbids to; the thread
//! that fetches waits for them as long as it likes.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use dns_lookup::{AddrInfoHints, LookupErrorKind, getaddrinfo};
use nix::libc::{AF_INET, AF_INET6, SOCK_STREAM};

use crate::fault::{Fault, NameFault, system_words};

/// Addresses of each kind that are tried.
const ADDRESSES: usize = 4;
/// How much longer one kind of address is waited for when the other is there. RFC 8305 §3 has 50 ms
/// for users who watch a page come up; nobody watches here.
const OTHER_KIND: Duration = Duration::from_millis(500);
/// Where the system's name servers are (resolv.conf(5)).
const SERVERS: &str = "/etc/resolv.conf";
/// Name servers that the C library asks (`MAXNS`).
const MAX_SERVERS: usize = 3;

/// What a look-up brings.
type Outcome = Result<Vec<IpAddr>, NameFault>;

/// The two kinds of address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    V4,
    V6,
}

/// The threads that look up names.
pub(crate) struct Names(Mutex<Threads>);

struct Threads {
    asking: [Asking; 2],
    answers: Receiver<(Kind, String, Outcome)>,
}

/// One thread, and the host that it is looking up.
struct Asking {
    kind: Kind,
    questions: Sender<String>,
    host: Option<String>,
}

impl Names {
    /// Starts the threads.
    ///
    /// # Errors
    /// [`Fault::Local`] if there is none to be had.
    pub(crate) fn start() -> Result<Self, Fault> {
        let (answer, answers) = mpsc::channel();
        let asking = [start(Kind::V4, answer.clone())?, start(Kind::V6, answer)?];
        Ok(Self(Mutex::new(Threads { asking, answers })))
    }

    /// The addresses of `host` (an IPv6 address without brackets), the two kinds in turns, IPv6
    /// first (RFC 8305 §4).
    ///
    /// # Errors
    /// [`NameFault`], at most `within` from now.
    pub(crate) fn look_up(
        &self,
        host: &str,
        port: u16,
        within: Duration,
    ) -> Result<Vec<SocketAddr>, NameFault> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let found = self.lock().look_up(host, within)?;
        Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Threads> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Threads {
    fn look_up(&mut self, host: &str, within: Duration) -> Outcome {
        for asking in &mut self.asking {
            asking.ask(host);
        }
        let begun = Instant::now();
        let mut left = within;
        let mut found: [Option<Outcome>; 2] = [None, None];
        while found.iter().any(Option::is_none) {
            match self.answers.recv_timeout(left.saturating_sub(begun.elapsed())) {
                Ok((kind, of, outcome)) => {
                    let slot = self.asking.iter_mut().zip(&mut found);
                    for (asking, found) in slot.filter(|(asking, _)| asking.kind == kind) {
                        asking.host = None;
                        // An answer to an earlier question, which was given up.
                        if of == host {
                            if is_enough(kind, &outcome) {
                                left = left.min(begun.elapsed() + OTHER_KIND);
                            }
                            *found = Some(outcome.clone());
                        } else {
                            asking.ask(host);
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        let [v4, v6] = found;
        verdict(v4, v6).unwrap_or_else(|| Err(unheard(within)))
    }
}

/// Whether an answer of one kind makes the other one dispensable: there is an address, or no such
/// name. Of the latter an answer for IPv6 proves nothing, since some servers deny whatever has none.
fn is_enough(kind: Kind, outcome: &Outcome) -> bool {
    match outcome {
        Ok(addresses) => !addresses.is_empty(),
        Err(fault) => kind == Kind::V4 && *fault == NameFault::Unknown,
    }
}

/// What two answers amount to; nothing if neither says anything.
fn verdict(v4: Option<Outcome>, v6: Option<Outcome>) -> Option<Outcome> {
    let addresses = |outcome: &Option<Outcome>| match outcome {
        Some(Ok(addresses)) => addresses.clone(),
        _ => Vec::new(),
    };
    let (fours, sixes) = (addresses(&v4), addresses(&v6));
    let mut turns = Vec::new();
    for turn in 0..ADDRESSES {
        turns.extend(sixes.get(turn));
        turns.extend(fours.get(turn));
    }
    if !turns.is_empty() {
        return Some(Ok(turns));
    }
    // What is known of IPv4 counts, but for a failure that only IPv6 explains.
    match (v4, v6) {
        (Some(Err(fault)), _) => Some(Err(fault)),
        (None, Some(Err(fault))) if fault != NameFault::Unknown => Some(Err(fault)),
        (None, _) => None,
        (Some(Ok(_)), Some(Err(fault))) => Some(Err(fault)),
        (Some(Ok(_)), _) => Some(Err(NameFault::Unknown)),
    }
}

impl Asking {
    /// Asks, unless an earlier question is still going on.
    fn ask(&mut self, host: &str) {
        if self.host.is_none() && self.questions.send(host.to_owned()).is_ok() {
            self.host = Some(host.to_owned());
        }
    }
}

fn start(kind: Kind, answers: Sender<(Kind, String, Outcome)>) -> Result<Asking, Fault> {
    let (questions, asked) = mpsc::channel::<String>();
    thread::Builder::new()
        .name("names".to_owned())
        .stack_size(256 * 1024)
        .spawn(move || {
            for host in asked {
                let outcome = ask_system(kind, &host);
                if answers.send((kind, host, outcome)).is_err() {
                    return;
                }
            }
        })
        .map_err(|error| Fault::Local { what: "starting a thread", error: system_words(&error) })?;
    Ok(Asking { kind, questions, host: None })
}

fn ask_system(kind: Kind, host: &str) -> Outcome {
    let address = if kind == Kind::V4 { AF_INET } else { AF_INET6 };
    let hints = AddrInfoHints { address, socktype: SOCK_STREAM, ..AddrInfoHints::default() };
    match getaddrinfo(Some(host), None, Some(hints)) {
        Ok(found) => Ok(found.filter_map(|info| Some(info.ok()?.sockaddr.ip())).collect()),
        Err(error) => match error.kind() {
            // The name is there, with no address of this kind.
            LookupErrorKind::NoData => Ok(Vec::new()),
            LookupErrorKind::NoName => Err(NameFault::Unknown),
            LookupErrorKind::Again | LookupErrorKind::Fail => Err(failing()),
            _ => Err(NameFault::Other(system_words(&error.into()))),
        },
    }
}

fn failing() -> NameFault {
    match name_servers() {
        none if none.is_empty() => NameFault::NoServer,
        servers => NameFault::Failing(servers),
    }
}

fn unheard(after: Duration) -> NameFault {
    match name_servers() {
        none if none.is_empty() => NameFault::NoServer,
        servers => NameFault::Silent(servers, after),
    }
}

/// The name servers that the system asks.
fn name_servers() -> Vec<String> {
    let text = fs::read_to_string(SERVERS).unwrap_or_default();
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
    fn one_kind_of_address_is_enough() {
        let unknown = || Some(Err(NameFault::Unknown));
        let failing = || Some(Err(NameFault::NoServer));
        let none = || Some(Ok(Vec::new()));
        for (v4, v6, outcome) in [
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
            assert_eq!(verdict(v4.clone(), v6.clone()), outcome, "{v4:?} {v6:?}");
        }
    }

    #[test]
    fn the_names_of_this_machine_are_found_and_numbers_are_not_looked_up() {
        let names = Names::start().unwrap();
        let found = names.look_up("localhost", 80, Duration::from_secs(10)).unwrap();
        assert!(found.contains(&"127.0.0.1:80".parse().unwrap()), "{found:?}");
        for address in ["127.0.0.1", "::1"] {
            let found = names.look_up(address, 80, Duration::ZERO).unwrap();
            assert_eq!(found[0].ip().to_string(), address);
        }
    }
}
