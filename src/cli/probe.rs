//! `ehlo probe TARGET`: what a server is, offers and refuses, by ready-made tests.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::run::prepare::{Labs, stays_here};
use super::run::{ask, exit_for, save, stop_on_signals, time};
use super::{Common, Exit, complain};
use crate::client::SharedJournal;
use crate::conversation::file::{Header, Side};
use crate::conversation::journal::Journal;
use crate::conversation::{Event, Log, Timed, words};
use crate::decode::Knowledge;
use crate::probe::{Aims, Finding, PROBES, Probe, Report, Setup, Severity, Watch, named, report};
use crate::profile::{Endpoint, Profiles, Target};
use crate::smtp::escape::for_screen;
use crate::world::World;

const COMMAND: &str = "ehlo probe";

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each probe holds conversations of its own and gives findings: severity, the lines that show it, and the cure. Nothing is \
delivered: the open relay battery and all others stop before DATA, unless --deliver names a mailbox of your own. A \
recipient that is accepted at RCPT is not proven to be relayed.
Everything that was said is in a transcript, which ehlo open shows.
Exit status: 0 nothing of weight was found, 1 a finding of severity medium or high, or the server turns you away, 2 a mistake \
on the command line, or nothing was tested, 3 no connection, 4 TLS, 6 time-out, 7 not SMTP, 130 interrupted.")]
pub(super) struct Arguments {
    /// The server: a host or host:port, a profile, mx:DOMAIN, lab:, lab:SCENARIO, lmtp://…
    #[arg(value_name = "TARGET", required_unless_present = "list")]
    target: Option<String>,
    /// Only these probes, by name, with commas between; --list names them
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = probe)]
    only: Vec<&'static Probe>,
    /// All but these
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = probe)]
    skip: Vec<&'static Probe>,
    /// Say what probes there are, and ask nobody
    #[arg(long)]
    list: bool,
    /// Somebody whom the server takes mail for; its postmaster where nobody is named
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<String>,
    /// Who sends
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    from: Option<String>,
    /// Somebody whom the server takes no mail for, of a domain that exists, for the open relay battery
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    foreign: Option<String>,
    /// The name to greet with
    #[arg(long, value_name = "NAME", value_parser = word)]
    ehlo: Option<String>,
    /// Deliver messages to this mailbox of yours, where only that can tell: the delivery receipt and SMTP smuggling
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    deliver: Option<String>,
    /// With --deliver, deliver even to a host outside loopback or to a profile marked production
    #[arg(long, requires = "deliver")]
    yes_really_send: bool,
    /// How long the server's patience is tried, such as 6m
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "5s")]
    idle: Duration,
    /// For one connection attempt, such as 30s
    #[arg(long, value_name = "TIME", value_parser = time)]
    connect_timeout: Option<Duration>,
    /// For each reply, such as 30s or 500ms
    #[arg(long, value_name = "TIME", value_parser = time)]
    reply_timeout: Option<Duration>,
    /// For all conversations together, such as 10m
    #[arg(long, value_name = "TIME", value_parser = time)]
    total_timeout: Option<Duration>,
    /// Connect to a target that a file names, without asking
    #[arg(long, short)]
    yes: bool,
    /// Also write the report to this file: .html, .json or .txt
    #[arg(long, value_name = "FILE", value_parser = report_file)]
    report: Vec<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

fn probe(name: &str) -> Result<&'static Probe, String> {
    named(name.trim()).ok_or_else(|| {
        let names: Vec<_> = PROBES.iter().map(|probe| probe.name).collect();
        format!("there is no such probe; there are {}", names.join(", "))
    })
}

fn address(text: &str) -> Result<String, String> {
    let good = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if good && word(text).is_ok() && !text.contains(['<', '>']) {
        Ok(text.to_owned())
    } else {
        Err("write it as local@domain".to_owned())
    }
}

/// Text that may stand in a line: no blanks, nothing that ends it.
fn word(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("write it without blanks".to_owned());
    }
    Ok(text.to_owned())
}

fn report_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(|end| end.to_str()) {
        Some("html" | "json" | "txt") => Ok(path),
        _ => Err("its name must end with .html, .json or .txt".to_owned()),
    }
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    if arguments.list {
        return list(arguments);
    }
    let runtime = match super::runtime::runtime(Some(2)) {
        Ok(runtime) => runtime,
        Err(error) => return complain(COMMAND, error),
    };
    let exit = runtime.block_on(ask_all(arguments, common, world)).unwrap_or_else(|words| complain(COMMAND, words));
    // A task that still resolves a name must not hold up the way out.
    runtime.shutdown_background();
    exit
}

