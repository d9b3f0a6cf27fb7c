//! What happens in a round, chosen by the seed and the number of the round.

use std::fmt;
use std::time::Duration;

use super::packs::PACKS;
use crate::random::Random;

/// Actors of a round.
const ACTORS: usize = 4;
/// What each of them does with its packs, at most.
const DEEDS: usize = 5;
/// The latest moment of a kill, in milliseconds: after most imports and removals.
const LATEST_KILL: usize = 120;
/// The time after the beginning of a round in which licd is killed, in milliseconds.
const LICD_KILL: usize = 1500;
/// A deed in this many is killed.
const KILLED: usize = 8;
/// Rounds until the same garbage returns; rounds without a load have it.
const GARBAGE: u64 = 20;
/// The place of garbage that is copied into the store among them, and that of garbage that is imported.
const COPIED: u64 = 5;
const IMPORTED: u64 = 15;

/// What happens in a round.
#[derive(Debug, Clone)]
pub(super) struct Round {
    pub(super) number: u64,
    pub(super) load: Load,
    /// What each actor does, one after the other.
    pub(super) actors: Vec<Vec<Deed>>,
    /// When licd is killed.
    pub(super) kill: Option<Duration>,
    /// Garbage that a person copies into the store before the round.
    pub(super) copied: Garbage,
}

/// What loads the bus during a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    None,
    /// Callers that send calls and disconnect before their answers.
    Vanishing,
    /// A thousand callers at once.
    Crowd,
    /// Programs that call without end, by the kinds of the program `flood`.
    Flood([&'static str; 2]),
    /// Imports of descriptors that give nothing.
    Stalled,
}

/// Whether there are garbage files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Garbage {
    None,
    Files,
}

/// What an actor does.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    /// Something with a pack of its own.
    Pack { pack: usize, what: What, by: By },
    /// Removes all packs of a class, or all.
    Sweep { selector: &'static str, by: By },
    /// Imports the trust document this many versions after the newest that was issued.
    Trust { ahead: u64, by: By },
    /// Sets a removal profile for PowerTerm, which a start carries out, and lifts it.
    Profile,
    /// Switches the clean-up of superseded files off and on.
    CleanUp,
    /// Imports garbage files.
    Garbage { by: By },
    /// Asks licd to look at everything again.
    Refresh,
}

/// What is done with a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Imports its next serial.
    Renew,
    /// Imports its newest serial again.
    Again,
    /// The same as a file that was found, which brings back nothing that was removed.
    Find,
    /// Imports the serial before the newest.
    Old,
    /// Removes it.
    Remove,
}

/// How licctl is run.
#[derive(Debug, Clone, Copy)]
pub(super) struct By {
    pub(super) way: Way,
    /// When it is killed.
    pub(super) kill: Option<Duration>,
}

/// The way of licctl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Through licd, if it runs.
    Bus,
    /// On the store, without licd.
    Direct,
}

/// The life of licd in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// One of many: it is killed in some rounds, and restarted.
    Short,
    /// The last, so many rounds old. It begins with garbage, so that its later memory can be compared.
    Last(u64),
}

impl Round {
    /// The round with this number.
    pub(super) fn new(seed: u64, number: u64, life: Life) -> Self {
        // Mixed, so that no two rounds choose from the same sequence.
        let mut random = Random(Random(seed ^ Random(number).next()).next());
        let load = Load::new(number, &mut random);
        let mut packs: Vec<usize> = (0..PACKS).collect();
        let mut actors: Vec<_> = (0..ACTORS)
            .map(|_| {
                let own: Vec<_> = (0..PACKS / ACTORS)
                    .map(|_| packs.swap_remove(random.below(packs.len())))
                    .collect();
                deeds(&own, &mut random)
            })
            .collect();
        actors.push(vec![common(&mut random)]);
        if number % GARBAGE == IMPORTED {
            actors.push(vec![Deed::Garbage { by: By::new(&mut random) }]);
        }
        let kill = (life == Life::Short && random.below(2) == 0)
            .then(|| milliseconds(random.below(LICD_KILL)));
        let copied = match number % GARBAGE == COPIED || life == Life::Last(0) {
            true => Garbage::Files,
            false => Garbage::None,
        };
        Self { number, load, actors, kill, copied }
    }

