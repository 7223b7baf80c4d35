//! What is worth knowing beside the explanation: flaws of the reply, contradictions between its codes, and causes that
//! the conversation itself shows.

use crate::smtp::{Class, EnhancedCode, Phase, Reply, ReplyCode, Verb};

use super::explain::Layers;
use super::{Asked, Context};

/// The categories that are told apart by the words as well as by the enhanced code.
const TOLD: &[&str] = &[
    "mailbox-unknown",
    "mailbox-disabled",
    "mailbox-full",
    "mailbox-moved",
    "domain-unknown",
    "too-large",
    "relay-denied",
    "greylisted",
    "spam",
    "malware",
];

/// The flaws of a reply and of its lines, in words, each once.
pub(super) fn flaws(reply: &Reply, notes: &mut Vec<String>) {
    for flaw in reply.flaws.iter().chain(reply.lines.iter().flat_map(|line| &line.flaws)) {
        let note = format!("Not as the protocol has it: {}.", flaw.words());
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
}

/// What is worth knowing beside the explanation: what does not go together, and what this moment makes doubtful.
pub(super) fn beside(
    layers: &Layers<'_>,
    code: Option<ReplyCode>,
    enhanced: Option<EnhancedCode>,
    normal: &str,
    context: &Context,
) -> Vec<String> {
    let category = layers.category.map_or("", |c| c.name.as_str());
    let mut notes = contradictions(code, enhanced, category, context);
    notes.extend(words_against_codes(layers, code, enhanced, normal, category));
    notes.extend(words_against_the_moment(layers, context));
    notes.extend(accepted_from_outside(code, context));
    notes.extend(passed_a_relay_test(category, code, context));
    notes
}

/// A stranger's mail for somewhere else is refused: whoever tests for an open relay has the answer.
fn passed_a_relay_test(category: &str, code: Option<ReplyCode>, context: &Context) -> Option<String> {
    let refused = category == "relay-denied" && code.is_some_and(|code| code.class() == Class::Permanent);
    let asked = context.asked.is_none_or(|asked| asked == Asked::Verb(Verb::Rcpt));
    // Somebody who has logged in did not ask as a stranger.
    let stranger = context.authenticated != Some(true);
    (refused && asked && stranger).then(|| "In a relay test this is the answer that you want.".to_owned())
}

/// The words ask for what is there already.
fn words_against_the_moment(layers: &Layers<'_>, context: &Context) -> Option<String> {
    // A code asks as well as words do.
    let code = layers.code.filter(|entry| entry.code == 530).map(|entry| entry.category.as_str());
    let asks = layers.overruled.map(|entry| entry.category.as_str()).or(code);
    let note = match asks? {
        "tls-required" if context.tls == Some(true) => {
            "The words ask for TLS, and the line is encrypted already: the server may want a newer version, a certificate \
             of yours or another way on from here, or something before it ends TLS and it can't see that."
        }
        "auth-required" if context.authenticated == Some(true) => {
            "The server asks for a log-in, and you are logged in already: it may want another account for this \
             sender or recipient, or has forgotten you."
        }
        _ => return None,
    };
    Some(note.to_owned())
}

/// The words say later where the code says never, or the other way round; or the words and an enhanced code that is
/// mostly honest name different things.
fn words_against_codes(
    layers: &Layers<'_>,
    code: Option<ReplyCode>,
    enhanced: Option<EnhancedCode>,
    normal: &str,
    category: &str,
) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(code) = code else { return notes };
    let later = ["again later", "try later", "try again", "retry later", "retry in", "later on", "come back"];
    let says_later = later.iter().any(|words| normal.contains(words));
    if code.class() == Class::Permanent && says_later && category != "greylisted" {
        notes.push(format!("The words ask you to try later, {code} says never: most senders give up at once."));
    }
    if code.class() == Class::Transient && layers.text.is_some_and(|entry| entry.retry == Some(false)) {
        notes.push(format!("{code} says later, the words say never: trying again does not help."));
    }
    if let (Some(text), Some(entry), Some(enhanced)) = (layers.text, layers.enhanced, enhanced)
        && !entry.vague
        && text.category != entry.category
        && TOLD.contains(&text.category.as_str())
        && TOLD.contains(&entry.category.as_str())
    {
        notes.push(format!(
            "{enhanced} stands for another thing ({}): the words and the code do not agree, and the words are the surer of the two.",
            entry.title.to_lowercase()
        ));
    }
    notes
}

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
fn accepted_from_outside(code: Option<ReplyCode>, context: &Context) -> Option<String> {
    let accepted = code.is_some_and(|code| code.class() == Class::Success);
    if !accepted || context.asked != Some(Asked::Verb(Verb::Rcpt)) || context.authenticated != Some(false) {
        return None;
    }
    let (_, domain) = context.rcpt.as_deref()?.rsplit_once('@')?;
    let server = context.server.as_deref()?;
    let (domain, host) = (domain.to_ascii_lowercase(), server.trim_end_matches('.').to_ascii_lowercase());
    let explained = context.at_its_mx || context.refuses_relay || serves_many(&host);
    if explained || !host.contains('.') || kin(&domain, &host) {
        return None;
    }
    Some(format!(
        "{domain} does not look like a domain of {server}, and you have not logged in. If {server} is its MX, all is well; \
         if not, this is an open relay, or a server that accepts every name and sends a bounce later."
    ))
}

