//! The transaction as it is printed: swaks's marks, and in the end a line for each recipient.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::arguments::Output;
use super::recipients::Recipient;
use super::told::{self, Reason};
use crate::cli::fold;
use crate::cli::role::Role;
use crate::conversation::event::{Line, Micros, Remark};
use crate::conversation::{Event, Timed, words};
use crate::script::{Outcome, Watch};
use crate::smtp::escape;

/// Prints what happens.
pub(super) struct Screen {
    out: Channel,
    err: Channel,
    colour: bool,
    verbose: bool,
    shows: Shows,
    /// What was not printed yet, since nothing went wrong so far (`--silent 1`).
    kept: Option<Vec<u8>>,
    lines_of_data: usize,
    /// Octets of the message that were not told line by line.
    data_besides: u64,
    /// They were encrypted.
    data_in_tls: bool,
    /// When the last line was sent.
    sent_at: Option<Micros>,
    lapse: bool,
    /// A line about how far a file has gone out stands on the terminal.
    in_progress: bool,
    /// A connection was made.
    reached: bool,
    failed: Option<io::Error>,
}

/// What is shown at all, and with which marks.
struct Shows {
    sent: bool,
    received: bool,
    remarks: bool,
    data: bool,
    sent_marks: bool,
    received_marks: bool,
    remark_marks: bool,
    errors: bool,
    /// A line for each recipient in the end; JSON says it otherwise.
    recipients: bool,
}

enum Channel {
    Out,
    Err,
    File(File),
}

impl Channel {
    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        match self {
            Self::Out => all(&mut io::stdout().lock(), octets),
            Self::Err => all(&mut io::stderr().lock(), octets),
            Self::File(file) => file.write_all(octets),
        }
    }
}

fn all(to: &mut impl Write, octets: &[u8]) -> io::Result<()> {
    to.write_all(octets)?;
    to.flush()
}

/// Opens a file for output, `&STDOUT` and `&STDERR` being what they say.
fn channel(path: &Path) -> Result<Channel, String> {
    match path.to_str() {
        Some("&STDOUT") => Ok(Channel::Out),
        Some("&STDERR") => Ok(Channel::Err),
        _ => File::create(path)
            .map(Channel::File)
            .map_err(|error| format!("{} can't be written: {error}", path.display())),
    }
}

impl Screen {
    /// One that shows what is asked for.
    ///
    /// # Errors
    /// A file that can't be written.
    pub(super) fn new(output: &Output, quiet: bool, verbose: bool, colour: bool) -> Result<Self, String> {
        let open = |path: &Option<PathBuf>| path.as_deref().map(channel).transpose();
        let (mut out, mut err) = (open(&output.output_file_stdout)?, open(&output.output_file_stderr)?);
        if let Some(path) = &output.output {
            let both = File::create(path).and_then(|file| Ok((file.try_clone()?, file)));
            let (one, other) = both.map_err(|error| format!("{} can't be written: {error}", path.display()))?;
            (out, err) = (Some(Channel::File(one)), Some(Channel::File(other)));
        }
        let nothing = output.hide_all || output.json || output.silent.is_some_and(|level| level > 1);
        let shown = !nothing && !quiet;
        let colour = colour && out.is_none();
        Ok(Self {
            out: out.unwrap_or(Channel::Out),
            err: err.unwrap_or(Channel::Err),
            colour,
            verbose,
            shows: Shows {
                sent: shown && !output.hide_send,
                received: shown && !output.hide_receive,
                remarks: shown && !output.hide_informational,
                data: !output.suppress_data,
                sent_marks: !output.no_send_hints && !output.no_hints,
                received_marks: !output.no_receive_hints && !output.no_hints,
                remark_marks: !output.no_info_hints,
                errors: !output.hide_all && output.silent != Some(3),
                recipients: !output.json,
            },
            kept: (output.silent == Some(1)).then(Vec::new),
            lines_of_data: 0,
            data_besides: 0,
            data_in_tls: false,
            sent_at: None,
            lapse: output.show_time_lapse,
            in_progress: false,
            reached: false,
            failed: None,
        })
    }

