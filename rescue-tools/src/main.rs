//! licctl.
fn main() -> std::process::ExitCode {
    rescue_tools::main()
}
