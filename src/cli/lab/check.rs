//! `ehlo lab check FILE...`: is a scenario well formed, and does it do what its checks say?

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use futures_util::{StreamExt as _, stream};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::{print, say};
use crate::cli::Exit;
use crate::cli::rehearse::{Stage, problems};
use crate::cli::run::exit_of;
use crate::lab::scenario::{self, Check, CheckTls, Scenario, ScenarioError};
use crate::lab::{self, Lab, ListenerKind};
use crate::world::World;

/// Files whose checks are played at the same time.
const TOGETHER: usize = 4;

/// Runs it: 0 when all is as the checks say, 1 when something is not, 2 for a file that can't be used.
pub(super) fn run(files: &[String], world: &World) -> Exit {
    let runtime = match crate::cli::runtime::runtime(Some(2)) {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("ehlo lab: can't start: {error}"));
            return Exit::Usage;
        }
    };
    let mut exit = Exit::Done;
    let played = stream::iter(files).map(|file| played(file, world));
    runtime.block_on(async {
        let mut played = std::pin::pin!(played.buffered(TOGETHER).zip(stream::iter(files)));
        while let Some((one, file)) = played.next().await {
            let verdict = tell(file, one);
            exit = if exit == Exit::Usage || verdict == Exit::Done { exit } else { verdict };
        }
    });
    runtime.shutdown_background();
    exit
}

/// What came of playing a file.
struct Played {
    title: String,
    checks: usize,
    variants: usize,
    /// What is wrong with each check that failed, each line with that of the file.
    failed: Vec<Vec<String>>,
}

/// Plays the checks of a file with as few variants of it as have each value at least once.
async fn played(file: &str, world: &World) -> Result<Played, Vec<ScenarioError>> {
    let mistakes = scenario::mistakes(Path::new(file), world);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let alone = |error| vec![error];
    let source = scenario::read(Path::new(file), world).map_err(alone)?;
    let draws = source.vary().variants();
    let first = source.scenario().map_err(alone)?;
    let mut played =
        Played { title: first.title, checks: first.checks.len(), variants: draws.len(), failed: Vec::new() };
    for draw in draws {
        let problems = all(&source.drawn(&draw).map_err(alone)?, world).await;
        let named = |line: String| if draw.is_empty() { line } else { format!("{line} (with {draw})") };
        played.failed.extend(problems.into_iter().map(|lines| lines.into_iter().map(named).collect()));
    }
    Ok(played)
}

/// Says what came of a file, and what that comes to.
fn tell(file: &str, played: Result<Played, Vec<ScenarioError>>) -> Exit {
    let Played { title, checks, variants, failed } = match played {
        Ok(played) => played,
        Err(mistakes) => {
            for error in &mistakes {
                say(&format!("ehlo lab: {error}"));
            }
            return Exit::Usage;
        }
    };
    let checks = checks * variants;
    let met = match (checks, failed.len()) {
        (0, _) => "it has no [[check]]".to_owned(),
        (1, 0) => "its check is met".to_owned(),
        (checks, 0) => format!("its {checks} checks are met"),
        (1, _) => "its check failed".to_owned(),
        (checks, failed) => format!("{failed} of its {checks} checks failed"),
    };
    let in_all = if variants > 1 { format!(", in {variants} variants") } else { String::new() };
    print(&format!("{file}: {title:?} is well formed; {met}{in_all}"));
    for problem in failed.iter().flatten() {
        say(&format!("{file}:{problem}"));
    }
    if failed.is_empty() { Exit::Done } else { Exit::Refused }
}

/// Plays all checks of a scenario at once, each with a lab of its own; gives what is wrong with those that failed, in
/// order: `LINE: WORDS`.
async fn all(scenario: &Scenario, world: &World) -> Vec<Vec<String>> {
    let one = |check| async move {
        match play(scenario, check, world).await {
            Ok(problems) => problems,
            Err(why) => vec![placed(check, &why)],
        }
    };
    let done = futures_util::future::join_all(scenario.checks.iter().map(one)).await;
    done.into_iter().filter(|problems| !problems.is_empty()).collect()
}

/// What is wrong with a script, with its line of the scenario's file in place of the script's own.
fn placed(check: &Check, why: &str) -> String {
    let place = why.strip_prefix("check:").and_then(|rest| rest.trim_start().split_once(':'));
    let own = place.and_then(|(line, rest)| Some((line.parse::<usize>().ok()?, rest.split_once(':')?.1.trim_start())));
    let (line, words) = own.unwrap_or((1, why));
    format!("{}: {words}", check.line + line.saturating_sub(1))
}

/// Plays a check; gives what is wrong, each with its line of the scenario's file.
async fn play(scenario: &Scenario, check: &Check, world: &World) -> Result<Vec<String>, String> {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut scenario = scenario.clone();
    if let Some(clock) = check.clock {
        // Nobody types here, and nobody is to wait: the idle limit, which else is on the real clock, goes as fast.
        scenario.server.idle.0 /= (clock.0 / scenario.server.clock.0).max(1);
        scenario.server.clock = clock;
    }
    let lab = lab::start_with(scenario, anywhere, world).await.map_err(|error| error.to_string())?;
    let held = hold(&lab, check).await?;
    let implicit = check.listener == ListenerKind::Smtps && check.tls == CheckTls::Listener;
    let stage = Stage { lab: &lab, listener: check.listener, implicit };
    let report = stage.play("check", check.script(), world).await?;
    drop(held);
    let exit = exit_of(&report).code();
    let expected = problems(&report).into_iter().map(|(line, words)| (line, words, check.exit == 0 || line.is_some()));
    let mut wrong: Vec<String> = expected
        .filter(|(_, _, counts)| *counts)
        .map(|(line, words, _)| format!("{}: {words}", check.line + line.map_or(0, |line| line - 1)))
        .collect();
    if wrong.is_empty() && exit != check.exit {
        wrong.push(format!("{}: it ends with exit status {exit}, and `exit` says {}", check.line, check.exit));
    }
    let mailboxes = lab.mailboxes();
    for (mailbox, want) in &check.mailbox {
        let have = mailboxes.get(&mailbox.to_lowercase()).copied().unwrap_or_default();
        if have != *want {
            wrong.push(format!("{}: {have} messages lie in {mailbox}, and `mailbox` says {want}", check.line));
        }
    }
    Ok(wrong)
}

/// Opens the other connections, and waits until each was greeted.
async fn hold(lab: &Lab, check: &Check) -> Result<Vec<TcpStream>, String> {
    let mut held = Vec::new();
    for _ in 0..check.connections {
        let address = lab.address(check.listener).ok_or("the scenario has no such listener")?;
        let mut stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        stream.read_u8().await.map_err(|error| error.to_string())?;
        held.push(stream);
    }
    Ok(held)
}
