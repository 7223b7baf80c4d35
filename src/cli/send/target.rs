//! Where it goes, how it is protected and who logs in: a target, changed by what the command line says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use super::arguments::{Login, Place, Tls};
use super::glued;
use super::tls::versions;
use super::{Arguments, Lenient};
use crate::profile::{Auth, ClientCert, Endpoint, Profiles, Protocol, SecretSource, Target, TlsMode, host_name};
use crate::smtp::{Secret, sasl};
use crate::world::World;

/// What `--protocol` stands for, as swaks has it: protocol, the port where none is given, TLS, whether somebody logs in.
const PROTOCOLS: [(&str, Protocol, u16, Option<TlsMode>, bool); 12] = [
    ("SMTP", Protocol::Smtp, 25, None, false),
    ("SSMTP", Protocol::Esmtp, 465, Some(TlsMode::Implicit), false),
    ("SSMTPA", Protocol::Esmtp, 465, Some(TlsMode::Implicit), true),
    ("SMTPS", Protocol::Smtp, 465, Some(TlsMode::Implicit), false),
    ("ESMTP", Protocol::Esmtp, 25, None, false),
    ("ESMTPA", Protocol::Esmtp, 25, None, true),
    ("ESMTPS", Protocol::Esmtp, 25, Some(TlsMode::Require), false),
    ("ESMTPSA", Protocol::Esmtp, 25, Some(TlsMode::Require), true),
    ("LMTP", Protocol::Lmtp, 24, None, false),
    ("LMTPA", Protocol::Lmtp, 24, None, true),
    ("LMTPS", Protocol::Lmtp, 24, Some(TlsMode::Require), false),
    ("LMTPSA", Protocol::Lmtp, 24, Some(TlsMode::Require), true),
];

/// Where it goes, and how.
pub(super) struct Way {
    pub(super) target: Target,
    /// Who logs in, if anybody.
    pub(super) auth: Option<Auth>,
    /// The mechanisms to choose from; all where it is empty.
    pub(super) mechanisms: Vec<String>,
    /// What a login that does not work means.
    pub(super) lenient: Lenient,
    /// What is to be said before anything connects.
    pub(super) remark: Option<String>,
}

/// Reads what the command line says of it.
///
/// # Errors
/// What is no target, or can't be used together; in words with the cure.
pub(super) fn way(arguments: &Arguments, profiles: &Profiles, world: &World) -> Result<Way, String> {
    let Arguments { place, envelope, tls, login, .. } = arguments;
    let mut target = named(place, envelope.to().last(), profiles)?;
    let protocol = place.protocol.as_deref().map(protocol).transpose()?;
    let default_port =
        place.port.is_none() && matches!(target.endpoint, Endpoint::Tcp { port: 25, .. } | Endpoint::Mx(_));
    if let Some((_, spoken, port, mode, _)) = protocol {
        target.protocol = *spoken;
        target.tls = mode.unwrap_or(target.tls);
        set_port(&mut target, default_port.then_some(*port), "--protocol")?;
    }
    set_port(&mut target, place.port, "--port")?;
    if place.port == Some(465) {
        target.tls = TlsMode::Implicit;
    }
    secure(&mut target, tls, default_port, world)?;
    fits_family(&target, place)?;
    target.bind = bind(place, target.bind)?;
    if target.protocol == Protocol::Smtp && target.tls == TlsMode::Starttls {
        // HELO offers nothing, so that nothing can be asked for.
        target.tls = TlsMode::None;
    }
    if tls.tls_get_peer_cert.is_some() && target.tls == TlsMode::None {
        return Err(
            "without TLS no server shows a certificate, which --tls-get-peer-cert is to write; leave that out, or \
                    have TLS by --tls"
                .to_owned(),
        );
    }
    let wants_login = protocol.is_some_and(|(.., login)| *login);
    let (mechanisms, remark) = mechanisms(login)?;
    let auth = who(&target, login, wants_login, &mechanisms, world)?;
    target.reading = reading(&target, place);
    Ok(Way { target, auth, mechanisms, lenient: list(login).1, remark })
}

