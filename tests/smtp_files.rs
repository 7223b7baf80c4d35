//! Laws of the `.smtp` format over arbitrary conversations: what is written is read back, whatever was on the wire.

use ehlo::conversation::file::{self, Document, Header, Reader};
use ehlo::conversation::{Event, Line, Log, Micros, Remark, Timed};
use ehlo::smtp::Session;
use proptest::prelude::*;

/// Octets as a wire may have them, with all that the format treats in its own way.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..8),
        "[ -~]{0,12}".prop_map(String::into_bytes),
        "\\PC{0,6}".prop_map(String::into_bytes),
        proptest::sample::select(vec![
            &b"{{"[..],
            b"{",
            b"{{auth}}",
            b"}}",
            b"\\",
            b"\\c",
            b"\\x7b",
            b"c",
            b" ",
            b"\t",
            b"\r",
            b"\n",
            b"\x1b[2J",
            b"\xff",
            b"\xe2\x80\xae",
            b"\xc2\xa0",
            b"+++",
            b"#",
            b"250-",
            b"."
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    proptest::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

fn line() -> impl Strategy<Value = Line> {
    prop_oneof![
        4 => (octets(), any::<bool>()).prop_map(|(bytes, crlf)| Line { bytes, crlf, masked: false }),
        1 => (octets(), any::<bool>(), octets()).prop_map(|(before, crlf, after)| {
            // A masked line as masking makes it.
            let mut mask = ehlo::conversation::mask::Mask::default();
            mask.learn("s3cr3t-w0rd".into());
            mask.received(&[&before[..], b"s3cr3t-w0rd", &after].concat(), crlf)
        }),
        1 => Just(ehlo::conversation::mask::Mask::default().sent(&Session::new(), b"AUTH PLAIN AGEAYg==", true)),
    ]
}

fn remark() -> impl Strategy<Value = Remark> {
    let value = prop_oneof!["[ -~]{0,10}", any::<String>(), Just("{{".to_owned()), Just("{{auth}}".to_owned())];
    let pair = (proptest::option::of("[a-z][a-z0-9_-]{0,5}"), value);
    ("[a-z][a-z-]{0,8}", proptest::collection::vec(pair, 0..4)).prop_map(|(word, values)| Remark { word, values })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        line().prop_map(Event::Sent),
        line().prop_map(Event::Content),
        line().prop_map(Event::Received),
        remark().prop_map(Event::Remark),
    ]
}

fn timed() -> impl Strategy<Value = Timed> {
    (0..100_000_000_000_u64, event()).prop_map(|(at, event)| Timed { at: Micros(at), event })
}

/// A line of a script, a comment or a blank line.
fn other() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "# ?[ -~]{0,20}",
        "> [A-Z ]{1,8}(\\{\\{to\\}\\})?(\\\\t|\\\\x20|\\\\c)?",
        "< (250|2xx|\\*)( /\\\\w+/)?",
        "\\? latency < [0-9]s",
        "\\* sleep [0-9]s",
        "\\|@(raw)? [a-z]{1,5}\\.eml",
        ">> ([0-9]{1,4}|LAST) [a-z]{1,5}\\.eml",
    ]
}

fn document(events: &[Timed]) -> Document {
    let mut log = Log::new();
    for Timed { at, event } in events {
        log.push(*at, event);
    }
    Document::new(Header::default(), log)
}

fn written(document: &Document) -> Vec<u8> {
    let mut out = Vec::new();
    file::write_document(document, &mut out);
    out
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(events in proptest::collection::vec(timed(), 0..12)) {
        let document = document(&events);
        let bytes = written(&document);
        let mut by_record = Vec::new();
        for Timed { at, event } in &events {
            file::write_record(*at, event, &mut by_record);
        }
        prop_assert_eq!(&bytes, &by_record);
        prop_assert!(std::str::from_utf8(&bytes).is_ok());
        let read = file::read(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(read.log.len(), events.len());
        for (record, Timed { at, event }) in events.iter().enumerate() {
            let (got, want) = (read.log.get(record).expect("read"), document.log.get(record).expect("pushed"));
            prop_assert_eq!(got, want);
            prop_assert_eq!(got.at, Some(*at));
            if let Event::Remark(remark) = event {
                prop_assert_eq!(&got.remark().expect("a remark"), remark);
            }
        }
        prop_assert_eq!(written(&read), bytes);
    }

    #[test]
    fn a_canonical_file_of_both_kinds_is_unchanged_in_chunks_of_any_size(
        lines in proptest::collection::vec(prop_oneof![
            timed().prop_map(|t| { let mut out = Vec::new(); file::write_record(t.at, &t.event, &mut out); out }),
            other().prop_map(|line| format!("{line}\n").into_bytes()),
        ], 0..12),
        head in prop_oneof![Just(""), Just("+++\nehlo = 1 # a\n\n[vars]\nx = \"y\"\n+++\n"), Just("# one\n\n+++\n+++\n")],
        size in 1usize..40,
    ) {
        let bytes = [head.as_bytes(), &lines.concat()].concat();
        let mut reader = Reader::new();
        for chunk in bytes.chunks(size) {
            reader.feed(chunk).map_err(|error| TestCaseError::fail(error.to_string()))?;
        }
        let read = reader.finish().map_err(|error| TestCaseError::fail(error.to_string()))?;
        let again = written(&read);
        prop_assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&bytes));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let numbered: Vec<_> = text.lines().collect();
        for (record, line) in read.script() {
            prop_assert!(line.is_ok());
            let text = read.log.get(record).expect("a record").bytes;
            prop_assert_eq!(numbered[read.line_of(record) - 1].as_bytes(), text);
        }
    }

    #[test]
    fn anything_is_read_or_refused_with_a_place(bytes in octets(), head in any::<bool>()) {
        let bytes = if head { [b"+++\n", &bytes[..]].concat() } else { bytes };
        match file::read(&bytes) {
            Ok(document) => {
                let once = written(&document);
                let again = file::read(&once).map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(written(&again), once);
            }
            Err(error) => {
                let (line, column) = error.place().expect("a place");
                prop_assert!(line >= 1 && column >= 1);
                prop_assert!(line <= bytes.split(|b| *b == b'\n').count());
            }
        }
    }
}
