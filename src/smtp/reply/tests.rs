use proptest::prelude::*;

use super::*;

/// All replies of some octets, what is left at the end among them.
fn replies(parts: &[&[u8]]) -> Vec<Reply> {
    let mut reader = ReplyReader::default();
    let mut all: Vec<Reply> = parts.iter().flat_map(|part| reader.feed(part)).collect();
    all.extend(reader.finish());
    all
}

fn octets(replies: &[Reply]) -> Vec<u8> {
    let lines = replies.iter().flat_map(|reply| &reply.lines);
    lines.flat_map(|line| [&line.raw, line.end.octets()].concat()).collect()
}

/// Each reply as `code text` and its flaws.
fn told(replies: &[Reply]) -> Vec<(String, Vec<Flaw>)> {
    let code = |reply: &Reply| reply.code().map_or_else(|| "-".to_owned(), |code| code.to_string());
    replies.iter().map(|reply| (format!("{} {}", code(reply), reply.text()), reply.all_flaws())).collect()
}

#[test]
fn replies_as_servers_send_them() {
    for (text, code, enhanced, want) in [
        ("250 ok\r\n", "250", "-", "ok"),
        ("250\r\n", "250", "-", ""),
        ("250 \r\n", "250", "-", ""),
        ("250-\r\n250 \r\n", "250", "-", ""),
        ("250-a\r\n250-b\r\n250 c\r\n", "250", "-", "a b c"),
        ("250-a\r\n250\r\n", "250", "-", "a"),
        ("250 2.0.0 Ok: queued as 4ABC\r\n", "250", "2.0.0", "Ok: queued as 4ABC"),
        ("550-5.1.1 no\r\n550 5.1.1 such user\r\n", "550", "5.1.1", "no such user"),
        ("454 5.5.1 as Gmail has it\r\n", "454", "5.5.1", "as Gmail has it"),
        ("354 go on\r\n", "354", "-", "go on"),
    ] {
        let all = replies(&[text.as_bytes()]);
        assert_eq!(all.len(), 1, "{text:?}");
        assert_eq!(all[0].code().map(|c| c.to_string()).as_deref(), Some(code), "{text:?}");
        assert_eq!(all[0].enhanced().map_or_else(|| "-".to_owned(), |c| c.to_string()), enhanced, "{text:?}");
        assert_eq!(all[0].text(), want, "{text:?}");
        assert_eq!(all[0].all_flaws(), [], "{text:?}");
    }
}

/// Each reply as `code text` and its flaws.
type Wanted<'a> = &'a [(&'a str, &'a [Flaw])];

#[test]
fn what_a_broken_or_hostile_server_sends_is_kept_and_said() {
    use Flaw::{
        BadSeparator, BareCr, BareLf, CodeOutOfRange, CodesDiffer, Controls, NoCode, NotUtf8, TooManyDigits, Unfinished,
    };
    let cases: [(&str, &[u8], Wanted); 22] = [
        ("bare line feed", b"250 ok\n", &[("250 ok", &[BareLf])]),
        ("bare carriage return", b"250 a\rb\r\n", &[("250 a\rb", &[BareCr])]),
        ("two carriage returns", b"250 a\r\r\n", &[("250 a", &[BareCr])]),
        ("codes that differ", b"250-a\r\n550 b\r\n", &[("550 a b", &[CodesDiffer])]),
        ("no code", b"hello\r\n250 ok\r\n", &[("- hello", &[NoCode]), ("250 ok", &[])]),
        ("no code in the middle", b"250-a\r\nwrapped\r\n250 b\r\n", &[("250 a wrapped b", &[NoCode])]),
        ("four digits", b"2500 ok\r\n", &[("- 2500 ok", &[TooManyDigits])]),
        ("two digits", b"25 ok\r\n", &[("- 25 ok", &[NoCode])]),
        ("a tab", b"250\tok\r\n", &[("250 ok", &[BadSeparator])]),
        ("a letter after the code", b"250ok\r\n", &[("250 ok", &[BadSeparator])]),
        ("not UTF-8", b"250 \xff\xfe\r\n", &[("250 \u{fffd}\u{fffd}", &[NotUtf8])]),
        ("a NUL", b"250 a\0b\r\n", &[("250 a\0b", &[Controls])]),
        ("an escape", b"250 \x1b[2J\r\n", &[("250 \u{1b}[2J", &[Controls])]),
        ("an empty line", b"\r\n250 ok\r\n", &[("- ", &[NoCode]), ("250 ok", &[])]),
        ("an empty line in the middle", b"250-a\r\n\r\n250 b\r\n", &[("250 a b", &[NoCode])]),
        ("a leading space", b" 250 ok\r\n", &[("- 250 ok", &[NoCode])]),
        ("code 000", b"000 x\r\n", &[("000 x", &[CodeOutOfRange])]),
        ("code 999", b"999 x\r\n", &[("999 x", &[CodeOutOfRange])]),
        ("a preliminary code", b"150 x\r\n", &[("150 x", &[CodeOutOfRange])]),
        ("an end in mid-line", b"250 o", &[("250 o", &[Unfinished])]),
        ("an end in mid-reply", b"250-a\r\n", &[("250 a", &[Unfinished])]),
        ("a 421 that never ends", b"421-bye", &[("421 bye", &[Unfinished])]),
    ];
    for (name, bytes, want) in cases {
        let all = replies(&[bytes]);
        let want: Vec<_> = want.iter().map(|(text, flaws)| ((*text).to_owned(), flaws.to_vec())).collect();
        assert_eq!(told(&all), want, "{name}");
        assert_eq!(octets(&all), bytes, "{name}");
        assert!(all.iter().flat_map(Reply::all_flaws).all(|flaw| !flaw.words().is_empty()));
    }
}

