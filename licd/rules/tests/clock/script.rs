//! A device whose clocks a test sets.

use std::time::Duration;

use licd_rules::{Attested, BootId, ClockState, Marks, Moment, Reading, Signer, TimeVerdict};
use license_format::UnixSeconds;

pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// The parts of a verdict that a test checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) now: UnixSeconds,
    pub(crate) state: ClockState,
    pub(crate) adopted_in: Option<Duration>,
}

/// A device that acts like the daemon: it reads the clock at every event and at every due time.
pub(crate) struct Script {
    pub(crate) wall: UnixSeconds,
    pub(crate) synchronized: bool,
    pub(crate) attested: Attested,
    pub(crate) writes: u32,
    boot: u32,
    uptime: i64,
    remembered: Option<Marks>,
    written: Option<Marks>,
    last: TimeVerdict,
}

impl Script {
    /// The first start.
    pub(crate) fn start(wall: UnixSeconds, synchronized: bool, image: Option<UnixSeconds>) -> Self {
        Self::start_with(wall, synchronized, Attested { image, signers: Vec::new() })
    }

    /// The same with documents at hand.
    pub(crate) fn start_with(wall: UnixSeconds, synchronized: bool, attested: Attested) -> Self {
        let at = Moment { boot: boot(0), uptime: Duration::ZERO };
        let last = Reading { wall, at, synchronized }.judge(None, &attested);
        let mut script = Self {
            wall,
            synchronized,
            attested,
            writes: 0,
            boot: 0,
            uptime: 0,
            remembered: None,
            written: None,
            last,
        };
        script.look();
        script
    }

    /// A document of this signer is there from now on, issued at this time.
    pub(crate) fn install(&mut self, by: Signer, issued: UnixSeconds) {
        let known = self.attested.signers.iter_mut().find(|(signer, _)| *signer == by);
        match known {
            Some((_, latest)) => *latest = issued.max(*latest),
            None => self.attested.signers.push((by, issued)),
        }
    }

    /// A newer trust document does not name this signer.
    pub(crate) fn revoke(&mut self, by: Signer) -> Shown {
        self.attested.signers.retain(|(signer, _)| *signer != by);
        self.look()
    }

    /// Looks at the clock, and writes if that is due.
    pub(crate) fn look(&mut self) -> Shown {
        let at = Moment { boot: boot(self.boot), uptime: Duration::from_secs(self.uptime as u64) };
        let reading = Reading { wall: self.wall, at, synchronized: self.synchronized };
        self.last = reading.judge(self.remembered.as_ref(), &self.attested);
        if self.synchronized {
            self.assert_same(&reading.judge(None, &self.attested));
        }
        self.remembered = Some(self.last.marks);
        if self.due_in() == 0 {
            self.write(self.last.marks);
        }
        self.shown()
    }

    /// A synchronised time is the same without the marks.
    fn assert_same(&self, without: &TimeVerdict) {
        let seen = |time: &TimeVerdict| (time.now, time.state, time.floor);
        assert_eq!(seen(without), seen(&self.last));
        for (signer, _) in &self.attested.signers {
            if let Signer::Key(key) = signer {
                assert_eq!(without.floor_of(*key), self.last.floor_of(*key));
            }
        }
    }

    /// The whole of the last verdict.
    pub(crate) fn verdict(&self) -> TimeVerdict {
        self.last
    }

    fn shown(&self) -> Shown {
        let TimeVerdict { now, state, adopted_in, .. } = self.last;
        Shown { now, state, adopted_in }
    }

    fn due_in(&self) -> i64 {
        self.last.marks.due_in(self.written.as_ref()).as_secs() as i64
    }

    fn write(&mut self, marks: Marks) {
        self.written = Some(marks);
        self.writes += 1;
    }

    /// Runs for this long; the wall clock goes on, too.
    pub(crate) fn run(&mut self, mut seconds: i64) -> Shown {
        while seconds > 0 {
            let adopted = self.last.adopted_in.map(|left| left.as_secs() as i64);
            let step = seconds.min(self.due_in()).min(adopted.unwrap_or(seconds)).max(1);
            self.uptime += step;
            self.wall = self.wall.plus(step);
            seconds -= step;
            self.look();
        }
        self.shown()
    }

    /// The same without a look in between.
    pub(crate) fn suspend(&mut self, seconds: i64) -> Shown {
        self.uptime += seconds;
        self.wall = self.wall.plus(seconds);
        self.look()
    }

    /// Shuts down and starts again with this wall clock.
    pub(crate) fn restart(&mut self, wall: UnixSeconds) -> Shown {
        self.write(self.last.marks.at_rest());
        self.begin(wall)
    }

    /// Starts again without having been shut down.
    pub(crate) fn cut(&mut self, wall: UnixSeconds) -> Shown {
        self.begin(wall)
    }

    fn begin(&mut self, wall: UnixSeconds) -> Shown {
        self.remembered = self.written;
        self.boot += 1;
        self.uptime = 0;
        self.wall = wall;
        self.synchronized = false;
        self.look()
    }

    /// Sets the clock.
    pub(crate) fn set(&mut self, wall: UnixSeconds) -> Shown {
        self.wall = wall;
        self.look()
    }

    /// A time server sets the clock.
    pub(crate) fn synchronize(&mut self, wall: UnixSeconds) -> Shown {
        self.synchronized = true;
        let verdict = self.set(wall);
        assert_eq!((verdict.state, verdict.now), (ClockState::Ok, wall));
        verdict
    }

    /// The time server falls silent.
    pub(crate) fn lose(&mut self) -> Shown {
        self.synchronized = false;
        self.look()
    }
}

fn boot(number: u32) -> Option<BootId> {
    BootId::parse(&format!("00000000-0000-4000-8000-{number:012x}"))
}
