//! Everything that a run needs, and everything that speaks against it, before anything connects.

use std::collections::HashMap;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::Arguments;
use super::ask;
use crate::client::{Options, SharedJournal};
use crate::conversation::file::{self, Document, Header, Side, open};
use crate::conversation::journal::Journal;
use crate::conversation::{Dialogue, Kind};
use crate::lab::{self, Lab};
use crate::profile::{Endpoint, Profiles, SecretSource, Target};
use crate::script::example;
use crate::script::files::Folders;
use crate::script::plan::{Plan, plan};
use crate::script::values::{Made, Values};
use crate::smtp::sasl::Credentials;
use crate::world::World;

/// A script that may be run.
#[derive(Clone)]
pub(super) struct Prepared {
    /// The file, as named.
    pub(super) name: String,
    /// The title in its head.
    pub(super) title: Option<String>,
    /// Where it goes.
    pub(super) target: Target,
    /// The same as it was named, before a lab was started for it.
    pub(super) uri: String,
    pub(super) options: Options,
    pub(super) plan: Plan,
    pub(super) exact: bool,
    pub(super) hand_over: bool,
    pub(super) credentials: Option<Credentials>,
    /// The password may go out in clear text: the profile allows it, or it is the lab's.
    pub(super) clear_text_password: bool,
    /// What is odd about the file.
    pub(super) warnings: Vec<String>,
    /// What the plan was made of, for playing it again.
    document: Arc<Document>,
    folders: Folders,
}

impl Prepared {
    /// The same, to be played once more: what is made anew for each run, such as `{{uuid}}`, is another one.
    pub(super) fn again(&self, arguments: &Arguments, made: &Made, world: &World) -> Result<Self, String> {
        let vars = self.document.header.table.get("vars").and_then(toml::Value::as_table);
        let values = Values::new(&arguments.variables, vars, &self.target, &arguments.allow_env, world).with(made);
        let mut plan = plan(&self.document, &self.name, &values, &self.folders).map_err(|error| error.to_string())?;
        if arguments.pace {
            plan.at_its_pace(&self.document);
        }
        Ok(Self { plan, ..self.clone() })
    }

    /// The head of what is recorded.
    pub(super) fn header(&self, world: &World) -> Header {
        let mut header = Header::recording(&self.uri, world.now(), Side::Client);
        self.plan.texts.masks.keep(&mut header);
        if let Some(title) = &self.title {
            header = header.with("title", title);
        }
        match &self.target.profile {
            Some(profile) => header.with("profile", profile),
            None => header,
        }
    }
}

/// Labs that were started for this command; they end with it.
#[derive(Default)]
pub(in crate::cli) struct Labs {
    by_scenario: HashMap<String, Lab>,
}

impl Labs {
    /// Points a target at the lab that it names, started if need be; gives the authority to trust.
    pub(in crate::cli) async fn stand_in(&mut self, target: &mut Target, world: &World) -> Result<Vec<String>, String> {
        let Endpoint::Lab(scenario) = target.endpoint.clone() else { return Ok(Vec::new()) };
        if !self.by_scenario.contains_key(&scenario) {
            let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let lab = lab::start(&scenario, anywhere, world).await.map_err(|error| error.to_string())?;
            self.by_scenario.insert(scenario.clone(), lab);
        }
        let lab = &self.by_scenario[&scenario];
        lab.stand_in(&scenario, target)?;
        Ok(vec![lab.ca.clone()])
    }
}

