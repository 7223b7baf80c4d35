//! What was said about a conversation later: title, tags, notes and marks, appended to the file, shown where they belong,
//! and folded in when the file is saved anew.

use std::cell::LazyCell;

use toml::Value;

use super::Document;
use crate::conversation::event::Remark;
use crate::conversation::log::{Kind, Log};

/// What was added to a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Annotations {
    /// The title, the last that was set, or else the head's.
    pub title: Option<String>,
    /// Tags, in the order in which they were given.
    pub tags: Vec<String>,
    /// Notes: the record that each is about (an index into the log), and its text; in the log's order.
    pub notes: Vec<(usize, String)>,
    /// Records that are marked.
    pub marks: Vec<usize>,
}

impl Annotations {
    /// All that a document holds. A note without `at` is about itself, a mark without it about the line before it; one
    /// `at` a record that is not there is about the last, and one at what was said about a line about that line. `off`
    /// takes a mark back, or a note: the last of its text there, or all without one.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        // Most conversations have none, and then nothing is counted.
        let recorded = LazyCell::new(|| recorded(&document.log));
        let mut all = Self {
            title: document.header.text("title").filter(|title| !title.is_empty()).map(str::to_owned),
            ..Self::default()
        };
        if let Some(Value::Array(tags)) = document.header.table.get("tags") {
            all.tags.extend(tags.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        for (record, entry) in document.log.of_kind(Kind::Remark).filter(|(_, entry)| is_annotation(entry.bytes)) {
            let Some(remark) = entry.remark() else { continue };
            let about = about(&remark, &document.log, &recorded).unwrap_or_else(|| own(&remark, &document.log, record));
            match remark.word.as_str() {
                "note" if remark.get("off").is_some() => all.take_off(about, remark.bare(0)),
                "note" => all.notes.push((about, remark.bare(0).unwrap_or_default().to_owned())),
                "mark" if remark.get("off").is_some() => all.marks.retain(|marked| *marked != about),
                "mark" => all.marks.push(about),
                _ => all.set(&remark),
            }
        }
        all.notes.sort_by_key(|(record, _)| *record);
        all.marks.sort_unstable();
        all.marks.dedup();
        all
    }

    fn take_off(&mut self, about: usize, text: Option<&str>) {
        match text {
            Some(text) => {
                let last = self.notes.iter().rposition(|(record, note)| *record == about && note == text);
                last.map(|last| self.notes.remove(last));
            }
            None => self.notes.retain(|(record, _)| *record != about),
        }
    }

    fn set(&mut self, remark: &Remark) {
        let off = remark.get("off").is_some();
        for (key, value) in &remark.values {
            match key.as_deref() {
                Some("title") => self.title = Some(value.clone()).filter(|title| !title.is_empty()),
                Some("tag") if off => self.tags.retain(|tag| tag != value),
                Some("tag") if !self.tags.contains(value) => self.tags.push(value.clone()),
                _ => {}
            }
        }
    }
}

/// The document with what was appended later put where it belongs: title and tags in the head, notes and marks behind
/// the records that they are about. To be written when a file is saved anew.
#[must_use]
pub fn folded(document: &Document) -> Document {
    let all = Annotations::of(document);
    let recorded = recorded(&document.log);
    let mut header = document.header.clone();
    let title = all.title.unwrap_or_default();
    if title != header.text("title").unwrap_or_default() {
        header.set("title", Value::String(title));
    }
    let tags = Value::Array(all.tags.into_iter().map(Value::String).collect());
    let had = header.table.get("tags").cloned().unwrap_or_else(|| Value::Array(Vec::new()));
    if tags != had {
        header.set("tags", tags);
    }
    let mut moved: Vec<(usize, Remark)> = Vec::new();
    let mut gone = Vec::new();
    for (record, entry) in document.log.since(0) {
        if entry.kind != Kind::Remark || !is_annotation(entry.bytes) {
            continue;
        }
        let Some(mut remark) = entry.remark() else { continue };
        let known = |(key, _): &(Option<String>, String)| matches!(key.as_deref(), Some("title" | "tag" | "off"));
        if remark.word == "set" && remark.values.iter().all(known) {
            gone.push(record);
        } else if let Some(about) = placed(&remark, &document.log, record, &recorded) {
            gone.push(record);
            remark.values.retain(|(key, _)| key.as_deref() != Some("at"));
            // A mark that was taken off takes those before it with it.
            if remark.word == "mark" {
                moved.retain(|(marked, before)| *marked != about || before.word != "mark");
            }
            if remark.get("off").is_none() {
                moved.push((about, remark));
            } else if remark.word == "note" {
                gone.extend(note_off(remark.bare(0), about, &mut moved, &document.log));
            }
        }
    }
    gone.sort_unstable();
    moved.sort_by_key(|(record, _)| *record);
    let mut log = Log::new();
    let mut moved = moved.into_iter().peekable();
    for (record, entry) in document.log.since(0) {
        if gone.binary_search(&record).is_err() {
            log.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
        }
        while let Some((_, remark)) = moved.next_if(|(about, _)| *about == record) {
            log.push_octets(Kind::Remark, entry.at, remark.to_string().as_bytes(), true, false);
        }
    }
    Document { header, log, warnings: document.warnings.clone(), ..Document::default() }
}

/// Takes a note off that is about a record, or all without a text: off those that were moved there, or it is the one that
/// stands there for itself, and is given.
fn note_off(text: Option<&str>, about: usize, moved: &mut Vec<(usize, Remark)>, log: &Log) -> Option<usize> {
    let says = |note: &Remark| note.word == "note" && text.is_none_or(|text| note.bare(0).unwrap_or_default() == text);
    let last = moved.iter().rposition(|(of, note)| *of == about && says(note));
    if let (Some(last), Some(_)) = (last, text) {
        moved.remove(last);
        return None;
    }
    moved.retain(|(of, note)| *of != about || !says(note));
    let own = log.get(about).and_then(|entry| entry.remark()).filter(|own| own.get("at").is_none());
    own.filter(says).map(|_| about)
}

/// Where a remark belongs that does not stand there for itself: each mark, and a note with `at`.
fn placed(remark: &Remark, log: &Log, record: usize, recorded: &[usize]) -> Option<usize> {
    about(remark, log, recorded).or_else(|| (remark.word == "mark").then(|| own(remark, log, record)))
}

/// What a note or a mark without `at` is about: a note about itself, a mark about the line that it stands behind.
fn own(remark: &Remark, log: &Log, record: usize) -> usize {
    if remark.word == "mark" { line_before(log, record) } else { record }
}

/// The line that what was said behind it is about.
fn line_before(log: &Log, record: usize) -> usize {
    let line = |record: &usize| {
        log.get(*record)
            .is_some_and(|entry| entry.at.is_some() && !(entry.kind == Kind::Remark && is_annotation(entry.bytes)))
    };
    (0..record).rev().find(line).unwrap_or(record)
}

/// The record that a remark with `at` is about: what names a mark, or a note that stands elsewhere, means their line.
fn about(remark: &Remark, log: &Log, recorded: &[usize]) -> Option<usize> {
    let named = at(remark, recorded)?;
    let entry = log.get(named).filter(|entry| entry.kind == Kind::Remark && is_annotation(entry.bytes));
    let Some(said) = entry.and_then(|entry| entry.remark()) else { return Some(named) };
    match at(&said, recorded) {
        Some(line) => Some(line),
        None if said.word == "note" => Some(named),
        None => Some(line_before(log, named)),
    }
}

fn is_annotation(text: &[u8]) -> bool {
    [&b"note"[..], b"mark", b"set"]
        .iter()
        .any(|word| text.strip_prefix(*word).is_some_and(|rest| matches!(rest.first(), None | Some(b' '))))
}

/// The indices of the recorded lines: what `at=RECORD` counts, from 1.
fn recorded(log: &Log) -> Vec<usize> {
    log.kinds(0).filter(|(.., timed)| *timed).map(|(index, ..)| index).collect()
}

fn at(remark: &Remark, recorded: &[usize]) -> Option<usize> {
    let number: usize = remark.get("at")?.parse().ok()?;
    recorded.get(number.checked_sub(1)?).or(recorded.last()).copied()
}

#[cfg(test)]
mod tests {
    use super::super::{read, write_document};
    use super::*;

