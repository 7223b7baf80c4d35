//! `ehlo run SCRIPT...`: replay without a screen.

use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Common, Exit, complain};
use crate::profile::{Endpoint, duration};
use crate::script::values::Made;
use crate::script::{Cause, Report};
use crate::world::World;

pub(super) mod ask;
mod batch;
mod offer;
pub(super) mod prepare;
mod record;
mod report;
pub(super) mod save;
mod screen;

use prepare::Prepared;
use report::Format;

const COMMAND: &str = "ehlo run";

/// Its arguments.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
A script is a line to send, or a reply to expect, a line each:
  < 220
  > EHLO noddy.com
  < 250
  > MAIL FROM:<dude@noddy.com>
  < 250
  > RCPT TO:<friend@elsewhere.example>
  < 5xx 5.7.* /(?i)relay/
  > QUIT
A transcript is one too: what was recorded is sent again, and the replies are compared. --record makes a script of one.
After a failed expectation no mail goes out half-checked: DATA, BDAT and the final dot are skipped until RSET or the next MAIL.
Exit status: 0 as expected, 1 refused or not as expected, 2 a mistake in the script or on the command line, 3 no connection,
4 TLS, 5 authentication, 6 time-out, 7 not SMTP, 8 a message was taken, but not for some recipients, or --save could not be
written after it, 130 interrupted. Of several scripts the first that is not 0.")]
pub(super) struct Arguments {
    /// The scripts or transcripts, played in order; last or a whole name for a kept one; example:NAME for one of ehlo's own
    /// (example: says which there are); - reads standard input
    #[arg(required = true, value_name = "SCRIPT")]
    scripts: Vec<PathBuf>,
    /// Where to connect: lab:, a host or host:port, a profile, mx:DOMAIN, …; without it the target in the script's head
    #[arg(long, short, value_name = "TARGET")]
    target: Option<String>,
    /// What stands for {{NAME}} in the lines that are sent; {{to}} may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,
    /// For one connection attempt, such as 30s
    #[arg(long, value_name = "TIME", value_parser = time)]
    connect_timeout: Option<Duration>,
    /// For each reply, such as 5m or 500ms, instead of RFC 5321's own times
    #[arg(long, value_name = "TIME", value_parser = time)]
    reply_timeout: Option<Duration>,
    /// For the whole conversation, such as 2m
    #[arg(long, value_name = "TIME", value_parser = time)]
    total_timeout: Option<Duration>,
    /// End at the first expectation that is not met
    #[arg(long)]
    fail_fast: bool,
    /// Go on with the mail after an expectation that is not met
    #[arg(long, conflicts_with = "fail_fast")]
    keep_going: bool,
    /// Compare recorded replies by their text too, but for queue ids, dates, host names, addresses and sizes
    #[arg(long)]
    exact: bool,
    /// Play a recording at its own pace: with the pauses of whoever sent it then
    #[arg(long)]
    pace: bool,
    /// Stop before DATA and BDAT: no message is handed over
    #[arg(long)]
    rcpt_only: bool,
    /// Hand a message over even to a host outside loopback or to a profile marked production
    #[arg(long)]
    yes_really_send: bool,
    /// Let the script read files in this directory too, not only in its own
    #[arg(long, value_name = "DIR")]
    allow_files: Vec<PathBuf>,
    /// Let the script read this environment variable as {{env.NAME}}; what its name calls a secret (…PASSWORD, …TOKEN, …KEY)
    /// is masked wherever it is sent
    #[arg(long, value_name = "NAME")]
    allow_env: Vec<String>,
    /// Connect to a target that the script itself names, without asking
    #[arg(long, short)]
    yes: bool,
    /// Also save the conversation in this file, which must not exist (with several scripts, the last one's)
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Let --save write over a file that exists, though never over a script that is played
    #[arg(long, requires = "save")]
    force: bool,
    /// Print the result as JSON instead of the conversation
    #[arg(long)]
    json: bool,
    /// Print a report of all runs instead of the conversations
    #[arg(long, value_name = "FORMAT", value_enum, conflicts_with = "json")]
    report: Option<Format>,
    /// Hold the same conversations with this server too, and print how they differ; status 1 where they do
    #[arg(long, value_name = "TARGET")]
    against: Option<String>,
    /// Play so many at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Play each so many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    repeat: u32,
    /// Play nothing: make a script of a conversation, with what each reply must be and {{names}} for what may change
    #[arg(long, conflicts_with_all = ["target", "against", "json", "report", "jobs", "repeat"])]
    record: bool,
}

