//! The FTP server vsftpd, with and without TLS.
//!
//! It needs root. The tests print a line where it is not installed or they do not run as root.

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

const PROGRAM: &str = "/usr/sbin/vsftpd";
const LICENSE: &[u8] = b"igel.com/license/v1\n";

struct Vsftpd {
    process: Child,
    port: u16,
    _dir: TempDir,
}

impl Drop for Vsftpd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts vsftpd with a public file, or prints why not.
fn start(test: &str, settings: impl Fn(&Path) -> String) -> Option<Vsftpd> {
    assert!(Path::new(PROGRAM).exists(), "vsftpd is missing; tests/prepare installs it");
    if !nix::unistd::Uid::effective().is_root() {
        eprintln!("needs root: {test}");
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("files");
    fs::create_dir(&files).unwrap();
    fs::write(files.join("WE.lic"), LICENSE).unwrap();
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for open in [dir.path(), &files] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o555);
        fs::set_permissions(open, mode).unwrap();
    }
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let mut config = format!(
        "listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\n\
         anonymous_enable=YES\nno_anon_password=NO\nanon_root={}\nftp_username=daemon\n\
         secure_chroot_dir={}\nseccomp_sandbox=NO\nxferlog_enable=NO\n",
        files.display(),
        empty.display()
    );
    config += &settings(dir.path());
    let file = dir.path().join("vsftpd.conf");
    fs::write(&file, config).unwrap();
    let process = Command::new(PROGRAM).arg(&file).stdout(Stdio::null()).spawn().unwrap();
    let server = Vsftpd { process, port, _dir: dir };
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "vsftpd does not come up");
        thread::yield_now();
    }
    Some(server)
}

#[test]
fn vsftpd_serves_a_file() {
    let Some(server) = start("vsftpd_serves_a_file", |_| String::new()) else { return };
    let fetched = fetch(&request(&format!("ftp://localhost:{}/WE.lic", server.port)));
    let size = LICENSE.len() as u64;
    assert_eq!(fetched.progress.last(), Some(&(size, Some(size))));
    assert!(fetched.headers[0].etag.is_some());
    assert_eq!(fetched.whole(), LICENSE);
    let missing = format!("ftp://localhost:{}/EMP.lic", server.port);
    let message = fetch(&request(&missing)).refusal(FailureCode::SourceRefused);
    assert_eq!(
        message,
        "localhost: does not give this file (Failed to open file.); check the path"
    );
}

#[test]
fn vsftpd_refuses_an_unknown_user() {
    let test = "vsftpd_refuses_an_unknown_user";
    let Some(server) = start(test, |_| "local_enable=YES\n".to_owned()) else { return };
    let request = FetchRequest {
        user: Some("no-such-user".to_owned()),
        password: Some("secret".to_owned()),
        // vsftpd delays the reply to a wrong password.
        idle_ms: 8000,
        ..request(&format!("ftp://localhost:{}/WE.lic", server.port))
    };
    let message = fetch(&request).refusal(FailureCode::SourceRefused);
    assert!(message.contains("rejects this user"), "{message}");
}

#[test]
fn vsftpd_serves_a_file_over_tls_with_session_resumption() {
    let authority = Authority::new();
    let bundle = authority.bundle();
    let identity = authority.identity("localhost", (2020, 2090));
    let settings = |dir: &Path| {
        let pem = dir.join("server.pem");
        fs::write(&pem, identity.pem()).unwrap();
        format!(
            "ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_data_ssl=YES\nforce_anon_logins_ssl=YES\n\
             require_ssl_reuse=YES\nssl_ciphers=HIGH\nrsa_cert_file={0}\nrsa_private_key_file={0}\n",
            pem.display()
        )
    };
    let test = "vsftpd_serves_a_file_over_tls_with_session_resumption";
    let Some(server) = start(test, settings) else { return };
    let url = format!("ftps://localhost:{}/WE.lic", server.port);
    let trusting =
        FetchRequest { ca_file: bundle.path().to_str().map(str::to_owned), ..request(&url) };
    assert_eq!(fetch(&trusting).whole(), LICENSE);

    let message = fetch(&request(&url)).refusal(FailureCode::SourceRefused);
    assert!(message.contains("does not know the authority"), "{message}");
    let plain = FetchRequest { url: address(&url.replace("ftps", "ftp")), ..trusting };
    let message = fetch(&plain).refusal(FailureCode::SourceRefused);
    assert_eq!(
        message,
        "localhost: wants TLS (Anonymous sessions must use encryption.); use an address with ftps://"
    );
}
