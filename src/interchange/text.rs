//! Plain text as one would paste it into a mail or a ticket: the marks that people know from swaks.

use crate::conversation::Micros;
use crate::conversation::file::{Document, folded};
use crate::conversation::log::{Entry, Kind};
use crate::conversation::words;
use crate::decode::Knowledge;
use crate::smtp::escape;

use super::import::own_words;

/// The conversation, a line a record.
pub(super) fn export(document: &Document, _: &Knowledge) -> Vec<u8> {
    let document = &folded(document);
    let mut out = head(document);
    for line in lines(document) {
        out.push_str(&line);
        out.push('\n');
    }
    out.into_bytes()
}

/// What it was, with whom and when, as remarks; nothing where nothing is known.
fn head(document: &Document) -> String {
    let header = &document.header;
    let (title, target) = (header.text("title"), header.text("target"));
    let rows = head_rows(document, title.map(str::to_owned), target.map(str::to_owned));
    // Each with its name, where one would be taken for another thing.
    let rows = if own_words::is_head(&rows, title, target) {
        rows
    } else {
        head_rows(
            document,
            title.map(|title| format!("{TITLE}{title}")),
            target.map(|target| format!("{TARGET}{target}")),
        )
    };
    if rows.is_empty() { String::new() } else { rows.join("\n") + "\n\n" }
}

fn head_rows(document: &Document, title: Option<String>, target: Option<String>) -> Vec<String> {
    let started = document.header.started().map(|started| format!("{started:.0}"));
    let tags = tags(document).iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" ");
    let facts: Vec<String> =
        [target, started, Some(tags)].into_iter().flatten().filter(|fact| !fact.is_empty()).collect();
    let rows = title.into_iter().chain([facts.join(BETWEEN)]).filter(|row| !row.is_empty());
    rows.map(|row| format!("=== {}", escape::for_screen(row.as_bytes()))).collect()
}

