//! What a replay and a comparison need from the disk, read beside the loop; what speaks against them is said before
//! anything connects.

use std::path::{Path, PathBuf};

use tokio::sync::mpsc::UnboundedSender;

use crate::conversation::Kind;
use crate::conversation::file::{Document, open};
use crate::profile::{Profiles, SecretSource, Target, ask_nobody};
use crate::script::comparison;
use crate::script::files::Folders;
use crate::script::plan::{Plan, plan};
use crate::script::stepper::{Setup, Stepper};
use crate::script::values::Values;
use crate::smtp::escape::for_screen;
use crate::smtp::sasl::Credentials;
use crate::tui::message::Message;
use crate::world::World;

use super::{Compared, Rehearsed};

/// Reads a file and makes a replay of it.
pub(in crate::tui) fn rehearse(path: PathBuf, target: String, world: World, sender: UnboundedSender<Message>) {
    tokio::task::spawn_blocking(move || {
        let message = match rehearsed(&path, target, &world) {
            Ok(rehearsed) => Message::Rehearsed(Box::new(rehearsed)),
            Err(words) => Message::Notice(format!("Not replayed: {words}")),
        };
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(message);
    });
}

pub(super) fn rehearsed(path: &Path, typed: String, world: &World) -> Result<Rehearsed, String> {
    let profiles = Profiles::load(&world.directories.config);
    let target = Target::read(&typed, &profiles).map_err(|error| error.to_string())?;
    if target.from_file.is_some() {
        return Err(format!("{typed} is a file; name the server itself"));
    }
    let document = open(path).map_err(|error| error.to_string())?;
    let name = name(path);
    if let Some(record) = document.first_gap() {
        let line = document.line_of(record);
        return Err(format!("{name}:{line}: octets that were sent here were not kept, so they can't be sent again"));
    }
    let vars = document.header.table.get("vars").and_then(toml::Value::as_table);
    let values = Values::new(&[], vars, &target, &[], world);
    let own = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folders = Folders { own: Some(own.to_owned()), allowed: Vec::new() };
    let plan = plan(&document, &name, &values, &folders).map_err(|error| error.to_string())?;
    if plan.steps.is_empty() {
        return Err(format!("{name} holds nothing to send"));
    }
    let setup = Setup {
        credentials: credentials(&plan, &target, world),
        clear_text_password: target.auth.as_ref().is_some_and(|auth| auth.allow_plaintext),
        production: target.production,
        host: for_screen(target.endpoint.to_string().as_bytes()),
        now: world.now(),
    };
    let script = !recorded(&document);
    Ok(Rehearsed { name, target: typed, script, stepper: Stepper::new(plan, setup) })
}

/// Who logs in: only a profile that the user named says so, or the lab, whose passwords are public.
fn credentials(plan: &Plan, target: &Target, world: &World) -> Result<Credentials, String> {
    let missing = || "{{auth}} is filled only from a profile with [auth]; F4 lists none for this target".to_owned();
    if plan.needs_credentials.is_none() {
        return Err(missing());
    }
    let known = |auth: &&crate::profile::Auth| matches!(auth.password, SecretSource::Known(_));
    let auth = target.auth.as_ref().filter(|auth| known(auth) || target.profile.is_some()).ok_or_else(missing)?;
    let password = auth.password.fetch(&auth.user, world, ask_nobody).map_err(|error| error.to_string())?;
    Ok(Credentials { user: auth.user.clone(), password, authorise_as: None })
}

fn recorded(document: &Document) -> bool {
    document.log.since(0).any(|(_, entry)| entry.kind == Kind::Received)
}

/// Reads two files and compares them.
pub(in crate::tui) fn compare(left: PathBuf, right: PathBuf, sender: UnboundedSender<Message>) {
    tokio::task::spawn_blocking(move || {
        let message = match compared(&left, &right) {
            Ok(compared) => Message::Compared(Box::new(compared)),
            Err(words) => Message::Notice(format!("Not compared: {words}")),
        };
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(message);
    });
}

pub(super) fn compared(left: &Path, right: &Path) -> Result<Compared, String> {
    let read = |path: &Path| open(path).map_err(|error| error.to_string());
    let comparison = comparison::compare(&read(left)?, &read(right)?)?;
    Ok(Compared { names: [name(left), name(right)], rows: comparison.beside() })
}

/// The last part of a path, fit for a screen.
fn name(path: &Path) -> String {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    for_screen(name.as_bytes())
}
