//! `[network]` and `[xclient]`: how the server is reached, how long anything may take, and for whom it is said to be.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use serde::Deserialize;
use toml::Spanned;

use super::super::nearest;
use super::super::route::{Announcement, Proxy, Version, address};
use super::super::{Endpoint, SecretSource, Target};
use super::login::secret_source;
use super::{ProfileError, Source};
use crate::smtp::escape::for_screen;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Network {
    family: Option<FamilyName>,
    bind: Option<Spanned<String>>,
    pub(super) pipe: Option<Spanned<String>>,
    proxy: Option<Spanned<String>>,
    proxy_password: Option<Spanned<toml::Value>>,
    proxy_protocol: Option<Spanned<u8>>,
    proxy_source: Option<Spanned<String>>,
    proxy_destination: Option<Spanned<String>>,
    connect_timeout: Option<Spanned<String>>,
    reply_timeout: Option<Spanned<String>>,
    total_timeout: Option<Spanned<String>>,
    keep_alive: Option<Spanned<String>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum FamilyName {
    Any,
    Ipv4,
    Ipv6,
}

/// The table `[xclient]` as it stands there.
pub(super) type XClient = BTreeMap<Spanned<String>, Spanned<toml::Value>>;

/// What XCLIENT can say, in the order in which it is sent (Postfix, `XCLIENT_README`).
const ATTRIBUTES: [&str; 9] =
    ["name", "reverse_name", "addr", "port", "proto", "helo", "login", "destaddr", "destport"];

/// Puts what `[network]` says into a target.
pub(super) fn take(source: &Source<'_>, network: &Network, target: &mut Target) -> Result<(), ProfileError> {
    target.connect_timeout = source.milliseconds(network.connect_timeout.as_ref())?;
    target.reply_timeout = source.milliseconds(network.reply_timeout.as_ref())?;
    target.total_timeout = positive(source, network.total_timeout.as_ref())?;
    target.keep_alive = positive(source, network.keep_alive.as_ref())?;
    target.bind = bind(source, network)?;
    target.proxy = proxy(source, network, &target.endpoint)?;
    target.announcement = announcement(source, network)?;
    Ok(())
}

/// A duration that is not nothing.
fn positive(source: &Source<'_>, text: Option<&Spanned<String>>) -> Result<Option<u64>, ProfileError> {
    match (source.milliseconds(text)?, text) {
        (Some(0), Some(text)) => Err(source.error(text.span().start, "0 is no time; take the key out for no limit")),
        (given, _) => Ok(given),
    }
}

fn bind(source: &Source<'_>, network: &Network) -> Result<Option<IpAddr>, ProfileError> {
    let given = match &network.bind {
        None => None,
        Some(text) => Some((
            text.get_ref().parse::<IpAddr>().map_err(|_| {
                source.error(text.span().start, "`bind` is an address of this machine, such as \"127.0.0.1\"")
            })?,
            text.span().start,
        )),
    };
    // An unspecified address of a family leaves the choice to the system and keeps to the family.
    match (network.family.unwrap_or(FamilyName::Any), given) {
        (FamilyName::Any, given) => Ok(given.map(|(ip, _)| ip)),
        (FamilyName::Ipv4, None) => Ok(Some(std::net::Ipv4Addr::UNSPECIFIED.into())),
        (FamilyName::Ipv6, None) => Ok(Some(std::net::Ipv6Addr::UNSPECIFIED.into())),
        (FamilyName::Ipv4, Some((ip, _))) if ip.is_ipv4() => Ok(Some(ip)),
        (FamilyName::Ipv6, Some((ip, _))) if ip.is_ipv6() => Ok(Some(ip)),
        (_, Some((_, at))) => Err(source.error(at, "`bind` is not of the `family` that is asked for")),
    }
}

fn proxy(source: &Source<'_>, network: &Network, endpoint: &Endpoint) -> Result<Option<Proxy>, ProfileError> {
    let Some(text) = &network.proxy else {
        return match &network.proxy_password {
            None => Ok(None),
            Some(alone) => {
                Err(source.error(alone.span().start, "`proxy_password` needs `proxy`, with the user's name in it"))
            }
        };
    };
    let error = |what: String| source.error(text.span().start, what);
    let mut proxy = Proxy::parse(text.get_ref()).map_err(|problem| error(problem.to_string()))?;
    if !matches!(endpoint, Endpoint::Tcp { .. } | Endpoint::Mx(_)) {
        return Err(error("a proxy leads to a host; a socket, a command or the lab is reached without one".to_owned()));
    }
    match (&network.proxy_password, &proxy.user) {
        (None, None) => {}
        (Some(password), None) => {
            let words = "the password is whose? Write the user into `proxy`: \"socks5://user@host\"";
            return Err(source.error(password.span().start, words));
        }
        (None, Some(_)) => {
            return Err(error(
                "`proxy` names a user; say where the password comes from: `proxy_password = { env = \"NAME\" }` or \
                 `{ command = \"pass show proxy\" }`"
                    .to_owned(),
            ));
        }
        (Some(password), Some(user)) => {
            let owner = (proxy.host.clone(), user.clone());
            proxy.password = Some(proxy_password(source, password, owner)?);
        }
    }
    Ok(Some(proxy))
}

/// Nobody is asked while a connection is being made.
fn proxy_password(
    source: &Source<'_>,
    password: &Spanned<toml::Value>,
    owner: (String, String),
) -> Result<SecretSource, ProfileError> {
    match secret_source(source, password, "proxy_password", owner)? {
        SecretSource::Prompt => Err(source.error(
            password.span().start,
            "nobody is asked for a proxy's password; write `{ env = \"NAME\" }` or `{ command = \"...\" }`",
        )),
        known => Ok(known),
    }
}

fn announcement(source: &Source<'_>, network: &Network) -> Result<Option<Announcement>, ProfileError> {
    let given = [(&network.proxy_source, "proxy_source"), (&network.proxy_destination, "proxy_destination")];
    let Some(version) = &network.proxy_protocol else {
        return match given.iter().find_map(|(text, key)| Some((text.as_ref()?, key))) {
            None => Ok(None),
            Some((alone, key)) => {
                Err(source.error(alone.span().start, format!("`{key}` needs `proxy_protocol = 1` or 2")))
            }
        };
    };
    let known = match version.get_ref() {
        1 => Version::One,
        2 => Version::Two,
        _ => return Err(source.error(version.span().start, "the PROXY protocol has the versions 1 and 2")),
    };
    let [from, to] = given.map(|(text, key)| match text {
        None => Ok(None),
        Some(text) => address(text.get_ref(), 25).map(Some).ok_or_else(|| {
            source.error(text.span().start, format!("`{key}` is an address, such as \"192.0.2.1\" or \"[::1]:4711\""))
        }),
    });
    let (from, to) = (from?, to?);
    if let (Some(from), Some(to)) = (from, to)
        && from.is_ipv4() != to.is_ipv4()
    {
        let words = "`proxy_source` and `proxy_destination` are of one family: both IPv4 or both IPv6";
        return Err(source.error(version.span().start, words));
    }
    Ok(Some(Announcement { version: known, source: from, destination: to }))
}

/// The attributes of XCLIENT with their values, in the order in which they are sent.
pub(super) fn xclient(source: &Source<'_>, table: &XClient) -> Result<Vec<(String, String)>, ProfileError> {
    let mut found = Vec::new();
    for (key, value) in table {
        let place = ATTRIBUTES.iter().position(|known| known == key.get_ref());
        let Some(place) = place else {
            let unknown = for_screen(key.get_ref().as_bytes());
            let near = nearest(key.get_ref(), ATTRIBUTES).map_or_else(
                || format!("{} are", ATTRIBUTES.join(", ")),
                |known| format!("`{known}` is the nearest that is"),
            );
            return Err(source.error(key.span().start, format!("`{unknown}` is not an attribute of XCLIENT; {near}")));
        };
        let error = |what: &str| source.error(value.span().start, what);
        let text = match value.get_ref() {
            toml::Value::String(text) if !text.is_empty() && text.len() <= 255 => text.clone(),
            toml::Value::Integer(port @ 1..=65535) if key.get_ref().ends_with("port") => port.to_string(),
            _ => return Err(error("an attribute of XCLIENT is a text of 1 to 255 octets, a port also a number")),
        };
        found.push((place, key.get_ref().to_ascii_uppercase(), postfix(key.get_ref(), text)));
    }
    found.sort();
    Ok(found.into_iter().map(|(_, name, value)| (name, value)).collect())
}

/// As Postfix wants it: an IPv6 address with its prefix.
fn postfix(key: &str, text: String) -> String {
    let is_v6 = key.ends_with("addr") && text.parse::<Ipv6Addr>().is_ok();
    if is_v6 { format!("IPV6:{text}") } else { text }
}