/// Reads a script and makes it ready for this target, or for its own; or says why it can't be run.
pub(super) async fn prepare(
    path: &Path,
    to: Option<&str>,
    made: &Made,
    arguments: &Arguments,
    world: &World,
    labs: &mut Labs,
) -> Result<Prepared, String> {
    let (name, document) = read(path)?;
    let profiles = Profiles::load(&world.directories.config);
    let mut target = target(&document, path, to, &profiles)?.marked(&profiles, Some(&document.header));
    let vars = document.header.table.get("vars").and_then(toml::Value::as_table);
    let values = Values::new(&arguments.variables, vars, &target, &arguments.allow_env, world).with(made);
    let folders = Folders { allowed: arguments.allow_files.clone(), ..Folders::of(path) };
    let mut plan = plan(&document, &name, &values, &folders).map_err(|error| error.to_string())?;
    if arguments.pace {
        plan.at_its_pace(&document);
    }
    if never_asked(&document) {
        return Err(format!("{name}: what was sent is not in it, only what was answered: nothing can be played again"));
    }
    let hand_over = hand_over(&plan, &target, &name, arguments).await?;
    confirm(&target, arguments)?;
    let credentials = credentials(&plan, &target, &name, world)?;
    let to_lab = matches!(target.endpoint, Endpoint::Lab(_));
    let clear_text_password = to_lab || target.auth.as_ref().is_some_and(|auth| auth.allow_plaintext);
    let uri = target.uri();
    let roots = labs.stand_in(&mut target, world).await?;
    target.unlock(world).map_err(|error| error.to_string())?;
    let mut options = crate::script::options(&target, roots).map_err(|error| error.to_string())?;
    options.connect_timeout = arguments.connect_timeout.unwrap_or(options.connect_timeout);
    options.reply_timeout = arguments.reply_timeout.or(options.reply_timeout);
    options.total_timeout = arguments.total_timeout.or(options.total_timeout);
    let title = document.header.text("title").map(str::to_owned);
    let mut warnings: Vec<String> = document.warnings.iter().map(|warning| format!("{name}: {warning}")).collect();
    warnings.extend(unused(&document, arguments).map(|words| format!("{name}: {words}")));
    Ok(Prepared {
        name,
        title,
        target,
        uri,
        options,
        plan,
        exact: arguments.exact,
        hand_over,
        credentials,
        clear_text_password,
        warnings,
        document: Arc::new(document),
        folders,
    })
}

/// Whether replies were recorded, and nothing of what they answer.
fn never_asked(document: &Document) -> bool {
    let sent = document.log.kinds(0).any(|(_, kind, _)| kind == Kind::Sent);
    if sent || document.is_script() {
        return false;
    }
    let exchanges = Dialogue::of(&document.log);
    exchanges.exchanges().iter().filter(|exchange| exchange.reply().is_some()).count() > 1
}

/// Names that were given and that stand in no line.
fn unused(document: &Document, arguments: &Arguments) -> impl Iterator<Item = String> {
    let stands = |name: &str| {
        let marker = format!("{{{{{name}");
        document.log.since(0).any(|(_, entry)| memchr::memmem::find(entry.bytes, marker.as_bytes()).is_some())
    };
    let mut names: Vec<&String> =
        arguments.variables.iter().map(|(name, _)| name).filter(|name| !stands(name)).collect();
    names.dedup();
    let words: Vec<String> = names
        .into_iter()
        .map(|name| format!("no line has {{{{{name}}}}}, so that --var {name}=… changes nothing"))
        .collect();
    words.into_iter()
}

fn read(path: &Path) -> Result<(String, Document), String> {
    if let Some(document) = example::document(path) {
        return Ok((crate::cli::input::shown(path), document?));
    }
    if let Some(what) = crate::cli::input::foreign(path).filter(|_| path.as_os_str() != "-") {
        let name = crate::cli::input::shown(path);
        return Err(format!(
            "{name}: this is {what}, and no script; `ehlo convert {name} NEW.smtp` makes a transcript of it, which can be run"
        ));
    }
    if path.as_os_str() != "-" {
        return Ok((path.display().to_string(), open(path).map_err(|error| error.to_string())?));
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| format!("standard input can't be read: {error}"))?;
    let document = file::read(&bytes).map_err(|error| error.in_file(path).to_string())?;
    Ok(("-".to_owned(), document))
}

fn target(document: &Document, path: &Path, to: Option<&str>, profiles: &Profiles) -> Result<Target, String> {
    match (to, document.header.text("target")) {
        (Some(text), _) => Target::read(text, profiles).map_err(|error| error.to_string()),
        (None, Some(text)) => {
            Target::read_in_head(text, path).map_err(|error| format!("{}: its head's target: {error}", path.display()))
        }
        (None, None) => Err(format!("{} names no target in its head; give one with --target", path.display())),
    }
}

/// A target that a file chose is shown, and gone to only by a yes.
fn confirm(target: &Target, arguments: &Arguments) -> Result<(), String> {
    let Some(file) = &target.from_file else { return Ok(()) };
    if arguments.yes {
        return Ok(());
    }
    let chosen = format!("{} itself says where to connect: {}", file.display(), target.endpoint);
    if ask::somebody() {
        return if ask::confirm(&format!("{chosen}. Connect?")) { Ok(()) } else { Err("not connected".to_owned()) };
    }
    Err(format!("{chosen}; --yes connects there, --target names another place"))
}

