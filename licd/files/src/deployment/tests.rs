use super::*;
use std::fs;

const WE: &str = "WE-7Q2KD/183";
const NOON: UnixSeconds = UnixSeconds(1_795_348_800);

fn boot(first: &str) -> BootId {
    BootId::parse(&format!("{first}-7a6f-4c3e-9d2b-0123456789ab")).unwrap()
}

fn root() -> (tempfile::TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    let root = Root::new(dir.path()).unwrap();
    (dir, root)
}

#[test]
fn a_deployment_is_pending_until_the_system_starts_again() {
    let (_dir, root) = root();
    let (first, second) = (boot("5b1f1d0c"), boot("77777777"));
    let recorded = || Deployments::load(&root).unwrap().0;
    let is_pending = |boot| recorded().is_pending(boot);
    assert!(recorded().is_empty() && !is_pending(&first));
    remember(&root, &first, WE).unwrap();
    assert!(is_pending(&first));
    assert!(!is_pending(&second) && !recorded().is_empty());
    remember(&root, &second, "EMP-00001/1").unwrap();
    assert!(!is_pending(&first));
}

#[test]
fn what_users_decided_counts_until_the_system_starts_again() {
    let later = Plan::Later(Duration::from_secs(15_400));
    let again = Plan::Refused(Duration::ZERO);
    for (plan, kept) in [
        (later, later),
        (Plan::Agreed, Plan::Agreed),
        (Plan::Refused(Duration::from_secs(7)), again),
        (Plan::Cancelled, Plan::Cancelled),
        (Plan::Restart, Plan::Restart),
        (Plan::Asked(Duration::from_secs(7)), Plan::Open),
        (Plan::Notice(Duration::from_secs(7)), Plan::Open),
        (Plan::Open, Plan::Open),
    ] {
        let (_dir, root) = root();
        let (first, second) = (boot("5b1f1d0c"), boot("77777777"));
        remember(&root, &first, WE).unwrap();
        keep(&root, &first, plan).unwrap();
        assert_eq!(DeploymentMemory::load(&root, &first).unwrap().plan, kept, "{plan:?}");
        assert_eq!(DeploymentMemory::load(&root, &second).unwrap(), DeploymentMemory::default());
    }
}

#[test]
fn what_ordered_a_restart_never_orders_one_in_another_start() {
    let (_dir, root) = root();
    let (first, second) = (boot("5b1f1d0c"), boot("77777777"));
    let may_order = |boot: &BootId| DeploymentMemory::load(&root, boot).unwrap().may_order();
    assert!(!may_order(&first));
    remember(&root, &first, WE).unwrap();
    assert!(may_order(&first));
    order(&root, &first, &[WE.to_owned()], NOON).unwrap();
    // Refused, it is tried again; it is the same order.
    assert!(may_order(&first));
    remember(&root, &second, WE).unwrap();
    assert!(!may_order(&second));
    remember(&root, &second, "WE-7Q2KD/184").unwrap();
    assert!(may_order(&second));
}

#[test]
fn the_time_of_the_last_restart_is_known_in_later_starts() {
    let (_dir, root) = root();
    let (first, second) = (boot("5b1f1d0c"), boot("77777777"));
    let since = |boot: &BootId, seconds| {
        DeploymentMemory::load(&root, boot).unwrap().since_restart(NOON.plus(seconds))
    };
    assert_eq!(since(&second, 60), None);
    order(&root, &first, &["EMP-R9HXH/7".to_owned()], NOON.plus(-3600)).unwrap();
    order(&root, &first, &[WE.to_owned()], NOON).unwrap();
    assert_eq!(since(&first, 60), None);
    assert_eq!(since(&second, 60), Some(Duration::from_secs(60)));
    assert_eq!(since(&second, -60), Some(Duration::ZERO));
}

#[test]
fn the_memory_does_not_grow_without_end() {
    let (_dir, root) = root();
    for number in 0..70 {
        let name = format!("WE-7Q2KD/{number}");
        remember(&root, &boot("5b1f1d0c"), &name).unwrap();
        order(&root, &boot("5b1f1d0c"), &[name], NOON).unwrap();
    }
    let known = StateFile::<Known>::load(&root).unwrap().0.known;
    assert_eq!((known.deployments.len(), known.ordered.len()), (REMEMBERED, REMEMBERED));
    assert_eq!(known.deployments.last().unwrap(), "WE-7Q2KD/69");
    assert_eq!(known.ordered.last().unwrap().deployment, "WE-7Q2KD/69");
}

#[test]
fn a_damaged_memory_is_set_aside_with_a_word() {
    let (dir, root) = root();
    fs::create_dir_all(dir.path().join("var/lib/licd")).unwrap();
    fs::write(root.path(Known::FILE), "nonsense").unwrap();
    let (deployments, warning) = Deployments::load(&root).unwrap();
    assert!(!deployments.is_pending(&boot("5b1f1d0c")));
    assert!(warning.unwrap().to_string().contains("no restart"));
}

#[test]
fn one_damaged_file_brings_no_second_restart() {
    let (_dir, root) = root();
    let (first, second) = (boot("5b1f1d0c"), boot("77777777"));
    remember(&root, &first, WE).unwrap();
    order(&root, &first, &[WE.to_owned()], NOON).unwrap();
    fs::write(root.path(Known::FILE), "nonsense").unwrap();
    remember(&root, &second, WE).unwrap();
    assert!(!DeploymentMemory::load(&root, &second).unwrap().may_order());
}
