use licd_protocol::Url;

use super::*;

#[test]
fn a_message_names_the_host_first_and_says_what_to_do() {
    let failure = Fault::Status { status: 404, retry_after: None }.of("ums.example").failure(1);
    assert_eq!(failure.code, Code::SourceRefused);
    assert_eq!(failure.to_string(), "ums.example: has no such file; check the address (HTTP 404)");
}

#[test]
fn what_the_system_says_is_said_in_words_alone() {
    assert_eq!(system_words(&io::Error::from_raw_os_error(12)), "Cannot allocate memory");
    assert_eq!(system_words(&io::Error::other("what it says")), "what it says");
}

#[test]
fn only_what_may_pass_is_tried_again() {
    let status = |status| Fault::Status { status, retry_after: None };
    for (status, passing) in [
        (400, false),
        (401, false),
        (404, false),
        (408, true),
        (429, true),
        (503, true),
        (511, false),
    ]
    .map(|(code, passing)| (status(code), passing))
    {
        assert_eq!(status.is_passing(), passing, "{status}");
    }
    let reply = |code| Fault::Reply { step: Step::Retrieve, code, text: String::new() };
    assert!(reply(421).is_passing() && !reply(430).is_passing() && !reply(550).is_passing());
    assert!(!Fault::TooSlow(Duration::ZERO).is_passing());
    assert!(!Fault::Gzip.is_passing());
    assert!(Fault::Name(NameFault::NoServer).is_passing());
    assert!(!Fault::Name(NameFault::Unknown).is_passing());
}

#[test]
fn a_servers_words_cannot_steer_a_terminal() {
    let text = format!("\u{1b}[31m{}", "x".repeat(500));
    let fault = Fault::Reply { step: Step::Retrieve, code: 451, text };
    let message = fault.of("h").failure(1).to_string();
    assert!(!message.contains('\u{1b}') && message.len() < 200);
}

#[test]
fn what_lies_behind_a_redirect_is_not_blamed_on_the_address() {
    let [from, to] = ["http://a/x", "http://u:p@b/y"].map(|url| Url::parse(url).unwrap());
    let fault = Fault::Name(NameFault::Unknown);
    let failed = fault.of("b").behind(Some(Redirect::new(&from, &to)));
    assert_eq!(
        failed.failure(1).to_string(),
        "b: there is no host of this name; a redirects to http://b/y: ask for a new link if that \
         is wrong"
    );
}
