//! The answers of web servers and proxies. The first byte chooses the request; lines of `%` separate the
//! answers to each connection: of the proxy, of redirects.
#![no_main]

use libfuzzer_sys::fuzz_target;
use licd_fuzz::{fetched, parts};
use licd_protocol::{FetchRequest, Proxy, Url};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let wire = parts(bytes).into_iter().map(<[u8]>::to_vec).collect();
    let _ = fetched(request(*choice), wire);
});

fn request(choice: u8) -> FetchRequest {
    let chosen = |bit: u8| choice >> bit & 1 == 1;
    let scheme = if chosen(0) { "https" } else { "http" };
    FetchRequest {
        url: Url::parse(&format!("{scheme}://ums.example/a.lic")).unwrap(),
        user: Some("tech".to_owned()),
        password: Some("Xq7-vergissmeinnicht".to_owned()),
        ca_file: None,
        pin: None,
        pin_or_authority: false,
        proxy: chosen(1).then(|| Proxy::parse("http://u:p@proxy.example:3128").unwrap()),
        no_proxy: None,
        name_ms: 1000,
        connect_ms: 5000,
        idle_ms: 5000,
        total_ms: 60_000,
        max_bytes: 1 << 20,
        etag: chosen(2).then(|| "\"5f-61\"".to_owned()),
        last_modified: None,
        clock_trusted: true,
        post: chosen(3).then(|| "{}".to_owned()),
    }
}
