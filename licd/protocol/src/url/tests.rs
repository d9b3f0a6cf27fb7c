use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn an_address_is_read_as_the_url_standard_says() {
    for (text, read) in [
        ("https://a/", "https://a/"),
        ("HTTPS://Ums.Example", "https://ums.example/"),
        ("https://a:443/", "https://a/"),
        ("http://a.b:8080/c?d=e", "http://a.b:8080/c?d=e"),
        ("ftp://[::1]:2121/x", "ftp://[::1]:2121/x"),
        ("FTPS://Host:21/p", "ftps://host/p"),
        ("http://a/b/../c/./d", "http://a/c/d"),
        ("https://h/a b ü.lic#part", "https://h/a%20b%20%C3%BC.lic"),
        ("ftps://Büro.example/ä", "ftps://xn--bro-hoa.example/%C3%A4"),
        ("https://h/\u{1b}[2J", "https://h/%1B[2J"),
        ("  https://h/x\n", "https://h/x"),
        ("https://h/deliver?from=https://p/WE.lic", "https://h/deliver?from=https://p/WE.lic"),
    ] {
        assert_eq!(url(text).to_string(), read, "{text}");
        assert_eq!(url(read), url(text), "{text}");
    }
}

#[test]
fn an_address_that_cannot_be_fetched_is_refused_with_its_reason() {
    let long = format!("http://a/{}", "x".repeat(Url::BYTES));
    for (text, error) in [
        ("", UrlError::Scheme),
        ("WE.lic", UrlError::Scheme),
        ("file:///etc/shadow", UrlError::Scheme),
        ("https:/a", UrlError::Scheme),
        ("https://", UrlError::NoHost),
        ("https:///x", UrlError::NoHost),
        ("http://user@/x", UrlError::NoHost),
        ("http://a b/", UrlError::Host),
        ("http://[::1/", UrlError::Host),
        ("http://1.2.3.4.5/", UrlError::Host),
        ("http://a:0/", UrlError::Port),
        ("http://a:65536/", UrlError::Port),
        ("http://a:x/", UrlError::Port),
        ("http://[::1]:99999/", UrlError::Port),
        (&long, UrlError::TooLong(Url::BYTES)),
    ] {
        assert_eq!(Url::parse(text).map(|url| url.to_string()), Err(error), "{text}");
    }
}

#[test]
fn an_unencoded_password_is_refused_with_its_encoding() {
    for (text, c) in [
        ("http://tech:p#ss@host/a", '#'),
        ("http://tech:1#ss@host/a", '#'),
        ("ftp://tech:p?ss@host/a", '?'),
        ("ftps://tech:p/ss@host/a", '/'),
        ("http://tech:1\\ss@host/a", '\\'),
        ("ftp://tech@firm.example:p#s@host/a", '#'),
    ] {
        let error = Url::parse(text).unwrap_err();
        assert_eq!(error, UrlError::UserInfo(c), "{text}");
        assert!(error.to_string().ends_with(&format!("write {c} as {}", percent_encoded(c))));
        assert!(!without_userinfo(text).contains("tech"), "{text}");
    }
    assert_eq!(url("http://h:80/a@b#c@d").to_string(), "http://h/a@b");
    assert_eq!(url("http://u@h?x=a@b").host(), "h");
}

#[test]
fn what_is_no_address_is_shown_without_what_may_be_its_password() {
    for (text, shown) in [
        ("bob:secret@h/a.lic", "…@h/a.lic"),
        ("//bob:secret@h/a.lic", "…@h/a.lic"),
        ("https:/bob:secret@h/a.lic", "…@h/a.lic"),
        ("https:bob:sec@ret@h", "…@h"),
        ("htp://bob:secret@h/a.lic", "htp://h/a.lic"),
        ("bob:secret@htp://h", "…@htp://h"),
        ("h/a.lic", "h/a.lic"),
    ] {
        assert_eq!(without_userinfo(text), shown);
    }
}

#[test]
fn an_address_is_shown_without_its_password() {
    for (text, shown) in [
        ("ftp://user@h/a", "ftp://user@h/a"),
        ("ftp://user:secret@h/a", "ftp://user@h/a"),
        ("http://us:er:se@cret@h:1/a@b:c", "http://us@h:1/a@b:c"),
        ("ftps://:secret@h/a", "ftps://h/a"),
    ] {
        assert_eq!(url(text).to_string(), shown);
        assert_eq!(url(text).has_password(), text != shown, "{text}");
        assert!(!format!("{:?} {}", url(text), url(text).without_userinfo()).contains("secret"));
        assert_eq!(url(&url(text).as_secret()), url(text));
    }
    assert_eq!(url("http://u:p@h/a").without_userinfo(), "http://h/a");
}

