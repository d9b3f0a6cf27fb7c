//! The download links that UMS writes to the settings (docs/ums-administrator.md, section 2).

use std::fs;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use acceptance::daemon::Daemon;
use acceptance::harness::Story;
use acceptance::maker::{self, EMP, OTHER, WE, licence};
use acceptance::server::{self, Server};
use acceptance::{World, story, wait};
use serde_json::Value;

pub(crate) const STORIES: &[Story] = &[
    story!(a_link_in_the_settings_is_fetched_soon_after_the_start),
    story!(a_link_sent_by_ums_is_fetched_soon),
    story!(a_stored_licence_costs_one_conditional_request),
    story!(a_licence_missing_from_the_store_is_fetched_again),
    story!(a_damaged_licence_in_the_store_is_fetched_again),
    story!(a_licensed_device_fetches_a_new_link_soon),
    story!(a_licence_for_another_device_is_not_fetched_daily),
    story!(a_newer_file_behind_a_link_replaces_the_older_one),
    story!(a_failing_link_does_not_block_other_links),
    story!(a_licence_may_arrive_before_the_trust_document_it_needs),
    story!(poll_returns_while_a_server_hangs),
    story!(a_deployment_that_changes_features_requires_a_restart),
    story!(an_import_by_hand_requires_no_restart),
    story!(a_password_in_a_link_is_never_shown),
    story!(invalid_links_are_reported),
    story!(the_status_shows_each_links_result_with_and_without_the_daemon),
    story!(a_link_that_is_no_address_is_a_problem_in_the_report),
    story!(a_link_restores_licences_once_the_removal_profile_is_off),
    story!(only_a_new_link_restores_a_licence_removed_by_hand),
];

/// A server for one link. It records how often the file was requested, fully or conditionally.
#[derive(Clone)]
struct LinkServer {
    file: Arc<Mutex<Vec<u8>>>,
    server: Server,
}

impl LinkServer {
    fn with(file: impl Into<Vec<u8>>) -> Self {
        let file = Arc::new(Mutex::new(file.into()));
        let content = Arc::clone(&file);
        let server = Server::http(move |head, mut stream| {
            let file = content.lock().unwrap();
            let tag =
                format!("\"{:x}-{}\"", file.len(), file.iter().map(|b| u64::from(*b)).sum::<u64>());
            let headers = format!("ETag: {tag}\r\nConnection: close\r\n");
            let answer = if head.contains(&format!("{tag}\r\n")) {
                format!("HTTP/1.1 304 Not Modified\r\n{headers}\r\n").into_bytes()
            } else {
                server::ok(&headers, &*file)
            };
            // A client may close the connection early.
            let _ = stream.write_all(&answer);
        });
        Self { file, server }
    }

    fn link(&self) -> String {
        self.server.url("WE.lic")
    }

    fn put(&self, file: impl Into<Vec<u8>>) {
        *self.file.lock().unwrap() = file.into();
    }

    /// The number of requests so far: all, and the conditional ones.
    fn asked(&self) -> (usize, usize) {
        let heads = self.server.heads();
        let conditional = |head: &&String| head.to_ascii_lowercase().contains("if-none-match");
        (heads.len(), heads.iter().filter(conditional).count())
    }
}

fn settings(links: &[&str]) -> String {
    format!("[system.remotemanager]\nlicense_urls = {links:?}\n")
}

fn world_with(links: &[&str]) -> World {
    let world = World::new();
    world.write("/etc/licd/settings.toml", settings(links));
    world
}

fn poll(daemon: &Daemon<'_>) {
    let () = daemon.client().manager("Poll", &()).unwrap();
}

fn licenses(status: &Value) -> usize {
    status["licenses"].as_array().unwrap().len()
}

fn a_link_in_the_settings_is_fetched_soon_after_the_start() {
    let link_server = LinkServer::with(licence().sign());
    let world = world_with(&[&link_server.link()]);
    let daemon = world.start();
    // A device without a licence polls soon.
    let status = daemon.until("the licence is there", |status| status["state"] == "valid");
    assert_eq!(licenses(&status), 1);
    assert_eq!(link_server.asked(), (1, 0));
}

fn a_link_sent_by_ums_is_fetched_soon() {
    let link_server = LinkServer::with(licence().sign());
    let world = World::new();
    let daemon = world.start();
    let () = daemon.client().manager("ApplySettings", &settings(&[&link_server.link()])).unwrap();
    daemon.until("the licence is there", |status| status["state"] == "valid");
    assert_eq!(link_server.asked(), (1, 0));
}

