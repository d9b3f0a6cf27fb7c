//! The program `licd-fetch`.
fn main() -> std::process::ExitCode {
    licd_fetch::main()
}
