//! One message as a script: MAIL, RCPT, DATA or BDAT, the content, QUIT, as far as it is to go.

use std::path::PathBuf;

use crate::profile::TlsMode;
use crate::smtp::{content, escape, sasl, xtext};

use super::ready::Point;
use super::xclient::Xclient;

/// What goes after DATA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Lines, whatever their ends; dots are stuffed.
    Lines(Vec<u8>),
    /// Octets as they are, but for the end of the last line.
    AsIs(Vec<u8>),
    /// A file, read as it goes out.
    File {
        /// Where it is.
        path: PathBuf,
        /// Header fields that go before it, each with its CR LF.
        fields: Vec<u8>,
    },
}

/// A message and its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The reverse-path, without `<>`.
    pub from: String,
    /// The forward-paths, without `<>`.
    pub to: Vec<String>,
    /// What follows the reverse-path, such as `SIZE=100`.
    pub mail_parameters: Vec<String>,
    /// What follows each forward-path, such as `NOTIFY=SUCCESS`.
    pub rcpt_parameters: Vec<String>,
    /// What follows one of the forward-paths besides.
    pub own_parameters: Vec<(String, Vec<String>)>,
    /// Each forward-path is followed by ORCPT with its own address (RFC 3461 4.2).
    pub original: bool,
    /// The message.
    pub body: Body,
    /// So many octets in each BDAT, instead of DATA. Octets, not lines: a file goes as it is.
    pub chunk: Option<u64>,
    /// MAIL and RCPT go out at once; DATA waits until it is known that somebody gets the message.
    pub pipeline: bool,
    /// Where it stops.
    pub stop: Option<Point>,
    /// How it stops.
    pub leave: Leave,
}

/// How a transaction ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leave {
    /// By QUIT.
    #[default]
    Quit,
    /// By closing, once the last line is answered.
    Drop,
    /// By closing, once the last line has gone out.
    DropAtOnce,
}

/// What comes before MAIL, as far as it is known before anything was answered.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// `EHLO name` or the like.
    pub greeting: &'a str,
    /// What about TLS.
    pub tls: TlsMode,
    /// What XCLIENT says.
    pub xclient: &'a Xclient,
    /// The mechanism of a login, if somebody logs in.
    pub mechanism: Option<&'a str>,
    /// AUTH goes without an initial response.
    pub alone: bool,
    /// What no script can say, in words.
    pub notes: &'a [String],
}

/// What stands in a script in place of lines that hang on the server's offer.
const STARTTLS_MAY_COME: &str = "STARTTLS and EHLO again come here where the server offers it: without them the rest goes \
                                 in clear text; --tls writes them.";
const XCLIENT_MAY_COME: &str = "XCLIENT and EHLO again come here where the server offers it.";

impl Opening<'_> {
    /// What of it only stands as a comment in the script of an outline that stops there, in words.
    #[must_use]
    pub fn comments(&self, stop: Option<Point>) -> Vec<&str> {
        let reaches = |point| stop.is_none_or(|stop| stop >= point);
        let mut all: Vec<&str> = self.notes.iter().map(String::as_str).collect();
        all.extend((reaches(Point::Tls) && self.tls == TlsMode::Starttls).then_some(STARTTLS_MAY_COME));
        let told = if self.xclient.before_tls { Point::Tls } else { Point::Xclient };
        let optional = self.xclient.is_left() && !self.xclient.required;
        all.extend((reaches(told) && optional).then_some(XCLIENT_MAY_COME));
        all
    }
}

impl Outline {
    /// The script from MAIL on; what comes before it is the guide's.
    #[must_use]
    pub fn script(&self) -> Vec<u8> {
        self.script_with(&self.body)
    }

