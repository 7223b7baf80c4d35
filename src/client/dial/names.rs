//! Names to addresses, and domains to their mail exchangers (RFC 5321 5.1, RFC 7505).

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::world::World;

use super::{Failure, seconds};

/// Where the mail of a domain goes.
pub(super) struct Exchangers {
    /// Preference and host, the one to try first in front.
    pub(super) hosts: Vec<(u16, String)>,
    /// The domain has no MX record, and so is its own exchanger.
    pub(super) implicit: bool,
}

/// The addresses of a host with the port, in the order of the system's resolver.
pub(super) async fn resolve(host: &str, port: u16, world: &World, limit: Duration) -> Result<Vec<SocketAddr>, Failure> {
    let unknown =
        |error: &dyn std::fmt::Display| Failure::new("name", format!("the name {host} can't be resolved: {error}"));
    if let Some(names) = world.names().filter(|_| host.parse::<IpAddr>().is_err()) {
        let found = names.addresses(host).map_err(|error| unknown(&error))?;
        return Ok(found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect());
    }
    let lookup = tokio::time::timeout(limit, tokio::net::lookup_host((host, port))).await;
    let found = lookup
        .map_err(|_| Failure::new("time-out", format!("the name {host} was not resolved within {}", seconds(limit))))?;
    let mut addresses: Vec<SocketAddr> = found.map_err(|error| unknown(&error))?.collect();
    addresses.dedup();
    Ok(addresses)
}

/// The mail exchangers of a domain by preference; the domain itself where it names none.
pub(super) async fn exchangers(domain: &str, world: &World, limit: Duration) -> Result<Exchangers, Failure> {
    let mut hosts = match world.names() {
        Some(names) => names.exchangers(domain).map_err(|error| {
            Failure::new("name", format!("the mail exchangers of {domain} can't be looked up: {error}"))
        })?,
        None => dns::exchangers(domain, limit).await?,
    };
    if hosts.is_empty() {
        return Ok(Exchangers { hosts: vec![(0, domain.to_owned())], implicit: true });
    }
    for (_, host) in &mut hosts {
        host.truncate(host.trim_end_matches('.').len());
    }
    hosts.sort();
    // The null MX counts only where it stands alone (RFC 7505 3).
    let null = |(_, host): &(u16, String)| host.is_empty();
    if hosts.iter().all(null) {
        return Err(Failure::new(
            "name",
            format!("{domain} takes no mail: its MX is the null MX (RFC 7505); there is nothing to connect to"),
        ));
    }
    hosts.retain(|host| !null(host));
    Ok(Exchangers { hosts, implicit: false })
}

/// What is odd about the name of an exchanger, where something is: it must be a host with addresses of its own.
pub(super) async fn oddity(host: &str, world: &World, limit: Duration) -> Option<String> {
    if host.parse::<IpAddr>().is_ok() {
        return Some(format!(
            "the MX record names the address {host}; it must name a host (RFC 5321 5.1), and most senders refuse it"
        ));
    }
    let alias = match world.names() {
        Some(names) => names.alias(host),
        None => dns::alias(host, limit).await,
    }?;
    Some(format!(
        "the mail exchanger {host} is an alias (CNAME) of {alias}; an MX must not name one (RFC 2181 10.3), and some \
         senders refuse it"
    ))
}

#[cfg(feature = "mx")]
mod dns {
    use std::time::Duration;

    use hickory_resolver::TokioResolver;
    use hickory_resolver::proto::rr::{RData, RecordType};

    use super::Failure;

    fn resolver() -> Result<TokioResolver, Failure> {
        TokioResolver::builder_tokio()
            .and_then(hickory_resolver::ResolverBuilder::build)
            .map_err(|error| Failure::new("name", format!("the system's DNS settings can't be used: {error}")))
    }

    /// The MX records of a domain; none where there are none.
    pub(super) async fn exchangers(domain: &str, limit: Duration) -> Result<Vec<(u16, String)>, Failure> {
        let lookup = tokio::time::timeout(limit, resolver()?.mx_lookup(format!("{domain}."))).await;
        let found = match lookup.map_err(|_| Failure::new("time-out", format!("no MX answer for {domain}")))? {
            Ok(found) => found,
            Err(error) if error.is_nx_domain() => {
                return Err(Failure::new("name", format!("the domain {domain} does not exist; is it written right?")));
            }
            // No MX record: the domain itself is the exchanger (RFC 5321 5.1).
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(error) => {
                let words = format!("the mail exchangers of {domain} can't be looked up: {error}");
                return Err(Failure::new("name", words));
            }
        };
        let records = found.answers().iter().filter_map(|record| match &record.data {
            RData::MX(mx) => Some((mx.preference, mx.exchange.to_utf8())),
            _ => None,
        });
        Ok(records.collect())
    }

    /// The CNAME of a host; none too where nothing could be learnt.
    pub(super) async fn alias(host: &str, limit: Duration) -> Option<String> {
        let resolver = resolver().ok()?;
        let lookup = tokio::time::timeout(limit, resolver.lookup(format!("{host}."), RecordType::CNAME));
        let found = lookup.await.ok()?.ok()?;
        found.answers().iter().find_map(|record| match &record.data {
            RData::CNAME(name) => Some(name.0.to_utf8().trim_end_matches('.').to_owned()),
            _ => None,
        })
    }
}

#[cfg(not(feature = "mx"))]
mod dns {
    use std::time::Duration;

    use super::Failure;

    pub(super) async fn exchangers(domain: &str, _: Duration) -> Result<Vec<(u16, String)>, Failure> {
        std::future::ready(Err(Failure::new(
            "name",
            format!("this ehlo was built without MX lookups; name a mail exchanger of {domain} instead"),
        )))
        .await
    }

    pub(super) async fn alias(_: &str, _: Duration) -> Option<String> {
        std::future::ready(None).await
    }
}
