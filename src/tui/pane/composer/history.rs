//! Lines sent before, found again by how they begin.

use super::secrecy::may_be_kept;
use crate::smtp::lint::looks_like_secret;
use crate::smtp::session::Sent;

use super::Surroundings;

/// Lines kept of each kind.
const KEPT: usize = 2000;

/// What was sent, oldest first, commands and message content apart, each line once.
#[derive(Debug, Default)]
pub(super) struct History {
    commands: Vec<String>,
    content: Vec<String>,
    /// Commands that were refused when they were sent last: found again by who looks for them, and offered to nobody.
    refused: Vec<String>,
    /// The search that goes on: what had been typed, and which entry stands on the line.
    search: Option<(String, usize)>,
}

impl History {
    /// Keeps a line that was sent at this point, unless it may hold a secret.
    /// Gives whether it is a command that was kept.
    pub(super) fn keep(&mut self, line: &str, around: &Surroundings<'_>) -> bool {
        self.search = None;
        if line.trim().is_empty() || line == "." || !may_be_kept(line, around) {
            return false;
        }
        let list = self.list_mut(around);
        list.retain(|old| old != line);
        list.push(line.to_owned());
        if list.len() > KEPT {
            list.remove(0);
        }
        !is_content(around)
    }

    /// A command was answered; whether it was refused.
    pub(super) fn answered(&mut self, line: &str, refused: bool) {
        self.refused.retain(|other| other != line);
        if refused && self.commands.iter().any(|kept| kept == line) {
            self.refused.push(line.to_owned());
        }
        if self.refused.len() > KEPT {
            self.refused.remove(0);
        }
    }

    /// Takes over what was sent before, oldest first.
    pub(super) fn remember(&mut self, mut lines: Vec<String>) {
        lines.retain(|line| !looks_like_secret(line.as_bytes()) && !self.commands.contains(line));
        lines.append(&mut self.commands);
        self.commands = lines;
    }

    /// Forgets a command.
    pub(super) fn forget(&mut self, line: &str) {
        self.commands.retain(|kept| kept != line);
    }

    /// A command that was not sent is to be found again all the same, in this run.
    pub(super) fn put_away(&mut self, line: String) {
        if !looks_like_secret(line.as_bytes()) {
            self.commands.retain(|old| *old != line);
            self.commands.push(line);
        }
    }

    /// The line was edited: the next search begins with what stands there then.
    pub(super) fn leave(&mut self) {
        self.search = None;
    }

    /// The line before that begins as was typed.
    pub(super) fn back(&mut self, typed: &str, around: &Surroundings<'_>) -> Option<String> {
        let list = self.list(around);
        let (begin, before) = self.search.clone().unwrap_or_else(|| (typed.to_owned(), list.len()));
        let found = list[..before.min(list.len())].iter().rposition(|line| begins(line, &begin) && line != typed)?;
        let line = list[found].clone();
        self.search = Some((begin, found));
        Some(line)
    }

    /// The line after that begins as was typed; past the last one, what was typed.
    pub(super) fn on(&mut self, around: &Surroundings<'_>) -> Option<String> {
        let (begin, at) = self.search.take()?;
        let list = self.list(around);
        let next = list.iter().enumerate().skip(at + 1).find(|(_, line)| begins(line, &begin));
        let Some((found, line)) = next else { return Some(begin) };
        let line = line.clone();
        self.search = Some((begin, found));
        Some(line)
    }

    /// The newest line that goes on from what was typed, and was not refused.
    pub(super) fn longer(&self, typed: &str, around: &Surroundings<'_>) -> Option<&str> {
        let list = self.list(around);
        let goes_on = |line: &&String| line.len() > typed.len() && begins(line, typed) && !self.refused.contains(line);
        list.iter().rev().find(goes_on).map(String::as_str)
    }

    /// Whether lines are being walked through.
    pub(super) fn is_searching(&self) -> bool {
        self.search.is_some()
    }

    /// The commands that were sent, oldest first.
    pub(super) fn commands(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.commands.iter().map(String::as_str)
    }

    fn list(&self, around: &Surroundings<'_>) -> &[String] {
        if is_content(around) { &self.content } else { &self.commands }
    }

    fn list_mut(&mut self, around: &Surroundings<'_>) -> &mut Vec<String> {
        if is_content(around) { &mut self.content } else { &mut self.commands }
    }
}

fn is_content(around: &Surroundings<'_>) -> bool {
    matches!(around.session.classify(b""), Sent::Content)
}

/// Whether a line begins with this, in any case.
pub(super) fn begins(line: &str, begin: &str) -> bool {
    line.get(..begin.len()).is_some_and(|head| head.eq_ignore_ascii_case(begin))
}
