//! The licence daemon.

fn main() -> std::process::ExitCode {
    licd::main()
}
