//! How a TARGET is read: a fixed order, and the reading said in words (FORMATS section 6).

use std::io::Read as _;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};

use crate::conversation::file::Reader;
use crate::smtp::program;

use super::{Endpoint, ProfileError, Profiles, Protocol, Target, TlsMode};

#[cfg(test)]
mod tests;

/// Why a text is not a target, and what would be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Nothing was typed.
    #[error("no target is given; write a host, host:port, lab: or a profile's name")]
    Empty,
    /// A scheme that is not one of ours.
    #[error(
        "`{0}` is not a way to reach a mail server; smtp:// smtps:// submission:// lmtp:// lmtp+unix: mx: pipe: stdio: and lab: are"
    )]
    Scheme(String),
    /// What follows the scheme, or the whole, is no host.
    #[error(
        "`{0}` is not a host; write a name, an IPv4 address, or an IPv6 address in brackets, then :port if it is not 25"
    )]
    Host(String),
    /// Not a port.
    #[error("`{0}` is not a port; 25, 465 and 587 are usual, 1 to 65535 are possible")]
    Port(String),
    /// Nothing stands where a port should.
    #[error("no port stands behind the colon of `{0}`; 25, 465 and 587 are usual")]
    NoPort(String),
    /// A password on the command line is seen by everybody on the machine.
    #[error(
        "a target does not hold a password: the command line is seen by others; put the user and the password's source into a profile"
    )]
    Password,
    /// A user name in a target.
    #[error("a target does not hold a user name; put it into a profile's [auth]")]
    User,
    /// The prefix wants something after it.
    #[error("`{prefix}` needs {what} after it")]
    Incomplete {
        /// The prefix.
        prefix: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// A file's head names a command.
    #[error(
        "the head of a file does not run commands: `{0}` is for you to name, with --target or in a profile's [network] pipe"
    )]
    NotFromAFile(&'static str),
    /// A `.smtp` file that can't be read.
    #[error("{path}: {problem}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The profile of this name is broken.
    #[error(transparent)]
    Profile(#[from] ProfileError),
}

/// What the lab is called where a host is asked for.
const LAB: &str = "lab";
/// The lab's scenario where none is named.
const DEFAULT: &str = "default";

/// A host and, where it was given, a port.
pub(super) struct ReadHost {
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

impl Target {
    /// Reads a TARGET in the order of FORMATS section 6: a scheme or prefix, an existing `.smtp` file, a profile's
    /// name, an address, `host[:port]`; and `telnet HOST 25`, `open HOST 25`, `HOST 25`.
    ///
    /// # Errors
    /// A text that is none of these, with what would be one; a profile or file that can't be read.
    pub fn read(text: &str, profiles: &Profiles) -> Result<Self, TargetError> {
        let target = Self::read_alone(text.trim(), profiles)?;
        Ok(target.marked(profiles, None))
    }

    /// The same without a look at whose place it is.
    fn read_alone(text: &str, profiles: &Profiles) -> Result<Self, TargetError> {
        if text.is_empty() {
            return Err(TargetError::Empty);
        }
        if let Some(target) = by_prefix(text)? {
            return Ok(target);
        }
        let path = Path::new(text);
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("smtp"))
            && (path.is_file() || text.contains('/'))
        {
            return in_file(path, profiles);
        }
        let saved = |name: &str| match profiles.get(name) {
            Ok(profile) => Ok(profile.map(|profile| profile.target.clone())),
            Err(error) => Err(TargetError::from(error.clone())),
        };
        if let Some(target) = saved(text)? {
            return Ok(target);
        }
        // `telnet lab 25` is `lab` with the words of an article around it.
        let target = by_place(text)?;
        let is_lab = target.endpoint == Endpoint::Lab(DEFAULT.to_owned());
        let lab = if is_lab { saved(LAB)? } else { None };
        Ok(lab.unwrap_or(target))
    }

    /// Reads the `target` of a `.smtp` file's head. Profiles are not looked at: a file may not choose whose
    /// credentials are used.
    ///
    /// # Errors
    /// A text that is no target; a command, which a file may not choose.
    pub fn read_in_head(text: &str, path: &Path) -> Result<Self, TargetError> {
        let text = text.trim();
        let mut target = match by_prefix(text)? {
            Some(target) => target,
            None => by_place(text)?,
        };
        match target.endpoint {
            Endpoint::Pipe(_) => return Err(TargetError::NotFromAFile("pipe:")),
            Endpoint::Stdio => return Err(TargetError::NotFromAFile("stdio:")),
            _ => {}
        }
        target.reading = format!("from {}: {}", path.display(), target.reading);
        target.from_file = Some(path.to_owned());
        Ok(target)
    }
}

/// The schemes and prefixes; none where the text has none of them.
fn by_prefix(text: &str) -> Result<Option<Target>, TargetError> {
    let lower = text.to_ascii_lowercase();
    let after = |prefix: &str| lower.starts_with(prefix).then(|| text[prefix.len()..].trim());
    if let Some(rest) = after("lmtp+unix:") {
        let path = rest.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(rest);
        if path.is_empty() {
            return Err(TargetError::Incomplete { prefix: "lmtp+unix:", what: "the path of a socket" });
        }
        return Ok(Some(finish(text, Endpoint::Unix(path.into()), Protocol::Lmtp, None)));
    }
    if let Some(rest) = after("mx:") {
        if rest.is_empty() {
            return Err(TargetError::Incomplete { prefix: "mx:", what: "a domain" });
        }
        let domain = rest.rsplit('@').next().unwrap_or(rest);
        return mx(text, domain).map(Some);
    }
    if let Some(command) = after("pipe:") {
        if command.is_empty() {
            return Err(TargetError::Incomplete { prefix: "pipe:", what: "a command" });
        }
        return Ok(Some(finish(text, Endpoint::Pipe(command.to_owned()), Protocol::default(), None)));
    }
    if lower == "stdio:" {
        return Ok(Some(finish(text, Endpoint::Stdio, Protocol::default(), None)));
    }
    if let Some(rest) = after("lab:") {
        // `lab://NAME` is taken too; one slash begins a path.
        let scenario = rest.strip_prefix("//").unwrap_or(rest);
        // `lab:25`, as one writes a host and its port, is the lab: no scenario has a number for its name.
        let scenario = if scenario.is_empty() || is_number_of_port(scenario) { DEFAULT } else { scenario };
        return Ok(Some(finish(text, Endpoint::Lab(scenario.to_owned()), Protocol::default(), None)));
    }
    for (prefix, port, protocol, tls) in [
        ("smtp://", 25, Protocol::Esmtp, None),
        ("smtps://", 465, Protocol::Esmtp, Some(TlsMode::Implicit)),
        ("submission://", 587, Protocol::Esmtp, None),
        ("lmtp://", 24, Protocol::Lmtp, None),
    ] {
        if let Some(rest) = after(prefix) {
            let ReadHost { host, port: given } = host_port(authority(rest)?)?;
            let endpoint = Endpoint::Tcp { host, port: given.unwrap_or(port) };
            return Ok(Some(finish(text, endpoint, protocol, tls)));
        }
    }
    match text.split_once("://") {
        Some((scheme, _)) => Err(TargetError::Scheme(format!("{scheme}://"))),
        None => Ok(None),
    }
}

/// What stands between `scheme://` and a closing slash. The user's name and password have no place in it.
fn authority(rest: &str) -> Result<&str, TargetError> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    match rest.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => Err(TargetError::Password),
        Some(_) => Err(TargetError::User),
        None => Ok(rest),
    }
}