/// An address to connect to is of the family that is asked for; of a name only the DNS knows.
///
/// # Errors
/// It is of the other one; in words with the cure.
fn fits_family(target: &Target, place: &Place) -> Result<(), String> {
    let Endpoint::Tcp { host, .. } = &target.endpoint else { return Ok(()) };
    let Some(address) = host.parse::<IpAddr>().ok().filter(|_| target.proxy.is_none()) else { return Ok(()) };
    let (option, family) = match address {
        IpAddr::V4(_) if place.v6 => ("-6", "IPv6"),
        IpAddr::V6(_) if place.v4 => ("-4", "IPv4"),
        _ => return Ok(()),
    };
    Err(format!("{option} asks for {family}, and {address} is no such address; leave {option} out, or name a host"))
}

/// The address to connect from, which is of the family that is asked for.
///
/// # Errors
/// It is of the other one; in words with the cure.
fn bind(place: &Place, of_target: Option<IpAddr>) -> Result<Option<IpAddr>, String> {
    let (option, any) = match (place.v4, place.v6) {
        (true, _) => ("-4", IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        (_, true) => ("-6", IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
        _ => return Ok(place.local_interface.or(of_target)),
    };
    match place.local_interface {
        Some(own) if own.is_ipv4() != any.is_ipv4() => {
            Err(format!("--local-interface {own} is not of the family of {option}; leave one of them out"))
        }
        // What a profile binds to counts where it fits.
        own => Ok(own.or(of_target.filter(|own| own.is_ipv4() == any.is_ipv4())).or(Some(any))),
    }
}

fn named(place: &Place, to: Option<&str>, profiles: &Profiles) -> Result<Target, String> {
    if let Some(path) = &place.socket {
        let mut target = Target::new(&path.display().to_string(), Endpoint::Unix(path.clone()));
        target.protocol = Protocol::Lmtp;
        return Ok(target);
    }
    if let Some(command) = &place.pipe {
        return Target::read(&format!("pipe:{command}"), profiles).map_err(|error| error.to_string());
    }
    let text = match (&place.target, &place.server, &place.copy_routing) {
        (Some(text), ..) => text.clone(),
        (_, Some(server), _) => with_slash(server),
        (.., Some(domain)) => format!("mx:{domain}"),
        _ => match to.and_then(|to| to.rsplit_once('@')) {
            Some((_, domain)) => format!("mx:{}", domain.trim_end_matches('>')),
            None => return Err("no target is given; write a host, host:port, lab: or a profile's name".to_owned()),
        },
    };
    Target::read(&text, profiles).map_err(|error| error.to_string())
}

/// `HOST/PORT` as swaks has it.
fn with_slash(server: &str) -> String {
    match server.rsplit_once('/') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() && !host.contains('/') => {
            if host.contains(':') && !host.starts_with('[') {
                format!("[{host}]:{port}")
            } else {
                format!("{host}:{port}")
            }
        }
        _ => server.to_owned(),
    }
}

fn protocol(name: &str) -> Result<&'static (&'static str, Protocol, u16, Option<TlsMode>, bool), String> {
    let found = PROTOCOLS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let known: Vec<_> = PROTOCOLS.iter().map(|(known, ..)| *known).collect();
        format!("`{name}` is no protocol; one of {}", known.join(", "))
    })
}

/// Sets the port that `option` means.
///
/// # Errors
/// It goes where there is none to choose; in words with the cure.
fn set_port(target: &mut Target, new: Option<u16>, option: &str) -> Result<(), String> {
    let Some(new) = new else { return Ok(()) };
    match &mut target.endpoint {
        Endpoint::Tcp { port, .. } => *port = new,
        Endpoint::Mx(domain) if new != 25 => {
            return Err(format!(
                "{option} means port {new}, and the mail exchangers of {domain} are reached at port 25; \
                 name one of them by --server HOST:{new}"
            ));
        }
        Endpoint::Mx(_) => {}
        other => return Err(format!("{other} has no port to choose; leave {option} out")),
    }
    Ok(())
}