fn a_stored_licence_costs_one_conditional_request() {
    let link_server = LinkServer::with(licence().sign());
    let world = world_with(&[&link_server.link()]);
    let daemon = world.start();
    poll(&daemon);
    assert_eq!((link_server.asked(), licenses(&daemon.status())), ((1, 0), 1));
    poll(&daemon);
    assert_eq!(link_server.asked(), (2, 1));
    // The entity tag survives a restart.
    assert!(daemon.stop().success());
    let daemon = world.start();
    poll(&daemon);
    assert_eq!((link_server.asked(), licenses(&daemon.status())), ((3, 2), 1));
    let state = fs::read_to_string(world.path("/var/lib/licd/downloads.toml")).unwrap();
    assert!(state.contains("schema = 1") && !state.contains("http"), "{state}");
}

fn a_licence_missing_from_the_store_is_fetched_again() {
    let link_server = LinkServer::with(licence().sign());
    let world = world_with(&[&link_server.link()]);
    let daemon = world.start();
    poll(&daemon);
    world.by_hand(|licenses| {
        for file in fs::read_dir(licenses).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
    });
    daemon.until("the licence is gone", |status| licenses(status) == 0);
    poll(&daemon);
    assert_eq!((link_server.asked(), licenses(&daemon.status())), ((2, 0), 1));
}

fn a_damaged_licence_in_the_store_is_fetched_again() {
    let link_server = LinkServer::with(licence().sign());
    let world = world_with(&[&link_server.link()]);
    let daemon = world.start();
    poll(&daemon);
    let [file] = &*world.stored() else { panic!("{:?}", world.stored()) };
    world.copy_by_hand(file, "garbage");
    daemon.until("the damage is seen", |status| status["state"] == "none");
    poll(&daemon);
    assert_eq!((link_server.asked(), licenses(&daemon.status())), ((2, 0), 1));
}

fn a_licensed_device_fetches_a_new_link_soon() {
    let link_server = LinkServer::with(licence().pack("EMP-R9HXH").services(&[EMP]).sign());
    let world = world_with(&[&link_server.link()]);
    world.copy_by_hand("a.lic", licence().sign());
    let daemon = world.start();
    daemon.until("the second licence is there", |status| licenses(status) == 2);
}

fn a_licence_for_another_device_is_not_fetched_daily() {
    let link_server = LinkServer::with(licence().units(&[OTHER]).sign());
    let world = world_with(&[&link_server.link()]);
    let daemon = world.start();
    poll(&daemon);
    poll(&daemon);
    assert_eq!((link_server.asked(), licenses(&daemon.status())), ((2, 1), 0));
}

fn a_newer_file_behind_a_link_replaces_the_older_one() {
    let link_server = LinkServer::with(licence().serial(1).sign());
    let world = world_with(&[&link_server.link()]);
    let daemon = world.start();
    poll(&daemon);
    link_server.put(licence().serial(2).services(&[EMP, WE]).sign());
    poll(&daemon);
    assert_eq!(link_server.asked(), (2, 1));
    daemon.until("the newer one is in force", |status| {
        let own = status["licenses"].as_array().unwrap();
        own.iter().any(|license| license["serial"] == 2 && license["state"] == "valid")
    });
}

fn a_failing_link_does_not_block_other_links() {
    let link_server = LinkServer::with(licence().sign());
    let page = Server::answering(server::ok("", "<html>Sign in</html>"));
    let broken = Server::answering(server::status("404 Not Found", ""));
    let unused = "http://127.0.0.1:1/WE.lic".to_owned();
    let links = [page.url("a.lic"), broken.url("b.lic"), unused.clone(), link_server.link()];
    let world = world_with(&links.each_ref().map(String::as_str));
    let daemon = world.start();
    let signals = daemon.client().listen();
    poll(&daemon);
    daemon.until("the licence is there", |status| status["state"] == "valid");
    let verdicts: Vec<(String, String)> = wait::until("four ends", || {
        let ends = signals.named("Finished");
        (ends.len() == 4)
            .then(|| ends.iter().map(|end| end.body().deserialize().unwrap()).collect())
    });
    let codes = verdicts.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>();
    assert_eq!(codes, ["malformed", "source-refused", "source-unreachable", "valid"]);
    for ((_, message), link) in verdicts.iter().zip(&links) {
        assert!(message.starts_with(&format!("{link}: ")), "{message}");
    }
}

