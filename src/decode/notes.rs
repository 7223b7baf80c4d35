//! What is worth knowing beside the explanation: flaws of the reply, contradictions between its codes, and causes that
//! the conversation itself shows.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use crate::smtp::{Class, EnhancedCode, Phase, Reply, ReplyCode, Verb};

use super::cause::{Cause, Claim};
use super::entry::{EnhancedEntry, ReplyEntry};
use super::explain::{Layers, class_of, small};
use super::{Asked, Book, Context, outside};

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
    (code, enhanced): (Option<ReplyCode>, Option<EnhancedCode>),
    retry: Option<bool>,
    normal: &str,
    context: &Context,
    book: &Book,
) -> Vec<String> {
    let category = layers.category.map_or("", |c| c.name.as_str());
    let mut notes = contradictions(code, enhanced, category);
    notes.extend(layers.text.and_then(|entry| entry.note.clone()));
    notes.extend(against_the_code((code, enhanced), retry, normal, category));
    notes.extend(words_against_codes(layers, enhanced, book));
    notes.extend(words_against_the_moment(layers, context));
    notes.extend(outside::accepted(code, context));
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

/// Words that ask to come back. "Mend that, and then try again" does not.
static LATER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\b(again|retry|try|resend|come back|check back|wait)\b[^.;:]{0,20}\b(later|tomorrow|soon|after some ?time|in (about |another |a |an |one |some |the |few |\d))",
        r"|\bwait (for )?(an?|one|some|a few|\d+) |\blater on\b|\bcome back\b|(\bplease|,) (re-?)?try (it )?again ?[.!]?$",
    ))
    .expect("it is well formed")
});

/// Words that rule out another try.
static NEVER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\bpermanently( \w+)? (reject|block|ban|refus|deferr|deni|disabl|list|suspend|unavailable|remov|delet|clos)",
        r"|\b(do not|don.t|never|not going to|will not|won.t|stop) (re-?)?(try|send)(ing)?( (it|this|the message|mail))? (again|any ?more)\b",
        r"|\b(do not|don.t|never) (retry|resend)\b|\b(retry|retrying|retries) (is|are|will) (not|never|useless|pointless)",
    ))
    .expect("it is well formed")
});

/// Whether the words of a [normalised](super::normalise) text rule out another try.
pub(super) fn say_never(normal: &str) -> bool {
    NEVER.is_match(normal)
}

/// The code says never where the words, or the kind of refusal, say later; or the other way round.
fn against_the_code(
    (code, enhanced): (Option<ReplyCode>, Option<EnhancedCode>),
    retry: Option<bool>,
    normal: &str,
    category: &str,
) -> Option<String> {
    let never = say_never(normal);
    let class = class_of(code, enhanced);
    let code = code.map(|code| code.to_string()).or_else(|| Some(enhanced?.to_string()))?;
    match class {
        // Said of greylisting in words of its own.
        Class::Permanent if category == "greylisted" => None,
        Class::Permanent if !never && LATER.is_match(normal) => {
            Some(format!("The words ask you to try later, {code} says never: most senders give up at once."))
        }
        Class::Permanent if retry == Some(true) && category == "too-many-recipients" => Some(format!(
            "What is too much here may go into another transaction, but {code} says never: most senders return it at once."
        )),
        Class::Permanent if retry == Some(true) => {
            Some(format!("Such a refusal may pass, but {code} says never: most senders give up at once."))
        }
        Class::Transient if never || retry == Some(false) => {
            Some(format!("{code} says later, the words say never: trying again does not help."))
        }
        _ => None,
    }
}

/// Whether the words and an enhanced code that is mostly honest name different things.
pub(super) fn disagree(text: &ReplyEntry, entry: &EnhancedEntry) -> bool {
    let told = |category: &String| TOLD.contains(&category.as_str());
    !entry.vague && text.category != entry.category && told(&text.category) && told(&entry.category)
}

fn words_against_codes(layers: &Layers<'_>, enhanced: Option<EnhancedCode>, book: &Book) -> Option<String> {
    let (text, entry, enhanced) = (layers.text?, layers.enhanced?, enhanced?);
    // Servers pass on what a provider said, with its own meaning of the code.
    let mut others = book.enhanced_codes().iter().filter(|other| other.covers(enhanced));
    let meant = others.any(|other| other.category == text.category);
    (!meant && disagree(text, entry)).then(|| {
        format!(
            "{enhanced} stands for another thing ({}): the words and the code do not agree, and the words are the surer of the two.",
            small(&entry.title)
        )
    })
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
        (Verb::Starttls, _) if context.tls == Some(true) => Some("The line is encrypted already"),
        (Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Bdat | Verb::Auth | Verb::Starttls, Phase::Greeted) => {
            Some(if context.lmtp { "LHLO has to come first" } else { "EHLO has to come first" })
        }
        (Verb::Rcpt | Verb::Data | Verb::Bdat, Phase::Ready) => Some("MAIL has to come first"),
        (Verb::Data | Verb::Bdat, Phase::Mail) => Some("RCPT has to come first"),
        (Verb::Data, Phase::Bdat) => Some("DATA can't follow BDAT in one transaction"),
        (Verb::Mail, Phase::Mail | Phase::Rcpt) => Some("A mail transaction is open already"),
        (Verb::Auth | Verb::Starttls, Phase::Mail | Phase::Rcpt) => Some("The open mail transaction has to end first"),
        (Verb::Auth, Phase::Ready) if context.authenticated == Some(true) => Some("You are logged in already"),
        _ => None,
    }
}

