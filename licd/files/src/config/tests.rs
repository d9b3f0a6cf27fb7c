use super::layers::FRAGMENT_DIR;
use super::*;
use std::fs;
use std::path::Path;

use licd_fs::root::Root;
use tempfile::TempDir;

/// A root with these files.
fn world(files: &[(&str, &str)]) -> (TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    let root = Root::new(dir.path()).unwrap();
    for (path, text) in files {
        let path = root.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    (dir, root)
}

/// The configuration with this text as its only layer, or the message without the file's name.
fn read(text: &str) -> Result<Config, String> {
    let (dir, root) = world(&[("/etc/licd/licd.toml", text)]);
    let (config, errors) = Config::load(&root).unwrap();
    let Some(error) = errors.first() else { return Ok(config) };
    assert_eq!((errors.len(), &config), (1, &Config::default()), "{error}");
    let file = format!("{}/etc/licd/licd.toml: ", dir.path().display());
    Err(error.to_string().strip_prefix(&file).unwrap().to_owned())
}

/// Host and port of the proxy.
fn proxy(config: &Config) -> Option<String> {
    config.network.proxy.as_ref().map(ToString::to_string)
}

#[test]
fn an_address_with_an_unencoded_password_is_rejected_with_the_cure() {
    for (c, code) in [
        ("#", "%23"),
        ("?", "%3F"),
        ("^", "%5E"),
        ("[", "%5B"),
        ("/", "%2F"),
        ("\\\\", "%5C"),
        ("€", "%E2%82%AC"),
    ] {
        let message = read(&format!("[network]\nproxy = \"http://tech:p{c}ss@host:3128\"\n"));
        let shown = c.replace("\\\\", "\\");
        let cure = format!("has {shown} in its user or password; write {shown} as {code}");
        let message = message.unwrap_err();
        let expected = format!("line 2, column 9: the proxy {cure}; ");
        assert!(message.starts_with(&expected), "{message}");
        let encoded = read(&format!("[network]\nproxy = \"http://tech:p{code}ss@host:3128\"\n"));
        let login = encoded.unwrap().network.proxy.unwrap().credentials().unwrap();
        assert_eq!(login.password, format!("p{shown}ss"));
    }
    let address = read("[activation]\nurl = \"https://tech:p#ss@host/\"\n").unwrap_err();
    let expected = "line 2, column 7: the address has # in its user or password; write # as %23";
    assert!(address.starts_with(expected), "{address}");
    let blank = read("[network]\nproxy = \"http://tech:p ss@host:3128\"\n").unwrap_err();
    assert!(blank.contains("has a blank in its user or password; write a blank as %20"), "{blank}");
}

#[test]
fn a_link_to_nothing_is_reported_by_name() {
    for path in ["/usr/lib/licd/licd.toml", "/etc/licd/licd.toml", FRAGMENT_DIR] {
        let (_dir, root) = world(&[]);
        let path = root.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        let (config, errors) = Config::load(&root).unwrap();
        assert_eq!(config, Config::default());
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        let ignored = "is a link to nothing; the whole file is ignored until it is corrected";
        assert_eq!(errors, [format!("{}: {ignored}", path.display())]);
    }
}

#[test]
fn without_files_the_documented_defaults_apply() {
    let (_dir, root) = world(&[]);
    let (config, errors) = Config::load(&root).unwrap();
    assert!(errors.is_empty());
    assert_eq!(config, Config::default());
    assert_eq!(config.trust.threshold.get(), 2);
    assert_eq!(config.system, System { generation: None, version: None, released: None });
    assert_eq!(config.starter.days, 0);
    assert_eq!(config.network.ca_file, None);
    assert_eq!(config.network.proxy, None);
    assert_eq!(config.network.connect_timeout, Duration::from_secs(10));
    assert_eq!(config.network.total_timeout, Duration::from_secs(120));
    assert_eq!(config.ums.certificate_sha256, None);
    assert_eq!(config.activation.url, None);
    assert_eq!(config.activation.terms, None);
    assert!(config.deployment.restart);
}

#[test]
fn every_key_can_be_set() {
    let config = read(
        r#"
        [trust]
        threshold = 1
        [system]
        generation = 11
        version = "11.09.310"
        released = "2026-01-15"
        [starter]
        days = 30
        [network]
        ca_file = "/etc/ssl/licensing.pem"
        proxy = "http://user:secret@[fd00::1]:3128/"
        connect_timeout_seconds = 1
        total_timeout_seconds = 86400
        [ums]
        certificate_sha256 = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff"
        [activation]
        url = "https://licensing.example.com/activate"
        terms = "https://licensing.example.com/terms"
        [deployment]
        restart = false
        "#,
    )
    .unwrap();
    assert_eq!(config.trust.threshold.get(), 1);
    assert_eq!(config.system.generation, Some(Generation::Os11));
    assert_eq!(config.system.version.as_deref(), Some("11.09.310"));
    assert_eq!(config.system.released, Date::parse("2026-01-15"));
    assert_eq!(config.starter.days, 30);
    assert_eq!(config.network.ca_file.as_deref(), Some(Path::new("/etc/ssl/licensing.pem")));
    assert_eq!(proxy(&config).as_deref(), Some("[fd00::1]:3128"));
    assert_eq!(config.network.connect_timeout, Duration::from_secs(1));
    assert_eq!(config.network.total_timeout, Duration::from_secs(86400));
    let pin = config.ums.certificate_sha256.unwrap();
    assert_eq!(pin.to_string(), "00112233445566778899aabbccddeeff".repeat(2));
    assert_eq!(CertificatePin::parse(&pin.to_string()), Some(pin));
    assert_eq!(CertificatePin::parse(&format!(":{pin}")), None);
    assert_eq!(config.activation.terms.unwrap(), "https://licensing.example.com/terms");
    let url = config.activation.url.unwrap().to_string();
    assert_eq!(url, "https://licensing.example.com/activate");
    assert!(!config.deployment.restart);
}

#[test]
fn a_path_has_at_most_4095_bytes_and_no_control_characters() {
    for (section, key) in [("network", "ca_file"), ("activation", "terms")] {
        let with = |path: &str| read(&format!("[{section}]\n{key} = \"{path}\"\n"));
        assert!(with(&format!("/{}", "x".repeat(4094))).is_ok(), "{key}");
        for wrong in [format!("/{}", "x".repeat(4095)), "/a\\u001Bb".to_owned()] {
            assert!(with(&wrong).is_err(), "{key} = {wrong}");
        }
    }
}

#[test]
fn later_layers_override_earlier_ones_key_by_key() {
    let (_dir, root) = world(&[
        (
            "/usr/lib/licd/licd.toml",
            "[network]\nproxy = \"http://image:1\"\nconnect_timeout_seconds = 1\n\
             total_timeout_seconds = 1\n[starter]\ndays = 30\n",
        ),
        ("/etc/licd/licd.toml", "[network]\nconnect_timeout_seconds = 2\n"),
        ("/etc/licd/licd.toml.d/20-site.toml", "network.total_timeout_seconds = 20\n"),
        ("/etc/licd/licd.toml.d/10-site.toml", "network = { total_timeout_seconds = 10 }\n"),
        ("/etc/licd/licd.toml.d/30-site.toml.bak", "[starter]\ndays = 3\n"),
        ("/etc/licd/licd.toml.d/.40-site.toml", "[starter]\ndays = 4\n"),
    ]);
    let (config, errors) = Config::load(&root).unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(proxy(&config).as_deref(), Some("image:1"));
    assert_eq!(config.network.connect_timeout, Duration::from_secs(2));
    assert_eq!(config.network.total_timeout, Duration::from_secs(20));
    assert_eq!(config.starter.days, 30);
}

#[test]
fn an_empty_string_resets_the_value_of_an_earlier_layer() {
    let (_dir, root) = world(&[
        (
            "/usr/lib/licd/licd.toml",
            "[network]\nproxy = \"http://image:1\"\n[system]\nreleased = \"2026-01-15\"\n",
        ),
        ("/etc/licd/licd.toml", "[network]\nproxy = \"\"\n[system]\nreleased = \"\"\n"),
    ]);
    assert_eq!(Config::load(&root).unwrap().0, Config::default());
}

#[test]
fn a_broken_layer_is_ignored_as_a_whole_and_the_others_apply() {
    let (dir, root) = world(&[
        ("/usr/lib/licd/licd.toml", "[trust]\nthreshold = 1\n[starter]\ndays = 1\n"),
        ("/etc/licd/licd.toml", "[trust]\nthreshold = 3\n[starter]\ndays = -1\n"),
        ("/etc/licd/licd.toml.d/50.toml", "[starter]\ndays = 5\n"),
    ]);
    let (config, errors) = Config::load(&root).unwrap();
    assert_eq!((config.trust.threshold.get(), config.starter.days), (1, 5));
    let messages: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [format!(
            "{}/etc/licd/licd.toml: line 4, column 8: invalid value: integer, expected a \
             number of days, 0 to 65535; the whole file is ignored until it is corrected",
            dir.path().display()
        )]
    );
}

