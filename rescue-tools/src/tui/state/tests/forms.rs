//! What becomes of the texts of a form.

use licd_device::{ApplicationError, Proxy};
use licensing_words::Caption;

use super::super::super::event::{Action, Effect, Event, ImportSource, Key, Outcome, Work};
use super::super::{Complaint, Dialog, FormKind, State, Value};
use super::{accepted, failure, filled, press};

/// The source that the form starts to import from.
fn started(kind: FormKind, texts: &[&str]) -> ImportSource {
    let mut state = filled(kind, texts);
    let actions = press(&mut state, &[Key::Enter]);
    match actions.into_iter().next() {
        Some(Action::Start(Work::Import(source, Effect::Import))) => source,
        other => panic!("{other:?}, {:?}", state.form(kind).complaint),
    }
}

/// The complaint about what was typed.
fn complaint(kind: FormKind, texts: &[&str]) -> Complaint {
    let mut state = filled(kind, texts);
    assert!(press(&mut state, &[Key::Enter]).is_empty());
    state.form(kind).complaint.clone().unwrap()
}

#[test]
fn what_was_typed_stays_for_another_try_and_passwords_go_with_success() {
    let texts = ["h/a.lic", "u", "secret"];
    let mut state = filled(FormKind::Address, &texts);
    press(&mut state, &[Key::Enter]);
    state.on(Event::Done(Outcome::Failed(failure())));
    press(&mut state, &[Key::Enter]);
    assert!(matches!(state.dialog, Some(Dialog::Form(FormKind::Address))));
    let typed = |state: &State| -> Vec<String> {
        let text = |value: &Value| match value {
            Value::Text(input) | Value::Secret(input) => input.value().to_owned(),
            Value::Switch(_) => String::new(),
        };
        let fields = &state.form(FormKind::Address).fields;
        fields.iter().take(3).map(|field| text(&field.value)).collect()
    };
    assert_eq!(typed(&state), texts);
    press(&mut state, &[Key::Enter]);
    state.on(Event::Done(accepted()));
    press(&mut state, &[Key::Enter]);
    assert!(state.dialog.is_none());
    assert_eq!(typed(&state), ["h/a.lic", "u", ""]);
}

#[test]
fn an_address_is_made_of_the_fields() {
    for (kind, texts, expected) in [
        (FormKind::Address, &["ums.example.com/WE.lic"][..], "https://ums.example.com/WE.lic"),
        (FormKind::Address, &["http://h/a b"], "http://h/a%20b"),
        (FormKind::Ftp, &["h", "", "", "", "", "/pub/a #1?.lic"], "ftp://h/pub/a%20%231%3F.lic"),
        (FormKind::Ftp, &["h", "2121", " ", "u", "p", "a.lic"], "ftps://h:2121/a.lic"),
        (FormKind::Ftp, &["fd00::1", "", "", "", "", "a.lic"], "ftp://[fd00::1]/a.lic"),
    ] {
        let ImportSource::Server { url, .. } = started(kind, texts) else { panic!("{texts:?}") };
        assert_eq!(url.to_string(), expected);
    }
}

#[test]
fn a_login_and_a_proxy_go_along() {
    let texts = ["https://h/a", "tech", "p:w", "proxy:3128", "me", "a@b:c"];
    let ImportSource::Server { login: Some(login), proxy, .. } = started(FormKind::Address, &texts)
    else {
        panic!()
    };
    assert_eq!((login.user.as_str(), login.password.as_str()), ("tech", "p:w"));
    assert_eq!(proxy.as_deref(), Some("http://me:a%40b%3Ac@proxy:3128"));
}

#[test]
fn the_form_says_what_is_wrong_with_a_field() {
    let message = |text: &str| Complaint::Message(text.to_owned());
    for (kind, texts, expected) in [
        (FormKind::Address, &[""][..], Complaint::Needed(Caption::Address)),
        (FormKind::Address, &["h/a", "", "p"], Complaint::Needed(Caption::User)),
        (FormKind::Address, &["h/a", "a:b"], Complaint::Sentence(Caption::NoColon)),
        (FormKind::Address, &["h/a", "", "", "u@p:1"], Complaint::Sentence(Caption::ProxyLogin)),
        (FormKind::Address, &["h/a", "", "", "", "u"], Complaint::Needed(Caption::Proxy)),
        (FormKind::Address, &["ftp://h/a", "", "", "p:1"], {
            Complaint::Sentence(Caption::ProxyForHttp)
        }),
        (FormKind::Address, &["h/a", "", "", "p"], {
            message("p: is not of the form http://[USER:PASSWORD@]HOST:PORT")
        }),
        (FormKind::Ftp, &["h", "0"], Complaint::Port("0".to_owned())),
        (FormKind::Ftp, &["h", "21", "", "", "", ""], Complaint::Needed(Caption::Path)),
        (FormKind::File, &[" "], Complaint::Needed(Caption::File)),
    ] {
        assert_eq!(complaint(kind, texts), expected, "{texts:?}");
    }
    let Complaint::Message(said) = complaint(FormKind::Address, &["sftp://h/a"]) else { panic!() };
    assert!(said.starts_with("sftp://h/a: "), "{said}");
}

#[test]
fn an_activation_needs_the_terms_and_shows_no_data_of_the_person() {
    let texts = ["Ada", "Engines Ltd", "ada@engines.example", "https://h/a"];
    let open = complaint(FormKind::Activation, &texts);
    assert_eq!(open, Complaint::Application(ApplicationError::TermsOpen));
    let wrong =
        complaint(FormKind::Activation, &["Ada", "", "engines.example", "", "", "", "", " "]);
    assert_eq!(wrong, Complaint::Application(ApplicationError::NoMailAddress));
    let through = ["p:3128", "me", "a@b"];
    let mut state = filled(FormKind::Activation, &[&texts[..], &through, &[" "]].concat());
    let actions = press(&mut state, &[Key::Enter]);
    let [Action::Start(Work::Activate(applied))] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(applied.0.person().company.as_deref(), Some("Engines Ltd"));
    let proxy = applied.0.proxy().map(Proxy::as_secret);
    assert_eq!(proxy.as_deref(), Some("http://me:a%40b@p:3128"));
    assert!(!format!("{actions:?}").contains("Engines"));
}

#[test]
fn a_password_in_an_address_moves_to_its_field() {
    let mut state = filled(FormKind::Address, &["https://tech:secret@h/a"]);
    press(&mut state, &[Key::Enter]);
    let form = state.form(FormKind::Address);
    assert_eq!(form.complaint, Some(Complaint::Sentence(Caption::PasswordMoved)));
    assert!(!format!("{form:?}").contains("secret"), "{form:?}");
    let actions = press(&mut state, &[Key::Enter]);
    let [Action::Start(Work::Import(ImportSource::Server { url, login: Some(login), .. }, _))] =
        &actions[..]
    else {
        panic!("{actions:?}")
    };
    assert_eq!((url.as_secret().as_str(), login.password.as_str()), ("https://h/a", "secret"));
    assert!(!format!("{actions:?}").contains("secret"));
}
