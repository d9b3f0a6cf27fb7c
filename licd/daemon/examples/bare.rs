//! `bare ADDRESS FILE`: the least service with the name of licd. It answers `GetStatus` with the content
//! of a file and allows every feature. What licd costs is measured beside it.

use std::error::Error;
use std::thread;

use zbus::connection::Builder;
use zbus::interface;

struct Bare {
    status: String,
}

#[interface(name = "com.igel.License1.Manager")]
impl Bare {
    fn get_status(&self) -> String {
        self.status.clone()
    }

    fn check_feature(&self, _name: String) -> (bool, String, String) {
        (true, "licensed".to_owned(), "never".to_owned())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(file)) = (args.next(), args.next()) else {
        return Err("usage: bare ADDRESS FILE".into());
    };
    let bare = Bare { status: std::fs::read_to_string(file)? };
    let builder = Builder::address(address.as_str()).serve_at("/com/igel/License1", bare);
    let _connection = zbus::block_on(builder.name("com.igel.License1").build())?;
    loop {
        thread::park();
    }
}
