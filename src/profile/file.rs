//! The profile's file: TOML with known keys only, and errors that name the place and the cure (FORMATS section 2).

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::duration;
use super::name::host_name;
use super::nearest;
use super::read::{ReadHost, host_port};
use crate::smtp::escape::for_screen;

use super::{ClientCert, Endpoint, Protocol, SecretSource, Target, TlsMode, TlsVersion};
use login::AuthTable;
use network::{Network, XClient};

mod login;
mod network;

/// A saved host.
#[derive(Debug, Clone)]
pub struct Profile {
    /// What a connection needs to know; `name` and `profile` are the profile's name.
    pub target: Target,
    /// What its owner wrote about it.
    pub note: Option<String>,
}

/// Why a profile can't be used: where, what, and the cure. Never holds a value of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct ProfileError {
    /// `file:line`.
    pub place: String,
    /// The line, from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// The key that is missing, where one is: `host`, `auth.user`.
    pub missing: Option<&'static str>,
    /// What is wrong and what mends it.
    pub what: String,
}

impl ProfileError {
    pub(super) fn unreadable(path: &Path, source: &std::io::Error) -> Self {
        Self { line: 0, missing: None, place: path.display().to_string(), what: format!("can't be read: {source}") }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    host: Option<Spanned<String>>,
    port: Option<Spanned<u16>>,
    unix: Option<PathBuf>,
    #[serde(default)]
    mx: bool,
    protocol: Option<Protocol>,
    note: Option<String>,
    #[serde(default)]
    production: bool,
    #[serde(default)]
    identity: Identity,
    #[serde(default)]
    tls: Tls,
    auth: Option<Spanned<AuthTable>>,
    #[serde(default)]
    network: Network,
    #[serde(default)]
    xclient: XClient,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Identity {
    ehlo: Option<Spanned<String>>,
    from: Option<Spanned<String>>,
    #[serde(default)]
    to: Vec<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Tls {
    mode: Option<TlsMode>,
    verify: Option<bool>,
    ca: Option<PathBuf>,
    sni: Option<Spanned<String>>,
    min_version: Option<Spanned<String>>,
    max_version: Option<Spanned<String>>,
    client_cert: Option<Spanned<PathBuf>>,
    client_key: Option<Spanned<PathBuf>>,
    client_password: Option<Spanned<toml::Value>>,
    verify_name: Option<Spanned<String>>,
}

/// The file being read: makes errors with its place.
struct Source<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Source<'_> {
    fn error(&self, at: usize, what: impl Into<String>) -> ProfileError {
        let at = at.min(self.text.len());
        let line = 1 + memchr::memchr_iter(b'\n', &self.text.as_bytes()[..at]).count();
        ProfileError { place: format!("{}:{line}", self.path.display()), line, missing: None, what: what.into() }
    }

    fn missing(&self, at: usize, key: &'static str, what: &str) -> ProfileError {
        ProfileError { missing: Some(key), ..self.error(at, what) }
    }

    /// An error of the TOML reader: its message without the line that it quotes, which may hold a secret.
    fn toml(&self, error: &toml::de::Error) -> ProfileError {
        let message = error.message();
        let at = error.span().map_or(0, |span| span.start);
        if message == "missing field `user`" {
            return self.missing(at, "auth.user", "`user` is missing in [auth]: who logs in");
        }
        let mut quoted = message.split('`').skip(1).step_by(2);
        let what = if message.starts_with("unknown field")
            && let Some(unknown) = quoted.next()
        {
            match nearest(unknown, quoted) {
                Some(known) => format!("`{unknown}` is not a key here; `{known}` is the nearest that is"),
                None => format!("`{unknown}` is not a key here"),
            }
        } else if message.starts_with("unknown variant")
            && let Some(unknown) = quoted.next()
        {
            let known: Vec<String> = quoted.map(|known| format!("`{known}`")).collect();
            format!("`{unknown}` is not possible here; {} are", known.join(", "))
        } else if message.starts_with("invalid type") {
            let expected = message.rsplit("expected ").next().unwrap_or_default();
            format!("a value of another kind stands here; expected {expected}")
        } else {
            message.to_owned()
        };
        self.error(at, what)
    }

    fn milliseconds(&self, text: Option<&Spanned<String>>) -> Result<Option<u64>, ProfileError> {
        let Some(text) = text else { return Ok(None) };
        let duration = duration::parse(text.get_ref()).map_err(|bad| self.error(text.span().start, bad.to_string()))?;
        Ok(Some(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl Profile {
    /// Reads a profile's text; `path` is for errors, and relative files in it are looked for beside it.
    ///
    /// # Errors
    /// TOML that is not well formed, an unknown key, a password in plain text, values that do not go together.
    pub fn parse(name: &str, text: &str, path: &Path) -> Result<Self, ProfileError> {
        let source = Source { text, path };
        refuse_plain_passwords(&source)?;
        let file: File = toml::from_str(text).map_err(|error| source.toml(&error))?;
        let mut target = Target::new(name, endpoint(&source, &file)?);
        target.profile = Some(name.to_owned());
        let usual = if file.unix.is_some() { Protocol::Lmtp } else { Protocol::default() };
        target.protocol = file.protocol.unwrap_or(usual);
        if let Some(mode) = file.tls.mode {
            target.tls = mode;
        }
        target.verify = file.tls.verify.unwrap_or(true);
        target.ca = file.tls.ca.as_ref().map(|ca| path.parent().unwrap_or(Path::new("")).join(ca));
        target.sni = tls_name(&source, "sni", file.tls.sni.as_ref())?;
        if let (Endpoint::Pipe(_), Some(host)) = (&target.endpoint, &file.host) {
            // The command leads there, and the certificate is to be that host's.
            target.sni.get_or_insert_with(|| host.get_ref().clone());
        }
        target.verify_name = tls_name(&source, "verify_name", file.tls.verify_name.as_ref())?;
        target.tls_versions = versions(&source, &file.tls)?;
        target.client_cert = client_cert(&source, &file.tls)?;
        target.production = file.production;
        take_identity(&source, &mut target, &file.identity)?;
        if let Some(auth) = &file.auth {
            target.auth = Some(login::auth_of(&source, auth.get_ref(), &target)?);
        }
        network::take(&source, &file.network, &mut target)?;
        target.xclient = network::xclient(&source, &file.xclient)?;
        target.reading = format!("profile {name}: {}", target.words());
        Ok(Self { target, note: file.note })
    }
}

/// The oldest and the newest version of TLS that are allowed.
fn versions(source: &Source<'_>, tls: &Tls) -> Result<(Option<TlsVersion>, Option<TlsVersion>), ProfileError> {
    let read = |given: &Option<Spanned<String>>| match given {
        None => Ok(None),
        Some(text) => TlsVersion::parse(text.get_ref()).map(Some).ok_or_else(|| {
            let shown = for_screen(text.get_ref().as_bytes());
            let what = format!("`{shown}` is not a version of TLS; 1.0, 1.1, 1.2 and 1.3 are");
            source.error(text.span().start, what)
        }),
    };
    let (least, most) = (read(&tls.min_version)?, read(&tls.max_version)?);
    match (least, most, &tls.min_version) {
        (Some(least), Some(most), Some(at)) if least > most => {
            Err(source.error(at.span().start, "`min_version` is above `max_version`; no version is left"))
        }
        _ => Ok((least, most)),
    }
}

/// A name that TLS asks for or verifies, under this key.
fn tls_name(source: &Source<'_>, key: &str, given: Option<&Spanned<String>>) -> Result<Option<String>, ProfileError> {
    let Some(name) = given else { return Ok(None) };
    host_name(&format!("`{key}`"), name.get_ref()).map_err(|what| source.error(name.span().start, what))?;
    Ok(Some(name.get_ref().clone()))
}

/// The certificate to show, with its key, as files beside the profile.
fn client_cert(source: &Source<'_>, tls: &Tls) -> Result<Option<ClientCert>, ProfileError> {
    let beside = |file: &Path| source.path.parent().unwrap_or(Path::new("")).join(file);
    let Some(certificate) = &tls.client_cert else {
        let alone = [
            ("client_key", tls.client_key.as_ref().map(|v| v.span().start)),
            ("client_password", tls.client_password.as_ref().map(|v| v.span().start)),
        ];
        return match alone.into_iter().find_map(|(key, at)| Some((key, at?))) {
            None => Ok(None),
            Some((key, at)) => {
                Err(source.error(at, format!("`{key}` needs `client_cert`: the file of its certificate")))
            }
        };
    };
    let file = certificate.get_ref().file_name().map(|name| name.to_string_lossy().into_owned());
    let owner = (file.unwrap_or_default(), "client_cert".to_owned());
    let password = match &tls.client_password {
        None => None,
        // In the keyring it stands under the file's name.
        Some(given) => match login::secret_source(source, given, "client_password", owner)? {
            SecretSource::Prompt => {
                let what = "what opens a key can't be asked for; use { env = \"NAME\" } or { command = \"...\" }";
                return Err(source.error(given.span().start, what));
            }
            other => Some(other),
        },
    };
    let key = tls.client_key.as_ref().map(|key| beside(key.get_ref()));
    Ok(Some(ClientCert { certificate: beside(certificate.get_ref()), key, password }))
}

fn take_identity(source: &Source<'_>, target: &mut Target, identity: &Identity) -> Result<(), ProfileError> {
    // These go into commands; a line end in them would be a command of its own.
    let all = identity.ehlo.iter().chain(&identity.from).chain(&identity.to);
    if let Some(odd) = all.into_iter().find(|value| value.get_ref().contains(char::is_control)) {
        return Err(source.error(odd.span().start, "a control character has no place in a name or an address"));
    }
    if let Some(ehlo) = &identity.ehlo {
        target.ehlo = Some(ehlo.get_ref().clone());
    }
    if let Some(from) = &identity.from {
        target.from = Some(from.get_ref().clone());
    }
    if !identity.to.is_empty() {
        target.to = identity.to.iter().map(|to| to.get_ref().clone()).collect();
    }
    Ok(())
}

/// A `password = "..."` is found before anything else, so that no other error hides it.
fn refuse_plain_passwords(source: &Source<'_>) -> Result<(), ProfileError> {
    #[derive(Deserialize)]
    struct Loose {
        auth: Option<LooseAuth>,
        tls: Option<LooseTls>,
        network: Option<LooseNetwork>,
    }
    #[derive(Deserialize)]
    struct LooseNetwork {
        proxy_password: Option<Spanned<toml::Value>>,
    }
    #[derive(Deserialize)]
    struct LooseTls {
        client_password: Option<Spanned<toml::Value>>,
    }
    #[derive(Deserialize)]
    struct LooseAuth {
        password: Option<Spanned<toml::Value>>,
        token: Option<Spanned<toml::Value>>,
    }
    let Ok(Loose { auth, tls, network }) = toml::from_str(source.text) else { return Ok(()) };
    let (password, token) = auth.map_or((None, None), |auth| (auth.password, auth.token));
    let opens = tls.and_then(|tls| tls.client_password);
    let proxy = network.and_then(|network| network.proxy_password);
    let all = [("password", password), ("token", token), ("client_password", opens), ("proxy_password", proxy)];
    for (key, given) in all {
        if let Some(plain) = given.filter(|given| !given.get_ref().is_table()) {
            let what = format!(
                "a {key} does not belong in a profile in plain text; write where it comes from instead: \
                 `{key} = {{ env = \"NAME\" }}`, `{{ command = \"pass show noddy\" }}` or `{{ prompt = true }}`"
            );
            return Err(source.error(plain.span().start, what));
        }
    }
    Ok(())
}

fn endpoint(source: &Source<'_>, file: &File) -> Result<Endpoint, ProfileError> {
    let default = match (file.protocol, file.tls.mode) {
        (Some(Protocol::Lmtp), _) => 24,
        (_, Some(TlsMode::Implicit)) => 465,
        _ => 25,
    };
    if let Some(command) = &file.network.pipe {
        let text = command.get_ref().trim();
        return match &file.unix {
            None if text.is_empty() => Err(source.error(command.span().start, "`pipe` is a command; it is empty")),
            None => Ok(Endpoint::Pipe(text.to_owned())),
            Some(_) => Err(source.error(command.span().start, "`pipe` and `unix` can't both be given; keep one")),
        };
    }
    if let Some(path) = &file.unix {
        return match &file.host {
            None => Ok(Endpoint::Unix(path.clone())),
            Some(host) => Err(source.error(host.span().start, "`host` and `unix` can't both be given; keep one")),
        };
    }
    let Some(host) = &file.host else {
        return Err(source.missing(
            0,
            "host",
            "`host` is missing: the server's name or address, or \"lab\"; or `unix`, a socket's path; or [network] pipe, a command",
        ));
    };
    let at = host.span().start;
    let text = host.get_ref().trim();
    if text == "lab" || text.starts_with("lab:") {
        let scenario = text.strip_prefix("lab").and_then(|rest| rest.strip_prefix(':')).filter(|name| !name.is_empty());
        return Ok(Endpoint::Lab(scenario.unwrap_or("default").to_owned()));
    }
    let ReadHost { host: name, port } = host_port(text).map_err(|error| source.error(at, error.to_string()))?;
    if port.is_some() {
        return Err(source.error(at, "the port stands in a key of its own: `port = 25`"));
    }
    let given = file.port.as_ref();
    if let Some(zero) = given.filter(|port| *port.get_ref() == 0) {
        return Err(source.error(zero.span().start, "0 is not a port; 25, 465 and 587 are usual"));
    }
    let port = given.map_or(default, |port| *port.get_ref());
    if !file.mx {
        return Ok(Endpoint::Tcp { host: name, port });
    }
    match given.filter(|port| *port.get_ref() != 25) {
        None => Ok(Endpoint::Mx(name)),
        Some(other) => {
            Err(source.error(other.span().start, "mail exchangers listen on port 25; take out `port` or `mx`"))
        }
    }
}

#[cfg(test)]
mod tests;
