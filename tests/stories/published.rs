//! The files in `/run/licd` that other programs read.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::world::masked;
use acceptance::{World, story, wait};
use serde_json::Value;

pub(crate) const STORIES: &[Story] = &[
    story!(the_published_report_is_world_readable_and_matches_the_daemons_answer),
    story!(exactly_the_allowed_features_have_a_file),
    story!(published_files_stay_when_the_daemon_stops),
    story!(a_reader_never_sees_half_a_report),
];

fn published(world: &World) -> Value {
    let text = fs::read_to_string(world.path("/run/licd/status.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn features(world: &World) -> Vec<String> {
    let entries = fs::read_dir(world.path("/run/licd/features")).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn allowed(status: &Value) -> Vec<String> {
    let features = status["features"].as_object().unwrap();
    let allowed = features.iter().filter(|(_, feature)| feature["allowed"] == true);
    allowed.map(|(name, _)| name.clone()).collect()
}

fn the_published_report_is_world_readable_and_matches_the_daemons_answer() {
    let world = World::new();
    let daemon = world.start();
    assert_eq!(masked(published(&world)), daemon.report());
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    // The published report is current when the verdict returns.
    assert_eq!(masked(published(&world)), daemon.report());
    assert_eq!(published(&world)["state"], "valid");
    for (path, mode) in
        [("/run/licd", 0o755), ("/run/licd/status.json", 0o644), ("/run/licd/features", 0o755)]
    {
        let found = fs::metadata(world.path(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{path}");
    }
}

fn exactly_the_allowed_features_have_a_file() {
    let world = World::new();
    let daemon = world.start();
    assert_eq!(features(&world), allowed(&daemon.status()));
    assert!(!features(&world).contains(&"custom-partition".to_owned()));
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    assert_eq!(features(&world), allowed(&daemon.status()));
    assert!(features(&world).contains(&"custom-partition".to_owned()));
    let file = fs::metadata(world.path("/run/licd/features/custom-partition")).unwrap();
    assert!(file.is_file() && file.len() == 0);
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    assert_eq!(features(&world), allowed(&daemon.status()));
    // The next start deletes files left by an earlier version.
    assert!(daemon.stop().success());
    world.write("/run/licd/features/custom-partition", "");
    let daemon = world.start();
    assert_eq!(features(&world), allowed(&daemon.status()));
}

fn published_files_stay_when_the_daemon_stops() {
    let world = World::new();
    let daemon = world.start();
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    let (report, files) = (published(&world), features(&world));
    assert!(daemon.stop().success());
    assert_eq!((published(&world), features(&world)), (report, files));
}

fn a_reader_never_sees_half_a_report() {
    let world = World::new();
    let daemon = world.start();
    let file = world.file("a.lic", maker::licence().sign());
    let mut seen = 0;
    for round in 0..10 {
        std::thread::scope(|scope| {
            let change = scope.spawn(|| {
                let _ = daemon.licctl(["import", &file]).with_code(0);
                let _ = daemon.licctl(["remove", "all"]).with_code(0);
            });
            wait::until("the changes are made", || {
                assert_eq!(published(&world)["schema"], 1, "round {round}");
                seen += 1;
                change.is_finished().then_some(())
            });
        });
    }
    assert!(seen > 10);
}