    /// Standard output is the way to the server: what would be printed there goes to standard error.
    pub(super) fn leave_standard_output(&mut self) {
        if matches!(self.out, Channel::Out) {
            self.out = Channel::Err;
        }
    }

    /// Why standard output can't be written, where it can't. A reader who has had enough is no reason.
    pub(super) fn failed(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    /// Prints to standard output, whatever is hidden.
    pub(super) fn print(&mut self, octets: &[u8]) {
        if let Err(error) = self.out.write(octets)
            && error.kind() != ErrorKind::BrokenPipe
        {
            self.failed.get_or_insert(error);
        }
    }

    /// Something is wrong.
    pub(super) fn complain(&mut self, words: &str) {
        self.release();
        if self.shows.errors {
            let said = format!("{}: {words}\n", super::COMMAND);
            let said = if matches!(self.err, Channel::Err) { fold::err(&said) } else { escape::for_lines(&said) };
            let _ = self.err.write(said.as_bytes());
        }
    }

    /// Something went wrong: what was kept back is shown.
    fn release(&mut self) {
        if let Some(kept) = self.kept.take() {
            self.print(&kept);
        }
    }

    fn line(&mut self, role: Role, text: &str) {
        self.end_progress();
        let line = role.line(text, self.colour);
        match &mut self.kept {
            Some(kept) => kept.extend_from_slice(line.as_bytes()),
            None => self.print(line.as_bytes()),
        }
    }

    fn marked(&mut self, role: Role, shown: bool, mark: &str, text: &str) {
        self.line(role, &if shown { format!("{mark}{text}") } else { text.to_owned() });
    }

    /// A remark of ehlo's own.
    pub(super) fn say(&mut self, text: &str) {
        if self.shows.remarks {
            self.marked(Role::Remark, self.shows.remark_marks, "=== ", text);
        }
    }

    fn remark(&mut self, remark: &Remark) {
        if remark.word == "content" && !self.shows.data {
            self.data_besides += remark.get("bytes").and_then(|bytes| bytes.parse::<u64>().ok()).unwrap_or(0);
            return;
        }
        self.reached = words::reached(self.reached, remark);
        let usual = ["connected", "inspecting", "tls", "injected", "gave-up", "error", "warning", "content", "closed"];
        if !self.shows.remarks || !(self.verbose || usual.contains(&remark.word.as_str())) {
            return;
        }
        let role =
            if matches!(remark.word.as_str(), "error" | "warning" | "injected") { Role::Bad } else { Role::Remark };
        let said = words::said_of(self.reached, remark).words;
        let mut text = told::in_options(&escape::for_screen(said.as_bytes()));
        // From which address, where --local-interface or a family was asked for.
        if let Some(from) = remark.bare(2).filter(|_| remark.word == "connected") {
            text = format!("{text} from {}", escape::for_screen(from.as_bytes()));
        }
        self.marked(role, self.shows.remark_marks, "=== ", &text);
    }

    fn content(&mut self, line: &Line, tls: bool) {
        self.lines_of_data += 1;
        self.data_in_tls = tls;
        if self.shows.sent && self.shows.data {
            self.marked(Role::Plain, self.shows.sent_marks, data_mark(tls), &text(line));
        }
    }

    /// The content is complete.
    fn end_data(&mut self) {
        let lines = std::mem::take(&mut self.lines_of_data);
        let besides = match std::mem::take(&mut self.data_besides) {
            0 => String::new(),
            octets => format!(", and {octets} octets more"),
        };
        if (lines > 0 || !besides.is_empty()) && self.shows.sent && !self.shows.data {
            let s = if lines == 1 { "" } else { "s" };
            self.marked(
                Role::Plain,
                self.shows.sent_marks,
                data_mark(self.data_in_tls),
                &format!("[{lines} line{s} of the message{besides}]"),
            );
        }
    }

    fn received(&mut self, line: &Line, at: Micros, tls: bool) {
        let refused = matches!(line.bytes.first(), Some(b'4' | b'5'));
        let mark = match (refused, tls) {
            (true, false) => "<** ",
            (true, true) => "<~* ",
            (false, false) => "<-  ",
            (false, true) => "<~  ",
        };
        if !self.shows.received {
            return;
        }
        let role = if refused { Role::Bad } else { Role::Plain };
        self.marked(role, self.shows.received_marks, mark, &text(line));
        let last = line.bytes.get(3) != Some(&b'-');
        if let Some(sent) = self.sent_at.filter(|_| self.lapse && last) {
            self.sent_at = None;
            let took = Duration::from_micros(at.0.saturating_sub(sent.0));
            self.say(&format!("response in {:.3} s", took.as_secs_f64()));
        }
    }

    fn end_progress(&mut self) {
        if std::mem::take(&mut self.in_progress) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    /// The end: a line for each recipient, and what it came to. `brief` puts a refusal in few words, which takes a while:
    /// it is asked for those alone that are said so.
    pub(super) fn end(
        &mut self,
        reason: Option<&Reason>,
        recipients: &[Recipient],
        brief: impl Fn(usize) -> String,
        good: bool,
    ) {
        self.end_progress();
        if !good {
            self.release();
        }
        if !self.shows.remarks && (good || !self.shows.errors) {
            return;
        }
        let width = recipients.iter().map(|recipient| recipient.address.chars().count()).max().unwrap_or(0);
        // Where remarks are hidden only what went wrong is said.
        let (listed, all) = (self.shows.recipients, self.shows.remarks);
        for recipient in recipients.iter().filter(|recipient| listed && (all || !recipient.good())) {
            let role = if recipient.good() { Role::Good } else { Role::Bad };
            let Recipient { address, word, reply, refused_by, .. } = recipient;
            let brief = refused_by.filter(|_| self.shows.received).map(&brief);
            let reply = brief.as_ref().unwrap_or(reply);
            self.marked(role, self.shows.remark_marks, "=== ", &format!("{word:<9} {address:<width$}  {reply}"));
        }
        if let Some(reason) = reason {
            // JSON comes by itself, and what it says is not said before.
            let said = self.shows.received || listed && recipients.iter().any(|it| reason.words.ends_with(&it.reply));
            self.complain(if said { &reason.brief } else { &reason.words });
        }
    }

    /// Where the conversation is kept: to be looked into where it did not go well.
    pub(super) fn kept(&mut self, transcripts: &[PathBuf], good: bool) {
        if transcripts.is_empty() || !(self.verbose || self.shows.remarks && !good) {
            return;
        }
        let all: Vec<_> = transcripts.iter().map(|path| path.display().to_string()).collect();
        let is = if all.len() == 1 { "conversation is" } else { "conversations are" };
        self.complain(&format!("the {is} in {}", all.join(", ")));
    }
}

/// What stands before a line of the message.
fn data_mark(tls: bool) -> &'static str {
    if tls { " ~| " } else { " -| " }
}

/// The octets of a line as they may be shown.
fn text(line: &Line) -> String {
    escape::for_screen(&line.bytes)
}

impl Watch for Screen {
    fn happened(&mut self, event: &Timed, tls: bool) {
        match &event.event {
            Event::Content(line) => {
                self.content(line, tls);
                return;
            }
            Event::Received(_) | Event::Sent(_) => self.end_data(),
            Event::Remark(_) => {}
        }
        match &event.event {
            Event::Sent(line) => {
                self.sent_at = Some(event.at);
                if self.shows.sent {
                    self.marked(Role::Plain, self.shows.sent_marks, if tls { " ~> " } else { " -> " }, &text(line));
                }
            }
            Event::Received(line) => self.received(line, event.at, tls),
            Event::Remark(remark) => match words::of_journal(remark) {
                Some(words) => self.complain(&words),
                None => self.remark(remark),
            },
            Event::Content(_) => {}
        }
    }

