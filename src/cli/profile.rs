//! `ehlo profile`: the saved hosts, without a screen.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Common, Exit};
use crate::profile::{
    self, Draft, FIELDS, Kind, Origin, Profile, ProfileError, Profiles, Protocol, SecretSource, Target, TlsMode,
    check_name, nearest,
};
use crate::smtp::escape::for_screen;
use crate::smtp::sasl::Proof;
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List all profiles: yours, and those that come with ehlo
    List {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what a profile says; never a password, only where it comes from
    Show {
        /// Its name
        name: String,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a new profile
    #[command(after_help = keys())]
    New {
        /// Its name: what you type to connect
        name: String,
        /// Where it leads: a host, host:port, mx:DOMAIN, lab:SCENARIO, …
        #[arg(required_unless_present = "copy", conflicts_with = "copy")]
        target: Option<String>,
        /// Begin with a copy of this profile
        #[arg(long, value_name = "NAME")]
        copy: Option<String>,
        /// Put something into a field, such as identity.from=dude@noddy.com; several times for several fields
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// Write over a profile of yours that has this name
        #[arg(long)]
        force: bool,
    },
    /// Check profiles, and that the files and variables they name are there
    Check {
        /// Names, or files; all profiles without any
        what: Vec<String>,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print where your profiles are, or the file of one
    Path {
        /// Its name
        name: Option<String>,
    },
}

/// Keys that say where a secret comes from.
const PASSWORDS: [&str; 4] = ["auth.password", "auth.token", "tls.client_password", "network.proxy_password"];

/// The fields, for `--help`.
fn keys() -> String {
    let line = |field: &profile::Field| {
        let kind = match field.kind {
            Kind::Choice(choices) => choices
                .iter()
                .map(|(value, _)| *value)
                .filter(|value| !value.is_empty())
                .collect::<Vec<_>>()
                .join(" | "),
            Kind::List => "A, B, …".to_owned(),
            Kind::Number => "NUMBER".to_owned(),
            Kind::Text => "TEXT".to_owned(),
        };
        format!("  {:<24} {kind}", field.key)
    };
    let fields = FIELDS.iter().filter(|field| !PASSWORDS.iter().any(|key| field.key.starts_with(key)));
    let mut lines: Vec<_> = fields.map(line).collect();
    lines.extend(PASSWORDS.map(|key| format!("  {key:<24} env:NAME | command:LINE")));
    format!("Keys of --set:\n{}", lines.join("\n"))
}

/// What went wrong, and the exit status for it.
type Failed = (Exit, String);

fn usage(words: &dyn std::fmt::Display) -> Failed {
    (Exit::Usage, words.to_string())
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let profiles = Profiles::load(&world.directories.config);
    let done = match &arguments.what {
        What::List { json } => Ok(list(&profiles, *json)),
        What::Show { name, json } => show(&profiles, name, *json),
        What::New { name, target, copy, set, force } => {
            let from = (target.as_deref(), copy.as_deref());
            new(&profiles, name, from, set, *force, world).map(|path| format!("{}\n", path.display()))
        }
        What::Check { what, json } => return check(&profiles, what, *json, common, world),
        What::Path { name } => path(&profiles, name.as_deref(), world),
    };
    match done {
        Ok(out) => print(&out, Exit::Done),
        Err((exit, words)) => {
            super::complain("ehlo profile", words);
            exit
        }
    }
}

fn print(out: &str, exit: Exit) -> Exit {
    match std::io::stdout().lock().write_all(out.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            super::complain("ehlo profile", format_args!("the result can't be written: {error}"))
        }
        _ => exit,
    }
}

fn list(profiles: &Profiles, json: bool) -> String {
    if json {
        let all: Vec<_> = profiles.iter().map(|(name, profile)| to_json(profiles, name, profile)).collect();
        return super::document(&json!({ "ehlo": 1, "profiles": all }));
    }
    let rows = profiles.iter().map(|(name, profile)| {
        let whose = whose(profiles, name);
        match profile {
            Ok(profile) => {
                let production = if profile.target.production { "PRODUCTION  " } else { "" };
                let note = for_screen(profile.note.as_deref().unwrap_or_default().as_bytes());
                let place = for_screen(profile.target.endpoint.to_string().as_bytes());
                format!("{name:<20} {whose:<8} {place:<28} {production}{note}")
            }
            Err(error) => format!("{name:<20} {whose:<8} can't be read: {}", for_screen(error.to_string().as_bytes())),
        }
    });
    super::fold::out(&lines(rows.map(|row| row.trim_end().to_owned())))
}

/// The rows as lines.
fn lines(rows: impl Iterator<Item = String>) -> String {
    rows.fold(String::new(), |text, row| text + &row + "\n")
}

fn whose(profiles: &Profiles, name: &str) -> &'static str {
    if matches!(profiles.origin(name), Some(Origin::Own(_))) { "yours" } else { "shipped" }
}

