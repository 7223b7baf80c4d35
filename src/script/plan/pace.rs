//! A recording played at its own pace: with the pauses of whoever sent it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Act, Plan, Step};
use crate::conversation::Kind;
use crate::conversation::file::Document;

/// A pause shorter than this is none of anybody's.
const NOTICEABLE: Duration = Duration::from_millis(1);

impl Plan {
    /// The pauses of whoever sent it then: how long was waited before each step that sends something since what stood
    /// before it, by its line of the file. None where nothing says when.
    #[must_use]
    pub fn pauses(&self, document: &Document) -> BTreeMap<usize, Duration> {
        let first = document.line_of(0);
        let pause = |line: usize| -> Option<Duration> {
            let record = line.checked_sub(first)?;
            let at = document.log.get(record)?.at?;
            let before = (0..record).rev().filter_map(|n| document.log.get(n)).find_map(|entry| match entry.kind {
                Kind::Sent | Kind::Content | Kind::Received => entry.at,
                _ => None,
            })?;
            Some(Duration::from_micros(at.0.saturating_sub(before.0))).filter(|pause| *pause >= NOTICEABLE)
        };
        let sends = self.steps.iter().filter(|step| matches!(step.act, Act::Send(_) | Act::Content(_)));
        sends.filter_map(|step| Some((step.line, pause(step.line)?))).collect()
    }

    /// Waits before each line that was recorded as long as was waited then since what stood before it.
    pub fn at_its_pace(&mut self, document: &Document) {
        let pauses = self.pauses(document);
        for step in std::mem::take(&mut self.steps) {
            let sends = matches!(step.act, Act::Send(_) | Act::Content(_));
            if let Some(time) = pauses.get(&step.line).copied().filter(|_| sends) {
                self.steps.push(Step { line: step.line, act: Act::Sleep(time) });
            }
            self.steps.push(step);
        }
    }
}