impl Arguments {
    /// How the result is reported, where the conversations are not printed.
    fn reported(&self) -> Option<Format> {
        if self.json { Some(Format::Json) } else { self.report }
    }

    /// Whether what is wrong with a script is its own error in a report, and the others are played.
    fn is_told_for_each(&self) -> bool {
        self.reported().is_some() && self.scripts.len() > 1
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    match name.trim() {
        "" => Err("write it as NAME=VALUE".to_owned()),
        "auth" => Err("a secret does not belong on the command line; name a profile with --target".to_owned()),
        name => Ok((name.to_owned(), value.to_owned())),
    }
}

pub(super) fn time(text: &str) -> Result<Duration, String> {
    duration::parse(text).map_err(|bad| bad.to_string())
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let several = arguments.is_told_for_each();
    let found = |path: &PathBuf| match super::input::kept_by_its_name(path, &world.directories.state) {
        // In a report of several it is that script's error.
        Err(_) if several => Ok(path.clone()),
        found => found,
    };
    let arguments = match arguments.scripts.iter().map(found).collect() {
        Ok(scripts) => &Arguments { scripts, ..arguments.clone() },
        Err(words) => return complain(COMMAND, words),
    };
    if arguments.record {
        return record::run(arguments, common);
    }
    let runtime = match super::runtime::runtime(Some(2)) {
        Ok(runtime) => runtime,
        Err(error) => return complain(COMMAND, error),
    };
    let exit = runtime.block_on(play(arguments, common, world));
    // A task that still resolves a name must not hold up the way out.
    runtime.shutdown_background();
    exit
}

async fn play(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let stop = CancellationToken::new();
    stop_on_signals(&stop);
    let mut labs = prepare::Labs::default();
    let all = match ready(arguments, world, &mut labs).await {
        Ok(all) => all,
        Err(words) => return complain(COMMAND, words),
    };
    let started = world.elapsed();
    let mut played = batch::play(all, arguments, common, world, &stop).await;
    let took = world.elapsed().saturating_sub(started);
    let compared =
        if arguments.against.is_some() { batch::compare(&played, arguments, common) } else { batch::Told::default() };
    let mut exit = batch::exit(&played, arguments.against.is_some());
    if exit == Exit::Done && compared.differ {
        exit = Exit::Refused;
    }
    let handed_over = played.iter().any(|played| played.handed_over);
    let last = played.iter().rev().find(|played| !played.unplayed);
    if let (Some(path), Some(last)) = (&arguments.save, last)
        && let Err(error) = save::write(path, &last.document, arguments.force)
    {
        exit = unwritten(exit, handed_over, format_args!("{} can't be written: {error}", path.display()));
    }
    let failed = played.iter_mut().find_map(|played| played.failed.take());
    let runs = played.into_iter().map(|played| (played.run, played.json));
    let (mut runs, json): (Vec<_>, Vec<_>) = runs.unzip();
    runs.extend(compared.runs);
    let printed = match arguments.reported() {
        Some(Format::Json) => screen::print_json(exit, &json, &compared.json),
        Some(format) => screen::print(&report::of(format, &runs, took)),
        None => Ok(()),
    };
    match failed.or(printed.err()) {
        Some(error) => unwritten(exit, handed_over, format_args!("standard output can't be written: {error}")),
        None => exit,
    }
}

/// Says what could not be written in the end, and gives the exit status for it: after a message was handed over none that
/// would make somebody hand it over again.
fn unwritten(exit: Exit, handed_over: bool, words: std::fmt::Arguments<'_>) -> Exit {
    let all_the_same = if handed_over { "; the message was handed over all the same" } else { "" };
    let usage = complain(COMMAND, format_args!("{words}{all_the_same}"));
    match exit {
        Exit::Done if handed_over => Exit::PartlyRefused,
        Exit::Done => usage,
        other => other,
    }
}

/// Everything that is to be played, in order. Whatever can be wrong with any of it is said before anything connects; in a
/// report of several scripts it is that script's error, and the others are played.
async fn ready(arguments: &Arguments, world: &World, labs: &mut prepare::Labs) -> Result<Vec<Turn>, String> {
    if let Some(path) = &arguments.save {
        save::check(path, &arguments.scripts, arguments.force)?;
    }
    if arguments.against.is_some() && arguments.scripts.iter().any(|path| path.as_os_str() == "-") {
        return Err("standard input can be read once only; with --against the script must be a file".to_owned());
    }
    let second = arguments.against.as_deref().map(Some);
    let targets: Vec<Option<&str>> = [arguments.target.as_deref()].into_iter().chain(second).collect();
    let mut once = Vec::new();
    for path in &arguments.scripts {
        let made = Made::now(world);
        for target in &targets {
            let prepared = match super::input::kept_by_its_name(path, &world.directories.state) {
                Ok(path) => prepare::prepare(&path, *target, &made, arguments, world, labs).await,
                Err(words) => Err(words),
            };
            match prepared {
                Ok(prepared) => once.push(Turn::Ready(Box::new(prepared))),
                Err(words) if arguments.is_told_for_each() => {
                    once.push(Turn::Bad { name: super::input::shown(path), words });
                }
                Err(words) => return Err(words),
            }
        }
    }
    let wire_is_ours = once.iter().any(Turn::takes_the_wire);
    if let Some(words) = against_stdio(arguments).filter(|_| wire_is_ours) {
        return Err(words.to_owned());
    }
    let mut all = once.clone();
    for _ in 1..arguments.repeat {
        for turns in once.chunks(targets.len()) {
            let made = Made::now(world);
            for turn in turns {
                all.push(match turn {
                    Turn::Ready(prepared) => Turn::Ready(Box::new(prepared.again(arguments, &made, world)?)),
                    bad @ Turn::Bad { .. } => bad.clone(),
                });
            }
        }
    }
    Ok(all)
}

/// A script whose turn comes.
#[derive(Clone)]
enum Turn {
    Ready(Box<Prepared>),
    /// It can't be played, and a report says so.
    Bad {
        name: String,
        words: String,
    },
}

impl Turn {
    /// Whether standard input and output are its way to the server.
    fn takes_the_wire(&self) -> bool {
        matches!(self, Self::Ready(prepared) if prepared.target.endpoint == Endpoint::Stdio)
    }
}

/// What else wants standard input or output, where they are the way to the server.
fn against_stdio(arguments: &Arguments) -> Option<&'static str> {
    let script = arguments.scripts.iter().any(|path| path.as_os_str() == "-");
    match (script, arguments.reported().is_some()) {
        (true, _) => Some("standard input is the way to the server (stdio:); the script must be a file"),
        (_, true) => {
            Some("standard output is the way to the server (stdio:); --save keeps the conversation instead of a report")
        }
        _ => None,
    }
}

/// The exit status that a report comes to.
pub(super) fn exit_of(report: &Report) -> Exit {
    match report.cause {
        None if report.partly() => Exit::PartlyRefused,
        None => Exit::Done,
        Some(cause) => exit_for(cause),
    }
}

/// The exit status of something that ended for this reason.
pub(super) fn exit_for(cause: Cause) -> Exit {
    match cause {
        Cause::Refused | Cause::Failed => Exit::Refused,
        Cause::NotAllowed => Exit::Usage,
        Cause::NoConnection => Exit::NoConnection,
        Cause::Tls => Exit::Tls,
        Cause::Authentication => Exit::Authentication,
        Cause::TimeOut => Exit::TimeOut,
        Cause::Protocol => Exit::Protocol,
        Cause::Interrupted => Exit::Interrupted,
    }
}

/// SIGINT and SIGTERM end the run; what was recorded stays.
pub(super) fn stop_on_signals(stop: &CancellationToken) {
    let stop = stop.clone();
    // Listened for from here on, and not only once the task has its turn: one that comes before would leave files behind.
    #[cfg(unix)]
    let (terminate, interrupt) = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    };
    tokio::spawn(async move {
        #[cfg(unix)]
        {
            let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else { return };
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
        stop.cancel();
    });
}
