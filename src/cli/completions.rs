//! `ehlo completions SHELL` and `ehlo man`: what a package puts beside the program, made from the command line itself.

use std::io::{self, Write as _};

use clap::Command;
use clap_complete::Shell;

use super::Exit;

/// Arguments of `ehlo completions`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// For which shell
    shell: Shell,
}

/// Prints the completions for a shell.
pub(super) fn completions(arguments: &Arguments, mut command: Command) -> Exit {
    let mut out = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "ehlo", &mut out);
    print("ehlo completions", &out)
}

/// Prints the manual page: the program, then each subcommand.
pub(super) fn man(command: Command) -> Exit {
    match page(command) {
        Ok(out) => print("ehlo man", &out),
        Err(error) => super::complain("ehlo man", error),
    }
}

fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut out = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut out)?;
    for sub in command.get_subcommands() {
        let name = format!("ehlo {}", sub.get_name());
        writeln!(out, ".SH \"{}\"", name.to_uppercase())?;
        let man = clap_mangen::Man::new(sub.clone().bin_name(name));
        man.render_synopsis_section(&mut out)?;
        man.render_description_section(&mut out)?;
        man.render_options_section(&mut out)?;
    }
    Ok(out)
}

fn print(name: &str, out: &[u8]) -> Exit {
    match io::stdout().lock().write_all(out) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            super::complain(name, format_args!("the result can't be written: {error}"))
        }
        _ => Exit::Done,
    }
}
