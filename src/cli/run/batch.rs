//! Conversations that are held one after the other or several at once, and compared where they were held with two servers.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::prepare::{self, Prepared};
use super::report::Run;
use super::screen::{self, Screen};
use super::{Arguments, COMMAND, Turn, complain, exit_of};
use crate::cli::{Colour, Common, Exit, diff};
use crate::conversation::file::Document;
use crate::script::comparison::{Row, compare as compared};
use crate::script::{Cause, HoldsBack, Outcome, Settings, Verdict};
use crate::smtp::escape::for_screen;
use crate::world::World;

/// A conversation that was held.
pub(super) struct Played {
    /// For a report.
    pub(super) run: Run,
    /// The same for `--json`.
    pub(super) json: Value,
    pub(super) document: Document,
    /// With whom.
    uri: String,
    /// What speaks against it is nothing but that the server refused something, of which nothing was expected.
    refused: bool,
    /// A message was handed over.
    pub(super) handed_over: bool,
    /// Why what was printed went nowhere.
    pub(super) failed: Option<io::Error>,
    /// It could not be played.
    pub(super) unplayed: bool,
}

/// Holds them, as many at once as is asked for; what is printed stays in order. After a signal no further one begins.
pub(super) async fn play(
    all: Vec<Turn>,
    arguments: &Arguments,
    common: &Common,
    world: &World,
    stop: &CancellationToken,
) -> Vec<Played> {
    let colour = match common.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => io::stdout().is_terminal() && world.variable("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let wire_is_ours = all.iter().any(Turn::takes_the_wire);
    let at_once = usize::from(arguments.jobs);
    let begin = |turn: Turn| async move {
        if stop.is_cancelled() {
            return None;
        }
        let mut screen = Screen::new(common, colour, arguments.reported().is_some());
        screen.leave_output_alone(wire_is_ours);
        if at_once > 1 {
            screen.hold();
        }
        let played = match turn {
            Turn::Ready(prepared) => one(*prepared, arguments, common, world, stop, &mut screen).await,
            Turn::Bad { name, words } => unplayed(name, words, common),
        };
        Some((played, screen))
    };
    let mut playing = futures_util::stream::iter(all.into_iter().map(begin)).buffered(at_once);
    let mut done = Vec::new();
    while let Some(next) = playing.next().await {
        let Some((mut played, mut screen)) = next else { continue };
        screen.release();
        played.failed = screen.failed();
        done.push(played);
    }
    done
}

async fn one(
    prepared: Prepared,
    arguments: &Arguments,
    common: &Common,
    world: &World,
    stop: &CancellationToken,
    screen: &mut Screen,
) -> Played {
    let started = world.elapsed();
    let header = prepared.header(world);
    let (journal, transcript) = prepare::journal(&prepared, &header, world).ok().unzip();
    screen.begin(&prepared);
    let settings = Settings {
        options: prepared.options.clone(),
        journal,
        world: world.clone(),
        started,
        fail_fast: arguments.fail_fast,
        holds_back: match (arguments.keep_going, &arguments.against) {
            (true, _) => HoldsBack::Nothing,
            // Both are asked the same for as long as they can be.
            (false, Some(_)) => HoldsBack::OtherClass,
            (false, None) => HoldsBack::Failed,
        },
        rcpt_only: arguments.rcpt_only,
        unseen: false,
        exact: arguments.exact,
        hand_over: prepared.hand_over,
        credentials: prepared.credentials.clone(),
        clear_text_password: prepared.clear_text_password,
        guide: None,
        pipeline_if_offered: false,
        on_its_way: crate::script::ON_ITS_WAY,
        obeys_limits: false,
        offered: Vec::new(),
        stop: stop.clone(),
    };
    let mut report = crate::script::run(&prepared.plan, settings, screen).await;
    let exit = exit_of(&report);
    screen.end(&prepared, &report);
    if let Some(words) = report.words.as_ref().filter(|_| arguments.reported().is_none() || !common.quiet) {
        complain(COMMAND, format_args!("{}: {words}", prepared.name));
    }
    if let Some(path) = &transcript
        && common.verbose
    {
        complain(COMMAND, format_args!("the conversation is in {}", path.display()));
    }
    let took = world.elapsed().saturating_sub(started);
    let mut json = screen::json(&prepared, &report, exit, transcript.as_deref());
    json["seconds"] = took.as_secs_f64().into();
    let summary = report.summary();
    let taken_back = matches!(report.cause, Some(Cause::Refused)) || report.partly();
    let handed_over = report.delivered > 0;
    let document = Document::new(header, std::mem::take(&mut report.log));
    let run =
        Run { name: name(&prepared, arguments), exit, took, outcomes: report.outcomes, summary, words: report.words };
    let (uri, refused) = (prepared.uri, taken_back);
    Played { run, json, document, uri, refused, handed_over, failed: None, unplayed: false }
}

/// A script that can't be played, as a report has it.
fn unplayed(name: String, words: String, common: &Common) -> Played {
    if !common.quiet {
        complain(COMMAND, &words);
    }
    let json = serde_json::json!({"script": name, "exit": Exit::Usage.code(), "problem": words});
    let summary = "not played".to_owned();
    let run = Run { name, exit: Exit::Usage, took: Duration::ZERO, outcomes: Vec::new(), summary, words: Some(words) };
    let document = Document::default();
    let uri = String::new();
    Played { run, json, document, uri, refused: false, handed_over: false, failed: None, unplayed: true }
}

/// The script, and where it is played with two servers, with which.
fn name(prepared: &Prepared, arguments: &Arguments) -> String {
    if arguments.against.is_some() { format!("{} with {}", prepared.name, prepared.uri) } else { prepared.name.clone() }
}

/// The exit status of all: the first that is not 0. With two servers it is how they differ that counts, not what both of
/// them refuse.
pub(super) fn exit(played: &[Played], two: bool) -> Exit {
    let counts = |played: &&Played| played.run.exit != Exit::Done && !(two && played.refused);
    let interrupted = played.iter().any(|played| played.run.exit == Exit::Interrupted);
    let first = played.iter().find(counts).map_or(Exit::Done, |played| played.run.exit);
    if interrupted { Exit::Interrupted } else { first }
}

/// What came of comparing.
#[derive(Default)]
pub(super) struct Told {
    pub(super) json: Vec<Value>,
    /// For a report: each comparison as a run of its own.
    pub(super) runs: Vec<Run>,
    pub(super) differ: bool,
}

/// Compares each conversation with the one that was held after it with the other server, and prints how they differ.
pub(super) fn compare(played: &[Played], arguments: &Arguments, common: &Common) -> Told {
    let mut told = Told::default();
    for pair in played.chunks_exact(2) {
        let [left, right] = pair else { continue };
        if left.unplayed || right.unplayed {
            continue;
        }
        let rows = match compared(&left.document, &right.document) {
            Ok(comparison) => comparison.rows,
            Err(words) => {
                complain(COMMAND, words);
                continue;
            }
        };
        told.differ |= rows.iter().any(|row| row.counts(arguments.exact));
        told.runs.push(of_comparison(&rows, [left, right], arguments.exact));
        let mut json = diff::to_json(&rows, arguments.exact);
        json["left"] = left.uri.clone().into();
        json["right"] = right.uri.clone().into();
        told.json.push(json);
        if arguments.reported().is_none() {
            let head = for_screen(format!("=== - {}  + {}", left.uri, right.uri).as_bytes());
            let text = diff::to_text(&rows, "exchange", arguments.exact, common.quiet);
            // A reader that has gone away wants no more of it.
            let _ = screen::print(&format!("{head}\n{text}"));
        }
    }
    told
}

/// A comparison as a report has it: what differs is what failed in it.
fn of_comparison(rows: &[Row], [left, right]: [&Played; 2], exact: bool) -> Run {
    let counted: Vec<_> = rows.iter().filter(|row| row.counts(exact)).collect();
    let outcome = |row: &&Row| {
        let verdict = Verdict::Failed;
        Outcome { line: 0, step: row.line(), verdict, words: diff::in_a_line(row, [&left.uri, &right.uri]) }
    };
    Run {
        name: for_screen(format!("{} compared with {}", left.run.name, right.uri).as_bytes()),
        exit: if counted.is_empty() { Exit::Done } else { Exit::Refused },
        took: Duration::ZERO,
        outcomes: counted.iter().map(outcome).collect(),
        summary: diff::summary(rows, "exchange", exact),
        words: None,
    }
}
