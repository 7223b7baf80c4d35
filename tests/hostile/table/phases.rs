//! Silence, closes and resets, at each phase and in mid-line.

use std::time::Duration;

use super::super::behaviour::{At, Behaviour, peer};
use super::super::wire::Wire;

/// Comes up to this phase as a server should.
fn come_to(wire: &mut Wire, verb: &str) {
    if !verb.is_empty() {
        wire.until(verb);
    }
}

pub(super) fn all() -> Vec<Behaviour> {
    let mut all = Vec::new();
    for (at, name, verb) in At::ALL {
        let late = match at {
            At::Greeting => "No greeting in time".to_owned(),
            At::Content => "No verdict on the message in time".to_owned(),
            _ => format!("No reply to {name} in time"),
        };
        all.push(
            peer(format!("silence at {name}"), move |wire| {
                come_to(wire, verb);
                wire.hold();
            })
            .at(at)
            .within("2s")
            .shows(&[&late, "no reply in time: stopped waiting", "Try next", "F5 again"])
            .exits(6, "did not come in time"),
        );
        all.push(
            peer(format!("a reset at {name}"), move |wire| {
                come_to(wire, verb);
                wire.reset();
            })
            .at(at)
            .shows(&["F5 reconnect"])
            // What ends while TLS is asked for ends TLS.
            .exits(if at == At::Starttls { 4 } else { 3 }, "reset"),
        );
        all.push(
            peer(format!("a close in the middle of the line at {name}"), move |wire| {
                come_to(wire, verb);
                wire.say("250-half a");
            })
            .at(at)
            .shows(&["250-half a", "closed by the server", "F5 reconnect"])
            .exits(if at == At::Starttls { 4 } else { 3 }, "closed"),
        );
    }
    for (at, name, verb) in [At::ALL[0], At::ALL[2], At::ALL[5]] {
        all.push(
            peer(format!("a close at {name}"), move |wire| come_to(wire, verb))
                .at(at)
                .shows(&["closed by the server", "F5 reconnect"])
                .exits(3, "closed"),
        );
        all.push(
            peer(format!("a half close at {name}"), move |wire| {
                come_to(wire, verb);
                wire.half_close().hold();
            })
            .at(at)
            .shows(&["closed by the server", "F5 reconnect"])
            .exits(3, "closed"),
        );
    }
    all.extend(slow());
    all
}

fn slow() -> Vec<Behaviour> {
    const TENTH: Duration = Duration::from_millis(100);
    vec![
        peer("a byte every 100 ms that comes to an end", |wire| {
            wire.drip("220 slow.example\r\n", TENTH).on_until("never");
        })
        .shows(&["220 slow.example", "EHLO"])
        .exits(0, ""),
        peer("a byte every 100 ms without end", |wire| {
            wire.drip(b"220-slow ".repeat(50), TENTH).hold();
        })
        .within("2s")
        .shows(&["No greeting in time", "Try next"])
        .exits(6, "did not come in time"),
        peer("QUIT answered and never closed", |wire| {
            wire.greet().hear();
            wire.say("221 2.0.0 bye\r\n").hold();
        })
        .types("", "QUIT")
        .shows(&["the server answered QUIT and did not close", "F5 reconnect"])
        .exits(0, ""),
        peer("a peer that never reads while a message is sent", |wire| {
            wire.until("DATA");
            wire.say("354 go on\r\n");
            wire.ignore();
        })
        .at(At::Data)
        .types("354 go on", "not read")
        .types("-| not read", ".")
        .within("2s")
        .shows(&["No verdict on the message in time", "Try next"])
        .exits(6, "did not come in time"),
    ]
}