/// The tags of a document whose annotations were folded into its head.
pub(super) fn tags(document: &Document) -> Vec<String> {
    match document.header.table.get("tags") {
        Some(toml::Value::Array(tags)) => tags.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// Whether its source had a clock: where it had none, the times were made to keep the order.
pub(super) fn is_timed(document: &Document) -> bool {
    document.header.text("clock") != Some("none")
}

/// Stands before a title and a target that would be taken for something else without it.
pub(super) const TITLE: &str = "title: ";
pub(super) const TARGET: &str = "target: ";
/// Stands between what is told in one row.
pub(super) const BETWEEN: &str = " \u{b7} ";

/// Stands before the lines where some octet is escaped: a reader has to know that a backslash is none then.
pub(super) const ESCAPED: &str =
    r"escaped as in a transcript: \\ is a backslash, \xNN an octet, \c says that no line end follows";

/// Stands before the sum of octets that are not kept.
pub(super) const SUM: &str = ", sha256 ";

/// The lines, without line ends; notes stand where the document has them.
pub(super) fn lines(document: &Document) -> impl Iterator<Item = String> {
    timed(document).map(|(_, line)| line)
}

/// The same with the time of each; what a script holds has none.
pub(super) fn timed(document: &Document) -> impl Iterator<Item = (Option<Micros>, String)> {
    let on_wire = |kind: Kind| matches!(kind, Kind::Sent | Kind::Content | Kind::Received);
    let escaped = document.log.since(0).any(|(_, entry)| on_wire(entry.kind) && on_line(&entry).contains('\\'));
    let told = escaped.then(|| (Some(Micros::default()), format!("=== {ESCAPED}")));
    told.into_iter().chain(records(document))
}

fn records(document: &Document) -> impl Iterator<Item = (Option<Micros>, String)> {
    let mut tls = false;
    document.log.since(0).filter_map(move |(_, entry)| {
        let at = entry.at;
        if let Some(remark) = entry.remark() {
            match remark.word.as_str() {
                "tls" if remark.get("failed").is_none() => tls = true,
                "connecting" => tls = false,
                // A certificate in base64 is for programs.
                "certificate" => return None,
                "note" => {
                    let text = remark.bare(0).unwrap_or_default();
                    return Some((at, format!("=== note: {}", escape::for_screen(text.as_bytes()))));
                }
                _ => {}
            }
            let mut words = words::said(&remark).words;
            // What is not kept is known again by its sum.
            if let Some(sum) = remark.get("sha256") {
                words = format!("{words}{SUM}{sum}");
            }
            // Whoever reads it elsewhere is not the one who closed it.
            if remark.word == "closed" && remark.get("by") == Some("client") {
                words = words.replacen("by you", "by the client", 1);
            }
            // Somebody's words in it may be those of another remark: then it stands as it does in a transcript.
            if !own_words::says(escape::for_screen(words.as_bytes()).trim_end(), &remark) {
                words = remark.to_string();
            }
            let line = format!("=== {}", escape::for_screen(words.as_bytes()));
            return Some((at, line.trim_end().to_owned()));
        }
        line(&entry, tls).map(|line| (at, line))
    })
}

/// What was said, as it stands behind its mark. A line of a message that reads like a count of its lines is escaped.
fn on_line(entry: &Entry<'_>) -> String {
    let text = entry.in_file();
    let counts = entry.kind == Kind::Content && own_words::is_count(text.as_bytes());
    text.strip_prefix('[').filter(|_| counts).map(|rest| format!("\\x5b{rest}")).unwrap_or(text)
}

fn line(entry: &Entry<'_>, tls: bool) -> Option<String> {
    let text = match entry.kind {
        Kind::Sent | Kind::Content | Kind::Received => on_line(entry),
        _ => escape::for_screen(entry.bytes),
    };
    let refused = matches!(entry.bytes.first(), Some(b'4' | b'5'));
    let mark = match (entry.kind, tls) {
        (Kind::Sent, false) => " -> ",
        (Kind::Sent, true) => " ~> ",
        (Kind::Content, false) => " -| ",
        (Kind::Content, true) => " ~| ",
        (Kind::Received, false) if refused => "<** ",
        (Kind::Received, true) if refused => "<~* ",
        (Kind::Received, false) => "<-  ",
        (Kind::Received, true) => "<~  ",
        (Kind::Remark, _) => "=== ",
        (Kind::Comment, _) if text.is_empty() => return None,
        (Kind::Script | Kind::Comment, _) => "",
    };
    if matches!(entry.kind, Kind::Script | Kind::Comment) || text.is_empty() {
        return Some(format!("{mark}{text}").trim_end().to_owned());
    }
    // A blank at the end of a line belongs to it.
    Some(format!("{mark}{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::file::read;

    #[test]
    fn a_note_stands_in_words_under_the_line_that_it_is_about() {
        let file = b"0.000000 > NOOP\n0.100000 < 250 ok\n0.300000 > QUIT\n9.000000 * note at=2 \"too slow\"\n";
        let document = read(file).expect("a transcript");
        let text = String::from_utf8(export(&document, &Knowledge::default())).expect("text");
        assert_eq!(text, " -> NOOP\n<-  250 ok\n=== note: too slow\n -> QUIT\n");
    }

    #[test]
    fn other_octets_are_other_lines_and_are_read_back() {
        let wire = "+++\nehlo = 1\n+++\n0.000000 * connecting 127.0.0.1:25\n0.000000 * connected 127.0.0.1:25\n\
            0.100000 < 220-a\\tb \\xfc\\rx\n0.100000 < 220 a\\\\tb \\x20\n0.200000 > NOOP a\\tb\n0.200000 < 250 \\x7b{x\n\
            0.200000 > NOOP a\\\\c\n0.200000 < 250 ok\\n\\c\n0.300000 > DATA\n0.300000 < 354 go\n0.400000 | x\\ty \\xfc\n\
            0.400000 | x\\\\ty \\\\xfc\n0.400000 | bare\\n\\c\n0.400000 > .\n0.500000 < 250 2.0.0 ok\n";
        let document = read(wire.as_bytes()).expect("a transcript");
        let octets = |document: &Document| -> Vec<String> {
            let lines = document.log.since(0).filter(|(_, entry)| entry.kind != Kind::Remark);
            lines.map(|(_, entry)| format!("{:?} {}", entry.kind, entry.in_file())).collect()
        };
        for export in [export, super::super::markdown::export] {
            let out = export(&document, &Knowledge::default());
            let back = super::super::import::import(&out).expect("it is read").conversations;
            assert_eq!(octets(&back[0]), octets(&document), "{}", String::from_utf8_lossy(&out));
        }
    }

    #[test]
    fn what_it_was_with_whom_and_when_stands_first() {
        let file =
            b"+++\nehlo = 1\ntitle = \"Is it open?\"\ntarget = \"mx.example:25\"\nstarted = 2026-11-24T10:00:00Z\n\
            +++\n0.000000 > NOOP\n9.000000 * set tag=vendor\n";
        let text = export(&read(file).expect("a transcript"), &Knowledge::default());
        assert_eq!(
            String::from_utf8(text).expect("text"),
            "=== Is it open?\n=== mx.example:25 · 2026-11-24T10:00:00Z · #vendor\n\n -> NOOP\n"
        );
    }

    #[test]
    fn remarks_stand_in_the_words_of_the_screen() {
        let file = b"0.000000 * connected 127.0.0.1:25 from 127.0.0.1:4\n0.000000 * auto\n0.100000 > EHLO a\n\
            0.200000 * closed by=server\n0.300000 * closed by=client\n";
        let text = export(&read(file).expect("a transcript"), &Knowledge::default());
        assert_eq!(
            String::from_utf8(text).expect("text"),
            "=== connected to 127.0.0.1:25\n=== ehlo sends the next line itself\n -> EHLO a\n=== closed by the server\n\
             === closed by the client\n"
        );
    }
}
