//! The command line: one file a subcommand. Arguments in, calls above, output and exit status out.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::smtp::escape;
use crate::world::World;

mod completions;
mod consent;
mod convert;
mod diff;
mod directories;
mod explain;
mod fold;
mod history;
mod input;
mod lab;
mod learn;
mod open;
mod probe;
mod profile;
mod rehearse;
mod role;
mod run;
mod runtime;
mod send;
mod workbench;

/// The exit status of every subcommand (FORMATS section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done and as expected.
    Done,
    /// The server refused, an expectation or a check failed, a difference was found.
    Refused,
    /// The message was taken, but some recipients were refused.
    PartlyRefused,
    /// Usage, or a file that can't be read.
    Usage,
    /// No connection.
    NoConnection,
    /// TLS.
    Tls,
    /// Authentication.
    Authentication,
    /// Time-out.
    TimeOut,
    /// The server broke the protocol.
    Protocol,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::NoConnection => 3,
            Self::Tls => 4,
            Self::Authentication => 5,
            Self::TimeOut => 6,
            Self::Protocol => 7,
            Self::PartlyRefused => 8,
            Self::Interrupted => 130,
        }
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Colour {
    #[default]
    Auto,
    Always,
    Never,
}

/// A workbench for SMTP conversations.
#[derive(Debug, Parser)]
#[command(name = "ehlo", version, args_conflicts_with_subcommands = true)]
#[group(skip)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    workbench: workbench::Arguments,
    #[command(flatten)]
    common: Common,
}

/// What every subcommand takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Colour,
    /// Say less
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Say more
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// Where profiles and settings are, instead of ehlo's XDG configuration directory
    #[arg(long, global = true, value_name = "DIR")]
    pub config: Option<std::path::PathBuf>,
    /// Where transcripts and certificates are, instead of ehlo's XDG state directory
    #[arg(long, global = true, value_name = "DIR")]
    pub state: Option<std::path::PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open saved transcripts in the workbench
    Open(open::Arguments),
    /// Replay scripts or transcripts without a screen
    Run(run::Arguments),
    /// Send one message, or a part of a transaction
    Send(Box<send::Arguments>),
    /// Find out what a server is, offers and refuses, by ready-made tests
    Probe(probe::Arguments),
    /// Explain a reply
    Explain(explain::Arguments),
    /// Compare two conversations
    Diff(diff::Arguments),
    /// Write a conversation in another format
    Convert(convert::Arguments),
    /// List, search, name and prune the transcripts that were kept
    History(Box<history::Arguments>),
    /// List, show, make and check profiles
    Profile(profile::Arguments),
    /// Run the lab server on its own
    Lab(lab::Arguments),
    /// Learn SMTP by holding conversations
    Learn(learn::Arguments),
    /// Print the completions for a shell
    Completions(completions::Arguments),
    /// Print the manual page
    Man,
}

/// Says on standard error what kept the program from doing what was asked. Standard error may be closed; there is nobody
/// to tell then.
fn complain(command: &str, words: impl std::fmt::Display) -> Exit {
    let _ = writeln!(std::io::stderr(), "{}", fold::err(&format!("{command}: {words}")));
    Exit::Usage
}

/// A result as a document of JSON.
fn document(value: &serde_json::Value) -> String {
    escape::for_json(&format!("{value:#}\n"))
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let words = match subcommand_first(std::env::args_os().collect()) {
        Ok(words) => words,
        Err((words, said)) => {
            complain("ehlo send", said);
            return ExitCode::from(send::of_words(&words));
        }
    };
    let arguments = match parsed(&words) {
        Ok(arguments) => arguments,
        Err(said) => {
            // Help and the version are asked for, and no mistake.
            let code = if said.use_stderr() { send::of_words(&words) } else { Exit::Done.code() };
            // The stream may be closed; there is nobody to tell then.
            let _ = send::told(said, &words).print();
            return ExitCode::from(code);
        }
    };
    let world = World::real(directories::of(&arguments.common));
    let common = &arguments.common;
    let exit = match &arguments.command {
        None => workbench::run(&arguments.workbench, common, &world),
        Some(Command::Open(it)) => open::run(it, common, &world),
        Some(Command::Run(it)) => run::run(it, common, &world),
        Some(Command::Send(it)) => return send::run(it, common, &world),
        Some(Command::Probe(it)) => probe::run(it, common, &world),
        Some(Command::Explain(it)) => explain::run(it, common, &world),
        Some(Command::Diff(it)) => diff::run(it, common, &world),
        Some(Command::Convert(it)) => convert::run(it, common, &world),
        Some(Command::History(it)) => history::run(it, common, &world),
        Some(Command::Profile(it)) => profile::run(it, common, &world),
        Some(Command::Lab(it)) => lab::run(it, common, &world),
        Some(Command::Learn(it)) => learn::run(it, common, &world),
        Some(Command::Completions(it)) => completions::completions(it, Arguments::command()),
        Some(Command::Man) => completions::man(Arguments::command()),
    };
    ExitCode::from(exit.code())
}

/// Reads a command line. What has no value may be said twice; of a value nobody knows which one counts.
fn parsed(words: &[OsString]) -> Result<Arguments, clap::Error> {
    let mut whole = twice_is_once(Arguments::command());
    let found = whole.try_get_matches_from_mut(words);
    found.and_then(|mut found| Arguments::from_arg_matches_mut(&mut found)).map_err(|said| said.format(&mut whole))
}

fn twice_is_once(command: clap::Command) -> clap::Command {
    let flag = |argument: clap::Arg| {
        let id = argument.get_id().clone();
        if matches!(argument.get_action(), clap::ArgAction::SetTrue) { argument.overrides_with(id) } else { argument }
    };
    command.mut_args(flag).mut_subcommands(twice_is_once)
}

/// Puts the subcommand before the options that every subcommand takes, and what that has for subcommands behind it:
/// `ehlo --state DIR history prune` is `ehlo history prune --state DIR`. Without this the word would be read as a TARGET,
/// since the workbench takes options and words too, and the next as a word to look for.
///
/// # Errors
/// What `ehlo send` refuses before anything is read further, in words; with the words of the command line.
fn subcommand_first(mut words: Vec<OsString>) -> Result<Vec<OsString>, (Vec<OsString>, String)> {
    let whole = Arguments::command();
    let takes_value = |word: &str| {
        let option = whole.get_arguments().filter(|a| a.is_global_set()).find(|a| {
            let long = a.get_long().is_some_and(|long| word.strip_prefix("--").is_some_and(|w| w == long));
            long || a.get_short().is_some_and(|short| word.strip_prefix('-').is_some_and(|w| w == short.to_string()))
        });
        option.map(|option| option.get_action().takes_values())
    };
    let (mut front, mut command) = (1, &whole);
    loop {
        let mut at = front;
        while let Some(word) = words.get(at).and_then(|word| word.to_str()) {
            at += match takes_value(word) {
                Some(true) => 2,
                Some(false) => 1,
                None if word.starts_with("--") && word.contains('=') => 1,
                None => break,
            };
        }
        let found = words.get(at).and_then(|word| command.get_subcommands().find(|s| *word == *s.get_name()));
        let Some(subcommand) = found else { return Ok(words) };
        words[front..=at].rotate_right(1);
        if subcommand.get_name() == "send" {
            return send::normalised(words.clone()).map_err(|said| (words, said));
        }
        (front, command) = (front + 1, subcommand);
    }
}
