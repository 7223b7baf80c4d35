//! A session that has come so far, for targets that look at a line within one.

use ehlo::smtp::reply::{LineEnd, ReplyLine};
use ehlo::smtp::session::{Awaited, Sent};
use ehlo::smtp::{Reply, Session};

/// A session that was greeted and then heard each of these commands with its answer.
pub fn session(talk: &[(&str, &str)]) -> Session {
    let mut session = Session::new();
    session.connected();
    session.replied(&Awaited::Greeting, &reply("220 mx"));
    for (line, answer) in talk {
        match session.sent(line.as_bytes()) {
            Sent::Command(command) => session.replied(&Awaited::Command(command), &reply(answer)),
            other => panic!("{line} is {other:?}"),
        }
    }
    session
}

fn reply(text: &str) -> Reply {
    let mut reply = Reply::default();
    for line in text.lines() {
        reply.push(ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf));
    }
    reply
}
