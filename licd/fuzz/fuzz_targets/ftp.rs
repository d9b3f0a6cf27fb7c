//! The answers of FTP servers. The first byte chooses the request; a line of `%` separates the replies from
//! the data. `PORT` and `PHIGH,PLOW` stand for the port of the data.
#![no_main]

use libfuzzer_sys::fuzz_target;
use licd_fuzz::{fetched, parts};
use licd_protocol::{FetchRequest, Url};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let wire = parts(bytes).into_iter().map(<[u8]>::to_vec).collect();
    let _ = fetched(request(*choice), wire);
});

fn request(choice: u8) -> FetchRequest {
    let address = match choice % 4 {
        0 | 1 => "ftp://ftp.example/pub/a.lic",
        2 => "ftps://ftp.example/pub/a.lic",
        _ => "ftps://ftp.example:990/pub/a.lic",
    };
    FetchRequest {
        url: Url::parse(address).unwrap(),
        user: Some("tech".to_owned()),
        password: Some("Xq7-vergissmeinnicht".to_owned()),
        ca_file: None,
        pin: None,
        pin_or_authority: false,
        proxy: None,
        no_proxy: None,
        name_ms: 1000,
        connect_ms: 5000,
        idle_ms: 5000,
        total_ms: 60_000,
        max_bytes: 1 << 20,
        etag: (choice % 4 == 1).then(|| "5 bytes of 20261129120000".to_owned()),
        last_modified: None,
        clock_trusted: true,
        post: None,
    }
}