    /// What was expected is seen in the replies, and in the end of each recipient.
    fn outcome(&mut self, _: &Outcome) {}

    fn progress(&mut self, sent: u64, total: u64) {
        if self.shows.remarks && matches!(self.err, Channel::Err) && io::stderr().is_terminal() {
            let mega = |octets: u64| format!("{}.{}", octets / 1_000_000, octets / 100_000 % 10);
            let _ = write!(io::stderr(), "\r    {} of {} MB\x1b[K", mega(sent), mega(total));
            let _ = io::stderr().flush();
            self.in_progress = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// What goes to standard output in the end, where of two recipients one was refused, and how often that was put in few
    /// words.
    fn ended(output: &Output) -> (String, usize) {
        let folder = tempfile::tempdir().expect("a directory");
        let mut screen = Screen::new(output, false, false, false).expect("a screen");
        screen.out = Channel::File(File::create(folder.path().join("out")).expect("a file"));
        screen.err = Channel::File(File::create(folder.path().join("err")).expect("a file"));
        let recipient = |address: &str, word, refused_by| Recipient {
            address: address.into(),
            word,
            code: None,
            reply: "in full".into(),
            refused_by,
        };
        let recipients = [recipient("a@b", "accepted", None), recipient("c@d", "refused", Some(7))];
        let reason = Reason { words: "not all".to_owned(), brief: "not all".to_owned() };
        let asked = Cell::new(0);
        let brief = |record| {
            asked.set(asked.get() + 1);
            format!("as record {record} has it")
        };
        screen.end(Some(&reason), &recipients, brief, false);
        assert!(std::fs::read_to_string(folder.path().join("err")).expect("written").contains("not all"));
        (std::fs::read_to_string(folder.path().join("out")).expect("written"), asked.get())
    }

    #[test]
    fn what_is_not_shown_of_a_message_is_counted_whole() {
        let folder = tempfile::tempdir().expect("a directory");
        let mut screen =
            Screen::new(&Output { suppress_data: true, ..Output::default() }, false, false, false).expect("a screen");
        screen.out = Channel::File(File::create(folder.path().join("out")).expect("a file"));
        let rest = Remark::new("content").with("bytes", 680_369).with("file", "big.eml");
        for event in [Event::Content(Line::new("a")), Event::Content(Line::new("b")), Event::Remark(rest)] {
            screen.happened(&Timed { at: Micros(0), event }, false);
        }
        screen.happened(&Timed { at: Micros(0), event: Event::Sent(Line::new(".")) }, false);
        let out = std::fs::read_to_string(folder.path().join("out")).expect("written");
        assert!(out.starts_with(" -| [2 lines of the message, and 680369 octets more]\n"), "{out}");
    }

    #[test]
    fn what_is_wrong_with_the_recording_stands_in_no_conversation() {
        let folder = tempfile::tempdir().expect("a directory");
        let mut screen = Screen::new(&Output::default(), false, false, false).expect("a screen");
        screen.out = Channel::File(File::create(folder.path().join("out")).expect("a file"));
        screen.err = Channel::File(File::create(folder.path().join("err")).expect("a file"));
        let warning = Remark::new("warning").with("kind", "journal").value("no space is left");
        screen.happened(&Timed { at: Micros(0), event: Event::Remark(warning) }, false);
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("written");
        assert_eq!((read("out").as_str(), read("err").as_str()), ("", "ehlo send: no space is left\n"));
    }

    #[test]
    fn only_what_is_asked_for_is_said_of_recipients() {
        let (all, asked) = ended(&Output::default());
        assert!(all.contains("accepted  a@b  in full") && all.contains("refused   c@d  as record 7 has it"), "{all}");
        assert_eq!(asked, 1);
        let (errors, asked) = ended(&Output { silent: Some(2), ..Output::default() });
        assert!(!errors.contains("a@b") && errors.contains("refused   c@d  in full"), "{errors}");
        assert_eq!(asked, 0, "the reply stands nowhere else");
        assert_eq!(ended(&Output { json: true, ..Output::default() }), (String::new(), 0), "JSON comes alone");
        let (_, asked) = ended(&Output { hide_receive: true, ..Output::default() });
        assert_eq!(asked, 0);
    }
}
