//! Deployments: licences that came by a link of the settings and changed what is allowed. They want a
//! restart of the device. `licd_rules` plans it; this module records, shows and carries out the plan.

use std::fmt::Display;
use std::mem;
use std::time::Duration;

use licd_device::{Device, Problem, RestartProblem};
use licd_files::deployment::{self, DeploymentMemory};
use licd_files::publish::Directory;
use licd_fs::look::Looked;
use licd_machine::clock;
use licd_rules::{Answer, BootId, Code, DeploymentEvent as Event, Moment, Plan, Scene};
use license_format::PackId;

use super::Daemon;
use crate::bus::Bus;
use crate::dispatch;
use crate::shared::{LogindState, NO_RESTART, Published, Refusal, Reply};
use crate::{journal, notices};

/// The plan for the restart, and its facts.
#[derive(Default)]
pub(super) struct PendingRestart {
    /// Whether the record of this boot is still to be read.
    is_unread: bool,
    /// This boot, if it has an ID.
    boot: Option<BootId>,
    memory: DeploymentMemory,
    /// Deployments that are not in the plan yet, because the boot could not be read when they ended.
    unplanned: Vec<String>,
    /// Whether a question to logind is open.
    asking: bool,
    /// The running time before which logind is not asked again.
    retry: Duration,
    /// Why the restart is not possible now.
    problem: Option<Problem>,
    /// Whether an earlier run has published a plan.
    published: bool,
}

impl PendingRestart {
    /// Reads the record of this boot, now or as soon as that is possible.
    pub(super) fn load(device: &Device) -> Self {
        Self::read(device).unwrap_or_else(|unavailable| {
            complain(&unavailable);
            Self { is_unread: true, ..Self::default() }
        })
    }

    fn read(device: &Device) -> Looked<Self> {
        let Some(boot) = clock::reading(device.root())?.at.boot else { return Ok(Self::default()) };
        let memory = DeploymentMemory::load(device.root(), &boot)?;
        // What an earlier run has published is in the report until it is taken back.
        let earlier = device.published_restart()?;
        let published = earlier.is_some();
        let earlier = earlier.filter(|restart| restart.boot == boot.to_string());
        let problem = earlier.and_then(|restart| restart.problem);
        Ok(Self { boot: Some(boot), memory, published, problem, ..Self::default() })
    }

    /// The plan as a word.
    fn word(&self) -> &'static str {
        match self.memory.deployments.is_empty() {
            true => NO_RESTART,
            false => self.memory.plan.as_str(),
        }
    }
}

/// This boot and its running time. A boot without an ID cannot be distinguished from others: nothing is
/// recorded of it, and licd does not end it.
fn moment(device: &Device) -> Option<Moment> {
    Some(clock::reading(device.root()).map_err(|unavailable| complain(&unavailable)).ok()?.at)
}

fn complain(what: &impl Display) {
    log::warn!(MESSAGE_ID = journal::PROBLEM; "{what}");
}

/// The record of a deployment: the packs that it brought, each with the serial that counts.
pub(super) fn name(packs: &[PackId], now: &Published) -> String {
    let serial = |pack: &PackId| {
        let known = now.report.licenses.iter().filter(|license| license.pack == *pack);
        let newest = known.map(|license| license.serial).max();
        newest.map_or_else(|| pack.to_string(), |serial| format!("{pack}/{serial}"))
    };
    packs.iter().map(serial).collect::<Vec<_>>().join(" ")
}

/// The plan in words, for the journal.
fn described(plan: Plan) -> Option<&'static str> {
    Some(match plan {
        Plan::Open => return None,
        Plan::Asked(_) => "users are asked",
        Plan::Later(_) => "put off by a user",
        Plan::Notice(_) => "announced, to come in 60 seconds",
        Plan::Deferred(_) => {
            "put off until a user agrees, or until a day after the last restart by a deployment"
        }
        Plan::Agreed => "a user has agreed",
        Plan::Refused(_) => "is not possible now; licd tries again in a minute",
        Plan::Restart => "ordered",
        Plan::Cancelled => "cancelled by a user for this deployment",
    })
}

