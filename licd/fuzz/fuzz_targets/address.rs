//! Addresses, hosts, proxies, buses, bundles of certificate authorities.
#![no_main]

use libfuzzer_sys::fuzz_target;
use licd_fuzz::assert_printable;
use licd_protocol::{BusAddress, Proxy, Url, ca_file, host_name, without_userinfo};

const BASE: &str = "https://ums.example:8443/a/b.lic?c";

fuzz_target!(|bytes: &[u8]| {
    ca_file::certificates(bytes).for_each(drop);
    let Ok(text) = str::from_utf8(bytes) else { return };
    match Url::parse(text) {
        Ok(url) => check(&url),
        Err(error) => assert_printable(&error.to_string()),
    }
    if let Ok(url) = Url::parse(BASE).unwrap().join(text) {
        check(&url);
    }
    for proxy in [Proxy::parse(text), Proxy::from_environment(text)] {
        match proxy {
            Ok(proxy) => {
                assert_eq!(Proxy::parse(&proxy.as_secret()), Ok(proxy.clone()));
                assert!(proxy.port() > 0);
                assert_printable(&proxy.to_string());
            }
            Err(error) => assert_printable(&error.to_string()),
        }
    }
    if let Some(host) = host_name(text) {
        assert_eq!(host_name(&host).as_ref(), Some(&host));
    }
    let _ = text.parse::<BusAddress>().map(|bus| bus.to_string());
    let _ = without_userinfo(text);
});

fn check(url: &Url) {
    let shown = url.to_string();
    assert_printable(&shown);
    assert!(!url.host().is_empty() && url.port() > 0, "{shown}");
    assert!(url.ftp_path().is_none_or(|path| !path.iter().any(u8::is_ascii_control)));
    // The worker reads the address that the daemon has read.
    let secret = url.as_secret();
    if secret.len() <= Url::BYTES {
        let again = Url::parse(&secret).unwrap_or_else(|error| panic!("{secret:?} {error}"));
        assert_eq!(again.as_secret(), secret);
        assert_eq!(
            (again.host(), again.port(), again.path()),
            (url.host(), url.port(), url.path())
        );
        assert_eq!(again.credentials(), url.credentials());
    }
    let bare = Url::parse(&url.without_userinfo());
    assert!(bare.is_ok_and(|bare| bare.credentials().is_none()) || shown.len() > Url::BYTES / 2);
}