    const FILE: &str = "+++\nehlo = 1 # one\n+++\n# a remark\n0.000000 > NOOP\n0.100000 < 250 ok\n0.200000 * note \"here\"\n\
        0.300000 > QUIT\n9.000000 * note at=2 \"too slow\"\n9.000000 * mark at=1\n9.000000 * set title=\"A test\" tag=slow\n";

    #[test]
    fn they_are_found_where_they_belong() {
        let all = Annotations::of(&read(FILE.as_bytes()).expect("a file"));
        assert_eq!((all.title.as_deref(), all.tags), (Some("A test"), vec!["slow".to_owned()]));
        assert_eq!(all.notes, [(2, "too slow".to_owned()), (3, "here".to_owned())]);
        assert_eq!(all.marks, [1]);
    }

    #[test]
    fn a_mark_that_was_taken_off_is_gone() {
        let document =
            read(format!("{FILE}9.000000 * mark at=1 off=yes\n9.000000 * mark at=2\n").as_bytes()).expect("a file");
        assert_eq!(Annotations::of(&document).marks, [2]);
        let again = folded(&document);
        assert_eq!(Annotations::of(&again).marks, [2], "a folded mark is about the line that it stands behind");
        let mut out = Vec::new();
        write_document(&again, &mut out);
        let text = format!("{}9.000000 * mark at=2 off=yes\n", String::from_utf8_lossy(&out));
        let off = read(text.as_bytes()).expect("a file");
        assert_eq!(Annotations::of(&off).marks, [0; 0], "and is taken off like any other");
        assert_eq!(Annotations::of(&folded(&off)).marks, [0; 0]);
    }

