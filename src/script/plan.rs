//! A script ready to be run: every line filled, every file read, every reply tied to what it answers.
//!
//! Everything that can be wrong with a script is found here, before anything connects.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use crate::client::Ending;
use crate::conversation::file::Document;
use crate::smtp::secret::MASK;
use crate::smtp::{Command, Reply, Secret, Verb, sasl};

use super::ScriptError;
use super::check::Check;
use super::files::Folders;
use super::item::{Item, What, items};
use super::pattern::Pattern;
use super::recorded::Texts;
use super::values::{Piece, Unfilled, Values};

mod content;
mod pace;
mod stream;
#[cfg(test)]
mod tests;

pub use content::Content;
pub(super) use stream::begins;
use stream::{ends_message, is_answer, is_dot};

/// A number for something that a reply is due for: the greeting of a connection, or a line.
pub type Ask = usize;

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// The line of the file, from 1.
    pub line: usize,
    /// What to do.
    pub act: Act,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Act {
    /// Sends lines: one, or with more of them a pipelined block, in one write.
    Send(Vec<Sending>),
    /// Sends message content, as it goes on the wire.
    Content(Content),
    /// Looks at the next reply that this is due.
    Expect(Ask, Expected),
    /// Asserts something; makes no sense if the line before it was skipped.
    Check(Ask, Check),
    /// Waits.
    Sleep(Duration),
    /// Closes without QUIT, where it is still open, and connects again; this greeting is then due.
    Reconnect(Ask),
    /// Closes without QUIT.
    Drop,
    /// The same, without waiting for the replies that are due.
    DropAtOnce,
    /// What the guide of the run's settings says; never of a script.
    Guide,
    /// What is sent next waits for nothing, not even for the greeting: an early talker.
    Early,
}

/// A line that is sent.
#[derive(Debug, Clone)]
pub struct Sending {
    /// The line of the file, from 1.
    pub line: usize,
    /// What it is made of.
    pub pieces: Vec<Piece>,
    /// How it ends.
    pub ending: Ending,
    /// Its verb; [`Verb::Other`] for an answer within AUTH and for the final dot.
    pub verb: Verb,
    /// The SASL mechanism, upper case, of an AUTH.
    pub mechanism: Option<String>,
    /// It is the dot that ends a message.
    pub dot: bool,
    /// It follows AUTH and is no command: an answer within it.
    pub answer: bool,
    /// It begins a message by DATA or BDAT, or may: wherever in it that stands, and with the pieces before it.
    pub begins: bool,
    /// It ends a message, and hands it over.
    pub ends: bool,
    /// The octets that follow a BDAT, in order.
    pub payload: Vec<Content>,
    /// What its reply is known by.
    pub ask: Ask,
}

impl Sending {
    /// The line as it may be shown: what AUTH carries stands as `{{auth}}`, written out in the script or not.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.answer {
            return MASK.to_owned();
        }
        let line: String = self.pieces.iter().map(Piece::shown).collect();
        match (self.verb, line.trim_start().splitn(3, ' ').collect::<Vec<_>>().as_slice()) {
            (Verb::Auth, [verb, mechanism, _]) => format!("{verb} {mechanism} {MASK}"),
            _ => line,
        }
    }

    /// Whether it holds what only AUTH can fill.
    #[must_use]
    pub fn needs_credentials(&self) -> bool {
        self.pieces.contains(&Piece::Auth)
    }
}

/// What a reply is held against.
#[derive(Debug, Clone)]
pub enum Expected {
    /// A pattern of a script.
    Pattern(Pattern),
    /// A recording, and whether it answered EHLO or LHLO.
    Recorded(Reply, bool),
}

impl Expected {
    /// Whether a reply is at least of a class that is expected: success, or refusal for now, or for good.
    #[must_use]
    pub fn takes_class_of(&self, reply: &Reply) -> bool {
        match self {
            Self::Pattern(pattern) => pattern.takes_class_of(reply),
            Self::Recorded(recorded, _) => recorded.class() == reply.class(),
        }
    }
}

