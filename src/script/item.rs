//! What the lines of a script and of a recording say, one after the other, before they are tied together.

use std::path::PathBuf;
use std::time::Duration;

use crate::conversation::event::Remark;
use crate::conversation::file::Document;
use crate::conversation::file::script::{ChunkSize, Part, Placed, ScriptLine, Template};
use crate::conversation::log::{Entry, Kind};
use crate::profile::{duration, nearest};
use crate::smtp::{Command, Reply, ReplyReader, Verb};

use super::check::Check;
use super::pattern::Pattern;
use super::{Misfit, ScriptError};

/// One line of a script, or the lines of one recorded reply.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// The record that it begins at.
    pub(super) record: usize,
    /// Whether it is a recording.
    pub(super) timed: bool,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// `>`.
    Send(Template),
    /// `|`.
    Content(Template),
    /// `|@ FILE`, `|@raw FILE`.
    ContentFile {
        raw: bool,
        path: PathBuf,
        offset: usize,
    },
    /// `>> N FILE`, `>> LAST FILE`.
    Chunk {
        size: ChunkSize,
        path: PathBuf,
        offset: usize,
    },
    /// `< PATTERN`.
    Expect(Pattern),
    /// A reply that was recorded.
    Recorded(Reply),
    /// `? EXPRESSION`.
    Check(Check),
    Sleep(Duration),
    Reconnect,
    Drop {
        at_once: bool,
    },
    Pipeline,
    End,
    Early,
}

/// Reads the records of a document. `place` makes an error at an octet of a record's line.
pub(super) fn items(
    document: &Document,
    place: &dyn Fn(usize, usize, String) -> ScriptError,
) -> Result<Vec<Item>, ScriptError> {
    let mut reading = Reading {
        items: Vec::new(),
        replies: ReplyReader::default(),
        reply_at: None,
        spoken: false,
        half: None,
        connections: 0,
        quit: false,
        dropped: None,
    };
    for (record, entry) in document.log.since(0) {
        match entry.kind {
            Kind::Comment => {}
            Kind::Script => {
                let what = script_line(entry.bytes).map_err(|(offset, words)| place(record, offset, words))?;
                reading.items.push(Item { record, timed: false, what });
            }
            Kind::Remark => reading.remark(record, &entry).map_err(|words| place(record, 0, words))?,
            Kind::Sent => reading.sent(record, &entry).map_err(|words| place(record, 0, words))?,
            Kind::Content => {
                let template = template(&entry).map_err(|words| place(record, 0, words))?;
                reading.items.push(Item { record, timed: true, what: What::Content(template) });
            }
            Kind::Received => reading.received(record, &entry),
        }
    }
    reading.end_half();
    reading.items.extend(reading.dropped.take());
    Ok(reading.items)
}

struct Reading {
    items: Vec<Item>,
    replies: ReplyReader,
    /// Where the reply that is being read began.
    reply_at: Option<usize>,
    /// Something was sent since then.
    spoken: bool,
    /// A sent line that was recorded in pieces, so far.
    half: Option<(usize, Template)>,
    connections: u32,
    /// QUIT was sent on this connection.
    quit: bool,
    /// The client hung up, if it says nothing more before the next connection.
    dropped: Option<Item>,
}

impl Reading {
    fn sent(&mut self, record: usize, entry: &Entry<'_>) -> Result<(), String> {
        self.quit |= !entry.masked && Command::parse(entry.bytes).verb == Verb::Quit;
        self.dropped = None;
        let mut template = template(entry)?;
        let mut record = record;
        if let Some((first, mut half)) = self.half.take() {
            half.parts.append(&mut template.parts);
            half.crlf = template.crlf;
            (record, template) = (first, half);
        }
        let whole = template.crlf
            || matches!(template.parts.last(), Some(Part::Octets(octets)) if octets.last() == Some(&b'\n'));
        self.spoken = self.reply_at.is_some();
        if whole {
            self.items.push(Item { record, timed: true, what: What::Send(template) });
        } else {
            self.half = Some((record, template));
        }
        Ok(())
    }

    /// A line of which the end was never sent.
    fn end_half(&mut self) {
        if let Some((record, template)) = self.half.take() {
            self.items.push(Item { record, timed: true, what: What::Send(template) });
        }
    }

    fn received(&mut self, record: usize, entry: &Entry<'_>) {
        self.end_overtaken(entry.bytes);
        let first = *self.reply_at.get_or_insert(record);
        let mut complete = self.replies.feed(entry.bytes);
        if entry.crlf {
            complete.extend(self.replies.feed(b"\r\n"));
        }
        if !complete.is_empty() {
            self.reply_at = None;
        }
        self.items.extend(complete.into_iter().map(|reply| Item {
            record: first,
            timed: true,
            what: What::Recorded(reply),
        }));
    }

    /// A reply that was never completed because the client spoke in its middle, as a dialogue sees it.
    fn end_overtaken(&mut self, next: &[u8]) {
        let (begun, part) = self.replies.unfinished();
        let spoken = std::mem::take(&mut self.spoken);
        let code = |line: &[u8]| line.get(..3).filter(|code| code.iter().all(u8::is_ascii_digit)).map(<[u8]>::to_vec);
        let (Some(first), Some(last)) = (self.reply_at, begun.lines.last()) else { return };
        let other = code(next).is_some_and(|next| Some(next) != code(&last.raw));
        if spoken
            && other
            && part.is_empty()
            && self.items.iter().all(|item| !matches!(item.what, What::Recorded(_)))
            && let Some(reply) = self.replies.finish()
        {
            self.reply_at = None;
            // A replay waits for it before it speaks, as the client that was recorded did not.
            let at = self.items.partition_point(|item| item.record < first);
            self.items.insert(at, Item { record: first, timed: true, what: What::Recorded(reply) });
        }
    }

