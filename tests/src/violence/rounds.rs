//! A run from its first to its last round.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::actor::{Actor, PLAIN, Stage, Trust};
use super::load::{self, Sent};
use super::packs::{self, Held, PACKS, Packs};
use super::plan::{Garbage, Life, Round};
use super::quiet::Remains;
use super::usage::Usage;
use super::watch::{Asked, COPIED, Watch, call_when_free};
use crate::client::Client;
use crate::daemon::Daemon;
use crate::maker;
use crate::random::Random;
use crate::wait;
use crate::world::World;

/// Garbage files of one import, or copied into the store at once.
const GARBAGE: usize = 10_000;
/// Rounds after which a licd has done everything once. Its memory is compared with that after them.
const WARM: u64 = 5;
/// The least of rounds in the last life of licd.
const LAST_LIFE: u64 = 2 * WARM;

/// A run of random violence.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Chooses what happens.
    pub seed: u64,
    /// How long it goes on: in the first half licd is killed and restarted, in the second it lives on.
    pub time: Duration,
    /// Receives a line for each round, before it begins.
    pub log: fn(&str),
}

/// What happened in a run.
#[derive(Debug, Default)]
pub struct Figures {
    rounds: u64,
    kills: u64,
    done: BTreeMap<String, u64>,
    sent: Sent,
    /// The most calls of floods in a second.
    rate: f64,
    looked: u64,
    asked: Asked,
    copied: u64,
    held: usize,
    usage: Option<(Usage, Usage)>,
}

impl Run {
    /// Does violence to a device without licences.
    ///
    /// # Panics
    /// If something is not as it must be; names it, the seed and the round.
    #[must_use]
    pub fn on(self, world: &World) -> Figures {
        let stage = Stage::new(world, self.seed);
        let figures = thread::scope(|scope| {
            let asking = scope.spawn(|| stage.watch.ask());
            let looking = scope.spawn(|| stage.watch.look());
            let going = stage.watch.goes_on_for();
            let figures = self.rounds(&stage);
            drop(going);
            asking.join().unwrap();
            looking.join().unwrap();
            figures
        });
        let mut figures = figures.unwrap_or_else(|wrong| panic!("{wrong}"));
        if let Some(partition) = world.file_system() {
            partition.unmount().unwrap();
            let check = Command::new("/sbin/e2fsck").arg("-fn").arg(partition.image()).output();
            let check = check.unwrap();
            assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
        }
        figures.done = stage.done.into_inner().unwrap();
        (figures.looked, figures.asked) = (stage.watch.looked(), stage.watch.asked());
        figures.held = stage.packs.held();
        figures
    }

    fn rounds(self, stage: &Stage<'_>) -> Result<Figures, String> {
        let began = Instant::now();
        let mut figures = Figures::default();
        let mut director = Director::new(stage);
        let mut of_last_life = 0;
        while began.elapsed() < self.time || of_last_life < LAST_LIFE {
            let is_last = began.elapsed() * 2 >= self.time || of_last_life > 0;
            let life = if is_last { Life::Last(of_last_life) } else { Life::Short };
            of_last_life += u64::from(is_last);
            let round = Round::new(self.seed, figures.rounds, life);
            (self.log)(&round.to_string());
            let wrong = director.play(&round, &mut figures);
            if !wrong.is_empty() {
                return Err(self.complaint(&round, &wrong));
            }
            if of_last_life == WARM {
                let usage = director.usage();
                figures.usage = Some((usage, usage));
            }
            figures.rounds += 1;
        }
        self.end(&mut director, figures)
    }

    /// Compares what licd uses with what it used before, and stops it.
    fn end(self, director: &mut Director<'_, '_>, mut figures: Figures) -> Result<Figures, String> {
        let last = figures.usage.map(|(first, _)| (first, director.usage()));
        figures.usage = last;
        let wrong = last.and_then(|(first, last)| last.wrong(first));
        let mut wrong: Vec<_> = wrong.into_iter().collect();
        director.restart();
        wrong.extend(director.stage.differences(&director.client, Remains::None));
        director.stop();
        wrong.extend(director.stage.watch.found());
        match &wrong[..] {
            [] => Ok(figures),
            wrong => Err(format!("seed {}, at the end: {}", self.seed, wrong.join("\n"))),
        }
    }

    fn complaint(self, round: &Round, wrong: &[String]) -> String {
        format!("seed {}, {round}:\n{}", self.seed, wrong.join("\n"))
    }
}

/// Directs the actors, and licd.
struct Director<'s, 'w> {
    stage: &'s Stage<'w>,
    client: Client,
    licd: Option<Daemon<'w>>,
    /// What it used when it had started.
    idle: Option<Usage>,
    /// Whether a program was killed since licd started.
    remains: Remains,
}

impl<'s, 'w> Director<'s, 'w> {
    fn new(stage: &'s Stage<'w>) -> Self {
        let client = Client::connect(stage.world.bus.address());
        let mut director = Self { stage, client, licd: None, idle: None, remains: Remains::None };
        director.start();
        director
    }

    fn start(&mut self) {
        let licd = self.stage.world.start();
        self.idle = Some(Usage::of(licd.pid()));
        self.licd = Some(licd);
        self.stage.watch.turns();
    }

    fn kill(&mut self) {
        self.stage.watch.turns();
        self.licd.take().unwrap().kill();
        // In a flood the bus takes a while to notice; licd would find its name taken and end.
        wait::until("the bus gives the name free", || (!self.client.is_owned()).then_some(()));
    }

