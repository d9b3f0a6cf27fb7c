//! Regenerates the corpus: `cargo run -p acceptance --bin corpus`. Run
//! `tests/independent/vectors.py` after it.

use std::fs;
use std::io;

use acceptance::corpus;

fn main() -> io::Result<()> {
    let dir = corpus::dir();
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    for (path, content) in corpus::files() {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&dir))?;
        fs::write(path, content)?;
    }
    Ok(())
}
