//! The baseline: a bare ratatui screen with rows that scroll, and nothing else.

use crossterm::event::{Event, KeyCode, read};
use ratatui::text::Line;
use ratatui::widgets::{Block, List};

/// Draws rows until `q` is pressed; `j` and `k` scroll.
pub(super) fn run() {
    let mut terminal = ratatui::init();
    let mut top = 1_u64;
    loop {
        let drawn = terminal.draw(|frame| {
            let rows = (top..top + u64::from(frame.area().height)).map(|n| Line::from(format!("row {n} of many rows")));
            frame.render_widget(List::new(rows).block(Block::bordered().title("bare")), frame.area());
        });
        drawn.expect("a terminal");
        match read().expect("a terminal") {
            Event::Key(key) if key.code == KeyCode::Char('j') => top += 1,
            Event::Key(key) if key.code == KeyCode::Char('k') => top = top.saturating_sub(1),
            Event::Key(key) if key.code == KeyCode::Char('q') => break,
            _ => {}
        }
    }
    ratatui::restore();
}
