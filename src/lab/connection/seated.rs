//! A connection at a listener before which somebody sits: shown to its seat, held, moved, handed over.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{Connection, Next, Wire, next_number, serve};
use crate::conversation::Remark;
use crate::lab::ListenerKind;
use crate::lab::desk::{Desk, Entry, Said, Seat, Turn, Words};
use crate::lab::framer::{Framer, Unit};
use crate::lab::record::Recorder;
use crate::lab::session::{Action, Client, Session};
use crate::smtp::EnhancedCode;

/// Who sits before the listener, and where the connection sits.
pub(super) struct Guest {
    desk: Arc<dyn Desk>,
    seat: Seat,
    address: SocketAddr,
    /// By this ticket somebody else goes on with the connection.
    ticket: Option<u64>,
    /// What is to be said beside the reply that comes next, and by what the desk is to know that it was.
    beside: Option<(Vec<String>, Option<u64>)>,
}

impl Guest {
    /// How long the client may say nothing, where its seat says that.
    pub(super) fn idle(&self) -> Option<Duration> {
        self.seat.idle
    }
}

/// Serves a connection from where the desk puts it.
pub(super) async fn welcome(mut stream: TcpStream, address: SocketAddr, desk: Arc<dyn Desk>) {
    let said = match desk.arrive(address) {
        Ok(seat) => match seat.arena.door(seat.kind) {
            Some(mut door) => {
                // What tells the address of others is not believed in a class: nobody may take another's place.
                door.keys.proxy = false;
                let guest = Guest { desk, seat, address, ticket: None, beside: None };
                return serve(stream, address, door, Some(Box::new(guest))).await;
            }
            None => "421 4.3.2 Error: no such listener here".to_owned(),
        },
        Err(said) => said,
    };
    // Whoever is gone already need not be told.
    let _ = stream.write_all(format!("{said}\r\n").as_bytes()).await;
}

impl Connection {
    /// Where a command asks something of the desk, does what it answers; then waits while the seat is held. None where
    /// the command is the session's.
    pub(super) async fn ask_desk(&mut self, unit: &Unit) -> std::io::Result<Option<Next>> {
        let awaited = self.session.awaits_command();
        let (greeted, secured) = (self.session.introduced_by(), matches!(self.wire, Wire::Tls(_)));
        let Some(guest) = &mut self.guest else { return Ok(None) };
        let turn = match unit {
            Unit::Line { bytes, .. } if awaited => {
                let line = bytes.strip_suffix(b"\r").unwrap_or(bytes);
                let said = Said { client: guest.address, line, greeted, secured };
                match guest.desk.patience(&guest.seat, said) {
                    Ok(patience) => {
                        if !patience.is_zero() {
                            tokio::time::sleep(patience).await;
                        }
                        guest.desk.asked(&guest.seat, said)
                    }
                    Err(say) => Some(Turn::Say(say)),
                }
            }
            _ => None,
        };
        match turn {
            Some(Turn::Say(say)) => {
                self.tell(&say);
                return Ok(Some(Next::GoOn));
            }
            Some(Turn::HandOver { say, ticket }) => {
                self.tell(&say);
                self.flush().await?;
                if let Some(guest) = &mut self.guest {
                    guest.ticket = Some(ticket);
                }
                return Ok(Some(Next::Gone));
            }
            Some(Turn::Move { seat, say, entry }) => {
                return Box::pin(self.go_to(seat, say, entry)).await.map(Some);
            }
            Some(Turn::Beside { say, ticket }) => guest.beside = Some((say, ticket)),
            None => {}
        }
        self.goes_on().await;
        Ok(None)
    }

    /// Waits while the seat is held.
    pub(super) async fn goes_on(&mut self) {
        if let Some(guest) = &mut self.guest {
            // An end of whoever holds it is an end of the class.
            let _ = guest.seat.held.wait_for(|held| !held).await;
        }
    }

