//! Saved hosts, how a TARGET is read, where secrets come from.
//!
//! Not here: sockets, screens.

mod draft;
pub mod duration;
mod file;
mod keyring;
mod mark;
mod name;
mod password;
mod read;
mod route;
pub mod size;
mod store;

pub use draft::{Draft, FIELDS, Field, Kind};
pub use file::{Profile, ProfileError};
pub(crate) use name::host_name;
pub use password::{SecretError, ask_nobody};
pub use read::TargetError;
pub use route::{Announcement, Proxy, ProxyError, ProxyKind, Version};
pub use store::{Origin, Profiles, check_name, delete, folder, save, shipped_text};

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use serde::Deserialize;

use crate::smtp::Secret;
use crate::smtp::sasl::{Credentials, Proof};

/// The one of `known` that is nearest to a key or name, if any is near enough to be what was meant.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    crate::smtp::nearest(word, known, |letters, _| (letters / 2).max(2))
}

/// Where to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A host name or address and a port.
    Tcp {
        /// Name, IPv4 or IPv6 (without brackets).
        host: String,
        /// The port.
        port: u16,
    },
    /// The mail exchangers of a domain, port 25.
    Mx(String),
    /// A Unix socket.
    Unix(std::path::PathBuf),
    /// The standard input and output of a command that the shell runs, such as `ssh gate nc mx 25`.
    Pipe(String),
    /// Our own standard input and output: whoever started us is the server.
    Stdio,
    /// The embedded lab, with a scenario (`default`).
    Lab(String),
}

impl Endpoint {
    /// The host, domain, path or scenario that is meant, without a port.
    #[must_use]
    pub fn host(&self) -> String {
        match self {
            Self::Tcp { host, .. } => host.clone(),
            Self::Mx(domain) => domain.clone(),
            Self::Unix(path) => path.display().to_string(),
            Self::Pipe(_) | Self::Stdio => self.to_string(),
            Self::Lab(scenario) => format!("lab:{scenario}"),
        }
    }
}

impl fmt::Display for Endpoint {
    /// `host:port` (brackets around IPv6), `mx:DOMAIN`, a path, `pipe:COMMAND`, `stdio:`, `lab:SCENARIO`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Mx(domain) => write!(f, "mx:{domain}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Pipe(command) => write!(f, "pipe:{command}"),
            Self::Stdio => f.write_str("stdio:"),
            Self::Lab(scenario) => write!(f, "lab:{scenario}"),
        }
    }
}

/// What protocol is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Protocol {
    Smtp,
    #[default]
    Esmtp,
    Lmtp,
}

/// What `make ready` does about TLS; `Implicit` is done on connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// No TLS.
    None,
    /// STARTTLS where offered.
    #[default]
    Starttls,
    /// STARTTLS, or no mail.
    Require,
    /// TLS from the first byte.
    Implicit,
}

/// A version of TLS, older ones less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum TlsVersion {
    V10,
    V11,
    V12,
    V13,
}

impl TlsVersion {
    /// Reads `1.2`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim() {
            "1.0" => Self::V10,
            "1.1" => Self::V11,
            "1.2" => Self::V12,
            "1.3" => Self::V13,
            _ => return None,
        })
    }
}

/// Everything that a connection and a replay need to know of the other side.
#[derive(Debug, Clone)]
pub struct Target {
    /// As typed, for titles and headers.
    pub name: String,
    /// How it was read, in words: `profile noddy: mx.noddy.com:25`.
    pub reading: String,
    /// The profile's name, where it came from one.
    pub profile: Option<String>,
    /// Where to connect.
    pub endpoint: Endpoint,
    /// What protocol is meant.
    pub protocol: Protocol,
    /// What about TLS.
    pub tls: TlsMode,
    /// Whether the certificate is verified.
    pub verify: bool,
    /// A PEM file of further authorities.
    pub ca: Option<std::path::PathBuf>,
    /// The name to ask for and to verify, where it is not the host.
    pub sni: Option<String>,
    /// The oldest and the newest version of TLS that are allowed.
    pub tls_versions: (Option<TlsVersion>, Option<TlsVersion>),
    /// The name to verify, where it is not the one that is asked for.
    pub verify_name: Option<String>,
    /// A certificate to show to a server that asks for one.
    pub client_cert: Option<ClientCert>,
    /// Whether a real message needs an explicit yes.
    pub production: bool,
    /// The profile whose mark that is, where it is another's.
    pub marked_by: Option<String>,
    /// The name to greet with.
    pub ehlo: Option<String>,
    /// The reverse-path to offer.
    pub from: Option<String>,
    /// The forward-paths to offer.
    pub to: Vec<String>,
    /// Who logs in, and where the password comes from.
    pub auth: Option<Auth>,
    /// Time-out of one connection attempt, milliseconds.
    pub connect_timeout: Option<u64>,
    /// Time-out of each reply, milliseconds, instead of the phase's own.
    pub reply_timeout: Option<u64>,
    /// Time-out of the whole conversation, milliseconds; none where it may take as long as it likes.
    pub total_timeout: Option<u64>,
    /// After how many milliseconds of silence NOOP is sent while somebody thinks; never where none.
    pub keep_alive: Option<u64>,
    /// From which address to connect; any where none.
    pub bind: Option<IpAddr>,
    /// Through which proxy, if any.
    pub proxy: Option<Proxy>,
    /// The header of the PROXY protocol that goes out first, if any.
    pub announcement: Option<Announcement>,
    /// What XCLIENT says of the client where the server offers it: attributes with their values, not encoded.
    pub xclient: Vec<(String, String)>,
    /// The `.smtp` file whose header named it, where it came from one: not what the user typed, so it is shown and
    /// confirmed, and no credentials go there.
    pub from_file: Option<std::path::PathBuf>,
}

