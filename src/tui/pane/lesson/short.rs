//! The lesson in a few rows: the open step, and of the text what belongs to it.

use std::collections::BTreeSet;

use ratatui::text::{Line, Span};

use super::row::{cut, shorten};
use super::view::{STRIP, Writer, mistake};
use crate::tui::attending;
use crate::tui::text::{width, wrap};
use crate::tui::theme::Role;
use crate::tui::view::told;

impl Writer<'_> {
    /// The open step with what belongs to it; the text, which names what the steps are about, as far as it has room; and
    /// what is done or to come, where all of that leaves some. That more steps follow than are shown is always seen.
    pub(super) fn steps_in(&self, room: usize) -> Vec<Line<'static>> {
        let (mut lines, hidden) = self.steps_above(room);
        if hidden == 0 {
            return lines;
        }
        let words = if hidden == 1 { "▼ 1 more step".to_owned() } else { format!("▼ {hidden} more steps") };
        let full = lines.len() >= room;
        let Some(last) = lines.last_mut().filter(|_| full) else {
            lines.extend(self.styled(" ", &words, Role::Dim));
            return lines;
        };
        // Behind the last row, in as many words as that has room for.
        let left = self.columns.saturating_sub(last.width() + 2);
        let brief = format!("▼ {hidden} more");
        let mark = [words, brief].into_iter().find(|words| width(words) <= left).unwrap_or_else(|| "▼".to_owned());
        shorten(last, self.columns.saturating_sub(width(&mark) + 1));
        let between = if last.width() + width(&mark) + 2 <= self.columns { "  " } else { " " };
        last.push_span(Span::styled(format!("{between}{mark}"), self.dim()));
        lines
    }

    /// The same without what is said of the steps that have no room, and how many these are.
    fn steps_above(&self, room: usize) -> (Vec<Line<'static>>, usize) {
        let open = self.pane.attempt.ticked();
        let now = self.now_in(room);
        let text = self.text_in(room.saturating_sub(now.len()));
        let whole = text.len() + now.len() <= room;
        let mut before = match room.saturating_sub(now.len()) {
            0 => Vec::new(),
            _ if whole => text,
            left => self.intro_in(left),
        };
        if whole {
            let at = before.len();
            for step in (0..open).rev() {
                let line = self.step(step);
                if before.len() + line.len() + now.len() > room {
                    break;
                }
                before.splice(at..at, line);
            }
        }
        before.extend(now);
        let mut later: Vec<_> = (open + 1..self.pane.lesson().steps.len()).map(|step| self.step(step)).collect();
        let left = room.saturating_sub(before.len());
        let all = later.len();
        // What is left out is counted, where there is a row for that.
        if later.iter().map(Vec::len).sum::<usize>() > left {
            while later.iter().map(Vec::len).sum::<usize>() + 1 > left && later.pop().is_some() {}
        }
        let hidden = all - later.len();
        before.extend(later.into_iter().flatten());
        (before, hidden)
    }

    /// What the key of the lesson leads to; where only a fresh start helps, to that.
    pub(super) fn behind(&self) -> String {
        let lost = self.pane.attempt.is_spoilt() && !attending::in_exam(self.model);
        if lost { self.model.keymap.told("all of it; there {start-over} starts over") } else { "all of it".to_owned() }
    }

    /// The text before the steps, from the story on with which it begins, as far as both have room at the first step, and
    /// after it beside all steps; else without the story, and a mark in its place where that costs no text.
    fn text_in(&self, room: usize) -> Vec<Line<'static>> {
        let lesson = self.pane.lesson();
        let intro = self.styled(" ", &lesson.intro, Role::Text);
        let Some(hook) = &lesson.hook else { return intro };
        let open = self.pane.attempt.ticked();
        let others: usize = (0..lesson.steps.len()).filter(|n| *n != open).map(|step| self.step(step).len()).sum();
        let mut text = self.styled(" ", hook, Role::Dim);
        let both = text.len() + intro.len();
        if both + if open > 0 { others } else { 0 } > room {
            let marked = self.styled(" ", &format!("… {}", lesson.intro), Role::Text);
            return if marked.len() <= room { marked } else { intro };
        }
        // A row between them, where there is one to spare.
        text.extend((both + others < room).then(Line::default));
        text.extend(intro);
        text
    }

    /// Whether what was said stands below the line, in full.
    fn is_said_below(&self) -> bool {
        let said = mistake(self.model, self.pane);
        said.is_some() && told(self.model) == said
    }

    /// The open step with its hints, and what was said. Where not all of it has room, what was just said or asked for
    /// matters more than how the step is worded, of which the beginning stays.
    fn now_in(&self, room: usize) -> Vec<Line<'static>> {
        let said = if room < usize::from(STRIP) && self.is_said_below() { Vec::new() } else { self.said() };
        let said = cut(said, room.saturating_sub(1));
        let left = room - said.len();
        let mut hints: Vec<_> = self.pane.attempt.hints().iter().map(|hint| self.hint(hint)).collect();
        let step = self.step(self.pane.attempt.ticked());
        let all = hints.iter().map(Vec::len).sum::<usize>();
        if step.len() + all > left {
            // The newest was asked for last.
            hints = hints.pop().map(|newest| cut(newest, left.saturating_sub(1))).into_iter().collect();
        }
        let below = hints.iter().map(Vec::len).sum::<usize>();
        let mut now = cut(step, left.saturating_sub(below));
        now.extend(hints.into_iter().flatten());
        now.extend(said);
        now
    }

    /// Of the text that stands before the steps what has room in so many rows, from the sentence on with which most of
    /// that is seen which the open step is about. The others are on the page of the lesson. Above a later step nothing
    /// stands that is about something else, and no sentence without its end.
    fn intro_in(&self, rows: usize) -> Vec<Line<'static>> {
        let intro = &self.pane.lesson().intro;
        let step = self.pane.lesson().steps.get(self.pane.attempt.ticked());
        let about = step.map(|step| words(&format!("{} {}", step.text, step.hints.join(" ")))).unwrap_or_default();
        let wrapped = |text: &str| wrap(text, self.columns.saturating_sub(1));
        // A mark for the story before it costs no sentence that could be read to its end.
        let ended = |text: &str| {
            let seen = wrapped(text).into_iter().take(rows).collect::<Vec<_>>().join(" ").replace("… ", "").len();
            sentences(intro).into_iter().filter(|from| *from <= seen + 1).count()
        };
        let marked = format!("… {intro}");
        let untold = self.pane.lesson().hook.is_some() && ended(&marked) == ended(intro);
        let begun = |from: usize| if from == 0 && !untold { intro.clone() } else { format!("… {}", &intro[from..]) };
        if self.pane.attempt.ticked() > 0 {
            let whole = sentences(intro).into_iter().filter_map(|from| {
                let ends = sentences(intro).into_iter().filter(|end| *end > from).chain([intro.len()]);
                let before = if from == 0 { "" } else { "… " };
                let mut texts = ends.map(|end| format!("{before}{}", intro[from..end].trim_end()));
                let text = texts.by_ref().take_while(|text| wrapped(text).len() <= rows).last()?;
                Some((weight(&text, &about), text))
            });
            // Of those that are worth the same the earliest.
            let best = whole.rev().max_by_key(|(weight, _)| *weight).filter(|(weight, _)| *weight > 0);
            return best.map(|(_, text)| self.styled(" ", &text, Role::Text)).unwrap_or_default();
        }
        let seen = |from: usize| wrapped(&begun(from)).into_iter().take(rows);
        let weighed = |from: &usize| weight(&seen(*from).collect::<Vec<_>>().join(" "), &about);
        // Of those that are worth the same the earliest.
        let best = sentences(intro).into_iter().rev().max_by_key(weighed).unwrap_or_default();
        cut(self.styled(" ", &begun(best), Role::Text), rows)
    }
}

