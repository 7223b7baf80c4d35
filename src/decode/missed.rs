//! What was offered before and is not now: said with the reply that misses it, before anything goes on without it.

use crate::conversation::{Dialogue, Exchange, Log};

use super::{Does, Explanation, Step};

/// Records after a reply that are looked at.
const LOOKED_AT: usize = 100;

/// Leads with what ehlo has warned of after the reply of an exchange, unless what is offered now was accepted since.
pub(super) fn told(exchange: usize, dialogue: &Dialogue, log: &Log, explanation: &mut Explanation) {
    let gone = gone(exchange, dialogue, log);
    if gone.is_empty() {
        return;
    }
    "Accepted, but what protected before is not offered now".clone_into(&mut explanation.title);
    explanation.meaning = format!("{}.", gone.join(". "));
    explanation.causes = vec![
        "Somebody in between takes it out, to read and to change what you send".to_owned(),
        "The server was set up anew, or another one answers by its name".to_owned(),
    ];
    let action = |name: &str| Does::Action(name.to_owned(), None);
    let steps = [
        ("See what it offers, and what is gone", action("offer-tab")),
        ("Stop here, unless its owner says that it is meant", Does::Command("QUIT".to_owned())),
        ("Do without it from now on", action("accept-offer")),
    ];
    let known = steps.map(|(text, does)| Step { text: text.to_owned(), does });
    explanation.next.retain(|step| known.iter().all(|it| it.does != step.does));
    explanation.next.splice(0..0, known);
}

/// What is gone, a sentence each.
fn gone(exchange: usize, dialogue: &Dialogue, log: &Log) -> Vec<String> {
    let exchanges = dialogue.exchanges();
    let Some(reply) = exchanges.get(exchange).and_then(Exchange::reply) else { return Vec::new() };
    let next = exchanges.get(exchange + 1).map_or(log.len(), Exchange::start);
    let mut gone = Vec::new();
    for remark in (reply.end() + 1..next).take(LOOKED_AT).filter_map(|record| log.get(record)?.remark()) {
        match (remark.word.as_str(), remark.get("kind")) {
            ("warning", Some("offer")) => gone.extend(remark.bare(0).map(str::to_owned)),
            ("offer", _) => gone.clear(),
            _ => {}
        }
    }
    gone
}