#[test]
fn an_error_has_a_line_a_column_and_the_valid_values() {
    for (text, at, what) in [
        (
            "[trust]\ntreshold = 2\n",
            "line 2, column 1",
            "unknown key `treshold`, expected `threshold`",
        ),
        ("\n[trusd]\n", "line 2, column 2", "unknown key `trusd`, expected one of"),
        ("trust = 2\n", "line 1, column 9", "expected the section [trust]"),
        ("[trust]\nthreshold = 0\n", "line 2, column 13", "expected 1 to 8"),
        ("[trust]\nthreshold = 9\n", "line 2, column 13", "expected 1 to 8"),
        ("[trust]\nthreshold = \"2\"\n", "line 2, column 13", "expected 1 to 8"),
        ("[system]\ngeneration = 13\n", "line 2, column 14", "expected 1 to 12"),
        ("[system]\ngeneration = 0\n", "line 2, column 14", "expected 1 to 12"),
        ("[system]\nversion = \"12 4\"\n", "line 2, column 11", "expected a version such as"),
        ("[system]\nreleased = \"2026-02-29\"\n", "line 2, column 12", "expected a day such as"),
        ("[system]\nreleased = 2026-01-15\n", "line 2, column 12", "expected a day such as"),
        ("[starter]\ndays = 65536\n", "line 2, column 8", "expected a number of days"),
        (
            "[starter]\ndays = 9223372036854775808\n",
            "line 2, column 8",
            "expected a number of days",
        ),
        ("[network]\nca_file = \"ca.pem\"\n", "line 2, column 11", "expected an absolute path"),
        ("[network]\nproxy = \"proxy:3128\"\n", "line 2, column 9", "expected a proxy such as"),
        ("[network]\nproxy = \"http://proxy\"\n", "line 2, column 9", "expected a proxy such as"),
        ("[network]\nproxy = \"http://p:65536\"\n", "line 2, column 9", "expected a proxy such as"),
        ("[network]\nproxy = \"http://u:p@:1\"\n", "line 2, column 9", "expected a proxy such as"),
        ("[network]\nproxy = \"http://p/x:1\"\n", "line 2, column 9", "expected a proxy such as"),
        (
            "[network]\nconnect_timeout_seconds = 0\n",
            "line 2, column 27",
            "expected a number of seconds",
        ),
        (
            "[network]\ntotal_timeout_seconds = 86401\n",
            "line 2, column 25",
            "expected a number of seconds",
        ),
        ("[ums]\ncertificate_sha256 = \"00\"\n", "line 2, column 22", "expected the 64 hex digits"),
        ("[activation]\nurl = \"ftp://x\"\n", "line 2, column 7", "expected an address such as"),
        ("[activation]\nurl = \"https:///x\"\n", "line 2, column 7", "expected an address such as"),
        ("[deployment]\nrestart = \"no\"\n", "line 2, column 11", "expected a boolean"),
        ("[deployment]\nreboot = true\n", "line 2, column 1", "unknown key"),
        ("[trust]\nthreshold = 2\nthreshold = 2\n", "line 3, column 1", "duplicate key"),
        ("[trust\n", "line 1, column 7", "expected `]`"),
        ("[trust]\nthreshold =\n", "line 2, column 12", ""),
    ] {
        let message = read(text).unwrap_err();
        assert!(message.starts_with(&format!("{at}: ")), "{text}{message}");
        assert!(message.contains(what), "{text}{message}");
    }
}

