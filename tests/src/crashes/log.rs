//! What the kernel wrote to two media, in order, and every content that a loss of power can leave.
//!
//! A medium may keep what it was given since its last flush in its cache, write it in any order, and
//! lose power in the middle of a write, between two sectors.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use crate::random::Random;

/// Bytes that a medium writes whole or not at all.
const SECTOR: usize = 512;
/// The second of the two sectors of an ext4 superblock. The kernel relies on both being written or
/// none: the checksum of both is in the second, and the smallest file systems have no other copy.
const SUPERBLOCK_END: usize = 3;

/// One of the two media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The licence partition.
    License,
    /// The partition with `/var/lib/licd` and `/etc/licd`.
    Memory,
}

/// What happened, in the order in which the kernel asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes were written.
    Write {
        /// To this medium.
        to: Which,
        /// At this byte.
        at: usize,
        /// These.
        bytes: Vec<u8>,
    },
    /// The medium wrote everything that it was given before.
    Flush {
        /// This medium.
        of: Which,
    },
    /// The program reported success.
    Acknowledged,
}

/// The sectors of a medium that were written, by their numbers.
pub type Sectors<'a> = BTreeMap<usize, &'a [u8]>;

/// A recording.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// The contents of both media before the first event.
    pub before: [Vec<u8>; 2],
    /// The events.
    pub events: Vec<Event>,
}

/// What a loss of power left of the writes since the last flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// All of them.
    All,
    /// None.
    None,
    /// Some.
    Some,
    /// Some, and the last one in part.
    Torn,
}

/// A loss of power.
#[derive(Debug, Clone)]
pub struct Loss<'a> {
    /// The number of events before it.
    pub after: usize,
    /// What was left.
    pub left: Left,
    /// Whether the program had reported success.
    pub is_acknowledged: bool,
    /// What it left of both media.
    pub media: [Sectors<'a>; 2],
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "all",
            Self::None => "none",
            Self::Some => "some",
            Self::Torn => "torn",
        })
    }
}

impl fmt::Display for Loss<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { after, left, is_acknowledged, media: _ } = self;
        let when = if *is_acknowledged { "acknowledged" } else { "not acknowledged" };
        write!(f, "after {after} events, {when}, {left} of the writes since the last flush left")
    }
}

impl Log {
    /// Every loss of power with all or none of the writes since the last flush; and up to `variants`
    /// each, after every write, with some of them and with a torn one, chosen by `seed`. Losses that
    /// leave the same contents come once.
    #[must_use]
    pub fn losses(&self, variants: usize, seed: u64) -> Vec<Loss<'_>> {
        let mut replay = Replay::new(seed);
        let mut seen = HashSet::new();
        let mut losses = Vec::new();
        for (number, event) in self.events.iter().enumerate() {
            replay.step(event);
            let is_acknowledged = replay.is_acknowledged;
            replay.losses(variants, &mut |left, media| {
                if seen.insert((media.clone(), is_acknowledged)) {
                    losses.push(Loss { after: number + 1, left, is_acknowledged, media });
                }
            });
        }
        losses
    }

    /// The content of a medium after these sectors were written.
    #[must_use]
    pub fn content(&self, which: Which, sectors: &Sectors<'_>) -> Vec<u8> {
        let mut content = self.before[which as usize].clone();
        for (number, bytes) in sectors {
            let at = number * SECTOR;
            content[at..at + bytes.len()].copy_from_slice(bytes);
        }
        content
    }
}

/// The state of the media at an event.
struct Replay<'a> {
    flushed: [Sectors<'a>; 2],
    /// The writes since the last flush of their medium.
    pending: Vec<Write<'a>>,
    is_acknowledged: bool,
    random: Random,
}

#[derive(Debug, Clone, Copy)]
struct Write<'a> {
    to: Which,
    at: usize,
    bytes: &'a [u8],
}

impl<'a> Write<'a> {
    fn sectors(self) -> usize {
        self.bytes.len().div_ceil(SECTOR)
    }

    /// Writes those of the sectors that `is_written`.
    fn apply(self, media: &mut [Sectors<'a>; 2], mut is_written: impl FnMut(usize) -> bool) {
        // The kernel writes whole sectors.
        assert_eq!((self.at % SECTOR, self.bytes.len() % SECTOR), (0, 0));
        let mut was_written = false;
        for (number, bytes) in self.bytes.chunks(SECTOR).enumerate() {
            let sector = self.at / SECTOR + number;
            let is_rest = number > 0 && sector == SUPERBLOCK_END;
            was_written = if is_rest { was_written } else { is_written(number) };
            if was_written {
                media[self.to as usize].insert(sector, bytes);
            }
        }
    }
}

impl<'a> Replay<'a> {
    fn new(seed: u64) -> Self {
        let (flushed, random) = (<[Sectors<'a>; 2]>::default(), Random(seed));
        Self { flushed, pending: Vec::new(), is_acknowledged: false, random }
    }

    fn step(&mut self, event: &'a Event) {
        match event {
            Event::Write { to, at, bytes } => self.pending.push(Write { to: *to, at: *at, bytes }),
            Event::Flush { of } => {
                let flushed = &mut self.flushed;
                self.pending.extract_if(.., |write| write.to == *of).for_each(|write| {
                    write.apply(flushed, |_| true);
                });
            }
            Event::Acknowledged => self.is_acknowledged = true,
        }
    }

    /// What is flushed, and those of the `writes` that `is_written`.
    fn with(
        &self,
        writes: &[Write<'a>],
        mut is_written: impl FnMut(usize) -> bool,
    ) -> [Sectors<'a>; 2] {
        let mut media = self.flushed.clone();
        for (number, write) in writes.iter().enumerate() {
            if is_written(number) {
                write.apply(&mut media, |_| true);
            }
        }
        media
    }

    /// What a loss of power may leave now.
    fn losses(&mut self, variants: usize, add: &mut impl FnMut(Left, [Sectors<'a>; 2])) {
        let (pending, mut random) = (self.pending.clone(), self.random.clone());
        add(Left::All, self.with(&pending, |_| true));
        add(Left::None, self.flushed.clone());
        // One bit for each write.
        let subsets = 1_usize.checked_shl(pending.len() as u32).unwrap_or(usize::MAX);
        if subsets <= variants {
            (1..subsets).for_each(|subset| {
                add(Left::Some, self.with(&pending, |number| subset >> number & 1 == 1));
            });
        } else {
            (0..variants).for_each(|_| {
                add(Left::Some, self.with(&pending, |_| random.is_heads()));
            });
        }
        if let [others @ .., last] = &*pending {
            self.torn(others, *last, variants, &mut random, add);
        }
        self.random = random;
    }

    /// What a torn last write may leave: its first sectors with all writes before it, and any sectors
    /// with some other writes.
    fn torn(
        &self,
        others: &[Write<'a>],
        last: Write<'a>,
        variants: usize,
        random: &mut Random,
        add: &mut impl FnMut(Left, [Sectors<'a>; 2]),
    ) {
        let sectors = last.sectors();
        for variant in 1..=variants.min(sectors - 1) {
            let end = if sectors <= variants { variant } else { 1 + random.below(sectors - 1) };
            let mut media = self.with(others, |_| true);
            last.apply(&mut media, |number| number < end);
            add(Left::Torn, media);
            let mut media = self.with(others, |_| random.is_heads());
            last.apply(&mut media, |_| random.is_heads());
            add(Left::Torn, media);
        }
    }
}