/// A certificate of our own, as files.
#[derive(Debug, Clone)]
pub struct ClientCert {
    /// PEM, or PKCS#12, which holds the key too.
    pub certificate: std::path::PathBuf,
    /// PEM; none where the certificate's file holds it.
    pub key: Option<std::path::PathBuf>,
    /// What opens the key.
    pub password: Option<SecretSource>,
}

/// Who logs in.
#[derive(Debug, Clone)]
pub struct Auth {
    /// The user.
    pub user: String,
    /// `auto` or a mechanism.
    pub mechanism: String,
    /// Clear-text mechanisms without TLS are allowed.
    pub allow_plaintext: bool,
    /// Where the password or token comes from.
    pub password: SecretSource,
    /// What the secret is.
    pub proof: Proof,
    /// Whom to act for, where that is not the user (RFC 4422 3.4.1).
    pub authorise_as: Option<String>,
    /// Whether AUTH carries the first response, where it has room for it (RFC 4954 4).
    pub initial_response: bool,
}

impl Auth {
    /// A user whose password comes from there; the rest as usual.
    #[must_use]
    pub fn new(user: &str, password: SecretSource) -> Self {
        Self {
            user: user.to_owned(),
            mechanism: "auto".to_owned(),
            allow_plaintext: false,
            password,
            proof: Proof::Password,
            authorise_as: None,
            initial_response: true,
        }
    }

    /// Who logs in, with the secret that was fetched.
    #[must_use]
    pub fn credentials(&self, secret: Secret) -> Credentials {
        Credentials {
            user: self.user.clone(),
            password: secret,
            proof: self.proof,
            authorise_as: self.authorise_as.clone(),
        }
    }
}

/// Where a secret comes from. Never the file itself.
#[derive(Debug, Clone)]
pub enum SecretSource {
    /// An environment variable.
    Environment(String),
    /// The first line of a command's output.
    Command(String),
    /// The system's keyring, under this host and user.
    Keyring {
        /// The host, as the profile names it.
        host: String,
        /// The user.
        user: String,
    },
    /// Asked for.
    Prompt,
    /// Known already (the lab's public passwords).
    Known(Secret),
    /// None is wanted: a certificate says who it is, or nobody is asked.
    Nothing,
}

impl Target {
    /// A target with nothing but a name and a place; the port says what it implies (465 TLS from the first byte).
    #[must_use]
    pub fn new(name: &str, endpoint: Endpoint) -> Self {
        let implicit = matches!(endpoint, Endpoint::Tcp { port: 465, .. });
        let mut target = Self {
            name: name.to_owned(),
            reading: String::new(),
            profile: None,
            endpoint,
            protocol: Protocol::default(),
            tls: if implicit { TlsMode::Implicit } else { TlsMode::default() },
            verify: true,
            ca: None,
            sni: None,
            verify_name: None,
            tls_versions: (None, None),
            client_cert: None,
            production: false,
            marked_by: None,
            ehlo: None,
            from: None,
            to: Vec::new(),
            auth: None,
            connect_timeout: None,
            reply_timeout: None,
            total_timeout: None,
            keep_alive: None,
            bind: None,
            proxy: None,
            announcement: None,
            xclient: Vec::new(),
            from_file: None,
        };
        if matches!(target.endpoint, Endpoint::Lab(_)) {
            target.know_the_lab();
        }
        target.reading = target.words();
        target
    }

    /// Fills in what the lab's default scenario knows, where nothing else was said; its passwords are public.
    fn know_the_lab(&mut self) {
        self.ehlo.get_or_insert_with(|| "noddy.com".to_owned());
        self.from.get_or_insert_with(|| "dude@noddy.com".to_owned());
        if self.to.is_empty() {
            self.to.push("anotherdude@target.local".to_owned());
        }
        self.auth.get_or_insert_with(|| Auth {
            allow_plaintext: true,
            ..Auth::new("dude", SecretSource::Known(Secret::from("noddy")))
        });
    }