    /// The same with another message.
    #[must_use]
    pub fn script_with(&self, body: &Body) -> Vec<u8> {
        let mut out = Vec::new();
        let reaches = |point| self.stop.is_none_or(|stop| stop >= point);
        if reaches(Point::Mail) {
            self.envelope(reaches(Point::Rcpt), &mut out);
        }
        if reaches(Point::Data) {
            match self.chunk {
                Some(size) => chunks(body, size, &mut out),
                None => self.data(body, reaches(Point::Dot), &mut out),
            }
        }
        out.extend_from_slice(match self.leave {
            Leave::Quit => b"> QUIT\n",
            Leave::Drop => b"* drop\n",
            Leave::DropAtOnce => b"* drop at-once\n",
        });
        out
    }

    /// Whether the reply to the line of this point is waited for.
    fn is_answered(&self, point: Point) -> bool {
        self.leave != Leave::DropAtOnce || self.stop != Some(point)
    }

    fn envelope(&self, recipients: bool, out: &mut Vec<u8>) {
        let with = |parameters: &[String]| parameters.iter().flat_map(|p| [" ", p]).collect::<String>();
        if self.pipeline {
            out.extend_from_slice(b"* pipeline\n");
        }
        send(&format!("MAIL FROM:<{}>{}", self.from, with(&self.mail_parameters)), out);
        if self.is_answered(Point::Mail) {
            out.extend_from_slice(b"< 2xx\n");
        }
        if recipients {
            // Of a refused recipient nothing is expected: the others still get the message.
            for to in &self.to {
                let original = if self.original { format!(" ORCPT={}", xtext::original(to)) } else { String::new() };
                let own = self.own_parameters.iter().filter(|(whose, _)| whose == to).map(|(_, own)| with(own));
                let own: String = own.collect();
                send(&format!("RCPT TO:<{to}>{}{own}{original}", with(&self.rcpt_parameters)), out);
            }
        }
        if self.pipeline {
            out.extend_from_slice(b"* end\n");
        }
        if recipients && self.stop.is_none_or(|stop| stop > Point::Rcpt) {
            out.extend_from_slice(b"? accepted >= 1\n");
        }
    }

    fn data(&self, body: &Body, whole: bool, out: &mut Vec<u8>) {
        send("DATA", out);
        if self.is_answered(Point::Data) {
            out.extend_from_slice(b"< 354\n");
        }
        if !whole {
            return;
        }
        match body {
            Body::Lines(text) => {
                for line in content::lines(text) {
                    self::line(b"| ", &content::stuff(line), out);
                }
            }
            Body::AsIs(octets) => lines(octets, out),
            Body::File { path, fields } => {
                lines(fields, out);
                file(b"|@ ", path, out);
            }
        }
        send(".", out);
    }

    /// The script of all of it, with *make ready* written out as far as it can be known before anything was answered.
    #[must_use]
    pub fn whole_script(&self, opening: &Opening<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        for note in opening.notes {
            line(b"# ", note.as_bytes(), &mut out);
        }
        if self.is_answered(Point::Greeting) {
            out.extend_from_slice(b"< 220\n");
        }
        let reaches = |point| self.stop.is_none_or(|stop| stop >= point);
        let greet = |point, out: &mut Vec<u8>| self.line(point, opening.greeting, "250", out);
        if reaches(Point::FirstEhlo) {
            greet(Point::FirstEhlo, &mut out);
        }
        let told = |out: &mut Vec<u8>| {
            if opening.xclient.is_left() && !opening.xclient.required {
                line(b"# ", XCLIENT_MAY_COME.as_bytes(), out);
                return;
            }
            for line in opening.xclient.lines() {
                self.line(Point::Xclient, &String::from_utf8_lossy(&line), "220", out);
                if self.stop != Some(Point::Xclient) {
                    greet(Point::Ehlo, out);
                }
            }
        };
        if opening.xclient.before_tls && reaches(Point::Tls) {
            told(&mut out);
        }
        if reaches(Point::Tls) && opening.tls == TlsMode::Require {
            self.line(Point::Tls, "STARTTLS", "220", &mut out);
            if reaches(Point::Ehlo) {
                greet(Point::Ehlo, &mut out);
            }
        } else if reaches(Point::Tls) && opening.tls == TlsMode::Starttls {
            line(b"# ", STARTTLS_MAY_COME.as_bytes(), &mut out);
        }
        if !opening.xclient.before_tls && reaches(Point::Xclient) {
            told(&mut out);
        }
        if let Some(mechanism) = opening.mechanism.filter(|_| reaches(Point::Auth)) {
            self.login(mechanism, opening.alone, &mut out);
        }
        out.extend(self.script());
        out
    }

