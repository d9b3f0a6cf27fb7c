//! The HTTPS server nginx. The test prints a line where it is not installed.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use licd_protocol::{FailureCode, FetchRequest};
use tempfile::TempDir;

use crate::tls::Authority;
use crate::worker::{address, fetch, request};

const PROGRAM: &str = "/usr/sbin/nginx";

struct Nginx {
    process: Child,
    port: u16,
    _dir: TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves one file over TLS, packed on request.
fn start(authority: &Authority, file: &[u8]) -> Nginx {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display();
    fs::write(dir.path().join("WE.lic"), file).unwrap();
    fs::write(dir.path().join("s.pem"), authority.identity("localhost", (2020, 2090)).pem())
        .unwrap();
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {path}/{kind};\n"))
        .collect();
    let config = format!(
        "daemon off; master_process off; pid {path}/pid; error_log stderr crit;\n\
         events {{}}\n\
         http {{ access_log off; gzip on; gzip_types *; gzip_min_length 1;\n{temp}\
         server {{ listen 127.0.0.1:{port} ssl; root {path};\n\
         ssl_certificate {path}/s.pem; ssl_certificate_key {path}/s.pem; }} }}\n"
    );
    let file = dir.path().join("nginx.conf");
    fs::write(&file, config).unwrap();
    let process = Command::new(PROGRAM)
        .args(["-p", &path.to_string(), "-c"])
        .arg(&file)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Nginx { process, port, _dir: dir };
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "nginx does not come up");
        thread::yield_now();
    }
    server
}

#[test]
fn nginx_serves_a_file_once_and_then_reports_it_unchanged() {
    assert!(Path::new(PROGRAM).exists(), "nginx is missing; tests/prepare installs it");
    let authority = Authority::new();
    let bundle = authority.bundle();
    let file = b"unit mac:00E0C51C5087\n".repeat(100_000);
    let server = start(&authority, &file);
    let trusting = FetchRequest {
        ca_file: bundle.path().to_str().map(str::to_owned),
        ..request(&format!("https://localhost:{}/WE.lic", server.port))
    };
    let fetched = fetch(&trusting);
    let answer = fetched.headers[0].clone();
    let total = file.len() as u64;
    assert_eq!(fetched.progress.last(), Some(&(total, Some(total))));
    assert!(fetched.whole() == file);
    for (etag, last_modified) in [(answer.etag.clone(), None), (None, answer.last_modified)] {
        assert!(etag.is_some() || last_modified.is_some());
        let again = fetch(&FetchRequest { etag, last_modified, ..trusting.clone() });
        assert!(again.headers[0].not_modified);
        assert!(again.whole().is_empty());
    }
    let missing =
        FetchRequest { url: address(&trusting.url.to_string().replace("WE", "EMP")), ..trusting };
    fetch(&missing).refusal(FailureCode::SourceRefused);
}
