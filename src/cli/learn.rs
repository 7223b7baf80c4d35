//! `ehlo learn [LESSON]`: guided lessons in the workbench, and `ehlo learn check` for those who write them.

use std::io::{BufRead, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use super::{Common, Exit, complain};
use crate::class::attend::Joining;
use crate::lesson::{Course, Lesson, Map, Progress};
use crate::smtp::escape::for_screen;
use crate::tui::run::Launch;
use crate::world::World;

mod check;
mod list;
mod rehearse;
mod verify;

const COMMAND: &str = "ehlo learn";

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(
    subcommand_precedence_over_arg = true,
    after_help = "\
A lesson runs against the lab inside ehlo; nothing leaves this machine. Its steps tick from what the lab has seen, so \
any client may be used: the lesson says at which address."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The lesson: its number, its name, or a FILE.toml; the list of all without it
    #[arg(value_name = "LESSON")]
    lesson: Option<String>,
    /// Print the list as JSON
    #[arg(long, conflicts_with = "lesson")]
    json: bool,
    /// Join a class: the server and the code stand on the instructor's wall
    #[arg(long, num_args = 1..=2, value_names = ["HOST:PORT", "CODE"], conflicts_with_all = ["lesson", "json"])]
    join: Option<Vec<String>>,
    /// The name in the class; asked for without it. The same name later goes on where it was
    #[arg(long, requires = "join")]
    name: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Play each lesson's solution, wrong ways and examples against the lab, and tell whether they are judged as it says
    Check {
        /// The lessons' files; without any all that are shipped
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Judge the results of a class again: is the signature whole, and do the transcripts show what the results say?
    Verify {
        /// results.json, with its transcripts beside it
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    match &arguments.command {
        Some(Command::Check { files, json }) => return check::run(files, *json, common, world),
        Some(Command::Verify { file, json }) => return verify::run(file, *json, world),
        None => {}
    }
    if let Some(words) = arguments.join.as_deref().and_then(no_way_in) {
        return complain(COMMAND, shown(&words));
    }
    if let Some([server, code]) = arguments.join.as_deref() {
        let Some(name) = arguments.name.clone().or_else(ask_name) else {
            return complain(COMMAND, "a class needs a name: add --name NAME");
        };
        let joining = Joining { server: server.clone(), code: code.clone(), name };
        return super::workbench::open(Launch { class: Some(joining), ..Launch::default() }, common, world);
    }
    if let Some(word) = &arguments.lesson {
        return match Course::load(world).find(word, world) {
            Ok(lesson) => open(lesson, common, world),
            Err(error) => complain(COMMAND, shown(&error.to_string())),
        };
    }
    let course = Course::load(world);
    for problem in &course.problems {
        complain(COMMAND, shown(&problem.to_string()));
    }
    let progress = match Progress::load(world) {
        Ok(progress) => Some(progress),
        Err(error) => {
            complain(COMMAND, shown(&error.to_string()));
            None
        }
    };
    let map = Map::of(course.lessons, progress.as_ref());
    if arguments.json {
        print(&as_json(&map));
        return Exit::Done;
    }
    for line in list::lines(&map, terminal()) {
        print(&line);
    }
    let somebody = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if !somebody {
        return Exit::Done;
    }
    let find = |word: &str| Course::load(world).find(word, world).map_err(|error| error.to_string());
    ask_lesson(&map, &mut std::io::stdin().lock(), find).map_or(Exit::Done, |lesson| open(lesson, common, world))
}

/// Why a class can't be joined with these words; nothing where they are a place and a code.
fn no_way_in(join: &[String]) -> Option<String> {
    let wall = "both stand on the wall of the class";
    match join {
        [server, _]
            if server.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()) =>
        {
            None
        }
        [server, _] => {
            Some(format!("{server:?} has no port: write --join HOST:PORT CODE, such as {server}:2525; {wall}"))
        }
        [server] => Some(format!("the code is missing: write --join {server} CODE; {wall}")),
        _ => None,
    }
}

fn open(lesson: Lesson, common: &Common, world: &World) -> Exit {
    super::workbench::open(Launch { lesson: Some(Arc::new(lesson)), ..Launch::default() }, common, world)
}

/// The columns and rows of the terminal that the list goes to; nothing where it goes elsewhere.
fn terminal() -> Option<(usize, usize)> {
    let (columns, rows) = std::io::stdout().is_terminal().then(crossterm::terminal::size)?.ok()?;
    Some((columns.into(), rows.into())).filter(|(columns, rows)| *columns > 0 && *rows > 0)
}

/// Asks which lesson, and once more where there is none of that name.
fn ask_lesson(map: &Map, input: &mut impl BufRead, find: impl Fn(&str) -> Result<Lesson, String>) -> Option<Lesson> {
    loop {
        match find(&choose(map, input)?) {
            Ok(lesson) => return Some(lesson),
            Err(words) => complain(COMMAND, shown(&words)),
        };
    }
}

/// Asks which lesson; Enter alone takes the one that comes next.
fn choose(map: &Map, input: &mut impl BufRead) -> Option<String> {
    let next = map.next(None).or(map.rows.first())?.lesson.name.clone();
    let mut out = std::io::stdout().lock();
    let _ = write!(out, "\nWhich one? Enter opens {next}, q leaves: ").and_then(|()| out.flush());
    let mut line = String::new();
    input.read_line(&mut line).ok().filter(|count| *count > 0)?;
    match line.trim() {
        "" => Some(next),
        "q" | "quit" => None,
        word => Some(word.to_owned()),
    }
}

/// Asks for the name in the class, where there is somebody to ask.
fn ask_name() -> Option<String> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    let mut out = std::io::stdout().lock();
    let _ = write!(out, "Your name in the class (your instructor sees it): ").and_then(|()| out.flush());
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).ok()?;
    Some(line.trim().to_owned()).filter(|name| !name.is_empty())
}

fn as_json(map: &Map) -> String {
    let lessons = map.rows.iter().map(|row| {
        let (lesson, done) = (&row.lesson, &row.done);
        json!({
            "name": lesson.name, "title": lesson.title, "level": lesson.level, "after": lesson.after,
            "minutes": lesson.minutes, "steps": lesson.steps.len(), "done": done.steps.min(lesson.steps.len()),
            "finished": done.finished, "hints": done.hints, "wrong": done.wrong,
            "earlier": { "hints": done.earlier.hints, "wrong": done.earlier.wrong },
        })
    });
    json!({ "ehlo": 1, "lessons": lessons.collect::<Vec<_>>() }).to_string()
}

/// A line on standard output. A reader that has gone away wants no more of it.
fn print(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn shown(words: &str) -> String {
    for_screen(words.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_names_no_lesson_is_asked_again() {
        let lessons = crate::lesson::course::shipped();
        let lessons = lessons.map(|(name, text)| Lesson::parse(&name, text).expect("well formed")).collect();
        let map = Map::of(lessons, None);
        let find = |word: &str| map.rows.iter().find(|row| row.lesson.name == word).map(|row| (*row.lesson).clone());
        let asked = |input: &str| ask_lesson(&map, &mut input.as_bytes(), |word| find(word).ok_or("no".to_owned()));
        assert_eq!(asked("nosuch\n02-rset-noop\n").map(|lesson| lesson.name), Some("02-rset-noop".to_owned()));
        assert!(asked("nosuch\nq\n").is_none() && asked("nosuch\n").is_none());
    }
}
