//! The interface file that is installed.

use crate::bus::PATH;
use crate::world::{STORE, UNIT, World};

/// The elements of an interface in an introspection document, without layout and comments.
fn interface<'a>(document: &'a str, name: &str) -> Vec<&'a str> {
    let begin = document.find(&format!("<interface name=\"{name}\">")).unwrap_or_else(|| {
        panic!("{name} is not in\n{document}");
    });
    let rest = &document[begin..];
    let end = rest.find("</interface>").unwrap();
    rest[..end].lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn without_comments(document: &str) -> String {
    let mut pieces = document.split("<!--");
    let first = pieces.next().unwrap().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once("-->").unwrap().1)
}

#[test]
fn the_file_describes_what_is_served() {
    let file = include_str!("../../../../packaging/com.igel.License1.xml");
    let file = without_comments(file);
    let world = World::new();
    world.write(&format!("{STORE}/a.lic"), &world.license("WE-7Q2KD", 1, UNIT));
    let source = world.write("a.lic", &world.license("WE-7Q2KD", 1, UNIT));
    let (_daemon, caller) = world.start();
    let options = std::collections::HashMap::<String, zbus::OwnedVariant>::new();
    let source = source.to_str().unwrap();
    let job: zbus::OwnedObjectPath = caller.call("Import", &(source, options)).unwrap();
    for (path, name) in [
        (PATH, "com.igel.License1.Manager"),
        (PATH, "com.igel.License1.Deployment"),
        (&format!("{PATH}/license/WE_7Q2KD_1"), "com.igel.License1.License"),
        (job.as_str(), "com.igel.License1.Job"),
    ] {
        let introspectable = "org.freedesktop.DBus.Introspectable";
        let served: String = caller.call_at(path, introspectable, "Introspect", &()).unwrap();
        assert_eq!(interface(&served, name), interface(&file, name), "{name}\n{served}");
    }
}
