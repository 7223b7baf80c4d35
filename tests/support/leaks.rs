//! Secrets looked for in files: plain, in base64, and inside the base64 of something larger, such as PLAIN's message.

use std::path::{Path, PathBuf};

/// The files below a folder that hold one of the secrets.
pub(crate) fn leaks(folder: &Path, secrets: &[String], given: &[PathBuf]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && !given.contains(&path) {
                // What another user may not read is read by nobody here either.
                let Ok(octets) = std::fs::read(&path) else { continue };
                let held = secrets.iter().filter(|secret| holds(&octets, secret.as_bytes()));
                found.extend(held.map(|secret| format!("{} holds {secret}", path.display())));
            }
        }
    }
    found
}

/// Whether octets hold a secret, plain or as a part of base64.
pub(crate) fn holds(octets: &[u8], secret: &[u8]) -> bool {
    let within = |text: &[u8]| text.windows(secret.len()).any(|window| window == secret);
    if within(octets) {
        return true;
    }
    octets
        .split(|octet| six_bits(*octet).is_none())
        .filter(|run| run.len() > secret.len())
        .any(|run| (0..4).any(|first| within(&decoded(&run[first..]))))
}

/// The octets that letters of base64 stand for.
fn decoded(letters: &[u8]) -> Vec<u8> {
    let (mut bits, mut count, mut octets) = (0u32, 0, Vec::new());
    for six in letters.iter().filter_map(|letter| six_bits(*letter)) {
        bits = bits << 6 | six;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    octets
}

/// The value of a letter of either alphabet of base64 (RFC 4648 4 and 5).
fn six_bits(letter: u8) -> Option<u32> {
    Some(u32::from(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}