#[test]
fn messages_neither_control_a_terminal_nor_reveal_a_password() {
    let message = read("\"\\e[31mred\\u202e\" = 1\n").unwrap_err();
    assert!(message.contains("unknown key `\\u{1b}[31mred\\u{202e}`"), "{message}");
    let message = read("[network]\nproxy = \"http://user:secret@proxy\"\n").unwrap_err();
    assert!(!message.contains("secret"), "{message}");
    let message = read(&format!("{} = 1\n", "x".repeat(60_000))).unwrap_err();
    assert!(message.len() < 600, "{message}");
}

#[test]
fn a_file_that_is_too_large_or_not_utf8_is_ignored() {
    let message = read(&"#".repeat(64 * 1024 + 1)).unwrap_err();
    assert!(message.starts_with("is larger than 65536 bytes; "), "{message}");
    let (_dir, root) = world(&[("/etc/licd/licd.toml", "")]);
    fs::write(root.path("/etc/licd/licd.toml"), b"[trust]\n# \xe9\n").unwrap();
    let (_, errors) = Config::load(&root).unwrap();
    assert!(errors[0].to_string().contains("line 2, column 3: not UTF-8 text"));
}

#[test]
fn fragments_beyond_the_limit_are_ignored_and_reported() {
    let (_dir, root) = world(&[]);
    fs::create_dir_all(root.path(FRAGMENT_DIR)).unwrap();
    for number in 1..=FRAGMENTS + 1 {
        assert_eq!(Config::load(&root).unwrap().1.len(), 0, "before fragment {number}");
        let file = root.path(FRAGMENT_DIR).join(format!("{number:03}.toml"));
        fs::write(file, format!("[starter]\ndays = {number}\n")).unwrap();
    }
    let (config, errors) = Config::load(&root).unwrap();
    assert_eq!(usize::from(config.starter.days), FRAGMENTS);
    assert!(errors[0].to_string().contains("licd.toml.d: holds too many files; the first 64"));
}

