//! What is remembered of the time from one reading to the next, and over restarts.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::time::Duration;

use license_format::UnixSeconds;

use super::attested::{Attested, LEADS, Lead, Signer};
use super::{TOLERANCE, later};

/// How long a start has to last until it is written down, and how often marks are written while the
/// power may be cut on purpose.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// One start of the system, by the kernel's random ID.
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

/// A moment of running time, which goes on while the machine is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The start of the system that time is counted from; `None` if it has no name.
    pub boot: Option<BootId>,
    /// Time since that start (`CLOCK_BOOTTIME`).
    pub uptime: Duration,
}

impl Moment {
    /// The time that the machine is known to have run since an earlier moment: after a restart,
    /// what has passed since.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Duration {
        if self.restarted_since(earlier) { self.uptime } else { self.uptime - earlier.uptime }
    }

    /// Whether the system was started again in between. Two starts without a name are told apart if
    /// the clock began anew.
    fn restarted_since(&self, earlier: &Self) -> bool {
        self.boot != earlier.boot || self.uptime < earlier.uptime
    }
}

/// What is remembered of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// When all this held.
    pub at: Moment,
    /// The latest time of the image or of a time server.
    pub floor: UnixSeconds,
    /// The image was dated so, and that was found to be in the future: nothing that is dated up to
    /// here is evidence. [`Marks::NEVER`] if it was not.
    pub refuted: UnixSeconds,
    /// Trusted time without documents, as of `at`.
    pub trusted: UnixSeconds,
    /// The last-seen mark: the time judged at without documents. At most [`TOLERANCE`] after
    /// `trusted`.
    pub seen: UnixSeconds,
    /// What documents know beyond that, by signer. A signer that is out of force is left out and kept,
    /// since a newer trust document may name it again.
    pub leads: [Option<Lead>; LEADS],
    /// A clock that is too far ahead to be believed yet.
    pub jump: Option<Jump>,
    /// Whether there was ever a clock that was not behind the floor.
    pub found: bool,
    /// Whether the power was cut since the clock was last synchronised.
    pub cut: bool,
    /// Whether the system was shut down after this was written.
    pub clean: bool,
}

/// A clock that is more than [`TOLERANCE`] ahead of trusted time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jump {
    /// The least it has shown since it went ahead, as of [`Marks::at`].
    pub claims: UnixSeconds,
    /// How long the machine has run with it.
    pub held: Duration,
}

impl Marks {
    /// Before every time that matters here.
    pub const NEVER: UnixSeconds = UnixSeconds(0);

    /// What a device remembers that knows nothing of the time.
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

    /// The same at a later moment, if the clock has gone on as it did; and how long that is.
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

    /// What documents know beyond the rest.
    pub(super) fn leads(&self) -> impl Iterator<Item = &Lead> {
        self.leads.iter().flatten()
    }

    /// The latest of a kind of time, with documents and without.
    fn latest(&self, of: fn(&Lead) -> UnixSeconds, without: UnixSeconds) -> UnixSeconds {
        self.leads().map(of).fold(without, UnixSeconds::max)
    }

    /// What was found to be from the future, by signer.
    fn refutations(&self) -> BTreeSet<(Option<Signer>, UnixSeconds)> {
        let leads = self.leads().map(|lead| (Some(lead.by), lead.refuted));
        leads.chain([(None, self.refuted)]).filter(|(_, at)| *at > Self::NEVER).collect()
    }

    /// Changes the lead of every signer that is in force or remembered. Those that then tell nothing
    /// are dropped, and if there are too many those that are out of force.
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

    /// What to write when the system is shut down.
    #[must_use]
    pub fn at_rest(self) -> Self {
        Self { clean: true, ..self }
    }

    /// Running time until these marks are to be written, if `written` is what was written last;
    /// zero: now.
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
