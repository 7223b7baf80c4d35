//! A file or an HTML text put into a message that is there: what it held becomes the first part.

use sha2::{Digest as _, Sha256};

use super::draft::Attachment;
use super::{MessageError, header};

/// Fields that say how the body is read: they go with it into its part.
const OF_THE_BODY: [&str; 4] = ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID"];

/// Attaches a file to a message. Gives it with CR LF everywhere.
///
/// # Errors
/// A media type that is none, a name that holds a line end.
pub fn attach(message: &[u8], attachment: &Attachment) -> Result<Vec<u8>, MessageError> {
    let mut part = Vec::new();
    attachment.part()?.write_part(&mut part);
    Ok(put(message, "mixed", &part))
}

/// Puts an HTML text beside the text of a message, as its alternative. Gives it with CR LF everywhere.
#[must_use]
pub fn alternative(message: &[u8], html: &str) -> Vec<u8> {
    let mut part = Vec::new();
    super::draft::text_part("text/html", html).write_part(&mut part);
    let message = header::with_crlf(message);
    let Some((begin, end)) = first_part(&message) else { return put(&message, "alternative", &part) };
    // Beside what is attached the text is the first part, and what stands beside the text belongs into it.
    let mut text = put(&message[begin..end], "alternative", &part);
    header::remove_first(&mut text, "MIME-Version");
    [&message[..begin], &text, &message[end..]].concat()
}

/// Where the first part of a message with attachments lies, without the line end before its boundary.
fn first_part(message: &[u8]) -> Option<(usize, usize)> {
    let boundary = format!("\r\n--{}", boundary(message, "mixed")?);
    let open = memchr::memmem::find(message, format!("{boundary}\r\n").as_bytes())?;
    let begin = open + boundary.len() + 2;
    // A part without a head begins with an empty line, which may be the one before its boundary.
    let end = begin + memchr::memmem::find(&message[begin..], boundary.as_bytes())?;
    Some((begin, end))
}