#[test]
fn fragments_that_cannot_be_listed_are_reported() {
    let (_dir, root) = world(&[(FRAGMENT_DIR, "not a directory")]);
    let (config, errors) = Config::load(&root).unwrap();
    assert_eq!((config, errors.len()), (Config::default(), 1));
    assert!(errors[0].to_string().contains("licd.toml.d: cannot be read"), "{}", errors[0]);
}

const PACKAGED: &str = include_str!("../../../../packaging/licd.toml");

/// The packaged file with line `number`, counted from 0, uncommented.
fn uncommented(number: usize) -> String {
    let mut lines: Vec<_> = PACKAGED.lines().collect();
    lines[number] = lines[number].strip_prefix('#').unwrap();
    lines.join("\n")
}

/// The lines of the packaged file with a commented key, and their numbers.
fn commented_keys() -> Vec<(usize, &'static str)> {
    let is_key =
        |line: &str| line.strip_prefix('#').is_some_and(|l| l.starts_with(char::is_alphabetic));
    PACKAGED.lines().enumerate().filter(|(_, line)| is_key(line)).collect()
}

#[test]
fn the_packaged_file_sets_nothing_and_shows_every_key_with_its_default() {
    assert_eq!(read(PACKAGED), Ok(Config::default()));
    for (number, line) in commented_keys() {
        let config = read(&uncommented(number)).unwrap_or_else(|error| panic!("{line}: {error}"));
        let example = match line.split(' ').next().unwrap() {
            "#generation" => System { generation: Some(Generation::Os12), ..System::default() },
            "#version" => System { version: Some("12.4.0".into()), ..System::default() },
            "#released" => System { released: Date::parse("2026-01-15"), ..System::default() },
            _ => System::default(),
        };
        assert_eq!(config, Config { system: example, ..Config::default() }, "{line}");
    }
    let shown: Vec<_> =
        commented_keys().iter().map(|(_, line)| line[1..].split(' ').next().unwrap()).collect();
    let known = [
        "threshold",
        "generation",
        "version",
        "released",
        "days",
        "ca_file",
        "proxy",
        "connect_timeout_seconds",
        "total_timeout_seconds",
        "certificate_sha256",
        "restart",
        "url",
        "terms",
    ];
    assert_eq!(shown, known);
}

