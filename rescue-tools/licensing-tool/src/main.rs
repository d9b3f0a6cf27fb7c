//! licensing-tool.
fn main() -> std::process::ExitCode {
    licensing_tool::main()
}
