//! A small language for conversations, so that tests of the protocol read like one.
//!
//! ```text
//! S: 220 mx                          a line from the server
//! C: EHLO client.example             a line from the client
//! S: 250-mx
//! S: 250 PIPELINING
//! * tls                              something that happens: connecting, connected, tls, closed
//! = phase ready                      what must hold now: phase, accepted, refused, delivered, login, tls, offers
//! ? RCPT TO:<a@b> :: wrong MAIL must come    what speaks against a line: fine, odd WORDS, wrong WORDS
//! ```
//!
//! A script begins on a fresh connection. Replies pair with what they answer, as in a live conversation.

use std::collections::VecDeque;

use super::lint::Severity;
use super::session::{Awaited, Sent};
use super::{Command, ReplyReader, Session};

/// A conversation being played.
pub(crate) struct Wire {
    /// The session so far.
    pub(crate) session: Session,
    reader: ReplyReader,
    due: VecDeque<Awaited>,
}

impl Wire {
    /// Plays a script from a fresh connection; panics with the line that does not hold.
    pub(crate) fn play(script: &str) -> Self {
        let mut wire = Self { session: Session::new(), reader: ReplyReader::default(), due: VecDeque::new() };
        wire.happens("connected");
        wire.go_on(script);
        wire
    }

    /// Plays more of it.
    pub(crate) fn go_on(&mut self, script: &str) {
        for (index, line) in script.lines().enumerate() {
            let line = line.trim_start();
            let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
            let place = format!("line {}: {line}", index + 1);
            match mark {
                "" => {}
                "C:" => self.client(rest),
                "S:" => self.server(rest),
                "*" => self.happens(rest),
                "=" => self.holds(rest, &place),
                "?" => self.objects(rest, &place),
                _ => panic!("{place}: begins with none of C: S: * = ?"),
            }
        }
    }

    fn client(&mut self, line: &str) {
        match self.session.sent(line.as_bytes()) {
            Sent::Command(command) => self.due.push_back(Awaited::Command(command)),
            Sent::EndOfData => self.due.push_back(Awaited::EndOfData { nth: 0, of: self.session.verdicts_due() }),
            Sent::AuthAnswer => self.due.push_back(Awaited::AuthAnswer),
            Sent::Content => {}
        }
    }

    fn server(&mut self, line: &str) {
        for reply in self.reader.feed(format!("{line}\r\n").as_bytes()) {
            let awaited = self.due.pop_front().unwrap_or(Awaited::Nothing);
            self.session.replied(&awaited, &reply);
            if let Awaited::EndOfData { nth, of } = awaited
                && nth + 1 < of
            {
                self.due.push_front(Awaited::EndOfData { nth: nth + 1, of });
            }
        }
    }

    fn happens(&mut self, what: &str) {
        match what {
            "connecting" => {
                self.session.connecting();
                self.due.clear();
            }
            "connected" => {
                self.session.connected();
                self.due.push_back(Awaited::Greeting);
            }
            "tls" => self.session.tls_started(),
            "closed" => self.session.closed(),
            _ => panic!("nothing like {what} happens"),
        }
    }

    fn holds(&self, what: &str, place: &str) {
        let (name, want) = what.split_once(' ').unwrap_or((what, ""));
        let session = &self.session;
        let got = match name {
            "phase" => session.phase().name().to_owned(),
            "accepted" => session.accepted.to_string(),
            "refused" => session.refused.to_string(),
            "delivered" => session.delivered.to_string(),
            "transactions" => session.transactions.to_string(),
            "from" => session.reverse_path.as_deref().map_or_else(|| "-".to_owned(), |path| format!("<{path}>")),
            "login" => session.authenticated.as_deref().unwrap_or("-").to_owned(),
            "tls" => if session.tls { "yes" } else { "no" }.to_owned(),
            "offers" => session.capabilities.list.iter().map(|c| c.keyword.as_str()).collect::<Vec<_>>().join(" "),
            "awaited" => self.due.len().to_string(),
            _ => panic!("{place}: nothing is called {name}"),
        };
        assert_eq!(got, want, "{place}");
    }

    fn objects(&self, what: &str, place: &str) {
        let (line, want) = what.split_once(" :: ").unwrap_or_else(|| panic!("{place}: no ::"));
        let objection = self.session.objection(&Command::parse(line.as_bytes()));
        let got = objection.map_or_else(
            || "fine".to_owned(),
            |o| format!("{} {}", if o.severity == Severity::Wrong { "wrong" } else { "odd" }, o.reason),
        );
        assert!(got.starts_with(want), "{place}: {got}");
    }
}