/// Says what probes there are.
fn list(arguments: &Arguments) -> Exit {
    let text = if arguments.json {
        let all: Vec<_> =
            PROBES.iter().map(|it| json!({"probe": it.name, "title": it.title, "about": it.about})).collect();
        super::document(&json!({"ehlo": 1, "probes": all}))
    } else {
        let each = |it: &Probe| format!("{:<12}{}\n            {}\n", it.name, it.title, it.about);
        PROBES.iter().map(each).collect::<Vec<_>>().concat()
    };
    print(&text)
}

/// Prints on standard output; a reader who has had enough is no error.
fn print(text: &str) -> Exit {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(COMMAND, format_args!("standard output can't be written: {error}"))
        }
        _ => Exit::Done,
    }
}

async fn ask_all(arguments: &Arguments, common: &Common, world: &World) -> Result<Exit, String> {
    let probes = chosen(arguments)?;
    for path in &arguments.report {
        save::writable(path)?;
    }
    let stop = CancellationToken::new();
    stop_on_signals(&stop);
    let mut labs = Labs::default();
    let (setup, transcript) = prepare(arguments, world, &mut labs, &stop).await?;
    let mut progress = Progress::of(common);
    let report = crate::probe::run(&probes, setup, &mut progress).await;
    progress.clear();
    let exit = match &report.problem {
        Some((cause, _)) => exit_for(*cause),
        None if report.tested_nothing() => Exit::Usage,
        None if report.has_fault() => Exit::Refused,
        None => Exit::Done,
    };
    let mut printed = print(&if arguments.json {
        json_text(&report, exit, transcript.as_deref())
    } else {
        let least = if common.quiet { Severity::Low } else { Severity::Good };
        report::text(&report, least, common.verbose)
    });
    for path in &arguments.report {
        let text = match path.extension().and_then(|end| end.to_str()) {
            Some("html") => report::html(&report),
            Some("json") => json_text(&report, exit, transcript.as_deref()),
            _ => report::text(&report, Severity::Good, true),
        };
        if let Err(error) = std::fs::write(path, text) {
            printed = complain(COMMAND, format_args!("{} can't be written: {error}", path.display()));
        }
    }
    if let (Some(path), false) = (&transcript, common.quiet) {
        complain(COMMAND, format_args!("the conversations are in {}", path.display()));
    }
    if report.problem.is_none() && report.tested_nothing() {
        complain(COMMAND, "nothing was tested: what is left out does not fit this server; --only names other probes");
    }
    if let Some((_, words)) = &report.problem {
        complain(COMMAND, for_screen(words.as_bytes()));
    }
    Ok(if exit == Exit::Done { printed } else { exit })
}

/// The probes that are asked for, in their order.
///
/// # Errors
/// There is none; in words with the cure.
fn chosen(arguments: &Arguments) -> Result<Vec<&'static Probe>, String> {
    let is_asked_for = |probe: &&Probe| {
        let named = |list: &[&Probe]| list.iter().any(|it| it.name == probe.name);
        (arguments.only.is_empty() || named(&arguments.only)) && !named(&arguments.skip)
    };
    let probes: Vec<_> = PROBES.iter().filter(is_asked_for).collect();
    if probes.is_empty() {
        return Err(
            "--skip leaves no probe to be run, so that nothing would be tested; let one of them stand".to_owned()
        );
    }
    Ok(probes)
}

fn json_text(report: &Report, exit: Exit, transcript: Option<&std::path::Path>) -> String {
    let mut all = report::json(report);
    all.insert("exit".to_owned(), json!(exit.code()));
    all.insert("transcript".to_owned(), json!(transcript.map(|path| path.display().to_string())));
    super::document(&serde_json::Value::Object(all))
}

