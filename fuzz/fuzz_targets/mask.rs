//! A planted secret never survives: in no direction, plain or in base64, whatever stands around it and however it is
//! cut into pieces.
#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ehlo::conversation::mask::Mask;
use ehlo::smtp::reply::{LineEnd, ReplyLine};
use ehlo::smtp::session::{Awaited, Sent};
use ehlo::smtp::{Reply, Secret, Session};
use libfuzzer_sys::fuzz_target;

/// A session that may be sent commands, one within AUTH, and one after DATA.
static SESSIONS: LazyLock<[Session; 3]> = LazyLock::new(|| {
    [&[][..], &[("AUTH LOGIN", "334 ")], &[("MAIL FROM:<a@b>", "250 ok"), ("RCPT TO:<c@d>", "250 ok"), ("DATA", "354 go")]]
        .map(session)
});

fn session(talk: &[(&str, &str)]) -> Session {
    let reply = |text: &str| {
        let mut reply = Reply::default();
        for line in text.lines() {
            reply.push(ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf));
        }
        reply
    };
    let mut session = Session::new();
    session.connected();
    session.replied(&Awaited::Greeting, &reply("220 mx"));
    for (line, answer) in [("EHLO a", "250-mx\n250 AUTH PLAIN LOGIN")].iter().chain(talk) {
        match session.sent(line.as_bytes()) {
            Sent::Command(command) => session.replied(&Awaited::Command(command), &reply(answer)),
            other => panic!("{line} is {other:?}"),
        }
    }
    session
}

/// The letters of a secret's base64 that do not depend on what stands before and after it, for a start in the middle of
/// a group.
fn core(secret: &[u8], shift: usize) -> Vec<u8> {
    let letters = STANDARD.encode([&b"\0\0\0"[..shift], secret].concat());
    let first = (shift * 8).div_ceil(6);
    let last = (shift + secret.len()) * 8 / 6;
    letters.as_bytes()[first..last].to_vec()
}

// Octets: form and direction, length of the secret, seed of the secret, length of what stands before, where it is cut,
// then text of which a part stands before the secret and the rest after it.
fuzz_target!(|input: &[u8]| {
    let [form, length, seed, before, cuts, text @ ..] = input else { return };
    // No word that could be a label of a domain or a verb.
    let secret: Vec<u8> = (0..6 + u32::from(length % 20))
        .map(|n| b"Q7z!x%A9bK_e$R2m"[(u32::from(*seed).wrapping_mul(2 * n + 1).wrapping_add(n) >> 1) as usize % 16])
        .collect();
    let (head, tail) = text.split_at(text.len().min(usize::from(*before)));
    let coat = form / 8 % 4;
    let (planted, plain_around) = match coat {
        0 => (secret.clone(), true),
        1 => (STANDARD.encode(&secret).into_bytes(), true),
        2 => (STANDARD.encode([&b"\0dude\0"[..], &secret].concat()).into_bytes(), true),
        _ => (STANDARD.encode([head, &secret, tail].concat()).into_bytes(), false),
    };
    let around = |octets: &[u8]| -> Vec<u8> {
        octets.iter().copied().filter(|octet| !matches!(octet, b'\n' | b'\r')).collect()
    };
    let bytes = if plain_around {
        // Letters that touch base64 make another word of it.
        let gap: &[u8] = if coat == 0 { b"" } else { b" " };
        [&around(head), gap, &planted, gap, &around(tail)].concat()
    } else {
        planted
    };
    let session = &SESSIONS[usize::from(form % 4).min(2)];
    let received = form % 4 == 3;
    let mut mask = Mask::default();
    mask.learn(Secret::new(secret.clone()));
    let mut recorded = Vec::new();
    let size = usize::from(*cuts).max(1);
    let count = bytes.chunks(size).count();
    for (n, piece) in bytes.chunks(size).enumerate() {
        let line = if received { mask.received(piece, n + 1 == count) } else { mask.sent(session, piece, n + 1 == count) };
        recorded.extend_from_slice(&line.bytes);
    }
    let holds = |needle: &[u8]| recorded.windows(needle.len()).any(|window| window == needle);
    assert!(!holds(&secret), "{}", recorded.escape_ascii());
    for shift in 0..3 {
        assert!(!holds(&core(&secret, shift)), "{}", recorded.escape_ascii());
    }
});
