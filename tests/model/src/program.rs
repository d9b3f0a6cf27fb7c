//! The programs: which steps follow from what was read.

use crate::device::{Dir, Disk, Each, File, LICENCES, Licence, Trust};
use crate::seen::{Plan, Seen};
use crate::step::{Answer, Change, Step, Target};

/// A mistake that a program could have; the model must find each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It decides by what it read before it had the lock.
    ComparesOutsideTheLock,
    /// It notes what tells of changes only after it has read.
    StampsAfterReading,
    /// It gives a file its name before the content is flushed.
    RenamesUnflushed,
    /// It answers before the directory is flushed.
    LeavesDirectoriesUnflushed,
    /// It closes the window without flushing removals.
    LeavesRemovalsUnflushed,
    /// It removes licences first and remembers the removal afterwards.
    RemembersAfterRemoving,
    /// It remembers tombstones, but not the files of a removal that has begun.
    RemovesWithoutRecord,
    /// It does not finish a removal that was cut off.
    LeavesRemovalsUnfinished,
    /// It finishes a removal without flushing what the killed program left.
    TrustsTheKilled,
    /// It answers that a file is there, without flushing what a killed program may have left.
    AnswersUnflushed,
    /// It remembers what a file of the store does that is not flushed yet.
    RemembersUnflushed,
    /// It clears a replaced licence away while its successor is not flushed yet.
    ClearsBeforeFlushing,
    /// It does so in the window of the import that replaces the licence.
    ReplacesBeforeFlushing,
    /// An import remembers what its licence replaces before that is flushed.
    RecordsBeforeFlushing,
    /// It reads the memory before the licences of the store, and does not look whether the memory has
    /// changed since.
    ReadsMemoryFirst,
    /// It reads the memory only after the licences.
    ReadsMemoryLast,
    /// It takes a licence that goes while it reads for one that was never there.
    OverlooksWhatGoes,
    /// It does not close at its start what a crash left open.
    StartsWithoutSettling,
    /// It removes a licence without remembering what that one has replaced.
    ForgetsReplacements,
    /// It remembers no replacements at all.
    RemembersNoReplacements,
    /// It records what it has read although another program has written since.
    RecordsOldSurveys,
    /// It leaves the partition writable after an import of licences.
    LeavesThePartitionOpen,
    /// Its survey without the lock reads no trust document in the store.
    ReadsNoTrustOfTheStore,
    /// Its survey without the lock reads licences only, and nothing that was remembered.
    ReadsNoMemory,
}

/// What a program is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// Nothing more.
    Done,
    /// `import` of a trust document.
    ImportTrust(u8),
    /// `import` of licences by a person.
    Import(Each<bool>),
    /// The import of licences that were found on a stick or behind a link.
    Found(Each<bool>),
    /// `remove`.
    Remove(Each<bool>),
    /// The daemon's record of what it has read (`keep_past`).
    Keep,
    /// The daemon's clean-up of replaced licences, without a record before it.
    CleanUp,
    /// The start of a program, with the record that follows.
    Start,
    /// A survey without the lock.
    Survey,
}

/// How an import begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// It looks at the device, and again under the lock.
    #[default]
    LooksTwice,
    /// It takes the lock and looks at the device once (`import_at_once`).
    LooksOnce,
}

/// The steps of a survey. One for a write looks again under the lock, so its reading may be of several
/// moments.
fn survey(task: Task, flaw: Option<Flaw>) -> Vec<Step> {
    if task == Task::Survey {
        let reads_trust = flaw != Some(Flaw::ReadsNoTrustOfTheStore);
        let trust = [Step::ReadKept].into_iter().chain(reads_trust.then_some(Step::ReadTrust));
        return trust.chain(reading(flaw)).collect();
    }
    let mut steps =
        vec![Step::Stamp, Step::ReadKept, Step::ReadMemory, Step::ReadTrust, Step::List];
    steps.extend(LICENCES.map(Step::ReadLicence));
    if flaw == Some(Flaw::StampsAfterReading) {
        steps.rotate_left(1);
    }
    steps
}

/// Reading memory and licences, again if they have changed meanwhile.
pub fn reading(flaw: Option<Flaw>) -> Vec<Step> {
    let licences = LICENCES.map(Step::ReadLicence);
    let mut steps: Vec<Step> = [Step::List].into_iter().chain(licences).collect();
    match flaw {
        Some(Flaw::ReadsNoMemory) => {}
        Some(Flaw::ReadsMemoryLast) => steps.push(Step::ReadMemory),
        _ => steps.insert(0, Step::ReadMemory),
    }
    steps.push(Step::Confirm);
    steps
}

