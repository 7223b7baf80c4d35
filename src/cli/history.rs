//! `ehlo history`: the transcripts that were kept, without a screen.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Common, Exit, complain, input};
use crate::conversation::event::Remark;
use crate::conversation::file::Annotations;
use crate::library::{self, Limits, Pruned, RemoveError, Summary};
use crate::profile::size;
use crate::world::World;

mod list;

use list::Listing;

const COMMAND: &str = "ehlo history";

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_precedence_over_arg = true,
    after_help = "\
NAME is the path of a transcript, its name in the list, a part of it that no other has, or last.
What is looked for: words that stand in the conversation (\"a phrase\", /a regular expression/; capitals mind case), and
host: profile: code: end: title: tag: to: since: until: larger: smaller: for what is known of it:
  ehlo history code:5xx since:7d relay --without tag:solved"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    listing: Listing,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List transcripts, newest first; all, or those that hold what is looked for
    List(Listing),
    /// Search in all conversations; the first line that was found stands under each
    Search(Listing),
    /// Give a transcript a title; an empty one takes it away
    Rename {
        /// Which
        name: String,
        /// The title
        title: String,
    },
    /// Give a transcript tags
    Tag {
        /// Which
        name: String,
        /// The tags
        #[arg(required = true)]
        tags: Vec<String>,
        /// Take these tags off instead
        #[arg(long)]
        remove: bool,
    },
    /// Write a note into a transcript, or take one off
    Note(Note),
    /// Print where the transcripts are, or the file of one
    Path {
        /// Which
        name: Option<String>,
    },
    /// Delete transcripts
    Delete {
        /// Which
        #[arg(required = true)]
        names: Vec<String>,
        /// Without asking
        #[arg(long, short)]
        yes: bool,
    },
    /// Delete transcripts by age and size; those with a title, a tag, a note or a bookmark stay
    Prune(Prune),
}

/// Arguments of `ehlo history note`.
#[derive(Debug, clap::Args)]
struct Note {
    /// Which
    name: String,
    /// The note
    #[arg(required_unless_present = "remove")]
    text: Option<String>,
    /// The line that it is about, counted as in the workbench; without it the conversation as a whole
    #[arg(long, value_name = "LINE")]
    at: Option<usize>,
    /// In the place of the note that was written last on that line
    #[arg(long, requires = "at", conflicts_with = "remove")]
    replace: bool,
    /// Take off the notes on that line, or those of this text, instead
    #[arg(long)]
    remove: bool,
}

/// Arguments of `ehlo history prune`.
#[derive(Debug, clap::Args)]
struct Prune {
    /// Those older than this: 90d, 6 months, 2026-01-01
    #[arg(long, value_name = "TIME")]
    older_than: Option<String>,
    /// Those larger than this: 10MB
    #[arg(long, value_name = "SIZE", value_parser = octets)]
    larger_than: Option<u64>,
    /// The oldest, until all together are no larger than this: 1GB
    #[arg(long, value_name = "SIZE", value_parser = octets)]
    total: Option<u64>,
    /// Also those with a title, a tag, a note or a bookmark
    #[arg(long)]
    annotated_too: bool,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
    /// Without asking
    #[arg(long, short)]
    yes: bool,
    /// Print what went as JSON
    #[arg(long)]
    json: bool,
}

fn octets(text: &str) -> Result<u64, String> {
    size::parse(text).ok_or_else(|| format!("`{text}` is no size; write it like 500kB, 10MB or 5MiB"))
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let state = &world.directories.state;
    let done = |out: Result<String, String>| out.map(|out| (out, Exit::Done));
    let done = match &arguments.command {
        None => done(list::run(&arguments.listing, common, world)),
        Some(Command::List(listing) | Command::Search(listing)) => done(list::run(listing, common, world)),
        Some(Command::Rename { name, title }) => {
            let set = Remark::new("set").with("title", title);
            done(found(state, name).and_then(|path| annotate(&path, world, &[set])))
        }
        Some(Command::Tag { name, tags, remove }) => done(tag(world, name, tags, *remove)),
        Some(Command::Note(arguments)) => done(note(world, arguments)),
        Some(Command::Path { name: None }) => done(Ok(format!("{}\n", state.join("transcripts").display()))),
        Some(Command::Path { name: Some(name) }) => {
            done(found(state, name).map(|path| format!("{}\n", path.display())))
        }
        Some(Command::Delete { names, yes }) => delete(state, names, *yes),
        Some(Command::Prune(prune)) => self::prune(prune, common, world),
    };
    match done {
        Ok((out, exit)) => print(&out, exit),
        Err(words) => complain(COMMAND, words),
    }
}

