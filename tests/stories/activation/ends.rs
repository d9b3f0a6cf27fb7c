//! An activation ends with a licence, by whatever way, or is replaced.

use std::fs;

use acceptance::harness::Story;
use acceptance::maker::{self, OTHER};
use acceptance::server::{hang, status};
use acceptance::{story, wait};
use zbus::{OwnedObjectPath, Variant};

use super::cancels::state_of;
use super::{Service, arguments, assert_conforms, device, finished, order, point_to, request_file};

pub(super) const STORIES: &[Story] = &[
    story!(a_licence_from_elsewhere_answers_the_request),
    story!(a_later_activation_replaces_the_earlier_one),
];

fn a_licence_from_elsewhere_answers_the_request() {
    let service = Service::with(|_| status("503 Later", "Retry-After: 3600\r\n"));
    let world = device(&service.url());
    let daemon = world.start();
    let (client, signals) = (daemon.client(), daemon.client().listen());
    let job = order(&client, &[]).unwrap();
    assert_eq!(finished(&signals, &job).0, "source-unreachable");
    assert_eq!(state_of(&client, &job), "waiting");
    // A trust document and a licence of another device answer nothing.
    let _ = daemon.import(maker::trust(2, &[])).with_code(0);
    let _ = daemon.import(maker::licence().units(&[OTHER]).sign()).with_code(4);
    assert!(request_file(&world).exists());
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    assert!(!request_file(&world).exists());
    wait::until("the job is gone", || {
        signals
            .named("InterfacesRemoved")
            .iter()
            .any(|signal| {
                let (path, _): (OwnedObjectPath, Vec<String>) =
                    signal.body().deserialize().unwrap();
                path == job
            })
            .then_some(())
    });
    assert_eq!(service.posted().len(), 1);
    // A person copies a licence into the store.
    let job = order(&client, &[]).unwrap();
    finished(&signals, &job);
    assert!(request_file(&world).exists());
    world.copy_by_hand("copied.lic", maker::licence().pack("WE-COPY1").sign());
    wait::until("the request is gone", || (!request_file(&world).exists()).then_some(()));
}

fn a_later_activation_replaces_the_earlier_one() {
    let hanging = Service::serving(|_, stream| hang(stream));
    let failing = Service::with(|_| status("500 x", "Retry-After: 3600\r\n"));
    let world = device(&hanging.url());
    let daemon = world.start();
    let (client, signals) = (daemon.client(), daemon.client().listen());
    let first = order(&client, &[]).unwrap();
    wait::until("the service is asked", || (!hanging.posted().is_empty()).then_some(()));
    let company = ("company", Variant::from("Looms Ltd"));
    let second = order(&client, &[company, ("url", failing.url().into())]).unwrap();
    assert!(finished(&signals, &first).1.contains("was cancelled"));
    finished(&signals, &second);
    let kept = fs::read_to_string(request_file(&world)).unwrap();
    assert_eq!(assert_conforms(&kept)["person"]["company"], "Looms Ltd");
    assert_eq!(failing.posted(), [kept]);
    // The stored request is replaced, too.
    point_to(&world, &Service::issuing(&maker::licence().sign()).url());
    daemon.refresh();
    let _ = daemon.licctl(arguments(&[])).with_code(0);
    assert!(!request_file(&world).exists());
}