    #[test]
    fn a_note_that_was_taken_off_or_changed_is_gone() {
        let notes = |more: &str| {
            let document = read(format!("{FILE}{more}").as_bytes()).expect("a file");
            let mut out = Vec::new();
            write_document(&folded(&document), &mut out);
            let folded = Annotations::of(&read(&out).expect("a file")).notes;
            let notes = Annotations::of(&document).notes;
            let texts = |notes: Vec<(usize, String)>| notes.into_iter().map(|(_, text)| text).collect::<Vec<_>>();
            assert_eq!(texts(folded), texts(notes.clone()), "{more}");
            notes
        };
        let kept =
            |notes: &[(usize, &str)]| notes.iter().map(|(at, text)| (*at, (*text).to_owned())).collect::<Vec<_>>();
        assert_eq!(notes("9.1 * note at=2 off=yes \"too slow\"\n"), kept(&[(3, "here")]));
        assert_eq!(notes("9.1 * note at=2 off=yes other\n"), kept(&[(2, "too slow"), (3, "here")]));
        assert_eq!(notes("9.1 * note at=3 off=yes\n9.1 * note at=2 new\n"), kept(&[(2, "too slow"), (2, "new")]));
        let changed = "9.1 * note at=2 again\n9.1 * note at=2 off=yes again\n9.1 * note at=2 more\n";
        assert_eq!(notes(changed), kept(&[(2, "too slow"), (2, "more"), (3, "here")]));
        assert_eq!(notes(&format!("{changed}9.2 * note at=2 off=yes\n")), kept(&[(3, "here")]));
    }

    #[test]
    fn what_is_said_of_a_bookmark_is_said_of_its_line() {
        // The fifth record is the note at 2, the sixth the mark at 1.
        let text = format!("{FILE}9.1 * note at=6 \"of the mark\"\n9.1 * mark at=5\n");
        let all = Annotations::of(&read(text.as_bytes()).expect("a file"));
        assert_eq!(all.notes[0], (1, "of the mark".to_owned()));
        assert_eq!(all.marks, [1, 2]);
    }

    #[test]
    fn a_tag_and_a_title_that_were_taken_off_are_gone() {
        let text =
            format!("{FILE}9.000000 * set tag=slow off=yes\n9.000000 * set tag=mine\n9.000000 * set title=\"\"\n");
        let document = read(text.as_bytes()).expect("a file");
        let all = Annotations::of(&document);
        assert_eq!((all.title, all.tags), (None, vec!["mine".to_owned()]));
        let again = folded(&document);
        assert_eq!((Annotations::of(&again).title, Annotations::of(&again).tags), (None, vec!["mine".to_owned()]));
        let mut out = Vec::new();
        write_document(&again, &mut out);
        let text = format!("{}9.000000 * set tag=mine off=yes\n", String::from_utf8_lossy(&out));
        assert_eq!(Annotations::of(&folded(&read(text.as_bytes()).expect("a file"))).tags, [""; 0]);
    }

    #[test]
    fn folding_in_puts_them_there_and_changes_nothing_else() {
        let document = folded(&read(FILE.as_bytes()).expect("a file"));
        let mut out = Vec::new();
        write_document(&document, &mut out);
        assert_eq!(
            String::from_utf8_lossy(&out),
            "+++\nehlo = 1 # one\ntitle = \"A test\"\ntags = [\"slow\"]\n+++\n# a remark\n0.000000 > NOOP\n0.000000 * mark\n\
             0.100000 < 250 ok\n0.100000 * note \"too slow\"\n0.200000 * note \"here\"\n0.300000 > QUIT\n"
        );
        let again = read(&out).expect("a file");
        let mut twice = Vec::new();
        write_document(&folded(&again), &mut twice);
        assert_eq!(twice, out);
    }
}
