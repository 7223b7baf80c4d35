//! The right panel: its tabs ([`Tab`]), and "where you are".
//!
//! Every tab is about the moment of the marked record, or about now. Rows are made by `arrange`, once a change; `draw`
//! only puts those in sight onto the screen.

mod moment;
mod offer;
mod place;
mod probe;
mod reply;
mod session;
mod tab;
#[cfg(test)]
mod tab_tests;
#[cfg(test)]
mod tests;
mod timing;
mod tls;
mod trouble;
mod writer;

pub(in crate::tui) use timing::short;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::conversation::connections::{self, Connections};
use crate::conversation::event::Remark;
use crate::decode::{Knowledge, Step};
use crate::smtp::Session;
use crate::tui::action::Action;
use crate::tui::keymap::Keymap;
use crate::tui::probing::Probing;
use crate::tui::talk::{About, Source, Talk};
use crate::tui::theme::{Role, Theme};

use super::wrap::{self, Look};

use moment::{Moment, Then};
use writer::Row;

pub use place::where_line;
pub use tab::Tab;
pub use trouble::Trouble;

/// What the panel must know beside the conversation.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// What is known.
    pub knowledge: &'a Knowledge,
    /// Which keys are named.
    pub keymap: &'a Keymap,
    /// The marked record of the transcript; none while it follows the end.
    pub marked: Option<usize>,
    /// The time by which a certificate's days are counted.
    pub today: Option<Timestamp>,
    /// The time zone in which times are told; UTC where none is given.
    pub zone: Option<&'a TimeZone>,
    /// The ready-made tests that were run, or are.
    pub probing: Option<&'a Probing>,
    /// It is an exam: nothing is explained.
    pub exam: bool,
    /// "Where you are" stands below the panel.
    pub placed: bool,
    /// Rows that it has given away for a while: its parts stay in their order meanwhile.
    pub given: u16,
}

/// What the rows of a tab depend on, the reply's own explanation not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Made {
    tab: Tab,
    size: Size,
    records: usize,
    until: Option<usize>,
    day: Option<i64>,
    /// How much of the findings there is.
    found: usize,
    exam: bool,
    /// "Where you are" stands below.
    placed: bool,
}

/// The pane's own state.
#[derive(Debug, Default)]
pub struct Panel {
    tab: Tab,
    /// How far each tab is scrolled.
    scroll: [u16; Tab::ALL.len()],
    size: Size,
    /// The exchange that the scroll position of the reply is about.
    about: Option<About>,
    /// The rows of the open tab.
    rows: Vec<Row>,
    made: Option<Made>,
    connections: Connections,
    /// The moment that the tabs are about, where it is not now.
    then: Option<Then>,
    /// A line is marked: that moment is its.
    looks_back: bool,
    /// What went wrong, as of that moment.
    trouble: Option<Trouble>,
    /// It is an exam: nothing is explained.
    exam: bool,
    /// The finding that was gone to, by its place among those that one goes to.
    finding: Option<usize>,
}

impl Panel {
    /// Brings everything in line with what is shown and with the inner size of the panel.
    pub fn arrange(&mut self, talk: &Talk, scene: Scene<'_>, inner: Size) {
        let about = talk.explanation().map(|(about, _)| about);
        if about != self.about {
            self.scroll[Tab::Reply as usize] = 0;
        }
        // At another width, as when it is zoomed, what stood first in sight still does.
        let kept = self.made.filter(|made| made.tab == self.tab && made.size.width != inner.width);
        let kept = kept.filter(|_| self.scrolled() > 0).and(self.rows.get(usize::from(self.scrolled())));
        let kept = kept.map(|row| row.part);
        (self.about, self.size, self.exam) = (about, inner, scene.exam);
        self.looks_back = scene.marked.is_some();
        self.connections.extend(&talk.log);
        let until = moment::until(talk, &self.connections, scene.marked);
        self.then = Then::of(talk, &self.connections, until, self.then.take());
        let day = scene.today.map(|today| today.as_second().div_euclid(3600));
        let found = scene.probing.map_or(0, Probing::progress);
        // What was found does not change with what goes on.
        let records = if self.tab == Tab::Probe { 0 } else { talk.log.len() };
        let (exam, placed) = (scene.exam, scene.placed);
        let made = Made { tab: self.tab, size: inner, records, until, day, found, exam, placed };
        let last = talk.log.len().saturating_sub(1);
        // Of a closer look at a certificate, the trouble is what it was made for.
        let heard = !talk.dialogue.exchanges().is_empty();
        let record = scene.marked.filter(|_| heard).and(until).unwrap_or(last);
        let (before, changed) = (self.made, self.made != Some(made));
        if changed {
            let trouble = Trouble::at(talk, &self.connections, record);
            self.trouble = if exam { trouble.map(Trouble::unexplained) } else { trouble };
        }
        if changed || self.tab == Tab::Reply {
            self.rows = self.rows_of_tab(talk, scene, record);
        }
        self.made = Some(made);
        // A finding that was gone to begins the panel at any width.
        let turned = before.is_some_and(|before| before.tab == Tab::Probe && before.size != inner);
        let shown = turned && self.tab == Tab::Probe && self.show_finding();
        if let Some(at) = kept.filter(|_| !shown).and_then(|part| self.rows.iter().position(|row| row.part >= part)) {
            self.scroll[self.tab as usize] = u16::try_from(at).unwrap_or(u16::MAX);
        }
        let last = self.last_scroll();
        let scroll = &mut self.scroll[self.tab as usize];
        *scroll = (*scroll).min(last);
    }

