//! A real FTP server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::certificate::Identity;
use super::listening;

const PROGRAM: &str = "/usr/sbin/vsftpd";

/// vsftpd with one file, `WE.lic`, for anonymous users.
#[derive(Debug)]
pub struct Vsftpd {
    process: Child,
    port: u16,
    _dir: TempDir,
}

impl Vsftpd {
    /// Serves the file; with an identity, over TLS only.
    ///
    /// # Panics
    /// If the server is not installed.
    #[must_use]
    pub fn start(file: &str, identity: Option<&Identity>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files = dir.path().join("files");
        let empty = dir.path().join("empty");
        fs::create_dir(&files).unwrap();
        fs::create_dir(&empty).unwrap();
        fs::write(files.join("WE.lic"), file).unwrap();
        // vsftpd refuses a writable directory.
        for open in [dir.path(), &files] {
            fs::set_permissions(open, PermissionsExt::from_mode(0o555)).unwrap();
        }
        let tls = identity.map(|identity| tls(&empty, identity)).unwrap_or_default();
        let (process, port) = listening("vsftpd", |port| {
            let config = format!(
                "listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\n\
                 run_as_launching_user=YES\nanonymous_enable=YES\nno_anon_password=NO\nanon_root={}\nsecure_chroot_dir={}\n\
                 seccomp_sandbox=NO\nxferlog_enable=NO\n{tls}",
                files.display(),
                empty.display()
            );
            let file = empty.join("vsftpd.conf");
            fs::write(&file, config).unwrap();
            Command::new(PROGRAM)
                .arg(&file)
                .stdout(Stdio::null())
                .spawn()
                .expect("vsftpd is installed; tests/prepare does it")
        });
        Self { process, port, _dir: dir }
    }

    /// A URL on this server, without the scheme.
    #[must_use]
    pub fn place(&self, path: &str) -> String {
        format!("localhost:{}/{path}", self.port)
    }
}

fn tls(dir: &Path, identity: &Identity) -> String {
    let pem = dir.join("server.pem");
    fs::write(&pem, identity.pem()).unwrap();
    format!(
        "ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_data_ssl=YES\nforce_anon_logins_ssl=YES\n\
         require_ssl_reuse=YES\nssl_ciphers=HIGH\nrsa_cert_file={0}\nrsa_private_key_file={0}\n",
        pem.display()
    )
}

impl Drop for Vsftpd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
