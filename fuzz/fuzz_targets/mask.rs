//! A planted secret never survives: in no direction, plain or in base64, whatever stands around it and however it is
//! cut into pieces.
#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ehlo::conversation::mask::Mask;
use ehlo::smtp::escape::from_file;
use ehlo::smtp::{Secret, Session};
use libfuzzer_sys::fuzz_target;

#[path = "../talk/mod.rs"]
mod talk;

const HELLO: (&str, &str) = ("EHLO a", "250-mx\n250 AUTH PLAIN LOGIN");

/// A session that may be sent commands, one within AUTH, and one after DATA.
static SESSIONS: LazyLock<[Session; 3]> = LazyLock::new(|| {
    [
        talk::session(&[HELLO]),
        talk::session(&[HELLO, ("AUTH LOGIN", "334 ")]),
        talk::session(&[HELLO, ("MAIL FROM:<a@b>", "250 ok"), ("RCPT TO:<c@d>", "250 ok"), ("DATA", "354 go")]),
    ]
});

/// What each octet stands for in base64, or 64.
static SIX_BITS: LazyLock<[u8; 256]> = LazyLock::new(|| {
    let mut table = [64; 256];
    for (value, letter) in (0..).zip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
        table[usize::from(*letter)] = value;
    }
    table
});

fn six_bits(octet: u8) -> Option<u32> {
    let value = SIX_BITS[usize::from(octet)];
    (value < 64).then_some(u32::from(value))
}

/// Whether a text holds the secret in base64, wherever its groups begin.
fn holds_encoded(text: &[u8], secret: &[u8]) -> bool {
    text.split(|octet| six_bits(*octet).is_none()).any(|run| {
        (0..4.min(run.len())).any(|first| {
            let (mut bits, mut count, mut decoded) = (0u32, 0, Vec::new());
            for six in run[first..].iter().filter_map(|octet| six_bits(*octet)) {
                bits = bits << 6 | six;
                count += 6;
                if count >= 8 {
                    count -= 8;
                    decoded.push((bits >> count & 0xff) as u8);
                }
            }
            decoded.windows(secret.len()).any(|window| window == secret)
        })
    })
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
    let around =
        |octets: &[u8]| -> Vec<u8> { octets.iter().copied().filter(|octet| !matches!(octet, b'\n' | b'\r')).collect() };
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
        let line =
            if received { mask.received(piece, n + 1 == count) } else { mask.sent(session, piece, n + 1 == count) };
        if line.masked {
            from_file(&line.bytes, &mut recorded).expect("what was masked is well escaped");
        } else {
            recorded.extend_from_slice(&line.bytes);
        }
    }
    assert!(!recorded.windows(secret.len()).any(|window| window == secret), "{}", recorded.escape_ascii());
    assert!(!holds_encoded(&recorded, &secret), "{}", recorded.escape_ascii());
});
