//! What a replay needs from the disk, read beside the loop; what speaks against it is said before anything connects.

use std::path::Path;

use tokio::sync::mpsc::UnboundedSender;

use crate::conversation::Kind;
use crate::conversation::file::Document;
use crate::profile::{Auth, Profiles, SecretSource, Target};
use crate::script::example;
use crate::script::files::Folders;
use crate::script::plan::{Plan, plan};
use crate::script::stepper::{Setup, Stepper};
use crate::script::values::{self, Values};
use crate::smtp::Secret;
use crate::smtp::escape::for_screen;
use crate::smtp::sasl::Credentials;
use crate::tui::effect::OfGone;
use crate::tui::imported::document;
use crate::tui::keep::is_gone;
use crate::tui::message::Message;
use crate::world::World;

use super::{Rehearsed, ReplayOf};

/// Reads a file and makes a replay of it.
pub(in crate::tui) fn rehearse(of: ReplayOf, password: Option<Secret>, world: World, sender: UnboundedSender<Message>) {
    tokio::task::spawn_blocking(move || {
        let message = match rehearsed(&of, password, &world) {
            Ok(rehearsed) => Message::Rehearsed(Box::new(rehearsed)),
            Err(Unready::Ask(user)) => Message::ReplayAsks { of, user },
            Err(Unready::Reads(names)) => Message::ReplayReads(of, names),
            Err(Unready::Because(_)) if is_gone(&of.path) => Message::FileGone(of.path, OfGone::Read),
            Err(Unready::Because(words)) => Message::Notice(format!("Not replayed: {words}")),
        };
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(message);
    });
}

/// Why a replay can't begin.
#[derive(Debug)]
pub(super) enum Unready {
    /// The password of this user is to be asked for.
    Ask(String),
    /// It reads these variables of the environment, and nobody has allowed that.
    Reads(Vec<String>),
    /// In words.
    Because(String),
}

impl From<String> for Unready {
    fn from(words: String) -> Self {
        Self::Because(words)
    }
}

pub(super) fn rehearsed(of: &ReplayOf, password: Option<Secret>, world: &World) -> Result<Rehearsed, Unready> {
    let ReplayOf { path, target: typed, way, environment } = of;
    let profiles = Profiles::load(&world.directories.config);
    let target = Target::read(typed, &profiles).map_err(|error| error.to_string())?;
    if target.from_file.is_some() {
        return Err(format!("{typed} is a file; name the server itself").into());
    }
    let document = document(path)?;
    let target = target.marked(&profiles, Some(&document.header));
    let name = name(path);
    let reads = values::variables(&document);
    if reads.iter().any(|name| !environment.contains(name)) {
        return Err(Unready::Reads(reads));
    }
    let vars = document.header.table.get("vars").and_then(toml::Value::as_table);
    let values = Values::new(&[], vars, &target, environment, world);
    let own = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let own = example::name(path).is_none().then(|| own.to_owned());
    let folders = Folders { own, allowed: Vec::new() };
    let plan = plan(&document, &name, &values, &folders).map_err(|error| error.to_string())?;
    if plan.steps.is_empty() {
        return Err(format!("{name} holds nothing to send").into());
    }
    if password.is_none()
        && let Some(user) = to_be_asked(&plan, &target)
    {
        return Err(Unready::Ask(user));
    }
    let setup = Setup {
        credentials: credentials(&plan, &target, password, world),
        clear_text_password: target.auth.as_ref().is_some_and(|auth| auth.allow_plaintext),
        production: target.production,
        host: for_screen(target.endpoint.to_string().as_bytes()),
        now: world.now(),
        world: world.clone(),
    };
    let script = !recorded(&document);
    let pauses = plan.pauses(&document);
    let stepper = Stepper::new(plan, setup).with_pauses(pauses);
    Ok(Rehearsed { name, target: typed.clone(), script, way: *way, stepper })
}

/// Who logs in: only a profile that the user named says so, or the lab, whose passwords are public.
pub(super) fn credentials(
    plan: &Plan,
    target: &Target,
    given: Option<Secret>,
    world: &World,
) -> Result<Credentials, String> {
    let missing = || {
        "a login was recorded here, and a password is taken only from a profile that you name: give its name as the \
         target"
            .to_owned()
    };
    let auth = login(plan, target).ok_or_else(missing)?;
    let fetched = given.map_or_else(|| auth.password.fetch_silently(world), |given| Ok(Some(given)));
    let password = fetched.map_err(|error| error.to_string())?.ok_or_else(missing)?;
    Ok(auth.credentials(password))
}

/// Who logs in, where the plan needs that.
pub(super) fn login<'a>(plan: &Plan, target: &'a Target) -> Option<&'a Auth> {
    let known = |auth: &&Auth| matches!(auth.password, SecretSource::Known(_));
    let auth = target.auth.as_ref().filter(|auth| known(auth) || target.profile.is_some());
    auth.filter(|_| plan.needs_credentials.is_some())
}

/// Whose password only a person knows.
pub(super) fn to_be_asked(plan: &Plan, target: &Target) -> Option<String> {
    login(plan, target).filter(|auth| matches!(auth.password, SecretSource::Prompt)).map(|auth| auth.user.clone())
}

fn recorded(document: &Document) -> bool {
    document.log.kinds(0).any(|(_, kind, _)| kind == Kind::Received)
}

/// The last part of a path, fit for a screen.
pub(super) fn name(path: &Path) -> String {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    for_screen(name.as_bytes())
}
