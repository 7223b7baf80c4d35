//! `ehlo lab --class NAME`: a class. The wall in a terminal, plain lines elsewhere.

use std::collections::HashMap;
use std::io::{IsTerminal as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Signals, print, say};
use crate::class::settings::{Exam, Settings, Turn, Wish, folder};
use crate::class::wall::{State, Wall};
use crate::class::{Class, ClassError};
use crate::cli::{Colour, Common, Exit};
use crate::lab::regular;
use crate::tui::wall::Told;
use crate::world::World;

/// Files beside connections: the terminal, journals, transcripts while they are written.
const OWN_FILES: usize = 64;
/// How often at most the plain lines are brought up to date.
const PACE: Duration = Duration::from_millis(100);

/// What makes a class of a lab.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "A class")]
#[group(id = "class options")]
pub(super) struct Arguments {
    /// Hold a class: many students at once, each in a world of its own. It is kept by this name, and goes on when it is
    /// held again
    #[arg(long, value_name = "NAME", conflicts_with_all = ["scenario", "mail", "from"])]
    class: Option<String>,
    /// The lessons of the class, by number, name or FILE.toml; needed the first time, and later added to those there are
    #[arg(long, value_name = "LESSON,…", value_delimiter = ',', requires = "class")]
    lessons: Vec<String>,
    /// A file with the names that are expected, one a line: the wall says who is missing
    #[arg(long, value_name = "FILE", requires = "class")]
    names: Option<PathBuf>,
    /// An exam: no hints, nothing that a lesson says of mistakes, and a time limit; the class stays one
    #[arg(long, requires = "class", requires = "minutes")]
    exam: bool,
    /// How long the exam lasts, from the moment that each student joins: 1 to 600
    #[arg(long, value_name = "N", requires = "exam", value_parser = clap::value_parser!(u32).range(1..=600))]
    minutes: Option<u32>,
    /// Turn a class that was held before into an exam (with --exam --minutes N), or an exam into a class; or take lessons
    /// of your own anew whose files have changed, as long as nobody has begun them
    #[arg(long, value_name = "WHAT", requires = "class", value_parser = ["exam", "class", "lessons"])]
    turn: Option<String>,
    /// Minutes more for one student of the exam, beside those that others have; NAME=0 takes them back
    #[arg(long, value_name = "NAME=N", requires = "class", value_parser = extra)]
    extra: Vec<(String, u32)>,
    /// Show each student what was right in the exam's questions, once the time of everybody who has joined is over.
    /// Whoever joins later may have heard it; without this your results alone have it (questions.csv)
    #[arg(long, requires = "class")]
    show_answers: bool,
    /// Questions about replies for each student, drawn by chance: NOOP question asks them
    #[arg(long, value_name = "N", requires = "class")]
    questions: Option<usize>,
    /// Whoever comes from an address from which exactly one student has joined is that student: for clients that can't
    /// say NOOP, in a room where each has a machine of their own
    #[arg(long, requires = "class")]
    by_address: bool,
    /// Names that may join from one address, so that nobody fills the class; this machine's own are not counted
    #[arg(long, value_name = "N", requires = "class", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1000))]
    per_address: Option<usize>,
}

fn extra(text: &str) -> Result<(String, u32), String> {
    let words = "write a name and minutes, such as anna=15";
    let (name, minutes) = text.rsplit_once('=').ok_or(words)?;
    Ok((name.to_owned(), minutes.parse().map_err(|_| words)?))
}

impl Arguments {
    /// Whether it is a class.
    pub(super) fn is_one(&self) -> bool {
        self.class.is_some()
    }

    fn wish(&self) -> Result<Wish, ClassError> {
        let expected = match &self.names {
            None => None,
            Some(path) => {
                let text = regular::text(path, 1 << 20);
                let text = text.map_err(|source| ClassError::File { path: path.clone(), source })?;
                Some(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
            }
        };
        let exam = self.minutes.filter(|_| self.exam);
        let (extra, show_answers) = (self.extra.iter().cloned().collect(), self.show_answers);
        let exam = exam.map(|minutes| Exam { minutes, ..Exam::default() });
        let (questions, by_address) = (self.questions, self.by_address);
        // By its whole path: the class may be held again from elsewhere.
        let whole = |word: &String| match std::path::absolute(word) {
            Ok(path) if path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("toml")) => {
                path.display().to_string()
            }
            _ => word.clone(),
        };
        let lessons = self.lessons.iter().map(whole).collect();
        let (turn, anew) = match self.turn.as_deref() {
            Some("exam") => (Some(Turn::Exam), false),
            Some("class") => (Some(Turn::Class), false),
            other => (None, other.is_some()),
        };
        Ok(Wish { lessons, expected, exam, extra, show_answers, turn, anew, questions, by_address })
    }
}

