//! `ehlo lab [SCENARIO]`: the lab server on its own.

mod check;
mod class;
mod export;
mod list;

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use tokio::sync::broadcast::{self, error::RecvError};

use super::{Common, Exit, input};
use crate::lab::recorded::{self, Manner};
use crate::lab::reload::Reload;
use crate::lab::scenario::{Scenario, ScenarioError};
use crate::lab::{self, Lab, LabError, Notice};
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(
    subcommand_precedence_over_arg = true,
    after_help = "\
Prints `listening KIND ADDRESS:PORT` for each listener, and `ca FILE`, the certificate that a client must trust.
Runs until it is interrupted: Ctrl-C ends it with status 130, SIGTERM with 0.
Mail is kept in memory and never sent anywhere."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The scenario: a name, or a FILE.toml; it is read anew when its file changes, and new connections meet the new one
    scenario: Option<String>,
    /// Answer as the server of a recorded conversation did (a transcript, or what another program wrote): each command
    /// its reply, repeated ones in order; what was never said as its software would, with a note
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenario", "class"])]
    from: Option<PathBuf>,
    /// Which conversation of a FILE that holds several, from 1
    #[arg(long, value_name = "N", requires = "from")]
    session: Option<usize>,
    /// Take as long to answer as was recorded
    #[arg(long, requires = "from")]
    pace: bool,
    /// Write what --from makes of the recording as a scenario's FILE.toml, to be edited, and start nothing; - prints it
    #[arg(long, value_name = "FILE", requires = "from")]
    save: Option<PathBuf>,
    /// Where to listen: with port 0 every listener takes a free port; with port N they take N, N+1, … in the order
    /// smtp, submission, smtps, lmtp. Without it 127.0.0.1:2525; a class goes on where it was held the last time
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Also write each message that is taken as an .eml file into this directory
    #[arg(long, value_name = "DIR")]
    mail: Option<PathBuf>,
    #[command(flatten)]
    class: class::Arguments,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Check scenario files: are they well formed, and do they do what their [[check]] tables say?
    Check {
        /// The files
        #[arg(required = true)]
        files: Vec<String>,
    },
    /// Write a class's results: results.csv, results.json (signed), items.csv, transcripts, certificates
    Export {
        /// The class
        class: String,
        /// The folder to write to, instead of results-TIME where the class is kept
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
        /// Numbers in place of names
        #[arg(long)]
        anonymous: bool,
    },
    /// Forget a student of a class: ticks, transcripts and name
    Forget {
        /// The class
        class: String,
        /// The student
        name: String,
        /// Without asking
        #[arg(long)]
        yes: bool,
    },
    /// Show the scenarios: what one meets there, and what they teach
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// `ADDRESS:PORT`; `localhost` is the one name understood, since the lab never resolves any.
fn address(text: &str) -> Result<SocketAddr, String> {
    if let Some(port) = text.strip_prefix("localhost:").and_then(|port| port.parse().ok()) {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    text.parse().map_err(|_| "write an address and a port, such as 127.0.0.1:2525 or [::1]:0".to_owned())
}

/// Where to listen where nobody says it.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 2525);

/// What helps where a lab does not start.
fn cure(error: &LabError) -> &'static str {
    if matches!(error, LabError::Listen { .. }) { "; --listen 127.0.0.1:0 takes free ports" } else { "" }
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    match &arguments.command {
        Some(Command::Check { files }) => return check::run(files, world),
        Some(Command::Export { class, to, anonymous }) => return export::export(class, to.clone(), *anonymous, world),
        Some(Command::Forget { class, name, yes }) => return export::forget(class, name, *yes, world),
        Some(Command::List { json }) => return list::run(*json, world),
        None => {}
    }
    let staged = match stage(arguments, common, world) {
        _ if arguments.class.is_one() => None,
        Ok(Some(staged)) => Some(staged),
        Ok(None) => return Exit::Done,
        Err(words) => {
            say(&format!("ehlo lab: {words}"));
            return Exit::Usage;
        }
    };
    let runtime = match super::runtime::runtime(threads(arguments.class.is_one())) {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("ehlo lab: can't start: {error}"));
            return Exit::Usage;
        }
    };
    let exit = runtime.block_on(async {
        match staged {
            Some(staged) => serve(arguments, staged, common, world).await,
            None => class::hold(&arguments.class, arguments.listen, common, world).await,
        }
    });
    runtime.shutdown_background();
    exit
}

