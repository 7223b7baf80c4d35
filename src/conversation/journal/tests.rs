use super::super::event::Line;
use super::super::file::{Annotations, FileError, Side, Warning, open, read};
use super::*;

fn head() -> Header {
    Header::recording("mx.target.local:25", "2026-11-23T20:18:22.104Z".parse().expect("a time"), Side::Client)
}

fn sent(at: u64, text: &str) -> Timed {
    Timed { at: Micros(at), event: Event::Sent(Line::new(text)) }
}

#[test]
fn it_lies_in_the_year_under_date_time_and_target_and_never_twice() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path().join("transcripts");
    let target = "smtp://MX.Target.Local:25/../x";
    let first = Journal::create(&place, target, &head()).expect("created");
    let second = Journal::create(&place, target, &head()).expect("created");
    assert_eq!(first.path(), place.join("2026/2026-11-23-201822-mx.target.local-25-..-x.smtp"));
    assert_eq!(second.path(), place.join("2026/2026-11-23-201822-mx.target.local-25-..-x-2.smtp"));
    assert!(open(first.path()).expect("it opens").log.is_empty());
    let begun = |path: &Path| begun(path.file_name()?.to_str()?);
    assert_eq!(begun(second.path()), "2026-11-23T20:18:22Z".parse().ok());
    for name in ["session.smtp", "2026-11-23-201822.smtp", "2026-13-23-201822-mx.smtp", "2026-11-23-20182é-mx.smtp"] {
        assert_eq!(super::begun(name), None, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().expect("a directory");
    let journal = Journal::create(&directory.path().join("transcripts"), "lab:", &head()).expect("created");
    let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(journal.path()), 0o600);
    assert_eq!(mode(journal.path().parent().expect("a directory")), 0o700);
    assert_eq!(mode(&directory.path().join("transcripts")), 0o700);
}

#[test]
fn it_is_locked_while_it_lives() {
    let directory = tempfile::tempdir().expect("a directory");
    let journal = Journal::create(directory.path(), "mx", &head()).expect("created");
    let other = File::open(journal.path()).expect("it opens");
    assert!(matches!(other.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock)));
    drop(journal);
    other.try_lock_shared().expect("it is free");
}

#[test]
fn a_journal_cut_off_anywhere_opens_and_lacks_at_most_the_last_record() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut journal = Journal::create(directory.path(), "mx", &head()).expect("created");
    let mut ends = vec![std::fs::read(journal.path()).expect("it is there").len()];
    let events = [
        Event::Remark(Remark::new("connected").value("127.0.0.1:25")),
        Event::Received(Line::new("220 mx")),
        Event::Sent(Line::new("EHLO \u{e9}")),
        Event::Received(Line::raw("250 ok\n")),
        Event::Content(Line::new("")),
        Event::Sent(Line::new("QUIT")),
    ];
    for (at, event) in (0..).zip(events) {
        journal.append(&Timed { at: Micros(at * 1_000), event }).expect("written");
        ends.push(std::fs::read(journal.path()).expect("it is there").len());
    }
    let bytes = std::fs::read(journal.path()).expect("it is there");
    for length in 0..=bytes.len() {
        let document = read(&bytes[..length]).unwrap_or_else(|e: FileError| panic!("{length} octets: {e}"));
        let whole = ends.iter().filter(|end| **end <= length).count();
        assert_eq!(document.log.len(), whole.saturating_sub(1), "{length} octets");
        let torn = length > 0 && !ends.contains(&length);
        // The fence that closes the head may lack its line end.
        let complete_head = length + 1 == ends[0];
        assert_eq!(document.warnings.is_empty(), !torn || complete_head, "{length} octets");
        let last = Warning::Truncated { line: 6 + whole };
        assert!(whole == 0 || !torn || document.warnings == [last], "{length} octets: {:?}", document.warnings);
    }
}

/// A disk with room for so many octets, that may or may not be able to take octets back.
struct Disk {
    bytes: Vec<u8>,
    room: usize,
    cuts: bool,
}

impl Sink for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fits = bytes.len().min(self.room - self.bytes.len());
        if fits == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(&bytes[..fits]);
        Ok(fits)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        if !self.cuts {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.bytes.truncate(usize::try_from(length).expect("small"));
        Ok(())
    }
}

