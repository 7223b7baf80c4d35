//! For whom it is said to be: `--xclient…`, of which the order counts, and the header of the PROXY protocol.

use std::net::{IpAddr, SocketAddr};

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::profile::{Announcement, Version};
use crate::transaction::{Saying, Xclient};

/// What `--xclient…` says, in the order in which it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sayings(pub(super) Vec<Saying>);

/// The options that name an attribute, with what they say.
const ATTRIBUTES: [(&str, &str, &str); 9] = [
    ("xclient-addr", "ADDR", "The address that the server is to take for the client's"),
    ("xclient-name", "NAME", "The host name that it is to take for the client's"),
    ("xclient-port", "PORT", "The client's port"),
    ("xclient-proto", "PROTO", "The protocol that the client spoke: SMTP or ESMTP"),
    ("xclient-destaddr", "DESTADDR", "The server's address that the client reached"),
    ("xclient-destport", "DESTPORT", "The server's port that the client reached"),
    ("xclient-helo", "HELO", "The name that the client greeted with"),
    ("xclient-login", "LOGIN", "The user who is logged in"),
    ("xclient-reverse-name", "REVERSE_NAME", "The name that the client's address resolves to"),
];
const AS_IS: &str = "xclient";
const DIVIDER: &str = "xclient-delim";
const HEADING: &str = "For whom";

impl Sayings {
    fn of(matches: &ArgMatches) -> Self {
        let mut given: Vec<(usize, &str, String)> = Vec::new();
        for id in ATTRIBUTES.iter().map(|(id, ..)| *id).chain([AS_IS]) {
            let indices = matches.indices_of(id).into_iter().flatten();
            let values = matches.get_many::<String>(id).into_iter().flatten();
            given.extend(indices.zip(values).map(|(at, value)| (at, id, value.clone())));
        }
        given.extend(matches.indices_of(DIVIDER).into_iter().flatten().map(|at| (at, DIVIDER, String::new())));
        given.sort_by_key(|(at, ..)| *at);
        let mut sayings = Vec::new();
        let mut open = Vec::new();
        for (_, id, value) in given {
            let attribute = ATTRIBUTES.iter().find(|(known, ..)| *known == id);
            if let Some((_, name, _)) = attribute {
                open.push(((*name).to_owned(), value));
                continue;
            }
            if !open.is_empty() {
                sayings.push(Saying::Attributes(std::mem::take(&mut open)));
            }
            if id == AS_IS {
                sayings.push(Saying::AsIs(value));
            }
        }
        if !open.is_empty() {
            sayings.push(Saying::Attributes(open));
        }
        Self(sayings)
    }
}

impl FromArgMatches for Sayings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self::of(matches))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::of(matches);
        Ok(())
    }
}

impl Args for Sayings {
    fn augment_args(command: Command) -> Command {
        let option = |id: &'static str, help: &'static str| {
            Arg::new(id).long(id).help(help).help_heading(HEADING).allow_hyphen_values(true)
        };
        command
            .args(ATTRIBUTES.map(|(id, name, help)| {
                // XCLIENT has no empty value; [UNAVAILABLE] says that nothing is known.
                let said = NonEmptyStringValueParser::new();
                option(id, help).value_name(name).value_parser(said).action(ArgAction::Append)
            }))
            .arg(
                option(AS_IS, "What XCLIENT says, as it is, in a line of its own")
                    .value_name("TEXT")
                    .action(ArgAction::Append),
            )
            .arg(
                // Its place counts, which only an option that may have a value keeps.
                Arg::new(DIVIDER)
                    .long(DIVIDER)
                    .help("What follows goes into an XCLIENT of its own")
                    .help_heading(HEADING)
                    .num_args(0..=1)
                    .require_equals(true)
                    .default_missing_value("")
                    .hide_possible_values(true)
                    .action(ArgAction::Append),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// For whom.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "For whom")]
pub(super) struct Announced {
    #[command(flatten)]
    sayings: Sayings,
    /// Say attributes by XCLIENT although the server does not name them
    #[arg(long)]
    xclient_no_verify: bool,
    /// Say XCLIENT before STARTTLS
    #[arg(long)]
    xclient_before_starttls: bool,
    /// Go on although XCLIENT is not offered or is refused
    #[arg(long, conflicts_with = "xclient_optional_strict")]
    xclient_optional: bool,
    /// Go on where XCLIENT is not offered, but not where it is refused
    #[arg(long)]
    xclient_optional_strict: bool,
    /// Send the header of the PROXY protocol first, in this version: 1 (the default of the other --proxy options) or 2
    #[arg(long, value_name = "1|2", value_parser = clap::value_parser!(u8).range(1..=2))]
    proxy_version: Option<u8>,
    /// What follows `PROXY ` in that header, as it is; with version 2 what follows its 12 octets, @FILE for octets that no command line holds
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true,
          conflicts_with_all = ["proxy_family", "proxy_source", "proxy_source_port", "proxy_dest", "proxy_dest_port"])]
    proxy: Option<String>,
    /// The family of its addresses: TCP4, TCP6, `AF_INET` or `AF_INET6`; UNKNOWN or `AF_UNSPEC` for no addresses
    #[arg(long, value_name = "FAMILY")]
    proxy_family: Option<String>,
    /// Whose connection it is said to be; the connection's own address without it
    #[arg(long, value_name = "ADDRESS")]
    proxy_source: Option<IpAddr>,
    /// The port there
    #[arg(long, value_name = "PORT", requires = "proxy_source")]
    proxy_source_port: Option<u16>,
    /// Where it is said to lead; the connection's own address without it
    #[arg(long, value_name = "ADDRESS")]
    proxy_dest: Option<IpAddr>,
    /// The port there
    #[arg(long, value_name = "PORT", requires = "proxy_dest")]
    proxy_dest_port: Option<u16>,
}

/// The header of the PROXY protocol.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// With addresses.
    Addresses(Announcement),
    /// These octets.
    AsIs(Vec<u8>),
}