#[test]
fn credentials_are_percent_decoded() {
    let credentials = url("ftp://us%40er:p%3aw@h/x").credentials().unwrap();
    assert_eq!((credentials.user.as_str(), credentials.password.as_str()), ("us@er", "p:w"));
    assert_eq!(url("ftp://h/x").credentials(), None);
}

#[test]
fn host_and_port_are_found_in_every_form_of_address() {
    for (text, host, port) in [
        ("https://ums.example:8443/a?b@c", "ums.example", 8443),
        ("ftp://u:p@[::1]:2121/x", "::1", 2121),
        ("http://h", "h", 80),
        ("https://h?x", "h", 443),
        ("ftps://h/x", "h", 21),
        ("ftps://h:990/x", "h", 990),
    ] {
        assert_eq!((url(text).host(), url(text).port()), (host, port));
    }
    for (text, host) in [
        ("UMS.example", Some("ums.example")),
        ("Büro.example", Some("xn--bro-hoa.example")),
        ("[::1]", Some("::1")),
        ("0::1", Some("::1")),
        ("a b", None),
        ("h/x", None),
        ("h:80", None),
        ("", None),
    ] {
        assert_eq!(host_name(text).as_deref(), host, "{text}");
    }
}

#[test]
fn a_redirect_is_resolved_against_its_origin() {
    let base = url("https://h/a/b/start?c");
    for (location, joined) in [
        ("http://x/y", "http://x/y"),
        ("//x:8443/y", "https://x:8443/y"),
        ("/y?z", "https://h/y?z"),
        ("y", "https://h/a/b/y"),
        ("?z", "https://h/a/b/start?z"),
        ("y#part", "https://h/a/b/y"),
        ("../../WE.lic", "https://h/WE.lic"),
        ("./../x", "https://h/a/x"),
        (
            "/deliver?from=https://portal.example/WE.lic",
            "https://h/deliver?from=https://portal.example/WE.lic",
        ),
        ("/Lizenz-für-Büro.lic", "https://h/Lizenz-f%C3%BCr-B%C3%BCro.lic"),
        ("/my licence.lic", "https://h/my%20licence.lic"),
        ("/%FCber", "https://h/%FCber"),
        ("\\x\\y", "https://h/x/y"),
        ("HTTPS:other", "https://h/a/b/other"),
        ("ftp://x/y", "ftp://x/y"),
        ("ftps://x/y", "ftps://x/y"),
    ] {
        assert_eq!(base.join(location).unwrap().to_string(), joined, "{location}");
    }
    for location in [
        "file:///etc/passwd",
        "javascript:x",
        "http://[x/",
        "http://a:b/",
        "mailto:a@b",
        "\0ftps://h/x",
    ] {
        assert!(base.join(location).is_err(), "{location}");
    }
}

#[test]
fn an_ftp_path_is_relative_unless_it_begins_with_a_slash() {
    for (text, path) in [
        ("ftp://h/a/b.lic", "a/b.lic"),
        ("ftp://h//a.lic", "/a.lic"),
        ("ftp://h/%2Fa%20b.lic;type=i", "/a b.lic"),
        ("ftps://h/für uns.lic", "für uns.lic"),
        ("ftp://h/WE?1.lic", "WE?1.lic"),
        ("ftp://h/WE;1.lic", "WE;1.lic"),
    ] {
        assert_eq!(url(text).ftp_path().unwrap(), path.as_bytes());
    }
    assert_eq!(url("ftp://h/B%FCro.lic").ftp_path().unwrap(), b"B\xfcro.lic");
    for text in ["ftp://h/", "ftp://h/a/", "ftp://h/a%0d%0aDELE%20b"] {
        assert_eq!(url(text).ftp_path(), None, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn an_accepted_address_reads_back_as_itself(
        text in "(https|HTTP|ftp|ftps)://[a-z0-9@:/?#.\\[\\]\\\\ %^|äß日]{0,40}",
    ) {
        if let Ok(url) = Url::parse(&text) {
            proptest::prop_assert_eq!(&self::url(&url.as_secret()), &url);
            proptest::prop_assert!(url.as_secret().is_ascii() && !url.host().is_empty());
            proptest::prop_assert!(!self::url(&url.to_string()).has_password());
        }
        proptest::prop_assert!(crate::Proxy::parse(&text).is_err() || text.starts_with("HTTP://"));
    }
}
