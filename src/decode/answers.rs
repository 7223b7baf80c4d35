//! Replies that don't answer what was asked (RFC 5321 4.3.2): nothing that their codes say elsewhere is meant.

use crate::smtp::{Class, ReplyCode};

use super::book::AnswerEntry;
use super::{Asked, Book, Context, Does, Explanation, Step};

/// Says of a success, or of a reply that asks for more, that it is no answer to what was asked, where the tables have others
/// for it. A refusal may come at any time.
pub(super) fn amiss(context: &Context, book: &Book, into: &mut Explanation) {
    let Some((code, asked)) = into.code.zip(context.asked) else { return };
    let Some(answer) = book.answer(asked).filter(|_| !into.class.is_refusal()) else { return };
    // What the table of codes tells of it as an answer to this is meant by servers that are like that.
    let told = book.code(code.number()).is_some_and(|entry| entry.at(Some(asked)).is_some());
    if into.class == Class::Unknown || told || answer.codes.contains(&code.number()) {
        return;
    }
    into.title = title(asked);
    into.meaning = meaning(code, asked, answer);
    into.causes = vec![
        "Client and server are out of step: it answers something that was said before".into(),
        "The server is not one for mail, or does not keep to the protocol".into(),
    ];
    into.references = vec![answer.reference.clone()];
    let mut next = Vec::new();
    if into.class == Class::Success && !context.is_over() {
        next.push(Step { text: "End the session".to_owned(), does: Does::Command("QUIT".to_owned()) });
    }
    // Who is asked for more may be waited for: a command could be taken for that.
    let again = Does::Action("reconnect".to_owned(), None);
    next.push(Step { text: "Start over on a new connection".to_owned(), does: again });
    into.next = next;
}

fn title(asked: Asked) -> String {
    match asked {
        Asked::Connect => "This is no greeting".to_owned(),
        Asked::Nothing => "A reply to nothing that was asked".to_owned(),
        Asked::EndOfData => "This is no verdict on the message".to_owned(),
        Asked::AuthAnswer => "This is no reply within a log-in".to_owned(),
        Asked::Verb(verb) => format!("This is no answer to {}", verb.word()),
    }
}

fn meaning(code: ReplyCode, asked: Asked, answer: &AnswerEntry) -> String {
    let known: Vec<_> = answer.codes.iter().map(u16::to_string).collect();
    let known = match known.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    };
    let right = match asked {
        Asked::Nothing => "A server that was asked nothing says no more than that it hangs up".to_owned(),
        Asked::Connect => format!("A server greets with {known}, or turns you away"),
        Asked::EndOfData => format!("The end of a message is answered {known}, or by a refusal"),
        Asked::AuthAnswer => format!("Within a log-in a server says {known}, or refuses"),
        Asked::Verb(verb) => format!("{} is answered {known}, or by a refusal", verb.word()),
    };
    format!("{right}. What {code} is to say here is not known, and whatever comes next may answer something else.")
}