/// Holds the class.
pub(super) async fn hold(arguments: &Arguments, listen: Option<SocketAddr>, common: &Common, world: &World) -> Exit {
    match try_hold(arguments, listen, common, world).await {
        Ok(exit) => exit,
        Err(error) => {
            let cure = if let ClassError::Lab(error) = &error { super::cure(error) } else { "" };
            say(&format!("ehlo lab: {error}{cure}"));
            if matches!(error, ClassError::Lab(_)) { Exit::NoConnection } else { Exit::Usage }
        }
    }
}

async fn try_hold(
    arguments: &Arguments,
    listen: Option<SocketAddr>,
    common: &Common,
    world: &World,
) -> Result<Exit, ClassError> {
    let name = arguments.class.as_deref().unwrap_or_default();
    let folder = folder(name, world)?;
    let begun = (!folder.exists()).then(|| folder.clone());
    let mut settings = Settings::take(name, &folder, &arguments.wish()?, world)?;
    settings.connections = settings.connections.min(room());
    settings.per_address = arguments.per_address.unwrap_or(settings.per_address);
    let before = settings.listen;
    let listen = listen.or(before).unwrap_or(super::LISTEN);
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let waits = terminal && std::io::stderr().is_terminal();
    if waits {
        // The wall takes the screen once all is there.
        in_place("ehlo lab: the class is being made ready …");
    }
    let made = async {
        let class = Class::open(folder, settings, world)?;
        let listening = class.listen(listen).await?;
        Ok::<_, ClassError>((class, listening))
    };
    let made = made.await;
    if waits {
        in_place("");
    }
    if made.is_err()
        && let Some(folder) = begun
    {
        // What could not be begun leaves nothing behind.
        let _ = std::fs::remove_dir_all(folder);
    }
    let (class, (address, _listening)) = made?;
    if before != Some(address) {
        if let Some(before) = before {
            say(&format!(
                "ehlo lab: the class was held at {before} before; whoever joined there has to join at {address}"
            ));
        }
        class.keep_listen(address)?;
    }
    let mut signals = Signals::new().map_err(|error| ClassError::Words(format!("can't watch for signals: {error}")))?;
    if terminal && crate::tui::run::check(world).is_ok() {
        let mut lines: Vec<String> = join_lines(&class, address).into();
        lines.push(exposed(address));
        let plain = common.color == Colour::Never || world.variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        let told = crate::tui::wall::run(&class, lines, plain, world).await;
        for line in farewell(&class, address, common) {
            print(&line);
        }
        return match told {
            Ok(Told::Ended) => Ok(Exit::Done),
            Ok(Told::Interrupted) => Ok(Exit::Interrupted),
            Err(error) => Err(ClassError::Words(error.to_string())),
        };
    }
    // Whoever reads where to join may have done a step before the next line here runs.
    let news = class.changes();
    announce(&class, address);
    plain(&class, news, &mut signals, common.quiet).await
}

/// Says something on the terminal's present line, in place of what stands there.
fn in_place(words: &str) {
    let mut err = std::io::stderr().lock();
    // There may be nobody left to tell.
    let _ = write!(err, "\r\x1b[K{words}").and_then(|()| err.flush());
}

/// As many connections as the system lets this process have; gives how many each of lobby and class may hold, so that
/// transcripts can be opened beside them.
fn room() -> usize {
    (super::descriptors().saturating_sub(OWN_FILES) / 2).max(1)
}

