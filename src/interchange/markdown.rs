//! Markdown: what it was, the conversation as it went, and each reply explained in a table.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::conversation::dialogue::Ask;
use crate::conversation::ending::{Ending, endings};
use crate::conversation::file::{Document, folded};
use crate::conversation::{Dialogue, Exchange, Kind, Log, Micros, words};
use crate::decode::offer::changes;
use crate::decode::{Does, Knowledge, Step, explain_ending, explain_exchange};
use crate::smtp::{Capabilities, Verb, escape};

/// What a page is called that is about nothing with a name.
pub(super) const UNTITLED: &str = "An SMTP conversation";
/// Recipients that the table of verdicts lists.
const RECIPIENTS: usize = 200;

/// The whole page.
pub(super) fn export(document: &Document, knowledge: &Knowledge) -> Vec<u8> {
    // Notes and marks stand behind what they are about, wherever they were written.
    let document = &folded(document);
    let dialogue = Dialogue::of(&document.log);
    let mut out = String::new();
    head(document, &mut out);
    transcript(document, &mut out);
    exchanges(&document.log, &dialogue, (knowledge, super::text::is_timed(document)), &mut out);
    offers(&document.log, &dialogue, &mut out);
    recipients(&document.log, &dialogue, &mut out);
    out.into_bytes()
}

macro_rules! line {
    ($out:expr, $($arg:tt)*) => { writeln!($out, $($arg)*).expect("a string takes it") };
}

fn head(document: &Document, out: &mut String) {
    let header = &document.header;
    let title = header.text("title").or(header.text("target")).unwrap_or(UNTITLED);
    line!(out, "# {}\n", inline(title));
    for (key, label) in [("target", "target"), ("profile", "profile"), ("side", "recorded by")] {
        if let Some(value) = header.text(key) {
            line!(out, "- {label}: {}", code(value));
        }
    }
    if let Some(started) = header.started() {
        line!(out, "- started: {started:.3}");
    }
    let tags: Vec<String> = super::text::tags(document).iter().map(|tag| code(&format!("#{tag}"))).collect();
    if !tags.is_empty() {
        line!(out, "- tags: {}", tags.join(" "));
    }
    if !super::text::is_timed(document) {
        line!(out, "- times: its source had no clock");
    }
    out.push('\n');
}

fn transcript(document: &Document, out: &mut String) {
    line!(out, "## The conversation\n");
    let timed = super::text::is_timed(document);
    let lines = super::text::timed(document).map(|(at, line)| match at {
        _ if !timed => line,
        Some(Micros(at)) => format!("{:>4}.{:03} {line}", at / 1_000_000, at / 1000 % 1000),
        None => format!("{:8} {line}", ""),
    });
    let lines: Vec<String> = lines.collect();
    // A fence longer than any run of backticks inside can't be closed from inside.
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    line!(out, "{fence}text");
    for line in &lines {
        line!(out, "{line}");
    }
    line!(out, "{fence}\n");
}

fn exchanges(log: &Log, dialogue: &Dialogue, (knowledge, timed): (&Knowledge, bool), out: &mut String) {
    if dialogue.exchanges().is_empty() {
        return;
    }
    line!(out, "## What the replies mean\n");
    if knowledge.is_silent() {
        line!(out, "{}\n", super::UNEXPLAINED);
        return;
    }
    line!(out, "| # | sent | reply | took | meaning | likely causes | next |");
    line!(out, "|--:|---|---|--:|---|---|---|");
    let endings = endings(dialogue, log);
    let beside: HashMap<_, _> = endings.iter().filter_map(|ended| Some((ended.exchange?, ended))).collect();
    for (number, exchange) in dialogue.exchanges().iter().enumerate() {
        let ended = beside.get(&number).copied();
        row((number, exchange, ended), log, dialogue, (knowledge, timed), out);
    }
    out.push('\n');
    // What belongs to an exchange stands beside it.
    for ended in endings.iter().rev().filter(|ended| ended.exchange.is_none() && !ended.at_rest) {
        let account = explain_ending(ended, dialogue, log);
        line!(out, "**{}** {}\n", inline(&account.title), inline(&account.meaning));
    }
}