fn print(out: &str, exit: Exit) -> Exit {
    match std::io::stdout().lock().write_all(out.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(COMMAND, format_args!("the result can't be written: {error}"))
        }
        _ => exit,
    }
}

fn found(state: &Path, name: &str) -> Result<PathBuf, String> {
    library::named(state, name).map_err(|error| error.to_string())
}

/// Appends to a transcript, and says what is known of it now.
fn annotate(path: &Path, world: &World, remarks: &[Remark]) -> Result<String, String> {
    library::annotate(path, None, remarks).map_err(|error| format!("{}: {error}", input::shown(path)))?;
    Ok(list::line(&library::summary(path), &world.zone()) + "\n")
}

/// Writes a note, or takes notes off.
fn note(world: &World, arguments: &Note) -> Result<String, String> {
    let Note { name, text, at, replace, remove } = arguments;
    let path = found(&world.directories.state, name)?;
    let document = input::all(&path)?.conversations.into_iter().next().unwrap_or_default();
    let recorded: Vec<usize> = document.log.kinds(0).filter(|(.., timed)| *timed).map(|(n, ..)| n).collect();
    let line = at.map(|at| {
        let there = at.checked_sub(1).and_then(|n| recorded.get(n));
        let none = || format!("{}: there is no line {at}, it has {}", input::shown(&path), recorded.len());
        there.copied().ok_or_else(none)
    });
    let line = line.transpose()?;
    let notes = Annotations::of(&document).notes.into_iter();
    let mut taken: Vec<_> = notes.filter(|(about, _)| line.is_none_or(|line| line == *about)).collect();
    if *remove {
        taken.retain(|(_, note)| text.as_ref().is_none_or(|text| text == note));
        if line.is_none() && text.is_none() {
            return Err("say which note goes: --at LINE, or its text".to_owned());
        }
        if taken.is_empty() {
            return Err(format!("{}: there is no such note", input::shown(&path)));
        }
    } else {
        let last = taken.pop().filter(|_| *replace);
        taken = last.into_iter().collect();
    }
    let off = taken.into_iter().map(|(about, note)| {
        let number = recorded.partition_point(|record| *record < about) + 1;
        Remark::new("note").with("at", number).with("off", "yes").value(note)
    });
    let new = text.as_ref().filter(|_| !*remove).map(|text| {
        let note = Remark::new("note");
        at.map_or(note.clone(), |at| note.with("at", at)).value(text)
    });
    annotate(&path, world, &off.chain(new).collect::<Vec<_>>())
}

fn tag(world: &World, name: &str, tags: &[String], remove: bool) -> Result<String, String> {
    if let Some(tag) = tags.iter().find(|tag| tag.trim().is_empty() || tag.contains(char::is_whitespace)) {
        return Err(format!("`{tag}` is no tag; a tag is one word"));
    }
    let remark = |tag: &str| {
        let set = Remark::new("set").with("tag", tag);
        if remove { set.with("off", "yes") } else { set }
    };
    // One that was kept as it was typed, with a # or a comma in it, is taken off by that.
    let whole = tags.iter().map(String::as_str).filter(|tag| remove && library::tags(tag).ne([*tag]));
    let remarks: Vec<_> = whole.chain(tags.iter().flat_map(|tag| library::tags(tag))).map(remark).collect();
    if remarks.is_empty() {
        return Err("there is no tag in that; a tag is one word".to_owned());
    }
    annotate(&found(&world.directories.state, name)?, world, &remarks)
}

