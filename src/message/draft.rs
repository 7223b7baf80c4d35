//! A message as a form has it, and its octets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};

use super::{MessageError, header};
use crate::world::World;

/// The fields that are made for the body: what is given of them replaces what is made.
const OF_MIME: [&str; 3] = ["MIME-Version", "Content-Type", "Content-Transfer-Encoding"];

/// Octets of a line of base64 (RFC 2045 6.8).
const LINE: usize = 76;

/// How text and HTML are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// As it is where it is ASCII in short lines, else quoted-printable or base64, whichever is shorter.
    #[default]
    Auto,
    /// As it is, octets above 127 too: MAIL wants BODY=8BITMIME then (RFC 6152).
    EightBit,
    /// Base64.
    Base64,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::EightBit, Self::Base64];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::EightBit => "8bit",
            Self::Base64 => "base64",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.name().eq_ignore_ascii_case(name))
    }
}

/// Something attached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attachment {
    /// The name that a reader sees; none for a part without one.
    pub name: Option<String>,
    /// Its media type; `application/octet-stream` where it is empty.
    pub media_type: String,
    /// What it holds.
    pub octets: Vec<u8>,
    /// The transfer encoding in which that is written already; none where it is to be encoded.
    pub written: Option<&'static str>,
}

/// The parts of a message. What is none is left out, but for Date and Message-ID, which are made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// Addresses as people write them: `Jürgen <j@noddy.com>, a@b`.
    pub from: String,
    /// Likewise.
    pub to: String,
    /// Likewise.
    pub cc: String,
    /// The subject.
    pub subject: String,
    /// The date as the field has it; the world's where none.
    pub date: Option<String>,
    /// The message identifier with its `<>`; a fresh one where none.
    pub message_id: Option<String>,
    /// Further fields, in order.
    pub headers: Vec<(String, String)>,
    /// The text.
    pub text: Option<String>,
    /// The same as HTML, or HTML alone.
    pub html: Option<String>,
    /// What is attached.
    pub attachments: Vec<Attachment>,
    /// How text and HTML are written.
    pub encoding: Encoding,
}

impl Draft {
    /// The message as octets: CR LF everywhere, no dots stuffed.
    ///
    /// # Errors
    /// A header field that can't be written, a media type that is none.
    pub fn compose(&self, world: &World) -> Result<Vec<u8>, MessageError> {
        let mut head = Vec::new();
        let stamp = Stamp::fresh(&self.from, world);
        let date = self.date.clone().unwrap_or(stamp.date);
        let id = self.message_id.clone().unwrap_or(stamp.id);
        let fields = [
            ("Date", date.as_str(), false),
            ("From", &self.from, true),
            ("To", &self.to, true),
            ("Cc", &self.cc, true),
            ("Subject", &self.subject, false),
            ("Message-ID", &id, false),
        ];
        for (name, value, addresses) in fields {
            header::check(name, value)?;
            if !value.is_empty() || name == "Subject" {
                head.extend(header::written(name, value, addresses));
            }
        }
        for (name, value) in &self.headers {
            if OF_MIME.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                // It takes the place of the one that is made.
                header::check(name, value)?;
            } else if fields.iter().any(|(known, value, _)| known.eq_ignore_ascii_case(name) && !value.is_empty()) {
                header::set(&mut head, name, value)?;
                head.truncate(head.len() - 2);
            } else {
                header::check(name, value)?;
                head.extend(header::written(name, value, header::holds_addresses(name)));
            }
        }
        head.extend(header::written("MIME-Version", self.given("MIME-Version").unwrap_or("1.0"), false));
        self.body(world)?.write_part(&mut head);
        Ok(header::with_crlf(&head))
    }

    /// What the further fields say of this one; the last where there are several.
    fn given(&self, name: &str) -> Option<&str> {
        self.headers.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A text as a part; the one that a reader sees first is of the type that was given, in the encoding that was given.
    fn text<'a>(&'a self, media_type: &'static str, text: &'a str, first: bool) -> MimePart<'a> {
        let given = |name: &str| self.given(name).filter(|_| first);
        let (content, encoding) = (given("Content-Type"), given("Content-Transfer-Encoding"));
        let mut part = match encoding {
            // Its text is written so already.
            Some(encoding) => text_part(media_type, text).transfer_encoding(encoding),
            None => encoded_part(self.encoding, media_type, text),
        };
        if let Some(content) = content {
            part.headers.retain(|(name, _)| name != "Content-Type");
            part.headers.insert(0, ("Content-Type".into(), Raw::new(content).into()));
        }
        part
    }

    fn body(&self, world: &World) -> Result<MimePart<'_>, MessageError> {
        let mut parts = Vec::new();
        if self.text.is_some() || self.html.is_none() {
            parts.push(self.text("text/plain", self.text.as_deref().unwrap_or_default(), true));
        }
        if let Some(html) = &self.html {
            parts.push(self.text("text/html", html, parts.is_empty()));
        }
        let body = join("alternative", parts, world);
        if self.attachments.is_empty() {
            return Ok(body);
        }
        let mut parts = vec![body];
        for attachment in &self.attachments {
            parts.push(attachment.part()?);
        }
        Ok(multipart("mixed", parts, world))
    }
}

