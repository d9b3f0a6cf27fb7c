//! Marks of the time, kept between readings and across restarts.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::time::Duration;

use license_format::UnixSeconds;

use super::attested::{Attested, LEADS, Lead, Signer};
use super::{TOLERANCE, later};

/// How long a start must last before marks are written, and the write interval after a power cut.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A start of the system, identified by the kernel's random ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BootId([u8; 36]);

impl BootId {
    /// Reads the kernel's spelling, a UUID in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id: [u8; 36] = text.as_bytes().try_into().ok()?;
        let fits = |(place, byte): (usize, &u8)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        };
        id.iter().enumerate().all(fits).then_some(Self(id))
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| f.write_char(char::from(*byte)))
    }
}

/// A moment in running time, which includes suspend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The start that time counts from; `None` if the kernel gives no ID.
    pub boot: Option<BootId>,
    /// Time since that start (`CLOCK_BOOTTIME`).
    pub uptime: Duration,
}

impl Moment {
    /// The time that the machine has certainly run since an earlier moment; after a restart, the
    /// time since the start.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Duration {
        if self.restarted_since(earlier) { self.uptime } else { self.uptime - earlier.uptime }
    }

    /// Whether the system restarted in between. Without IDs, a clock that began anew tells two
    /// starts apart.
    fn restarted_since(&self, earlier: &Self) -> bool {
        self.boot != earlier.boot || self.uptime < earlier.uptime
    }
}

/// The remembered time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// The moment of these marks.
    pub at: Moment,
    /// The latest time of the image or of a time server.
    pub floor: UnixSeconds,
    /// An image date refuted by synchronised time: dates up to here are no evidence.
    /// [`Marks::NEVER`] if none was.
    pub refuted: UnixSeconds,
    /// Trusted time without documents, as of `at`.
    pub trusted: UnixSeconds,
    /// The last-seen mark: the time judged at without documents, at most [`TOLERANCE`] after
    /// `trusted`.
    pub seen: UnixSeconds,
    /// Leads by signer. A signer out of force is kept but not counted, since a newer trust document
    /// may name it again.
    pub leads: [Option<Lead>; LEADS],
    /// A clock too far ahead to be believed yet.
    pub jump: Option<Jump>,
    /// Whether a clock at or after the floor was ever found.
    pub found: bool,
    /// Whether the power was cut since the last synchronisation.
    pub cut: bool,
    /// Whether the system was shut down after this write.
    pub clean: bool,
}

/// A clock that is more than [`TOLERANCE`] ahead of trusted time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jump {
    /// Its lowest reading since it went ahead, as of [`Marks::at`].
    pub claims: UnixSeconds,
    /// How long the machine has run with it.
    pub held: Duration,
}

impl Marks {
    /// Before every possible time.
    pub const NEVER: UnixSeconds = UnixSeconds(0);

    /// The marks of a device that knows nothing of the time.
    pub(super) fn blank(at: Moment) -> Self {
        Self {
            at,
            floor: Self::NEVER,
            refuted: Self::NEVER,
            trusted: Self::NEVER,
            seen: Self::NEVER,
            leads: [None; LEADS],
            jump: None,
            found: false,
            cut: false,
            clean: true,
        }
    }

    /// These marks at a later moment, and the running time since.
    pub(super) fn carried_to(&self, at: Moment) -> (Self, Duration) {
        let ran = at.since(&self.at);
        let jump = self.jump.map(|jump| Jump {
            claims: later(jump.claims, ran),
            held: jump.held.saturating_add(ran),
        });
        let cut = self.cut || (at.restarted_since(&self.at) && !self.clean);
        let trusted = later(self.trusted, ran);
        let lead = |lead: Lead| Lead { trusted: later(lead.trusted, ran), ..lead };
        let leads = self.leads.map(|kept| kept.map(lead));
        (Self { at, trusted, leads, jump, cut, clean: false, ..*self }, ran)
    }

    /// The leads of all signers.
    pub(super) fn leads(&self) -> impl Iterator<Item = &Lead> {
        self.leads.iter().flatten()
    }

    /// The latest time of one kind, with and without documents.
    fn latest(&self, of: fn(&Lead) -> UnixSeconds, without: UnixSeconds) -> UnixSeconds {
        self.leads().map(of).fold(without, UnixSeconds::max)
    }

    /// Refuted dates by signer.
    fn refutations(&self) -> BTreeSet<(Option<Signer>, UnixSeconds)> {
        let leads = self.leads().map(|lead| (Some(lead.by), lead.refuted));
        let mut found = BTreeSet::new();
        found.extend(leads.chain([(None, self.refuted)]).filter(|(_, at)| *at > Self::NEVER));
        found
    }

    /// Updates the lead of each signer in force or remembered. Drops leads that add nothing, and,
    /// beyond the limit, those out of force.
    pub(super) fn change_leads(&mut self, attested: &Attested, change: impl Fn(Lead) -> Lead) {
        let known = self.leads;
        let known = || known.iter().flatten().copied();
        let in_force = attested.signers.iter().map(|(signer, _)| *signer);
        let in_force = in_force
            .map(|signer| known().find(|lead| lead.by == signer).unwrap_or(Lead::none(signer)));
        let others = known().filter(|lead| !attested.is_in_force(lead.by));
        let changed = in_force.chain(others).map(change);
        let mut left = changed.filter(|lead| lead.matters(self)).collect::<Vec<_>>().into_iter();
        self.leads = core::array::from_fn(|_| left.next());
    }

    /// The marks to write at shutdown.
    #[must_use]
    pub fn at_rest(self) -> Self {
        Self { clean: true, ..self }
    }

    /// Running time until these marks are due; zero means now. `written` is the last write.
    #[must_use]
    pub fn due_in(&self, written: Option<&Self>) -> Duration {
        let Some(written) = written else { return Duration::ZERO };
        let taken_back = self.refutations() != written.refutations()
            || later(self.latest(|lead| lead.seen, self.seen), HOUR)
                < written.latest(|lead| lead.seen, written.seen);
        let learnt = self.latest(|lead| lead.floor, self.floor)
            > later(written.latest(|lead| lead.floor, written.floor), TOLERANCE);
        if taken_back || learnt {
            return Duration::ZERO;
        }
        let anew = self.at.restarted_since(&written.at) || written.clean;
        let interval = if anew || self.cut { HOUR } else { TOLERANCE };
        interval.saturating_sub(self.at.since(&written.at))
    }
}
