//! Captures of ours that somebody has changed: what their packets show counts, whatever their comments say.

use super::*;

/// A conversation of two connections, one of them under TLS, as a capture of ours, and its blocks.
fn own_capture(more: &str) -> Vec<Vec<u8>> {
    let text = format!(
        "+++\nehlo = 1\ntarget = \"mx:25\"\nstarted = 2026-11-24T10:00:00Z\n+++\n\
        0.0 * connecting 127.0.0.1:25\n0.0 * connected 127.0.0.1:25 from 127.0.0.1:4000\n0.1 < 220 mx\n0.2 > STARTTLS\n\
        0.3 < 220 go\n0.4 * tls version=TLSv1.3\n0.5 > NOOP of some length\n0.6 < 250 ok\n{more}0.8 * closed by=server\n\
        2.0 * connecting 127.0.0.1:25\n2.0 * connected 127.0.0.1:25\n2.1 < 220 mx\n2.2 > RSET\n2.3 < 250 ok\n\
        2.4 * cut direction=in bytes=50\n2.5 > QUIT\n2.6 < 221 bye\n"
    );
    let document = file::read(text.as_bytes()).expect("a transcript");
    let format = crate::interchange::by_name("pcapng").expect("a format");
    blocks(&format.write(&document, &crate::decode::Knowledge::default()))
}

fn blocks(mut octets: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    while let Some(length) = octets.get(4..8) {
        let length = u32::from_le_bytes(length.try_into().expect("four octets")) as usize;
        out.push(octets[..length].to_vec());
        octets = &octets[length..];
    }
    out
}

/// A packet block with what a function makes of its packet and its options.
fn packet(block: &[u8], other: impl Fn(&[u8], &[u8]) -> Option<(Vec<u8>, Vec<u8>)>) -> Vec<u8> {
    let number = |at: usize| u32::from_le_bytes(block[at..at + 4].try_into().expect("four octets")) as usize;
    if number(0) != 6 {
        return block.to_vec();
    }
    let (captured, options) = (number(20), 28 + number(20).next_multiple_of(4));
    let Some((data, options)) = other(&block[28..28 + captured], &block[options..block.len() - 4]) else {
        return Vec::new();
    };
    let mut body =
        [&block[8..20], &u32::try_from(data.len()).expect("short").to_le_bytes(), &block[24..28], &data].concat();
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend(options);
    let length = u32::try_from(body.len() + 12).expect("short").to_le_bytes();
    [&block[..4], &length, &body, &length].concat()
}

fn holds(text: &[u8], what: &str) -> bool {
    memchr::memmem::find(text, what.as_bytes()).is_some()
}

fn written(octets: &[u8]) -> (Vec<String>, Unread) {
    let imported = import(octets).expect("a capture");
    let text = |document: &Document| {
        let mut out = Vec::new();
        write_document(document, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    };
    (imported.conversations.iter().map(text).collect(), imported.unread)
}

#[test]
fn what_is_missing_in_a_capture_of_ours_is_told_by_its_packets_whatever_its_comments_say() {
    let all = own_capture("");
    let (whole, unread) = written(&all.concat());
    assert!(whole.len() == 1 && unread.words().next().is_none() && whole[0].matches("* cut").count() == 1, "{whole:?}");
    // A packet is gone, here of what was under TLS.
    let gone: Vec<u8> = all.iter().filter(|block| !holds(block, "NOOP of")).flatten().copied().collect();
    let (talk, unread) = written(&gone);
    assert!(talk[0].contains("* cut direction=out bytes=21\n") && unread.count() == 1, "{talk:?}");
    assert!(talk[0].contains("* cut direction=in bytes=50\n"), "{talk:?}");
    let at = |what: &str| talk[0].find(what).expect(what);
    assert!(at("* cut direction=out") < at("* closed by=server"), "{talk:?}");
    // Packets are cut short.
    let cut = |data: &[u8], options: &[u8]| {
        let most = if holds(data, "NOOP of") {
            49
        } else if holds(data, "RSET") {
            42
        } else {
            data.len()
        };
        Some((data[..most].to_vec(), options.to_vec()))
    };
    let (talk, unread) = written(&all.iter().flat_map(|block| packet(block, cut)).collect::<Vec<u8>>());
    assert!(talk[0].contains("> NOOP\\c\n0.500000 * cut direction=out bytes=17\n0.600000 < 250 ok\n"), "{talk:?}");
    assert!(talk[0].contains("> RS\\c\n2.200000 * cut direction=out bytes=4\n") && unread.count() == 2, "{talk:?}");
    // A comment is gone.
    let bare = |data: &[u8], options: &[u8]| {
        Some((data.to_vec(), if holds(options, "tls version") { Vec::new() } else { options.to_vec() }))
    };
    let (talk, _) = written(&all.iter().flat_map(|block| packet(block, bare)).collect::<Vec<u8>>());
    assert!(talk[0].contains("* tls version=TLSv1.3\n") && talk[0].contains("> NOOP of some length\n"), "{talk:?}");
    // The handshake is gone.
    let gone = all.iter().map(|block| {
        packet(block, |data, options| {
            let data = if data.get(40) == Some(&22) { &data[..40] } else { data };
            Some((data.to_vec(), options.to_vec()))
        })
    });
    let (talk, _) = written(&gone.collect::<Vec<_>>().concat());
    assert!(!talk[0].contains("* tls version=TLSv1.3\n"), "{talk:?}");
}

#[test]
fn another_connection_within_a_capture_of_ours_is_a_conversation_of_its_own() {
    let own = own_capture("");
    let others = blocks(&sample("pipelined.pcapng"));
    let kind = |block: &[u8]| block[0];
    let interface = others.iter().find(|block| kind(block) == 1).expect("an interface").clone();
    let others = others.into_iter().filter(|block| kind(block) == 6).map(|mut block| {
        block[8] = 1;
        block
    });
    let mut all = own.clone();
    all.splice(10..10, others);
    all.insert(2, interface);
    let (mut talks, _) = written(&all.concat());
    let (alone, _) = written(&own.concat());
    talks.sort_by_key(|talk| talk.contains("postfix"));
    assert_eq!((talks.len(), &talks[0]), (2, &alone[0]));
}

#[test]
fn a_long_remark_and_a_long_head_are_in_a_capture_of_ours() {
    let note = "wörter ".repeat(20_000);
    let text = format!(
        "+++\nehlo = 1\ntitle = \"{}\"\n+++\n0.0 * connecting mx:25\n0.0 * connected mx:25\n0.1 < 220 mx\n0.2 > QUIT\n0.3 < 221 bye\n0.4 * note at=5 \"{note}\"\n",
        "x".repeat(90_000)
    );
    let document = file::read(text.as_bytes()).expect("a transcript");
    let format = crate::interchange::by_name("pcapng").expect("a format");
    let imported = import(&format.write(&document, &crate::decode::Knowledge::default())).expect("a capture");
    let again = &imported.conversations[0];
    assert_eq!(again.header.text("title"), document.header.text("title"));
    let last = again.log.since(0).filter_map(|(_, entry)| entry.remark()).last().expect("a note");
    assert_eq!((last.word.as_str(), last.bare(0)), ("note", Some(note.as_str())));
}