    fn rows_of_tab(&self, talk: &Talk, scene: Scene<'_>, record: usize) -> Vec<Row> {
        let width = text_width(self.size.width);
        let moment = Moment::of(talk, self.then.as_ref());
        let of = self.connections.at(record);
        let connection = of.map(|(connection, _)| connection);
        match self.tab {
            Tab::Reply if scene.exam && self.trouble.is_none() => reply::unexplained(width),
            Tab::Reply => {
                let height = self.size.height + scene.given;
                reply::rows((talk, record), self.trouble.as_ref(), scene.keymap, (width, height))
            }
            Tab::Session => session::rows(talk, connection, moment, scene, width),
            Tab::Offer if scene.exam => offer::unexplained(moment.session, width),
            Tab::Offer => offer::rows(talk, connection, moment, (scene.knowledge, scene.keymap), width),
            Tab::Tls => tls::rows(talk, of, moment, self.trouble.as_ref(), scene, width),
            Tab::Probe => probe::rows(talk, scene, width),
        }
    }

    /// The tab that is open.
    #[must_use]
    pub fn tab(&self) -> Tab {
        self.tab
    }

    /// Opens a tab; `arrange` makes its rows.
    pub fn open(&mut self, tab: Tab) {
        self.tab = tab;
    }

    /// The session as of the moment that is shown.
    #[must_use]
    pub fn session<'a>(&'a self, talk: &'a Talk) -> &'a Session {
        Moment::of(talk, self.then.as_ref()).session
    }

    /// How the line is protected as of the moment that is shown: the remark of the handshake, where it went well.
    #[must_use]
    pub fn protection(&self, talk: &Talk) -> Option<Remark> {
        let record = Moment::of(talk, self.then.as_ref()).record(talk);
        let (connection, _) = self.connections.at(record)?;
        let handshake = connections::remark(&talk.log, connection.tls.filter(|tls| *tls <= record))?;
        handshake.get("failed").is_none().then_some(handshake)
    }

    /// The phase and the recipients as of the moment that is shown, in one row: `RCPT · 1 of 2 accepted`. Of a live
    /// conversation it says so where that moment has passed.
    #[must_use]
    pub fn where_line(&self, talk: &Talk) -> String {
        let words = place::words(talk, &Moment::of(talk, self.then.as_ref()));
        if self.looks_back && self.then.is_some() && talk.source == Source::Live {
            format!("at this line: {words}")
        } else {
            words
        }
    }

    /// What went wrong with the connection, where that is the last word.
    #[must_use]
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// Does what is this pane's to do; false where the action is not.
    pub fn act(&mut self, action: Action, _talk: &Talk) -> bool {
        let page = self.in_sight().saturating_sub(1).max(1);
        let at = self.scroll[self.tab as usize];
        let to = match action {
            Action::Up | Action::ScrollUp => at.saturating_sub(1),
            Action::Down | Action::ScrollDown => at.saturating_add(1),
            Action::PageUp => at.saturating_sub(page),
            Action::PageDown => at.saturating_add(page),
            Action::HalfPageUp => at.saturating_sub(page.div_ceil(2)),
            Action::HalfPageDown => at.saturating_add(page.div_ceil(2)),
            Action::Top => 0,
            Action::Bottom => u16::MAX,
            _ => return false,
        };
        self.scroll[self.tab as usize] = to.min(self.last_scroll());
        true
    }

    /// The n-th next step, from 1: of what went wrong, or else of the explained reply while its tab is open.
    #[must_use]
    pub fn step(&self, n: usize, talk: &Talk) -> Option<Step> {
        let n = n.checked_sub(1)?;
        if let Some(trouble) = self.trouble.as_ref().filter(|_| talk.given().is_none()) {
            return trouble.steps.get(n).cloned();
        }
        let explanation = talk.explanation().filter(|_| self.tab == Tab::Reply);
        explanation.and_then(|(_, explanation)| explanation.next.get(n).cloned())
    }