    /// Where it leads, in words.
    fn words(&self) -> String {
        let mut words = match &self.endpoint {
            Endpoint::Tcp { host, port } => format!("{host} port {port}"),
            Endpoint::Mx(domain) => format!("the mail exchangers of {domain}"),
            Endpoint::Unix(path) => format!("the socket {}", path.display()),
            Endpoint::Pipe(command) => format!("the command {command}"),
            Endpoint::Stdio => "standard input and output".to_owned(),
            Endpoint::Lab(scenario) => format!("the lab inside ehlo, scenario {scenario}"),
        };
        if self.protocol == Protocol::Lmtp {
            words.push_str(", LMTP");
        }
        if self.tls == TlsMode::Implicit {
            words.push_str(", TLS from the first byte");
        } else if matches!(self.endpoint, Endpoint::Tcp { port: 587, .. }) {
            words.push_str(", submission");
        }
        if !self.verify {
            words.push_str(", certificate not verified");
        }
        if let Some(proxy) = &self.proxy {
            let _ = write!(words, ", through {proxy}");
        }
        words
    }

    /// The target as a text that reads back to the same place: what the head of a transcript says.
    #[must_use]
    pub fn uri(&self) -> String {
        match (&self.endpoint, self.protocol) {
            (Endpoint::Tcp { .. }, Protocol::Lmtp) => format!("lmtp://{}", self.endpoint),
            (Endpoint::Tcp { .. }, _) if self.tls == TlsMode::Implicit => format!("smtps://{}", self.endpoint),
            (Endpoint::Tcp { .. }, _) => format!("smtp://{}", self.endpoint),
            (Endpoint::Unix(path), _) => format!("lmtp+unix:{}", path.display()),
            (Endpoint::Mx(_) | Endpoint::Pipe(_) | Endpoint::Stdio | Endpoint::Lab(_), _) => self.endpoint.to_string(),
        }
    }

    /// Whether a message that is handed over there stays on this machine by what the target itself says: a loopback
    /// address, `localhost`, a Unix socket, the lab. A name may still resolve to a loopback address. Where a command, a
    /// proxy or whoever started us takes it is not known.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match &self.endpoint {
            _ if self.proxy.is_some() => false,
            Endpoint::Tcp { host, .. } => {
                let name = host.trim_end_matches('.').to_ascii_lowercase();
                name == "localhost"
                    || name.ends_with(".localhost")
                    || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
            }
            Endpoint::Mx(_) | Endpoint::Pipe(_) | Endpoint::Stdio => false,
            Endpoint::Unix(_) | Endpoint::Lab(_) => true,
        }
    }

    /// Fetches what opens the key of the certificate to show, so that it is [`SecretSource::Known`]. A command may take a
    /// minute: not for the thread that draws.
    ///
    /// # Errors
    /// It is not to be had.
    pub fn unlock(&mut self, world: &crate::world::World) -> Result<(), SecretError> {
        if let Some(source) = self.client_cert.as_mut().and_then(|own| own.password.as_mut()) {
            *source = SecretSource::Known(source.fetch_silently(world)?.ok_or(SecretError::NobodyToAsk)?);
        }
        Ok(())
    }

    /// The lab has issued certificates for its users (the user, the files of certificate and key): its own is shown, unless
    /// another one is.
    pub fn lab_certifies(&mut self, issued: &[(String, std::path::PathBuf, std::path::PathBuf)]) {
        let user = self.auth.as_ref().map(|auth| auth.user.as_str());
        let Some((_, certificate, key)) = issued.iter().find(|(of, ..)| Some(of.as_str()) == user) else { return };
        self.client_cert.get_or_insert_with(|| ClientCert {
            certificate: certificate.clone(),
            key: Some(key.clone()),
            password: None,
        });
    }

    /// Which of the files that it names can't be read, each by its key, and why.
    #[must_use]
    pub fn unreadable(&self) -> Vec<String> {
        let own = self.client_cert.as_ref();
        let named = [
            ("tls.ca", self.ca.as_ref()),
            ("tls.client_cert", own.map(|own| &own.certificate)),
            ("tls.client_key", own.and_then(|own| own.key.as_ref())),
        ];
        let why = |(key, path): (&str, Option<&std::path::PathBuf>)| {
            let error = std::fs::File::open(path?).err()?;
            Some(format!("{key}: {}: {error}", path?.display()))
        };
        named.into_iter().filter_map(why).collect()
    }

    /// The lab listens here: from now on this is a plain address on loopback.
    pub fn lab_listens(&mut self, address: std::net::SocketAddr) {
        self.endpoint = Endpoint::Tcp { host: address.ip().to_string(), port: address.port() };
    }
}
