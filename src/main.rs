//! The binary: reads the command line and calls one function of [`ehlo::cli`].

fn main() -> std::process::ExitCode {
    ehlo::cli::main()
}
