//! `ehlo convert IN [OUT]`: a conversation in another format.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{Common, Exit};
use crate::conversation::file;
use crate::decode::Knowledge;
use crate::interchange::{self, FORMATS, Format};
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = formats())]
pub(super) struct Arguments {
    /// The transcript; - is standard input
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Where to write; its ending gives the format; without it, or with -, standard output
    #[arg(value_name = "OUT")]
    output: Option<PathBuf>,
    /// The format, where the name of OUT does not say it
    #[arg(long = "as", value_name = "FORMAT", value_parser = named)]
    format: Option<&'static Format>,
    /// Write over OUT where it exists
    #[arg(long)]
    force: bool,
}

/// The list of formats for `--help`.
fn formats() -> String {
    let line = |format: &Format| format!("  {:<6} .{:<12} {}", format.name, format.extensions.join(" ."), format.help);
    format!("Formats:\n{}", FORMATS.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn named(name: &str) -> Result<&'static Format, String> {
    interchange::by_name(name).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        format!("no such format; there are {}", names.join(", "))
    })
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, _world: &World) -> Exit {
    match convert(arguments, common) {
        Ok(()) => Exit::Done,
        Err(words) => {
            // Standard error may be closed; there is nobody to tell then.
            let _ = writeln!(std::io::stderr(), "ehlo convert: {words}");
            Exit::Usage
        }
    }
}

fn convert(arguments: &Arguments, common: &Common) -> Result<(), String> {
    let output = arguments.output.as_deref().filter(|path| *path != Path::new("-"));
    let format = format(arguments.format, output)?;
    let document = read(&arguments.input)?;
    if !common.quiet {
        for warning in &document.warnings {
            let _ = writeln!(std::io::stderr(), "ehlo convert: {}: {warning}", arguments.input.display());
        }
    }
    let octets = (format.export)(&document, &Knowledge::shipped());
    match output {
        Some(path) => write(path, &octets, arguments.force),
        None => match std::io::stdout().lock().write_all(&octets) {
            // Who reads us may have seen enough.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(format!("the result can't be written: {error}"))
            }
            _ => Ok(()),
        },
    }
}

fn format(named: Option<&'static Format>, output: Option<&Path>) -> Result<&'static Format, String> {
    if let Some(format) = named {
        return Ok(format);
    }
    let Some(output) = output else {
        return Err("say which format with --as, or name a file to write".to_owned());
    };
    let extension = output.extension().and_then(|extension| extension.to_str());
    extension
        .and_then(interchange::by_extension)
        .ok_or_else(|| format!("{}: its ending is none that means a format; say which one with --as", output.display()))
}

/// Reads a transcript from a file, or from standard input for `-`.
pub(super) fn read(path: &Path) -> Result<file::Document, String> {
    if path != Path::new("-") {
        return file::open(path).map_err(|error| error.to_string());
    }
    if std::io::stdin().is_terminal() {
        return Err("standard input is a terminal; name a file, or send a transcript in".to_owned());
    }
    let mut octets = Vec::new();
    std::io::stdin().read_to_end(&mut octets).map_err(|error| format!("standard input can't be read: {error}"))?;
    file::read(&octets).map_err(|error| format!("standard input: {error}"))
}

fn write(path: &Path, octets: &[u8], force: bool) -> Result<(), String> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(!force);
    let result = options.open(path).and_then(|mut file| file.write_all(octets));
    result.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            format!("{}: exists already; --force writes over it", path.display())
        }
        _ => format!("{}: {error}", path.display()),
    })
}
