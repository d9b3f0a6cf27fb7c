//! licd-notify.
fn main() -> std::process::ExitCode {
    licd_notify::main()
}
