//! A conversation turned into a script: the lines that were sent, what each reply must be, and `{{name}}` for what another
//! run will want to change.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::conversation::dialogue::Ask;
use crate::conversation::event::Remark;
use crate::conversation::file::{Document, Header};
use crate::conversation::log::{Entry, Kind, Log};
use crate::conversation::{Dialogue, Exchange};
use crate::smtp::{Capabilities, Command, Path, Phase, Reply, Verb};

/// A script that holds the same conversation: each line as it was sent, for each reply its code and enhanced status code,
/// after EHLO each capability, after TLS that it was verified, where it was. Texts are left open. The name given with EHLO,
/// the sender and a single recipient become `{{ehlo}}`, `{{from}}` and `{{to}}` with their values in `[vars]`; Date and
/// Message-ID of a message are made anew by each run, but for one that went in chunks, whose octets are counted. What ehlo sent to keep the line alive is left out.
#[must_use]
pub fn script(document: &Document) -> Document {
    let dialogue = Dialogue::of(&document.log);
    let names = Names::of(&document.log, &dialogue);
    let mut writer = Writer {
        log: Log::new(),
        names: &names,
        content: Content::None,
        connected: false,
        unasked: false,
        unread: false,
        quit: false,
        due: false,
        spare: None,
        chunks: unkept_chunks(&document.log),
        unkept: 0,
        chunk: false,
        counted: false,
        place: Place::Begin,
    };
    let replies: BTreeMap<usize, usize> = dialogue
        .exchanges()
        .iter()
        .enumerate()
        .filter(|(_, exchange)| exchange.complete())
        .filter_map(|(n, exchange)| Some((*exchange.reply()?.end(), n)))
        .collect();
    let at_once = at_once(&document.log, &dialogue);
    for (record, entry) in document.log.since(0) {
        if let Some(n) = at_once.get(&record).filter(|_| writer.spare.is_none()) {
            writer.block(*n);
        }
        if let Some(n) = replies.get(&record) {
            let reply = dialogue.reply(&document.log, *n).unwrap_or_default();
            // The greeting of a source that says nothing of the connection is awaited all the same.
            writer.unasked = *n > 0 && dialogue.exchanges()[*n].ask == Ask::Unasked;
            writer.reply(&dialogue.exchanges()[*n], &reply);
            continue;
        }
        match entry.kind {
            Kind::Sent => writer.sent(record, &entry),
            Kind::Content => writer.content(&entry),
            Kind::Remark => writer.remark(&entry.remark().unwrap_or_default()),
            // What was a script or a comment already stays.
            Kind::Script | Kind::Comment => writer.line(entry.bytes),
            Kind::Received => {}
        }
    }
    Document::new(names.header(&document.header), writer.log)
}

/// The BDAT lines of which the octets are not kept.
fn unkept_chunks(log: &Log) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut last = None;
    for (record, entry) in log.since(0) {
        match entry.kind {
            Kind::Sent => last = (Command::parse(entry.bytes).verb == Verb::Bdat).then_some(record),
            Kind::Content => last = None,
            Kind::Remark if entry.remark().is_some_and(|remark| remark.is_unkept()) => found.extend(last.take()),
            _ => {}
        }
    }
    found
}

/// Lines that went out before the first of them was answered, where nothing in the log says so: the record of the first,
/// and how many.
fn at_once(log: &Log, dialogue: &Dialogue) -> BTreeMap<usize, usize> {
    let answered: BTreeSet<usize> =
        dialogue.exchanges().iter().filter(|it| it.complete()).filter_map(Exchange::command).collect();
    let mut found = BTreeMap::new();
    let mut group: Vec<usize> = Vec::new();
    let mut close = |group: &mut Vec<usize>| {
        if let [first, _, ..] = group[..] {
            found.insert(first, group.len());
        }
        group.clear();
    };
    for (record, entry) in log.since(0) {
        match entry.kind {
            Kind::Sent if entry.crlf && !entry.masked && answered.contains(&record) => group.push(record),
            Kind::Remark
                if !matches!(entry.remark().unwrap_or_default().word.as_str(), "auto" | "gave-up" | "lost") => {}
            Kind::Comment => {}
            _ => close(&mut group),
        }
    }
    close(&mut group);
    found
}