/// Threads that serve: all for a class, whose students are judged meanwhile; otherwise half of the processors, since whoever
/// talks to the lab mostly runs on the others, and threads that wait wake each other for each line.
fn threads(class: bool) -> Option<usize> {
    let half = || std::thread::available_parallelism().map_or(1, |all| all.get().div_ceil(2));
    (!class).then(half)
}

/// The scenario that is to be played, and what its files are watched by; none where it was only to be saved.
fn stage(arguments: &Arguments, common: &Common, world: &World) -> Result<Option<(Scenario, Option<Reload>)>, String> {
    let Some(from) = &arguments.from else {
        let name = arguments.scenario.as_deref().unwrap_or("default");
        let name = name.strip_prefix("lab:").unwrap_or(name);
        let (scenario, reload) = Reload::of(name, world).map_err(|error| error.to_string())?;
        return Ok(Some((scenario, Some(reload))));
    };
    if from.as_os_str() != "-" {
        // A server is made of it: it must end, and be there at once.
        lab::regular::check(from).map_err(|error| format!("{}: {error}", input::shown(from)))?;
    }
    let document = input::one(from, arguments.session, "ehlo lab", common)?;
    let manner = Manner { pace: arguments.pace };
    let text = recorded::scenario(&document, manner).map_err(|error| format!("{}: {error}", input::shown(from)))?;
    let scenario = Scenario::parse(&from.display().to_string(), &text).map_err(|error| error.to_string())?;
    match &arguments.save {
        None => return Ok(Some((scenario, None))),
        Some(path) if path.as_os_str() == "-" => print(text.trim_end()),
        Some(path) => {
            std::fs::write(path, text).map_err(|error| format!("can't write {}: {error}", input::shown(path)))?;
            say(&format!("ehlo lab: {} is a scenario now; ehlo lab {0} plays it", input::shown(path)));
        }
    }
    Ok(None)
}

async fn serve(arguments: &Arguments, staged: (Scenario, Option<Reload>), common: &Common, world: &World) -> Exit {
    let (scenario, reload) = staged;
    descriptors();
    if let Some(directory) = &arguments.mail
        && let Err(error) = std::fs::create_dir_all(directory)
    {
        say(&format!("ehlo lab: can't make {}: {error}", directory.display()));
        return Exit::Usage;
    }
    let listen = arguments.listen.unwrap_or(LISTEN);
    let lab = match lab::start_with(scenario, listen, world).await {
        Ok(lab) => lab,
        Err(error) => {
            say(&format!("ehlo lab: {error}{}", cure(&error)));
            return if matches!(error, LabError::Listen { .. }) { Exit::NoConnection } else { Exit::Usage };
        }
    };
    if !listen.ip().is_loopback() {
        say(
            "ehlo lab: listening beyond this machine: whoever reaches it can leave mail here, and its passwords are public",
        );
    }
    // Where nothing is told and nothing written, nobody is woken for it.
    let notices = (!common.quiet || arguments.mail.is_some()).then(|| lab.notices());
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            say(&format!("ehlo lab: can't watch for signals: {error}"));
            return Exit::Usage;
        }
    };
    announce(&lab);
    let mut watch = Watch { lab, notices, mail: arguments.mail.clone(), quiet: common.quiet, saved: 0 };
    let mut reload = reload;
    loop {
        tokio::select! {
            exit = signals.next() => {
                watch.rest();
                return exit;
            }
            scenario = changed(&mut reload) => watch.change(scenario, world),
            notice = watch.next() => match notice {
                Err(RecvError::Closed) => return Exit::Done,
                notice => watch.take(notice.ok()),
            },
        }
    }
}

/// Waits until the scenario's file has changed; for ever where there is none.
async fn changed(reload: &mut Option<Reload>) -> Result<Scenario, ScenarioError> {
    match reload {
        Some(reload) => reload.changed().await,
        None => std::future::pending().await,
    }
}

/// What is done with what happens in the lab.
struct Watch {
    lab: Lab,
    notices: Option<broadcast::Receiver<Notice>>,
    mail: Option<PathBuf>,
    quiet: bool,
    /// The number of the last message that was written to a file.
    saved: u64,
}

