//! Draws the completion above the line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget as _};

use super::Composer;
use crate::smtp::escape::for_screen;
use crate::tui::text::{fit, width};
use crate::tui::theme::{Role, Theme};

/// Rows of the list that are shown at once.
const ROWS: usize = 8;

/// What its frame says.
const KEYS: &str = " Tab take · Down, Up choose ";

impl Composer {
    /// Draws the completion over what is above the composer (`below`: the composer with its frame).
    pub fn draw_popup(&self, theme: Theme, below: Rect, buffer: &mut Buffer) {
        let Some(popup) = &self.popup else { return };
        let most = ROWS.min(usize::from(below.y.saturating_sub(3)));
        let rows = popup.items.len().min(most);
        if rows == 0 {
            return;
        }
        let word = popup.items.iter().map(|item| width(&item.text)).max().unwrap_or(0).min(40);
        let note = popup.items.iter().map(|item| width(&item.note)).max().unwrap_or(0);
        let room = usize::from(below.width).saturating_sub(4).min(word + note + 6).max(width(KEYS));
        let height = u16::try_from(rows + 2).unwrap_or(u16::MAX);
        let area = Rect::new(below.x, below.y - height, u16::try_from(room + 2).unwrap_or(below.width), height);
        let area = area.intersection(*buffer.area());
        let count = if popup.items.len() > rows {
            format!("{} of {}", popup.marked + 1, popup.items.len())
        } else {
            String::new()
        };
        let block = Block::bordered()
            .border_style(theme.style(Role::Accent))
            .title(Line::styled(count, theme.style(Role::Dim)))
            .title_bottom(Line::raw(KEYS).right_aligned());
        Clear.render(area, buffer);
        block.render(area, buffer);
        let from = (popup.marked + 1).saturating_sub(rows);
        for (n, item) in popup.items.iter().enumerate().skip(from).take(rows) {
            let y = area.y + 1 + u16::try_from(n - from).unwrap_or(0);
            let role = if item.fits { Role::Text } else { Role::Dim };
            let style = if n == popup.marked { theme.style(Role::Accent) } else { theme.style(role) };
            let text = fit(&for_screen(item.text.as_bytes()), word);
            let gap = " ".repeat(word.saturating_sub(width(&text)) + 2);
            let line = Line::from(vec![
                Span::styled(if n == popup.marked { "▌ " } else { "  " }, style),
                Span::styled(text, style),
                Span::raw(gap),
                Span::styled(
                    fit(&for_screen(item.note.as_bytes()), room.saturating_sub(word + 4)),
                    theme.style(Role::Dim),
                ),
            ]);
            buffer.set_line(area.x + 1, y, &line, area.width.saturating_sub(2));
        }
    }
}