#[test]
fn the_packaged_example_of_a_login_is_valid() {
    let example: Vec<&str> =
        PACKAGED.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
    let begin = example.iter().position(|line| *line == "[[network.login]]").unwrap();
    let config = read(&example[begin..begin + 4].join("\n")).unwrap();
    let login = Login {
        host: "ums.example.com".into(),
        user: "thinclient".into(),
        password_file: "/etc/licd/ums.password".into(),
    };
    assert_eq!(config.network.logins, [login]);
}

#[test]
fn an_incomplete_or_invalid_login_is_rejected() {
    let login = |lines: &str| read(&format!("[[network.login]]\n{lines}")).unwrap_err();
    for (lines, word) in [
        ("host = \"h\"\nuser = \"u\"", "password_file"),
        ("host = \"h:80\"\nuser = \"u\"\npassword_file = \"/p\"", "without port"),
        ("host = \"https://h/\"\nuser = \"u\"\npassword_file = \"/p\"", "server"),
        ("host = \"h\"\nuser = \"\"\npassword_file = \"/p\"", "user"),
        ("host = \"h\"\nuser = \"u\"\npassword_file = \"p\"", "absolute path"),
    ] {
        assert!(login(lines).contains(word), "{}", login(lines));
    }
    let one = "[[network.login]]\nhost = \"h\"\nuser = \"u\"\npassword_file = \"/p\"\n";
    assert!(read(&one.repeat(LOGINS)).is_ok());
    assert!(read(&one.repeat(LOGINS + 1)).is_err());
}

/// The example key of Go's `golang.org/x/mod/sumdb/note`.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

#[test]
fn a_broken_root_key_file_does_not_affect_the_others() {
    let (dir, root) = world(&[
        ("/usr/lib/licd/roots.d/a.vkey", "no key"),
        ("/usr/lib/licd/roots.d/b.vkey", ""),
        ("/usr/lib/licd/roots.d/c.txt", "notes"),
        ("/usr/lib/licd/roots.d/d.vkey", &format!("\n {KEY}\r\n")),
        ("/usr/lib/licd/roots.d/e.vkey", &format!("{KEY}\n{KEY}\n")),
        ("/usr/lib/licd/roots.d/f.vkey", &" ".repeat(4097)),
    ]);
    let (keys, errors) = roots(&root).unwrap();
    let names: Vec<_> = keys.iter().map(|key| key.name().as_str().to_owned()).collect();
    assert_eq!(names, ["PeterNeumann"]);
    let dir_name = format!("{}/usr/lib/licd/roots.d/", dir.path().display());
    let messages: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let messages: Vec<_> =
        messages.iter().map(|message| message.strip_prefix(&dir_name).unwrap()).collect();
    let no_key = "is not one verifier key (NAME+HASH+BASE64); put one root key in each file";
    assert_eq!(messages[..3], ["a", "b", "e"].map(|name| format!("{name}.vkey: {no_key}")));
    assert!(messages[3].starts_with("f.vkey: is larger than 4096 bytes; "), "{messages:?}");
}

#[test]
fn an_image_without_root_keys_or_trust_document_is_valid() {
    let (_dir, root) = world(&[]);
    let (keys, errors) = roots(&root).unwrap();
    assert!(keys.is_empty() && errors.is_empty());
    assert!(trust_note(&root).unwrap().unwrap().is_none());
}

#[test]
fn the_trust_document_of_the_image_is_read_within_the_limit_of_the_format() {
    use license_format::limits::TRUST_BYTES;
    let (_dir, root) = world(&[("/usr/lib/licd/trust.note", &"x".repeat(TRUST_BYTES))]);
    assert_eq!(trust_note(&root).unwrap().unwrap().unwrap().len(), TRUST_BYTES);
    fs::write(root.path("/usr/lib/licd/trust.note"), "x".repeat(TRUST_BYTES + 1)).unwrap();
    let error = trust_note(&root).unwrap().unwrap_err();
    assert!(error.to_string().contains("trust.note: is larger than"), "{error}");
}
