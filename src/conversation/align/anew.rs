//! What each sending of a message makes anew, so that two sendings of one message are no two messages: the header fields Date
//! and Message-ID, and the boundaries of MIME parts. Only these are passed over when messages are compared.

/// Part of a line that is made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anew {
    /// What it is.
    pub what: &'static str,
    /// The line without it.
    pub rest: String,
}

/// The header fields.
const FIELDS: [&str; 2] = ["Date", "Message-ID"];
const BOUNDARIES: &str = "MIME boundaries";

/// A message that is read line by line, as a file has the lines.
#[derive(Debug, Default)]
pub(super) struct Reading {
    place: Place,
    /// The header field that the line before belongs to.
    field: Field,
    /// The line before was cut, and this one goes on with it.
    cut: bool,
    boundaries: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// The header of the message.
    #[default]
    Header,
    /// The header of a part.
    PartHeader,
    Body,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Field {
    #[default]
    Other,
    ContentType,
    MadeAnew(&'static str),
}

impl Reading {
    /// What of the next line is made anew.
    pub(super) fn line(&mut self, text: &str) -> Option<Anew> {
        let goes_on = std::mem::replace(&mut self.cut, is_cut(text));
        if let Some(number) = self.delimits(text).filter(|_| !goes_on) {
            (self.place, self.field) = (Place::PartHeader, Field::Other);
            return Some(Anew { what: BOUNDARIES, rest: format!("--{number}{}", end_of(text)) });
        }
        if self.place == Place::Body {
            return None;
        }
        if text.is_empty() {
            self.place = Place::Body;
            return None;
        }
        let continues = goes_on || text.starts_with([' ', '\t']) || text.starts_with("\\t");
        let name = text.split_once(':').map(|(name, _)| name.trim_ascii_end()).filter(|_| !continues);
        if !continues {
            let made = FIELDS.into_iter().find(|field| name.is_some_and(|name| name.eq_ignore_ascii_case(field)));
            self.field = match made.filter(|_| self.place == Place::Header) {
                Some(field) => Field::MadeAnew(field),
                None if name.is_some_and(|name| name.eq_ignore_ascii_case("Content-Type")) => Field::ContentType,
                None => Field::Other,
            };
        }
        match self.field {
            Field::MadeAnew(what) => Some(Anew { what, rest: name.unwrap_or_default().to_owned() }),
            Field::ContentType => self.boundary(text),
            Field::Other => None,
        }
    }

    /// The number of the boundary that a line is the delimiter of (RFC 2046 5.1.1).
    fn delimits(&self, text: &str) -> Option<usize> {
        let bare = text.trim_ascii_end().strip_prefix("--")?;
        let is = |known: &String| bare == known || bare.strip_suffix("--") == Some(known);
        self.boundaries.iter().rposition(is)
    }

    /// The boundary that a line of Content-Type names, known from here on.
    fn boundary(&mut self, text: &str) -> Option<Anew> {
        let start = text.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
        let (quote, value) = match text[start..].strip_prefix('"') {
            Some(value) => (1, value.split('"').next()?),
            None => (0, text[start..].split([';', ' ', '\\', '(']).next()?),
        };
        let place = start + quote..start + quote + value.len();
        let number = self.boundaries.len();
        self.boundaries.push(value.to_owned());
        let rest = format!("{}{number}{}", &text[..place.start], &text[place.end..]);
        Some(Anew { what: BOUNDARIES, rest })
    }
}

/// Whether a line did not end here: a `\\c` that is no backslash and a letter.
fn is_cut(text: &str) -> bool {
    let slashes = text.strip_suffix('c').map_or(0, |rest| rest.len() - rest.trim_end_matches('\\').len());
    slashes % 2 == 1
}

/// What says of a delimiter that it is the last one.
fn end_of(text: &str) -> &'static str {
    if text.trim_ascii_end().ends_with("--") { "--" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Vec<Option<(&'static str, String)>> {
        let mut reading = Reading::default();
        lines.iter().map(|line| reading.line(line).map(|anew| (anew.what, anew.rest))).collect()
    }

    #[test]
    fn only_the_header_says_when_and_by_which_name() {
        let got =
            read(&["date : Mon", "Subject: x", "Message-Id:", " <1@a>", "Resent-Date: y", "", "Date: z", " more"]);
        let some = |what, rest: &str| Some((what, rest.to_owned()));
        let id = some("Message-ID", "Message-Id");
        assert_eq!(got, [some("Date", "date"), None, id, some("Message-ID", ""), None, None, None, None]);
    }

    #[test]
    fn a_boundary_is_known_where_it_is_named() {
        let lines =
            ["Content-Type: multipart/mixed;", "\\tboundary=\"a b\"; x=1", "", "--a b", "--c", "", "--a b--", "--a bc"];
        let got: Vec<_> = read(&lines).into_iter().map(|anew| anew.map(|(_, rest)| rest)).collect();
        let some = |rest: &str| Some(rest.to_owned());
        let want = [None, some("\\tboundary=\"0\"; x=1"), None, some("--0"), None, None, some("--0--"), None];
        assert_eq!(got, want);
    }

    #[test]
    fn parts_within_parts_are_told_apart() {
        let lines = [
            "Content-Type: multipart/mixed; boundary=outer",
            "",
            "--outer",
            "Content-Type: multipart/alternative; boundary=inner",
            "Date: of a part",
            "",
            "--inner",
            "",
            "text",
            "--inner--",
            "--outer--",
        ];
        let got: Vec<_> = read(&lines).into_iter().flatten().map(|(_, rest)| rest).skip(1).collect();
        assert_eq!(got, ["--0", "Content-Type: multipart/alternative; boundary=1", "--1", "--1--", "--0--"]);
    }

    #[test]
    fn a_field_goes_on_in_the_next_chunk() {
        let got = read(&["Message-ID: <5a4b\\c", "6931@a>", "Subject: Date\\c", "Date: x"]);
        assert_eq!(got.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, false]);
        assert_eq!(read(&["Date: \\\\c", "Subject: x"])[1], None, "a backslash and a letter");
    }
}
