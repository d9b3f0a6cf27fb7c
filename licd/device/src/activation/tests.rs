use super::*;

#[test]
fn only_this_machine_is_local() {
    for (host, local) in [
        ("localhost", true),
        ("127.0.0.1", true),
        ("127.8.9.1", true),
        ("::1", true),
        ("localhost.example", false),
        ("10.0.0.1", false),
        ("licensing.example", false),
    ] {
        assert_eq!(is_local(host), local, "{host}");
    }
}
