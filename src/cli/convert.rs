//! `ehlo convert IN [OUT]`: a conversation in another format, from whatever wrote it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::run::save;
use super::{Common, Exit, input};
use crate::conversation::exam;
use crate::decode::Knowledge;
use crate::interchange::anonymise::together;
use crate::interchange::import::SOURCES;
use crate::interchange::{self, FORMATS, Format, Told};
use crate::library;
use crate::world::World;

const COMMAND: &str = "ehlo convert";

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = formats())]
pub(super) struct Arguments {
    /// A transcript, by path or name (`ehlo history`), last, what another program wrote (told by its content), or example:NAME
    /// for a script of ehlo's own; - is standard input
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Where to write; its ending gives the format; without it, or with -, standard output
    #[arg(value_name = "OUT")]
    output: Option<PathBuf>,
    /// The format, where the name of OUT does not say it
    #[arg(long = "as", value_name = "FORMAT", value_parser = named)]
    format: Option<&'static Format>,
    /// Which conversation of a file that holds several, from 1
    #[arg(long, value_name = "N")]
    session: Option<usize>,
    /// List the conversations in the file, and write nothing
    #[arg(long, conflicts_with_all = ["output", "format", "session"])]
    list: bool,
    /// Replace addresses, hosts and IP addresses, so that it can be posted in public: the same by the same throughout a file,
    /// whichever of its conversations is written; what stands for what is kept nowhere, and another file has numbers of its own
    #[arg(long, visible_alias = "anonymize")]
    anonymise: bool,
    /// Write over OUT where it exists
    #[arg(long)]
    force: bool,
}

/// The lists of sources and formats for `--help`.
fn formats() -> String {
    let line = |format: &Format| {
        let endings: Vec<String> = format.extensions.iter().map(|ending| format!(".{ending}")).collect();
        format!("  {:<6} {:<14} {}", format.name, endings.join(" "), format.help)
    };
    let written: Vec<_> = FORMATS.iter().map(line).collect();
    let read: Vec<_> = SOURCES.iter().map(|source| format!("  {}", source.help)).collect();
    format!("Formats:\n{}\n\nRead besides transcripts, told by their content:\n{}", written.join("\n"), read.join("\n"))
}

fn named(name: &str) -> Result<&'static Format, String> {
    interchange::by_name(name).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        format!("no such format; there are {}", names.join(", "))
    })
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let done = input::kept(&arguments.input, &world.directories.state).and_then(|input| {
        if arguments.list { list(&input, common) } else { convert(arguments, &input, common, world) }
    });
    match done {
        Ok(()) => Exit::Done,
        Err(words) => super::complain(COMMAND, words),
    }
}

fn list(input: &Path, common: &Common) -> Result<(), String> {
    let imported = input::all(input)?;
    input::say(&imported, input, COMMAND, common);
    print(input::list(&imported).as_bytes())
}

fn convert(arguments: &Arguments, input: &Path, common: &Common, world: &World) -> Result<(), String> {
    let output = arguments.output.as_deref().filter(|path| *path != Path::new("-"));
    let format = format(arguments.format, output)?;
    // Before it is read: whoever records into it may be done by then, and has written the end.
    let goes_on = library::is_recorded_into(input);
    let (mut conversations, n) = input::chosen(input, |_| arguments.session, COMMAND, common)?;
    if arguments.anonymise {
        conversations = together(&conversations);
    }
    let mut document = conversations.swap_remove(n);
    if goes_on && format.is_own() {
        document.header.set_copied(world.now());
    }
    if let Some(class) = document.header.exam().filter(|_| !common.quiet && !format.is_own()) {
        super::complain(COMMAND, format_args!("{}: {}", input::shown(input), exam::refusal(class)));
    }
    let Told { octets, left_out } = format.told(&document, &Knowledge::shipped());
    for words in left_out.iter().filter(|_| !common.quiet) {
        super::complain(COMMAND, format_args!("{}: {words}", input::shown(input)));
    }
    match output {
        Some(path) => write(path, &octets, arguments.force),
        None => print(&octets),
    }
}

fn print(octets: &[u8]) -> Result<(), String> {
    match std::io::stdout().lock().write_all(octets) {
        // Who reads us may have seen enough.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("the result can't be written: {error}"))
        }
        _ => Ok(()),
    }
}

fn format(named: Option<&'static Format>, output: Option<&Path>) -> Result<&'static Format, String> {
    if let Some(format) = named {
        return Ok(format);
    }
    let Some(output) = output else {
        return Err("say which format with --as, or name a file to write; --list shows what IN holds".to_owned());
    };
    let extension = output.extension().and_then(|extension| extension.to_str());
    extension
        .and_then(interchange::by_extension)
        .ok_or_else(|| format!("{}: its ending is none that means a format; say which one with --as", output.display()))
}

fn write(path: &Path, octets: &[u8], force: bool) -> Result<(), String> {
    save::not_recorded_into(path)?;
    // For nobody else, as the workbench exports it.
    let mut options = crate::private::file();
    options.write(true).create(true).truncate(true).create_new(!force);
    let result = options.open(path).and_then(|mut file| {
        file.write_all(octets).inspect_err(|_| {
            // What is half there would be in the way of the next try. That it stays is no worse.
            let _ = if force { Ok(()) } else { std::fs::remove_file(path) };
        })
    });
    result.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            format!("{}: exists already; --force writes over it", path.display())
        }
        _ => format!("{}: {error}", path.display()),
    })
}
