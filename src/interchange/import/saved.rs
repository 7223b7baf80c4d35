//! A mail that somebody saved, with a log of a conversation in its text: the text as it was before it was encoded.

use crate::message::structure;

use super::lines::lines;

/// Octets of a mail that is taken apart.
const LARGEST: usize = 16 << 20;

const DECODED: &str = "it is a saved mail: its text was decoded, and its lines are counted there";

/// The decoded text of a mail where it is encoded and holds what a known program wrote, and what is said of it.
pub(super) fn log_in(octets: &[u8]) -> Option<(Vec<u8>, &'static str)> {
    if octets.len() > LARGEST || !has_head(octets) {
        return None;
    }
    let read = structure::read(octets);
    let encoded = read.parts.iter().any(|part| part.encoding.is_some());
    let text = read.text.replace("\r\n", "\n") + "\n";
    let (plain, _) = super::plain::plain(text.as_bytes());
    let told = super::source(&plain).is_some_and(|source| source.name != "message");
    (encoded && told).then(|| (text.into_bytes(), DECODED))
}

/// Whether it begins with header fields of which one says how the text is encoded, or what parts it has.
fn has_head(octets: &[u8]) -> bool {
    let mut telling = false;
    for (number, line) in lines(octets) {
        if line.is_empty() {
            return telling && number > 2;
        }
        let folded = matches!(line[0], b' ' | b'\t');
        let name = line.split(|octet| *octet == b':').next().unwrap_or_default();
        let named = name.len() < line.len() && name.iter().all(u8::is_ascii_graphic);
        if !(folded || named || number == 1 && line.starts_with(b"From ")) {
            return false;
        }
        let low = name.to_ascii_lowercase();
        telling |= low == b"content-transfer-encoding" || low == b"content-type";
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_saved_mail_is_decoded() {
        let mail = "From: a@b\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\nSee:\n\
                    =3D=3D=3D Trying h:25...\n=3D=3D=3D Connected to h.\n<-  220 mx\n -> EHLO a\n<-  250 AUTH PLAIN XOAU=\nTH2\n";
        let (text, _) = log_in(mail.as_bytes()).expect("a log is in it");
        let text = String::from_utf8(text).expect("text");
        assert!(text.contains("=== Trying h:25...\n") && text.contains("AUTH PLAIN XOAUTH2\n"), "{text}");
        assert!(log_in(b"From: a@b\nContent-Type: text/plain\n\n=== Trying h:25...\n").is_none());
        assert!(log_in(b"220 mx\nQUIT\n221 bye\n").is_none());
    }
}
