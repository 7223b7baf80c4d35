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
}

impl Tab {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Reply, Self::Session, Self::Offer, Self::Tls];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reply => "Reply",
            Self::Session => "Session",
            Self::Offer => "Offer",
            Self::Tls => "TLS",
        }
    }

    /// The one after it, or before, in a ring.
    #[must_use]
    pub fn turn(self, forward: bool) -> Self {
        let count = Self::ALL.len();
        let step = if forward { 1 } else { count - 1 };
        Self::ALL[(self as usize + step) % count]
    }

    /// The row of all tabs, this one open: `[Reply]─ Session ─ Offer ─ TLS `.
    #[must_use]
    pub fn row(self, text: Style, open: Style) -> Line<'static> {
        let mut spans = Vec::new();
        for tab in Self::ALL {
            if tab != Self::Reply {
                spans.push(Span::styled("─", text));
            }
            let (words, style) =
                if tab == self { (format!("[{}]", tab.name()), open) } else { (format!(" {} ", tab.name()), text) };
            spans.push(Span::styled(words, style));
        }
        Line::from(spans)
    }

    /// The tab whose name stands at a column of that row.
    #[must_use]
    pub fn at(column: u16) -> Option<Self> {
        let mut end = 0;
        Self::ALL.into_iter().find(|tab| {
            let start = end;
            end += width(tab.name()) + 3;
            (start..end).contains(&usize::from(column)) && usize::from(column) + 1 < end
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tab_is_where_its_name_stands() {
        let row: Vec<char> = Tab::Offer.row(Style::new(), Style::new()).to_string().chars().collect();
        assert_eq!(row.iter().collect::<String>(), " Reply ─ Session ─[Offer]─ TLS ");
        for tab in Tab::ALL {
            let text: String = row.iter().collect();
            let at = text.chars().position(|c| tab.name().starts_with(c)).expect("its name");
            assert_eq!(Tab::at(u16::try_from(at).expect("a column")), Some(tab));
        }
        assert_eq!(Tab::at(7), None);
        assert_eq!(Tab::at(60), None);
    }

    #[test]
    fn the_tabs_turn_in_a_ring() {
        let mut tab = Tab::Reply;
        for _ in Tab::ALL {
            tab = tab.turn(true);
            assert_eq!(tab.turn(false).turn(true), tab);
        }
        assert_eq!(tab, Tab::Reply);
    }
}