/// A part of text in this encoding.
pub(super) fn encoded_part<'a>(encoding: Encoding, media_type: &'static str, text: &'a str) -> MimePart<'a> {
    match encoding {
        Encoding::Auto => text_part(media_type, text),
        Encoding::EightBit => text_part(media_type, text).transfer_encoding("8bit"),
        Encoding::Base64 => {
            let text = base64(&header::with_crlf(text.as_bytes()));
            let text_type = ContentType::new(media_type).attribute("charset", "utf-8");
            MimePart::new(text_type, BodyPart::Text(text.into())).transfer_encoding("base64")
        }
    }
}

/// A part of text, written as it needs to be.
pub(super) fn text_part<'a>(media_type: &'static str, text: &'a str) -> MimePart<'a> {
    MimePart::new(ContentType::new(media_type).attribute("charset", "utf-8"), BodyPart::Text(text.into()))
}

impl Attachment {
    pub(super) fn part(&self) -> Result<MimePart<'_>, MessageError> {
        let media_type = if self.media_type.is_empty() { "application/octet-stream" } else { &self.media_type };
        let token = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
        };
        // Parameters may follow, as long as they stay on their line.
        let (essence, parameters) = media_type.split_once(';').map_or((media_type, None), |(e, p)| (e.trim(), Some(p)));
        let known = essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
        if !known || media_type.contains(['\r', '\n', '\0']) {
            return Err(MessageError::MediaType(crate::smtp::escape::for_screen(media_type.as_bytes())));
        }
        let mut content = ContentType::new(essence);
        for (key, value) in parameters.into_iter().flat_map(|p| p.split(';')).filter_map(|p| p.split_once('=')) {
            content = content.attribute(key.trim(), value.trim().trim_matches('"'));
        }
        if let Some(name) = &self.name {
            header::check("filename", name)?;
            content = content.attribute("name", name.as_str());
        }
        let part = self.encoded(essence, content);
        Ok(match &self.name {
            Some(name) => part.attachment(name.as_str()),
            None => part.header("Content-Disposition", ContentType::new("attachment")),
        })
    }
}