/// What becomes a name.
#[derive(Debug, Default)]
struct Names {
    ehlo: Option<String>,
    from: Option<String>,
    /// Where all that is sent goes to one.
    to: Option<String>,
}

impl Names {
    fn of(log: &Log, dialogue: &Dialogue) -> Self {
        let mut names = Self::default();
        let mut recipients: Vec<String> = dialogue.recipients().iter().map(|it| dialogue.address(log, it)).collect();
        recipients.sort();
        recipients.dedup();
        if let [only] = recipients.as_slice() {
            names.to = Some(only.clone()).filter(|to| !to.is_empty());
        }
        for exchange in dialogue.exchanges().iter().filter(|exchange| exchange.ask == Ask::Command) {
            let Some(entry) = exchange.command().and_then(|record| log.get(record)).filter(|it| !it.masked) else {
                continue;
            };
            let command = Command::parse(entry.bytes);
            match exchange.verb {
                Verb::Ehlo | Verb::Helo | Verb::Lhlo if names.ehlo.is_none() => {
                    let name = command.argument_text().trim().to_owned();
                    names.ehlo = Some(name).filter(|name| !name.is_empty() && !name.contains(' '));
                }
                Verb::Mail if names.from.is_none() => {
                    let path = command.path.as_ref().map(Path::address);
                    names.from = path.filter(|from| !from.is_empty());
                }
                _ => {}
            }
        }
        names
    }

    /// The head: what it said of the target, and the values of the names.
    fn header(&self, old: &Header) -> Header {
        let mut table = Table::new();
        table.insert("ehlo".to_owned(), Value::Integer(crate::conversation::file::FORMAT));
        for key in ["title", "target"] {
            if let Some(value) = old.table.get(key) {
                table.insert(key.to_owned(), value.clone());
            }
        }
        let mut vars = old.table.get("vars").and_then(Value::as_table).cloned().unwrap_or_default();
        for (name, value) in [("ehlo", &self.ehlo), ("from", &self.from), ("to", &self.to)] {
            if let Some(value) = value {
                vars.entry(name.to_owned()).or_insert_with(|| Value::String(value.clone()));
            }
        }
        if !vars.is_empty() {
            table.insert("vars".to_owned(), Value::Table(vars));
        }
        Header::of(table)
    }
}

/// Where in a message the next line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    None,
    Head,
    Body,
}

struct Writer<'a> {
    log: Log,
    names: &'a Names,
    content: Content,
    connected: bool,
    /// The last reply was one that nothing had asked for.
    unasked: bool,
    /// What comes now answers what can't be read.
    unread: bool,
    /// QUIT was sent on this connection.
    quit: bool,
    /// The last line that was sent is not answered.
    due: bool,
    /// The next line, and its reply, are ehlo's own, to keep the line alive; lines of a block that are still to come.
    spare: Option<Spare>,
    /// Records of BDAT whose octets are not kept.
    chunks: BTreeSet<usize>,
    /// How many files have to be given for what is not kept.
    unkept: usize,
    /// The last line that was sent is one of them.
    chunk: bool,
    /// The octets of the content that comes were counted beforehand, by BDAT.
    counted: bool,
    /// Where in a line of the message the next octets stand.
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Begin,
    Within,
    /// Behind a field that is made anew: what it was folded into goes with it.
    Anew,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spare {
    KeepAlive,
    Block(usize),
}

