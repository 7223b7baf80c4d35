//! The conversations of one file, as they are found: a new one begins with a new connection.

use crate::conversation::file::Document;
use crate::smtp::Phase;

use super::builder::{Builder, Content};
use super::clock::{Clocks, Moment};
use super::text::{Text, Times};
use super::{Numbers, Unread};

/// What was found so far.
#[derive(Debug)]
pub(super) struct Sessions {
    source: &'static str,
    content: Content,
    current: Option<Builder>,
    done: Vec<Document>,
    unread: Unread,
    /// The line that is read.
    line: usize,
    times: Times,
    clocks: Clocks,
    /// When the line that is read was written, until a conversation knows it.
    moment: Option<Moment>,
}

impl Sessions {
    /// Nothing yet, of a source of this name.
    pub(super) fn new(source: &'static str, content: Content) -> Self {
        Self {
            source,
            content,
            current: None,
            done: Vec::new(),
            unread: Unread::default(),
            line: 0,
            times: Times::default(),
            clocks: Clocks::default(),
            moment: None,
        }
    }

    /// The same of a text whose lines may have had times before them.
    pub(super) fn timed(mut self, text: &Text<'_>) -> Self {
        self.times = text.times();
        self
    }

    /// The conversation that goes on, or a new one.
    pub(super) fn current(&mut self) -> &mut Builder {
        let current = self.current.get_or_insert_with(|| Builder::new(self.source, self.content));
        if let Some(moment) = self.moment.take() {
            self.clocks.set(moment, current);
        }
        current
    }

    /// Whether there is one.
    pub(super) fn has_current(&self) -> bool {
        self.current.is_some()
    }

    /// A connection is being made: a new conversation, where the last one has had a word spoken in it.
    pub(super) fn connecting(&mut self) -> &mut Builder {
        if self.current.as_ref().is_some_and(|current| current.lines() > 0) {
            self.end();
        }
        self.current()
    }

    /// A greeting came: a new conversation, where the last one has ended.
    pub(super) fn greeted(&mut self) -> &mut Builder {
        let over = |current: &Builder| current.lines() > 0 && matches!(current.phase(), Phase::Closed | Phase::Quit);
        if self.current.as_ref().is_some_and(over) {
            self.end();
        }
        self.current()
    }

    /// The conversation that goes on has ended.
    pub(super) fn end(&mut self) {
        self.done.extend(self.current.take().map(Builder::finish));
    }

    /// Adds one that was put together elsewhere.
    pub(super) fn add(&mut self, builder: Builder) {
        self.done.push(builder.finish());
    }

    /// A line could not be read; from 1.
    pub(super) fn unread(&mut self, line: usize, text: &[u8], why: &'static str) {
        self.unread.add(line, text, why);
    }

    /// The same, where it is not empty.
    pub(super) fn unread_full(&mut self, line: usize, text: &[u8], why: &'static str) {
        if !text.trim_ascii().is_empty() {
            self.unread(line, text, why);
        }
    }

    /// The line of this number is read; from 1.
    pub(super) fn at(&mut self, line: usize) {
        self.line = line;
        self.moment = self.times.of(line);
    }

    /// The line that is read is not of the conversation, and known to be none.
    pub(super) fn passed_over(&mut self) {
        self.unread.passed_over.add(self.line);
    }

    /// Something of these lines is left open by the source, or is missing at them.
    pub(super) fn doubtful(&mut self, lines: Numbers, words: String) {
        self.unread.doubtful.push((lines, words));
    }

    /// All of them.
    pub(super) fn finish(mut self) -> (Vec<Document>, Unread) {
        self.end();
        (self.done, self.unread)
    }
}