impl Attachment {
    /// Its octets as a part from which they come back as they are; those of a message with CR LF at the end of each line.
    fn encoded<'a>(&'a self, essence: &str, content: ContentType<'a>) -> MimePart<'a> {
        if let Some(encoding) = self.written {
            let text = String::from_utf8_lossy(&self.octets);
            return MimePart::new(content, BodyPart::Text(text)).transfer_encoding(encoding);
        }
        if is_message(essence) {
            // Of a message nothing else may be said (RFC 2046 5.2.1).
            let octets = header::with_crlf(&self.octets);
            let encoding = if octets.is_ascii() { "7bit" } else { "8bit" };
            return MimePart::new(content, BodyPart::Binary(octets.into())).transfer_encoding(encoding);
        }
        if !is_of(essence, "text") {
            return MimePart::new(content, BodyPart::Binary(self.octets.as_slice().into()));
        }
        if is_made_of_lines(&self.octets) {
            return MimePart::new(content, BodyPart::Binary(self.octets.as_slice().into())).transfer_encoding("7bit");
        }
        // Other line ends than CR LF are only kept by what has no lines (RFC 2046 4.1.1).
        MimePart::new(content, BodyPart::Text(base64(&self.octets).into())).transfer_encoding("base64")
    }
}

/// Whether a media type is one of messages.
pub(super) fn is_message(media_type: &str) -> bool {
    is_of(media_type, "message")
}

fn is_of(media_type: &str, kind: &str) -> bool {
    media_type.split('/').next().is_some_and(|own| own.trim().eq_ignore_ascii_case(kind))
}

/// Whether octets can go as they are: ASCII in lines that end in CR LF and are not too long.
fn is_made_of_lines(octets: &[u8]) -> bool {
    let mut lines = octets.split(|octet| *octet == b'\n').peekable();
    let mut whole = octets.is_ascii() && !octets.contains(&0);
    while let Some(line) = lines.next() {
        let text = if lines.peek().is_some() { line.strip_suffix(b"\r") } else { Some(line) };
        whole &= text.is_some_and(|text| !text.contains(&b'\r') && text.len() <= header::LONGEST);
    }
    whole
}

/// One part by itself, several as the alternatives that they are.
fn join<'a>(kind: &str, mut parts: Vec<MimePart<'a>>, world: &World) -> MimePart<'a> {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            multipart(kind, parts, world)
        }
    }
}

fn multipart<'a>(kind: &str, parts: Vec<MimePart<'a>>, world: &World) -> MimePart<'a> {
    // `=_` can't stand in quoted-printable or base64, so that no part holds the boundary.
    let boundary = format!("=_{}", hexadecimal(world));
    MimePart::new(ContentType::new(format!("multipart/{kind}")).attribute("boundary", boundary), parts)
}

/// What makes a message one of its own: its Date and its Message-ID, as their fields have them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamp {
    /// When (RFC 5322 3.3).
    pub date: String,
    /// The identifier, with its `<>`.
    pub id: String,
}

impl Stamp {
    /// One for a message of this author that is written now.
    #[must_use]
    pub fn fresh(author: &str, world: &World) -> Self {
        Self::of(author, world.now(), world.random())
    }

    /// The one of this moment, with what makes the identifier one that nobody else has; it is at the domain of the author.
    #[must_use]
    pub fn of(author: &str, now: jiff::Timestamp, random: [u8; 16]) -> Self {
        let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let domain = author.rsplit('@').next().unwrap_or_default();
        let domain: String =
            domain.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
        let known = author.contains('@') && !domain.is_empty();
        let id = u128::from_be_bytes(random);
        Self { date, id: format!("<{id:032x}@{}>", if known { &domain } else { "ehlo.invalid" }) }
    }
}

fn hexadecimal(world: &World) -> String {
    format!("{:032x}", u128::from_be_bytes(world.random()))
}