impl Writer<'_> {
    fn line(&mut self, bytes: &[u8]) {
        self.log.push_octets(Kind::Script, None, bytes, true, false);
    }

    /// So many lines went out at once.
    fn block(&mut self, n: usize) {
        if n > 1 {
            self.spare = Some(Spare::Block(n));
            self.text("* pipeline");
        }
    }

    fn comment(&mut self, text: &str) {
        self.log.push_octets(Kind::Comment, None, text.as_bytes(), true, false);
    }

    fn text(&mut self, text: &str) {
        self.line(text.as_bytes());
    }

    /// Octets that were sent here are not kept: a file has to give them, and until it is there the script is refused.
    fn missing(&mut self, before: &str) {
        self.unkept += 1;
        let name = if self.unkept == 1 { "message.eml".to_owned() } else { format!("message-{}.eml", self.unkept) };
        self.comment("# What was sent here was not recorded: put it into this file, or write it as | lines");
        self.text(&format!("{before} {name}"));
    }

    fn sent(&mut self, record: usize, entry: &Entry<'_>) {
        if self.spare == Some(Spare::KeepAlive) {
            return;
        }
        self.chunk = self.chunks.contains(&record);
        if self.chunk {
            let last = entry.bytes.to_ascii_uppercase().ends_with(b" LAST");
            let size = String::from_utf8_lossy(entry.bytes).split_whitespace().nth(1).unwrap_or("0").to_owned();
            self.missing(&if last { ">> LAST".to_owned() } else { format!(">> {size}") });
            return self.end_of_block();
        }
        let command = Command::parse(entry.bytes);
        self.content = if self.content == Content::None || entry.bytes == b"." { Content::None } else { self.content };
        self.counted = command.verb == Verb::Bdat;
        (self.quit, self.due) = (self.quit || command.verb == Verb::Quit, true);
        let text = entry.in_file();
        let text = match command.verb {
            _ if entry.masked => text,
            Verb::Ehlo | Verb::Helo | Verb::Lhlo => marked(&text, self.names.ehlo.as_deref(), "ehlo"),
            Verb::Mail => marked(&text, self.names.from.as_deref(), "from"),
            Verb::Rcpt => marked(&text, self.names.to.as_deref(), "to"),
            _ => text,
        };
        self.text(format!("> {text}").trim_end());
        self.end_of_block();
    }

    /// One of the lines that went out at once has been written.
    fn end_of_block(&mut self) {
        if let Some(Spare::Block(left)) = self.spare {
            self.spare = (left > 1).then_some(Spare::Block(left - 1));
            if left <= 1 {
                self.text("* end");
            }
        }
    }

    fn content(&mut self, entry: &Entry<'_>) {
        let text = entry.in_file();
        if self.counted {
            return self.text(format!("| {text}").trim_end());
        }
        if self.content == Content::None {
            (self.content, self.place) = (Content::Head, Place::Begin);
        }
        let ends = entry.crlf || entry.bytes.ends_with(b"\n");
        let next = if ends { Place::Begin } else { Place::Within };
        let place = std::mem::replace(&mut self.place, next);
        if place == Place::Anew && matches!(entry.bytes.first(), Some(b' ' | b'\t')) {
            self.place = Place::Anew;
            return;
        }
        if entry.bytes.is_empty() {
            self.content = Content::Body;
        }
        // A name would take the place of what follows, such as an end that is none.
        let whole = place != Place::Within && entry.crlf;
        let text = if self.content == Content::Head && whole { self.field(text) } else { text };
        self.text(format!("| {text}").trim_end());
    }

    /// A line of a message's head, with names for what is another each time.
    fn field(&mut self, text: String) -> String {
        let name = text.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let anew = match name.as_str() {
            "date" => "Date: {{date}}",
            "message-id" => "Message-ID: <{{message_id}}>",
            "from" => return marked(&text, self.names.from.as_deref(), "from"),
            "to" => return marked(&text, self.names.to.as_deref(), "to"),
            _ => return text,
        };
        self.place = Place::Anew;
        anew.to_owned()
    }

    fn reply(&mut self, exchange: &Exchange, reply: &Reply) {
        if self.spare == Some(Spare::KeepAlive) && exchange.verb == Verb::Noop {
            self.spare = None;
            return;
        }
        self.due = false;
        let enhanced = reply.enhanced().map(|code| format!(" {code}")).unwrap_or_default();
        let pattern = reply.code().map_or_else(|| "< *".to_owned(), |code| format!("< {code}{enhanced}"));
        if self.unasked {
            // A run would wait for it, and often it is what comes of waiting, such as a 421 after minutes of silence.
            self.comment("# Nothing asked for this, so that a run would wait for it; without the # it does:");
            self.comment(&format!("# {pattern}"));
            return;
        }
        self.text(&pattern);
        if reply.code().is_none() {
            return;
        }
        let greeted = matches!(exchange.verb, Verb::Ehlo | Verb::Lhlo) && !exchange.is_refusal();
        if greeted && exchange.ask == Ask::Command {
            for capability in &Capabilities::from_reply(reply).list {
                let good = |c: char| c.is_ascii_alphanumeric() || c == '-';
                if !capability.keyword.is_empty() && capability.keyword.chars().all(good) {
                    self.text(&format!("? capability {}", capability.keyword));
                }
            }
        }
        if exchange.after() == Phase::Data && exchange.before() != Phase::Data {
            self.content = Content::Head;
        }
    }

    fn remark(&mut self, remark: &Remark) {
        // Behind a BDAT line it was said already.
        if remark.is_loss() {
            self.comment(
                "# Records could not be written here, such as lines that were sent: put these back before it is run",
            );
        }
        if remark.is_opaque() {
            self.comment(
                "# What was said under TLS from here on can't be read in the recording: put it in, as > and < lines",
            );
            self.unread = true;
        } else if remark.is_unkept() && !self.chunk {
            return self.missing("|@");
        }
        match (remark.word.as_str(), remark.bare(0)) {
            ("connecting", _) if std::mem::replace(&mut self.connected, true) => self.text("* reconnect"),
            ("connected", _) => (self.unread, self.quit, self.due) = (false, false, false),
            ("auto", Some("keep-alive")) => self.spare = Some(Spare::KeepAlive),
            ("pipelined", n) => {
                let n = remark.get("n").or(n).and_then(|n| n.parse().ok()).unwrap_or(0);
                self.block(n);
            }
            ("tls", _) if remark.get("verified") == Some("yes") => self.text("? tls verified"),
            ("closed", _) if remark.get("by") == Some("server") && (self.unasked || self.unread) => {
                self.comment("# ? closed");
            }
            ("closed", _) if remark.get("by") == Some("server") => self.text("? closed"),
            ("closed", _) if remark.get("by") == Some("client") && remark.get("reason").is_none() && !self.quit => {
                self.text(if self.due { "* drop at-once" } else { "* drop" });
            }
            _ => {}
        }
    }
}

