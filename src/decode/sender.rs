//! A refused sender: which domain is meant, and how another one is given.

use crate::smtp::{Phase, Verb};

use super::{Asked, Context, Does, Explanation, Step};

/// How causes begin that speak of the domain without naming it.
const DOMAIN: &str = "The sender's domain ";

/// Names the domain in the causes, and leads to another sender by what can be said now.
pub(super) fn named(context: &Context, into: &mut Explanation) {
    if !into.class.is_refusal() || into.category != "sender-rejected" || context.turned_away || context.is_over() {
        return;
    }
    let Some((_, domain)) = context.from.as_deref().and_then(|from| from.rsplit_once('@')) else { return };
    for cause in &mut into.causes {
        if let Some(rest) = cause.strip_prefix(DOMAIN) {
            *cause = format!("{domain}, the sender's domain, {rest}").into();
        }
    }
    if context.asked == Some(Asked::Verb(Verb::Rcpt)) {
        let words = "This is about the sender, not about the recipient: some servers, Postfix among them, hold a \
                     sender's refusal back until RCPT.";
        into.notes.insert(0, words.to_owned());
    }
    let from = context.from.as_deref().unwrap_or_default();
    let (text, line) = match context.after {
        Some(Phase::Mail | Phase::Rcpt) => ("Drop this transaction, then name another sender", "RSET".to_owned()),
        Some(Phase::Ready) => ("Mend the sender", format!("MAIL FROM:<{from}>")),
        _ => return,
    };
    let begins = |step: &Step, word: &str| matches!(&step.does, Does::Command(line) if line.starts_with(word));
    into.next.retain(|step| !begins(step, "RSET") && !begins(step, "MAIL FROM:"));
    into.next.insert(0, Step { text: text.to_owned(), does: Does::Command(line) });
}
