use std::io::Write as _;

use super::*;

fn read_all(descriptor: impl Into<OwnedFd>) -> io::Result<String> {
    let stream = Stream::of(Foreign::from(descriptor.into())).unwrap();
    io::read_to_string(DeadlineReader::new(stream, READ_TIMEOUT, None))
}

#[test]
fn a_path_is_absolute() {
    assert!(
        matches!(Source::parse("/a b", Access::default()), Ok(Source::Path(path)) if path.as_os_str() == "/a b")
    );
    for relative in ["", "a.lic", "./a.lic", "usbstick.lic", "~/a.lic"] {
        let refused = Source::parse(relative, Access::default());
        assert!(matches!(refused, Err(Refusal::Arguments(_))), "{relative}");
    }
}

#[test]
fn a_file_in_a_home_directory_is_for_licctl_to_open() {
    let message = |path: &str| open(Path::new(path)).unwrap_err().message;
    for hidden in ["/home/none/a.lic", "/root/none/a.lic", "/run/user/none/a.lic"] {
        assert!(message(hidden).contains("licctl import"), "{hidden}");
    }
    for plain in ["/none/a.lic", "/home-made/a.lic", "/run/a.lic/none"] {
        assert!(!message(plain).contains("licctl import"), "{plain}");
    }
}

#[test]
fn an_address_of_another_scheme_is_refused_by_name() {
    let Err(Refusal::Verdict(failure)) = Source::parse("sftp://ums/a.lic", Access::default())
    else {
        panic!()
    };
    assert_eq!(failure.code, Code::SourceRefused);
    assert!(failure.message.starts_with("sftp://ums/a.lic: "), "{}", failure.message);
}

#[test]
fn only_a_server_gets_a_login_and_only_http_a_proxy() {
    let login =
        || Access { login: Some(Login { user: "u".into(), password: "p".into() }), proxy: None };
    let proxy = || Access { login: None, proxy: Proxy::parse("http://proxy:3128").ok() };
    for (source, access) in
        [("ftp://h/a", login()), ("https://h/a", login()), ("http://h/a", proxy())]
    {
        assert!(matches!(Source::parse(source, access), Ok(Source::Url(..))), "{source}");
    }
    for (source, access) in [("/a", login()), ("usb", proxy()), ("ftps://h/a", proxy())] {
        let refused = Source::parse(source, access);
        assert!(matches!(refused, Err(Refusal::Arguments(_))), "{source}");
    }
}

#[test]
fn a_file_is_read_from_its_position() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"abcdef").unwrap();
    file.seek(io::SeekFrom::Start(2)).unwrap();
    assert_eq!(Stream::of(OwnedFd::from(file.try_clone().unwrap()).into()).unwrap().total(), 4);
    assert_eq!(read_all(file).unwrap(), "cdef");
}

#[test]
fn pipes_and_sockets_are_read_to_their_end() {
    let (reader, writer) = io::pipe().unwrap();
    let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    let pairs: [(OwnedFd, OwnedFd); 2] =
        [(reader.into(), writer.into()), (near.into(), far.into())];
    for (reader, writer) in pairs {
        let reading = std::thread::spawn(|| read_all(reader));
        let mut writer = File::from(writer);
        for piece in ["ab", "", "cd"] {
            writer.write_all(piece.as_bytes()).unwrap();
            std::thread::yield_now();
        }
        drop(writer);
        assert_eq!(reading.join().unwrap().unwrap(), "abcd");
    }
}

#[test]
fn the_callers_end_of_a_pipe_keeps_blocking() {
    let (reader, writer) = io::pipe().unwrap();
    let kept = reader.try_clone().unwrap();
    drop(writer);
    assert_eq!(read_all(reader).unwrap(), "");
    let flags = nix::fcntl::fcntl(&kept, nix::fcntl::FcntlArg::F_GETFL).unwrap();
    assert!(!OFlag::from_bits_truncate(flags).contains(OFlag::O_NONBLOCK));
}

#[test]
fn a_device_node_is_refused() {
    let device = File::open("/dev/null").unwrap();
    let Err(failure) = Stream::of(OwnedFd::from(device).into()) else {
        panic!("/dev/null was opened")
    };
    assert!(!failure.code.is_accepted());
}
