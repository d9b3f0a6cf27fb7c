//! A real HTTPS server.

use std::fs;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::certificate::Identity;
use super::listening;

const PROGRAM: &str = "/usr/sbin/nginx";

/// nginx with TLS and a few files.
#[derive(Debug)]
pub struct Nginx {
    process: Child,
    port: u16,
    _dir: TempDir,
}

impl Nginx {
    /// Serves files with this identity and additional configuration lines.
    ///
    /// # Panics
    /// If the server is not installed.
    #[must_use]
    pub fn start(identity: &Identity, files: &[(&str, &str)], lines: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_str().unwrap();
        let served = dir.path().join("served");
        fs::create_dir(&served).unwrap();
        for (name, content) in files {
            fs::write(served.join(name), content).unwrap();
        }
        fs::write(dir.path().join("s.pem"), identity.pem()).unwrap();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {path}/{kind};\n"))
            .collect();
        let file = dir.path().join("nginx.conf");
        let (process, port) = listening("nginx", |port| {
            let config = format!(
                "daemon off; master_process off; pid {path}/pid; error_log stderr crit;\n\
                 events {{}}\n\
                 http {{ access_log off;\n{temporary}\
                 server {{ listen 127.0.0.1:{port} ssl; root {path}/served;\n\
                 ssl_certificate {path}/s.pem; ssl_certificate_key {path}/s.pem;\n{lines} }} }}\n"
            );
            fs::write(&file, config).unwrap();
            Command::new(PROGRAM)
                .args(["-e", "stderr", "-p", path, "-c"])
                .arg(&file)
                .stderr(Stdio::null())
                .spawn()
                .expect("nginx is installed; tests/prepare does it")
        });
        Self { process, port, _dir: dir }
    }

    /// A URL on this server.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}/{path}", self.port)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
