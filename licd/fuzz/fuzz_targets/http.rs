//! The answers of web servers and proxies. The first byte chooses the request; lines of `%` separate the
//! answers to each connection: of the proxy, of redirects.
#![no_main]

use libfuzzer_sys::fuzz_target;
use licd_fuzz::{fetch, request};
use licd_protocol::{FetchRequest, Proxy};

fuzz_target!(|bytes: &[u8]| fetch(bytes, chosen));

fn chosen(choice: u8) -> FetchRequest {
    let has = |bit: u8| choice >> bit & 1 == 1;
    let scheme = if has(0) { "https" } else { "http" };
    FetchRequest {
        proxy: has(1).then(|| Proxy::parse("http://u:p@proxy.example:3128").unwrap()),
        etag: has(2).then(|| "\"5f-61\"".to_owned()),
        post: has(3).then(|| "{}".to_owned()),
        ..request(&format!("{scheme}://ums.example/a.lic"))
    }
}
