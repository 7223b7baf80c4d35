//! The greeting, and whether the client waits for it (S4); and a server that can't be sent several commands at once.

use std::time::Duration;

use tokio::time::timeout;

use super::{Connection, Next};
use crate::conversation::Remark;
use crate::lab::framer::Unit;
use crate::lab::session::{Action, Pace};

impl Connection {
    /// Greets. Where a rule minds clients that speak first, what comes meanwhile is looked at.
    pub(super) async fn greet(&mut self) -> std::io::Result<Next> {
        let actions = self.session.open();
        if !self.session.minds_early() {
            return self.perform(actions).await;
        }
        let mut gap = Duration::ZERO;
        for action in actions {
            let steps = match action {
                Action::Wait(time) => {
                    if self.hears_within(time).await?
                        && let Some(instead) = self.session.spoke_early()
                    {
                        return self.perform(instead).await;
                    }
                    continue;
                }
                Action::Pace(Pace::Lines(time)) => {
                    gap = time;
                    continue;
                }
                Action::Reply(lines) => lines.into_iter().map(|line| Action::Reply(vec![line])).collect(),
                other => vec![other],
            };
            for (n, step) in steps.into_iter().enumerate() {
                let wait = if n == 0 { Duration::ZERO } else { gap };
                if self.hears_within(wait).await?
                    && let Some(instead) = self.session.spoke_early()
                {
                    return self.perform(instead).await;
                }
                let next = self.perform(vec![step]).await?;
                if next != Next::GoOn {
                    return Ok(next);
                }
            }
        }
        Ok(Next::GoOn)
    }

    /// A server that lies about PIPELINING throws away what came in one piece with a command (RFC 2920 1 knows of such).
    pub(super) fn lose_pipelined(&mut self, unit: &Unit) {
        if !matches!(unit, Unit::Line { .. }) || !self.site.scenario.capabilities.lies("PIPELINING") {
            return;
        }
        let lost = self.framer.clear();
        if lost > 0 {
            let note = format!("{lost} octets that came behind a command were thrown away: PIPELINING is a lie here");
            self.recorder.remark(&self.site, &Remark::new("note").value(&note));
        }
    }

    /// Waits, once all is written; gives whether the client has said something by then.
    async fn hears_within(&mut self, time: Duration) -> std::io::Result<bool> {
        self.flush().await?;
        let Self { wire, framer, .. } = self;
        match timeout(time, wire.read(|octets| framer.push(octets))).await {
            Err(_) => Ok(false),
            Ok(read) => Ok(read? > 0),
        }
    }
}
