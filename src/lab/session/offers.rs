//! What the server offers and honours now: as the scenario says, and as rules have changed it for this session.

use super::Session;
use crate::lab::scenario::{keyword_of, size_among};

/// Whether a line is about a keyword.
fn about(line: &str, keyword: &str) -> bool {
    keyword_of(line).eq_ignore_ascii_case(keyword)
}

impl Session {
    /// What the scenario says in this place of the session.
    fn said(&self) -> &[String] {
        self.site.scenario.capabilities.said(self.tls.is_some(), self.authenticated.is_some())
    }

    /// The last change that a rule has made of a keyword: the line that is said now, or with `-` that it is taken away.
    fn changed(&self, keyword: &str) -> Option<&str> {
        let last = self.changes.iter().rev().find(|change| about(change.trim_start_matches(['-', '+']), keyword))?;
        Some(last.trim_start_matches('+'))
    }

    /// Whether a rule took a capability away for the rest of the session.
    fn is_taken_away(&self, keyword: &str) -> bool {
        self.changed(keyword).is_some_and(|line| line.starts_with('-'))
    }

    /// Whether the server honours a capability now.
    pub(super) fn supports(&self, keyword: &str) -> bool {
        let keys = &self.site.scenario.capabilities;
        let has = |list: &[String]| list.iter().any(|line| about(line, keyword));
        match self.changed(keyword) {
            Some(line) => !line.starts_with('-') && !keys.lies(keyword),
            None => (has(self.said()) || has(&keys.hide)) && !keys.lies(keyword),
        }
    }

    /// The octets of a message at most, where the server says so.
    pub(super) fn size_limit(&self) -> Option<u64> {
        let limit = match self.changed("SIZE") {
            Some(line) => size_among([line].into_iter()),
            None => size_among(self.said().iter().chain(&self.site.scenario.capabilities.hide).map(String::as_str)),
        };
        limit.map(|octets| octets.min(self.site.largest()))
    }

    /// Whether STARTTLS is done when it is asked for.
    pub(super) fn starttls_works(&self) -> bool {
        let offered = self.changed("STARTTLS").map_or(self.keys.starttls, |line| !line.starts_with('-'));
        offered && !self.site.scenario.capabilities.lies("STARTTLS")
    }

    /// The lines that EHLO's reply holds after the first.
    pub(super) fn offers(&self) -> Vec<String> {
        let keys = &self.site.scenario.capabilities;
        let is_hidden = |word: &str| keys.hide.iter().any(|line| about(line, word));
        let own = |line: &&String| !["STARTTLS", "AUTH"].iter().any(|word| about(line, word));
        let mut lines: Vec<String> = self.said().iter().filter(own).cloned().collect();
        if self.keys.starttls && self.tls.is_none() {
            lines.push("STARTTLS".to_owned());
        }
        if self.auth_exists() && (self.tls.is_some() || !self.keys.auth_needs_tls) {
            let mechanisms: Vec<_> = self.mechanisms().iter().map(|mechanism| mechanism.word()).collect();
            if !mechanisms.is_empty() {
                lines.push(format!("AUTH {}", mechanisms.join(" ")));
            }
        }
        lines.retain(|line| !is_hidden(keyword_of(line)) && !self.is_taken_away(keyword_of(line)));
        for change in self.changes.iter().map(|line| line.trim_start_matches('+')).filter(|line| !line.starts_with('-'))
        {
            let keyword = keyword_of(change);
            if self.is_taken_away(keyword) || self.tls.is_some() && keyword.eq_ignore_ascii_case("STARTTLS") {
                continue;
            }
            match lines.iter_mut().find(|line| about(line, keyword)) {
                Some(line) => change.clone_into(line),
                None => lines.push(change.to_owned()),
            }
        }
        let largest = self.site.largest();
        for line in &mut lines {
            if size_among([line.as_str()].into_iter()).is_some_and(|octets| octets > largest) {
                *line = format!("SIZE {largest}");
            }
        }
        for line in &keys.lie {
            if !lines.iter().any(|said| about(said, keyword_of(line))) {
                lines.push(line.clone());
            }
        }
        lines
    }
}