/// A script ready to be run.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// How many things replies are due for; the first is the first greeting.
    pub asks: usize,
    /// The line at which a message is handed over to the server, if one is.
    pub hands_over: Option<usize>,
    /// The forward-paths that it names.
    pub recipients: Vec<String>,
    /// The line that needs credentials, if one does.
    pub needs_credentials: Option<usize>,
    /// What must not be recorded besides.
    pub secrets: Vec<Secret>,
    /// Under what recorded replies are compared.
    pub texts: Texts,
}

/// Makes a plan of a document. `name` is the file's, for errors.
///
/// # Errors
/// The first thing that is wrong: its place, what was found and what is expected.
pub fn plan(document: &Document, name: &str, values: &Values<'_>, folders: &Folders) -> Result<Plan, ScriptError> {
    let place = |record: usize, offset: usize, words: String| {
        let line = document.log.get(record).map(|entry| entry.bytes).unwrap_or_default();
        let before = &line[..offset.min(line.len())];
        let column = String::from_utf8_lossy(before).chars().count() + 1;
        ScriptError { file: name.to_owned(), line: document.line_of(record), column, words }
    };
    let texts = Texts::of(document).map_err(|words| {
        let line = document.header.line_of("[masks]");
        ScriptError { file: name.to_owned(), line, column: 1, words }
    })?;
    let items = items(document, &place)?;
    let mut builder = Builder {
        document,
        values,
        folders,
        place: &place,
        plan: Plan { asks: 1, secrets: values.secrets(), texts, ..Plan::default() },
        due: VecDeque::from([0]),
        current: 0,
        last_sent: 0,
        offers: Vec::new(),
        data: false,
        closed: false,
        auth: false,
        answering: false,
        challenged: false,
        block: None,
        mergeable: false,
        read: HashMap::new(),
    };
    builder.all(&items)?;
    let mut plan = builder.plan;
    stream::mark(&mut plan);
    Ok(plan)
}

type Place<'a> = &'a dyn Fn(usize, usize, String) -> ScriptError;

/// A pipelined block that is being gathered.
struct Block {
    record: usize,
    lines: Vec<Sending>,
    /// What is expected within it; looked at when all has been written.
    later: Vec<Step>,
}

struct Builder<'a> {
    document: &'a Document,
    values: &'a Values<'a>,
    folders: &'a Folders,
    place: Place<'a>,
    plan: Plan,
    /// What replies are due for and have not been tied, oldest first.
    due: VecDeque<Ask>,
    /// What the last reply was tied to.
    current: Ask,
    last_sent: Ask,
    /// The asks whose replies are offers of capabilities.
    offers: Vec<Ask>,
    /// DATA was sent, and the dot was not.
    data: bool,
    /// The script has dropped the connection.
    closed: bool,
    /// AUTH was sent on this connection.
    auth: bool,
    /// The last line was AUTH or an answer within it.
    answering: bool,
    /// A 334 was the last that was expected.
    challenged: bool,
    block: Option<Block>,
    /// The last step is a recorded line to which the next one may be joined as pipelined.
    mergeable: bool,
    /// How far each file has been sent in chunks.
    read: HashMap<PathBuf, u64>,
}

