//! The part of a run in which a guide says what is sent.

use crate::client::Request;
use crate::conversation::certificate;
use crate::conversation::dialogue::Ask;
use crate::smtp::{Command, Secret, Verb};

use super::super::guide::Guided;
use super::super::report::{Cause, Verdict};
use super::wire::Arrived;
use super::{Flow, GO_ON, Runner, shown};

impl Runner<'_> {
    /// Sends one line after the other as the guide says, each recorded as ehlo's own.
    pub(super) async fn guided(&mut self) -> Flow {
        let Some(mut guide) = self.settings.guide.take() else { return GO_ON };
        // The greeting was judged already; a refusal of it is the first word that counts.
        if let Some(cause) = self.report.cause {
            let refusal =
                self.wire.dialogue.exchanges().iter().position(|it| it.ask == Ask::Greeting && it.is_refusal());
            let words = refusal.and_then(|exchange| self.wire.reply(exchange)).map_or_else(
                || "the server did not greet".to_owned(),
                |reply| format!("the server refused this connection: {}", shown(&reply)),
            );
            return self.fatal(cause, words);
        }
        let mut last = None;
        loop {
            let encrypted = self.wire.dialogue.state().session.tls;
            let leaf = encrypted.then(|| certificate::shown(&self.wire.log)).flatten();
            guide.bind(leaf.and_then(|der| certificate::end_point(&der)));
            match guide.next(&self.wire.dialogue.state().session, last.as_ref()) {
                Guided::Done => return GO_ON,
                Guided::Stop(cause, words) => return self.fatal(cause, words),
                Guided::Close { line, learn } => {
                    self.learn(learn).await;
                    self.wire.send_by_itself(line).await;
                    return self.close_unanswered().await;
                }
                Guided::Send { line, learn } => {
                    self.learn(learn).await;
                    // An answer within AUTH must not be named.
                    let verb = Command::parse(&line).verb;
                    let text = if verb == Verb::Other { "AUTH" } else { verb.word() };
                    let ask = self.wire.send_by_itself(line).await;
                    let arrived = self.wire.answered(ask).await;
                    self.arrived(ask, 0, &format!("> {text}"), arrived)?;
                    self.last = self.wire.untaken(ask).pop().or(self.last);
                    last = self.last.and_then(|exchange| self.wire.reply(exchange));
                    if let Some(reply) = last.as_ref().filter(|reply| reply.class().is_refusal()) {
                        self.outcome(0, format!("> {text}"), Verdict::Refused, shown(reply));
                    }
                    if last.as_ref().is_some_and(|reply| reply.code().is_none()) {
                        return self.fatal(Cause::Protocol, "the server broke the protocol: that is no reply");
                    }
                    self.handshake().await?;
                }
            }
        }
    }

    /// Makes secrets known to whoever records.
    async fn learn(&mut self, secrets: Vec<Secret>) {
        for secret in secrets {
            self.wire.request(Request::Learn(secret)).await;
        }
    }

    /// Closes without QUIT once what was sent has gone out; no reply is waited for.
    pub(super) async fn close_unanswered(&mut self) -> Flow {
        self.open.clear();
        self.quit = true;
        if self.wire.close_after_sending().await == Arrived::Stopped {
            return self.fatal(Cause::Interrupted, "interrupted");
        }
        match self.wire.fault() {
            (cause, Some(words)) => self.fatal(cause, words),
            _ => GO_ON,
        }
    }
}
