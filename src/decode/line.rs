//! A refused line that is itself not right: what is wrong with it is the likeliest cause, and the same line mended, or
//! without the parameter that is wrong, the first thing to try.

use std::ops::Range;

use crate::conversation::dialogue::Ask;
use crate::conversation::{Dialogue, Exchange, Log};
use crate::smtp::lint::{self, Lint, Severity};
use crate::smtp::{Command, Verb};

use super::exchange::before_command;
use super::{Does, Explanation, Knowledge, Step};

/// What the step is called that sends a refused line again without what was wrong with it.
pub const MENDED: &str = "Send the line mended";

/// Findings on parameters that are not about a value.
const NOT_A_VALUE: [&str; 8] = [
    "unknown-parameter",
    "parameter-not-offered",
    "wrong-command-parameter",
    "duplicate-parameter",
    "parameter-after-helo",
    "requiretls-in-clear",
    "stray-text",
    "space-in-parameter",
];

/// Says what is wrong with the line that was refused, where something is.
pub(super) fn explained(
    exchange: &Exchange,
    dialogue: &Dialogue,
    log: &Log,
    knowledge: &Knowledge,
    into: &mut Explanation,
) {
    let Some(entry) = exchange.command().and_then(|record| log.get(record)) else { return };
    let Some(session) = before_command(exchange, dialogue, log) else { return };
    if entry.masked || exchange.ask != Ask::Command {
        return;
    }
    let lints = lint::lint(entry.bytes, &session, &knowledge.verbs);
    let wrong: Vec<_> = lints.iter().filter(|lint| lint.severity == Severity::Wrong).collect();
    let envelope = matches!(exchange.verb, Verb::Mail | Verb::Rcpt);
    // An address that is as wrong as before is no step: `RCPT TO:<` closed is `RCPT TO:<>`.
    let holds = |line: &String| {
        let left = lint::lint(line.as_bytes(), &session, &knowledge.verbs);
        !envelope || left.iter().all(|lint| lint.severity != Severity::Wrong || lint.name == "sequence")
    };
    let mended = wrong.iter().find_map(|lint| lint.mended.clone()).filter(holds);
    // What can't be mended is no less wrong where the arguments are what was refused.
    if wrong.is_empty() || mended.is_none() && !envelope {
        return;
    }
    // What is wrong with this very line leaves nothing to guess.
    into.causes = wrong.iter().map(|lint| lint.reason.as_str().into()).collect();
    let without = in_parameters(entry.bytes, &wrong).and_then(|spans| {
        title(&wrong, into);
        without(entry.bytes, &spans)
    });
    let mended = mended.map(|line| Step { text: MENDED.to_owned(), does: Does::Command(line) });
    let steps: Vec<_> = mended.into_iter().chain(without).collect();
    into.next.retain(|other| steps.iter().all(|step| !same(&step.does, &other.does)));
    into.next.splice(0..0, steps);
}

/// Whether two steps do the same: what stands before the first colon or space is the same in any case, mailboxes are not.
fn same(a: &Does, b: &Does) -> bool {
    let (Does::Command(a), Does::Command(b)) = (a, b) else { return a == b };
    let halves = |line: &str| line.find([' ', ':']).map_or(line.len(), |at| at);
    let (at, also) = (halves(a), halves(b));
    a[..at].eq_ignore_ascii_case(&b[..also]) && a[at..] == b[also..]
}

/// The parameters that the findings are about, as octets of the line; none where one of them is about something else, as
/// the space before the first of them is.
pub(super) fn in_parameters(line: &[u8], wrong: &[&Lint]) -> Option<Vec<Range<usize>>> {
    let command = Command::parse(line);
    let begin = command.parameters.first()?.span.start;
    let word = |lint: &&Lint| {
        let start = line[..lint.span.start].iter().rposition(|b| *b == b' ').map_or(0, |space| space + 1);
        let rest = &line[lint.span.end..];
        let end = lint.span.end + rest.iter().position(|b| *b == b' ').unwrap_or(rest.len());
        (lint.span.start >= begin && start >= begin).then_some(start..end)
    };
    wrong.iter().map(word).collect()
}

/// The address may be right: what was refused is a parameter.
fn title(wrong: &[&Lint], into: &mut Explanation) {
    let value = wrong.iter().any(|lint| !NOT_A_VALUE.contains(&lint.name));
    let what = if value { "the value of a parameter is not right" } else { "a parameter is not right" };
    into.title = format!("Refused for good: {what}");
    "What was refused stands after the address: parameters follow it, NAME=value, parted by a space."
        .clone_into(&mut into.meaning);
}

/// In order, those that overlap as one: a parameter may be torn in several places.
fn joined(spans: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut spans = spans.to_vec();
    spans.sort_by_key(|span| span.start);
    let mut out: Vec<Range<usize>> = Vec::new();
    for span in spans {
        match out.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => out.push(span),
        }
    }
    out
}

/// The line without these parameters.
pub(super) fn without(line: &[u8], spans: &[Range<usize>]) -> Option<Step> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = line.to_vec();
    for span in joined(spans).into_iter().rev() {
        let text = String::from_utf8_lossy(line.get(span.clone())?).into_owned();
        names.insert(0, text.split('=').next().unwrap_or_default().to_ascii_uppercase());
        let before = rest[..span.start].trim_ascii_end().len();
        rest.drain(before..span.end);
    }
    names.dedup();
    let line = String::from_utf8(rest).ok()?;
    Some(Step { text: format!("Send it without {}", names.join(" and ")), does: Does::Command(line) })
}