impl Daemon {
    /// A deployment has ended.
    pub(super) fn deployed(&mut self, name: &str) {
        log::info!(
            MESSAGE_ID = journal::RESTART;
            "{name}: deployed by a link of the settings; the device is to be restarted"
        );
        self.restart.unplanned.push(name.to_owned());
        self.catch_up();
    }

    /// Does what the boot could not be read for: reads its record, and plans the restart after deployments that
    /// have ended.
    fn catch_up(&mut self) {
        if self.restart.is_unread {
            let unplanned = mem::take(&mut self.restart.unplanned);
            self.restart = PendingRestart { unplanned, ..PendingRestart::load(&self.device) };
            if self.restart.is_unread {
                return self.poller.set_restart(Plan::RETRY);
            }
            self.publish_first_plan();
        }
        if self.restart.unplanned.is_empty() {
            return;
        }
        let Some(at) = moment(&self.device) else { return self.poller.set_restart(Plan::RETRY) };
        for name in mem::take(&mut self.restart.unplanned) {
            self.plan_deployment(name, &at);
        }
    }

    fn plan_deployment(&mut self, name: String, at: &Moment) {
        let Some(boot) = &at.boot else { return };
        if let Err(error) = deployment::remember(self.device.root(), boot, &name) {
            complain(&format!(
                "{error}; a restart of licd forgets that one of the device is pending"
            ));
        }
        let deployments = &mut self.restart.memory.deployments;
        if !deployments.contains(&name) {
            deployments.push(name);
            self.plan_after(Event::Deployed, at, &self.scene(at, None), None);
        }
    }

    /// Takes the next step of the restart, if it is due and licd is not busy.
    pub(super) fn plan_restart(&mut self) {
        self.catch_up();
        let pending = &self.restart;
        if pending.asking || pending.memory.deployments.is_empty() || !self.shared.published().whole
        {
            return;
        }
        let Some(at) = moment(&self.device) else { return self.poller.set_restart(Plan::RETRY) };
        let scene = self.scene(&at, None);
        if !scene.may_restart {
            return self.plan_after(Event::Time, &at, &scene, None);
        }
        let Some(due) = pending.memory.plan.due().map(|due| due.max(pending.retry)) else { return };
        match &self.bus {
            _ if due > at.uptime => self.poller.set_restart(due - at.uptime),
            // The end of the work calls this again.
            _ if scene.busy => {}
            Some(bus) => {
                bus.ask_logind();
                self.restart.asking = true;
            }
            None => self.poller.set_restart(Plan::RETRY),
        }
    }

    /// logind has reported sessions and inhibitors, or failed to.
    pub(super) fn logind_answered(&mut self, state: Result<LogindState, String>) {
        self.restart.asking = false;
        let Some(at) = moment(&self.device) else { return self.poller.set_restart(Plan::RETRY) };
        match state {
            Ok(state) => {
                let scene = self.scene(&at, Some(&state));
                let obstacle = state.inhibitor.map(RestartProblem::Blocked);
                self.plan_after(Event::Time, &at, &scene, obstacle);
            }
            Err(reason) => {
                self.restart.retry = at.uptime + Plan::RETRY;
                self.show_plan(Some(RestartProblem::NoLogind(reason)));
            }
        }
    }

    /// logind restarts the device, or has refused to.
    pub(super) fn restart_ordered(&mut self, outcome: Result<(), String>) {
        // Otherwise a refusal would be the end of it.
        let at = moment(&self.device).unwrap_or_else(|| clock::reading_without_files().at);
        match outcome {
            Ok(()) => self.keep_plan(&at),
            Err(reason) => {
                let obstacle = Some(RestartProblem::Refused(reason));
                self.plan_after(Event::Refused, &at, &self.scene(&at, None), obstacle);
            }
        }
    }

    /// An authorised user has answered.
    pub(super) fn answer_question(&mut self, answer: Answer, reply: Reply<()>) {
        let Some(at) = moment(&self.device).filter(|_| !self.restart.is_unread) else {
            let message = "restart: the running time cannot be read; try again later";
            return reply(Err(Refusal::new(Code::Busy, message)));
        };
        let memory = &self.restart.memory;
        if memory.deployments.is_empty() || !memory.plan.is_answerable() {
            return reply(Err(Refusal::Arguments("restart: no question is open".to_owned())));
        }
        self.plan_after(Event::Answered(answer), &at, &self.scene(&at, None), None);
        self.bus(|bus| bus.then(move || reply(Ok(()))));
    }