fn finish(name: &str, endpoint: Endpoint, protocol: Protocol, tls: Option<TlsMode>) -> Target {
    let mut target = Target::new(name, endpoint);
    target.protocol = protocol;
    if let Some(tls) = tls {
        target.tls = tls;
    }
    target.reading = target.words();
    target
}

fn mx(name: &str, domain: &str) -> Result<Target, TargetError> {
    let endpoint = match literal(domain) {
        Some(address) => Endpoint::Tcp { host: address.to_string(), port: 25 },
        None => Endpoint::Mx(host_port(domain).ok().filter(|h| h.port.is_none()).ok_or_else(|| bad(domain))?.host),
    };
    Ok(finish(name, endpoint, Protocol::default(), None))
}

/// An address literal: `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 4.1.3).
fn literal(domain: &str) -> Option<IpAddr> {
    let inside = domain.strip_prefix('[')?.strip_suffix(']')?;
    match inside.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => inside[5..].parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => inside.parse().ok(),
    }
}

/// An address, `host[:port]`, or the words of telnet.
fn by_place(text: &str) -> Result<Target, TargetError> {
    let bare = text.strip_prefix('<').and_then(|inside| inside.strip_suffix('>')).unwrap_or(text);
    if let Some((local, domain)) = bare.rsplit_once('@') {
        if local.is_empty() || domain.is_empty() {
            return Err(bad(text));
        }
        return mx(text, domain);
    }
    let mut words: Vec<&str> = text.split_whitespace().collect();
    if let Some((prefix, program::Wants::Place)) = words.first().and_then(|first| program::word(first)) {
        words.remove(0);
        // Such as `-4` and `-C`.
        words.retain(|word| !word.starts_with('-'));
        if words.is_empty() {
            return Err(TargetError::Incomplete { prefix, what: "a host" });
        }
    }
    let words = words.as_slice();
    if let Some(target) = at_lab(words)? {
        return Ok(target);
    }
    let ReadHost { host, port } = match words {
        [host] => host_port(host)?,
        [host, port] => match host_port(host)? {
            ReadHost { host, port: None } => ReadHost { host, port: Some(port_number(port)?) },
            ReadHost { port: Some(_), .. } => return Err(TargetError::Port((*port).to_owned())),
        },
        _ => return Err(bad(text)),
    };
    let endpoint = Endpoint::Tcp { host, port: port.unwrap_or(25) };
    // `telnet HOST 25` is what somebody typed, and no name of a host: what is shown and connected to again is.
    let name = match words {
        [_, _] => endpoint.to_string(),
        [host] => (*host).to_owned(),
        _ => text.to_owned(),
    };
    Ok(finish(&name, endpoint, Protocol::default(), None))
}