/// Only what lies among the transcripts is deleted by name: any other file is the user's own.
fn delete(state: &Path, names: &[String], yes: bool) -> Result<(String, Exit), String> {
    let folder = state.join("transcripts");
    let mut doomed = Vec::new();
    for name in names {
        let path = found(state, name)?;
        let within = path.canonicalize().is_ok_and(|it| folder.canonicalize().is_ok_and(|at| it.starts_with(at)));
        if !within {
            return Err(format!("{} is not in {}; rm deletes it", input::shown(&path), folder.display()));
        }
        let size = library::summary(&path).size;
        doomed.push(Pruned { path, size, why: "" });
    }
    doomed.sort_by(|a: &Pruned, b| a.path.cmp(&b.path));
    doomed.dedup();
    consent(&doomed, yes)?;
    let (gone, failed) = carry_out(&doomed, library::remove);
    Ok((told("deleted", &gone), exit_of(failed)))
}

/// Asks, where there is somebody to ask.
fn consent(doomed: &[Pruned], yes: bool) -> Result<(), String> {
    if yes || doomed.is_empty() {
        return Ok(());
    }
    let count = many(doomed);
    let question = format!("{}Delete {count}?", told("would go", doomed));
    super::consent::consent(&question, &format!("{count} would be deleted; --yes deletes"), "nothing was deleted")
}

/// How it ends when so many could not be deleted.
fn exit_of(failed: usize) -> Exit {
    if failed == 0 { Exit::Done } else { Exit::Usage }
}

/// Deletes, and gives what is gone and how many are not; what could not be deleted is said.
fn carry_out(doomed: &[Pruned], remove: fn(&Path) -> Result<(), RemoveError>) -> (Vec<Pruned>, usize) {
    let (mut gone, mut failed) = (Vec::new(), 0);
    for it in doomed {
        match remove(&it.path) {
            Ok(()) => gone.push(it.clone()),
            Err(error) => {
                failed += 1;
                complain(COMMAND, format_args!("{} stays: {error}", input::shown(&it.path)));
            }
        }
    }
    (gone, failed)
}

fn prune(arguments: &Prune, common: &Common, world: &World) -> Result<(String, Exit), String> {
    if arguments.older_than.is_none() && arguments.larger_than.is_none() && arguments.total.is_none() {
        return Err("nothing goes without a limit: --older-than 90d, --larger-than 10MB or --total 1GB".to_owned());
    }
    let before = arguments.older_than.as_deref().map(|text| library::moment(text, world.now(), &world.zone()));
    let limits = Limits {
        before: before.transpose().map_err(|error| error.to_string())?,
        larger_than: arguments.larger_than,
        in_all: arguments.total,
        annotated_too: arguments.annotated_too,
    };
    let all: Vec<Summary> = library::files(&world.directories.state).map(|path| library::summary(&path)).collect();
    let mut doomed = library::prune(&all, &limits);
    doomed.retain(|it| !library::is_locked(&it.path));
    doomed.retain(|it| arguments.annotated_too || !library::is_annotated(&it.path));
    let mut failed = 0;
    if !arguments.dry_run {
        consent(&doomed, arguments.yes)?;
        let remove = if arguments.annotated_too { library::remove } else { library::remove_unless_annotated };
        (doomed, failed) = carry_out(&doomed, remove);
    }
    if arguments.json {
        let rows = doomed
            .iter()
            .map(|it| serde_json::json!({ "path": it.path.display().to_string(), "size": it.size, "why": it.why }));
        let size: u64 = doomed.iter().map(|it| it.size).sum();
        let rows: Vec<_> = rows.collect();
        let all = serde_json::json!({ "ehlo": 1, "dry_run": arguments.dry_run, "size": size, "pruned": rows });
        return Ok((super::document(&all), exit_of(failed)));
    }
    let did = if arguments.dry_run { "would go" } else { "deleted" };
    if common.quiet {
        return Ok((String::new(), exit_of(failed)));
    }
    Ok((format!("{}{} {did}, of {}\n", told(did, &doomed), many(&doomed), all.len()), exit_of(failed)))
}

/// What happened to each, a line each.
fn told(did: &str, files: &[Pruned]) -> String {
    let line = |it: &Pruned| {
        let why = if it.why.is_empty() { String::new() } else { format!(" ({})", it.why) };
        format!("{did}  {:>7}  {}{why}\n", size::words(it.size), input::shown(&it.path))
    };
    files.iter().map(line).collect()
}

/// So many transcripts of so many octets, in words.
fn many(files: &[Pruned]) -> String {
    let octets = size::words(files.iter().map(|it| it.size).sum());
    match files.len() {
        1 => format!("1 transcript of {octets}"),
        n => format!("{n} transcripts of {octets}"),
    }
}