/// The steps that a task begins with. A start that finds the partition closed and no unfinished removal settles
/// after its survey, which does not read leftovers.
pub fn beginning(task: Task, way: Way, flaw: Option<Flaw>) -> Vec<Step> {
    let mut steps = Vec::new();
    let is_import = matches!(task, Task::Import(_) | Task::Found(_) | Task::ImportTrust(_));
    if is_import && way == Way::LooksOnce {
        steps.push(Step::Lock);
    }
    if task == Task::Start && flaw != Some(Flaw::StartsWithoutSettling) {
        let finish = [Step::Lock, Step::LookForRemoval, Step::Unlock];
        steps.extend([Step::LockToSettle, Step::Settle, Step::Unlock].into_iter().chain(finish));
    }
    if task != Task::Done {
        steps.extend(survey(task, flaw));
        steps.push(if task == Task::Survey { Step::Answer(Answer::Read) } else { Step::Foresee });
    }
    steps
}

/// The steps after a decision without the lock.
pub fn foreseen(task: Task, seen: &Seen, flaw: Option<Flaw>) -> Vec<Step> {
    let plan = seen.plan(task);
    let writes_trust = matches!(task, Task::Keep | Task::Start) && seen.trust > seen.kept;
    let learns = task != Task::CleanUp
        && !matches!(task, Task::Remove(_) | Task::ImportTrust(_))
        && seen.learns(task) != seen.memory.has_replaced;
    if plan != Plan::default() || writes_trust || learns {
        return vec![Step::Lock, Step::LookForRemoval, Step::Renew, Step::Decide];
    }
    answering(task, seen, plan, flaw)
}

/// The steps after a look under the lock. An interrupted removal is finished as by an import that looks twice.
pub fn looked(task: Task, disk: &Disk, flaw: Option<Flaw>) -> Vec<Step> {
    if disk.memory.now().is_removing() {
        return [Step::Unlock].into_iter().chain(beginning(task, Way::LooksTwice, flaw)).collect();
    }
    vec![Step::Decide]
}

/// Answering; what is there already may not be on the medium yet.
fn answering(task: Task, seen: &Seen, plan: Plan, flaw: Option<Flaw>) -> Vec<Step> {
    let answer = seen.answer(task, plan);
    let has_written = plan.trust.is_some() || plan.store != Each::default();
    let is_import = matches!(answer, Answer::Trust(_) | Answer::Stored(_));
    let flushes = is_import && !has_written && flaw != Some(Flaw::AnswersUnflushed);
    let flush = flushes.then_some(Step::FlushStore);
    flush.into_iter().chain([Step::Answer(answer)]).collect()
}

/// The steps after a decision under the lock.
pub fn decided(task: Task, seen: &Seen, disk: &Disk, flaw: Option<Flaw>) -> Vec<Step> {
    let plan = seen.plan(task);
    let mut steps = Vec::new();
    let is_old = !seen.is_current(disk) && flaw != Some(Flaw::RecordsOldSurveys);
    if matches!(task, Task::Keep | Task::Start) && is_old {
        // Another program has written; the daemon reads again.
        return vec![Step::Unlock, Step::Answer(Answer::Nothing)];
    }
    if let Some(version) = plan.trust {
        steps.push(Step::Open);
        steps.extend(replacing(Target::Trust(version), Dir::Store, flaw));
        steps.push(Step::Close);
        steps.extend(replacing(Target::Kept(Trust::Version(version)), Dir::State, flaw));
    }
    if plan.store != Each::default() {
        steps.extend(storing(task, seen, plan, flaw));
    }
    if plan.remove != Each::default() {
        steps.extend(removing(task, plan.remove, flaw));
    }
    if matches!(task, Task::Keep | Task::Start) && seen.trust > seen.kept {
        steps.extend(replacing(Target::Kept(seen.trust), Dir::State, flaw));
    }
    let learns = seen.learns(task);
    let is_news = plan.restore != Each::default() || learns != seen.memory.has_replaced;
    let is_remembered = plan.store != Each::default();
    let remembers = !matches!(task, Task::Remove(_) | Task::CleanUp | Task::ImportTrust(_));
    if is_news && remembers && !is_remembered {
        steps.extend(remembering(Change::Learn(plan.restore, learns), flaw));
    }
    steps.push(Step::Unlock);
    steps.extend(answering(task, seen, plan, flaw));
    steps
}

/// The steps of finishing a removal that was cut off (`finish_removal`).
pub fn finishing(disk: &Disk, flaw: Option<Flaw>) -> Vec<Step> {
    let memory = disk.memory.now();
    if !memory.is_removing() || flaw == Some(Flaw::LeavesRemovalsUnfinished) {
        return Vec::new();
    }
    let is_there = |licence: &Licence| {
        matches!(disk.files().of_one(*licence), File::Whole(inode)
            if *memory.removing.of_one(*licence) == Some(*inode))
    };
    let there: Vec<Licence> = LICENCES.into_iter().filter(is_there).collect();
    let flushes = flaw != Some(Flaw::TrustsTheKilled);
    let mut steps: Vec<Step> = flushes.then_some(Step::FlushRecord).into_iter().collect();
    if !there.is_empty() {
        steps.push(Step::Open);
        steps.extend(there.iter().map(|licence| Step::Unlink(*licence)));
        steps.extend(closing(flaw));
    }
    steps.extend(flushes.then_some(Step::FlushStore));
    steps.extend(replacing(Target::Memory(Change::Conclude), Dir::State, flaw));
    steps
}

