//! Draws the model: only what is visible.

use ratatui::Frame;

use super::model::Model;

/// Draws the whole screen.
pub fn view(_model: &Model, _frame: &mut Frame<'_>) {}