fn secure(target: &mut Target, tls: &Tls, default_port: bool, world: &World) -> Result<(), String> {
    let mode = [
        (tls.tls, TlsMode::Require),
        (tls.tls_optional || tls.tls_optional_strict, TlsMode::Starttls),
        (tls.tls_on_connect, TlsMode::Implicit),
        (tls.no_tls, TlsMode::None),
    ];
    if let Some((_, mode)) = mode.into_iter().find(|(given, _)| *given) {
        target.tls = mode;
        set_port(target, (mode == TlsMode::Implicit && default_port).then_some(465), "--tls-on-connect")?;
    }
    target.verify = (target.verify || tls.tls_verify) && !tls.no_tls_verify;
    if let Some(path) = &tls.tls_ca_path {
        target.ca = Some(path.clone());
    }
    if let Some(name) = &tls.tls_sni {
        host_name("--tls-sni", name)?;
        target.sni = Some(name.clone());
    }
    if let Some(cert) = &tls.tls_cert {
        let password = tls.tls_key_password_env.as_ref().map(|name| {
            // Looked at now: a mistake is said before anything connects.
            let value = world.variable(name).ok_or_else(|| format!("the environment variable {name} is not set"))?;
            Ok::<_, String>(SecretSource::Known(Secret::from(value.as_str())))
        });
        let (certificate, key) = (cert.clone(), tls.tls_key.clone());
        target.client_cert = Some(ClientCert { certificate, key, password: password.transpose()? });
    }
    if let Some(text) = &tls.tls_protocol {
        target.tls_versions = versions(text)?;
    }
    Ok(())
}

/// The mechanisms as they were given, and what it means if no login comes of them.
fn list(login: &Login) -> (Option<&str>, Lenient) {
    match (&login.auth, &login.auth_optional, &login.auth_optional_strict) {
        (_, Some(list), _) => (list.as_deref(), Lenient::Always),
        (.., Some(list)) => (list.as_deref(), Lenient::WhereNotOffered),
        (list, ..) => (list.as_ref().and_then(|list| list.as_deref()), Lenient::Never),
    }
}

/// The mechanisms to choose from, and what is to be said of those in the list that ehlo does not speak.
///
/// # Errors
/// It speaks none of them; in words with the cure.
fn mechanisms(login: &Login) -> Result<(Vec<String>, Option<String>), String> {
    let names = list(login).0.into_iter().flat_map(|list| list.split(','));
    let names: Vec<String> =
        names.map(|name| name.trim().to_ascii_uppercase()).filter(|name| !name.is_empty()).collect();
    if names.is_empty() && list(login).0.is_some() {
        return Err("the list of mechanisms to log in by is empty; without one the strongest is taken".to_owned());
    }
    let (known, unknown): (Vec<String>, Vec<String>) = names.into_iter().partition(|name| sasl::known(name).is_some());
    match unknown.first() {
        None => Ok((known, None)),
        Some(first) if known.is_empty() => {
            Err(format!("{}; a TARGET goes before --auth", sasl::SaslError::Unknown(first.clone())))
        }
        Some(_) => {
            let shown = |names: &[String]| crate::smtp::escape::for_screen(names.join(", ").as_bytes());
            let words = format!("ehlo does not speak {} to log in by; tried: {}", shown(&unknown), shown(&known));
            Ok((known, Some(words)))
        }
    }
}

