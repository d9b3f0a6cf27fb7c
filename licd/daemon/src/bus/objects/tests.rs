//! Answers for licences, without a bus.

use std::collections::HashMap;

use zbus::OwnedObjectPath;

use super::*;
use crate::bus::license::tests::license;
use crate::bus::manager::Manager;
use crate::shared::Published;

const LICENSE: &str = "/com/igel/License1/license/WE_A_7";

/// The objects of a device with a licence.
fn objects() -> Objects {
    let (_dir, shared, _inbox) = crate::shared::tests::shared();
    let first = shared.published();
    let mut report = first.report.clone();
    report.licenses = vec![license("WE-A", 7, "a.lic")];
    let (survey, missing) = (Arc::clone(&first.survey), first.missing.clone());
    shared.publish(Arc::new(Published::standing(survey, first.time, missing, report)));
    Objects::new(shared, Arc::default())
}

fn call(
    path: &str,
    (interface, member): (&str, &str),
    body: &(impl Serialize + zbus::wire::DynamicType),
) -> Option<Message> {
    let call = Message::method_call(path, member).interface(interface);
    objects().answer(&call.sender(":1.7").build(body).unwrap())
}

fn error(
    path: &str,
    member: (&str, &str),
    body: &(impl Serialize + zbus::wire::DynamicType),
) -> String {
    let answer = call(path, member, body).unwrap();
    answer.header().error_name().unwrap().to_string()
}

fn is_error(answer: Message) -> bool {
    answer.header().error_name().is_some()
}

#[test]
fn a_licence_shows_its_properties() {
    let all = call(LICENSE, (PROPERTIES, "GetAll"), &INTERFACE).unwrap();
    let body = all.body();
    let all: HashMap<&str, Variant<'_>> = body.deserialize().unwrap();
    let expected = license("WE-A", 7, "a.lic");
    assert_eq!(all, license::properties(&expected).into());
    let one = call(LICENSE, (PROPERTIES, "Get"), &(INTERFACE, "Serial")).unwrap();
    assert_eq!(one.body().deserialize::<Variant<'_>>().unwrap(), 7_u64.into());
}

#[test]
fn a_call_that_a_licence_does_not_know_is_refused_by_name() {
    let unknown = |kind: &str| format!("org.freedesktop.DBus.Error.Unknown{kind}");
    let of = |member, body: &(&str, &str)| error(LICENSE, (PROPERTIES, member), body);
    assert_eq!(of("Get", &(INTERFACE, "Colour")), unknown("Property"));
    assert_eq!(of("Get", &("com.example", "Pack")), unknown("Interface"));
    assert_eq!(of("GetSome", &(INTERFACE, "Pack")), unknown("Method"));
    assert_eq!(error(LICENSE, (INTERFACE, "Remove"), &()), unknown("Method"));
    assert_eq!(error(LICENSE, ("com.example", "Remove"), &()), unknown("Interface"));
    let set = (INTERFACE, "Pack", Variant::from("WE-B"));
    assert_eq!(error(LICENSE, (PROPERTIES, "Set"), &set), unknown("Property"));
    let invalid = "org.freedesktop.DBus.Error.InvalidArgs";
    assert_eq!(error(LICENSE, (PROPERTIES, "Get"), &7_u32), invalid);
}

#[test]
fn zbus_answers_for_what_it_serves() {
    for path in
        ["/com/igel/License1", "/com/igel/License1/license/WE_A_8", "/com/igel/License1/job/1"]
    {
        assert!(call(path, (PROPERTIES, "GetAll"), &INTERFACE).is_none(), "{path}");
    }
    assert!(call(LICENSE, (PEER, "Ping"), &()).is_none());
    let feature = (manager::INTERFACE, "CheckFeature");
    assert!(call(PATH, feature, &"no-such-feature").is_none());
    assert!(call(PATH, (manager::INTERFACE, "ListServices"), &()).is_none());
    assert!(call(PATH, feature, &7_u32).is_none());
    assert!(call(LICENSE, (manager::INTERFACE, "GetStatus"), &()).is_some_and(is_error));
}

#[test]
fn arguments_that_a_method_does_not_take_are_refused() {
    for member in ["GetStatus", "ListServices"] {
        let refused = error(PATH, (manager::INTERFACE, member), &"argument");
        assert_eq!(refused, "org.freedesktop.DBus.Error.InvalidArgs", "{member}");
    }
}

#[test]
fn the_object_manager_lists_licences_and_nothing_else() {
    type All<'a> = HashMap<OwnedObjectPath, HashMap<&'a str, HashMap<&'a str, Variant<'a>>>>;
    let managed = call(PATH, (OBJECT_MANAGER, "GetManagedObjects"), &()).unwrap();
    let body = managed.body();
    let managed: All<'_> = body.deserialize().unwrap();
    let paths: Vec<&str> = managed.keys().map(|path| path.as_str()).collect();
    assert_eq!(paths, [LICENSE]);
    let expected = license("WE-A", 7, "a.lic");
    let license = managed.get(&OwnedObjectPath::try_from(LICENSE).unwrap()).unwrap();
    assert_eq!(license.get(INTERFACE), Some(&license::properties(&expected).into()));
}

#[test]
fn introspection_leads_from_the_root_to_every_licence() {
    let mut path = String::new();
    for element in ["com", "igel", "License1", "license", "WE_A_7"] {
        let at = if path.is_empty() { "/" } else { &path };
        let document = call(at, (INTROSPECTABLE, "Introspect"), &()).unwrap();
        let document: String = document.body().deserialize().unwrap();
        assert!(document.contains(&format!("\n  <node name=\"{element}\">")), "{document}");
        path = format!("{path}/{element}");
    }
    assert!(call("/com/igel/License2", (INTROSPECTABLE, "Introspect"), &()).is_none());
}

#[test]
fn a_feature_is_answered_as_the_method_of_the_object_answers_it() {
    let objects = objects();
    let manager = Manager::new(Arc::clone(&objects.shared), Arc::default());
    for feature in licd_rules::Feature::ALL {
        let call = Message::method_call(PATH, "CheckFeature").interface(manager::INTERFACE);
        let call = call.sender(":1.7").build(&feature.name).unwrap();
        let gate = objects.answer(&call).unwrap();
        let method = manager.check_feature(feature.name).unwrap();
        let server = Message::method_return(&call.header()).build(&method).unwrap();
        assert_eq!(gate.body().signature(), server.body().signature());
        assert_eq!(*gate.body().data().bytes(), *server.body().data().bytes(), "{}", feature.name);
        assert_eq!(gate.header().reply_serial(), server.header().reply_serial());
        assert_eq!(gate.header().destination(), server.header().destination());
    }
    assert!(manager.check_feature("no-such-feature").is_err());
}