/// What does not go together in a reply.
fn contradictions(code: Option<ReplyCode>, enhanced: Option<EnhancedCode>, category: &str) -> Vec<String> {
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
    notes
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
pub(super) fn causes(layers: &Layers<'_>, context: &Context) -> (Vec<Cause>, Vec<Cause>) {
    let category = layers.category.map_or("", |c| c.name.as_str());
    let (mut causes, mut late) = (Vec::new(), Vec::new());
    match category {
        "bad-sequence" => causes.extend(context.objection.as_deref().map(|why| why.trim_end_matches('.').into())),
        "not-implemented" | "syntax" => {
            if context.asked == Some(Asked::Verb(Verb::Other)) {
                causes.push(
                    "The verb is not one that this server knows: a typing error, or a verb of another server".into(),
                );
            }
            causes.extend(context.objection.clone().filter(|reason| reason.contains("offer")).map(Cause::from));
        }
        "relay-denied" => {
            let parts = context.rcpt.as_deref().and_then(|rcpt| rcpt.rsplit_once('@'));
            if let Some((local, domain)) = parts.filter(|(local, _)| local.contains(['%', '!', '@'])) {
                causes.push(format!("{local} asks {domain} to pass the message on to somewhere else").into());
            } else if let Some((_, domain)) = parts {
                // Where the text that was recognised has reasons of its own, a log-in is none but by them.
                let own = layers.text.and_then(|entry| entry.causes.as_ref());
                let by_login = own.is_none_or(|own| own.iter().any(|cause| cause.claims(Claim::NotLoggedIn)));
                let foreign = format!("{domain} is not this server's domain");
                causes.push(match context.authenticated {
                    Some(false) if by_login => {
                        Cause::claiming(Claim::NotLoggedIn, format!("{foreign}, and you have not logged in"))
                    }
                    Some(true) if by_login => format!("{foreign}, and your log-in does not allow it").into(),
                    _ => foreign.into(),
                });
            }
        }
        "auth-failed" => {
            let code = layers.code.map(|code| code.code);
            if code != Some(501) {
                causes.extend(log_in(context).into_iter().map(Cause::from));
            }
            // A server that wants TLS first has 530 and 538 to say so; 535 is about the credentials (RFC 4954 6), and 501
            // about how the answer is written.
            match code {
                Some(501) => {}
                Some(535) => late.extend(in_clear(context).map(Cause::from)),
                _ => causes.extend(in_clear(context).map(Cause::from)),
            }
        }
        "auth-required" | "tls-required" => causes.extend(nothing_offered(context).map(Cause::from)),
        "too-large" => causes.extend(sizes(context).map(Cause::from)),
        "service-unavailable" if layers.code.is_some_and(|code| code.code == 421) => {
            causes.extend(idle(layers, context).map(Cause::from));
        }
        _ => {}
    }
    (causes, late)
}

/// A server that asks for what it does not offer.
fn nothing_offered(context: &Context) -> Option<String> {
    let encrypted = context.tls == Some(true) || context.offers("STARTTLS") == Some(false);
    let stranger = context.authenticated != Some(true);
    (encrypted && stranger && context.offers("AUTH") == Some(false)).then(|| {
        "The server offers no way to log in on this line: its users have another port, mostly 587 or 465".to_owned()
    })
}

/// A shorter silence is none that a server would hang up for.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// A silence that is worth naming.
const LONG: Duration = Duration::from_secs(30);

/// Whether the words say that the server has waited for too long.
fn says_idle(layers: &Layers<'_>) -> bool {
    match layers.text {
        Some(entry) => entry.causes.iter().flatten().any(|cause| cause.claims(Claim::Idle)),
        None => layers.enhanced.is_some_and(|entry| entry.code == "X.4.2"),
    }
}

/// Whether a server that hangs up may have waited for too long: it says so, or gives no other reason.
pub(super) fn may_be_idle(layers: &Layers<'_>) -> bool {
    let open = |code: &str| ["X.0.", "X.4."].iter().any(|subject| code.starts_with(subject));
    says_idle(layers) || layers.text.is_none() && layers.enhanced.is_none_or(|entry| open(&entry.code))
}

/// How long the line was silent before the server hung up, where that may be the reason.
fn idle(layers: &Layers<'_>, context: &Context) -> Option<String> {
    let idle = context.idle.filter(|_| may_be_idle(layers))?;
    let words = match idle.as_secs() {
        seconds @ ..120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds / 60),
    };
    if idle < SILENCE && says_idle(layers) {
        let short = match idle.as_secs() {
            0 => "less than a second".to_owned(),
            1 => "a second".to_owned(),
            seconds => format!("no more than {seconds} seconds"),
        };
        return Some(format!(
            "You were silent for {short}: the server's limit is very short, or counts the whole session"
        ));
    }
    (idle >= LONG).then(|| format!("Nothing was said for {words} before it: the server waits no longer than that"))
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