impl Builder<'_> {
    fn all(&mut self, items: &[Item]) -> Result<(), ScriptError> {
        let mut at = 0;
        while let Some(item) = items.get(at) {
            at += 1;
            let (What::Send(template) | What::Content(template)) = &item.what else {
                self.item(item)?;
                continue;
            };
            let lines = self.values.fill(template).map_err(|unfilled| self.unfilled(item, unfilled))?;
            // What is expected of a line that is sent once for each recipient is expected each time; how many were accepted
            // is known behind the last.
            let expected = items[at..].iter().take_while(|next| matches!(next.what, What::Expect(_) | What::Check(_)));
            let expected: Vec<_> = if lines.len() > 1 { expected.cloned().collect() } else { Vec::new() };
            at += expected.len();
            let count = lines.len();
            for (n, pieces) in lines.into_iter().enumerate() {
                match item.what {
                    What::Content(_) => self.content_line(item, &pieces, template.crlf)?,
                    _ => self.send(item, pieces, template.crlf)?,
                }
                let early = |next: &&Item| n + 1 < count && matches!(&next.what, What::Check(it) if it.is_of_all());
                for next in expected.iter().filter(|next| !early(next)) {
                    self.item(next)?;
                }
            }
        }
        if let Some(block) = &self.block {
            return Err(self.error(block.record, 0, "found the end of the script, expected * end for this * pipeline"));
        }
        self.whole_chunks()
    }

    fn error(&self, record: usize, offset: usize, words: impl Into<String>) -> ScriptError {
        (self.place)(record, offset, words.into())
    }

    fn unfilled(&self, item: &Item, unfilled: Unfilled) -> ScriptError {
        self.error(item.record, unfilled.offset, unfilled.words)
    }

    fn line(&self, item: &Item) -> usize {
        self.document.line_of(item.record)
    }

    fn push(&mut self, item: &Item, act: Act) {
        let step = Step { line: self.line(item), act };
        self.mergeable = false;
        match &mut self.block {
            Some(block) => block.later.push(step),
            None => self.plan.steps.push(step),
        }
    }

    fn new_ask(&mut self) -> Ask {
        self.plan.asks += 1;
        self.plan.asks - 1
    }

    /// Everything but lines that are sent.
    fn item(&mut self, item: &Item) -> Result<(), ScriptError> {
        if matches!(item.what, What::Expect(_) | What::Recorded(_) | What::Check(_)) {
            self.whole_chunks()?;
        }
        match &item.what {
            What::Send(_) | What::Content(_) => {}
            What::ContentFile { raw, path, offset } => {
                let content = self.content_file(item, path, *offset, *raw)?;
                self.content(item, content)?;
            }
            What::Chunk { size, path, offset } => self.chunk(item, *size, path, *offset)?,
            What::Expect(pattern) => {
                let ask = self.tie();
                self.challenged = pattern.to_string().starts_with("334");
                self.push(item, Act::Expect(ask, Expected::Pattern(pattern.clone())));
            }
            What::Recorded(reply) => {
                let ask = self.tie();
                let offer = self.offers.contains(&ask);
                self.challenged = reply.code().is_some_and(|code| code.number() == 334);
                self.push(item, Act::Expect(ask, Expected::Recorded(reply.clone(), offer)));
            }
            What::Check(check) => self.push(item, Act::Check(self.last_sent, check.clone())),
            What::Sleep(time) => self.outside(item, Act::Sleep(*time))?,
            What::Reconnect => {
                let ask = self.new_ask();
                self.outside(item, Act::Reconnect(ask))?;
                self.due = VecDeque::from([ask]);
                (self.current, self.last_sent) = (ask, ask);
                (self.data, self.closed, self.auth) = (false, false, false);
            }
            What::Early => self.outside(item, Act::Early)?,
            What::Drop { at_once } => {
                self.outside(item, if *at_once { Act::DropAtOnce } else { Act::Drop })?;
                self.due.clear();
                self.closed = true;
            }
            What::Pipeline if self.block.is_some() => {
                return Err(self.error(
                    item.record,
                    2,
                    "found `pipeline` within a pipelined block, expected * end first",
                ));
            }
            What::Pipeline => {
                self.due.clear();
                self.block = Some(Block { record: item.record, lines: Vec::new(), later: Vec::new() });
            }
            What::End => {
                let Some(block) = self.block.take() else {
                    return Err(self.error(item.record, 2, "found `end` without * pipeline before it"));
                };
                let line = self.document.line_of(block.record);
                if !block.lines.is_empty() {
                    self.plan.steps.push(Step { line, act: Act::Send(block.lines) });
                }
                self.plan.steps.extend(block.later);
            }
        }
        Ok(())
    }

    /// An action that has no place within a pipelined block.
    fn outside(&mut self, item: &Item, act: Act) -> Result<(), ScriptError> {
        if self.block.is_some() {
            return Err(self.error(
                item.record,
                2,
                "found an action within a pipelined block, expected * end before it",
            ));
        }
        self.whole_chunks()?;
        self.push(item, act);
        Ok(())
    }

    /// What the next reply answers.
    fn tie(&mut self) -> Ask {
        if let Some(ask) = self.due.pop_front() {
            self.current = ask;
        }
        self.current
    }

    fn send(&mut self, item: &Item, pieces: Vec<Piece>, crlf: bool) -> Result<(), ScriptError> {
        if self.closed {
            return Err(self.error(
                item.record,
                0,
                "found a line to send after * drop, expected * reconnect before it",
            ));
        }
        self.whole_chunks()?;
        let plain = plain(&pieces);
        let dot = self.data && plain.as_deref().is_some_and(is_dot);
        let ending = if crlf { Ending::CrLf } else { Ending::None };
        let mut sending = Sending {
            line: self.line(item),
            pieces,
            ending,
            verb: Verb::Other,
            mechanism: None,
            dot,
            answer: false,
            begins: false,
            ends: false,
            payload: Vec::new(),
            ask: 0,
        };
        if !dot && !self.data {
            self.understand(item, &mut sending)?;
        }
        self.data &= !dot;
        sending.ask = self.new_ask();
        self.ready(item, sending);
        Ok(())
    }

    /// What a line means for the lines after it.
    fn understand(&mut self, item: &Item, sending: &mut Sending) -> Result<(), ScriptError> {
        let first = sending.pieces.first().and_then(Piece::octets).unwrap_or_default();
        let command = Command::parse(first);
        sending.verb = command.verb;
        if command.verb == Verb::Auth {
            let argument = String::from_utf8_lossy(command.argument()).into_owned();
            sending.mechanism = argument.split_whitespace().next().map(str::to_ascii_uppercase);
            self.auth = true;
        }
        // What is said to a 334 is an answer, whatever it looks like; `*` gives up (RFC 4954 section 4).
        let asked = std::mem::take(&mut self.challenged) && command.verb == Verb::Other && !matches!(first, b"*" | b"");
        let answers = sending.pieces.first() == Some(&Piece::Auth) || is_answer(first) || asked;
        sending.answer = self.answering && answers;
        self.answering = command.verb == Verb::Auth || sending.answer;
        match command.verb {
            Verb::Data => self.data = true,
            Verb::Mail | Verb::Rset => self.read.clear(),
            _ => {}
        }
        if sending.needs_credentials() {
            if !self.auth || (command.verb != Verb::Auth && !sending.answer) {
                return Err(self.error(
                    item.record,
                    2,
                    "found {{auth}} in a line that is no part of AUTH, expected > AUTH before it",
                ));
            }
            self.plan.needs_credentials.get_or_insert(sending.line);
            if let Some(mechanism) = &sending.mechanism {
                let unspoken = || sasl::SaslError::Unknown(mechanism.clone());
                let Some(known) = sasl::known(mechanism) else {
                    return Err(self.error(item.record, 2, format!("found {{{{auth}}}}, but {}", unspoken())));
                };
                // LOGIN takes the user there by habit.
                if !known.client_first && known.name != "LOGIN" {
                    let words = "the server speaks first; expected {{auth}} in the line after its 334";
                    return Err(self.error(
                        item.record,
                        2,
                        format!("found {{{{auth}}}}, but in {} {words}", known.name),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Puts a line among the steps: alone, into the block, or behind a recorded line that was not answered before it.
    fn ready(&mut self, item: &Item, sending: Sending) {
        let ask = sending.ask;
        let whole = sending.ending == Ending::CrLf || plain(&sending.pieces).is_some_and(|line| line.ends_with(b"\n"));
        if matches!(sending.verb, Verb::Ehlo | Verb::Lhlo) {
            self.offers.push(ask);
        }
        self.last_sent = ask;
        if let Some(block) = &mut self.block {
            block.lines.push(sending);
            self.due.push_back(ask);
            return;
        }
        if item.timed
            && self.mergeable
            && !self.due.is_empty()
            && let Some(Step { act: Act::Send(lines), .. }) = self.plan.steps.last_mut()
        {
            lines.push(sending);
        } else {
            self.plan.steps.push(Step { line: sending.line, act: Act::Send(vec![sending]) });
        }
        if !item.timed {
            self.due.clear();
        }
        if whole {
            self.due.push_back(ask);
        }
        self.mergeable = item.timed;
    }
}

/// The octets of a line that AUTH has no part in.
fn plain(pieces: &[Piece]) -> Option<Vec<u8>> {
    pieces.iter().map(Piece::octets).try_fold(Vec::new(), |line, octets| Some([&line, octets?].concat()))
}
