//! `ehlo send [TARGET]`: one message, or a part of a transaction, with swaks's common options.
//!
//! What the command line says becomes a script, played by the runner of `ehlo run`; EHLO, STARTTLS and AUTH before it
//! come from *make ready*, as far as the server offers them.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::run::{exit_of, prepare, save, stop_on_signals};
use super::{Colour, Common, Exit};
use crate::client::Options;
use crate::conversation::Dialogue;
use crate::conversation::file::{Document, Header};
use crate::profile::{Endpoint, Target};
use crate::script::Report;
use crate::transaction::{Body, Lenient};
use crate::world::World;

mod announced;
mod arguments;
mod brief;
mod content;
mod exits;
mod glued;
mod kept;
mod meant;
mod parameters;
mod parts;
mod prepared;
mod recipients;
mod screen;
mod survey;
mod swaks;
mod target;
mod tls;
mod told;
mod trip;
mod written;

use brief::Brief;
pub(super) use exits::of_words;
pub(super) use meant::told;
use prepared::{Outset, Prepared};
use recipients::Recipient;
use screen::Screen;
pub(super) use swaks::normalised;
use told::Warning;
use trip::Trip;

const COMMAND: &str = "ehlo send";

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  ehlo send lab: --to anotherdude@target.local
  ehlo send mx.noddy.com --to a@noddy.com --from b@noddy.com --rcpt-only
  ehlo send lab: --to anotherdude@target.local --receipt --tls
  ehlo send noddy --to a@noddy.com --body @text --attach-type application/pdf --attach @report.pdf
