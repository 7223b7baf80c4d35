//! A connection at a listener before which somebody sits: shown to its seat, held, moved, handed over.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{Connection, Next, Wire, next_number, serve};
use crate::conversation::Remark;
use crate::lab::ListenerKind;
use crate::lab::desk::{Desk, Seat, Turn};
use crate::lab::framer::{Framer, Unit};
use crate::lab::record::Recorder;
use crate::lab::session::{Client, Session};

/// Who sits before the listener, and where the connection sits.
pub(super) struct Guest {
    desk: Arc<dyn Desk>,
    seat: Seat,
    address: SocketAddr,
    /// By this ticket somebody else goes on with the connection.
    ticket: Option<u64>,
}

/// Serves a connection from where the desk puts it.
pub(super) async fn welcome(mut stream: TcpStream, address: SocketAddr, desk: Arc<dyn Desk>) {
    let said = match desk.arrive(address) {
        Ok(seat) => match seat.arena.door(seat.kind) {
            Some(mut door) => {
                // What tells the address of others is not believed in a class: nobody may take another's place.
                door.keys.proxy = false;
                return serve(stream, address, door, Some(Guest { desk, seat, address, ticket: None })).await;
            }
            None => "421 4.3.2 Error: no such listener here".to_owned(),
        },
        Err(said) => said,
    };
    // Whoever is gone already need not be told.
    let _ = stream.write_all(format!("{said}\r\n").as_bytes()).await;
}

impl Connection {
    /// Waits while the seat is held; then, where a command asks something of the desk, does what it answers. None where
    /// the command is the session's.
    pub(super) async fn ask_desk(&mut self, unit: &Unit) -> std::io::Result<Option<Next>> {
        let Some(guest) = &mut self.guest else { return Ok(None) };
        // An end of whoever holds it is an end of the class.
        let _ = guest.seat.held.wait_for(|held| !held).await;
        let Unit::Line { bytes, .. } = unit else { return Ok(None) };
        if !self.session.awaits_command() {
            return Ok(None);
        }
        let Some(argument) = argument(bytes) else { return Ok(None) };
        let Some(turn) = guest.desk.asked(&guest.seat, guest.address, argument) else { return Ok(None) };
        match turn {
            Turn::Say(say) => {
                self.tell(&say);
                Ok(Some(Next::GoOn))
            }
            Turn::HandOver { say, ticket } => {
                self.tell(&say);
                self.flush().await?;
                if let Some(guest) = &mut self.guest {
                    guest.ticket = Some(ticket);
                }
                Ok(Some(Next::Gone))
            }
            Turn::Move { seat, say, anew } => Box::pin(self.go_to(seat, &say, anew)).await.map(Some),
        }
    }

    fn tell(&mut self, lines: &[String]) {
        for line in lines {
            self.out.extend_from_slice(line.as_bytes());
            self.out.extend_from_slice(b"\r\n");
        }
    }

    /// Goes on in another seat, with a session and a record of its own.
    async fn go_to(&mut self, seat: Seat, say: &[String], anew: bool) -> std::io::Result<Next> {
        let (Some(door), Some(guest)) = (seat.arena.door(seat.kind), &mut self.guest) else { return Ok(Next::GoOn) };
        let address = guest.address;
        let (kind, number) = (door.kind, next_number());
        self.recorder.remark(&self.site, &Remark::new("closed").with("by", "client"));
        let client = Client { address, listener: kind, number };
        self.session = Session::new(Arc::clone(&door.site), client, door.keys);
        self.recorder = Recorder::new(&door.site.records, &door.site.world, number, address, kind);
        self.site = Arc::clone(&door.site);
        self.tls = door.tls;
        self.idle = self.site.scenario.server.idle.0 / self.site.scenario.server.clock.0;
        guest.seat = seat;
        let connected = Remark::new("connected").value(self.local).value("from").value(address);
        self.recorder.remark(&self.site, &connected);
        self.tell(say);
        if !anew {
            // It was greeted before; what follows needs that in its record.
            let banner = self.session.banner();
            self.recorder.reply(&self.site, banner.as_bytes(), true);
            return Ok(Next::GoOn);
        }
        self.flush().await?;
        let implicit = door.keys.implicit.unwrap_or(kind == ListenerKind::Smtps);
        match self.tls_first(implicit).await? {
            Next::GoOn => self.greet().await,
            next => Ok(next),
        }
    }

    /// Gives the connection to whoever goes on with it, where somebody does.
    pub(super) fn hand_over(self) {
        let Some(Guest { desk, ticket: Some(ticket), .. }) = self.guest else { return };
        if let Wire::Plain(stream) = self.wire {
            let framer: Framer = self.framer;
            desk.take_over(stream, framer.into_rest(), ticket);
        }
    }
}

/// What follows NOOP; none for another command, and for a NOOP alone.
fn argument(line: &[u8]) -> Option<&str> {
    let (verb, argument) = line.split_at_checked(5)?;
    let is_one = verb[..4].eq_ignore_ascii_case(b"NOOP") && verb[4] == b' ';
    std::str::from_utf8(argument).ok().map(str::trim).filter(|argument| is_one && !argument.is_empty())
}