    fn stop(&mut self) {
        self.stage.watch.turns();
        assert!(self.licd.take().unwrap().stop().success(), "licd does not end well");
    }

    fn restart(&mut self) {
        self.stop();
        self.start();
        self.remains = Remains::None;
    }

    fn usage(&self) -> Usage {
        Usage::settled(self.licd.as_ref().unwrap().pid(), self.idle.unwrap())
    }

    /// Plays a round; returns what was not as it must be.
    fn play(&mut self, round: &Round, figures: &mut Figures) -> Vec<String> {
        let stage = self.stage;
        if round.copied == Garbage::Files {
            stage.copy_garbage();
            figures.copied += u64::try_from(GARBAGE).unwrap();
        }
        let touched = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for (number, deeds) in round.actors.iter().enumerate() {
                let touched = &touched;
                scope.spawn(move || {
                    let own = Actor::new(stage, round, number).act(deeds);
                    touched.lock().unwrap().extend(own);
                });
            }
            let load = scope.spawn(|| load::run(stage.world, round, &stage.watch));
            if let Some(when) = round.kill {
                // A random moment, not a wait for something.
                thread::sleep(when);
                self.kill();
                self.start();
                figures.kills += 1;
            }
            figures.add(load.join().unwrap());
        });
        self.finish(round, &touched.into_inner().unwrap())
    }

    /// Brings a round to its end, and looks whether everything is right.
    fn finish(&mut self, round: &Round, touched: &[usize]) -> Vec<String> {
        let stage = self.stage;
        if let Some(selector) = round.sweep() {
            let after = if stage.watch.take_swept() { Held::Removed } else { Held::Either };
            stage.packs.sweep(selector, after, touched);
        }
        // A killed licd may have left the settings of the round.
        let _ = call_when_free(&self.client, "ApplySettings", &PLAIN);
        if let Err(refusal) = call_when_free(&self.client, "Refresh", &()) {
            stage.watch.wrong(format!("Refresh: {refusal:?}"));
        }
        if round.copied == Garbage::Files {
            stage.remove_garbage();
        }
        if round.kill.is_some() || round.kills_licctl() {
            self.remains = Remains::Possible;
        }
        if round.kill.is_some() {
            self.restart();
        }
        let mut wrong = stage.watch.found();
        wrong.extend(stage.differences(&self.client, self.remains));
        wrong
    }
}

impl<'w> Stage<'w> {
    fn new(world: &'w World, seed: u64) -> Self {
        let garbage = garbage(seed).enumerate();
        let garbage = garbage.map(|(n, content)| world.file(&format!("{COPIED}{n}.lic"), content));
        Self {
            world,
            packs: Packs::new(),
            trust: Trust::default(),
            watch: Watch::new(world),
            garbage: garbage.collect(),
            done: Mutex::default(),
        }
    }

    fn copy_garbage(&self) {
        self.world.by_hand(|licenses| {
            for (n, file) in self.garbage.iter().enumerate() {
                fs::copy(file, licenses.join(format!("{COPIED}{n}.lic"))).unwrap();
            }
        });
    }

    fn remove_garbage(&self) {
        self.world.by_hand(|licenses| {
            for n in 0..self.garbage.len() {
                fs::remove_file(licenses.join(format!("{COPIED}{n}.lic"))).unwrap();
            }
        });
    }
}

/// Files that are no licences: nothing, noise, licences that lack an end or have a wrong bit, and
/// licences by a key that is not trusted.
fn garbage(seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let mut random = Random(seed);
    let genuine = packs::document(0, 1).into_bytes();
    let strange = maker::licence().signed_by(&[&maker::stranger()]).into_bytes();
    (0..GARBAGE).map(move |_| match random.below(5) {
        0 => Vec::new(),
        1 => (0..random.below(900)).map(|_| random.next().to_le_bytes()[0]).collect(),
        2 => genuine[..random.below(genuine.len() - 1)].to_vec(),
        3 => {
            let mut wrong = genuine.clone();
            let at = random.below(wrong.len());
            wrong[at] ^= 1 << random.below(8);
            wrong
        }
        _ => strange.clone(),
    })
}

impl Figures {
    fn add(&mut self, sent: Sent) {
        self.sent.callers += sent.callers;
        self.sent.calls += sent.calls;
        self.sent.stalled += sent.stalled;
        let (calls, seconds) = sent.flood;
        if calls > 0 {
            self.rate = self.rate.max(f64::from(u32::try_from(calls).unwrap()) / seconds);
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, kills, sent, rate, looked, asked, copied, held, .. } = self;
        let longest = asked.longest.as_millis();
        let Sent { callers, calls, stalled, .. } = sent;
        writeln!(
            f,
            "{rounds} rounds; licd was killed {kills} times; {held} of {PACKS} packs held"
        )?;
        writeln!(
            f,
            "{callers} callers, {calls} calls, {rate:.0} a second at most, {stalled} stalled"
        )?;
        writeln!(
            f,
            "{copied} garbage files copied into the store; {looked} files of it looked at"
        )?;
        writeln!(f, "GetStatus answered {} times, after {longest} ms at most", asked.answers)?;
        for (what, count) in &self.done {
            writeln!(f, "{count:6} {what}")?;
        }
        if let Some((first, last)) = self.usage {
            writeln!(f, "licd, after its first rounds: {first}\nlicd, at the end: {last}")?;
        }
        Ok(())
    }
}
