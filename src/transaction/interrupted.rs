//! What a connection that was cut had reached.

use crate::conversation::dialogue::Ask;
use crate::conversation::{Dialogue, Exchange, Log};
use crate::smtp::{Class, Verb};

/// A mail transaction that was open when its connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    /// MAIL and the RCPTs that were accepted, as they were sent.
    pub lines: Vec<Vec<u8>>,
    /// Whether the line was encrypted.
    pub tls: bool,
    /// Whether somebody had logged in.
    pub authenticated: bool,
}

impl Interrupted {
    /// How many recipients were accepted.
    #[must_use]
    pub fn recipients(&self) -> usize {
        self.lines.len().saturating_sub(1)
    }
}

/// The transaction that was open at the end of a conversation; nothing where none was.
#[must_use]
pub fn interrupted(dialogue: &Dialogue, log: &Log) -> Option<Interrupted> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for exchange in dialogue.exchanges() {
        let accepted = exchange.complete() && exchange.code.is_some_and(|code| code.class() == Class::Success);
        let line = || exchange.command().and_then(|record| Some(log.get(record)?.bytes.to_vec()));
        match (exchange.ask, exchange.verb) {
            (Ask::Greeting, _) => lines.clear(),
            // 421 to the message takes the connection away, and nothing was decided (RFC 5321 section 3.8).
            (Ask::EndOfData, _) if exchange.complete() && !parts(exchange) => lines.clear(),
            (Ask::Command, Verb::Mail) if accepted => lines = line().into_iter().collect(),
            (Ask::Command, Verb::Rcpt) if accepted => lines.extend(line()),
            (Ask::Command, Verb::Rset | Verb::Ehlo | Verb::Helo | Verb::Lhlo | Verb::Starttls | Verb::Quit)
                if accepted =>
            {
                lines.clear();
            }
            _ => {}
        }
    }
    let session = &dialogue.state().session;
    let (tls, authenticated) = (session.tls, session.authenticated.is_some());
    (!lines.is_empty()).then_some(Interrupted { lines, tls, authenticated })
}

/// Whether its reply says that the server closes the connection.
fn parts(exchange: &Exchange) -> bool {
    exchange.code.is_some_and(|code| code.number() == 421)
}

/// The last EHLO or LHLO that was accepted, as it was sent.
#[must_use]
pub fn last_greeting(dialogue: &Dialogue, log: &Log) -> Option<Vec<u8>> {
    let greeting = dialogue.exchanges().iter().rev().find(|exchange| {
        let accepted = exchange.code.is_some_and(|code| code.class() == Class::Success);
        matches!(exchange.verb, Verb::Ehlo | Verb::Lhlo) && accepted
    })?;
    Some(log.get(greeting.command()?)?.bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::sample;

    fn reached(text: &str) -> Option<Vec<String>> {
        let log = sample::log(text);
        let found = interrupted(&Dialogue::of(&log), &log)?;
        Some(found.lines.into_iter().map(|line| String::from_utf8(line).unwrap()).collect())
    }

    const BEGUN: &str = "* connected 127.0.0.1:25
        < 220 mx
        > EHLO a
        < 250 mx
        > MAIL FROM:<a@b> SIZE=1
        < 250 ok
        > RCPT TO:<c@d>
        < 250 ok
        > RCPT TO:<e@f>
        < 550 no\n";

    #[test]
    fn what_was_accepted_is_remembered() {
        let cut = format!("{BEGUN}< 421 bye\n* closed by=server");
        assert_eq!(reached(&cut).unwrap(), ["MAIL FROM:<a@b> SIZE=1", "RCPT TO:<c@d>"]);
        let put_off = format!("{BEGUN}> DATA\n< 354 go\n| x\n> .\n< 421 4.3.0 shutting down\n* closed by=server");
        assert_eq!(reached(&put_off), reached(&cut), "the message has to be sent again");
    }

    #[test]
    fn what_was_ended_on_purpose_is_not() {
        for end in ["> RSET\n< 250 ok", "> QUIT\n< 221 bye", "> DATA\n< 354 go\n> .\n< 250 queued"] {
            assert_eq!(reached(&format!("{BEGUN}{end}\n* closed by=server")), None, "{end}");
        }
    }
}