/// Whether a message may be handed over wherever this leads; an error where the plan would do so and must not.
async fn hand_over(plan: &Plan, target: &Target, name: &str, arguments: &Arguments) -> Result<bool, String> {
    if arguments.yes_really_send || arguments.rcpt_only {
        return Ok(arguments.yes_really_send);
    }
    let Some(line) = plan.hands_over else { return Ok(false) };
    let place = match stays_here(target).await {
        Ok(here) => return Ok(here),
        Err(place) => place,
    };
    let recipients = &plan.recipients;
    let whom = if recipients.is_empty() { String::new() } else { format!(", for {}", recipients.join(", ")) };
    Err(format!(
        "{name}:{line}:1: found the end of a message{whom}, which would really be handed over to {}, {place}; \
         --yes-really-send does it, --rcpt-only stops before DATA",
        target.endpoint
    ))
}

/// Whether a message may be handed over there without a word; false where it is not known and the run has to look.
///
/// # Errors
/// Why not.
pub(in crate::cli) async fn stays_here(target: &Target) -> Result<bool, String> {
    match where_it_goes(target).await {
        Where::Here if !target.production => Ok(true),
        // The connection will fail, or the run stops where it meets a host that is not on loopback.
        Where::Nowhere if !target.production => Ok(false),
        Where::Here | Where::Nowhere => Err(format!("which is {}", target.whose_mark())),
        Where::Anywhere => Err("which may lead anywhere".to_owned()),
        Where::Outside => Err("which is not on this machine".to_owned()),
    }
}

enum Where {
    /// Where a command, a proxy or whoever started us leads is not to be seen from here.
    Anywhere,
    Here,
    Outside,
    Nowhere,
}

/// Whether a target is on loopback, by its name's addresses where the name does not say it.
async fn where_it_goes(target: &Target) -> Where {
    if target.is_loopback() {
        return Where::Here;
    }
    if target.proxy.is_some() || matches!(target.endpoint, Endpoint::Pipe(_) | Endpoint::Stdio) {
        return Where::Anywhere;
    }
    let Endpoint::Tcp { host, port } = &target.endpoint else { return Where::Outside };
    match tokio::net::lookup_host((host.as_str(), *port)).await {
        Ok(mut addresses) => {
            if addresses.all(|address| address.ip().to_canonical().is_loopback()) {
                Where::Here
            } else {
                Where::Outside
            }
        }
        Err(_) => Where::Nowhere,
    }
}

/// Who logs in: only a profile that the user named says so, or the lab, whose passwords are public.
fn credentials(plan: &Plan, target: &Target, name: &str, world: &World) -> Result<Option<Credentials>, String> {
    let Some(line) = plan.needs_credentials else { return Ok(None) };
    let known = matches!(&target.auth, Some(auth) if matches!(auth.password, SecretSource::Known(_)));
    let auth = target.auth.as_ref().filter(|_| known || (target.profile.is_some() && target.from_file.is_none()));
    let Some(auth) = auth else {
        return Err(format!(
            "{name}:{line}:1: found {{{{auth}}}}, which is filled only from a profile with [auth]; name one with --target"
        ));
    };
    let password = auth.password.fetch(&auth.user, world, ask::password).map_err(|error| error.to_string())?;
    Ok(Some(auth.credentials(password)))
}

/// Where the run is recorded; without a place for it the run goes on all the same.
pub(super) fn journal(prepared: &Prepared, header: &Header, world: &World) -> Result<(SharedJournal, PathBuf), String> {
    journal_of(super::COMMAND, &prepared.target, header, world)
}

/// The same for any command.
pub(in crate::cli) fn journal_of(
    command: &str,
    target: &Target,
    header: &Header,
    world: &World,
) -> Result<(SharedJournal, PathBuf), String> {
    let directory = world.directories.state.join("transcripts");
    match Journal::create(&directory, &target.name, header) {
        Ok(journal) => {
            let path = journal.path().to_owned();
            Ok((Arc::new(Mutex::new(journal)), path))
        }
        Err(error) => {
            let words = format!("this run is not recorded: {error}");
            super::super::complain(command, &words);
            Err(words)
        }
    }
}