fn base64(octets: &[u8]) -> String {
    let whole = STANDARD.encode(octets);
    let mut lines = String::with_capacity(whole.len() + whole.len() / LINE * 2);
    for line in whole.as_bytes().chunks(LINE) {
        lines.extend(line.iter().map(|b| char::from(*b)));
        lines.push_str("\r\n");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Directories;
    use proptest::prelude::*;

    fn world() -> World {
        let nowhere = || std::path::PathBuf::from("/nonexistent");
        let directories = Directories { config: nowhere(), data: nowhere(), state: nowhere() };
        World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1)
    }

    fn composed(draft: &Draft) -> String {
        String::from_utf8(draft.compose(&world()).expect("composed")).expect("UTF-8")
    }

    fn draft() -> Draft {
        Draft {
            from: "Dude <dude@noddy.com>".into(),
            to: "anotherdude@target.local".into(),
            subject: "Grüße".into(),
            text: Some("Hello.\n".into()),
            ..Draft::default()
        }
    }

    #[test]
    fn a_form_becomes_a_message() {
        let message = composed(&draft());
        for line in [
            "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n",
            "From: Dude <dude@noddy.com>\r\n",
            "To: anotherdude@target.local\r\n",
            "Subject: =?utf-8?",
            "@noddy.com>\r\n",
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"utf-8\"\r\n",
            "\r\n\r\nHello.\r\n",
        ] {
            assert!(message.contains(line), "{line:?} in {message}");
        }
        assert!(!message.contains("Cc:") && !message.replace("\r\n", "").contains(['\r', '\n']));
    }

    #[test]
    fn html_and_attachments_make_parts() {
        let octets = (0..=255).collect();
        let attachment =
            Attachment { name: Some("Ü b.pdf".into()), media_type: "application/pdf".into(), octets, written: None };
        let whole = Draft { html: Some("<p>Hello.</p>".into()), attachments: vec![attachment], ..draft() };
        let message = composed(&whole);
        let at = |text: &str| message.find(text).unwrap_or_else(|| panic!("{text} in {message}"));
        assert!(at("multipart/mixed") < at("multipart/alternative") && at("text/plain") < at("text/html"));
        assert!(at("text/html") < at("application/pdf") && message.contains("AAECAwQFBgcICQ"));
        assert_eq!(message.matches("MIME-Version").count(), 1);
        let html_alone = composed(&Draft { text: None, html: Some("<p>".into()), ..draft() });
        assert!(html_alone.contains("text/html") && !html_alone.contains("multipart"));
    }

    #[test]
    fn further_fields_replace_those_of_the_form() {
        let headers =
            vec![("X-Test".into(), "1".into()), ("Subject".into(), "other".into()), ("X-Test".into(), "2".into())];
        let message = composed(&Draft { headers, ..draft() });
        assert!(message.contains("Subject: other\r\n") && !message.contains("=?utf-8?"), "{message}");
        assert!(message.contains("X-Test: 1\r\n") && message.contains("X-Test: 2\r\n"), "{message}");
        assert!(message.contains("\r\n\r\nHello.\r\n") && message.matches("\r\n\r\n").count() == 1, "{message}");
    }

    #[test]
    fn a_given_type_is_the_texts_own() {
        let with = |headers: &[(&str, &str)], draft: Draft| {
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            composed(&Draft { headers, text: Some("<p>Hello.</p>\n".into()), ..draft })
        };
        let html = with(&[("content-type", "text/html; charset=utf-8"), ("MIME-Version", "1.0 (mine)")], draft());
        assert_eq!(html.to_ascii_lowercase().matches("content-type").count(), 1, "{html}");
        assert!(
            html.contains("Content-Type: text/html; charset=utf-8\r\n") && html.ends_with("\r\n\r\n<p>Hello.</p>\r\n")
        );
        assert!(html.contains("MIME-Version: 1.0 (mine)\r\n") && html.matches("MIME-Version").count() == 1, "{html}");
        let attachments = vec![Attachment { octets: vec![0], ..Attachment::default() }];
        let mixed = with(&[("Content-Type", "text/html")], Draft { attachments, ..draft() });
        let at = |text: &str| mixed.find(text).unwrap_or_else(|| panic!("{text} in {mixed}"));
        assert!(at("multipart/mixed") < at("Content-Type: text/html\r\n") && at("text/html") < at("application/"));
        let written = with(&[("Content-Transfer-Encoding", "8bit")], draft());
        assert_eq!(written.matches("Content-Transfer-Encoding: 8bit\r\n").count(), 1, "{written}");
        assert_eq!(written.matches("Content-Transfer-Encoding").count(), 1, "{written}");
    }

    #[test]
    fn further_addresses_are_written_as_addresses() {
        let headers =
            vec![("Reply-To".into(), "J\u{fc}rgen <j@noddy.com>".into()), ("Bcc".into(), "\u{dc} <u@b>".into())];
        let message = composed(&Draft { headers, ..draft() });
        assert!(message.contains("<j@noddy.com>\r\n") && message.contains("<u@b>\r\n"), "{message}");
    }

    #[test]
    fn a_text_that_is_attached_comes_back_as_it_is() {
        let attached = |media_type: &str, octets: &[u8]| {
            let attachment =
                Attachment { media_type: media_type.into(), octets: octets.to_vec(), ..Attachment::default() };
            composed(&Draft { attachments: vec![attachment], ..draft() })
        };
        let lines = attached("text/csv", b"a,b\r\nc = d\r\n");
        assert!(lines.contains("7bit") && lines.contains("\r\n\r\na,b\r\nc = d\r\n\r\n--=_"), "{lines}");
        for octets in [&b"a,b\nc = d\n"[..], b"a\r\nb\rc\r\n", "\u{fc}\r\n".as_bytes(), b"\0", &[b'x'; 999]] {
            let whole = attached("text/csv", octets);
            let written: String = whole.split_whitespace().collect();
            assert!(written.contains(&STANDARD.encode(octets)) && !whole.contains("=0A"), "{whole}");
        }
        let message = attached("message/rfc822", b"Subject: x\n\ny\n");
        assert!(message.contains("7bit") && message.contains("\r\n\r\nSubject: x\r\n\r\ny\r\n\r\n--=_"), "{message}");
    }

    #[test]
    fn text_is_encoded_as_asked() {
        let of = |encoding| composed(&Draft { text: Some("Grüße\n".into()), encoding, ..draft() });
        assert!(of(Encoding::EightBit).ends_with("Content-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n"));
        assert!(of(Encoding::Base64).ends_with("Content-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQ0K\r\n"));
        assert!(of(Encoding::Auto).is_ascii());
        for encoding in Encoding::ALL {
            assert_eq!(Encoding::parse(encoding.name()), Some(encoding));
        }
    }

    #[test]
    fn what_can_not_be_written_is_said() {
        let wrong = Draft { subject: "a\r\nBcc: b".into(), ..draft() };
        assert_eq!(wrong.compose(&world()), Err(MessageError::LineEnd("Subject".into())));
        let attachment = Attachment { media_type: "pdf".into(), ..Attachment::default() };
        let wrong = Draft { attachments: vec![attachment], ..draft() };
        assert_eq!(wrong.compose(&world()), Err(MessageError::MediaType("pdf".into())));
    }

    proptest! {
        /// Whatever a form holds, the message has the fields that were asked for and no other.
        #[test]
        fn a_form_injects_nothing(subject in ".{0,40}", name in ".{0,20}", text in "(?s).{0,80}", file in ".{0,20}") {
            let attachments = vec![Attachment { name: Some(file), ..Attachment::default() }];
            let from = format!("{name} <a@b>");
            let draft = Draft { from, subject, text: Some(text), attachments, ..Draft::default() };
            if let Ok(message) = draft.compose(&world()) {
                let text = String::from_utf8_lossy(&message);
                let head = text.split("\r\n\r\n").next().unwrap_or_default();
                let names: Vec<_> = head.split("\r\n").filter(|l| !l.starts_with([' ', '\t'])).filter_map(|l| l.split_once(':')).map(|(n, _)| n).collect();
                prop_assert_eq!(names, ["Date", "From", "Subject", "Message-ID", "MIME-Version", "Content-Type"]);
            }
        }
    }
}