    fn remark(&mut self, record: usize, entry: &Entry<'_>) -> Result<(), String> {
        let Some(remark) = entry.remark() else { return Ok(()) };
        if let Some(words) = gap(&remark) {
            return Err(words);
        }
        let Remark { word, values } = remark;
        match word.as_str() {
            "connected" => {
                self.connections += 1;
                if self.connections > 1 {
                    self.end_half();
                    self.items.extend(self.dropped.take());
                    self.items.push(Item { record, timed: true, what: What::Reconnect });
                }
                self.quit = false;
                Ok(())
            }
            "closed" => {
                self.end_half();
                let sent = |item: &Item| matches!(item.what, What::Send(_) | What::Content(_));
                let unanswered = self.reply_at.is_some() || self.items.last().is_some_and(sent);
                let by_us = values.iter().any(|(key, by)| key.as_deref() == Some("by") && by == "client");
                // The cut came in place of a reply: that is what a replay has to meet.
                if unanswered && !by_us {
                    let closed = Check::parse("closed").map_err(|misfit| misfit.words())?;
                    self.items.push(Item { record, timed: true, what: What::Check(closed) });
                }
                // With a reason it is no wish of whoever held it: nobody answered in time, say.
                if by_us && !self.quit && !values.iter().any(|(key, _)| key.as_deref() == Some("reason")) {
                    self.dropped = Some(Item { record, timed: true, what: What::Drop { at_once: unanswered } });
                }
                // What was left of a reply counts for nothing.
                (self.replies, self.reply_at) = (ReplyReader::default(), None);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Why what was sent can't be sent again where this stands, and what helps; nothing where it can.
fn gap(remark: &Remark) -> Option<String> {
    let (found, why, cure) = if remark.is_loss() {
        let why = "what was sent here may be among them";
        ("records that could not be written".to_owned(), why, "put it back as > and | lines, and take this line out")
    } else if remark.is_opaque() {
        let why = "what was said under TLS from here on can't be read in it";
        let cure =
            "put that in as > and < lines in place of this line, or take this line out to play what stands before it";
        ("`opaque`".to_owned(), why, cure)
    } else if remark.word == "unseen" {
        let why = "a line that was sent here is not in its source";
        (format!("`{remark}`"), why, "put the line in as a > line in place of this one")
    } else if remark.is_unkept() {
        let why = "octets that were sent here were not kept";
        (format!("`{}`", remark.word), why, "put the content back as | lines or |@ FILE")
    } else {
        return None;
    };
    Some(format!("found {found}: {why}, so this can't be replayed; {cure}"))
}

/// The octets of a recorded line; where it was masked, `{{auth}}` stands in it.
fn template(entry: &Entry<'_>) -> Result<Template, String> {
    if entry.masked {
        let mut template = Template::parse(entry.bytes, 0).map_err(|error| error.problem.to_string())?;
        template.crlf = entry.crlf;
        return Ok(template);
    }
    let parts = if entry.bytes.is_empty() { Vec::new() } else { vec![Part::Octets(entry.bytes.to_vec())] };
    Ok(Template { parts, crlf: entry.crlf })
}

fn script_line(line: &[u8]) -> Result<What, (usize, String)> {
    let misfit = |placed: &Placed, misfit: Misfit| (placed.offset + misfit.offset, misfit.words());
    Ok(match ScriptLine::parse(line).map_err(|error| (error.offset, error.problem.to_string()))? {
        ScriptLine::Send(template) => What::Send(template),
        ScriptLine::Content(template) => What::Content(template),
        ScriptLine::ContentFile { raw, path, offset } => What::ContentFile { raw, path, offset },
        ScriptLine::Chunk { size, path, offset } => What::Chunk { size, path, offset },
        ScriptLine::Expect(placed) => What::Expect(Pattern::parse(&placed.text).map_err(|e| misfit(&placed, e))?),
        ScriptLine::Assert(placed) => What::Check(Check::parse(&placed.text).map_err(|e| misfit(&placed, e))?),
        ScriptLine::Action(placed) => action(&placed.text).map_err(|e| misfit(&placed, e))?,
    })
}

fn action(text: &str) -> Result<What, Misfit> {
    const ACTIONS: [&str; 6] = ["sleep", "reconnect", "drop", "pipeline", "end", "early"];
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let after = word.len() + rest.len() - rest.trim_start().len() + usize::from(!rest.is_empty());
    let alone = |what: What| {
        if rest.trim().is_empty() { Ok(what) } else { Err(Misfit::new(text, after, "the end of the line")) }
    };
    match word {
        "sleep" => match duration::parse(rest) {
            Ok(time) => Ok(What::Sleep(time)),
            Err(_) => Err(Misfit::new(text, after.min(text.len()), "a duration such as 5s or 500ms")),
        },
        "reconnect" => alone(What::Reconnect),
        "drop" if rest.trim() == "at-once" => Ok(What::Drop { at_once: true }),
        "drop" if rest.trim().is_empty() => Ok(What::Drop { at_once: false }),
        "drop" => Err(Misfit::new(text, after, "the end of the line or at-once")),
        "pipeline" => alone(What::Pipeline),
        "end" => alone(What::End),
        "early" => alone(What::Early),
        _ => {
            let mut expected = "sleep, reconnect, drop, pipeline, end or early (in a lesson also answer)".to_owned();
            if let Some(known) = nearest(word, ACTIONS) {
                expected = format!("{expected} (`{known}` is the nearest)");
            }
            Err(Misfit::new(text, 0, &expected))
        }
    }
}