/// The profile of this name, or what else may have been meant.
fn find<'a>(profiles: &'a Profiles, name: &str) -> Result<Result<&'a Profile, &'a ProfileError>, Failed> {
    let found = profiles.iter().find(|(known, _)| *known == name).map(|(_, profile)| profile);
    found.ok_or_else(|| {
        let shown = for_screen(name.as_bytes());
        match nearest(name, profiles.iter().map(|(name, _)| name)) {
            Some(near) => usage(&format!("there is no profile `{shown}`; `{near}` is the nearest")),
            None => usage(&format!("there is no profile `{shown}`; ehlo profile list shows all")),
        }
    })
}

fn show(profiles: &Profiles, name: &str, json: bool) -> Result<String, Failed> {
    let profile = find(profiles, name)?;
    if json {
        return Ok(super::document(&json!({ "ehlo": 1, "profile": to_json(profiles, name, profile) })));
    }
    let profile = profile.map_err(|error| usage(&error))?;
    let target = &profile.target;
    let mut rows = vec![("profile", format!("{name}, {}", whose(profiles, name)))];
    if let Some(Origin::Own(path)) = profiles.origin(name) {
        rows.push(("file", path.display().to_string()));
    }
    rows.push(("leads to", target.endpoint.to_string()));
    rows.push(("protocol", protocol(target).to_owned()));
    rows.push(("TLS", format!("{}{}", mode(target), if target.verify { "" } else { ", certificate not verified" })));
    rows.extend(target.ca.as_ref().map(|ca| ("authority", ca.display().to_string())));
    rows.extend(target.sni.clone().map(|name| ("server name", name)));
    rows.push((
        "production",
        if target.production { "yes: asks before a message is handed over" } else { "no" }.to_owned(),
    ));
    rows.extend(profile.note.clone().map(|note| ("note", note)));
    rows.extend(target.ehlo.clone().map(|ehlo| ("greets as", ehlo)));
    rows.extend(target.from.clone().map(|from| ("from", from)));
    if !target.to.is_empty() {
        rows.push(("to", target.to.join(", ")));
    }
    if let Some(auth) = &target.auth {
        rows.push(("logs in as", format!("{}, {}", auth.user, auth.mechanism)));
        rows.extend(auth.authorise_as.clone().map(|whom| ("acting for", whom)));
        rows.push((proof(auth.proof), password(&auth.password)));
    }
    rows.extend(network(target));
    Ok(lines(rows.iter().map(|(label, value)| format!("{label:<14} {}", for_screen(value.as_bytes())))))
}

/// The way there, and how long anything may take.
fn network(target: &Target) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    rows.extend(target.bind.map(|bind| ("from address", bind.to_string())));
    if let Some(proxy) = &target.proxy {
        let user = proxy.user.as_ref().map(|user| format!(", as {user}")).unwrap_or_default();
        rows.push(("proxy", format!("{proxy}{user}")));
        rows.extend(proxy.password.as_ref().map(|source| ("its password", password(source))));
    }
    if let Some(header) = target.announcement {
        let end = |given: Option<std::net::SocketAddr>| given.map_or_else(|| "as it is".to_owned(), |a| a.to_string());
        let version = if header.version == profile::Version::One { 1 } else { 2 };
        let words = format!("version {version}, from {}, to {}", end(header.source), end(header.destination));
        rows.push(("PROXY header", words));
    }
    if !target.xclient.is_empty() {
        let said: Vec<_> = target.xclient.iter().map(|(name, value)| format!("{name}={value}")).collect();
        rows.push(("XCLIENT", said.join(" ")));
    }
    let times = [
        ("connect within", target.connect_timeout),
        ("reply within", target.reply_timeout),
        ("all within", target.total_timeout),
        ("keep alive", target.keep_alive),
    ];
    let time = |ms: u64| profile::duration::words(std::time::Duration::from_millis(ms));
    rows.extend(times.into_iter().filter_map(|(label, ms)| Some((label, time(ms?)))));
    rows
}