/// Who logs in, if anybody.
fn who(
    target: &Target,
    login: &Login,
    wanted: bool,
    mechanisms: &[String],
    world: &World,
) -> Result<Option<Auth>, String> {
    if matches!(&login.auth_password, Some(Some(_))) {
        return Err(glued::CURE.to_owned());
    }
    let password = password(login, world)?;
    let asked = wanted
        || login.auth.is_some()
        || login.auth_optional.is_some()
        || login.auth_optional_strict.is_some()
        || login.auth_user.is_some()
        || login.auth_as.is_some()
        || password.is_some();
    // A profile says by itself that somebody logs in; the lab only lets somebody.
    if !asked && target.profile.as_ref().is_none_or(|_| matches!(target.endpoint, Endpoint::Lab(_))) {
        return Ok(None);
    }
    // These have no password, and need nobody's name.
    let secretless = |name: &String| matches!(name.to_ascii_uppercase().as_str(), "EXTERNAL" | "ANONYMOUS");
    let secretless = !mechanisms.is_empty() && mechanisms.iter().all(secretless);
    let nothing = || SecretSource::Known(Secret::new(Vec::new()));
    let mut auth = match (&target.auth, &login.auth_user) {
        (Some(auth), None) => auth.clone(),
        (known, Some(user)) => {
            let user = if user == "<>" { "" } else { user };
            let mut auth = known.clone().unwrap_or_else(|| Auth::new(user, SecretSource::Prompt));
            if auth.user != user {
                // The password that is kept is somebody else's.
                user.clone_into(&mut auth.user);
                auth.password = SecretSource::Prompt;
            }
            auth
        }
        (None, None) if secretless => Auth::new("", nothing()),
        (None, None) if asked => return Err("nobody is named to log in; --auth-user USER does".to_owned()),
        (None, None) => return Ok(None),
    };
    if let Some(source) = password {
        auth.password = source;
    } else if secretless {
        auth.password = nothing();
    }
    if let [only] = mechanisms {
        auth.mechanism.clone_from(only);
    }
    if let Some(whom) = &login.auth_as {
        takes_identity(whom, mechanisms)?;
        auth.authorise_as = Some(whom.clone());
    }
    auth.initial_response &= !login.auth_no_initial_response;
    auth.allow_plaintext |= login.auth_allow_plaintext;
    Ok(Some(auth))
}

/// Whether somebody can act for this identity by one of these mechanisms.
///
/// # Errors
/// None of them has a place for it; in words with the cure.
fn takes_identity(whom: &str, mechanisms: &[String]) -> Result<(), String> {
    if whom.chars().any(char::is_control) {
        return Err("--auth-as takes a name without control characters".to_owned());
    }
    let takes = |name: &String| {
        let name = name.to_ascii_uppercase();
        name.starts_with("SCRAM-") || matches!(name.as_str(), "PLAIN" | "EXTERNAL" | "OAUTHBEARER")
    };
    match mechanisms.first() {
        Some(first) if !mechanisms.iter().any(takes) => Err(format!(
            "{first} has no place for whom to act for (--auth-as); PLAIN, SCRAM-SHA-256, EXTERNAL and OAUTHBEARER have"
        )),
        _ => Ok(()),
    }
}

fn password(login: &Login, world: &World) -> Result<Option<SecretSource>, String> {
    if let Some(name) = &login.auth_password_env {
        // Looked at now: a mistake is said before anything connects.
        world.variable(name).ok_or_else(|| format!("the environment variable {name} is not set"))?;
        return Ok(Some(SecretSource::Environment(name.clone())));
    }
    if let Some(command) = &login.auth_password_command {
        return Ok(Some(SecretSource::Command(command.clone())));
    }
    if let Some(path) = &login.auth_password_file {
        return first_line(path).map(|secret| Some(SecretSource::Known(secret)));
    }
    Ok(login.auth_password.as_ref().map(|_| SecretSource::Prompt))
}

fn first_line(path: &Path) -> Result<Secret, String> {
    let octets = std::fs::read(path).map(zeroize::Zeroizing::new);
    let octets = octets.map_err(|error| format!("the password in {} can't be read: {error}", path.display()))?;
    let line = octets.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(format!("the first line of {} is empty: there is no password", path.display()));
    }
    Ok(Secret::new(line.to_vec()))
}

