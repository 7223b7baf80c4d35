//! Plays a lesson's script against a lab of its own, through the client that everybody uses.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::conversation::dialogue::Ask;
use crate::conversation::event::Timed;
use crate::conversation::{Dialogue, Kind, Log, Micros, file};
use crate::lab::{self, Lab, ListenerKind};
use crate::lesson::Lesson;
use crate::lesson::file::Listener;
use crate::lesson::rehearsal::Rehearsal;
use crate::profile::{Profiles, Protocol, Target, TlsMode, ask_nobody};
use crate::script::files::Folders;
use crate::script::values::Values;
use crate::script::{Outcome, Report, Settings, Verdict, Watch, plan};
use crate::world::World;

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

/// Nobody looks on.
struct Unwatched;

impl Watch for Unwatched {
    fn happened(&mut self, _: &Timed, _: bool) {}
    fn outcome(&mut self, _: &Outcome) {}
}

/// The listener of the lab that a lesson means.
pub(super) fn listener(of: Listener) -> ListenerKind {
    match of {
        Listener::Smtp => ListenerKind::Smtp,
        Listener::Submission => ListenerKind::Submission,
        Listener::Smtps => ListenerKind::Smtps,
        Listener::Lmtp => ListenerKind::Lmtp,
    }
}

/// Plays a script, or says why it can't be played.
pub(super) async fn rehearse(rehearsal: &Rehearsal, lesson: &Lesson, world: &World) -> Result<Played, String> {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let lab = lab::start(&lesson.scenario, anywhere, world).await.map_err(|error| error.to_string())?;
    let target = target(lesson, &lab)?;
    let name = rehearsal.part.to_string();
    let document = file::read(rehearsal.script.as_bytes()).map_err(|error| format!("{name}: {error}"))?;
    let values = Values::new(&[], None, &target, &[], world);
    let plan = plan(&document, &name, &values, &Folders::default()).map_err(|error| error.to_string())?;
    let credentials = match (&target.auth, plan.needs_credentials) {
        (Some(auth), Some(_)) => {
            let password = auth.password.fetch(&auth.user, world, ask_nobody).map_err(|error| error.to_string())?;
            Some(auth.credentials(password))
        }
        _ => None,
    };
    let settings = Settings {
        options: crate::script::options(&target, vec![lab.ca.clone()]).map_err(|error| error.to_string())?,
        journal: None,
        world: world.clone(),
        started: world.elapsed(),
        fail_fast: false,
        keep_going: false,
        rcpt_only: false,
        exact: None,
        hand_over: true,
        credentials,
        clear_text_password: true,
        stop: CancellationToken::new(),
    };
    let report = crate::script::run(&plan, settings, &mut Unwatched).await;
    let problems = problems(&report);
    let sessions = records(&lab).await?;
    Ok(Played { sessions, exchanges: own_exchanges(&report.log), problems })
}

fn target(lesson: &Lesson, lab: &Lab) -> Result<Target, String> {
    let uri = format!("lab:{}", lesson.scenario);
    let mut target = Target::read(&uri, &Profiles::shipped()).map_err(|error| error.to_string())?;
    let kind = listener(lesson.listener);
    let address = lab.address(kind);
    let address = address.ok_or_else(|| format!("the scenario {} has no {} listener", lesson.scenario, kind.word()))?;
    match kind {
        ListenerKind::Smtps => target.tls = TlsMode::Implicit,
        ListenerKind::Lmtp => target.protocol = Protocol::Lmtp,
        ListenerKind::Smtp | ListenerKind::Submission => {}
    }
    target.lab_listens(address);
    Ok(target)
}

/// What the script expected and did not get.
fn problems(report: &Report) -> Vec<String> {
    let failed = report.outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Failed | Verdict::Skipped));
    let mut problems: Vec<String> =
        failed.map(|outcome| format!("line {}: {}: {}", outcome.line, outcome.step, outcome.words)).collect();
    problems.extend(report.words.clone());
    problems
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
    let end = log.since(0).find(|(_, entry)| is_auto(entry)).map_or(usize::MAX, |(index, _)| index);
    let dialogue = Dialogue::of(log);
    let own =
        dialogue.exchanges().iter().filter(|x| x.ask != Ask::Unasked && !x.is_further_verdict() && x.start() < end);
    own.count()
}