/// Everything that is needed, and everything that speaks against it, before anything connects.
async fn prepare(
    arguments: &Arguments,
    world: &World,
    labs: &mut Labs,
    stop: &CancellationToken,
) -> Result<(Setup, Option<PathBuf>), String> {
    let profiles = Profiles::load(&world.directories.config);
    let typed = arguments.target.as_deref().unwrap_or_default();
    let mut target = Target::read(typed, &profiles).map_err(|error| error.to_string())?;
    if target.endpoint == Endpoint::Stdio {
        return Err("stdio: is one connection, and a probe makes several; name a host or a pipe:".to_owned());
    }
    confirm(&target, arguments.yes)?;
    let hand_over = hand_over(&target, arguments).await?;
    let mut aims = Aims::of(&target, world);
    aims.ehlo = arguments.ehlo.clone().or(aims.ehlo);
    aims.to = arguments.to.clone().or(aims.to);
    // A report comes to the reverse-path: to whoever gets the message, where nobody else is named.
    let of_delivery = || arguments.deliver.clone().filter(|_| target.from.is_none());
    aims.from = arguments.from.clone().or_else(of_delivery).unwrap_or(aims.from);
    aims.foreign = arguments.foreign.clone().unwrap_or(aims.foreign);
    aims.deliver.clone_from(&arguments.deliver);
    aims.idle = arguments.idle;
    aims.total = arguments.total_timeout;
    aims.patience = arguments.reply_timeout.unwrap_or(aims.patience);
    let uri = target.uri();
    let roots = labs.stand_in(&mut target, world).await?;
    target.unlock(world).map_err(|error| error.to_string())?;
    let mut options = crate::script::options(&target, roots).map_err(|error| error.to_string())?;
    options.connect_timeout = arguments.connect_timeout.unwrap_or(options.connect_timeout);
    let (journal, transcript) = journal(&target, &uri, world);
    let setup = Setup {
        target,
        options,
        aims,
        journal,
        world: world.clone(),
        started: world.elapsed(),
        knowledge: Arc::new(Knowledge::shipped()),
        hand_over,
        stop: stop.clone(),
    };
    Ok((setup, transcript))
}

/// A target that a file chose is shown, and gone to only by a yes.
fn confirm(target: &Target, yes: bool) -> Result<(), String> {
    let Some(file) = target.from_file.as_ref().filter(|_| !yes) else { return Ok(()) };
    let chosen = format!("{} itself says where to connect: {}", file.display(), target.endpoint);
    match ask::somebody() {
        true if ask::confirm(&format!("{chosen}. Connect?")) => Ok(()),
        true => Err("not connected".to_owned()),
        false => Err(format!("{chosen}; --yes connects there")),
    }
}

/// Whether messages may be handed over wherever this leads; an error where --deliver would and must not.
async fn hand_over(target: &Target, arguments: &Arguments) -> Result<bool, String> {
    let Some(to) = arguments.deliver.as_ref().filter(|_| !arguments.yes_really_send) else {
        return Ok(arguments.yes_really_send);
    };
    stays_here(target).await.map(|_| false).map_err(|place| {
        format!(
            "--deliver would really hand messages for {to} over to {}, {place}; --yes-really-send does it",
            target.endpoint
        )
    })
}

/// Where the conversations are recorded; without a place for them the probes are run all the same.
fn journal(target: &Target, uri: &str, world: &World) -> (Option<SharedJournal>, Option<PathBuf>) {
    let mut header = Header::recording(uri, world.now(), Side::Client).with("title", format!("Probe of {uri}"));
    if let Some(profile) = &target.profile {
        header = header.with("profile", profile);
    }
    match Journal::create(&world.directories.state.join("transcripts"), &target.name, &header) {
        Ok(journal) => {
            let path = journal.path().to_owned();
            (Some(Arc::new(Mutex::new(journal))), Some(path))
        }
        Err(error) => {
            complain(COMMAND, format_args!("this is not recorded: {error}"));
            (None, None)
        }
    }
}

/// Says on a terminal which probe is at work, and everywhere why nothing seems to happen.
struct Progress {
    shown: bool,
    /// What is said but once: every connection is met with the same silence.
    warns: bool,
}

impl Progress {
    fn of(common: &Common) -> Self {
        Self { shown: !common.quiet && std::io::stderr().is_terminal(), warns: !common.quiet }
    }

    fn say(&self, words: &str) {
        if self.shown {
            let mut out = std::io::stderr().lock();
            // Nobody is told where standard error is closed.
            let _ = write!(out, "\r\u{1b}[K{words}").and_then(|()| out.flush());
        }
    }

    fn clear(&self) {
        self.say("");
    }
}

impl Watch for Progress {
    fn happened(&mut self, event: &Timed, _: bool) {
        let Event::Remark(remark) = &event.event else { return };
        let waits = remark.word == "warning" && matches!(remark.get("kind"), Some("silence" | "mode"));
        if waits && std::mem::take(&mut self.warns) {
            self.clear();
            complain(COMMAND, for_screen(words::said(remark).words.as_bytes()));
        }
    }

    fn begins(&mut self, probe: &'static Probe, nth: usize, of: usize) {
        self.say(&format!("{nth} of {of}: {}", probe.title));
    }

    fn found(&mut self, _: &Finding, _: &Log) {}
}