One message over one connection: several of them over one are for ehlo run with a script, or the workbench.
A message goes to a host outside loopback only with --yes-really-send. Recipients beyond what the server's LIMITS allow go
over another connection.
swaks's options are understood by their names: --help-swaks says of each what is different.
Exit status: 0 taken, 1 refused, 2 a mistake on the command line, 3 no connection, 4 TLS, 5 login, 6 time-out, 7 not SMTP,
8 taken, but not for some recipients, or a file that was asked for besides could not be written in the end (1 where no message
was handed over), 130 interrupted; --swaks-exit-codes gives swaks's.")]
pub(super) struct Arguments {
    #[command(flatten)]
    place: arguments::Place,
    #[command(flatten)]
    envelope: arguments::Envelope,
    #[command(flatten)]
    parameters: parameters::Parameters,
    #[command(flatten)]
    announced: announced::Announced,
    #[command(flatten)]
    tls: arguments::Tls,
    #[command(flatten)]
    login: arguments::Login,
    #[command(flatten)]
    content: arguments::Content,
    #[command(flatten)]
    output: arguments::Output,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> ExitCode {
    let exit = |exit: Exit| ExitCode::from(exits::of_mistake(exit, arguments));
    if arguments.output.help_swaks {
        return exit(print(swaks::help().as_bytes()));
    }
    let runtime = match super::runtime::runtime(Some(2)) {
        Ok(runtime) => runtime,
        Err(error) => return exit(super::complain(COMMAND, error)),
    };
    let code = match runtime.block_on(play(arguments, common, world)) {
        Ok(code) => ExitCode::from(code),
        Err(words) => exit(super::complain(COMMAND, told::in_options(&words))),
    };
    // A task that still resolves a name must not hold up the way out.
    runtime.shutdown_background();
    code
}

/// Reads what is to be sent. What a signal finds of it on the disk is taken away: a message may be read from a pipe that
/// never ends, so that nobody here would see the signal.
fn prepared(
    outset: Outset,
    arguments: &Arguments,
    world: &World,
    stop: &CancellationToken,
) -> Result<Prepared, String> {
    let place = content::Place::default();
    let (stopped, told) = (stop.clone(), content::Place::clone(&place));
    let ending = tokio::spawn(async move {
        stopped.cancelled().await;
        if let Some(folder) = told.get() {
            // It can't be helped where it fails.
            let _ = std::fs::remove_dir_all(folder);
        }
        std::process::exit(Exit::Interrupted.code().into());
    });
    let prepared = tokio::task::block_in_place(|| prepared::prepared(outset, arguments, &place, world));
    ending.abort();
    prepared
}

/// Prints what nothing is sent for.
fn print(octets: &[u8]) -> Exit {
    printed(|out| out.write_all(octets))
}

fn printed(print: impl FnOnce(&mut std::io::StdoutLock<'_>) -> std::io::Result<()>) -> Exit {
    let mut out = std::io::stdout().lock();
    match print(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            super::complain(COMMAND, format_args!("standard output can't be written: {error}"))
        }
        _ => Exit::Done,
    }
}

async fn play(arguments: &Arguments, common: &Common, world: &World) -> Result<u8, String> {
    let output = &arguments.output;
    if let Some(path) = &output.save {
        save::check(path, &[], output.force)?;
    }
    if let Some(path) = arguments.tls.tls_get_peer_cert.as_ref().filter(|path| path.as_os_str() != "-") {
        save::writable(path)?;
    }
    let stop = CancellationToken::new();
    stop_on_signals(&stop);
    let outset = prepared::outset(arguments, world)?;
    // Asked before standard input is read, of which there may be gigabytes.
    chosen_by_file(&outset.way.target, arguments).await?;
    let whole = outset.goes_out() && output.goes_out();
    let asked = if whole { Some(allowed(&outset.way.target, outset.to(), arguments).await?) } else { None };
    let prepared = prepared(outset, arguments, world, &stop)?;
    if output.dump_mail {
        return Ok(dump(&prepared.outline.body)?.code());
    }
    if output.as_script {
        let (script, comments) = prepared.as_script()?;
        for words in comments.iter().filter(|_| !common.quiet) {
            super::complain(COMMAND, format_args!("a comment in the script: {words}"));
        }
        return Ok(print(&script).code());
    }
    let plan = prepared.planned(world)?;
    let hand_over = match asked {
        Some(allowed) => allowed,
        None if plan.hands_over.is_none() => arguments.envelope.yes_really_send,
        None => allowed(&prepared.way.target, &prepared.outline.to, arguments).await?,
    };
    let colour = match common.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            std::io::stdout().is_terminal() && world.variable("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    let mut screen = Screen::new(output, common.quiet, common.verbose, colour)?;
    if prepared.way.target.endpoint == Endpoint::Stdio {
        if output.json {
            return Err(
                "standard output is the way to the server (stdio:); --save keeps the conversation instead of --json"
                    .to_owned(),
            );
        }
        screen.leave_standard_output();
    }
    let mut labs = prepare::Labs::default();
    let trip = Trip::new(prepared, plan, hand_over, arguments, world, &mut labs, &mut screen).await?;
    let sent = trip.transact(world, &mut screen, &stop).await?;
    Ok(finish(sent, arguments, &mut screen))
}

/// A file that chooses where to connect leads nowhere but to this machine without a yes, even where no message is handed
/// over: whoever wrote it may be somebody else.
async fn chosen_by_file(target: &Target, arguments: &Arguments) -> Result<(), String> {
    let Some(file) = &target.from_file else { return Ok(()) };
    if !arguments.output.goes_out() || arguments.envelope.yes_really_send {
        return Ok(());
    }
    let place = match prepare::stays_here(target).await {
        Ok(true) => return Ok(()),
        // It may lead somewhere the next time it is asked for.
        Ok(false) => "whose name leads nowhere now".to_owned(),
        Err(place) => place,
    };
    Err(format!(
        "{} itself says where to connect: {}, {place}; --yes-really-send goes there, or name the target instead of the file",
        file.display(),
        target.endpoint
    ))
}

/// Prints the message for `--dump-mail`; one that is in a file is read as it goes out.
fn dump(body: &Body) -> Result<Exit, String> {
    match body {
        Body::Lines(text) => Ok(print(&crate::message::header::with_crlf(text))),
        Body::AsIs(octets) => Ok(print(octets)),
        Body::File { path, fields } => {
            let file = std::fs::File::open(path);
            let mut file = file.map_err(|error| format!("{} can't be read: {error}", path.display()))?;
            let mut unread = None;
            let exit = printed(|out| {
                out.write_all(fields)?;
                let mut piece = vec![0; 64 * 1024];
                loop {
                    match file.read(&mut piece) {
                        Ok(0) => return Ok(()),
                        Ok(read) => out.write_all(&piece[..read])?,
                        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                        Err(error) => {
                            unread = Some(error);
                            return Ok(());
                        }
                    }
                }
            });
            unread.map_or(Ok(exit), |error| Err(format!("{} can't be read: {error}", path.display())))
        }
    }
}

/// Whether the message may be handed over wherever this leads.
async fn allowed(target: &Target, to: &[String], arguments: &Arguments) -> Result<bool, String> {
    if arguments.envelope.yes_really_send {
        return Ok(true);
    }
    prepare::stays_here(target).await.map_err(|place| {
        format!(
            "the message for {} would really be handed over to {}, {place}; --yes-really-send does it, \
             --rcpt-only stops before DATA",
            to.join(", "),
            target.endpoint
        )
    })
}

/// What came of it.
struct Sent {
    report: Report,
    /// Recipients that were never named to a server.
    unsent: Vec<String>,
    header: Header,
    transcripts: Vec<PathBuf>,
    /// What was said of each connection that is not recorded.
    unrecorded: Vec<String>,
    target: Target,
    uri: String,
    from: String,
    /// XCLIENT had to be said.
    announces: bool,
}

fn options(target: &Target, roots: Vec<String>, arguments: &Arguments) -> Result<Options, String> {
    let mut options = crate::script::options(target, roots).map_err(|error| error.to_string())?;
    let place = &arguments.place;
    let bounded = |time: Duration| time.max(Duration::from_millis(1));
    options.connect_timeout = place.connect_timeout.or(place.timeout).map_or(options.connect_timeout, bounded);
    options.reply_timeout = place.timeout.map(bounded).or(options.reply_timeout);
    options.total_timeout = place.total_timeout.or(options.total_timeout);
    options.accept_offer = place.accept_offer;
    Ok(options)
}

/// Says what came of it, keeps it, and gives the exit status.
fn finish(mut sent: Sent, arguments: &Arguments, screen: &mut Screen) -> u8 {
    let output = &arguments.output;
    let exit = exit_of(&sent.report);
    let handed_over = sent.report.delivered > 0;
    let reason = told::reason(&sent.report, exit);
    let dialogue = Dialogue::of(&sent.report.log);
    let recipients = recipients::recipients(&dialogue, &sent.report.log, &sent.unsent);
    let mut warnings =
        told::warnings(&sent.report, if arguments.place.accept_offer { told::ACCEPTED } else { told::ACCEPTS });
    warnings.extend(sent.unrecorded.iter().map(|words| told::unrecorded(words)));
    let brief = Brief::new(&dialogue, &sent.report.log);
    screen.end(reason.as_ref(), &recipients, |record| brief.of(record), exit == Exit::Done);
    sent.report.words = reason.map(|reason| reason.words);
    for warning in warnings.iter().filter(|warning| !warning.shown) {
        screen.complain(&format!("warning: {}", warning.words));
    }
    if let Some(cure) = told::cure(exit, &sent.report, &sent.target) {
        screen.complain(cure);
    }
    screen.kept(&sent.transcripts, exit == Exit::Done);
    let code = if output.swaks_exit_codes {
        exits::of(exit, &sent.report.log, sent.announces)
    } else {
        exits::own(exit, handed_over)
    };
    // One document on standard output, not two: JSON has the certificate in it.
    let wanted = arguments.tls.tls_get_peer_cert.as_deref();
    let within = output.json && wanted.is_some_and(|path| path.as_os_str() == "-");
    let shown =
        wanted.map(|path| certificate(&sent.report).and_then(|pem| if within { Ok(pem) } else { put(pem, path) }));
    let mut unwritten: Vec<String> = shown.iter().filter_map(|shown| shown.as_ref().err().cloned()).collect();
    if let Some(path) = &output.save {
        let document = Document::new(std::mem::take(&mut sent.header), std::mem::take(&mut sent.report.log));
        if let Err(error) = save::write(path, &document, output.force) {
            unwritten.push(format!("{} can't be written: {error}", path.display()));
        }
    }
    let incomplete = exits::incomplete(code, handed_over, output.swaks_exit_codes);
    let code = if unwritten.is_empty() { code } else { incomplete };
    // The message may be on its way: that it is must not be hidden by a file beside it.
    let all_the_same = if handed_over { "; the message was handed over all the same" } else { "" };
    for words in &unwritten {
        screen.complain(&format!("{words}{all_the_same}"));
    }
    if output.json {
        sent.report.words = sent.report.words.take().or_else(|| (!unwritten.is_empty()).then(|| unwritten.join("; ")));
        let mut result = as_json(&sent, &recipients, &warnings, code);
        if let Some(Ok(pem)) = shown.as_ref().filter(|_| within) {
            result["certificate"] = json!(pem);
        }
        screen.print(super::document(&result).as_bytes());
    }
    if let Some(error) = screen.failed() {
        screen.complain(&format!("standard output can't be written: {error}{all_the_same}"));
        return incomplete;
    }
    code
}

/// The result as JSON.
fn as_json(sent: &Sent, recipients: &[Recipient], warnings: &[Warning], code: u8) -> serde_json::Value {
    let warnings: Vec<_> = warnings.iter().map(|w| json!({"kind": w.kind, "words": w.words})).collect();
    let all: Vec<_> = recipients
        .iter()
        .map(|r| json!({"address": r.address, "verdict": r.word, "code": r.code, "reply": r.reply}))
        .collect();
    json!({
        "ehlo": 1,
        "exit": code,
        "target": sent.uri,
        "reading": sent.target.reading,
        "from": sent.from,
        "recipients": all,
        "handed_over": sent.report.delivered,
        "problem": sent.report.words,
        "warnings": warnings,
        "transcript": sent.transcripts.first().map(|path| path.display().to_string()),
        "transcripts": sent.transcripts.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
    })
}

/// The server's own certificate, PEM.
fn certificate(report: &Report) -> Result<String, String> {
    use base64::Engine as _;
    let entries = report.log.since(0);
    let der = entries.filter_map(|(_, entry)| entry.remark()).find_map(|remark| {
        let leaf = remark.word == "certificate" && remark.get("n") == Some("0");
        leaf.then(|| remark.get("der").map(str::to_owned)).flatten()
    });
    let Some(der) = der else {
        return Err("the server showed no certificate, so that there is none to write".to_owned());
    };
    // As it stands in the event it may have another padding or none.
    let octets = base64::engine::general_purpose::STANDARD.decode(&der).map_err(|error| error.to_string())?;
    let text = base64::engine::general_purpose::STANDARD.encode(octets);
    let lines: String =
        text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned() + "\n").collect();
    Ok(format!("-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n"))
}

/// Writes a certificate where it is wanted, `-` being standard output, and gives it back.
fn put(pem: String, path: &std::path::Path) -> Result<String, String> {
    if path.as_os_str() == "-" {
        let mut out = std::io::stdout().lock();
        return match out.write_all(pem.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(format!("standard output can't be written: {error}"))
            }
            _ => Ok(pem),
        };
    }
    match std::fs::write(path, &pem) {
        Ok(()) => Ok(pem),
        Err(error) => Err(format!("{} can't be written: {error}", path.display())),
    }
}
