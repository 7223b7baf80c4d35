//! `[[check]]`: a conversation that shows that the scenario does what its story says.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Clock;
use super::value::one;
use crate::lab::ListenerKind;

/// A check (S8). Who plays it is `cli`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    script: Spanned<String>,
    /// With which listener.
    #[serde(default)]
    pub listener: ListenerKind,
    /// Whether the client begins with TLS where the listener does.
    #[serde(default)]
    pub tls: CheckTls,
    /// So many other connections are held open meanwhile.
    #[serde(default)]
    pub connections: usize,
    /// How many messages lie in these mailboxes afterwards.
    #[serde(default)]
    pub mailbox: BTreeMap<String, usize>,
    /// How `ehlo run` would end.
    #[serde(default)]
    pub exit: u8,
    /// A clock of its own, so that nobody has to wait.
    pub clock: Option<Clock>,
    /// In which line of the scenario's text the script begins, from 1.
    #[serde(skip)]
    pub line: usize,
}

one! {
    /// TLS of a check's client.
    #[derive(Default)]
    pub enum CheckTls {
        #[default]
        Listener = "listener",
        None = "none"
    }
}

impl Check {
    /// The `.smtp` script.
    #[must_use]
    pub fn script(&self) -> &str {
        self.script.get_ref()
    }

    /// Finds the script's first line in the text that it was read from.
    pub(super) fn locate(&mut self, text: &str) {
        let start = self.script.span().start.min(text.len());
        let (line, _) = super::place(text, start);
        let opening = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        // The line break right after the quotes is no part of the string.
        self.line = line + usize::from(matches!(opening, "'''" | "\"\"\""));
    }
}
