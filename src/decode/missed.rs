//! What was offered before and is not now: said with the reply that misses it, before anything goes on without it.

use crate::conversation::log::Entry;
use crate::conversation::{Dialogue, Exchange, Kind, Log};

use super::{Does, Explanation, Step};

/// Records after a reply that are looked at.
const LOOKED_AT: usize = 100;

/// What became of what is gone, on its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// Nothing yet.
    Open,
    /// What is offered now was accepted.
    Accepted,
    /// The connection has ended.
    Over,
}

/// Leads with what ehlo has warned of after the reply of an exchange, unless what is offered now was accepted since.
pub(super) fn told(exchange: usize, dialogue: &Dialogue, log: &Log, explanation: &mut Explanation) {
    let exchanges = dialogue.exchanges();
    let Some(reply) = exchanges.get(exchange).and_then(Exchange::reply) else { return };
    let from = reply.end() + 1;
    let gone = gone(from, exchanges.get(exchange + 1).map_or(log.len(), Exchange::start), log);
    if gone.is_empty() {
        return;
    }
    let since = since(from, log);
    if since == Since::Accepted {
        return;
    }
    "Accepted, but what protected before is not offered now".clone_into(&mut explanation.title);
    explanation.meaning = format!("{}.", gone.join(". "));
    explanation.causes = vec![
        "Somebody in between takes it out, to read and to change what you send".into(),
        "The server was set up anew, or another one answers by its name".into(),
    ];
    let action = |name: &str| Does::Action(name.to_owned(), None);
    let steps = [
        ("See what it offers, and what is gone", action("offer-tab")),
        ("Stop here, unless its owner says that it is meant", Does::Command("QUIT".to_owned())),
        ("Do without it from now on", action("accept-offer")),
    ];
    let known = steps.map(|(text, does)| Step { text: text.to_owned(), does });
    explanation.next.retain(|step| known.iter().all(|it| it.does != step.does));
    // Once the connection has ended there is nothing to leave and nothing to accept.
    let doable = if since == Since::Over { 1 } else { known.len() };
    explanation.next.splice(0..0, known.into_iter().take(doable));
}

/// What is gone by the warnings from one record to another, a sentence each.
fn gone(from: usize, to: usize, log: &Log) -> Vec<String> {
    let remarks = (from..to).take(LOOKED_AT).filter_map(|record| log.get(record)?.remark());
    let warnings = remarks.filter(|remark| remark.word == "warning" && remark.get("kind") == Some("offer"));
    warnings.filter_map(|warning| warning.bare(0).map(str::to_owned)).collect()
}

/// What became of it since a record, be it after other commands.
fn since(record: usize, log: &Log) -> Since {
    let remarks = log.kinds(record).filter(|(_, kind, _)| *kind == Kind::Remark);
    let became = |entry: Entry<'_>| match entry.bytes.split(|b| *b == b' ').next() {
        Some(b"offer") => Some(Since::Accepted),
        Some(b"connecting" | b"closed") => Some(Since::Over),
        _ => None,
    };
    remarks.filter_map(|(record, ..)| log.get(record)).find_map(became).unwrap_or(Since::Open)
}

#[cfg(test)]
mod tests {
    use crate::conversation::{Dialogue, sample};
    use crate::decode::{Explanation, Knowledge, explain_exchange};

    /// What is said of an EHLO whose offer misses something, where this follows.
    fn ehlo(follows: &str) -> Explanation {
        let start =
            "* connecting a\n* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n* warning kind=offer \"STARTTLS is gone\"\n";
        let log = sample::log(&format!("{start}{follows}"));
        explain_exchange(1, &Dialogue::of(&log), &log, &Knowledge::shipped()).expect("a reply")
    }

    fn steps(explanation: &Explanation) -> Vec<&str> {
        explanation.next.iter().map(|step| step.text.as_str()).collect()
    }

    #[test]
    fn what_is_gone_is_told_until_it_is_accepted_on_that_connection() {
        const NOOP: &str = "> NOOP\n< 250 ok\n";
        const ACCEPTED: &str = "* offer accepted=yes \"without STARTTLS\"\n";
        const AGAIN: &str = "* closed by=server\n* connecting a\n* connected a\n< 220 mx\n> EHLO a\n< 250 mx\n";
        for told in [String::new(), NOOP.to_owned()] {
            let told = ehlo(&told);
            assert!(told.title.contains("not offered now"), "{told:?}");
            assert!(steps(&told).contains(&"Do without it from now on"), "{told:?}");
        }
        for accepted in [ACCEPTED.to_owned(), format!("{NOOP}{ACCEPTED}{NOOP}")] {
            let accepted = ehlo(&accepted);
            assert!(!accepted.title.contains("not offered now"), "{accepted:?}");
        }
        // Of a connection that has ended nothing can be accepted, and what is accepted of another is not of this one.
        for over in ["* closed by=server\n".to_owned(), format!("{NOOP}{AGAIN}{ACCEPTED}")] {
            let over = ehlo(&over);
            assert!(over.title.contains("not offered now"), "{over:?}");
            assert!(!steps(&over).contains(&"Do without it from now on"), "{over:?}");
        }
    }
}
