//! Everything that the screen is made of, as plain data.

use std::sync::Arc;

use crate::decode::Knowledge;

use super::pane::composer::{Composer, Identity};
use super::pane::reply::Panel;
use super::pane::transcript::Transcript;
use super::talk::Talk;
use super::theme::Theme;

/// What has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Focus {
    #[default]
    Composer,
    Transcript,
    Panel,
}

/// The workbench.
#[derive(Debug, Default)]
pub struct Model {
    /// Columns and rows.
    pub size: (u16, u16),
    /// How roles look.
    pub theme: Theme,
    /// What is known.
    pub knowledge: Arc<Knowledge>,
    /// The conversation on the screen.
    pub talk: Talk,
    /// What has the keys.
    pub focus: Focus,
    /// The transcript pane.
    pub transcript: Transcript,
    /// The right panel.
    pub panel: Panel,
    /// The composer.
    pub composer: Composer,
    /// What is filled into templates.
    pub identity: Identity,
    /// The files that were opened, for next and previous.
    pub files: Vec<std::path::PathBuf>,
    /// Whether there is a target to connect to again.
    can_reconnect: bool,
}

impl Model {
    /// Whether the start screen is shown.
    #[must_use]
    pub fn at_start(&self) -> bool {
        false
    }

    /// Whether what is shown was opened from a file.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.talk.source == super::talk::Source::Opened
    }

    /// Whether there is a target to connect to again.
    #[must_use]
    pub fn can_reconnect(&self) -> bool {
        self.can_reconnect
    }

    /// The n-th next step that is shown, from 1.
    #[must_use]
    pub fn step(&self, n: usize) -> Option<crate::decode::Step> {
        self.panel.step(n, &self.talk)
    }
}
