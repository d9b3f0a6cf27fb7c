//! Activation, and cancelling it.

use acceptance::harness::Story;
use acceptance::maker::{self, OTHER};
use acceptance::screen::key;
use acceptance::server::{self, Server};
use acceptance::{World, story, wait};

use super::{DOWN, ENTER, fill, open, open_with_daemon};

pub(super) const STORIES: &[Story] = &[
    story!(a_licence_comes_from_the_licensing_service),
    story!(an_activation_goes_through_the_proxy_of_the_form),
    story!(a_service_that_fails_is_named_and_asked_again),
    story!(an_activation_is_cancelled_while_it_runs_and_while_it_waits),
];

fn a_licence_comes_from_the_licensing_service() {
    for with_daemon in [false, true] {
        let service = Server::answering(server::ok("", maker::licence().sign()));
        let world = World::new();
        let _daemon = with_daemon.then(|| world.start());
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        screen.press(&["6", ENTER]);
        screen.shows("[ Activate ]");
        let url = service.url("activate");
        let person = ["Ada", "Engines Ltd", "ada@engines.example", &url];
        fill(&screen, &person, 8);
        screen.shows("Accept the terms of the licensing service");
        assert!(service.heads().is_empty());
        // The button comes after the field of the terms.
        screen.press(&[key::UP, " ", DOWN, ENTER]);
        screen.shows("in force until 2099-12-31");
        assert!(service.heads()[0].starts_with("POST /activate "), "{:?}", service.heads());
        assert_eq!(world.stored().len(), 1);
        assert!(!world.path("/license/fetch-activation.json").exists());
    }
}

fn an_activation_goes_through_the_proxy_of_the_form() {
    for with_daemon in [false, true] {
        let proxy = Server::answering(server::ok("", maker::licence().sign()));
        let world = World::new();
        let daemon = with_daemon.then(|| world.start());
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        screen.press(&["6", ENTER]);
        screen.shows("[ Activate ]");
        let place = proxy.address.to_string();
        let url = "http://127.0.0.1:1/activate";
        let fields = ["Ada", "", "ada@engines.example", url, &place, "me", "geheim77", " "];
        fill(&screen, &fields, 8);
        screen.shows("in force until 2099-12-31");
        let head = &proxy.heads()[0];
        assert!(head.starts_with("POST http://127.0.0.1:1/activate "), "{head}");
        assert!(head.to_lowercase().contains("proxy-authorization: basic"), "{head}");
        assert!(!screen.written().contains("geheim77"));
        assert!(daemon.is_none_or(|daemon| !daemon.log().contains("geheim77")));
    }
}

fn a_service_that_fails_is_named_and_asked_again() {
    for (answer, code, said) in [
        (server::status("503 Later", "Retry-After: 604800\r\n"), "source-unreachable", "HTTP 503"),
        (server::ok("", "garbage"), "malformed", "line 1"),
        (server::ok("", maker::licence().units(&[OTHER]).sign()), "wrong-device", OTHER),
    ] {
        let service = Server::answering(answer);
        let world = World::new();
        let _daemon = world.start();
        let screen = open_with_daemon(&world);
        screen.press(&["6", ENTER]);
        screen.shows("[ Activate ]");
        let url = service.url("activate");
        fill(&screen, &["Ada", "", "", &url, "", "", "", " "], 8);
        let text = screen.shows(code);
        assert!(text.contains(said), "{text}");
        // The request waits, and the status names it.
        screen.press(&[ENTER, key::ESCAPE, "1"]);
        screen.shows("this request for a licence");
        assert!(world.stored().is_empty());
    }
}

fn an_activation_is_cancelled_while_it_runs_and_while_it_waits() {
    for with_daemon in [false, true] {
        let hanging = Server::http(|_, stream| server::hang(stream));
        let failing = Server::answering(server::status("503 Later", "Retry-After: 604800\r\n"));
        let world = World::new();
        let _daemon = with_daemon.then(|| world.start());
        let request = world.path("/license/fetch-activation.json");
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        screen.press(&["6", ENTER]);
        screen.shows("[ Activate ]");
        fill(&screen, &["Ada", "", "", &hanging.url("activate"), "", "", "", " "], 8);
        wait::until("the service is asked", || (!hanging.heads().is_empty()).then_some(()));
        screen.press(&[key::ESCAPE]);
        screen.shows("Cancelled. Nothing was imported.");
        assert!(!request.exists());
        screen.press(&[ENTER, key::ESCAPE]);
        let page = screen.shows("Q quit");
        assert!(!page.contains("Cancel the request"), "{page}");
        // Another shell asks, and its request waits.
        let url = failing.url("activate");
        let _ = world.licctl(["activate", "--accept-terms", "--url", &url]).with_code(6);
        screen.press(&["r"]);
        screen.shows("Cancel the request");
        screen.press(&[DOWN, ENTER]);
        screen.shows("The request is cancelled and deleted.");
        assert!(!request.exists() && world.stored().is_empty());
    }
}
