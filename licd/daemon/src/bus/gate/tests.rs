use std::os::unix::net::UnixListener;

use super::*;

#[test]
fn a_bus_is_reached_by_a_path_and_by_an_abstract_name() {
    let dir = tempfile::tempdir().unwrap();
    let name = dir.path().join("bus").into_os_string().into_string().unwrap();
    let abstract_name = SocketAddr::from_abstract_name(&name).unwrap();
    for (kind, listener) in [
        ("path", UnixListener::bind(&name).unwrap()),
        ("abstract", UnixListener::bind_addr(&abstract_name).unwrap()),
    ] {
        let address = zbus::Address::try_from(&*format!("unix:{kind}={name}")).unwrap();
        let _gate = zruntime::block_on(Gate::connect(&address)).unwrap();
        let _ = listener.accept().unwrap();
    }
}