/// Replacing a file (`licd/fs/src/atomic.rs`, `replace_at`).
fn replacing(target: Target, dir: Dir, flaw: Option<Flaw>) -> Vec<Step> {
    let mut steps = vec![Step::Write(target)];
    if flaw != Some(Flaw::RenamesUnflushed) {
        steps.push(Step::FlushFile);
    }
    steps.push(Step::Rename(target));
    if flaw != Some(Flaw::LeavesDirectoriesUnflushed) {
        steps.push(Step::FlushDir(dir));
    }
    steps
}

/// Remembering what the store shows (`licd/device/src/past.rs`, `record`).
fn remembering(change: Change, flaw: Option<Flaw>) -> Vec<Step> {
    let flush = (flaw != Some(Flaw::RemembersUnflushed)).then_some(Step::FlushStore);
    let write = replacing(Target::Memory(change), Dir::State, flaw);
    flush.into_iter().chain(write).collect()
}

/// Storing licences in one window (`licd/device/src/import/storing.rs`, `store_arrivals`). A person's import also
/// clears away what it replaces; one that was found does not, as on a device that keeps such licences.
///
/// The memory is written before the window, and flushed while it is open. It gets its name when the window is
/// closed, and its directory is not flushed: what it learns follows from licences that are flushed.
fn storing(task: Task, seen: &Seen, plan: Plan, flaw: Option<Flaw>) -> Vec<Step> {
    let mut steps = vec![Step::Prepare(Change::Learn(plan.restore, seen.learns(task)))];
    steps.extend((flaw != Some(Flaw::RenamesUnflushed)).then_some(Step::FlushPrepared));
    steps.push(Step::Open);
    steps.extend(adding(plan.store, flaw));
    let before_flush = steps.len() - 1;
    if plan.clears {
        let is_early = flaw == Some(Flaw::ReplacesBeforeFlushing);
        let place = if is_early { before_flush } else { steps.len() };
        steps.insert(place, Step::Unlink(Licence::Old));
    }
    steps.extend((flaw != Some(Flaw::LeavesThePartitionOpen)).then_some(Step::Close));
    let is_early = flaw == Some(Flaw::RecordsBeforeFlushing);
    let place = if is_early { before_flush } else { steps.len() };
    steps.insert(place, Step::Commit);
    steps
}

/// Creating several files together (`licd/fs/src/together.rs`, `create_all`): with one, the same.
fn adding(which: Each<bool>, flaw: Option<Flaw>) -> Vec<Step> {
    let chosen = LICENCES.into_iter().filter(|licence| *which.of_one(*licence));
    let each = chosen.map(|licence| replacing(Target::Licence(licence), Dir::Licences, flaw));
    let each: Vec<Vec<Step>> = each.collect();
    // The same step of each file before the next step of any; the directory is flushed once.
    let mut steps = Vec::new();
    for place in 0..each.iter().map(Vec::len).max().unwrap_or(0) {
        steps.extend(each.iter().filter_map(|one| one.get(place)));
    }
    steps.dedup();
    steps
}

/// Removing licences: on purpose (`remove_held`), or in a clean-up (`tidy_store`).
fn removing(task: Task, taken: Each<bool>, flaw: Option<Flaw>) -> Vec<Step> {
    let unlink = LICENCES.into_iter().filter(|licence| *taken.of_one(*licence)).map(Step::Unlink);
    let is_on_purpose = matches!(task, Task::Remove(_));
    let flushes = !is_on_purpose && flaw != Some(Flaw::ClearsBeforeFlushing);
    // What replaces them, and what an import remembers of that.
    let flush = [Step::FlushStore, Step::FlushRecord].into_iter().filter(|_| flushes);
    let mut steps: Vec<Step> = flush.chain([Step::Open]).collect();
    let intend = || remembering(Change::Intend(taken), flaw);
    let remembers_first = flaw != Some(Flaw::RemembersAfterRemoving);
    if is_on_purpose && remembers_first {
        steps.extend(intend());
    }
    steps.extend(unlink);
    if is_on_purpose && !remembers_first {
        steps.extend(intend());
    }
    steps.extend(closing(flaw));
    if is_on_purpose {
        steps.extend(replacing(Target::Memory(Change::Conclude), Dir::State, flaw));
    }
    steps
}

/// Closing a window that has removed something.
fn closing(flaw: Option<Flaw>) -> Vec<Step> {
    let flushes = flaw != Some(Flaw::LeavesRemovalsUnflushed);
    flushes.then_some(Step::FlushRemovals).into_iter().chain([Step::Close]).collect()
}