#[test]
fn a_full_disk_leaves_no_torn_record() {
    for (cuts, want) in [(true, "one\nfive\n"), (false, "one\ntwo\nfive\n")] {
        let mut tail = Tail::new(Disk { bytes: Vec::new(), room: 6, cuts });
        tail.append(b"one\n").expect("there is room");
        for line in ["two\n", "three\n", "four\n"] {
            let error = tail.append(line.as_bytes()).expect_err("there is none");
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        }
        tail.sink.room = 100;
        tail.append(b"five\n").expect("there is room again");
        assert_eq!(String::from_utf8_lossy(&tail.sink.bytes), want, "takes back: {cuts}");
        assert_eq!(tail.length, want.len() as u64);
    }
}

#[cfg(target_os = "linux")]
fn full(journal: &mut Journal) -> File {
    let full = File::options().append(true).open("/dev/full").expect("it opens");
    std::mem::replace(&mut journal.tail.sink, full)
}

fn body(journal: &Journal) -> Vec<String> {
    let text = std::fs::read_to_string(journal.path()).expect("it is there");
    text.lines().skip(6).map(str::to_owned).collect()
}

fn said(at: u64, text: &str) -> Timed {
    Timed { at: Micros(at), event: Event::Remark(Remark::parse(text)) }
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_missing_is_said_in_the_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut journal = Journal::create(directory.path(), "mx", &head()).expect("created");
    journal.append(&sent(1, "NOOP")).expect("written");
    let good = full(&mut journal);
    let error = journal.append(&sent(2, "HELP")).expect_err("the disk is full");
    assert!(error.to_string().contains("-mx.smtp: "), "{error}");
    assert_eq!(journal.append(&sent(3, "HELP")).expect("said once"), None);
    journal.tail.sink = good;
    assert_eq!(journal.append(&sent(4, "QUIT")).expect("written"), Some(Remark::recorded_again(2)));
    let loss = "0.000004 * warning kind=journal lost=2 \"records could not be written here\"";
    assert_eq!(body(&journal), ["0.000001 > NOOP", loss, "0.000004 > QUIT"]);
    assert_eq!(journal.missing(), 2);
    full(&mut journal);
    journal.append(&sent(5, "HELP")).expect_err("said of each row");
}

/// Its owner has NOOP, 2 HELP, a note and a bookmark, the word that it is written again, QUIT.
#[cfg(target_os = "linux")]
#[test]
fn what_is_said_on_a_full_disk_is_written_later_and_names_records_of_the_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut journal = Journal::create(directory.path(), "mx", &head()).expect("created");
    journal.append(&sent(1, "NOOP")).expect("written");
    let good = full(&mut journal);
    journal.append(&sent(2, "HELP")).expect_err("the disk is full");
    journal.append(&said(3, "note at=1 early")).expect("said once");
    journal.append(&sent(4, "HELP")).expect("said once");
    journal.append(&said(5, "mark at=4")).expect("said once");
    assert_eq!(journal.missing(), 4);
    journal.tail.sink = good;
    journal.append(&sent(6, "QUIT")).expect("written");
    journal.append(&said(7, "note at=7 late")).expect("written");
    assert_eq!(
        body(&journal),
        [
            "0.000001 > NOOP",
            "0.000006 * warning kind=journal lost=2 \"records could not be written here\"",
            "0.000006 * note at=1 early",
            "0.000006 * mark at=2",
            "0.000006 > QUIT",
            "0.000007 * note at=5 late",
        ]
    );
    let document = open(journal.path()).expect("it opens");
    assert!(document.warnings.is_empty(), "{:?}", document.warnings);
    let all = Annotations::of(&document);
    assert_eq!((all.notes, all.marks), (vec![(0, "early".to_owned()), (4, "late".to_owned())], vec![1]));
    assert_eq!(journal.missing(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_missing_is_tried_once_more_at_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut journal = Journal::create(directory.path(), "mx", &head()).expect("created");
    journal.append(&sent(1, "NOOP")).expect("written");
    let good = full(&mut journal);
    journal.append(&said(2, "mark at=1")).expect_err("the disk is full");
    journal.catch_up();
    assert_eq!(journal.missing(), 1);
    journal.tail.sink = good;
    journal.catch_up();
    assert_eq!(body(&journal), ["0.000001 > NOOP", "0.000002 * mark at=1"]);
    assert_eq!(journal.missing(), 0);
}

#[test]
fn a_target_is_reduced_to_what_a_name_may_hold() {
    for (target, want) in [
        ("", "unknown"),
        ("lab:", "lab"),
        ("[::1]:25", "1-25"),
        ("user@Bücher.example", "user-b-cher.example"),
        ("../../etc/passwd", "etc-passwd"),
        ("submission://mx:587", "mx-587"),
    ] {
        assert_eq!(reduced(target), want, "{target}");
    }
    assert!(reduced(&"x".repeat(500)).len() <= NAME);
}