    /// AUTH, with an answer to each challenge; each is made when the script runs.
    fn login(&self, mechanism: &str, alone: bool, out: &mut Vec<u8>) {
        let known = sasl::known(mechanism);
        let first = known.is_none_or(|known| known.client_first);
        let initial = if first && !alone { " {{auth}}" } else { "" };
        out.extend_from_slice(format!("> AUTH {mechanism}{initial}\n").as_bytes());
        if !self.is_answered(Point::Auth) {
            return;
        }
        for _ in 0..known.map_or(0, |known| known.challenges) + usize::from(first && alone) {
            out.extend_from_slice(b"< 334\n> {{auth}}\n");
        }
        out.extend_from_slice(b"< 235\n");
    }

    /// A line and what is expected of it, where its reply is waited for.
    fn line(&self, point: Point, text: &str, expected: &str, out: &mut Vec<u8>) {
        send(text, out);
        if self.is_answered(point) {
            out.extend_from_slice(format!("< {expected}\n").as_bytes());
        }
    }
}

/// The message by BDAT, so many octets in each.
fn chunks(body: &Body, size: u64, out: &mut Vec<u8>) {
    let wire = match body {
        Body::Lines(text) => content::lines(text).flat_map(|line| [line, b"\r\n"].concat()).collect(),
        Body::AsIs(octets) => octets.clone(),
        Body::File { path, fields } => {
            if !fields.is_empty() {
                send(&format!("BDAT {}", fields.len()), out);
                lines(fields, out);
                out.extend_from_slice(b"< 2xx\n");
            }
            let whole = std::fs::metadata(path).map(|file| file.len()).unwrap_or_default();
            let before_last = whole.saturating_sub(1) / size.max(1);
            for _ in 0..before_last {
                file(format!(">> {size} ").as_bytes(), path, out);
                out.extend_from_slice(b"< 2xx\n");
            }
            file(b">> LAST ", path, out);
            return;
        }
    };
    let size = usize::try_from(size.max(1)).unwrap_or(usize::MAX);
    let mut parts = wire.chunks(size).peekable();
    if parts.peek().is_none() {
        send("BDAT 0 LAST", out);
    }
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        send(&format!("BDAT {}{}", part.len(), if last { " LAST" } else { "" }), out);
        lines(part, out);
        if !last {
            out.extend_from_slice(b"< 2xx\n");
        }
    }
}

fn send(text: &str, out: &mut Vec<u8>) {
    line(b"> ", text.as_bytes(), out);
}

fn line(sigil: &[u8], octets: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(sigil);
    escape::to_file(octets, out);
    out.push(b'\n');
}

/// Octets as content lines: what does not end in CR LF says so.
fn lines(octets: &[u8], out: &mut Vec<u8>) {
    let mut begun = 0;
    for end in memchr::memmem::find_iter(octets, b"\r\n") {
        line(b"| ", &octets[begun..end], out);
        begun = end + 2;
    }
    if begun < octets.len() {
        line(b"| ", &octets[begun..], out);
        out.pop();
        out.extend_from_slice(b"\\c\n");
    }
}

