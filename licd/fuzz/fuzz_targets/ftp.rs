//! The answers of FTP servers. The first byte chooses the request; a line of `%` separates the replies from
//! the data. `PORT` and `PHIGH,PLOW` stand for the port of the data.
#![no_main]

use libfuzzer_sys::fuzz_target;
use licd_fuzz::{fetch, request};
use licd_protocol::FetchRequest;

fuzz_target!(|bytes: &[u8]| fetch(bytes, chosen));

fn chosen(choice: u8) -> FetchRequest {
    let address = match choice % 4 {
        0 | 1 => "ftp://ftp.example/pub/a.lic",
        2 => "ftps://ftp.example/pub/a.lic",
        _ => "ftps://ftp.example:990/pub/a.lic",
    };
    FetchRequest {
        etag: (choice % 4 == 1).then(|| "5 bytes of 20261129120000".to_owned()),
        ..request(address)
    }
}
