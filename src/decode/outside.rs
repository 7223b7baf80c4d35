//! Recipients of somewhere else that are accepted from somebody who has not logged in: a sign of an open relay.

use super::{Asked, Context};
use crate::smtp::{ReplyCode, Verb};

/// Ends of the names of hosts that take mail for many domains which are not their own: that a name differs says nothing
/// there.
const HOSTS_OF_MANY: &[&str] = &[
    "google.com",
    "googlemail.com",
    "outlook.com",
    "yahoodns.net",
    "icloud.com",
    "mimecast.com",
    "pphosted.com",
    "ppe-hosted.com",
    "messagelabs.com",
    "barracudanetworks.com",
    "iphmx.com",
    "hydra.sophos.com",
    "trendmicro.com",
    "trendmicro.eu",
    "hornetsecurity.com",
    "antispameurope.com",
    "zoho.com",
    "zoho.eu",
    "yandex.net",
    "yandex.ru",
    "mail.ru",
    "qq.com",
    "messagingengine.com",
    "protonmail.ch",
    "kundenserver.de",
    "ionos.com",
    "ionos.de",
    "1and1.com",
    "ovh.net",
    "gandi.net",
    "one.com",
    "secureserver.net",
    "emailsrvr.com",
    "registrar-servers.com",
    "hostinger.com",
    "dreamhost.com",
    "strato.de",
    "rzone.de",
    "infomaniak.ch",
    "mailgun.org",
    "amazonaws.com",
    "forwardemail.net",
    "mxroute.com",
    "migadu.com",
    "mailspamprotection.com",
    "antispamcloud.com",
    "mxlogic.net",
    "fireeyecloud.com",
];

/// A recipient of a domain that does not look like the server's was accepted from somebody who has not logged in.
///
/// Said only where nothing in this conversation explains it: not at the domain's own MX, not at a host that is known to
/// take mail for many domains, and not where the same server has just refused to relay to somebody else.
pub(super) fn accepted(code: Option<ReplyCode>, context: &Context) -> Option<String> {
    let accepted = code.is_some_and(|code| matches!(code.number(), 250..=252));
    if !accepted || context.asked != Some(Asked::Verb(Verb::Rcpt)) || context.authenticated != Some(false) {
        return None;
    }
    let (local, domain) = context.rcpt.as_deref()?.rsplit_once('@')?;
    let server = context.server.as_deref()?;
    let (domain, host) = (domain.to_ascii_lowercase(), server.trim_end_matches('.').to_ascii_lowercase());
    let explained = context.at_its_mx || context.refuses_relay || serves_many(&host);
    if explained {
        return None;
    }
    if domain.starts_with('[') {
        return Some(format!(
            "{domain} is the address of a host, and you have not logged in. If it is this server's own, all is well; if not, \
             this is an open relay."
        ));
    }
    if local.contains(['%', '!', '@']) {
        return Some(format!(
            "{local} asks {server} to pass the message on to somewhere else, and you have not logged in. If it does, this is an \
             open relay; a server may also have a mailbox of that name, or send a bounce later."
        ));
    }
    if !host.contains('.') {
        // Such a name shows nothing, unless the domain is called after it.
        let unlike = domain.contains('.') && !domain.split('.').any(|label| label == host) && !context.is_in_lab();
        return unlike.then(|| {
            format!(
                "{server} is no full name, so nothing shows whether {domain} is one of its domains, and you have not logged \
                 in. If it is not, this is an open relay, or a server that accepts every name and sends a bounce later."
            )
        });
    }
    (!kin(&domain, &host)).then(|| {
        format!(
            "{domain} does not look like a domain of {server}, and you have not logged in. If {server} is its MX, all is \
             well; if not, this is an open relay, or a server that accepts every name and sends a bounce later."
        )
    })
}

/// Whether a host is one that takes mail for many domains.
fn serves_many(host: &str) -> bool {
    HOSTS_OF_MANY
        .iter()
        .any(|end| host.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

/// Labels below the domain of a country under which anybody may have a name: `co.uk`, `com.au`.
const OPEN_TO_ALL: [&str; 20] = [
    "ac", "co", "com", "edu", "gob", "gouv", "gov", "go", "info", "ltd", "me", "mil", "ne", "net", "nom", "or", "org",
    "plc", "sch", "web",
];

/// Whether a domain and a host name belong to one owner, as far as their last labels show.
fn kin(domain: &str, host: &str) -> bool {
    owned(domain) == owned(host)
}

/// The end of a name that somebody owns: `target.example`, `target.co.uk`.
fn owned(name: &str) -> &str {
    let labels: Vec<&str> = name.rsplit('.').take(3).collect();
    let shared = matches!(labels[..], [country, label, _] if country.len() == 2 && OPEN_TO_ALL.contains(&label));
    let count = if shared { 3 } else { 2 };
    let octets: usize = labels.iter().take(count).map(|label| label.len() + 1).sum();
    &name[name.len().saturating_sub(octets.saturating_sub(1))..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_owner_are_kin() {
        for (domain, host, are) in [
            ("target.example", "mx.target.example", true),
            ("target.example", "target.example", true),
            ("elsewhere.example", "mx.target.example", false),
            ("foo.co.uk", "mx.foo.co.uk", true),
            ("bar.co.uk", "mx.foo.co.uk", false),
            ("bar.com.au", "foo.com.au", false),
            ("mail.foo.de", "mx.foo.de", true),
            ("com", "com", true),
        ] {
            assert_eq!(kin(domain, host), are, "{domain} {host}");
        }
    }

    #[test]
    fn a_strangers_recipient_that_leads_on_is_a_warning() {
        let told_by = |server: &str, rcpt: &str| {
            let context = Context {
                asked: Some(Asked::Verb(Verb::Rcpt)),
                authenticated: Some(false),
                rcpt: Some(rcpt.to_owned()),
                server: Some(server.to_owned()),
                ..Context::default()
            };
            accepted(ReplyCode::new(250), &context).unwrap_or_default()
        };
        let told = |rcpt: &str| told_by("mx.target.local", rcpt);
        assert!(told_by("mx", "x@elsewhere.example").contains("no full name"));
        assert_eq!(told_by("target", "x@target.local") + &told_by("mx", "x@target"), "");
        assert!(told("x%elsewhere.example@target.local").contains("to somewhere else"));
        assert!(
            told("x@[203.0.113.7]").contains("the address of a host") && !told("x@[203.0.113.7]").contains("its MX")
        );
        assert!(told("x@elsewhere.example").contains("an open relay"));
        assert_eq!(told("x@target.local"), "");
    }
}
