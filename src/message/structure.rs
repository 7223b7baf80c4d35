//! A message taken apart: its parts as a tree (RFC 2046), and the text that is read.

use mail_parser::{Encoding, Message, MessageParser, MimeHeaders as _, PartType};

/// Messages within messages that are taken apart.
const DEEPEST: usize = 16;

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// How deep it lies, from 0.
    pub depth: usize,
    /// `multipart/report`, `text/plain`; the type that an absent field stands for.
    pub kind: String,
    /// Its charset, where it has one.
    pub charset: Option<String>,
    /// `base64` or `quoted-printable`; none for as it is.
    pub encoding: Option<&'static str>,
    /// The file's name.
    pub name: Option<String>,
    /// `attachment` or `inline`.
    pub disposition: Option<String>,
    /// Octets once decoded.
    pub size: usize,
    /// Its encoding is broken.
    pub broken: bool,
}

/// What is read of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Read {
    /// Its parts, each before those within it.
    pub parts: Vec<Part>,
    /// The text for people, decoded; HTML as text where there is no other.
    pub text: String,
}

/// Takes a message apart. Every text is one: what is not well formed is read as far as it can be.
#[must_use]
pub fn read(message: &[u8]) -> Read {
    let Some(parsed) = MessageParser::default().parse(message) else { return Read::default() };
    let mut read = Read::default();
    let texts = (0..parsed.text_body_count()).filter_map(|n| parsed.body_text(n));
    read.text = texts.map(|text| text.trim_end().to_owned()).collect::<Vec<_>>().join("\n\n");
    add(&parsed, 0, 0, DEEPEST, &mut read.parts);
    read
}

fn add(message: &Message<'_>, part: u32, depth: usize, deepest: usize, out: &mut Vec<Part>) {
    let Some(it) = message.part(part) else { return };
    let kind = it.content_type().map(|kind| match kind.subtype() {
        Some(sub) => format!("{}/{sub}", kind.ctype()).to_ascii_lowercase(),
        None => kind.ctype().to_ascii_lowercase(),
    });
    let implied = match &it.body {
        PartType::Multipart(_) => "multipart/mixed",
        PartType::Message(_) => "message/rfc822",
        PartType::Html(_) => "text/html",
        PartType::Text(_) => "text/plain",
        PartType::Binary(_) | PartType::InlineBinary(_) => "application/octet-stream",
    };
    let encoding = match it.encoding {
        Encoding::None => None,
        Encoding::QuotedPrintable => Some("quoted-printable"),
        Encoding::Base64 => Some("base64"),
    };
    out.push(Part {
        depth,
        kind: kind.unwrap_or_else(|| implied.to_owned()),
        charset: it.content_type().and_then(|kind| kind.attribute("charset")).map(str::to_owned),
        encoding,
        name: it.attachment_name().map(str::to_owned),
        disposition: it.content_disposition().map(|it| it.ctype().to_ascii_lowercase()),
        size: match &it.body {
            PartType::Text(text) | PartType::Html(text) => text.len(),
            PartType::Binary(octets) | PartType::InlineBinary(octets) => octets.len(),
            PartType::Message(_) | PartType::Multipart(_) => {
                usize::try_from(it.offset_end.saturating_sub(it.offset_body)).unwrap_or(usize::MAX)
            }
        },
        broken: it.is_encoding_problem,
    });
    match &it.body {
        PartType::Multipart(parts) => parts.iter().for_each(|part| {
            // A part that holds itself would never end.
            if *part > 0 {
                add(message, *part, depth + 1, deepest, out);
            }
        }),
        PartType::Message(within) if deepest > 0 => add(within, 0, depth + 1, deepest - 1, out),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_parts_is_a_tree_with_names_sizes_and_encodings() {
        let message = b"Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
            --x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ngr=C3=BC=C3=9Fe\r\n\
            --x\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\
            Content-Transfer-Encoding: base64\r\n\r\nYWJj\r\n\
            --x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner\r\n--x--\r\n";
        let read = read(message);
        assert_eq!(read.text, "gr\u{fc}\u{df}e");
        let shown: Vec<_> = read.parts.iter().map(|part| (part.depth, part.kind.as_str(), part.encoding)).collect();
        assert_eq!(
            shown,
            [
                (0, "multipart/mixed", None),
                (1, "text/plain", Some("quoted-printable")),
                (1, "application/pdf", Some("base64")),
                (1, "message/rfc822", None),
                (2, "text/plain", None),
            ]
        );
        assert_eq!((read.parts[2].name.as_deref(), read.parts[2].size), (Some("a.pdf"), 3));
        assert_eq!(read.parts[2].disposition.as_deref(), Some("attachment"));
    }

    #[test]
    fn what_is_no_message_is_read_all_the_same() {
        for text in [&b""[..], b"\r\n", b"no header", b"Content-Type: multipart/mixed\r\n\r\n--", b"\xff\x00: \x80"] {
            let _ = read(text);
        }
        assert_eq!(read(b"Subject: a\n\nHello.\n").text, "Hello.");
        let html = read(b"Content-Type: text/html\r\n\r\n<p>Hello <b>you</b></p>\r\n");
        assert!(html.text.contains("Hello") && !html.text.contains("<b>"), "{}", html.text);
    }
}
