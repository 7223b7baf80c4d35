//! The message that is written: its lines, and how far it is on its way.

use crate::message::{Stamp, header};
use crate::smtp::content;
use crate::tui::pane::composer::Identity;

use super::begin;

/// A message that is written, or is to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Its lines, without their ends; dots as written.
    pub lines: Vec<String>,
    /// It is to be sent: the composer offers it once 354 has come.
    pub ready: bool,
    /// It is on its way: it was handed to the connection, and its dot was not seen yet.
    pub leaving: bool,
    /// It was sent once.
    pub sent: bool,
    /// What the server says of it is still awaited.
    pub due: bool,
    /// The server has taken it: what is sent of it from now on is another message.
    pub taken: bool,
    /// The Date and Message-ID that it was begun with.
    pub stamp: Stamp,
}

impl Draft {
    /// Its octets on the wire, before dots are stuffed.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        let mut content = Vec::with_capacity(self.size());
        for line in &self.lines {
            content.extend_from_slice(line.as_bytes());
            content.extend_from_slice(b"\r\n");
        }
        content
    }

    /// Its octets on the wire with their dots stuffed, where a line of it holds a line feed alone: nothing is made of that on
    /// the way.
    #[must_use]
    pub fn with_bare_feeds(&self) -> Option<Vec<u8>> {
        self.lines.iter().any(|line| line.contains('\n')).then(|| {
            let stuffed = |line: &String| [&content::stuff(line.as_bytes())[..], b"\r\n"].concat();
            self.lines.iter().flat_map(stuffed).collect()
        })
    }

    /// How many octets that is.
    #[must_use]
    pub fn size(&self) -> usize {
        self.lines.iter().map(|line| line.len() + 2).sum()
    }

    /// The line that stands where a field of the header would, since no empty line parts header and text.
    #[must_use]
    pub fn unparted(&self) -> Option<&str> {
        unparted(self.lines.iter().map(String::as_str))
    }

    /// The line of the header that has more octets than a line may.
    #[must_use]
    pub fn overlong(&self) -> Option<&str> {
        header::overlong(self.lines.iter().map(String::as_bytes)).and_then(|line| std::str::from_utf8(line).ok())
    }

    /// `14 lines, 512 bytes`.
    #[must_use]
    pub fn summary(&self) -> String {
        summary(&self.lines)
    }

    /// What a message begins with.
    pub(super) fn begun(identity: &Identity, stamp: &Stamp) -> Vec<String> {
        let to = identity.to.first().map_or("", String::as_str);
        let [date, id] = begin::fields(stamp);
        vec![
            date,
            id,
            format!("From: <{}>", identity.from),
            format!("To: <{to}>"),
            "Subject: ".to_owned(),
            String::new(),
            String::new(),
        ]
    }
}

/// The lines of a message: the empty one after the last line end is none of it.
pub(super) fn whole(lines: &[String]) -> &[String] {
    match lines.split_last() {
        Some((last, rest)) if last.is_empty() && !rest.is_empty() => rest,
        _ => lines,
    }
}

pub(super) fn summary(lines: &[String]) -> String {
    let size: usize = lines.iter().map(|line| line.len() + 2).sum();
    let plural = if lines.len() == 1 { "" } else { "s" };
    format!("{} line{plural}, {size} bytes", lines.len())
}

/// The line of a message that stands where a field of the header would: no empty line parts header and text, or something
/// was written before the first field.
pub(super) fn unparted<'a>(mut lines: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let all = lines.clone();
    if let Some(line) = header::unparted(all.map(str::as_bytes)) {
        return std::str::from_utf8(line).ok();
    }
    let first = lines.next().filter(|first| !first.is_empty() && !header::is_field(first.as_bytes()))?;
    let fields = lines.take_while(|line| !line.is_empty()).any(|line| header::is_field(line.as_bytes()));
    fields.then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_where_a_field_should_be_is_found() {
        for (text, want) in [
            ("Subject: x\nbody at once\n", Some("body at once")),
            ("Body textDate: Sun\nSubject: x\n\nHello", Some("Body textDate: Sun")),
            ("Subject: x\n folded\n\nbody", None),
            ("only text\nand more", None),
            ("\nSubject: this is text", None),
        ] {
            assert_eq!(unparted(text.lines()), want, "{text}");
        }
    }

    #[test]
    fn a_line_of_the_header_that_is_too_long_is_found() {
        let draft = |lines: [String; 3]| Draft { lines: lines.to_vec(), ..Draft::default() };
        let long = format!("Subject: {}", "x".repeat(990));
        assert_eq!(draft([long.clone(), String::new(), "text".into()]).overlong(), Some(long.as_str()));
        assert_eq!(draft(["Subject: x".into(), String::new(), long]).overlong(), None);
    }

    #[test]
    fn the_size_is_that_of_the_wire() {
        let draft = Draft { lines: vec!["a".into(), String::new(), ".".into()], ..Draft::default() };
        assert_eq!(draft.content(), b"a\r\n\r\n.\r\n");
        assert_eq!((draft.size(), draft.summary().as_str()), (8, "3 lines, 8 bytes"));
    }

    #[test]
    fn a_line_feed_alone_goes_out_as_one() {
        let draft =
            |lines: &[&str]| Draft { lines: lines.iter().map(|&line| line.to_owned()).collect(), ..Draft::default() };
        assert_eq!(draft(&["a", "."]).with_bare_feeds(), None);
        assert_eq!(draft(&["a\n.", ".b"]).with_bare_feeds().as_deref(), Some(&b"a\n.\r\n..b\r\n"[..]));
    }
}