/// An IPv6 address after XCLIENT says that it is one (Postfix `XCLIENT_README`).
fn with_family(saying: Saying) -> Saying {
    let Saying::Attributes(mut attributes) = saying else { return saying };
    for (name, value) in &mut attributes {
        if matches!(name.as_str(), "ADDR" | "DESTADDR") && value.parse::<std::net::Ipv6Addr>().is_ok() {
            value.insert_str(0, "IPV6:");
        }
    }
    Saying::Attributes(attributes)
}

/// The octets that version 2 begins with (`proxy-protocol.txt` 2.2).
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

impl Announced {
    /// What XCLIENT says; the target's own where the command line says nothing.
    pub(super) fn xclient(&self, of_target: &[(String, String)]) -> Xclient {
        let Sayings(sayings) = &self.sayings;
        if sayings.is_empty() {
            let own = Xclient::from(of_target.to_vec());
            return Xclient {
                unasked: self.xclient_no_verify,
                before_tls: self.xclient_before_starttls,
                forgiving: self.xclient_optional,
                ..own
            };
        }
        Xclient {
            sayings: sayings.iter().cloned().map(with_family).collect(),
            unasked: self.xclient_no_verify,
            before_tls: self.xclient_before_starttls,
            required: !self.xclient_optional && !self.xclient_optional_strict,
            forgiving: self.xclient_optional,
            untold: Vec::new(),
        }
    }

    /// The header that goes out first, where the command line asks for one.
    ///
    /// # Errors
    /// A family that is none, or not that of the addresses.
    pub(super) fn header(&self) -> Result<Option<Header>, String> {
        let version = if self.proxy_version == Some(2) { Version::Two } else { Version::One };
        if let Some(text) = &self.proxy {
            return as_it_is(version, text).map(|octets| Some(Header::AsIs(octets)));
        }
        let given = self.proxy_version.is_some()
            || self.proxy_family.is_some()
            || self.proxy_source.is_some()
            || self.proxy_dest.is_some();
        if !given {
            return Ok(None);
        }
        let family = self.proxy_family.as_deref().map(str::to_ascii_uppercase);
        let is_v4 = match family.as_deref() {
            None => None,
            Some("TCP4" | "AF_INET") => Some(true),
            Some("TCP6" | "AF_INET6") => Some(false),
            Some("UNKNOWN" | "AF_UNSPEC") => return Ok(Some(Header::AsIs(without_addresses(version)))),
            Some(other) => {
                return Err(format!(
                    "`{}` is no family of the PROXY header; TCP4 or TCP6, AF_INET or AF_INET6, or UNKNOWN or AF_UNSPEC for no \
                     addresses",
                    crate::smtp::escape::for_screen(other.as_bytes())
                ));
            }
        };
        let ends = [self.proxy_source, self.proxy_dest];
        if let Some(wrong) = ends.iter().flatten().find(|address| is_v4.is_some_and(|v4| v4 != address.is_ipv4())) {
            return Err(format!("{wrong} is not of the family of --proxy-family; --proxy sends any header as it is"));
        }
        if let [Some(source), Some(dest)] = ends
            && source.to_canonical().is_ipv4() != dest.to_canonical().is_ipv4()
        {
            return Err(format!(
                "the PROXY header can't say that {source} connects to {dest}: one is IPv4, the other IPv6; give \
                 --proxy-source and --proxy-dest of one family"
            ));
        }
        let at = |address: Option<IpAddr>, port: Option<u16>| Some(SocketAddr::new(address?, port.unwrap_or(25)));
        Ok(Some(Header::Addresses(Announcement {
            version,
            source: at(self.proxy_source, self.proxy_source_port),
            destination: at(self.proxy_dest, self.proxy_dest_port),
        })))
    }
}