/// The text with the first whole occurrence of a value as the marker of this name.
fn marked(text: &str, value: Option<&str>, name: &str) -> String {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return text.to_owned() };
    let whole = |at: &usize| {
        let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+');
        let before = text[..*at].chars().next_back().is_some_and(part);
        !before && !text[*at + value.len()..].chars().next().is_some_and(part)
    };
    let found = text.match_indices(value).map(|(at, _)| at).find(whole);
    found.map_or_else(|| text.to_owned(), |at| format!("{}{{{{{name}}}}}{}", &text[..at], &text[at + value.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::file::{read, write_document};

    #[test]
    fn a_recording_becomes_a_script_with_expectations_and_names() {
        let text = "+++\nehlo = 1\ntarget = \"lab:\"\nprofile = \"x\"\nstarted = 2026-11-23T10:00:00Z\n+++\n\
            0.0 * connecting 127.0.0.1:25\n0.1 * connected 127.0.0.1:25\n0.2 < 220 mx ESMTP\n0.3 > EHLO noddy.com\n\
            0.4 < 250-mx\n0.4 < 250-SIZE 1000\n0.4 < 250 STARTTLS\n0.5 * auto keep-alive\n0.5 > NOOP\n0.6 < 250 2.0.0 ok\n\
            0.7 > AUTH PLAIN {{auth}}\n0.8 < 235 2.7.0 ok\n0.9 * pipelined n=2\n0.9 > MAIL FROM:<dude@noddy.com> SIZE=9\n\
            0.9 > RCPT TO:<a@target.local>\n1.0 < 250 2.1.0 ok\n1.0 < 250 2.1.5 ok\n1.1 > DATA\n1.2 < 354 go\n\
            1.3 | Date: Mon, 1 Jan 2026 10:00:00 +0000\n1.3 | From: <dude@noddy.com>\n1.3 | To: a@target.local\n\
            1.3 | Message-ID: <1@noddy.com>\n1.3 |\n1.3 | To: a@target.local {{x\n1.3 > .\n1.4 < 250 2.0.0 queued as 4F3A\n\
            1.5 > QUIT\n1.6 < 221 2.0.0 bye\n1.7 * closed by=server\n";
        let text = text.replace("{{x", "\\x7b{x");
        let script = script(&read(text.as_bytes()).expect("a transcript"));
        let mut out = Vec::new();
        write_document(&script, &mut out);
        assert_eq!(
            String::from_utf8_lossy(&out),
            "+++\nehlo = 1\ntarget = \"lab:\"\n\n[vars]\nehlo = \"noddy.com\"\nfrom = \"dude@noddy.com\"\n\
             to = \"a@target.local\"\n+++\n< 220\n> EHLO {{ehlo}}\n< 250\n? capability SIZE\n? capability STARTTLS\n\
             > AUTH PLAIN {{auth}}\n< 235 2.7.0\n* pipeline\n> MAIL FROM:<{{from}}> SIZE=9\n> RCPT TO:<{{to}}>\n* end\n\
             < 250 2.1.0\n< 250 2.1.5\n> DATA\n< 354\n| Date: {{date}}\n| From: <{{from}}>\n| To: {{to}}\n\
             | Message-ID: <{{message_id}}>\n|\n| To: a@target.local \\x7b{x\n> .\n< 250 2.0.0\n> QUIT\n< 221 2.0.0\n\
             ? closed\n"
        );
        assert!(script.is_script());
        assert!(script.script().all(|(_, line)| line.is_ok()));
        read(&out).expect("it is a file");
    }

    #[test]
    fn what_went_out_at_once_does_again_also_where_an_import_does_not_say_so() {
        let text = "0.1 < 220 mx\n0.2 > EHLO a\n0.3 < 250 mx\n0.4 > MAIL FROM:<>\n0.4 > RCPT TO:<a@b>\n0.4 > DATA\n\
            0.5 < 250 ok\n0.5 < 250 ok\n0.5 < 354 go\n0.6 | x\n0.6 > .\n0.6 > QUIT\n0.7 < 250 ok\n0.7 < 221 bye\n";
        let mut out = Vec::new();
        write_document(&script(&read(text.as_bytes()).expect("a transcript")), &mut out);
        let out = String::from_utf8_lossy(&out).into_owned();
        let block = "* pipeline\n> MAIL FROM:<>\n> RCPT TO:<{{to}}>\n> DATA\n* end\n< 250\n< 250\n< 354\n| x\n\
            * pipeline\n> .\n> QUIT\n* end\n< 250\n< 221\n";
        assert!(out.ends_with(block), "{out}");
        let silent = "0.1 > EHLO a\n0.2 > QUIT\n";
        let mut out = Vec::new();
        write_document(&script(&read(silent.as_bytes()).expect("a transcript")), &mut out);
        assert!(!String::from_utf8_lossy(&out).contains("pipeline"), "nothing says that they went out at once");
    }

    #[test]
    fn what_nothing_asked_for_is_not_waited_for_and_can_be() {
        let text = "0.1 < 220 mx\n0.2 > NOOP\n0.3 < 250 2.0.0 ok\n300.3 < 421 4.4.2 idle\n300.3 * closed by=server\n";
        let script = script(&read(text.as_bytes()).expect("a transcript"));
        let mut out = Vec::new();
        write_document(&script, &mut out);
        let want = "+++\nehlo = 1\n+++\n< 220\n> NOOP\n< 250 2.0.0\n\
            # Nothing asked for this, so that a run would wait for it; without the # it does:\n# < 421 4.4.2\n# ? closed\n";
        assert_eq!(String::from_utf8_lossy(&out), want);
        read(&out).expect("it is a file");
    }

    #[test]
    fn what_was_not_kept_has_to_be_given_before_the_script_can_run() {
        let made = |text: &str| {
            let mut out = Vec::new();
            write_document(&script(&read(text.as_bytes()).expect("a transcript")), &mut out);
            read(&out).expect("it is a file");
            String::from_utf8_lossy(&out).into_owned()
        };
        let data = made("0.1 > DATA\n0.2 < 354 go\n0.3 * content bytes=56 shown=no\n0.3 > .\n0.4 < 250 ok\n");
        assert!(data.contains("< 354\n# What was sent here was not recorded"), "{data}");
        assert!(data.ends_with("|@ message.eml\n> .\n< 250\n"), "{data}");
        let lost =
            made("0.1 > DATA\n0.2 < 354 go\n0.3 | x\n0.3 * warning kind=journal lost=163 y\n0.3 > .\n0.4 < 250 ok\n");
        assert!(lost.contains("# Records could not be written here") && lost.ends_with("|@ message.eml\n> .\n< 250\n"));
        let opaque = made(
            "0.1 > STARTTLS\n0.2 < 220 go\n0.3 * tls opaque=yes\n0.4 * opaque out=9 in=9 x\n0.4 * closed by=server\n",
        );
        assert!(opaque.contains("< 220\n# What was said under TLS") && opaque.ends_with("\n# ? closed\n"), "{opaque}");
        let bdat =
            made("0.1 > BDAT 308 LAST\n0.1 * content bytes=308 shown=no\n0.2 < 250 ok\n0.3 > QUIT\n0.4 < 221 x\n");
        assert!(bdat.ends_with(">> LAST message.eml\n< 250\n> QUIT\n< 221\n"), "{bdat}");
    }

    #[test]
    fn octets_that_are_counted_stay_and_a_field_that_is_made_anew_leaves_nothing_of_the_old_one() {
        let made = |text: &str| {
            let mut out = Vec::new();
            write_document(&script(&read(text.as_bytes()).expect("a transcript")), &mut out);
            String::from_utf8_lossy(&out).into_owned()
        };
        let mail = "0.1 > MAIL FROM:<a@b.example>\n0.2 < 250 ok\n";
        let chunks = "| Message-ID: <1\\c\n< 250\n> BDAT 23 LAST\n| 2>\n| From: a@b.example\n< 250\n";
        let of_chunks = chunks.replace("| ", "0.3 | ").replace("< 250", "0.4 < 250 ok").replace("> B", "0.5 > B");
        let out = made(&format!("{mail}0.3 > BDAT 14\n{of_chunks}"));
        assert!(out.ends_with(&format!("> BDAT 14\n{chunks}")), "{out}");
        let folded = "0.4 | Message-ID:\n0.4 |  <1@a>\n0.4 | Date: a\\n\\c\n0.4 | Fr\\c\n0.4 | to: a\n0.4 |\n0.4 > .\n";
        let out = made(&format!("{mail}0.3 > DATA\n0.4 < 354 go\n{folded}"));
        let end = "< 354\n| Message-ID: <{{message_id}}>\n| Date: a\\n\\c\n| Fr\\c\n| to: a\n|\n> .\n";
        assert!(out.ends_with(end), "{out}");
    }

    #[test]
    fn several_recipients_stay_as_they_are() {
        let text = "0.1 > MAIL FROM:<>\n0.2 < 250 ok\n0.3 > RCPT TO:<a@b>\n0.4 < 250 ok\n0.5 > RCPT TO:<ca@b>\n\
            0.6 < 550 5.1.1 no\n";
        let script = script(&read(text.as_bytes()).expect("a transcript"));
        let mut out = Vec::new();
        write_document(&script, &mut out);
        let want = "+++\nehlo = 1\n+++\n> MAIL FROM:<>\n< 250\n> RCPT TO:<a@b>\n< 250\n> RCPT TO:<ca@b>\n< 550 5.1.1\n";
        assert_eq!(String::from_utf8_lossy(&out), want);
    }
}
