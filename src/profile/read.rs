//! How a TARGET is read: a fixed order, and the reading said in words (FORMATS section 6).

use std::io::Read as _;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};

use crate::conversation::file::Reader;

use super::{Endpoint, ProfileError, Profiles, Protocol, Target, TlsMode};

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
        let text = text.trim();
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
            return in_file(path);
        }
        match profiles.get(text) {
            Ok(Some(profile)) => return Ok(profile.target.clone()),
            Ok(None) => {}
            Err(error) => return Err(error.clone().into()),
        }
        by_place(text)
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
        let scenario = if scenario.is_empty() { "default" } else { scenario };
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
    let words: Vec<&str> = text.split_whitespace().collect();
    let words = match words.as_slice() {
        [first, rest @ ..] if !rest.is_empty() && ["telnet", "open"].iter().any(|w| first.eq_ignore_ascii_case(w)) => {
            rest
        }
        all => all,
    };
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
fn in_file(path: &Path) -> Result<Target, TargetError> {
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
        Some(text) => Target::read_in_head(text, path),
        None => Err(problem("it names no target in its head; give one with --target".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Target, TargetError> {
        Target::read(text, &Profiles::shipped())
    }

    #[test]
    fn a_target_is_read_in_its_order() {
        for (text, want) in [
            ("smtp://mx.noddy.com", "mx.noddy.com:25"),
            ("SMTP://mx.noddy.com:2525/", "mx.noddy.com:2525"),
            ("smtps://mx", "mx:465"),
            ("submission://mx", "mx:587"),
            ("lmtp://mx", "mx:24"),
            ("lmtp+unix:/run/lmtp.sock", "/run/lmtp.sock"),
            ("lmtp+unix:///run/lmtp.sock", "/run/lmtp.sock"),
            ("mx:noddy.com", "mx:noddy.com"),
            ("pipe:ssh gate nc mx 25", "pipe:ssh gate nc mx 25"),
            ("Pipe: sendmail -bs", "pipe:sendmail -bs"),
            ("pipe:nc a://b 25", "pipe:nc a://b 25"),
            ("stdio:", "stdio:"),
            ("lab:", "lab:default"),
            ("lab:greylist", "lab:greylist"),
            ("lab", "lab:default"),
            ("gmail-submit", "smtp.gmail.com:587"),
            ("dude@noddy.com", "mx:noddy.com"),
            ("<dude@noddy.com>", "mx:noddy.com"),
            ("dude@[192.0.2.1]", "192.0.2.1:25"),
            ("dude@[IPv6:::1]", "[::1]:25"),
            ("mx.noddy.com", "mx.noddy.com:25"),
            ("mx.noddy.com:587", "mx.noddy.com:587"),
            ("127.0.0.1:2525", "127.0.0.1:2525"),
            ("[::1]:2525", "[::1]:2525"),
            ("[::1]", "[::1]:25"),
            ("::1", "[::1]:25"),
            ("fe80::1%eth0", "[fe80::1%eth0]:25"),
            ("telnet mx.noddy.com 25", "mx.noddy.com:25"),
            ("  telnet   mx.noddy.com  ", "mx.noddy.com:25"),
            ("open mx.noddy.com 2525", "mx.noddy.com:2525"),
            ("mx.noddy.com 465", "mx.noddy.com:465"),
            ("mx.noddy.com smtp", "mx.noddy.com:25"),
            ("::1 25", "[::1]:25"),
            ("telnet", "telnet:25"),
        ] {
            assert_eq!(read(text).unwrap_or_else(|e| panic!("{text}: {e}")).endpoint.to_string(), want, "{text}");
        }
    }

    #[test]
    fn a_target_is_named_by_its_place_and_not_by_telnet() {
        for (text, name) in [
            ("telnet mx.noddy.com 25", "mx.noddy.com:25"),
            ("telnet mx.noddy.com", "mx.noddy.com"),
            ("mx.noddy.com 2525", "mx.noddy.com:2525"),
            ("mx.noddy.com", "mx.noddy.com"),
            ("telnet ::1 25", "[::1]:25"),
        ] {
            let target = read(text).expect(text);
            assert_eq!(target.name, name, "{text}");
            assert_eq!(read(name).expect(name).endpoint, target.endpoint, "{name} leads where {text} did");
        }
    }

    #[test]
    fn what_the_port_or_the_scheme_implies() {
        for (text, tls, protocol, words) in [
            ("mx.noddy.com:465", TlsMode::Implicit, Protocol::Esmtp, "TLS from the first byte"),
            ("smtps://mx:25", TlsMode::Implicit, Protocol::Esmtp, "TLS from the first byte"),
            ("smtp://mx:465", TlsMode::Implicit, Protocol::Esmtp, "TLS from the first byte"),
            ("mx.noddy.com 587", TlsMode::Starttls, Protocol::Esmtp, "submission"),
            ("lmtp://mx", TlsMode::Starttls, Protocol::Lmtp, "LMTP"),
            ("gmail-submit", TlsMode::Require, Protocol::Esmtp, "profile gmail-submit"),
        ] {
            let target = read(text).expect(text);
            assert_eq!((target.tls, target.protocol), (tls, protocol), "{text}");
            assert!(target.reading.contains(words), "{text}: {}", target.reading);
        }
    }

    #[test]
    fn what_is_no_target_is_refused_with_what_would_be_one() {
        for (text, words) in [
            ("", "no target"),
            ("http://mx", "smtp://"),
            ("mx:", "a domain"),
            ("lmtp+unix:", "path"),
            ("pipe: ", "a command"),
            ("smtp://dude:noddy@mx", "password"),
            ("smtp://dude@mx", "user name"),
            ("host:0", "not a port"),
            ("host:70000", "not a port"),
            ("host:+25", "not a port"),
            ("host twentyfive", "not a port"),
            ("a b c d", "not a host"),
            ("[::1", "not a host"),
            ("ho/st", "not a host"),
            ("a..b", "not a host"),
            ("-x", "not a host"),
            ("@noddy.com", "not a host"),
            ("smtp://", "not a host"),
            ("/no/such/file.smtp", "can't be read"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        assert!(!read("smtp://dude:noddy@mx").expect_err("refused").to_string().contains("noddy@"));
    }

    #[test]
    fn a_file_gives_its_heads_target_and_is_marked() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("relay.smtp");
        std::fs::write(&path, "+++\r\nehlo = 1\r\ntarget = \"smtps://mx.noddy.com\"\r\n+++\r\n> QUIT\r\n")
            .expect("written");
        let text = path.to_str().expect("UTF-8");
        let target = read(text).expect("a target");
        assert_eq!(target.endpoint.to_string(), "mx.noddy.com:465");
        assert_eq!(target.from_file.as_deref(), Some(path.as_path()));
        std::fs::write(&path, "> QUIT\n").expect("written");
        assert!(read(text).expect_err("no head").to_string().contains("--target"));
        std::fs::write(&path, "+++\ntarget = \"gmail-submit\"\n+++\n").expect("written");
        let target = read(text).expect("a host of that name, not the profile");
        assert_eq!(target.endpoint.to_string(), "gmail-submit:25");
        for odd in ["pipe:touch x", "stdio:"] {
            std::fs::write(&path, format!("+++\ntarget = \"{odd}\"\n+++\n")).expect("written");
            assert!(read(text).expect_err("a file runs nothing").to_string().contains("for you to name"), "{odd}");
        }
    }

    #[test]
    fn the_head_of_a_transcript_reads_back_to_the_same_place() {
        for text in ["smtp://a:2525", "smtps://[::1]:2465", "lmtp://a:24", "lmtp+unix:/run/s", "mx:noddy.com", "lab:x"]
        {
            let target = read(text).expect(text);
            assert_eq!(target.uri(), text);
        }
    }
}
