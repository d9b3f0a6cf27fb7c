use super::*;
use licd_fs::atomic;
use tempfile::TempDir;

fn world() -> (TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    let root = Root::new(dir.path()).unwrap();
    fs::create_dir_all(root.path("/etc/licd")).unwrap();
    (dir, root)
}

fn refused(text: &str) -> String {
    Settings::parse(text).unwrap_err().to_string()
}

fn polls_every(hours: u16) -> String {
    format!("[system.remotemanager]\nlicense_poll_hours = {hours}\n")
}

#[test]
fn every_key_has_the_default_of_the_registry() {
    let text = r#"
        [userinterface.license_notification]
        enable_enterprise_management_notification = true
        [system.remotemanager]
        license_cleanup = true
        prompt_user_on_ums_actions = true
        license_urls = []
        license_poll_hours = 24
        [licensing]
        remove = "none"
    "#;
    let default = (Settings::default(), Vec::new());
    assert_eq!(Settings::parse(text).unwrap(), default);
    assert_eq!(Settings::parse("").unwrap(), default);
}

#[test]
fn every_key_can_be_set() {
    let (settings, unknown) = Settings::parse(
        r#"
        userinterface.license_notification.enable_enterprise_management_notification = false
        [system.remotemanager]
        license_cleanup = false
        prompt_user_on_ums_actions = false
        license_urls = ["https://ums.example.com:8443/license/1.lic", "ftp://u:p@host/2.lic"]
        license_poll_hours = 1
        [licensing]
        remove = "pack:WE-7Q2KD"
        "#,
    )
    .unwrap();
    assert!(unknown.is_empty());
    assert!(!settings.userinterface.license_notification.enable_enterprise_management_notification);
    let remote = settings.system.remotemanager;
    assert!(!remote.license_cleanup && !remote.prompt_user_on_ums_actions);
    assert_eq!(remote.license_urls.len(), 2);
    assert_eq!(remote.license_poll_hours, 1);
    assert_eq!(settings.licensing.remove, Selector::parse("pack:WE-7Q2KD"));
}

#[test]
fn unknown_keys_are_ignored_and_listed() {
    let text = "x = 1\n[system]\n\"a\\eb\" = 2\n[system.remotemanager]\nlicense_poll_hours = 2\n\
                later = [1]\n[\"system.remotemanager\"]\nlicense_cleanup = true\n\
                [userinterface.rdp]\nserver = \"\"\n[[apps]]\nname = \"x\"\n";
    let (settings, mut unknown) = Settings::parse(text).unwrap();
    unknown.sort();
    assert_eq!(settings.system.remotemanager.license_poll_hours, 2);
    let expected = [
        "apps",
        "system.a\\u{1b}b",
        "system.remotemanager",
        "system.remotemanager.later",
        "userinterface.rdp",
        "x",
    ];
    assert_eq!(unknown, expected);
}

#[test]
fn invalid_values_are_rejected_with_line_and_column() {
    let remote = |line: &str| format!("[system.remotemanager]\n{line}\n");
    for (text, what) in [
        (
            remote("license_poll_hours = 0"),
            "line 2, column 22: invalid value: integer, expected a number of hours, 1 to 8760",
        ),
        (remote("license_poll_hours = 8761"), "line 2, column 22: "),
        (
            remote("license_cleanup = \"yes\""),
            "line 2, column 19: invalid type: string, expected a boolean",
        ),
        (
            remote("license_urls = \"https://x\""),
            "line 2, column 16: invalid type: string, expected a list of at most 64 download links",
        ),
        (
            remote("license_urls = [\"https://x\", \"\"]"),
            "line 2, column 30: expected a download link in quotes",
        ),
        (
            remote("license_urls = [\"https://x\\u0007y\"]"),
            "line 2, column 17: expected a download link in quotes",
        ),
        (
            "[licensing]\nremove = \"\"\n".into(),
            "line 2, column 10: expected \"none\" or what to remove",
        ),
        (
            "[licensing]\nremove = \"a b\"\n".into(),
            "line 2, column 10: expected \"none\" or what to remove",
        ),
        (
            "system = 1\n".into(),
            "line 1, column 10: invalid type: integer, expected the section [system]",
        ),
        ("[system\n".into(), "line 1, column 8: "),
    ] {
        let message = refused(&text);
        assert!(message.starts_with(&format!("settings: {what}")), "{text}{message}");
        assert!(message.ends_with("; nothing was changed"), "{message}");
    }
}

#[test]
fn links_are_limited_in_number_and_length() {
    let list = |link: &str, count: usize| {
        let links = vec![format!("\"{link}\""); count].join(", ");
        format!("[system.remotemanager]\nlicense_urls = [{links}]\n")
    };
    let longest = "x".repeat(licd_protocol::Url::BYTES);
    assert!(Settings::parse(&list(&longest, LICENSE_URLS)).is_ok());
    let refusal = refused(&list("x", LICENSE_URLS + 2));
    assert!(
        refusal.contains("length 65, expected a list of at most 64 download links"),
        "{refusal}"
    );
    assert!(refused(&list(&format!("{longest}x"), 1)).contains("1 to 2048 characters"));
}