fn protocol(target: &Target) -> &'static str {
    match target.protocol {
        Protocol::Smtp => "smtp",
        Protocol::Esmtp => "esmtp",
        Protocol::Lmtp => "lmtp",
    }
}

fn mode(target: &Target) -> &'static str {
    match target.tls {
        TlsMode::None => "none",
        TlsMode::Starttls => "starttls",
        TlsMode::Require => "require",
        TlsMode::Implicit => "implicit",
    }
}

/// What a secret is.
fn proof(proof: Proof) -> &'static str {
    match proof {
        Proof::Password => "password",
        Proof::Token => "token",
        Proof::Certificate => "certificate",
        Proof::Nothing => "nothing",
    }
}

/// Where a secret comes from, in words.
fn password(source: &SecretSource) -> String {
    match source {
        SecretSource::Environment(name) => format!("from the environment variable {name}"),
        SecretSource::Command(command) => format!("the first line of: {command}"),
        SecretSource::Keyring { host, user } => format!("the system's keyring, of {user} at {host}"),
        SecretSource::Prompt => "asked for".to_owned(),
        SecretSource::Known(_) => "the lab's own, which is public".to_owned(),
        SecretSource::Nothing => "none is needed".to_owned(),
    }
}

fn to_json(profiles: &Profiles, name: &str, profile: Result<&Profile, &ProfileError>) -> Value {
    let file = match profiles.origin(name) {
        Some(Origin::Own(path)) => Some(path.display().to_string()),
        _ => None,
    };
    let own = file.is_some();
    match profile {
        Err(error) => json!({ "name": name, "own": own, "file": file, "error": error.to_string() }),
        Ok(profile) => {
            let target = &profile.target;
            let auth = target.auth.as_ref().map(|auth| {
                let (kind, of) = match &auth.password {
                    SecretSource::Environment(name) => ("env", Some(name)),
                    SecretSource::Command(command) => ("command", Some(command)),
                    SecretSource::Keyring { host, .. } => ("keyring", Some(host)),
                    SecretSource::Prompt => ("prompt", None),
                    SecretSource::Known(_) => ("public", None),
                    SecretSource::Nothing => ("none", None),
                };
                let proof = proof(auth.proof);
                json!({
                    "user": auth.user, "mechanism": auth.mechanism, "allow_plaintext": auth.allow_plaintext,
                    "password": { "from": kind, "of": of, "is": proof },
                    "authorise_as": auth.authorise_as, "initial_response": auth.initial_response,
                })
            });
            json!({
                "name": name, "own": own, "file": file, "error": null,
                "target": target.uri(), "protocol": protocol(target), "production": target.production,
                "note": profile.note, "ehlo": target.ehlo, "from": target.from, "to": target.to,
                "tls": { "mode": mode(target), "verify": target.verify, "ca": target.ca, "sni": target.sni },
                "auth": auth,
                "network": {
                    "bind": target.bind, "connect_timeout_ms": target.connect_timeout,
                    "reply_timeout_ms": target.reply_timeout, "total_timeout_ms": target.total_timeout,
                    "keep_alive_ms": target.keep_alive, "proxy": target.proxy.as_ref().map(ToString::to_string),
                    "proxy_user": target.proxy.as_ref().and_then(|proxy| proxy.user.as_ref()),
                    "proxy_protocol": target.announcement.map(
                        |header| if header.version == profile::Version::One { 1 } else { 2 }
                    ),
                },
            })
        }
    }
}

fn new(
    profiles: &Profiles,
    name: &str,
    (target, copy): (Option<&str>, Option<&str>),
    set: &[String],
    force: bool,
    world: &World,
) -> Result<PathBuf, Failed> {
    check_name(name).map_err(|error| usage(&error))?;
    if let Some(Origin::Own(path)) = profiles.origin(name)
        && !force
    {
        return Err(usage(&format!(
            "there is a profile {name} already, in {}; --force writes over it",
            path.display()
        )));
    }
    let mut draft = match (target, copy) {
        (_, Some(of)) => {
            find(profiles, of)?.map_err(|error| usage(&error))?;
            let text = profiles.text(of).map_err(|error| usage(&error))?;
            Draft::of(&text).map_err(|error| usage(&error))?
        }
        (Some(text), None) => {
            let target = Target::read(text, profiles).map_err(|error| usage(&error))?;
            Draft::for_target(&target)
        }
        (None, None) => Draft::default(),
    };
    for pair in set {
        put(&mut draft, pair).map_err(|error| usage(&error))?;
    }
    let text = draft.text();
    Profile::parse(name, &text, Path::new(&format!("{name}.toml"))).map_err(|error| usage(&error.what))?;
    profile::save(&world.directories.config, name, &text).map_err(|error| usage(&error))
}