/// Where others reach this machine: the address that its packets would leave with. Nothing is sent to find it out.
fn reached(listening: SocketAddr) -> String {
    if !listening.ip().is_unspecified() {
        return listening.to_string();
    }
    let any: IpAddr = Ipv4Addr::UNSPECIFIED.into();
    let own = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    });
    match own {
        Ok(own) if !own.ip().is_unspecified() => SocketAddr::new(own.ip(), listening.port()).to_string(),
        _ => format!("THIS-MACHINE:{}", listening.port()),
    }
}

/// The lines by which students join.
pub(super) fn join_lines(class: &Class, address: SocketAddr) -> [String; 3] {
    let reached = reached(address);
    let code = &class.settings.code;
    let (host, port) = reached.rsplit_once(':').unwrap_or((&reached, ""));
    [
        format!("ehlo learn --join {reached} {code}"),
        format!("telnet {} {port}   and there: NOOP join {code} NAME", host.trim_matches(['[', ']'])),
        format!("swaks -s {reached} -au NAME -ap {code} …   as any client that logs in"),
    ]
}

/// What is left once the wall is gone: where the class is kept, how it goes on, how its results are got; as it was held.
fn farewell(class: &Class, address: SocketAddr, common: &Common) -> [String; 3] {
    let name = &class.settings.name;
    let mut places = String::new();
    for (option, path) in [("--config", &common.config), ("--state", &common.state)] {
        if let Some(path) = path.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone())) {
            let path = path.display().to_string();
            let plain = path.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
            let path = if plain { path } else { format!("'{}'", path.replace('\'', r"'\''")) };
            places = format!("{places} {option} {path}");
        }
    }
    [
        format!("The class {name} is kept in {}", class.folder.display()),
        format!("to go on:     ehlo lab --class {name} --listen {address}{places}"),
        format!("its results:  ehlo lab export {name}{places}"),
    ]
}

fn announce(class: &Class, address: SocketAddr) {
    let names: Vec<&str> = class.settings.lessons.iter().map(|taught| taught.lesson.name.as_str()).collect();
    print(&format!("class {}: {}", class.settings.name, names.join(", ")));
    if let Some(exam) = &class.settings.exam {
        print(&format!("exam {}", exam.words()));
    }
    print(&format!("listening smtp {address}"));
    for line in join_lines(class, address) {
        print(&format!("join {line}"));
    }
    say(&format!("ehlo lab: {}", exposed(address)));
    for words in class.settings.changes.iter().cloned().chain(class.taken_up()) {
        say(&format!("ehlo lab: {words}"));
    }
}

/// What is exposed, in words.
fn exposed(address: SocketAddr) -> String {
    if address.ip().is_loopback() {
        format!("only this machine reaches the class; --listen 0.0.0.0:{} opens it to the network", address.port())
    } else {
        "open to the network: who has the code joins by any name and leaves mail; nothing is sent on; what is typed is kept"
            .to_owned()
    }
}

/// A line for each student whose step or state has changed.
async fn plain(
    class: &Arc<Class>,
    mut news: watch::Receiver<u64>,
    signals: &mut Signals,
    quiet: bool,
) -> Result<Exit, ClassError> {
    let mut known: HashMap<u64, (String, String, State, bool)> = HashMap::new();
    let mut troubles = Vec::new();
    loop {
        let wait = Wall::next_change(class).unwrap_or(Duration::from_hours(24));
        tokio::select! {
            exit = signals.next() => return Ok(exit),
            changed = news.changed() => {
                if changed.is_err() {
                    return Ok(Exit::Done);
                }
                tokio::time::sleep(PACE).await;
            }
            () = tokio::time::sleep(wait) => {}
        }
        let wall = Wall::of(class);
        if wall.troubles != troubles {
            troubles.clone_from(&wall.troubles);
            for trouble in &troubles {
                say(&format!("ehlo lab: {trouble}"));
            }
        }
        for row in wall.rows {
            let now = (row.lesson.clone(), row.step.clone(), row.state, row.twice);
            if known.get(&row.id) == Some(&now) {
                continue;
            }
            if !quiet {
                let (_, state) = row.state.words();
                let why = if let State::Stuck(why) = row.state { format!(": {why}") } else { String::new() };
                let twice = if row.twice { " · joined a second time while here" } else { "" };
                print(&format!("{} · {} · step {} · {state}{why}{twice}", row.name, row.lesson, row.step));
            }
            known.insert(row.id, now);
        }
    }
}