fn row(
    (number, exchange, ended): (usize, &Exchange, Option<&Ending>),
    log: &Log,
    dialogue: &Dialogue,
    (knowledge, timed): (&Knowledge, bool),
    out: &mut String,
) {
    let sent = match exchange.ask {
        Ask::Greeting => "(greeting)".to_owned(),
        Ask::Unasked => "(unasked)".to_owned(),
        _ => exchange.command().and_then(|record| log.get(record)).map_or_else(String::new, |entry| {
            code(&if entry.masked {
                String::from_utf8_lossy(entry.bytes).into_owned()
            } else {
                escape::for_screen(entry.bytes)
            })
        }),
    };
    let reply = dialogue.reply(log, number);
    let shown = reply.as_ref().map_or_else(
        || "no reply".to_owned(),
        |reply| {
            let code = reply.code().map_or_else(|| "no code".to_owned(), |code| code.to_string());
            reply.enhanced().map_or(code.clone(), |enhanced| format!("{code} {enhanced}"))
        },
    );
    let took = exchange.latency(log).filter(|_| timed).map_or_else(String::new, took);
    let (meaning, causes, next) =
        explain_exchange(number, dialogue, log, knowledge).map_or_else(Default::default, |it| {
            let next = it.next.iter().map(next_step).collect::<Vec<_>>().join("<br>");
            let causes = if exchange.is_refusal() {
                it.causes.iter().map(|c| inline(c)).collect::<Vec<_>>().join("<br>")
            } else {
                String::new()
            };
            let next = if exchange.is_refusal() { next } else { String::new() };
            (format!("**{}** {}", inline(&it.title), inline(&it.meaning)), causes, next)
        });
    let account = ended.map(|ended| explain_ending(ended, dialogue, log));
    let (meaning, causes) = account.map_or((meaning, causes), |it| {
        let causes = it.causes.iter().map(|cause| inline(cause)).collect::<Vec<_>>().join("<br>");
        (format!("**{}** {}", inline(&it.title), inline(&it.meaning)), causes)
    });
    line!(out, "| {} | {sent} | {shown} | {took} | {meaning} | {causes} | {next} |", number + 1);
}

/// A next step with the line or the action that does it.
fn next_step(step: &Step) -> String {
    let text = inline(&step.text);
    match &step.does {
        Does::Command(line) => format!("{text}: {}", code(&escape::for_screen(line.as_bytes()))),
        Does::Action(name, Some(argument)) => {
            format!("{text}: {}", code(&escape::for_screen(format!("{name} {argument}").as_bytes())))
        }
        Does::Action(_, None) | Does::Advice => text,
    }
}

fn took(latency: Micros) -> String {
    match latency.0 / 1000 {
        0 => "<1 ms".to_owned(),
        ms if ms < 10_000 => format!("{ms} ms"),
        ms => format!("{} s", ms / 1000),
    }
}

/// What changed in the server's offer from one EHLO of a connection to the next, and what was missed of earlier ones.
fn offers(log: &Log, dialogue: &Dialogue, out: &mut String) {
    let mut told: Vec<(usize, String)> = Vec::new();
    let mut begun = Vec::new();
    for (record, entry) in log.of_kind(Kind::Remark) {
        let Some(remark) = entry.remark() else { continue };
        match (remark.word.as_str(), remark.get("kind")) {
            ("connecting", _) => begun.push(record),
            ("warning", Some("offer")) => told.push((record, format!("**{}**", inline(&words::said(&remark).words)))),
            ("offer", _) => told.push((record, inline(&words::said(&remark).words))),
            _ => {}
        }
    }
    let connection = |record: usize| begun.partition_point(|at| *at < record);
    let mut before: Option<(usize, usize, Capabilities)> = None;
    for (number, exchange) in dialogue.exchanges().iter().enumerate() {
        let greets = exchange.ask == Ask::Command && matches!(exchange.verb, Verb::Ehlo | Verb::Lhlo);
        if !greets || !exchange.complete() || exchange.is_refusal() {
            continue;
        }
        let Some(now) = dialogue.reply(log, number).map(|reply| Capabilities::from_reply(&reply)) else { continue };
        let here = connection(exchange.start());
        if let Some((last, _, old)) = before.as_ref().filter(|(_, there, _)| *there == here) {
            let all: Vec<String> =
                changes(old, &now).iter().map(|change| code(&escape::for_screen(change.as_bytes()))).collect();
            let changed = if all.is_empty() { "the same".to_owned() } else { all.join(", ") };
            told.push((exchange.start(), format!("{} since {}: {changed}", number + 1, last + 1)));
        }
        before = Some((number, here, now));
    }
    if told.is_empty() {
        return;
    }
    told.sort_by_key(|(record, _)| *record);
    line!(out, "## What changed in the offer\n");
    for (_, words) in &told {
        line!(out, "- {words}");
    }
    out.push('\n');
}