/// A header that was given whole.
///
/// # Errors
/// A line end where it must have none; a file that can't be read; in words with the cure.
fn as_it_is(version: Version, text: &str) -> Result<Vec<u8>, String> {
    match (version, text.strip_prefix('@')) {
        (Version::One, _) if text.contains(['\r', '\n']) => {
            Err("--proxy holds a line end, and a header of version 1 is one line; leave it out".to_owned())
        }
        (Version::One, _) => Ok(format!("PROXY {text}\r\n").into_bytes()),
        (Version::Two, Some(path)) => {
            // Longer than its two octets of length can say it is not (proxy-protocol.txt 2.2).
            let file = std::fs::File::open(path).and_then(|file| {
                let mut octets = SIGNATURE.to_vec();
                std::io::Read::read_to_end(&mut std::io::Read::take(file, 4 + 65_535), &mut octets).map(|_| octets)
            });
            file.map_err(|error| format!("{path} can't be read: {error}"))
        }
        (Version::Two, None) => Ok([SIGNATURE, text.as_bytes()].concat()),
    }
}

/// A header that says that it says nothing.
fn without_addresses(version: Version) -> Vec<u8> {
    match version {
        Version::One => b"PROXY UNKNOWN\r\n".to_vec(),
        Version::Two => [SIGNATURE, &[0x21, 0, 0, 0]].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sayings(line: &str) -> Vec<Saying> {
        let words = std::iter::once("x").chain(line.split(' '));
        let matches = Sayings::augment_args(Command::new("x")).try_get_matches_from(words).expect(line);
        Sayings::of(&matches).0
    }

    #[test]
    fn their_order_says_what_goes_together() {
        let told = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            sayings(
                "--xclient-delim --xclient-helo a --xclient-delim --xclient-delim --xclient-name b --xclient-addr c"
            ),
            [
                Saying::Attributes(vec![told("HELO", "a")]),
                Saying::Attributes(vec![told("NAME", "b"), told("ADDR", "c")])
            ]
        );
        assert_eq!(
            sayings("--xclient-addr a --xclient FOO=bar --xclient-port 26"),
            [
                Saying::Attributes(vec![told("ADDR", "a")]),
                Saying::AsIs("FOO=bar".to_owned()),
                Saying::Attributes(vec![told("PORT", "26")])
            ]
        );
        assert_eq!(sayings("--xclient-delim"), []);
    }

    #[test]
    fn what_a_profile_says_may_be_optional_too() {
        let of_profile = [("ADDR".to_owned(), "192.0.2.1".to_owned())];
        let optional = Announced { xclient_optional: true, ..Announced::default() };
        assert!(optional.xclient(&of_profile).forgiving);
        assert!(!Announced::default().xclient(&of_profile).forgiving);
    }

    #[test]
    fn a_header_of_two_families_is_refused_before_anything_connects() {
        let told = |source: &str, dest: &str| {
            let [proxy_source, proxy_dest] = [source, dest].map(|address| address.parse().ok());
            Announced { proxy_source, proxy_dest, ..Announced::default() }.header()
        };
        assert!(
            told("::1", "1.2.3.4").is_err_and(|words| words.ends_with("--proxy-source and --proxy-dest of one family"))
        );
        assert!(told("::ffff:1.2.3.5", "1.2.3.4").is_ok_and(|header| header.is_some()));
        let unknown = Announced { proxy_family: Some("AF_UNIX".to_owned()), ..Announced::default() }.header();
        assert!(unknown.is_err_and(|words| words.contains("AF_UNSPEC for no addresses")));
    }

    #[test]
    fn a_header_as_it_is_stays_one_header() {
        assert_eq!(as_it_is(Version::One, "TCP4").as_deref(), Ok(&b"PROXY TCP4\r\n"[..]));
        assert!(as_it_is(Version::One, "TCP4\r\nEHLO x").expect_err("two lines").contains("line end"));
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("header");
        std::fs::write(&path, [0x21, 0, 0, 0]).expect("written");
        let octets = as_it_is(Version::Two, &format!("@{}", path.display())).expect("read");
        assert_eq!(octets, without_addresses(Version::Two));
    }
}
