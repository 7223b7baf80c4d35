//! When what comes next was said, as a source's clock shows it.

use toml::Value;

use crate::conversation::event::Micros;

use super::Builder;

/// How a source tells the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Clock {
    /// It does not: all times are 0.
    #[default]
    None,
    /// It says how long something took, and nothing of the pauses between.
    Durations,
    /// It has a clock; this was the first time on it, microseconds.
    Since(i64),
}

impl Builder {
    /// The source's clock shows this now: microseconds of any beginning. The first time is 0 of the conversation, and so
    /// is what lies before it; a time that goes back is kept, of which a reader of the file is told.
    pub(in crate::interchange::import) fn clock(&mut self, now: i64) {
        let first = if let Clock::Since(first) = self.clock { first } else { now };
        self.clock = Clock::Since(first);
        let after = u64::try_from(now.saturating_sub(first)).unwrap_or(0);
        self.at = Micros(after);
    }

    /// The same where the clock shows when that was in the world, microseconds since 1970.
    pub(in crate::interchange::import) fn clock_utc(&mut self, now: i64) {
        if !matches!(self.clock, Clock::Since(_))
            && let Ok(started) = jiff::Timestamp::from_microsecond(now)
            && let Ok(started) = format!("{started:.3}").parse()
        {
            self.header.set("started", Value::Datetime(started));
        }
        self.clock(now);
    }

    /// What comes next took so long, microseconds.
    pub(in crate::interchange::import) fn took(&mut self, micros: u64) {
        // A clock knows better.
        if matches!(self.clock, Clock::Since(_)) {
            return;
        }
        self.clock = Clock::Durations;
        self.at = Micros(self.at.0.saturating_add(micros));
    }

    /// What comes next was recorded at this time of the conversation, and stands behind this one of the source's clock.
    pub(in crate::interchange::import) fn recorded(&mut self, at: Micros, now: i64) {
        match self.clock {
            Clock::Since(_) => self.at = at,
            _ => self.clock_utc(now),
        }
    }
}