    /// Puts what the desk wants to be said beside the session's reply before its lines, with its codes (RFC 5321 4.2.1:
    /// each line has the same one; RFC 2034 4: the enhanced status code too).
    pub(super) fn say_beside(&mut self, actions: &mut [Action]) {
        let Some(guest) = &mut self.guest else { return };
        let Some((say, ticket)) = guest.beside.take() else { return };
        let reply = actions.iter_mut().find_map(|action| match action {
            Action::Reply(lines) => Some(lines),
            _ => None,
        });
        // A reply that is none, or is cut short, has no room for it; it is said the next time.
        let Some((lines, first)) = reply.and_then(|lines| lines.first().cloned().map(|first| (lines, first))) else {
            return;
        };
        let (Some(code), Some(text)) = (first.get(..3), first.get(4..)) else { return };
        let enhanced = text.split(' ').next().filter(|word| EnhancedCode::parse(word).is_some());
        let enhanced = enhanced.map_or_else(String::new, |word| format!("{word} "));
        lines.splice(0..0, say.into_iter().map(|line| format!("{code}-{enhanced}{line}")));
        if let Some(ticket) = ticket {
            guest.desk.told(&guest.seat, ticket);
        }
    }

    fn tell(&mut self, lines: &[String]) {
        for line in lines {
            self.out.extend_from_slice(line.as_bytes());
            self.out.extend_from_slice(b"\r\n");
        }
    }

    /// Goes on in another seat, with a session and a record of its own.
    async fn go_to(&mut self, seat: Seat, say: Words, entry: Entry) -> std::io::Result<Next> {
        let (Some(door), Some(guest)) = (seat.arena.door(seat.kind), &mut self.guest) else { return Ok(Next::GoOn) };
        let address = guest.address;
        let (kind, number) = (door.kind, next_number());
        // Nobody has closed anything: no goal about that is to be reached by it.
        self.recorder.remark(&self.site, &Remark::new("moved").value("the connection goes on elsewhere"));
        let client = Client { address, listener: kind, number };
        let session = Session::new(Arc::clone(&door.site), client, door.keys);
        let before = std::mem::replace(&mut self.session, session);
        self.recorder = Recorder::new(&door.site.records, &door.site.world, number, address, kind);
        self.site = Arc::clone(&door.site);
        self.tls = door.tls;
        self.idle = seat.idle.unwrap_or(self.site.scenario.server.idle.0);
        guest.seat = seat;
        let connected =
            Remark::new("connected").value(self.wire.local().unwrap_or(address)).value("from").value(address);
        self.recorder.remark(&self.site, &connected);
        if entry != Entry::Anew {
            // What follows needs in its record what was said before.
            let banner = self.session.banner();
            self.recorder.reply(&self.site, banner.as_bytes(), true);
            self.carry(&before, entry);
            self.tell(&say.lines());
            return Ok(Next::GoOn);
        }
        self.tell(&say.lines());
        self.flush().await?;
        let implicit = door.keys.implicit.unwrap_or(kind == ListenerKind::Smtps);
        match self.tls_first(implicit).await? {
            Next::GoOn => self.greet().await,
            next => Ok(next),
        }
    }

    /// Has hold in this session, and stand in its record, what holds of the one before: TLS, which the line is in, and
    /// where that is wanted how the client introduced itself.
    fn carry(&mut self, before: &Session, entry: Entry) {
        if let Some(secured) = self.session.secured_as(before) {
            let (version, cipher) = secured.words.split_once(' ').unwrap_or((&secured.words, ""));
            let remark = Remark::new("tls").with("version", version).with("cipher", cipher);
            self.recorder.remark(&self.site, &remark);
        }
        if entry == Entry::Introduced
            && let Some([line, reply]) = self.session.introduced_as(before)
        {
            self.recorder.input(&self.site, &Unit::Line { bytes: line.into_bytes(), crlf: true }, false);
            self.recorder.reply(&self.site, reply.as_bytes(), true);
            let note = "this was said before the log-in, and still holds";
            self.recorder.remark(&self.site, &Remark::new("note").value(note));
        }
    }

    /// Gives the connection to whoever goes on with it, where somebody does.
    pub(super) fn hand_over(self) {
        let Some(guest) = self.guest else { return };
        let Guest { desk, ticket: Some(ticket), .. } = *guest else { return };
        if let Wire::Plain(stream) = self.wire {
            let framer: Framer = self.framer;
            desk.take_over(stream, framer.into_rest(), ticket);
        }
    }
}
