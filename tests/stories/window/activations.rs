//! The page of the Setup Assistant, and cancelling an activation.

use std::sync::{Arc, Mutex};

use acceptance::harness::Story;
use acceptance::maker::{self, OTHER};
use acceptance::server::{self, Server};
use acceptance::tool::{Seat, Tool};
use acceptance::{World, story, wait};

use super::ENGLISH;

pub(super) const STORIES: &[Story] = &[
    story!(the_setup_assistant_says_why_an_activation_failed),
    story!(the_setup_assistant_ends_with_a_confirmation),
    story!(an_activation_is_cancelled_while_it_runs_and_while_it_waits),
];

/// Fills in the person, and starts.
fn ask_for_a_licence(tool: &Tool<'_>) {
    for (key, text) in
        [("alt+n", "Ada Lovelace"), ("alt+p", "Engines Ltd"), ("alt+m", "ada@engines.example")]
    {
        tool.keys(&[key, "ctrl+a"]);
        tool.write(text);
    }
    tool.keys(&["alt+a"]);
}

fn the_setup_assistant_says_why_an_activation_failed() {
    let (world, seat) = (World::new(), Seat::new());
    let answer = Arc::new(Mutex::new(Vec::new()));
    let current = Arc::clone(&answer);
    let service = Server::http(move |_, stream| {
        let answer = current.lock().unwrap().clone();
        server::reply(stream, &answer);
    });
    let answers = |next: Vec<u8>| *answer.lock().unwrap() = next;
    let config = format!("[activation]\nurl = \"{}\"\n", service.url("activate"));
    world.write("/etc/licd/licd.toml", config);
    let _daemon = world.start();
    let tool = seat.open(seat.command(&world, ENGLISH).arg("--activate"));
    let _ = tool.find("", &format!("Terms: \u{2068}http://{}", service.address));
    ask_for_a_licence(&tool);
    let _ = tool.find("", "Accept the terms of the licensing service");
    assert!(service.heads().is_empty(), "nothing is sent without the terms");
    tool.keys(&["Escape", "alt+t"]);
    for (next, said) in [
        (server::status("503 Later", "Retry-After: 604800\r\n"), "the source cannot be reached"),
        (server::ok("", "garbage"), "the file is not a licence"),
        (server::ok("", maker::licence().units(&[OTHER]).sign()), OTHER),
    ] {
        answers(next);
        tool.keys(&["alt+a"]);
        let _ = tool.find("", said);
        let _ = tool.find("label", "licd asks again");
        assert!(world.path("/license/fetch-activation.json").exists());
        tool.keys(&["Escape"]);
        tool.until_gone(said);
    }
    answers(server::ok("", maker::licence().sign()));
    tool.keys(&["alt+a"]);
    let _ = tool.find("", "Your IGEL OS is activated");
    assert!(!world.path("/license/fetch-activation.json").exists());
    // A second answer changes nothing.
    let held = world.stored();
    let url = service.url("activate");
    let _ = world.licctl(["activate", "--accept-terms", "--url", &url]).with_code(0);
    assert_eq!(world.stored(), held);
    tool.keys(&["Return"]);
    assert!(tool.wait().success());
}

fn the_setup_assistant_ends_with_a_confirmation() {
    let (world, seat) = (World::new(), Seat::new());
    let _daemon = world.start();
    let tool = seat.open(seat.command(&world, ENGLISH).arg("--activate"));
    let _ = tool.find("radio button", "From the licensing service");
    let file = world.file("WE.lic", maker::licence().sign());
    tool.keys(&["alt+k"]);
    assert!(tool.find("push button", "Import a file").act());
    seat.choose_file(&file);
    let _ = tool.find("", "Your IGEL OS is activated");
    let _ = tool.find("list item", "Workspace Edition: until");
    tool.keys(&["Return"]);
    assert!(tool.wait().success());
    // Closed before the device is activated.
    let other = World::new();
    let _daemon = other.start();
    let tool = seat.open(seat.command(&other, ENGLISH).arg("--activate"));
    let _ = tool.find("radio button", "From the licensing service");
    tool.close();
    assert_eq!(tool.wait().code(), Some(1));
}

fn an_activation_is_cancelled_while_it_runs_and_while_it_waits() {
    let (world, seat) = (World::new(), Seat::new());
    let hanging = Server::http(|_, stream| server::hang(stream));
    let url = hanging.url("activate");
    world.write("/etc/licd/licd.toml", format!("[activation]\nurl = \"{url}\"\n"));
    let daemon = world.start();
    let request = world.path("/license/fetch-activation.json");
    let tool = seat.open(seat.command(&world, ENGLISH).arg("--activate"));
    let _ = tool.find("", "Terms: ");
    tool.keys(&["alt+t"]);
    ask_for_a_licence(&tool);
    wait::until("the service is asked", || (!hanging.heads().is_empty()).then_some(()));
    assert!(tool.find("push button", "Cancel").act());
    let _ = tool.find("", "Cancelled.");
    assert!(!request.exists());
    tool.keys(&["Escape"]);
    // One that another program has begun waits.
    let failing = Server::answering(server::status("503 Later", "Retry-After: 604800\r\n"));
    let url = failing.url("activate");
    let _ = daemon.licctl(["activate", "--accept-terms", "--url", &url]).with_code(6);
    let _ = tool.find("", "A request for a licence waits for its answer.");
    tool.keys(&["alt+q"]);
    let _ = tool.find("", "The request is cancelled and deleted.");
    tool.until_gone("waits for its answer");
    assert!(!request.exists() && world.stored().is_empty());
}