fn file(sigil: &[u8], path: &std::path::Path, out: &mut Vec<u8>) {
    out.extend_from_slice(sigil);
    out.extend_from_slice(path.to_string_lossy().as_bytes());
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline() -> Outline {
        Outline {
            from: "a@b".into(),
            to: vec!["c@d".into(), "e@f".into()],
            mail_parameters: vec!["SIZE=9".into()],
            rcpt_parameters: vec!["NOTIFY=NEVER".into()],
            own_parameters: Vec::new(),
            original: false,
            body: Body::Lines(b"Subject: x\n\n.\n{{y}} \n".to_vec()),
            chunk: None,
            pipeline: false,
            stop: None,
            leave: Leave::Quit,
        }
    }

    fn of(outline: &Outline) -> String {
        String::from_utf8(outline.script()).expect("UTF-8")
    }

    const ENVELOPE: &str =
        "> MAIL FROM:<a@b> SIZE=9\n< 2xx\n> RCPT TO:<c@d> NOTIFY=NEVER\n> RCPT TO:<e@f> NOTIFY=NEVER\n";

    #[test]
    fn one_recipient_may_have_parameters_of_its_own() {
        let own = |whose: &str, words: &[&str]| (whose.to_owned(), words.iter().map(|&word| word.to_owned()).collect());
        let own_parameters = vec![own("e@f", &["ORCPT=rfc822;list@f", "X"]), own("e@f", &["Y"])];
        let text = of(&Outline { own_parameters, ..outline() });
        assert!(text.contains("> RCPT TO:<c@d> NOTIFY=NEVER\n"), "{text}");
        assert!(text.contains("> RCPT TO:<e@f> NOTIFY=NEVER ORCPT=rfc822;list@f X Y\n"), "{text}");
    }

    #[test]
    fn a_message_is_a_script() {
        let want = format!(
            "{ENVELOPE}? accepted >= 1\n> DATA\n< 354\n| Subject: x\n| \n| ..\n| \\x7b{{y}}}}\\x20\n> .\n> QUIT\n"
        );
        assert_eq!(of(&outline()), want);
        let pipelined = of(&Outline { pipeline: true, ..outline() });
        assert!(
            pipelined.starts_with(&format!("* pipeline\n{ENVELOPE}* end\n? accepted >= 1\n> DATA\n< 354\n| Subject")),
            "{pipelined}"
        );
        let raw = of(&Outline { body: Body::AsIs(b"a\n.\r\nb".to_vec()), ..outline() });
        assert!(raw.contains("< 354\n| a\\n.\n| b\\c\n> .\n"), "{raw}");
        let file = |fields: &[u8], chunk| {
            of(&Outline {
                body: Body::File { path: "/tmp/x y.eml".into(), fields: fields.to_vec() },
                chunk,
                ..outline()
            })
        };
        assert!(file(b"", None).contains("< 354\n|@ /tmp/x y.eml\n> .\n"), "{}", file(b"", None));
        let signed = file(b"A: b\r\n c\r\n", None);
        assert!(signed.contains("< 354\n| A: b\n|  c\n|@ /tmp/x y.eml\n> .\n"), "{signed}");
        let chunks = file(b"A: b\r\n", Some(8));
        assert!(chunks.contains("> BDAT 6\n| A: b\n< 2xx\n>> LAST /tmp/x y.eml\n"), "{chunks}");
    }

    #[test]
    fn chunks_have_their_octets() {
        let chunked = of(&Outline { chunk: Some(8), body: Body::Lines(b"12345678\n".to_vec()), ..outline() });
        assert!(chunked.contains("> BDAT 8\n| 12345678\\c\n< 2xx\n> BDAT 2 LAST\n| \n> QUIT\n"), "{chunked}");
        let empty = of(&Outline { chunk: Some(8), body: Body::Lines(Vec::new()), ..outline() });
        assert!(empty.contains("? accepted >= 1\n> BDAT 0 LAST\n"), "{empty}");
    }

    #[test]
    fn it_stops_where_it_is_to() {
        let until = |stop, leave| of(&Outline { stop: Some(stop), leave, ..outline() });
        assert_eq!(until(Point::Ehlo, Leave::Quit), "> QUIT\n");
        assert_eq!(until(Point::Mail, Leave::Drop), "> MAIL FROM:<a@b> SIZE=9\n< 2xx\n* drop\n");
        assert_eq!(until(Point::Rcpt, Leave::Quit), format!("{ENVELOPE}> QUIT\n"));
        assert_eq!(until(Point::Data, Leave::Drop), format!("{ENVELOPE}? accepted >= 1\n> DATA\n< 354\n* drop\n"));
        assert!(until(Point::Dot, Leave::Drop).ends_with("> .\n* drop\n"));
        assert_eq!(until(Point::Mail, Leave::DropAtOnce), "> MAIL FROM:<a@b> SIZE=9\n* drop at-once\n");
        assert!(until(Point::Data, Leave::DropAtOnce).ends_with("? accepted >= 1\n> DATA\n* drop at-once\n"));
    }

    #[test]
    fn each_recipient_has_its_own_original_address() {
        let outline = Outline { original: true, to: vec!["a+b@c".into(), "\u{fc}+@c".into()], ..outline() };
        let script = of(&outline);
        assert!(script.contains("> RCPT TO:<a+b@c> NOTIFY=NEVER ORCPT=rfc822;a+2Bb@c\n"), "{script}");
        assert!(script.contains("> RCPT TO:<\u{fc}+@c> NOTIFY=NEVER ORCPT=utf-8;\u{fc}+2B@c\n"), "{script}");
    }

    #[test]
    fn make_ready_is_written_out_as_far_as_it_is_known() {
        let told = Xclient { required: true, ..Xclient::from(vec![("ADDR".to_owned(), "192.0.2.1".to_owned())]) };
        let whole = |tls, xclient: &Xclient, mechanism| {
            let opening = Opening { greeting: "EHLO x", tls, xclient, mechanism, alone: false, notes: &[] };
            String::from_utf8(outline().whole_script(&opening)).expect("UTF-8")
        };
        let nothing = Xclient::default();
        let all = whole(TlsMode::Require, &told, Some("PLAIN"));
        let want = "< 220\n> EHLO x\n< 250\n> STARTTLS\n< 220\n> EHLO x\n< 250\n> XCLIENT ADDR=192.0.2.1\n< 220\n\
                    > EHLO x\n< 250\n> AUTH PLAIN {{auth}}\n< 235\n> MAIL";
        assert!(all.starts_with(want), "{all}");
        let before = whole(TlsMode::Require, &Xclient { before_tls: true, ..told }, None);
        assert!(
            before.starts_with("< 220\n> EHLO x\n< 250\n> XCLIENT ADDR=192.0.2.1\n< 220\n> EHLO x\n< 250\n> STARTTLS")
        );
        let login = whole(TlsMode::None, &nothing, Some("LOGIN"));
        assert!(login.contains("> AUTH LOGIN\n< 334\n> {{auth}}\n< 334\n> {{auth}}\n< 235\n> MAIL"), "{login}");
        let cram = whole(TlsMode::None, &nothing, Some("CRAM-MD5"));
        assert!(cram.contains("> AUTH CRAM-MD5\n< 334\n> {{auth}}\n< 235\n> MAIL"), "{cram}");
        assert!(
            whole(TlsMode::None, &nothing, Some("SCRAM-SHA-256")).contains("> AUTH SCRAM-SHA-256 {{auth}}\n< 334\n")
        );
        let opening = Opening {
            greeting: "EHLO x",
            tls: TlsMode::None,
            xclient: &nothing,
            mechanism: Some("PLAIN"),
            alone: true,
            notes: &[],
        };
        let alone = String::from_utf8(outline().whole_script(&opening)).expect("UTF-8");
        assert!(alone.contains("> AUTH PLAIN\n< 334\n> {{auth}}\n< 235\n"), "{alone}");
        assert!(whole(TlsMode::None, &nothing, None).starts_with("< 220\n> EHLO x\n< 250\n> MAIL"));
        assert!(whole(TlsMode::Starttls, &nothing, None).contains("\n# STARTTLS"));
        let notes = ["x".to_owned()];
        let opening = Opening { tls: TlsMode::Starttls, notes: &notes, ..opening };
        let told = |stop| opening.comments(stop).len();
        assert_eq!((told(None), told(Some(Point::Tls)), told(Some(Point::FirstEhlo))), (2, 2, 1));
        assert!(opening.comments(None).iter().all(|words| {
            let script = String::from_utf8(outline().whole_script(&opening)).expect("UTF-8");
            script.lines().any(|line| line.strip_prefix("# ") == Some(words))
        }));
    }
}
