//! `ehlo run SCRIPT...`: replay without a screen.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Colour, Common, Exit, complain};
use crate::conversation::file::Document;
use crate::profile::{Endpoint, duration};
use crate::script::{Cause, Report, Settings};
use crate::world::World;

pub(super) mod ask;
mod offer;
pub(super) mod prepare;
pub(super) mod save;
mod screen;

use prepare::Prepared;
use screen::Screen;

const COMMAND: &str = "ehlo run";

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A script is a line to send, or a reply to expect, a line each:
  < 220
  > EHLO noddy.com
  < 250
  > MAIL FROM:<dude@noddy.com>
  < 250
  > RCPT TO:<friend@elsewhere.example>
  < 5xx 5.7.* /relay/
  > QUIT
A transcript is one too: what was recorded is sent again, and the replies are compared.
After a failed expectation no mail goes out half-checked: DATA, BDAT and the final dot are skipped until RSET or the next MAIL.
Exit status: 0 as expected, 1 refused or not as expected, 2 a mistake in the script or on the command line, 3 no connection,
4 TLS, 5 authentication, 6 time-out, 7 not SMTP, 8 some recipients refused, 130 interrupted. Of several scripts the first that is not 0.")]
pub(super) struct Arguments {
    /// The scripts or transcripts, played in order; - reads standard input
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
    /// Stop before DATA and BDAT: no message is handed over
    #[arg(long)]
    rcpt_only: bool,
    /// Hand a message over even to a host outside loopback or to a profile marked production
    #[arg(long)]
    yes_really_send: bool,
    /// Let the script read files in this directory too, not only in its own
    #[arg(long, value_name = "DIR")]
    allow_files: Vec<PathBuf>,
    /// Let the script read this environment variable as {{env.NAME}}
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
    // Everything that can be wrong with any of the scripts is said before anything connects.
    if let Some(path) = &arguments.save
        && let Err(words) = save::check(path, &arguments.scripts, arguments.force)
    {
        return complain(COMMAND, words);
    }
    let mut labs = prepare::Labs::default();
    let mut all = Vec::new();
    for path in &arguments.scripts {
        match prepare::prepare(path, arguments, world, &mut labs).await {
            Ok(prepared) => all.push(prepared),
            Err(words) => return complain(COMMAND, words),
        }
    }
    let colour = match common.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            std::io::stdout().is_terminal() && world.variable("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    let mut exit = Exit::Done;
    let mut results = Vec::new();
    let mut last = None;
    let wire_is_ours = all.iter().any(|prepared| prepared.target.endpoint == Endpoint::Stdio);
    if wire_is_ours && let Some(words) = against_stdio(arguments) {
        return complain(COMMAND, words);
    }
    let mut screen = Screen::new(common, colour, arguments.json);
    screen.leave_output_alone(wire_is_ours);
    for prepared in all {
        let (one, result, document) = play_one(prepared, arguments, common, world, &stop, &mut screen).await;
        results.push(result);
        last = Some(document);
        if exit == Exit::Done {
            exit = one;
        }
        if one == Exit::Interrupted {
            exit = one;
            break;
        }
    }
    if let (Some(path), Some(document)) = (&arguments.save, &last)
        && let Err(error) = save::write(path, document, arguments.force)
    {
        let usage = complain(COMMAND, format_args!("{} can't be written: {error}", path.display()));
        exit = if exit == Exit::Done { usage } else { exit };
    }
    let printed = if arguments.json { screen::print_json(exit, &results) } else { Ok(()) };
    match screen.failed().or(printed.err()) {
        Some(error) if exit == Exit::Interrupted => {
            complain(COMMAND, format_args!("standard output can't be written: {error}"));
            exit
        }
        Some(error) => complain(COMMAND, format_args!("standard output can't be written: {error}")),
        None => exit,
    }
}

/// What else wants standard input or output, where they are the way to the server.
fn against_stdio(arguments: &Arguments) -> Option<&'static str> {
    let script = arguments.scripts.iter().any(|path| path.as_os_str() == "-");
    match (script, arguments.json) {
        (true, _) => Some("standard input is the way to the server (stdio:); the script must be a file"),
        (_, true) => {
            Some("standard output is the way to the server (stdio:); --save keeps the conversation instead of --json")
        }
        _ => None,
    }
}

async fn play_one(
    prepared: Prepared,
    arguments: &Arguments,
    common: &Common,
    world: &World,
    stop: &CancellationToken,
    screen: &mut Screen,
) -> (Exit, serde_json::Value, Document) {
    let started = world.elapsed();
    let header = prepared.header(world);
    let (journal, transcript) = prepare::journal(&prepared, &header, world);
    screen.begin(&prepared);
    let settings = Settings {
        options: prepared.options.clone(),
        journal,
        world: world.clone(),
        started,
        fail_fast: arguments.fail_fast,
        keep_going: arguments.keep_going,
        rcpt_only: arguments.rcpt_only,
        exact: prepared.exact.clone(),
        hand_over: prepared.hand_over,
        credentials: prepared.credentials.clone(),
        clear_text_password: prepared.clear_text_password,
        guide: None,
        pipeline_if_offered: false,
        offered: Vec::new(),
        stop: stop.clone(),
    };
    let mut report = crate::script::run(&prepared.plan, settings, screen).await;
    let exit = exit_of(&report);
    screen.end(&prepared, &report);
    if let Some(words) = report.words.as_ref().filter(|_| !arguments.json || !common.quiet) {
        complain(COMMAND, format_args!("{}: {words}", prepared.name));
    }
    if let Some(path) = &transcript
        && common.verbose
    {
        complain(COMMAND, format_args!("the conversation is in {}", path.display()));
    }
    let result = screen::json(&prepared, &report, exit, transcript.as_deref());
    (exit, result, Document::new(header, std::mem::take(&mut report.log)))
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
    tokio::spawn(async move {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
        stop.cancel();
    });
}
