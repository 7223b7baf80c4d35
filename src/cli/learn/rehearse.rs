//! Plays a lesson's script against a lab of its own, through the client that everybody uses.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::cli::rehearse::{Stage, problems};
use crate::conversation::dialogue::Ask;
use crate::conversation::{Dialogue, Kind, Log, Micros};
use crate::lab::scenario::Span;
use crate::lab::{self, Lab, ListenerKind};
use crate::lesson::Lesson;
use crate::lesson::rehearsal::{Part, Rehearsal};
use crate::world::World;

/// How much faster than for a learner the lab's clock goes: nobody looks on here.
const HASTE: u32 = 10;
/// How long the lab may take to notice that its clients have gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of playing a script.
pub(super) struct Played {
    /// The lab's sessions: number, when it began, what happened.
    pub(super) sessions: Vec<(u64, Micros, Log)>,
    /// How many exchanges are the script's own.
    pub(super) exchanges: usize,
    /// Expectations of the script that were not met.
    pub(super) problems: Vec<String>,
}

/// Plays a script, or says why it can't be played.
pub(super) async fn rehearse(rehearsal: &Rehearsal, lesson: &Lesson, world: &World) -> Result<Played, String> {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut scenario = lesson.scenario_in(world).map_err(|error| error.to_string())?;
    scenario.server.clock.0 = scenario.server.clock.0.saturating_mul(HASTE);
    // The idle limit, which else is on the real clock, goes as fast.
    scenario.server.idle.0 /= HASTE;
    let lab = lab::start_with(scenario, anywhere, world).await.map_err(|error| error.to_string())?;
    let kind = lesson.listener;
    let stage = Stage { lab: &lab, listener: kind, implicit: kind == ListenerKind::Smtps };
    let report = stage.play(&rehearsal.part.to_string(), &hastened(&rehearsal.script), world).await?;
    let before = above(lesson, rehearsal);
    let problems = problems(&report).into_iter().map(|(line, words)| match (line, before) {
        (Some(line), Some(before)) => format!("line {} of the file: {words}", before + line),
        (Some(line), None) => format!("line {line} of the script: {words}"),
        (None, _) => words,
    });
    let problems = problems.collect();
    let sessions = records(&lab).await?;
    Ok(Played { sessions, exchanges: own_exchanges(&report.log), problems })
}

/// How many lines of the lesson's file stand above a script; none where it is not in the file as it is played.
fn above(lesson: &Lesson, rehearsal: &Rehearsal) -> Option<usize> {
    let script = match rehearsal.part {
        Part::Solution => lesson.solution.as_ref()?.script.as_str(),
        Part::Wrong(n) => lesson.wrong_ways.get(n)?.script.as_str(),
        Part::Example(step, mistake) => lesson.steps.get(step)?.mistakes.get(mistake)?.example.as_deref()?,
    };
    // Two of the same words can't be told apart.
    let (first, rest) = lesson.text().split_once(script)?;
    (!rest.contains(script)).then(|| first.matches('\n').count())
}

/// A script whose pauses are as much shorter as the lab's clock is faster; lines keep their numbers.
fn hastened(script: &str) -> String {
    let mut out = String::new();
    for line in script.lines() {
        match line.trim_start().strip_prefix("* sleep ").and_then(Span::parse) {
            Some(Span(time)) => {
                out.push_str("* sleep ");
                out.push_str(&(time / HASTE).as_millis().to_string());
                out.push_str("ms");
            }
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

/// The lab's records, once it has seen all of its clients go.
async fn records(lab: &Lab) -> Result<Vec<(u64, Micros, Log)>, String> {
    let mut changes = lab.changes();
    let all_closed = async {
        while !lab.sessions().iter().all(|session| session.is_closed()) {
            if changes.changed().await.is_err() {
                break;
            }
        }
    };
    if tokio::time::timeout(PATIENCE, all_closed).await.is_err() {
        return Err("the lab did not see the end of the connection".to_owned());
    }
    let sessions = lab.sessions();
    let first = sessions.first().map(|session| session.started);
    let began =
        |started: jiff::Timestamp| first.map_or(0, |first| (started.as_microsecond() - first.as_microsecond()).max(0));
    Ok(sessions.iter().map(|s| (s.number, Micros(began(s.started).unsigned_abs()), s.log())).collect())
}

/// The exchanges up to where the player says RSET and QUIT of its own.
fn own_exchanges(log: &Log) -> usize {
    let is_auto = |entry: &crate::conversation::log::Entry<'_>| entry.kind == Kind::Remark && entry.bytes == b"auto";
    // Where nothing was added, all counts that the lab saw, which with smuggled commands is more.
    let Some((end, _)) = log.since(0).find(|(_, entry)| is_auto(entry)) else { return usize::MAX };
    let dialogue = Dialogue::of(log);
    let own =
        dialogue.exchanges().iter().filter(|x| x.ask != Ask::Unasked && !x.is_further_verdict() && x.start() < end);
    own.count()
}