/// Where it leads, in words; the target's own, unless the command line changed it.
fn reading(target: &Target, place: &Place) -> String {
    if place.port.is_none() && place.protocol.is_none() && target.tls != TlsMode::Implicit {
        return target.reading.clone();
    }
    let tls = if target.tls == TlsMode::Implicit { ", TLS from the first byte" } else { "" };
    let lmtp = if target.protocol == Protocol::Lmtp { ", LMTP" } else { "" };
    format!("{}{lmtp}{tls}", target.endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_connect_from_is_of_the_family_asked_for() {
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let place =
            |v4, own: Option<&str>| Place { v4, v6: !v4, local_interface: own.map(address), ..Place::default() };
        assert_eq!(bind(&place(true, Some("127.0.0.9")), None), Ok(Some(address("127.0.0.9"))));
        assert_eq!(bind(&place(true, None), Some(address("::1"))), Ok(Some(address("0.0.0.0"))));
        assert_eq!(bind(&place(false, None), None), Ok(Some(address("::"))));
        assert!(bind(&place(false, Some("127.0.0.9")), None).is_err_and(|words| words.contains("-6")));
    }

    #[test]
    fn an_address_to_connect_to_is_of_the_family_asked_for() {
        let fits = |host: &str, v6: bool| {
            let target = Target::new("x", Endpoint::Tcp { host: host.to_owned(), port: 25 });
            fits_family(&target, &Place { v4: !v6, v6, ..Place::default() })
        };
        assert!(fits("127.0.0.1", true).is_err_and(|words| words.contains("leave -6 out")));
        assert!(fits("::1", false).is_err_and(|words| words.contains("leave -4 out")));
        assert!(fits("127.0.0.1", false).is_ok() && fits("::1", true).is_ok() && fits("mx.example", true).is_ok());
    }

    #[test]
    fn a_list_of_no_mechanism_is_none() {
        for given in ["", " , "] {
            let login = Login { auth: Some(Some(given.to_owned())), ..Login::default() };
            assert!(mechanisms(&login).is_err_and(|words| words.contains("is empty")), "{given}");
        }
        assert_eq!(mechanisms(&Login { auth: Some(None), ..Login::default() }), Ok((Vec::new(), None)));
    }

    #[test]
    fn a_port_is_taken_or_refused_in_words() {
        let after = |endpoint, port| {
            let mut target = Target::new("x", endpoint);
            set_port(&mut target, Some(port), "--port").map(|()| target.endpoint.to_string())
        };
        let host = Endpoint::Tcp { host: "mx".into(), port: 25 };
        assert_eq!(after(host, 26).as_deref(), Ok("mx:26"));
        assert_eq!(after(Endpoint::Mx("noddy.com".into()), 25).as_deref(), Ok("mx:noddy.com"));
        let words = after(Endpoint::Mx("noddy.com".into()), 26).expect_err("no port");
        assert!(words.contains("--server HOST:26") && words.contains("noddy.com"), "{words}");
        let words = after(Endpoint::Lab("default".into()), 26).expect_err("no port");
        assert!(words.contains("leave --port out"), "{words}");
    }

    #[test]
    fn another_user_is_not_given_the_password_that_is_kept() {
        let nowhere = || std::path::PathBuf::from("/nonexistent");
        let directories = crate::world::Directories { config: nowhere(), data: nowhere(), state: nowhere() };
        let world = World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1);
        let mut target = Target::new("mx", Endpoint::Tcp { host: "mx".into(), port: 25 });
        target.auth = Some(Auth::new("dude", SecretSource::Environment("KEPT".into())));
        let source = |user: &str| {
            let login = Login { auth_user: Some(user.into()), ..Login::default() };
            who(&target, &login, false, &[], &world).expect("somebody").expect("a login").password
        };
        assert!(matches!(source("dude"), SecretSource::Environment(_)));
        assert!(matches!(source("other"), SecretSource::Prompt));
    }

    #[test]
    fn somebody_acts_for_another_where_the_mechanism_has_a_place_for_it() {
        let takes = |mechanisms: &[&str]| {
            takes_identity("boss", &mechanisms.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(takes(&[]), Ok(()));
        assert_eq!(takes(&["LOGIN", "PLAIN"]), Ok(()));
        assert!(takes(&["LOGIN", "CRAM-MD5"]).expect_err("neither").contains("LOGIN has no place"));
        assert!(takes_identity("a\rb", &[]).is_err());
    }

    #[test]
    fn a_slash_divides_host_and_port() {
        for (text, want) in [("mx/26", "mx:26"), ("::1/26", "[::1]:26"), ("mx:26", "mx:26"), ("smtp://mx", "smtp://mx")]
        {
            assert_eq!(with_slash(text), want);
        }
    }
}