    /// The selector of the packs that one actor removes, if one does. A profile does so only at the
    /// start of licd.
    pub(super) fn sweep(&self) -> Option<&'static str> {
        self.deeds().find_map(|deed| match deed {
            Deed::Sweep { selector, .. } => Some(*selector),
            Deed::Profile => self.kill.map(|_| "powerterm"),
            _ => None,
        })
    }

    /// Whether a licctl is killed.
    pub(super) fn kills_licctl(&self) -> bool {
        self.deeds().any(|deed| deed.by().is_some_and(|by| by.kill.is_some()))
    }

    fn deeds(&self) -> impl Iterator<Item = &Deed> {
        self.actors.iter().flatten()
    }
}

/// What an actor does with its packs.
fn deeds(own: &[usize], random: &mut Random) -> Vec<Deed> {
    (0..=random.below(DEEDS))
        .map(|_| Deed::Pack {
            pack: own[random.below(own.len())],
            what: What::new(random),
            by: By::new(random),
        })
        .collect()
}

/// What concerns packs of every actor, or none.
fn common(random: &mut Random) -> Deed {
    let by = By::new(random);
    match random.below(8) {
        0 | 1 => {
            let selectors = ["all", "evaluation", "workspace-edition", "powerterm"];
            Deed::Sweep { selector: selectors[random.below(selectors.len())], by }
        }
        2..=4 => Deed::Trust { ahead: u64::try_from(1 + random.below(3)).unwrap(), by },
        5 => Deed::Profile,
        6 => Deed::CleanUp,
        _ => Deed::Refresh,
    }
}

impl Deed {
    fn by(&self) -> Option<By> {
        match self {
            Self::Pack { by, .. } | Self::Sweep { by, .. } | Self::Trust { by, .. } => Some(*by),
            Self::Garbage { by } => Some(*by),
            Self::Profile | Self::CleanUp | Self::Refresh => None,
        }
    }
}

impl Load {
    /// Each kind returns after five rounds.
    fn new(number: u64, random: &mut Random) -> Self {
        const FLOODS: [&str; 9] =
            ["small", "status", "objects", "silent", "slow", "long", "descriptors", "odd", "deaf"];
        match number % 5 {
            1 => Self::Vanishing,
            2 => Self::Crowd,
            3 => Self::Flood(["small", FLOODS[random.below(FLOODS.len())]]),
            4 => Self::Stalled,
            _ => Self::None,
        }
    }
}

impl What {
    fn new(random: &mut Random) -> Self {
        match random.below(10) {
            0..=3 => Self::Renew,
            4 => Self::Again,
            5 | 6 => Self::Find,
            7 => Self::Old,
            _ => Self::Remove,
        }
    }
}

impl By {
    fn new(random: &mut Random) -> Self {
        let way = if random.is_heads() { Way::Bus } else { Way::Direct };
        let kill = (random.below(KILLED) == 0).then(|| milliseconds(random.below(LATEST_KILL)));
        Self { way, kill }
    }
}

fn milliseconds(count: usize) -> Duration {
    Duration::from_millis(count.try_into().unwrap())
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "round {}: {:?}", self.number, self.load)?;
        if self.copied == Garbage::Files {
            write!(f, "; garbage copied into the store")?;
        }
        if let Some(when) = self.kill {
            write!(f, "; licd killed after {when:?}")?;
        }
        for actor in &self.actors {
            let deeds: Vec<_> = actor.iter().map(Deed::to_string).collect();
            write!(f, "; {}", deeds.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pack { pack, what, .. } => write!(f, "{what:?} pack {pack}")?,
            Self::Sweep { selector, .. } => write!(f, "remove {selector}")?,
            Self::Trust { ahead, .. } => write!(f, "trust {ahead} ahead")?,
            Self::Profile => write!(f, "profile")?,
            Self::CleanUp => write!(f, "clean-up")?,
            Self::Garbage { .. } => write!(f, "garbage")?,
            Self::Refresh => write!(f, "refresh")?,
        }
        let Some(by) = self.by() else { return Ok(()) };
        if by.way == Way::Direct {
            write!(f, " directly")?;
        }
        by.kill.map_or(Ok(()), |when| write!(f, " killed after {when:?}"))
    }
}