    /// The facts for the plan. Without an answer of logind there is no user and no inhibitor.
    fn scene(&self, at: &Moment, logind: Option<&LogindState>) -> Scene {
        let survey = &self.shared.published().survey;
        let may_order = at.boot.is_some() && self.restart.memory.may_order();
        Scene {
            uptime: at.uptime,
            since_restart: self.restart.memory.since_restart(clock::now()),
            may_restart: may_order && survey.config().deployment.restart,
            prompt: survey.settings().system.remotemanager.prompt_user_on_ums_actions,
            session: logind.is_some_and(|state| state.session),
            busy: self.state.is_busy(),
            inhibited: logind.is_some_and(|state| state.inhibitor.is_some()),
        }
    }

    /// Carries out the plan after this event. `obstacle`: what prevents the restart.
    fn plan_after(
        &mut self,
        event: Event,
        at: &Moment,
        scene: &Scene,
        obstacle: Option<RestartProblem>,
    ) {
        let before = self.restart.memory.plan;
        let mut plan = before.after(event, scene);
        self.restart.memory.plan = plan;
        let mut obstacle = obstacle;
        if plan == Plan::Restart && before != plan {
            obstacle = self.order_restart(at);
            if obstacle.is_some() {
                plan = plan.after(Event::Refused, scene);
                self.restart.memory.plan = plan;
            }
        }
        // A second “later” is a later time.
        if before.as_str() != plan.as_str() || matches!(event, Event::Answered(_)) {
            if let Some(described) = described(plan) {
                log::info!(MESSAGE_ID = journal::RESTART, LICD_PLAN = plan.as_str(); "restart: {described}");
            }
            // order_restart() and restart_ordered() record this one.
            if plan != Plan::Restart {
                self.keep_plan(at);
            }
        }
        self.show_plan(obstacle.filter(|_| matches!(plan, Plan::Refused(_))));
    }

    /// Records that a restart is ordered, then orders it; or returns why that is not possible.
    fn order_restart(&self, at: &Moment) -> Option<RestartProblem> {
        let (Some(boot), Some(bus)) = (&at.boot, &self.bus) else {
            return Some(RestartProblem::NoBus);
        };
        let deployments = &self.restart.memory.deployments;
        let ordered = deployment::order(self.device.root(), boot, deployments, clock::now());
        if ordered.is_ok() {
            bus.restart();
        }
        ordered.err().map(RestartProblem::Unrecorded)
    }

    fn keep_plan(&self, at: &Moment) {
        let Some(boot) = &at.boot else { return };
        if let Err(error) = deployment::keep(self.device.root(), boot, self.restart.memory.plan) {
            complain(&format!("{error}; a restart of licd asks users again"));
        }
    }

    /// Shows the plan and its problem, if they have changed.
    fn show_plan(&mut self, problem: Option<RestartProblem>) {
        let problem = problem.map(Problem::from);
        let is_news = problem != self.restart.problem;
        self.restart.problem = problem;
        if is_news || self.shared.plan() != self.restart.word() {
            self.publish_plan();
        }
        if is_news {
            // The report names the problem.
            self.queue.push_back(dispatch::Event::ProblemChanged);
        }
    }

    /// Shows the plan after a start, if there is one to show or to take back.
    pub(super) fn publish_first_plan(&mut self) {
        if self.restart.published || self.restart.word() != NO_RESTART {
            self.publish_plan();
        }
    }

    /// Shows the plan.
    fn publish_plan(&mut self) {
        let pending = &self.restart;
        let text = notices::restart(
            pending.boot.as_ref().map(BootId::to_string).unwrap_or_default(),
            pending.word(),
            pending.memory.plan,
            pending.problem.as_ref(),
        );
        self.shared.set_plan(pending.word());
        if let Err(error) = Directory::new(self.device.root()).publish_restart(&text) {
            self.complain(vec![format!("{error}; users are not asked about a restart")], false);
        }
        self.bus(Bus::plan_changed);
    }
}