#[test]
fn settings_of_more_than_a_mebibyte_are_rejected() {
    assert!(Settings::parse(&"#".repeat(1024 * 1024)).is_ok());
    assert!(refused(&"#".repeat(1024 * 1024 + 1)).contains("is larger than 1048576 bytes"));
}

#[test]
fn a_missing_file_means_the_defaults_and_is_not_saved() {
    let (_dir, root) = world();
    let loaded = load(&root).unwrap();
    assert_eq!(loaded.settings, Settings::default());
    assert!(loaded.problem.is_none() && loaded.unknown.is_empty());
    loaded.keep(&root).unwrap();
    assert!(!root.path("/var").exists());
}

#[test]
fn while_the_file_is_broken_the_last_good_settings_stay_in_force() {
    let (dir, root) = world();
    fs::write(root.path(FILE), format!("unknown = 1\n{}", polls_every(7))).unwrap();
    load(&root).unwrap().keep(&root).unwrap();

    fs::write(root.path(FILE), "[system\n").unwrap();
    let loaded = load(&root).unwrap();
    assert_eq!(loaded.settings.system.remotemanager.license_poll_hours, 7);
    assert_eq!(loaded.unknown, ["unknown"]);
    let message = loaded.problem.as_ref().unwrap().to_string();
    let begin = format!("{}/etc/licd/settings.toml: line 1, column 8: ", dir.path().display());
    assert!(message.starts_with(&begin), "{message}");
    assert!(message.ends_with("; the last good settings stay in force until it is corrected"));

    loaded.keep(&root).unwrap();
    assert_eq!(load(&root).unwrap().settings.system.remotemanager.license_poll_hours, 7);
}

#[test]
fn a_broken_file_without_saved_settings_means_the_defaults() {
    let (_dir, root) = world();
    for last_good in [None, Some("[broken")] {
        if let Some(text) = last_good {
            atomic::create_dir(&root.path("/var/lib/licd")).unwrap();
            fs::write(root.path(LAST_GOOD), text).unwrap();
        }
        fs::write(root.path(FILE), "[system\n").unwrap();
        let loaded = load(&root).unwrap();
        assert_eq!(loaded.settings, Settings::default());
        let message = loaded.problem.unwrap().to_string();
        assert!(
            message.ends_with("; the defaults are in force until it is corrected"),
            "{message}"
        );
    }
}

#[test]
fn removed_settings_are_no_longer_the_last_good_ones() {
    let (_dir, root) = world();
    fs::write(root.path(FILE), polls_every(7)).unwrap();
    load(&root).unwrap().keep(&root).unwrap();
    fs::remove_file(root.path(FILE)).unwrap();
    load(&root).unwrap().keep(&root).unwrap();
    fs::write(root.path(FILE), "[system\n").unwrap();
    assert_eq!(load(&root).unwrap().settings, Settings::default());
}

#[test]
fn good_settings_are_saved_only_when_they_change() {
    use std::os::unix::fs::MetadataExt as _;
    let (_dir, root) = world();
    let kept = || fs::metadata(root.path(LAST_GOOD)).unwrap().ino();
    let mut seen = Vec::new();
    for hours in [7, 7, 8] {
        fs::write(root.path(FILE), polls_every(hours)).unwrap();
        load(&root).unwrap().keep(&root).unwrap();
        seen.push(kept());
    }
    assert_eq!(seen[0], seen[1]);
    assert_ne!(seen[1], seen[2]);
}

#[test]
fn applied_settings_are_stored_with_unknown_keys_and_comments() {
    let (_dir, root) = world();
    fs::remove_dir(root.path("/etc/licd")).unwrap();
    let text = format!("# from a profile\nx.y = 1\n{}", polls_every(3));
    let (settings, unknown) = apply(&root, &text).unwrap();
    assert_eq!(
        (settings.system.remotemanager.license_poll_hours, &unknown[..]),
        (3, &["x".into()][..])
    );
    assert_eq!(fs::read_to_string(root.path(FILE)).unwrap(), text);
    assert_eq!(load(&root).unwrap().settings, settings);
    let mode = |root: &Root| fs::metadata(root.path(FILE)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&root), 0o600);
    fs::set_permissions(root.path(FILE), fs::Permissions::from_mode(0o640)).unwrap();
    apply(&root, "").unwrap();
    assert_eq!(mode(&root), 0o640);
}

#[test]
fn refused_settings_change_nothing() {
    let (_dir, root) = world();
    apply(&root, &polls_every(3)).unwrap();
    assert!(matches!(apply(&root, "[system\n"), Err(SettingsError::Refused(_))));
    assert_eq!(fs::read_to_string(root.path(FILE)).unwrap(), polls_every(3));
}

#[test]
fn unwritable_settings_are_reported_with_their_file() {
    let (dir, root) = world();
    fs::remove_dir_all(root.path("/etc/licd")).unwrap();
    fs::write(root.path("/etc/licd"), "no directory").unwrap();
    let message = apply(&root, "").unwrap_err().to_string();
    let begin = format!("{}/etc/licd/settings.toml: cannot be written: ", dir.path().display());
    assert!(message.starts_with(&begin), "{message}");
}