fn recipients(log: &Log, dialogue: &Dialogue, out: &mut String) {
    let all = dialogue.recipients();
    if all.is_empty() {
        return;
    }
    line!(out, "## Recipients\n");
    line!(out, "| recipient | verdict | code |");
    line!(out, "|---|---|---|");
    for recipient in all.iter().take(RECIPIENTS) {
        let verdict = dialogue.fate(recipient);
        let code_text = recipient.code().map_or_else(String::new, |code| code.to_string());
        let enhanced = recipient.enhanced().map_or_else(String::new, |code| format!(" {code}"));
        line!(
            out,
            "| {} | {verdict} | {code_text}{enhanced} |",
            code(&escape::for_screen(dialogue.address(log, recipient).as_bytes()))
        );
    }
    if all.len() > RECIPIENTS {
        line!(out, "\n… and {} more.", all.len() - RECIPIENTS);
    }
    out.push('\n');
}

/// Text that is not to be read as Markdown or HTML.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape::for_screen(text.as_bytes()).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Text in backticks, fit for a table's cell.
fn code(text: &str) -> String {
    let text = &escape::for_screen(text.as_bytes());
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{ticks}{pad}{}{pad}{ticks}", text.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use crate::conversation::file;

    use super::*;

    const TALK: &str = "+++\nehlo = 1\ntarget = \"mx.target.local:25\"\nstarted = 2026-11-24T10:00:00Z\n+++\n\
        0.000000 * connected 127.0.0.1:25\n0.001000 < 220 mx\n1.000000 > HELO a|b\n1.002000 < 250 mx\n\
        2.000000 > MAIL FROM:<a@b>\n2.000000 < 250 2.1.0 ok\n3.000000 > RCPT TO:<c@d>\n\
        3.050000 < 554 5.7.1 <c@d>: Relay access denied ``` <script>\n";

    #[test]
    fn the_page_holds_conversation_decode_and_verdicts() {
        let document = file::read(TALK.as_bytes()).expect("a transcript");
        let page = String::from_utf8(export(&document, &Knowledge::shipped())).expect("text");
        assert!(page.starts_with("# mx.target.local:25\n"), "{page}");
        assert!(page.contains("````text\n"), "the fence is longer than what is inside: {page}");
        assert!(page.contains("   3.050 <** 554 5.7.1"), "{page}");
        assert!(page.contains("| 4 | `RCPT TO:<c@d>` | 554 5.7.1 | 50 ms | **Refused"), "{page}");
        assert!(page.contains("| `HELO a\\|b` |"), "{page}");
        assert!(page.contains("| `c@d` | refused | 554 5.7.1 |"), "{page}");
    }

    #[test]
    fn nothing_of_a_head_or_a_tag_acts_on_a_terminal() {
        let hostile = TALK.replacen("mx.target.local:25", r"mx\u001b[2J:25\u0090", 1);
        let document = file::read((hostile + "9.0 * set tags=\"t\\u001b[1m\"\n").as_bytes()).expect("a transcript");
        let page = String::from_utf8(export(&document, &Knowledge::shipped())).expect("text");
        assert!(!page.contains(|c: char| c.is_control() && c != '\n') && page.contains("[2J"), "{page:?}");
    }

    #[test]
    fn a_cut_is_told_where_the_reply_is_missing_and_nobody_is_awaited_any_more() {
        let cut = format!("{TALK}4.000000 > RCPT TO:<e@f>\n5.000000 * closed by=network reason=\"reset\"\n");
        let document = file::read(cut.as_bytes()).expect("a transcript");
        let page = String::from_utf8(export(&document, &Knowledge::shipped())).expect("text");
        let row = "| 5 | `RCPT TO:<e@f>` | no reply |  | **The connection ended before the reply to RCPT came** It was \
            closed without a word: reset. Whether the server has done what was asked is not known. | the server failed, or";
        assert!(page.contains(row), "{page}");
        assert!(page.contains("| `e@f` | no reply came |  |"), "{page}");
        let html = String::from_utf8(super::super::html::export(&document, &Knowledge::shipped())).expect("text");
        assert!(html.contains("<h2>The connection ended before the reply to RCPT came</h2>"), "{html}");
        assert!(html.contains("<td>no reply came</td>"), "{html}");
        let left = format!("{TALK}4.0 > DATA\n4.0 < 354 go\n4.0 | x\n5.0 * closed by=client\n");
        let document = file::read(left.as_bytes()).expect("a transcript");
        let page = String::from_utf8(export(&document, &Knowledge::shipped())).expect("text");
        assert!(page.contains("**The message was abandoned** The connection ended before"), "{page}");
    }

    #[test]
    fn what_changed_in_the_offer_is_told_and_what_is_missed_of_earlier_ones() {
        let text = "+++\nehlo = 1\n+++\n0.0 * connecting 127.0.0.1:25\n0.0 * connected 127.0.0.1:25\n0.0 < 220 mx\n\
            1.0 > EHLO a\n1.0 < 250-mx\n1.0 < 250-STARTTLS\n1.0 < 250 SIZE 10\n\
            1.0 * warning kind=offer \"AUTH PLAIN is not offered any more, and was on 2026-11-23\"\n\
            2.0 > STARTTLS\n2.0 < 220 go\n2.0 * tls version=TLSv1.3\n3.0 > EHLO a\n3.0 < 250-mx\n3.0 < 250-X|Y\n\
            3.0 < 250 SIZE 10\n3.0 * closed by=server\n4.0 * connecting 127.0.0.1:25\n\
            4.0 * connected 127.0.0.1:25\n4.0 < 220 mx\n4.0 > EHLO a\n4.0 < 250 mx\n4.0 * offer accepted=yes \"without AUTH PLAIN\"\n";
        let document = file::read(text.as_bytes()).expect("a transcript");
        let page = String::from_utf8(export(&document, &Knowledge::default())).expect("text");
        let told = page.split("## What changed in the offer\n\n").nth(1).expect(&page);
        assert_eq!(
            told,
            "- **AUTH PLAIN is not offered any more, and was on 2026-11-23**\n- 4 since 2: `+X\\|Y`, `-STARTTLS`\n\
             - without AUTH PLAIN\n\n"
        );
    }

    #[test]
    fn tags_are_told_and_no_times_where_there_was_no_clock() {
        let text = "+++\nehlo = 1\nclock = \"none\"\ntags = [\"vendor\"]\n+++\n0.0 * connected a\n0.0 < 220 mx\n0.0 > NOOP\n0.0 < 250 ok\n";
        let document = file::read(text.as_bytes()).expect("a transcript");
        let page = String::from_utf8(export(&document, &Knowledge::default())).expect("text");
        assert!(page.contains("- tags: `#vendor`") && page.contains("had no clock"), "{page}");
        assert!(!page.contains("0.000") && !page.contains("<1 ms"), "{page}");
    }

    #[test]
    fn nothing_of_a_peer_is_read_as_markdown() {
        assert_eq!(inline("*a* <b> [c](d) \u{1b}"), "\\*a\\* &lt;b&gt; \\[c\\](d) \\\\e");
        assert_eq!(code("a`b"), "`` a`b ``");
    }

    #[test]
    fn a_note_stands_behind_what_it_is_about() {
        let text = "+++\nehlo = 1\n+++\n0.000000 * connected 127.0.0.1:25\n0.001000 < 220 mx\n1.000000 > NOOP\n\
                    1.002000 < 250 ok\n1.002000 * note at=2 \"hello\"\n";
        let document = file::read(text.as_bytes()).expect("a transcript");
        let out = String::from_utf8(export(&document, &Knowledge::default())).expect("text");
        assert!(out.contains("   0.001 <-  220 mx\n   0.001 === note: hello\n   1.000  -> NOOP"), "{out}");
    }
}
