//! The end of a run: what is left is judged, RSET and QUIT are sent, the connection is closed.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::conversation::Exchange;
use crate::conversation::dialogue::Ask as Kind;
use crate::smtp::{Class, Phase, Reply, Verb};

use super::super::report::{Cause, Report};
use super::Runner;
use super::wire::Arrived;

/// How long the server may take to answer the RSET and QUIT of the runner's own.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a refusal weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// One of several recipients.
    Recipient,
    Authentication,
    Other,
}

pub(super) fn weight(exchange: &Exchange, lmtp: bool) -> Weight {
    match (exchange.ask, exchange.verb) {
        (Kind::AuthAnswer, _) | (Kind::Command, Verb::Auth) => Weight::Authentication,
        (Kind::Command, Verb::Rcpt) => Weight::Recipient,
        (Kind::EndOfData, _) if lmtp => Weight::Recipient,
        _ => Weight::Other,
    }
}

/// What is wrong with a reply so that nobody can go on from it.
pub(super) fn breaks_protocol(exchange: &Exchange, reply: &Reply) -> Option<&'static str> {
    if reply.code().is_none() {
        return Some("that is no reply");
    }
    match (reply.class(), exchange.ask, exchange.verb) {
        (Class::Unknown, ..) => Some("no SMTP server may send this code"),
        (Class::Success, Kind::Command, Verb::Data) => Some("DATA is answered by 354 or refused"),
        (Class::Intermediate, Kind::Command, Verb::Data | Verb::Auth | Verb::Other)
        | (Class::Intermediate, Kind::AuthAnswer, _) => None,
        (Class::Intermediate, ..) => Some("nothing more was to be sent here"),
        _ => None,
    }
}

/// What is odd about a reply from which one can go on all the same.
pub(super) fn is_odd(exchange: &Exchange, reply: &Reply) -> Option<&'static str> {
    let success = reply.class() == Class::Success;
    match exchange.ask {
        Kind::Greeting if success && reply.code().is_some_and(|code| code.number() != 220) => {
            Some("a server greets with 220 (RFC 5321 4.3.2)")
        }
        // One by which it refuses or closes is no surprise: 421 comes at any time.
        Kind::Unasked if success => Some("nothing asked for this reply: each command has one (RFC 5321 4.2)"),
        _ => None,
    }
}

impl Runner<'_> {
    /// Brings the run to its end, whatever has happened.
    pub(super) async fn finish(mut self) -> Report {
        if self.halted.is_none() {
            // Whatever comes of it, the run is over.
            let _ = self.settle().await;
        }
        let _ = self.not_flooded();
        self.unfinished_login();
        if !self.is_deaf() && !self.wire.closed() {
            self.say_goodbye().await;
        }
        self.wire.close().await;
        let _ = self.not_flooded();
        // What came unasked while goodbye was said counts too.
        while self.halted.is_none() && matches!(self.judge_unasked(), ControlFlow::Continue(Some(_))) {}
        if self.report.recipients_refused > 0 && self.wire.delivered() == 0 {
            self.cause(Cause::Refused);
        }
        self.report.delivered = self.wire.delivered();
        self.report.log = std::mem::take(&mut self.wire.log);
        self.report
    }

    /// A log-in that the script leaves in the middle has not come to anything.
    fn unfinished_login(&mut self) {
        if self.halted.is_none() && self.report.cause.is_none() && self.wire.phase() == Phase::Auth {
            let words = "the log-in was not finished: the server asks for more (334) than the script answers";
            let _: ControlFlow<()> = self.fatal(Cause::Authentication, words);
        }
    }

    /// Whether nothing more is to be said to the server: it does not answer, or the user stopped the run.
    fn is_deaf(&self) -> bool {
        let deaf = [Cause::Interrupted, Cause::TimeOut, Cause::NoConnection, Cause::Tls, Cause::Protocol];
        self.halted.is_some_and(|cause| deaf.contains(&cause))
    }

    /// RSET where a mail transaction is open or went wrong, and QUIT; nothing where QUIT was sent or where it would be taken
    /// for content. Where nobody said MAIL there is nothing to take back (RFC 5321 3.1: after a 554 greeting QUIT alone).
    async fn say_goodbye(&mut self) {
        let phase = self.wire.phase();
        if self.quit {
            self.wire.wait_for_close().await;
            return;
        }
        let open_chunk = self.wire.dialogue.state().session.chunk_left > 0;
        if open_chunk || !matches!(phase, Phase::Greeted | Phase::Ready | Phase::Mail | Phase::Rcpt | Phase::Bdat) {
            return;
        }
        let patience = self.settings.options.reply_timeout.map_or(PATIENCE, |limit| limit.min(PATIENCE));
        let begun = self.wire.dialogue.exchanges().iter().any(|exchange| exchange.verb == Verb::Mail);
        if phase.in_transaction() || begun && (self.report.cause.is_some() || self.settings.rcpt_only) {
            let ask = self.wire.send_by_itself("RSET").await;
            if self.wire.answered_within(ask, Some(patience)).await != Arrived::Yes {
                return;
            }
        }
        let ask = self.wire.send_by_itself("QUIT").await;
        if self.wire.answered_within(ask, Some(patience)).await == Arrived::Yes {
            self.wire.wait_for_close().await;
        }
    }
}