/// The lab, where it stands in the place of a host: nobody has that name in the DNS, and who types it means the one
/// inside. `smtp://lab` is a host all the same.
fn at_lab(words: &[&str]) -> Result<Option<Target>, TargetError> {
    let ([host] | [host, _]) = words else { return Ok(None) };
    let (name, scenario) = host.split_once(':').unwrap_or((host, ""));
    if !name.eq_ignore_ascii_case(LAB) {
        return Ok(None);
    }
    if let [_, port] = words {
        port_number(port)?;
    }
    by_prefix(&format!("{LAB}:{scenario}"))
}

fn bad(text: &str) -> TargetError {
    TargetError::Host(text.to_owned())
}

/// Reads `name`, `name:port`, `192.0.2.1:port`, `[::1]`, `[::1]:port` or a bare IPv6 address.
pub(super) fn host_port(text: &str) -> Result<ReadHost, TargetError> {
    if let Some(inside) = text.strip_prefix('[') {
        let (address, rest) = inside.split_once(']').ok_or_else(|| bad(text))?;
        let host = ipv6(address).or_else(|| Some(literal(&format!("[{address}]"))?.to_string()));
        let host = host.ok_or_else(|| bad(text))?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port_number(port)?),
            None if rest.is_empty() => None,
            None => return Err(bad(text)),
        };
        return Ok(ReadHost { host, port });
    }
    if let Some(host) = ipv6(text) {
        return Ok(ReadHost { host, port: None });
    }
    let (name, port) = match text.split_once(':') {
        Some((name, "")) if !name.is_empty() => return Err(TargetError::NoPort(text.to_owned())),
        Some((name, port)) => (name, Some(port_number(port)?)),
        None => (text, None),
    };
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || !name.chars().all(fits) || name.starts_with(['-', '.']) || name.contains("..") {
        return Err(bad(text));
    }
    Ok(ReadHost { host: name.to_owned(), port })
}

/// An IPv6 address, with or without a zone such as `%eth0`.
fn ipv6(text: &str) -> Option<String> {
    let (address, zone) = text.split_once('%').map_or((text, ""), |(address, zone)| (address, zone));
    address.parse::<Ipv6Addr>().ok()?;
    zone.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')).then(|| text.to_owned())
}

/// Whether a text is a port rather than a name.
fn is_number_of_port(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && port_number(text).is_ok()
}

/// A number from 1 to 65535, or one of the services of mail by name.
fn port_number(text: &str) -> Result<u16, TargetError> {
    match text.to_ascii_lowercase().as_str() {
        "smtp" => return Ok(25),
        "smtps" | "submissions" => return Ok(465),
        "submission" => return Ok(587),
        "lmtp" => return Ok(24),
        _ => {}
    }
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0).ok_or_else(|| TargetError::Port(text.to_owned()))
}

/// The target that a transcript or script names in its head.
fn in_file(path: &Path, profiles: &Profiles) -> Result<Target, TargetError> {
    /// More than any head; a file without a closing `+++` is not read whole.
    const HEAD: u64 = 1 << 20;
    let problem = |problem: String| TargetError::File { path: path.to_owned(), problem };
    let file = std::fs::File::open(path).map_err(|error| problem(format!("can't be read: {error}")))?;
    let mut bytes = Vec::new();
    file.take(HEAD).read_to_end(&mut bytes).map_err(|error| problem(format!("can't be read: {error}")))?;
    let mut reader = Reader::new();
    // What is wrong further down does not matter here.
    let fed = reader.feed(&bytes);
    let header = &reader.document().header;
    if let (Err(error), true) = (fed, header.table.is_empty()) {
        return Err(problem(format!("can't be read: {error}")));
    }
    match header.text("target") {
        Some(text) => Ok(Target::read_in_head(text, path)?.marked(profiles, Some(header))),
        None => Err(problem("it names no target in its head; name the target itself".to_owned())),
    }
}