fn a_licence_may_arrive_before_the_trust_document_it_needs() {
    let key = maker::key("igel-issuer-2027", 11);
    let early = LinkServer::with(licence().signed_by(&[&key]));
    let stranger = LinkServer::with(licence().pack("WE-OTHER").signed_by(&[&maker::stranger()]));
    let trust = LinkServer::with(maker::trust_in(&key));
    let world = world_with(&[&early.link(), &stranger.link(), &trust.link()]);
    let daemon = world.start();
    poll(&daemon);
    assert_eq!(daemon.status()["state"], "valid");
    assert_eq!([&early, &stranger, &trust].map(|link_server| link_server.asked().0), [2, 2, 1]);
}

fn poll_returns_while_a_server_hangs() {
    let server = Server::http(|_, stream| server::hang(stream));
    let world = world_with(&[&server.url("WE.lic")]);
    let daemon = world.start();
    let begun = Instant::now();
    let asking = std::thread::spawn({
        let client = daemon.client();
        move || client.manager::<()>("Poll", &())
    });
    wait::until("the server is asked", || (!server.heads().is_empty()).then_some(()));
    let calm = Instant::now();
    let _ = daemon.client().status();
    assert!(calm.elapsed() < Duration::from_secs(1), "reading waits for no server");
    asking.join().unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(25));
    // Stopping the daemon does not wait for the server either.
    let begun = Instant::now();
    assert!(daemon.stop().success());
    assert!(begun.elapsed() < Duration::from_secs(5));
}

fn a_deployment_that_changes_features_requires_a_restart() {
    let boot = |first: &str| format!("{first}-7a6f-4c3e-9d2b-0123456789ab\n");
    let link_server = LinkServer::with(licence().sign());
    let world = world_with(&[&link_server.link()]);
    world.write("/proc/sys/kernel/random/boot_id", boot("5b1f1d0c"));
    let is_pending = |daemon: &Daemon<'_>| daemon.client().property::<bool>("RestartPending");
    let daemon = world.start();
    assert!(!is_pending(&daemon));
    poll(&daemon);
    assert!(is_pending(&daemon));
    assert!(world.path("/run/licd/features/custom-partition").exists());
    // Restarting only the daemon changes nothing.
    assert!(daemon.stop().success());
    let daemon = world.start();
    assert!(is_pending(&daemon));
    assert!(daemon.stop().success());
    // The device has restarted; a further poll changes nothing.
    world.write("/proc/sys/kernel/random/boot_id", boot("77777777"));
    let daemon = world.start();
    assert!(!is_pending(&daemon));
    poll(&daemon);
    assert!(!is_pending(&daemon));
}

fn an_import_by_hand_requires_no_restart() {
    let world = World::new();
    let daemon = world.start();
    let _ = daemon.import(licence().sign()).with_code(0);
    assert!(world.path("/run/licd/features/custom-partition").exists());
    assert!(!daemon.client().property::<bool>("RestartPending"));
    assert!(!world.path("/var/lib/licd/deployment.toml").exists());
}

fn a_password_in_a_link_is_never_shown() {
    let link_server = LinkServer::with("no licence");
    let link = link_server.link().replace("http://", "http://ums:geheim@");
    let world = world_with(&[&link]);
    let daemon = world.start();
    let signals = daemon.client().listen();
    poll(&daemon);
    let end = wait::until("the end", || signals.named("Finished").pop());
    let (code, message): (String, String) = end.body().deserialize().unwrap();
    assert_eq!(code, "malformed");
    assert!(message.starts_with("http://ums@127.0.0.1:"), "{message}");
    let head = link_server.server.heads().pop().unwrap();
    // RFC 7617: “ums:geheim” in base64.
    assert!(head.contains("Basic dW1zOmdlaGVpbQ=="), "{head}");
    for text in [message, daemon.log(), daemon.client().status()] {
        assert!(!text.contains("geheim"), "{text}");
    }
    let state = fs::read_to_string(world.path("/var/lib/licd/downloads.toml")).unwrap_or_default();
    assert!(!state.contains("geheim"));
}

fn invalid_links_are_reported() {
    let world = world_with(&["sftp://ums.example/WE.lic"]);
    let daemon = world.start();
    poll(&daemon);
    assert!(daemon.log().contains("sftp://ums.example/WE.lic: "), "{}", daemon.log());
}

/// The code and message of the only link in the status.
fn link(status: &Value) -> (String, String) {
    let links = status["links"].as_array().unwrap();
    let text = |member: &str| links[0][member].as_str().unwrap().to_owned();
    assert_eq!(links.len(), 1, "{status}");
    (text("code"), text("message"))
}