/// Where the sentences of a text begin. A dot within a name ends none.
fn sentences(text: &str) -> Vec<usize> {
    let mut all = vec![0];
    for (at, _) in text.match_indices(['.', '?', '!']) {
        let rest = &text[at + 1..];
        let next = rest.trim_start();
        if rest.starts_with(char::is_whitespace) && next.starts_with(|c: char| c.is_uppercase() || c == '`') {
            all.push(text.len() - next.len());
        }
    }
    all
}

/// The words of a text, in small letters: names and addresses as they are.
fn words(text: &str) -> BTreeSet<String> {
    let within = |c: char| c.is_alphanumeric() || matches!(c, '@' | '.' | '-');
    let words = text.split(|c| !within(c)).map(|word| word.trim_matches(['.', '-']).to_lowercase());
    words.filter(|word| word.len() > 3 || word.chars().any(|c| c.is_ascii_digit())).collect()
}

/// How much a sentence has of what a step is about: an address, a name or a number more than a word.
fn weight(sentence: &str, about: &BTreeSet<String>) -> usize {
    let of = |word: &String| if word.contains(|c: char| c == '@' || c == '.' || c.is_ascii_digit()) { 4 } else { 1 };
    words(sentence).intersection(about).map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_sentences() {
        let text = "You are `noddy.com`, and so on. Wait for `220`. `RSET` is one. Is it? Say e.g. mx.target.local.";
        let all: Vec<&str> =
            sentences(text).into_iter().map(|at| text[at..].split(' ').next().unwrap_or_default()).collect();
        assert_eq!(all, ["You", "Wait", "`RSET`", "Is", "Say"]);
    }
}
