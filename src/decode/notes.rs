//! What is worth knowing beside the explanation: flaws of the reply, contradictions between its codes, and causes that
//! the conversation itself shows.

use crate::smtp::{Class, EnhancedCode, Reply, ReplyCode, Verb};

use super::explain::Layers;
use super::{Asked, Context};

/// The flaws of a reply and of its lines, in words, each once.
pub(super) fn flaws(reply: &Reply, notes: &mut Vec<String>) {
    for flaw in reply.flaws.iter().chain(reply.lines.iter().flat_map(|line| &line.flaws)) {
        let note = format!("Not as the protocol has it: {}.", flaw.words());
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
}

/// What does not go together in a reply.
pub(super) fn contradictions(
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
        "bad-sequence" => causes.extend(context.objection.clone()),
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
        "auth-failed" if context.tls == Some(false) => {
            if let Some(mechanism) = context.mechanism.as_deref().filter(|m| matches!(*m, "PLAIN" | "LOGIN")) {
                let words = format!("The line is not encrypted, and this server may not take {mechanism} without TLS");
                // A server that wants TLS first has 530 and 538 to say so; 535 is about the credentials (RFC 4954 6).
                let about_them = layers.code.is_some_and(|code| code.code == 535);
                if about_them { late.push(words) } else { causes.push(words) }
            }
        }
        "too-large" => {
            if let (Some(limit), Some(sent)) = (context.size_limit, context.content_octets)
                && sent > limit
            {
                causes.push(format!("{sent} octets were sent, and the server takes {limit} (SIZE in its offer)"));
            }
        }
        _ => {}
    }
    (causes, late)
}