fn the_status_shows_each_links_result_with_and_without_the_daemon() {
    let link_server = LinkServer::with(licence().units(&[OTHER]).sign());
    let with_password = link_server.link().replace("http://", "http://tech:secret@");
    let world = world_with(&[&with_password]);
    let daemon = world.start();
    let is_asked = |status: &Value| status["links"].as_array().is_some_and(|l| !l.is_empty());
    let status = daemon.until("the link was asked", is_asked);
    assert_eq!(status["links"][0]["url"], link_server.link());
    assert_eq!(link(&status).0, "wrong-device");
    assert!(status["links"][0]["asked"].as_str().unwrap().ends_with('Z'), "{status}");
    assert_eq!(daemon.report(), world.report());
    assert!(!status.to_string().contains("secret") && !status.to_string().contains("tech"));
    link_server.put("<html>sign in</html>");
    poll(&daemon);
    let refused = |status: &Value| link(status).0 == "malformed";
    let status = daemon.until("the page is named", refused);
    assert_eq!(daemon.report(), world.report());
    let doctor = world.licctl(["doctor"]).with_code(1).flowed();
    let finding = format!("WRONG link {}: malformed: {}", link_server.link(), link(&status).1);
    assert!(doctor.contains(&finding), "{doctor}");
    // The status omits links that the settings no longer contain.
    let () = daemon.client().manager("ApplySettings", &settings(&[]).as_str()).unwrap();
    daemon.until("it is gone", |status| status["links"] == serde_json::json!([]));
}

fn a_link_that_is_no_address_is_a_problem_in_the_report() {
    let link_server = LinkServer::with(licence().sign());
    let world = world_with(&["htps://user:secret@ums/a.lic", &link_server.link()]);
    let daemon = world.start();
    let status = daemon.until("the other link counts", |status| status["state"] == "valid");
    // The deployment adds the problem that there is no logind.
    let of_link = |status: &Value| {
        let problems = status["problems"].as_array().unwrap().iter();
        let mut found = problems.filter(|p| p["subject"] == "download link htps://ums/a.lic");
        found.next().map(|problem| problem["message"].as_str().unwrap().to_owned())
    };
    let message = of_link(&status).unwrap();
    assert!(message.ends_with("correct it in UMS"), "{message}");
    assert_eq!(status["links"].as_array().unwrap().len(), 1, "{status}");
    let logged = format!("download link htps://ums/a.lic: {message}");
    assert!(daemon.log().contains(&logged), "{}", daemon.log());
    assert_eq!(of_link(&world.status()), Some(message));
}

fn a_link_restores_licences_once_the_removal_profile_is_off() {
    let link_server = LinkServer::with(licence().sign());
    let world = world_with(&[&link_server.link()]);
    let daemon = world.start();
    daemon.until("the licence is there", |status| status["state"] == "valid");
    assert!(daemon.stop().success());
    let links = settings(&[&link_server.link()]);
    world.write("/etc/licd/settings.toml", format!("{links}[licensing]\nremove = \"all\"\n"));
    let daemon = world.start();
    let status = daemon.until("it is kept out", |status| link(status).0 == "removed");
    assert_eq!(status["state"], "none");
    let message = link(&status).1;
    assert!(message.contains("the removal profile “all”"), "{message}");
    assert!(message.ends_with("to get it back, set licensing.remove to “none”"), "{message}");
    let doctor = world.licctl(["doctor"]).with_code(1).flowed();
    assert!(
        doctor.contains(&format!("note link {}: removed: {message}", link_server.link())),
        "{doctor}"
    );
    let () = daemon.client().manager("ApplySettings", &links.as_str()).unwrap();
    daemon.until("the licence is back", |status| status["state"] == "valid");
}

fn only_a_new_link_restores_a_licence_removed_by_hand() {
    let link_server = LinkServer::with(licence().sign());
    let world = world_with(&[&link_server.link()]);
    let daemon = world.start();
    daemon.until("the licence is there", |status| status["state"] == "valid");
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    poll(&daemon);
    let status = daemon.until("it is kept out", |status| link(status).0 == "removed");
    assert_eq!(status["state"], "none");
    assert!(link(&status).1.contains("add a new link"), "{status}");
    let another = format!("{}?again", link_server.link());
    let () = daemon.client().manager("ApplySettings", &settings(&[&another]).as_str()).unwrap();
    daemon.until("the licence is back", |status| status["state"] == "valid");
    // A link that was removed and added again counts as new.
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    let () = daemon.client().manager("ApplySettings", &settings(&[]).as_str()).unwrap();
    daemon.until("no link is left", |status| status["links"] == serde_json::json!([]));
    let () = daemon.client().manager("ApplySettings", &settings(&[&another]).as_str()).unwrap();
    daemon.until("the licence is back", |status| status["state"] == "valid");
}
