//! The tabs of the panel and their row in its frame.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::text::width;

/// One of the tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// The decoded reply.
    #[default]
    Reply,
    /// Where it stands, the envelope, the times.
    Session,
    /// The capabilities.
    Offer,
    /// How the line is protected.
    Tls,
    /// What ready-made tests have found; only there where they were run.
    Probe,
}

impl Tab {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Reply, Self::Session, Self::Offer, Self::Tls, Self::Probe];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reply => "Reply",
            Self::Session => "Session",
            Self::Offer => "Offer",
            Self::Tls => "TLS",
            Self::Probe => "Probe",
        }
    }

    /// Those that are there; the findings of probes only where some were run.
    fn there(probed: bool) -> &'static [Self] {
        if probed { &Self::ALL } else { &Self::ALL[..Self::ALL.len() - 1] }
    }

    /// The one after it, or before, in a ring.
    #[must_use]
    pub fn turn(self, forward: bool, probed: bool) -> Self {
        let there = Self::there(probed);
        let step = if forward { 1 } else { there.len() - 1 };
        there[(self as usize + step) % there.len()]
    }

    /// The names of all tabs as they stand in the frame, this one open; without blanks where `room` is short.
    fn names(self, probed: bool, room: u16) -> impl Iterator<Item = (Self, String)> {
        let there = Self::there(probed);
        let wide = there.iter().map(|tab| width(tab.name()) + 3).sum::<usize>() <= usize::from(room) + 1;
        there.iter().map(move |tab| {
            let name = tab.name();
            (
                *tab,
                match (*tab == self, wide) {
                    (true, _) => format!("[{name}]"),
                    (false, true) => format!(" {name} "),
                    (false, false) => name.to_owned(),
                },
            )
        })
    }

    /// The row of all tabs, this one open, in so many columns: `[Reply]─ Session ─ Offer ─ TLS `.
    #[must_use]
    pub fn row(self, probed: bool, room: u16, text: Style, open: Style) -> Line<'static> {
        let mut spans = Vec::new();
        for (tab, words) in self.names(probed, room) {
            if tab != Self::Reply {
                spans.push(Span::styled("─", text));
            }
            spans.push(Span::styled(words, if tab == self { open } else { text }));
        }
        Line::from(spans)
    }

    /// The tab whose name stands at a column of that row.
    #[must_use]
    pub fn at(self, probed: bool, room: u16, column: u16) -> Option<Self> {
        let mut end = 0;
        let found = self.names(probed, room).find(|(_, words)| {
            let start = end;
            end += width(words) + 1;
            (start..end).contains(&usize::from(column)) && usize::from(column) + 1 < end
        });
        found.map(|(tab, _)| tab)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tab_is_where_its_name_stands() {
        for (probed, room, row) in [
            (false, 32, " Reply ─ Session ─[Offer]─ TLS "),
            (true, 32, "Reply─Session─[Offer]─TLS─Probe"),
            (true, 60, " Reply ─ Session ─[Offer]─ TLS ─ Probe "),
        ] {
            let shown = Tab::Offer.row(probed, room, Style::new(), Style::new()).to_string();
            assert_eq!(shown, row);
            for tab in Tab::there(probed) {
                let at = shown.find(tab.name()).map(|at| shown[..at].chars().count()).expect("its name");
                assert_eq!(Tab::Offer.at(probed, room, u16::try_from(at).expect("a column")), Some(*tab));
            }
            assert_eq!(Tab::Offer.at(probed, room, 80), None);
        }
        assert_eq!(Tab::Offer.at(false, 32, 7), None, "between two");
    }

    #[test]
    fn the_tabs_turn_in_a_ring() {
        for probed in [false, true] {
            let mut tab = Tab::Reply;
            for _ in Tab::there(probed) {
                tab = tab.turn(true, probed);
                assert_eq!(tab.turn(false, probed).turn(true, probed), tab);
            }
            assert_eq!(tab, Tab::Reply);
        }
    }
}