/// Whether a host is one that takes mail for many domains.
fn serves_many(host: &str) -> bool {
    HOSTS_OF_MANY
        .iter()
        .any(|end| host.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

/// Whether a domain and a host name end in the same two labels.
fn kin(domain: &str, host: &str) -> bool {
    let tail = |name: &str| {
        let mut labels: Vec<&str> = name.rsplit('.').take(2).collect();
        labels.reverse();
        labels.join(".")
    };
    tail(domain) == tail(host)
}

/// The category of a reply whose words and enhanced code say nothing, where the moment tells it.
pub(super) fn by_the_moment(layers: &Layers<'_>, context: &Context) -> Option<&'static str> {
    let code = layers.code?.code;
    // A server that hangs up with 4.4.2 means the silence on this line, not one on the way.
    if code == 421 && context.asked.is_some() && layers.enhanced.is_some_and(|entry| entry.code == "X.4.2") {
        return Some("service-unavailable");
    }
    let vague = layers.enhanced.is_none_or(|entry| entry.vague);
    if !vague || code != 530 || matches!(context.asked, Some(Asked::Verb(Verb::Auth))) {
        return None;
    }
    // Before a log-in is offered at all, the server can only want encryption.
    let only_tls =
        context.tls == Some(false) && context.offers("STARTTLS") == Some(true) && context.offers("AUTH") == Some(false);
    match (only_tls, context.tls) {
        (true, _) => Some("tls-required"),
        (false, Some(true)) if context.authenticated != Some(true) => Some("auth-required"),
        _ => None,
    }
}

/// Which command is missing, where a command came out of order and the state of the session shows it.
pub(super) fn missing(layers: &Layers<'_>, context: &Context) -> Option<&'static str> {
    let out_of_order = layers.category.is_some_and(|category| category.name == "bad-sequence")
        && layers.code.is_some_and(|code| code.code == 503);
    if !out_of_order {
        return None;
    }
    let Some(Asked::Verb(verb)) = context.asked else { return None };
    match (verb, context.before?) {
        (Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Bdat | Verb::Auth | Verb::Starttls, Phase::Greeted) => {
            Some(if context.lmtp { "LHLO has to come first" } else { "EHLO has to come first" })
        }
        (Verb::Rcpt | Verb::Data | Verb::Bdat, Phase::Ready) => Some("MAIL has to come first"),
        (Verb::Data | Verb::Bdat, Phase::Mail) => Some("RCPT has to come first"),
        (Verb::Mail, Phase::Mail | Phase::Rcpt) => Some("A mail transaction is open already"),
        (Verb::Auth | Verb::Starttls, Phase::Mail | Phase::Rcpt) => Some("The open mail transaction has to end first"),
        (Verb::Auth, Phase::Ready) if context.authenticated == Some(true) => Some("You are logged in already"),
        _ => None,
    }
}

/// What does not go together in a reply.
fn contradictions(
    code: Option<ReplyCode>,
    enhanced: Option<EnhancedCode>,
    category: &str,
    context: &Context,
) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(code) = code else { return notes };
    let class = code.class();
    let first = code.number() / 100;
    if let Some(enhanced) = enhanced.filter(|enhanced| u16::from(enhanced.class) != first) {
        notes.push(match class {
            Class::Intermediate => {
                format!("{code} and {enhanced} don't go together: a reply that asks for more carries no enhanced code.")
            }
            _ => format!(
                "{code} says {}, {enhanced} says {}: the two contradict each other. A client goes by {code}.",
                in_a_word(first),
                in_a_word(u16::from(enhanced.class))
            ),
        });
    }
    if class == Class::Permanent && category == "greylisted" {
        notes.push(
            "The words ask you to come back later, the code says never: most senders will give up at once.".to_owned(),
        );
    }
    if class == Class::Intermediate && matches!(context.asked, Some(asked) if !may_ask_for_more(asked)) {
        notes.push(format!("{code} asks for more, but nothing more follows on this command."));
    }
    notes
}

fn may_ask_for_more(asked: Asked) -> bool {
    matches!(
        asked,
        Asked::Verb(Verb::Data | Verb::Auth | Verb::Other | Verb::Mail) | Asked::AuthAnswer | Asked::EndOfData
    )
}

fn in_a_word(class: u16) -> &'static str {
    match class {
        2 => "done",
        4 => "try later",
        5 => "never",
        _ => "nothing that SMTP knows",
    }
}

/// Causes that this conversation shows: those that come before what holds in general, and those that come after it.
pub(super) fn causes(layers: &Layers<'_>, context: &Context) -> (Vec<String>, Vec<String>) {
    let category = layers.category.map_or("", |c| c.name.as_str());
    let (mut causes, mut late) = (Vec::new(), Vec::new());
    match category {
        "bad-sequence" => causes.extend(context.objection.as_deref().map(|why| why.trim_end_matches('.').to_owned())),
        "not-implemented" | "syntax" => {
            if context.asked == Some(Asked::Verb(Verb::Other)) {
                causes.push(
                    "The verb is not one that this server knows: a typing error, or a verb of another server"
                        .to_owned(),
                );
            }
            causes.extend(context.objection.clone().filter(|reason| reason.contains("offer")));
        }
        "relay-denied" => {
            let parts = context.rcpt.as_deref().and_then(|rcpt| rcpt.rsplit_once('@'));
            if let Some((local, domain)) = parts.filter(|(local, _)| local.contains(['%', '!', '@'])) {
                causes.push(format!("{local} asks {domain} to pass the message on to somewhere else"));
            } else if let Some((_, domain)) = parts {
                let login = match context.authenticated {
                    Some(false) => ", and you have not logged in",
                    Some(true) => ", and your log-in does not allow it",
                    None => "",
                };
                causes.push(format!("{domain} is not this server's domain{login}"));
            }
        }
        "auth-failed" => {
            let code = layers.code.map(|code| code.code);
            if code != Some(501) {
                causes.extend(log_in(context));
            }
            // A server that wants TLS first has 530 and 538 to say so; 535 is about the credentials (RFC 4954 6), and 501
            // about how the answer is written.
            match code {
                Some(501) => {}
                Some(535) => late.extend(in_clear(context)),
                _ => causes.extend(in_clear(context)),
            }
        }
        "too-large" => causes.extend(sizes(context)),
        "service-unavailable" if layers.code.is_some_and(|code| code.code == 421) => causes.extend(idle(context)),
        _ => {}
    }
    (causes, late)
}

/// How long the line was silent before the server hung up.
fn idle(context: &Context) -> Option<String> {
    let seconds = context.idle?.as_secs();
    let words = match seconds {
        0..30 => return None,
        30..120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds / 60),
    };
    Some(format!("Nothing was said for {words} before it: the server waits no longer than that"))
}

/// What the sizes of this transaction show: what was announced or sent beside what the server takes.
fn sizes(context: &Context) -> Option<String> {
    let limit = context.size_limit.filter(|limit| *limit > 0);
    let greeted = context.capabilities.is_some();
    let (size, was) = match (context.content_octets, context.declared_size) {
        (Some(sent), None) => (sent, format!("{sent} octets were sent")),
        (Some(sent), Some(declared)) if declared == sent => (sent, format!("{sent} octets were sent, as announced")),
        (Some(sent), Some(declared)) => (sent, format!("{sent} octets were sent (SIZE={declared} was announced)")),
        (None, Some(declared)) => (declared, format!("SIZE={declared} was announced")),
        (None, None) => return limit.map(|limit| format!("The server takes {limit} octets (SIZE in its offer)")),
    };
    Some(match limit {
        Some(limit) if size > limit => format!("{was}, and the server takes {limit} (SIZE in its offer)"),
        Some(limit) => format!(
            "{was}, within the server's {limit} (SIZE in its offer): the limit is another one, of the recipient or of a \
             rule"
        ),
        None if greeted => format!("{was}; the server's offer names no limit (SIZE)"),
        None => format!("{was}; EHLO shows the server's limit (SIZE)"),
    })
}

/// What a line in clear text has to do with a log-in that failed.
fn in_clear(context: &Context) -> Option<String> {
    let mechanism = context.mechanism.as_deref().filter(|m| matches!(*m, "PLAIN" | "LOGIN"))?;
    let offered = context.mechanisms.iter().any(|offered| offered.eq_ignore_ascii_case(mechanism));
    match (context.tls?, offered) {
        (true, _) => None,
        (false, true) => {
            Some(format!("The line is not encrypted, and this server may not take {mechanism} without TLS"))
        }
        (false, false) => Some(format!("The line is not encrypted, and this server did not offer {mechanism} on it")),
    }
}

/// Why a log-in fails, by its mechanism.
fn log_in(context: &Context) -> Vec<String> {
    let mut causes = Vec::new();
    let Some(mechanism) = context.mechanism.as_deref() else { return causes };
    let offered = context.mechanisms.iter().any(|offered| offered.eq_ignore_ascii_case(mechanism));
    match mechanism {
        "CRAM-MD5" | "DIGEST-MD5" => causes.push(format!(
            "{mechanism} works only where the server keeps the password in a readable form; try PLAIN on an encrypted line"
        )),
        "XOAUTH2" | "OAUTHBEARER" => {
            causes.push("The token has expired, or was not made for sending mail".to_owned());
            causes.push("The token belongs to another user than the one named".to_owned());
        }
        _ if !offered && !context.mechanisms.is_empty() => {
            causes.push(format!("{mechanism} is not one of the mechanisms that the server offers"));
        }
        _ => {}
    }
    causes
}
