//! Whether an assertion holds, and how things are where it does not.

use std::cmp::Ordering;
use std::time::Duration;

use crate::profile::duration;
use crate::smtp::escape;

use super::{Compare, Facts, TlsFacts, What, version};

pub(super) fn holds(what: &What, facts: &Facts) -> Result<(), String> {
    let is = |holds: bool, otherwise: &dyn Fn() -> String| if holds { Ok(()) } else { Err(otherwise()) };
    match what {
        What::Not(inner) => match holds(inner, facts) {
            Ok(()) => Err("it does".to_owned()),
            Err(_) => Ok(()),
        },
        What::Latency(compare, limit) => {
            let latency = facts.latency.ok_or("nothing was answered yet")?;
            let have = Duration::from_micros(latency.0);
            is(compare.holds(have.cmp(limit)), &|| format!("it was {}", duration::words(have)))
        }
        What::Capability(keyword, parameters) => {
            let offered = facts.session.capabilities.list.iter().filter(|c| c.is(keyword));
            let mut have: Vec<&str> = Vec::new();
            let mut found = false;
            for capability in offered {
                found = true;
                have.extend(capability.parameters.iter().map(String::as_str));
            }
            is(found, &|| "the server did not offer it".to_owned())?;
            let missing = parameters.iter().find(|want| !have.iter().any(|have| have.eq_ignore_ascii_case(want)));
            is(missing.is_none(), &|| {
                format!("it was offered as {keyword} {}", escape::for_screen(have.join(" ").as_bytes()))
            })
        }
        What::Size(compare, limit) => {
            let size = facts.session.capabilities.get("SIZE").ok_or("the server did not offer SIZE")?;
            let number = size.parameters.first().map(|n| n.parse::<u64>());
            match number {
                // RFC 1870 3: 0 is no fixed limit.
                Some(Ok(0)) => is(compare.holds(Ordering::Greater), &|| "the server sets no limit".to_owned()),
                Some(Ok(have)) => is(compare.holds(have.cmp(limit)), &|| format!("it is {have}")),
                _ => Err("the server gave no size".to_owned()),
            }
        }
        What::Text(want) => {
            let text = facts.text.as_ref().ok_or("nothing was answered yet")?;
            is(text.contains(want), &|| format!("it is \"{}\"", escape::for_screen(text.replace('\n', " ").as_bytes())))
        }
        What::Phase(compare, want) => {
            let phase = facts.session.phase();
            is((*compare == Compare::Equal) == (phase == *want), &|| format!("it is {}", phase.name()))
        }
        What::Accepted(compare, want) => {
            is(compare.holds(facts.accepted.cmp(want)), &|| format!("it is {}", facts.accepted))
        }
        What::Closed => is(facts.closed, &|| "the connection is open".to_owned()),
        What::Tls | What::TlsVersion(..) | What::TlsVerified | What::CertificateDays(..) | What::CertificateName(_) => {
            tls_holds(what, facts.tls.as_ref().ok_or("the line is not encrypted")?)
        }
    }
}

fn tls_holds(what: &What, tls: &TlsFacts) -> Result<(), String> {
    let is = |holds: bool, otherwise: &dyn Fn() -> String| if holds { Ok(()) } else { Err(otherwise()) };
    match what {
        What::TlsVersion(compare, want) => {
            let have = version(&tls.version).ok_or("the version was not seen")?;
            is(compare.holds(have.cmp(want)), &|| format!("it is {}.{}", have.0, have.1))
        }
        What::TlsVerified => is(tls.verified, &|| "the certificate was not verified".to_owned()),
        What::CertificateDays(compare, want) => {
            let days = tls.days.ok_or("no certificate was seen")?;
            is(compare.holds(days.cmp(want)), &|| format!("it is {days}"))
        }
        What::CertificateName(want) => {
            is(tls.names.iter().any(|name| covers(name, want)), &|| match tls.names.as_slice() {
                [] => "the certificate names no host".to_owned(),
                names => format!("the certificate is for {}", escape::for_screen(names.join(", ").as_bytes())),
            })
        }
        _ => Ok(()),
    }
}

/// Whether a name in a certificate stands for a host (RFC 6125 6.4.3: a star is one whole label on the left).
fn covers(name: &str, host: &str) -> bool {
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    match (name.strip_prefix("*."), host.split_once('.')) {
        (Some(rest), Some((label, parent))) => !label.is_empty() && rest.eq_ignore_ascii_case(parent),
        _ => false,
    }
}