#[test]
fn nothing_at_all_is_no_reply() {
    assert_eq!(ReplyReader::default().finish(), None);
    let mut reader = ReplyReader::default();
    assert_eq!(reader.feed(b"250 ok\r\n").len(), 1);
    assert_eq!(reader.finish(), None, "what was given is not given twice");
}

#[test]
fn a_reply_begun_can_be_looked_at() {
    let mut reader = ReplyReader::default();
    assert!(reader.feed(b"250-a\r\n250 b").is_empty());
    let (reply, rest) = reader.unfinished();
    assert_eq!((reply.lines.len(), rest), (1, &b"250 b"[..]));
}

#[test]
fn two_thousand_lines_are_one_reply() {
    let text: String = (0..1999).map(|n| format!("250-line {n}\r\n")).chain(["250 end\r\n".to_owned()]).collect();
    let all = replies(&text.as_bytes().chunks(7).collect::<Vec<_>>());
    assert_eq!((all.len(), all[0].lines.len()), (1, 2000));
    assert_eq!(octets(&all), text.as_bytes());
}

#[test]
fn a_reply_without_end_is_ended_at_the_limit() {
    let text = "250-x\r\n".repeat(MAX_LINES + 1);
    let all = replies(&[text.as_bytes()]);
    assert_eq!(all.iter().map(|reply| reply.lines.len()).collect::<Vec<_>>(), [MAX_LINES, 1]);
    assert_eq!(all[0].flaws, [Flaw::TooManyLines]);
    assert_eq!(octets(&all), text.as_bytes());
}

#[test]
fn a_line_beyond_a_mebibyte_is_cut_and_counted() {
    let mut text = b"250 ".to_vec();
    text.resize(MAX_LINE + 100, b'x');
    text.extend_from_slice(b"\r\n220 next\r\n");
    let all = replies(&text.chunks(65_536).collect::<Vec<_>>());
    let line = &all[0].lines[0];
    assert_eq!((line.raw.len(), line.cut, line.end), (MAX_LINE, 100, LineEnd::CrLf));
    assert!(line.flaws.contains(&Flaw::Cut) && line.flaws.contains(&Flaw::LongLine));
    assert_eq!(told(&all)[1], ("220 next".to_owned(), vec![]));
    let unfinished = replies(&[&text[..MAX_LINE + 10]]);
    assert_eq!((unfinished[0].lines[0].cut, unfinished[0].flaws.as_slice()), (10, &[Flaw::Unfinished][..]));
}

#[test]
fn classes_and_codes() {
    for (number, class) in [
        (0, Class::Unknown),
        (199, Class::Unknown),
        (250, Class::Success),
        (354, Class::Intermediate),
        (450, Class::Transient),
        (550, Class::Permanent),
        (600, Class::Unknown),
        (999, Class::Unknown),
    ] {
        assert_eq!(ReplyCode::new(number).expect("three digits").class(), class, "{number}");
    }
    assert_eq!(ReplyCode::new(1000), None);
    assert_eq!(ReplyCode::new(7).expect("three digits").to_string(), "007");
}

/// Octets that are likely to make and break replies.
fn wire() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "(250|550|421|99|2500|000)[ -]?[a-z .0-9]{0,6}\r\n".prop_map(String::into_bytes),
        1 => "[0-9 -]{0,5}(\r|\n|\r\n)?".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_replies(bytes in wire(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let mut parts = Vec::new();
        let mut from = 0;
        for cut in cuts {
            parts.push(&bytes[from..cut]);
            from = cut;
        }
        parts.push(&bytes[from..]);
        prop_assert_eq!(replies(&parts), replies(&[&bytes]));
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(replies(&single), replies(&[&bytes]));
    }

    #[test]
    fn nothing_is_lost(bytes in wire()) {
        prop_assert_eq!(octets(&replies(&[&bytes])), bytes);
    }

    #[test]
    fn every_reply_but_the_last_is_complete(bytes in wire()) {
        let mut reader = ReplyReader::default();
        for reply in reader.feed(&bytes) {
            prop_assert!(!reply.lines.is_empty() && !reply.all_flaws().contains(&Flaw::Unfinished));
        }
    }
}