/// Puts a part behind what a message holds: into its multipart of this kind, or one is made around its body.
fn put(message: &[u8], kind: &str, part: &[u8]) -> Vec<u8> {
    let message = header::with_crlf(message);
    if let Some(end) = last_boundary(&message, kind) {
        let boundary = &message[end + 2..];
        let boundary = &boundary[..memchr::memmem::find(boundary, b"--\r\n").unwrap_or(boundary.len())];
        return [&message[..end], b"\r\n", boundary, b"\r\n", part, b"\r\n", &message[end + 2..]].concat();
    }
    let (head, rest) = header::split(&message);
    let (mut outer, mut inner) = (Vec::new(), Vec::new());
    for field in header::fields(head) {
        let of_body = OF_THE_BODY.iter().any(|name| header::is(field, name));
        if of_body { &mut inner } else { &mut outer }.extend_from_slice(field);
    }
    if header::get(&message, "MIME-Version").is_none() {
        outer.extend_from_slice(b"MIME-Version: 1.0\r\n");
    }
    if inner.is_empty() {
        // Without a field of its own a body is US-ASCII; what a terminal gives is UTF-8.
        inner.extend_from_slice(b"Content-Type: text/plain; charset=utf-8\r\n");
        if !rest.is_ascii() {
            inner.extend_from_slice(b"Content-Transfer-Encoding: 8bit\r\n");
        }
    }
    let sum = Sha256::new().chain_update(&message).chain_update(part).finalize();
    // `=_` can't stand in quoted-printable or base64 (RFC 2045 6.7).
    let boundary: String = sum.iter().take(12).fold("=_".to_owned(), |text, octet| format!("{text}{octet:02x}"));
    outer.extend(format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n").bytes());
    outer.extend(format!("--{boundary}\r\n").bytes());
    let rest: &[u8] = if rest.is_empty() { b"\r\n" } else { rest };
    let body = [inner.as_slice(), rest].concat();
    let between = format!("\r\n--{boundary}\r\n");
    let end = format!("\r\n--{boundary}--\r\n");
    [outer.as_slice(), &body, between.as_bytes(), part, end.as_bytes()].concat()
}

/// Where the last boundary of a message of this kind begins, with the CR LF that belongs to it; none where the message is
/// of another kind or not whole.
fn last_boundary(message: &[u8], kind: &str) -> Option<usize> {
    let boundary = boundary(message, kind)?;
    memchr::memmem::rfind(message, format!("\r\n--{boundary}--\r\n").as_bytes())
}

/// The boundary of a message of this kind.
fn boundary(message: &[u8], kind: &str) -> Option<String> {
    let value = header::get(message, "Content-Type")?;
    let (essence, parameters) = value.split_once(';')?;
    if !essence.trim().eq_ignore_ascii_case(&format!("multipart/{kind}")) {
        return None;
    }
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "From: a@b\nSubject: x\n\nHello.\n";

    fn text(octets: Vec<u8>) -> String {
        String::from_utf8(octets).expect("UTF-8")
    }

    fn file(name: &str) -> Attachment {
        Attachment { name: Some(name.to_owned()), media_type: String::new(), octets: b"octets".to_vec(), written: None }
    }

    #[test]
    fn what_was_there_becomes_the_first_part() {
        let one = text(attach(PLAIN.as_bytes(), &file("a.bin")).expect("attached"));
        let at = |what: &str| one.find(what).unwrap_or_else(|| panic!("{what} in {one}"));
        assert!(
            one.starts_with("From: a@b\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;"),
            "{one}"
        );
        assert!(at("charset=utf-8\r\n\r\nHello.\r\n\r\n--=_") < at("a.bin") && at("a.bin") < at("b2N0ZXRz"));
        let two = text(attach(one.as_bytes(), &file("b.bin")).expect("attached"));
        assert_eq!((two.matches("multipart/mixed").count(), two.matches("b2N0ZXRz").count()), (1, 2), "{two}");
        assert_eq!(two.matches("\r\n--=_").count(), 4, "{two}");
        assert!(two.trim_end().ends_with("--") && !two.contains("\r\n\r\n\r\n--"), "{two}");
    }

    #[test]
    fn html_stands_beside_the_text() {
        let both = text(alternative(PLAIN.as_bytes(), "<p>Hello.</p>"));
        assert!(both.contains("multipart/alternative") && both.contains("text/html") && both.contains("<p>Hello.</p>"));
        let with_file = text(attach(both.as_bytes(), &file("a.bin")).expect("attached"));
        let at = |what: &str| with_file.find(what).unwrap_or_else(|| panic!("{what} in {with_file}"));
        assert!(at("multipart/mixed") < at("multipart/alternative") && at("text/html") < at("a.bin"));
        // The other way round it is the same.
        let with_file = attach(PLAIN.as_bytes(), &file("a.bin")).expect("attached");
        let both = text(alternative(&with_file, "<p>Hello.</p>"));
        let at = |what: &str| both.find(what).unwrap_or_else(|| panic!("{what} in {both}"));
        assert!(at("multipart/mixed") < at("multipart/alternative") && at("text/plain") < at("text/html"), "{both}");
        assert!(at("text/html") < at("a.bin") && both.matches("MIME-Version").count() == 1, "{both}");
        assert_eq!(both.matches("multipart/mixed").count(), 1, "{both}");
    }

    #[test]
    fn how_a_body_is_read_stays_with_it() {
        let message = "Content-Type: text/html\nX: y\nContent-Transfer-Encoding: base64\n\nPHA+\n";
        let one = text(attach(message.as_bytes(), &file("a.bin")).expect("attached"));
        assert!(one.starts_with("X: y\r\nMIME-Version: 1.0\r\n"), "{one}");
        assert!(
            one.contains("\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+\r\n"),
            "{one}"
        );
    }
}