#[cfg(test)]
mod tests {
    use crate::conversation::{Dialogue, sample};
    use crate::decode::{Does, Explanation, Knowledge, explain_exchange};

    fn last(lines: &str) -> Explanation {
        let start = "* connected a\n< 220 mx\n> EHLO a\n< 250-mx\n< 250-SIZE 1000\n< 250 DSN\n";
        let log = sample::log(&format!("{start}{lines}"));
        let dialogue = Dialogue::of(&log);
        explain_exchange(dialogue.exchanges().len() - 1, &dialogue, &log, &Knowledge::shipped()).expect("a reply")
    }

    #[test]
    fn a_parameter_that_is_torn_in_several_places_is_left_out_as_one() {
        for (torn, rest) in [
            ("SIZE = 100", ""),
            ("size = 10 RET=HDRS", " RET=HDRS"),
            ("RET=HDRS SIZE = 100", " RET=HDRS"),
            ("SIZE = 1 BODY = 8BITMIME", ""),
        ] {
            for code in [500, 501, 502, 504, 555] {
                let explained = last(&format!("> MAIL FROM:<a@b.example> {torn}\n< {code} no\n"));
                let without = explained.next.iter().find(|step| step.text.starts_with("Send it without"));
                if let Some(Does::Command(line)) = without.map(|step| &step.does) {
                    assert_eq!(*line, format!("MAIL FROM:<a@b.example>{rest}"), "{torn} {code}");
                }
                assert!(code != 501 || without.is_some(), "{torn}: {:?}", explained.next);
            }
        }
    }

    #[test]
    fn a_space_that_is_missing_after_the_address_is_no_matter_of_the_parameter() {
        let e = last("> MAIL FROM:<a@b.example>SIZE=100\n< 501 5.5.4 no\n");
        assert_eq!(e.next[0].does, Does::Command("MAIL FROM:<a@b.example> SIZE=100".to_owned()), "{:?}", e.next);
        assert!(!e.next.iter().any(|step| step.text.starts_with("Send it without")), "{:?}", e.next);
        assert!(!e.title.contains("parameter"), "{}", e.title);
    }

    const MAIL: &str = "> MAIL FROM:<a@b.example>\n< 250 ok\n> RCPT TO:<c@d.example>\n< 250 ok\n";

    #[test]
    fn a_parameter_is_named_and_the_line_is_offered_without_it() {
        let notify = "501 5.5.4 Error: Bad NOTIFY parameter syntax";
        for (start, line, reply, title, cause, without) in [
            (
                MAIL,
                "rcpt to:<e@d.example> notify=foo",
                notify,
                "the value of a parameter is not right",
                "“foo” is no value",
                "rcpt to:<e@d.example>",
            ),
            (
                MAIL,
                "RCPT TO:<e@d.example> ORCPT=rfc822;e@d.example NOTIFY=never,success",
                notify,
                "the value of a parameter is not right",
                "NEVER stands alone",
                "RCPT TO:<e@d.example> ORCPT=rfc822;e@d.example",
            ),
            (
                "",
                "mail from:<a@b.example> ret=foo size=10",
                "501 5.5.4 Bad RET parameter syntax",
                "the value of a parameter is not right",
                "foo",
                "mail from:<a@b.example> size=10",
            ),
            (
                MAIL,
                "RCPT TO:<e@d.example> foo=bar",
                "555 5.5.4 Unsupported option: foo=bar",
                "a parameter is not right",
                "“foo” is no parameter of RCPT",
                "RCPT TO:<e@d.example>",
            ),
        ] {
            let e = last(&format!("{start}> {line}\n< {reply}"));
            assert_eq!(e.title, format!("Refused for good: {title}"), "{line}");
            assert!(e.causes.len() == 1 && e.causes[0].contains(cause), "{line}: {:?}", e.causes);
            let line = Does::Command(without.to_owned());
            assert!(e.next.iter().take(2).any(|step| step.does == line), "{without}: {:?}", e.next);
            // A recipient that was accepted is one to go on with.
            let data = e.next.iter().any(|step| step.does == Does::Command("DATA".to_owned()));
            assert_eq!(data, !start.is_empty(), "{:?}", e.next);
        }
    }

    #[test]
    fn one_line_is_offered_once_and_a_lacking_space_is_not_said_to_stand_there() {
        for line in ["mail from:<dude@noddy.com> foo=bar", "mail from:<dude@noddy.com> body=7bitt"] {
            let next = last(&format!("> {line}\n< 555 5.5.4 Unsupported option")).next;
            let without = Does::Command("mail from:<dude@noddy.com>".to_owned());
            assert_eq!(next.iter().filter(|step| super::same(&step.does, &without)).count(), 1, "{next:?}");
        }
        let causes = last("> MAIL FROM:<dude@noddy.com>x\n< 501 5.5.4 no").causes;
        assert!(causes.iter().any(|cause| cause.starts_with("A space has to stand between")), "{causes:?}");
    }

    #[test]
    fn what_is_wrong_with_the_address_is_still_said_of_the_address() {
        let e = last("> MAIL FROM:a@b.example RET=foo\n< 501 5.5.4 no");
        assert_eq!(e.title, "Refused for good: the sender is not well formed");
        assert_eq!(e.causes.len(), 2, "{:?}", e.causes);
    }
}
