//! The same conversation with two servers, held beside the loop, recorded, and then compared.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::prepare::{credentials, login, to_be_asked};
use crate::conversation::Timed;
use crate::conversation::file::{Document, Header, Side};
use crate::conversation::journal::Journal;
use crate::lab::{self, Lab};
use crate::profile::{Endpoint, Profiles, Target};
use crate::script::files::Folders;
use crate::script::plan::{Plan, plan};
use crate::script::values::{self, Made, Values};
use crate::script::{Cause, HoldsBack, Outcome, Settings, Watch, options, run};
use crate::tui::effect::{Effect, OfGone};
use crate::tui::keep::is_gone;
use crate::tui::message::Message;
use crate::tui::model::Model;
use crate::world::World;

/// The conversation of a file is held with two targets.
pub(in crate::tui) fn with_both(model: &mut Model, path: PathBuf, targets: [String; 2]) -> Vec<Effect> {
    model.holding = true;
    let words = "The conversation is held with both; what they answer is shown side by side. {stop} stops it.";
    model.notice = Some(model.keymap.told(words));
    vec![Effect::Both(path, targets)]
}

/// It was held with both: the two recordings are compared.
pub(in crate::tui) fn held_with_both(model: &mut Model, held: Result<[PathBuf; 2], String>) -> Vec<Effect> {
    model.holding = false;
    match held {
        Ok([left, right]) => vec![Effect::Compare(left, right)],
        Err(words) => {
            model.notice = Some(words);
            Vec::new()
        }
    }
}

/// Holds the conversation of a file with each of two targets.
pub(in crate::tui) fn both(
    (path, targets): (PathBuf, [String; 2]),
    stop: CancellationToken,
    world: World,
    sender: UnboundedSender<Message>,
) {
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let held = runtime.block_on(held(&path, &targets, &stop, &world));
        let message = match held {
            Err(_) if is_gone(&path) => Message::FileGone(path, OfGone::Read),
            held => Message::Both(held.map_err(|words| format!("Not compared: {words}"))),
        };
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(message);
    });
}

/// One of the two, ready.
struct Ready {
    target: Target,
    plan: Plan,
}

async fn held(
    path: &Path,
    targets: &[String; 2],
    stop: &CancellationToken,
    world: &World,
) -> Result<[PathBuf; 2], String> {
    let document = crate::tui::imported::document(path)?;
    let [left, right] = targets;
    let made = Made::now(world);
    let (left, right) = (ready(&document, path, left, &made, world)?, ready(&document, path, right, &made, world)?);
    // No message is handed over where nobody was asked; so that the two stay alike, then to neither.
    let careful = [&left, &right].iter().any(|it| it.target.production || !it.target.is_loopback());
    let left = hold(left, careful, stop, world).await?;
    let right = hold(right, careful, stop, world).await?;
    Ok([left, right])
}

fn ready(document: &Document, path: &Path, typed: &str, made: &Made, world: &World) -> Result<Ready, String> {
    let profiles = Profiles::load(&world.directories.config);
    let target = Target::read(typed, &profiles).map_err(|error| error.to_string())?;
    if target.from_file.is_some() {
        return Err(format!("{typed} is a file; name the server itself"));
    }
    let target = target.marked(&profiles, Some(&document.header));
    let vars = document.header.table.get("vars").and_then(toml::Value::as_table);
    if let Some(variable) = values::variables(document).first() {
        let marker = values::marker(variable);
        return Err(format!(
            "{marker} reads the environment, which has to be allowed; replay it with each, and compare the two"
        ));
    }
    let values = Values::new(&[], vars, &target, &[], world).with(made);
    let plan =
        plan(document, &super::prepare::name(path), &values, &Folders::of(path)).map_err(|error| error.to_string())?;
    if plan.steps.is_empty() {
        return Err("it holds nothing to send".to_owned());
    }
    if to_be_asked(&plan, &target).is_some() {
        return Err(format!("the password of {typed} is asked for; replay it with each, and compare the two"));
    }
    Ok(Ready { target, plan })
}

/// Holds it with one of them; gives where it is recorded.
async fn hold(ready: Ready, careful: bool, stop: &CancellationToken, world: &World) -> Result<PathBuf, String> {
    let Ready { mut target, plan } = ready;
    let name = target.name.clone();
    let credentials = match login(&plan, &target) {
        Some(_) => Some(credentials(&plan, &target, None, world)?),
        None => None,
    };
    let to_lab = matches!(target.endpoint, Endpoint::Lab(_));
    let clear_text_password = to_lab || target.auth.as_ref().is_some_and(|auth| auth.allow_plaintext);
    let mut header = Header::recording(&target.uri(), world.now(), Side::Client);
    plan.texts.masks.keep(&mut header);
    if let Some(profile) = &target.profile {
        header = header.with("profile", profile);
    }
    // It lives as long as the conversation.
    let lab = stand_in(&mut target, world).await?;
    target.unlock(world).map_err(|error| error.to_string())?;
    let roots = lab.iter().map(|lab| lab.ca.clone()).collect();
    let options = options(&target, roots).map_err(|error| error.to_string())?;
    let folder = world.directories.state.join("transcripts");
    let journal = Journal::create(&folder, &name, &header).map_err(|error| error.to_string())?;
    let path = journal.path().to_owned();
    let settings = Settings {
        options,
        journal: Some(Arc::new(Mutex::new(journal))),
        world: world.clone(),
        started: world.elapsed(),
        fail_fast: false,
        holds_back: HoldsBack::OtherClass,
        rcpt_only: careful,
        unseen: false,
        exact: false,
        hand_over: false,
        credentials,
        clear_text_password,
        guide: None,
        pipeline_if_offered: false,
        on_its_way: crate::script::ON_ITS_WAY,
        obeys_limits: false,
        offered: Vec::new(),
        stop: stop.clone(),
    };
    let report = run(&plan, settings, &mut Unwatched).await;
    if stop.is_cancelled() {
        return Err("it was stopped".to_owned());
    }
    match (report.cause, report.words) {
        (Some(Cause::NoConnection | Cause::Tls | Cause::TimeOut), Some(words)) => Err(format!("{name}: {words}")),
        _ => Ok(path),
    }
}

/// Starts the lab that a target names.
async fn stand_in(target: &mut Target, world: &World) -> Result<Option<Lab>, String> {
    let Endpoint::Lab(scenario) = target.endpoint.clone() else { return Ok(None) };
    let listen = "127.0.0.1:0".parse().expect("an address of this machine");
    let lab = lab::start(&scenario, listen, world).await.map_err(|error| error.to_string())?;
    lab.stand_in(&scenario, target)?;
    Ok(Some(lab))
}

/// Nobody looks on; what came of it is looked at afterwards.
struct Unwatched;

impl Watch for Unwatched {
    fn happened(&mut self, _: &Timed, _: bool) {}
    fn outcome(&mut self, _: &Outcome) {}
}