    /// The step at a place of the panel (column and row within its inner area), from 1.
    #[must_use]
    pub fn step_at(&self, _column: u16, row: u16) -> Option<usize> {
        if row >= self.in_sight() {
            return None;
        }
        self.rows.get(usize::from(self.scrolled()) + usize::from(row))?.step
    }

    /// Goes to the next finding, or the one before, in a ring; gives which it is, from 1, and of how many.
    pub fn step_finding(&mut self, forward: bool) -> Option<(usize, usize)> {
        let count = self.rows.iter().filter(|row| row.head && self.tab == Tab::Probe).count();
        let last = count.checked_sub(1)?;
        let next = match (self.finding, forward) {
            (None, true) => 0,
            (None, false) => last,
            (Some(at), true) => (at + 1) % count,
            (Some(at), false) => at.checked_sub(1).unwrap_or(last),
        };
        self.finding = Some(next);
        self.show_finding();
        Some((next + 1, count))
    }

    /// Scrolls to the finding that was gone to; false where none was.
    fn show_finding(&mut self) -> bool {
        let heads = self.rows.iter().enumerate().filter(|(_, row)| row.head);
        let Some(at) = self.finding.and_then(|n| heads.map(|(at, _)| at).nth(n)) else { return false };
        self.scroll[Tab::Probe as usize] = u16::try_from(at).unwrap_or(u16::MAX).min(self.last_scroll());
        true
    }

    fn scrolled(&self) -> u16 {
        self.scroll[self.tab as usize]
    }

    /// Rows of the whole text.
    fn count(&self) -> u16 {
        u16::try_from(self.rows.len()).unwrap_or(u16::MAX)
    }

    /// Whether not all is in sight.
    fn is_cut(&self) -> bool {
        self.count() > self.size.height
    }

    /// Rows for the text; where it is cut, the last row of the panel says so.
    fn in_sight(&self) -> u16 {
        if self.is_cut() { self.size.height.saturating_sub(1) } else { self.size.height }
    }

    fn last_scroll(&self) -> u16 {
        self.count().saturating_sub(self.in_sight())
    }

    /// Draws the open tab into its area, without a frame. `beside`: the transcript has the keys.
    pub fn draw(
        &self,
        keymap: &Keymap,
        theme: Theme,
        (focused, beside): (bool, bool),
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let in_sight = self.in_sight().min(area.height);
        let heads = self.rows.iter().enumerate().filter(|(_, row)| row.head && self.tab == Tab::Probe);
        if let Some((at, _)) = self.finding.and_then(|n| heads.clone().nth(n)) {
            let at = u16::try_from(at).unwrap_or(u16::MAX);
            if let Some(y) = at.checked_sub(self.scrolled()).filter(|y| *y < in_sight) {
                buffer.set_string(area.x, area.y + y, "▌", theme.style(Role::Accent));
            }
        }
        for (row, y) in self.rows.iter().skip(self.scrolled().into()).zip(area.y..area.y + in_sight) {
            for (at, role, words) in &row.words {
                let x = (area.x + 1 + at).min(area.right());
                let look = Look { text: theme.style(*role), escape: theme.style(Role::Warning) };
                wrap::put(buffer, x, y, area.right() - x, words.as_bytes(), look);
            }
        }
        if self.is_cut() && area.height > 0 && area.width > 1 {
            let below = self.count().saturating_sub(self.scrolled() + in_sight);
            let keys = keymap.told(match (focused, beside) {
                (true, _) => "{page-down}",
                (false, true) => "{panel}, then {page-down}",
                (false, false) => "{next-pane}, then {page-down}",
            });
            let up = keymap.told("▲ {page-up}");
            let words = if below > 0 { format!("▼ {below} more · {keys}") } else { up };
            buffer.set_stringn(
                area.x + 1,
                area.bottom() - 1,
                words,
                (area.width - 1).into(),
                theme.style(Role::Accent),
            );
        }
    }

    /// Draws "where you are" into its area, without a frame.
    pub fn draw_where(
        &self,
        talk: &Talk,
        (knowledge, keymap): (&Knowledge, &Keymap),
        theme: Theme,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let x = area.x + area.width.min(1);
        let moment = Moment::of(talk, self.then.as_ref());
        let known = (!self.exam).then_some((knowledge, keymap));
        place::draw(talk, moment, known, theme, Rect { x, width: area.right() - x, ..area }, buffer);
    }
}

/// Columns for words: one is left free at either side.
fn text_width(inner: u16) -> u16 {
    inner.saturating_sub(2).max(1)
}