/// Puts `KEY=VALUE` into a draft.
fn put(draft: &mut Draft, pair: &str) -> Result<(), String> {
    let (key, value) = pair.split_once('=').ok_or_else(|| format!("--set takes KEY=VALUE, not `{pair}`"))?;
    let (key, value) = (key.trim(), value.trim());
    if PASSWORDS.contains(&key) {
        let Some((kind @ ("env" | "command"), of)) = value.split_once(':') else {
            // What was typed is not repeated: it may be a password.
            return Err(format!("{key} takes env:NAME or command:LINE; a password never stands in a profile"));
        };
        draft.set(key, kind);
        draft.set(&format!("{key} of"), of);
        return Ok(());
    }
    let keys = || FIELDS.iter().map(|field| field.key).filter(|key| !key.contains(' '));
    if !keys().any(|known| known == key) {
        let near = nearest(key, keys()).map(|near| format!("; `{near}` is the nearest")).unwrap_or_default();
        return Err(format!("`{key}` is not a key of a profile{near}"));
    }
    draft.set(key, value);
    Ok(())
}

fn path(profiles: &Profiles, name: Option<&str>, world: &World) -> Result<String, Failed> {
    let Some(name) = name else {
        return Ok(format!("{}\n", profile::folder(&world.directories.config).display()));
    };
    let _ = find(profiles, name)?;
    match profiles.origin(name) {
        Some(Origin::Own(path)) => Ok(format!("{}\n", path.display())),
        _ => Err(usage(&format!(
            "{name} comes with ehlo and has no file; ehlo profile new MINE --copy {name} makes one"
        ))),
    }
}

fn check(profiles: &Profiles, what: &[String], json: bool, common: &Common, world: &World) -> Exit {
    let mut checked: Vec<(String, Vec<String>)> = Vec::new();
    if what.is_empty() {
        checked.extend(profiles.iter().map(|(name, profile)| (name.to_owned(), problems(profile, world))));
    }
    for one in what {
        if one.contains('/') || Path::new(one).extension().is_some_and(|ending| ending == "toml") {
            let text = match std::fs::read_to_string(one) {
                Ok(text) => text,
                Err(error) => return super::complain("ehlo profile", format_args!("{one}: {error}")),
            };
            let name = Path::new(one).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let profile = Profile::parse(&name, &text, Path::new(one));
            checked.push((one.clone(), problems(profile.as_ref(), world)));
        } else {
            match find(profiles, one) {
                Ok(profile) => checked.push((one.clone(), problems(profile, world))),
                Err((exit, words)) => {
                    super::complain("ehlo profile", words);
                    return exit;
                }
            }
        }
    }
    let exit = if checked.iter().all(|(_, problems)| problems.is_empty()) { Exit::Done } else { Exit::Refused };
    let out = if json {
        let all: Vec<_> =
            checked.iter().map(|(name, problems)| json!({ "name": name, "problems": problems })).collect();
        super::document(&json!({ "ehlo": 1, "checked": all }))
    } else {
        lines(checked.iter().flat_map(|(name, problems)| {
            let fine = (problems.is_empty() && !common.quiet).then(|| "well formed".to_owned());
            let name = for_screen(name.as_bytes());
            let words = problems.iter().map(|problem| for_screen(problem.as_bytes())).chain(fine);
            words.map(|words| format!("{name}: {words}")).collect::<Vec<_>>()
        }))
    };
    print(&out, exit)
}

/// What is wrong with a profile, and with what it leans on.
fn problems(profile: Result<&Profile, &ProfileError>, world: &World) -> Vec<String> {
    let profile = match profile {
        Ok(profile) => profile,
        Err(error) => return vec![error.to_string()],
    };
    let mut problems = profile.target.unreadable();
    if let Some(auth) = &profile.target.auth
        && let SecretSource::Environment(name) = &auth.password
        && world.variable(name).is_none()
    {
        problems.push(format!("auth.password: the environment variable {name} is not set"));
    }
    if let Some(SecretSource::Environment(name)) =
        profile.target.proxy.as_ref().and_then(|proxy| proxy.password.as_ref())
        && world.variable(name).is_none()
    {
        problems.push(format!("network.proxy_password: the environment variable {name} is not set"));
    }
    problems
}