impl Watch {
    /// The next notice; never one where none is wanted.
    async fn next(&mut self) -> Result<Notice, RecvError> {
        match &mut self.notices {
            Some(notices) => notices.recv().await,
            None => std::future::pending().await,
        }
    }

    /// Goes on with the scenario that was read anew, or says why the old one stays.
    fn change(&self, scenario: Result<Scenario, ScenarioError>, world: &World) {
        let changed = scenario.map_err(LabError::from).and_then(|scenario| self.lab.change(scenario, world));
        match changed {
            Ok(words) => {
                let title = self.lab.title();
                say(&format!("ehlo lab: {title:?} was read anew; those who connect from now on meet it"));
                for words in words {
                    say(&format!("ehlo lab: {words}"));
                }
            }
            Err(error) => say(&format!("ehlo lab: {error}; the scenario from before stays")),
        }
    }

    /// Says what happened; none where so much happened that some of it was missed. Mail is never missed.
    fn take(&mut self, notice: Option<Notice>) {
        self.save();
        match notice {
            Some(notice) if !self.quiet => tell(&notice),
            None => say("ehlo lab: too much happened at once to show it all"),
            Some(_) => {}
        }
    }

    /// What happened up to now, before the end.
    fn rest(&mut self) {
        loop {
            let Some(notices) = &mut self.notices else { return };
            match notices.try_recv() {
                Ok(notice) => self.take(Some(notice)),
                Err(broadcast::error::TryRecvError::Lagged(_)) => self.take(None),
                Err(_) => return self.save(),
            }
        }
    }

    /// Writes the messages that have come since the last time.
    fn save(&mut self) {
        let Some(directory) = &self.mail else { return };
        for message in self.lab.messages_since(self.saved) {
            let file = directory.join(file_name(&message));
            if let Err(error) = std::fs::write(&file, message.raw()) {
                say(&format!("ehlo lab: can't write {}: {error}", file.display()));
            }
            self.saved = message.number;
        }
    }
}

/// As many connections and files as the system lets this process have; gives how many.
fn descriptors() -> usize {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Fewer fit then; that somebody could not connect is said.
        let _ = setrlimit(Resource::Nofile, limit);
        getrlimit(Resource::Nofile).current.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(0))
    }
    #[cfg(not(unix))]
    usize::MAX
}

fn announce(lab: &Lab) {
    for (kind, address) in &lab.addresses {
        print(&format!("listening {} {address}", kind.word()));
    }
    for (user, certificate, key) in &lab.client_certificates {
        print(&format!("client-cert {user} {} {}", certificate.display(), key.display()));
    }
    match &lab.ca_path {
        Ok(path) => print(&format!("ca {}", path.display())),
        Err(error) => say(&format!(
            "ehlo lab: its authority can't be kept: {error}; no client can verify it. Choose another place with --state DIR"
        )),
    }
}

fn tell(notice: &Notice) {
    say(&match notice {
        Notice::Connected { session, client, listener } => {
            format!("{session} connected from {client} to {}", listener.word())
        }
        Notice::Delivered { session, message } => {
            let from = &message.envelope.from;
            format!("{session} delivered to {} from <{from}>, {} octets", message.mailbox, message.raw().len())
        }
        Notice::Note { session, text } => format!("{session} {text}"),
        Notice::Missed(why) => {
            format!("ehlo lab: somebody could not connect: {why}. More fit after `ulimit -n 8192`, before ehlo lab")
        }
        Notice::Closed { session } => format!("{session} closed"),
    });
}

/// `000001-QUEUEID-MAILBOX.eml`, of letters, digits, `@`, `.`, `-` and `_` only.
fn file_name(message: &lab::mailbox::Message) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "@.-_".contains(c) { c } else { '_' };
    let mailbox: String = message.mailbox.chars().map(safe).collect();
    format!("{:06}-{}-{mailbox}.eml", message.number, message.envelope.queue_id)
}

/// The signals that end the lab.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Done,
        }
    }
}

/// The signals that end the lab.
#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) -> Exit {
        self.0.recv().await;
        Exit::Interrupted
    }
}

/// A line on standard output, there at once. A reader that has gone away is no reason to stop serving.
fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// A line on standard error, made fit for a terminal.
fn say(line: &str) {
    let line = crate::smtp::escape::for_screen(line.as_bytes());
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
