//! The connection as the runner sees it: what was sent, which reply belongs to it, and waiting for one.
//!
//! What goes out is in `sending`.

mod sending;

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::client::{Connection, Options, Request, SharedJournal, connect, timeouts};
use crate::conversation::event::Remark;
use crate::conversation::{Dialogue, Event, Log};
use crate::smtp::session::Awaited;
use crate::smtp::{Phase, Reply, Verb};
use crate::world::World;

use super::super::plan::Ask;
use super::super::report::{Cause, Watch};
use super::super::ties::Ties;

/// For a reply that nothing asked for, where no time was given.
const UNASKED: Duration = Duration::from_mins(5);
/// What comes later than this is worth a word on what is waited for.
const SOON: Duration = Duration::from_secs(1);
/// How long a server that said goodbye may take to close.
const GOODBYE: Duration = Duration::from_secs(2);
/// How long a close that happens now may take to be seen.
const MOMENT: Duration = Duration::from_millis(200);
/// How often it is looked how far a file has gone out.
const LOOK: Duration = Duration::from_millis(200);
/// How much later than the client the runner gives up what the client should have given up.
const A_LITTLE: Duration = Duration::from_secs(1);

/// Whether something that was waited for has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrived {
    Yes,
    /// The connection is closed, and it will not come.
    Closed,
    TimedOut,
    /// The user stopped the run.
    Stopped,
}

pub(super) struct Wire<'a> {
    pub(super) log: Log,
    pub(super) dialogue: Dialogue,
    pub(super) watch: &'a mut dyn Watch,
    stop: CancellationToken,
    connection: Option<Connection>,
    ties: Ties,
    fault: Option<(Cause, String)>,
    /// The server sent so much that the client stopped reading; its words.
    flood: Option<String>,
    /// Why the connection was closed, where that is known and no fault of its own.
    reason: Option<String>,
    /// The target that may fit better, where the server said nothing for long.
    hint: Option<String>,
    /// For each reply, where the user gave a time.
    reply_timeout: Option<Duration>,
    /// For the handshake.
    connect_timeout: Duration,
    /// How many pieces of replies have come.
    heard: u64,
    loopback: bool,
    /// The server's certificate of this connection was said.
    certificate_seen: bool,
    delivered_here: u32,
    delivered: u32,
}

impl<'a> Wire<'a> {
    pub(super) fn new(watch: &'a mut dyn Watch, stop: CancellationToken, asks: usize) -> Self {
        Self {
            log: Log::new(),
            dialogue: Dialogue::new(),
            watch,
            stop,
            connection: None,
            ties: Ties::new(asks, 0),
            fault: None,
            flood: None,
            reason: None,
            hint: None,
            reply_timeout: None,
            connect_timeout: Duration::ZERO,
            heard: 0,
            loopback: false,
            certificate_seen: false,
            delivered_here: 0,
            delivered: 0,
        }
    }

    pub(super) async fn connect(
        &mut self,
        options: Options,
        journal: Option<SharedJournal>,
        world: World,
        started: Duration,
        greeting: Ask,
        first: Vec<Request>,
    ) {
        (self.fault, self.delivered_here, self.loopback) = (None, 0, false);
        (self.reason, self.hint) = (None, None);
        (self.reply_timeout, self.connect_timeout) = (options.reply_timeout, options.connect_timeout);
        self.ties.connect(greeting);
        let connection = connect(options, journal, world, started);
        for request in first {
            let _ = connection.requests.send(request).await;
        }
        self.connection = Some(connection);
    }

    pub(super) fn phase(&self) -> Phase {
        self.dialogue.state().phase()
    }

    pub(super) fn closed(&self) -> bool {
        self.connection.is_none()
    }

    pub(super) fn is_lmtp(&self) -> bool {
        self.dialogue.state().session.is_lmtp()
    }

    /// Whether the server that was reached is on this machine.
    pub(super) fn on_loopback(&self) -> bool {
        self.loopback
    }

    pub(super) fn delivered(&self) -> u32 {
        self.delivered
    }

    /// Why the connection ended, as far as the client has said it.
    pub(super) fn fault(&self) -> (Cause, Option<String>) {
        match &self.fault {
            Some((cause, words)) => (*cause, Some(words.clone())),
            None => (Cause::NoConnection, None),
        }
    }

    /// Why, once the connection has ended: one that ended after a 421 was refused, whatever was awaited then. Whether
    /// the 421 came before a line or after it is a matter of microseconds.
    pub(super) fn ending(&self) -> (Cause, Option<String>) {
        match self.fault() {
            (Cause::NoConnection, words) if self.dialogue.state().session.turned_away => {
                let of = self.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                let closed = || format!("the server closed the connection after its 421{of}");
                (Cause::Refused, words.or_else(|| Some(closed())))
            }
            fault => fault,
        }
    }

    /// What is known of how the connection ended, beyond that it did.
    pub(super) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The target that may fit better.
    pub(super) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Closes without QUIT and without waiting for what still comes.
    fn hang_up(&self) {
        if let Some(connection) = &self.connection {
            connection.cancel.cancel();
        }
    }

    /// Whether the server has said nothing at all.
    pub(super) fn heard_nothing(&self) -> bool {
        self.heard == 0
    }

    /// What the client said when it stopped reading.
    pub(super) fn flood(&self) -> Option<&str> {
        self.flood.as_deref()
    }

    /// Takes in what happens next; gives `Yes` when something did.
    async fn happen(&mut self, until: Option<Instant>) -> Arrived {
        let Some(connection) = &mut self.connection else { return Arrived::Closed };
        // A server that never pauses must not keep the time from being up.
        if until.is_some_and(|until| Instant::now() >= until) && !self.stop.is_cancelled() {
            return Arrived::TimedOut;
        }
        let event = loop {
            let progress = connection.progress.now();
            let look = progress.map(|_| Instant::now() + LOOK);
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Arrived::Stopped,
                event = connection.events.recv() => break event,
                () = sleep_until(until) => return Arrived::TimedOut,
                () = sleep_until(look), if look.is_some() => {
                    if let Some((sent, total)) = progress {
                        self.watch.progress(sent, total);
                    }
                }
            }
        };
        let Some(timed) = event else {
            self.connection = None;
            return Arrived::Closed;
        };
        let tls = self.dialogue.state().session.tls;
        self.watch.happened(&timed, tls);
        self.log.push(timed.at, &timed.event);
        self.dialogue.extend(&self.log);
        match &timed.event {
            Event::Remark(remark) => self.remark(remark),
            Event::Received(_) => self.heard += 1,
            Event::Sent(_) | Event::Content(_) => {}
        }
        self.ties.tie(&self.dialogue, &self.log);
        let here = self.dialogue.state().session.delivered;
        self.delivered += here.saturating_sub(self.delivered_here);
        self.delivered_here = here;
        Arrived::Yes
    }

    fn remark(&mut self, remark: &Remark) {
        match remark.word.as_str() {
            "connected" => {
                let address = remark.bare(0).unwrap_or_default();
                let here = |a: std::net::SocketAddr| a.ip().to_canonical().is_loopback();
                // Behind a proxy it is the proxy's own loopback.
                self.loopback =
                    remark.get("via").is_none() && (address.starts_with("unix:") || address.parse().is_ok_and(here));
            }
            "tls" => {
                self.certificate_seen = false;
                // The closer look at a certificate that was not trusted says what is wrong, and since when.
                if let (Some((Cause::Tls, words)), Some(reason)) = (&mut self.fault, remark.get("reason")) {
                    *words = format!("the server's certificate is not trusted: {reason}");
                }
            }
            "certificate" => self.certificate_seen = true,
            // A server of another kind has nothing to say that can be waited for.
            "warning" if remark.get("kind") == Some("mode") => {
                self.fault.get_or_insert((Cause::Protocol, advised(remark)));
                self.hang_up();
            }
            "warning" if remark.get("kind") == Some("silence") => self.hint = remark.get("try").map(str::to_owned),
            "closed" => {
                if let (None, Some(reason)) = (&self.fault, remark.get("reason")) {
                    self.reason = Some(reason.to_owned());
                }
            }
            "warning" if remark.get("kind") == Some("flood") => {
                let words = remark.bare(0).unwrap_or("the server does not stop; reading has stopped");
                self.flood.get_or_insert_with(|| words.to_owned());
                self.fault.get_or_insert((Cause::Protocol, words.to_owned()));
                // Nothing that is waited for can come any more.
                self.hang_up();
            }
            "error" => {
                let cause = match remark.get("kind") {
                    Some("tls") => Cause::Tls,
                    Some("time-out") => Cause::TimeOut,
                    Some("file") => Cause::NotAllowed,
                    _ => Cause::NoConnection,
                };
                self.fault.get_or_insert((cause, remark.bare(0).unwrap_or("the connection failed").to_owned()));
            }
            _ => {}
        }
    }

    /// Waits until all replies to a line have come.
    pub(super) async fn answered(&mut self, ask: Ask) -> Arrived {
        self.answered_within(ask, None).await
    }

    pub(super) async fn answered_within(&mut self, ask: Ask, limit: Option<Duration>) -> Arrived {
        let until = limit.map(|limit| Instant::now() + limit);
        let mut wait = Wait::begin(self.heard);
        loop {
            if self.ties.complete(ask, &self.dialogue) {
                return Arrived::Yes;
            }
            if self.ties.given_up(ask, &self.dialogue) {
                return Arrived::TimedOut;
            }
            match self.happen(until.or(self.overdue(&mut wait))).await {
                Arrived::Yes => {}
                other => return other,
            }
        }
    }

    /// When waiting for a reply ends whatever the client says of it. The client keeps the times of RFC 5321 4.5.3.2 or the
    /// user's; this is for a server that never stops talking, and for a reply that the client knows nothing of. While the
    /// client dials, or while a message may still be on its way out, only the client knows, until the server says something.
    fn overdue(&self, wait: &mut Wait) -> Option<Instant> {
        let state = self.dialogue.state();
        let awaited = state.pending().find(|pending| !pending.gave_up).map(|pending| &pending.awaited);
        let in_content = match awaited {
            Some(Awaited::EndOfData { .. }) => true,
            Some(Awaited::Command(command)) => command.verb == Verb::Bdat,
            _ => false,
        };
        let unknown = in_content || matches!(state.phase(), Phase::Connecting | Phase::Handshake);
        if wait.since.is_none() && (!unknown || self.heard > wait.heard) {
            wait.since = Some(Instant::now());
        }
        let limit = self.reply_timeout.unwrap_or_else(|| awaited.map_or(UNASKED, timeouts::reply));
        wait.since.map(|since| since + limit + A_LITTLE)
    }

    /// How long a reply is waited for that nothing asks for, where this is none that comes soon.
    pub(super) async fn long_wait(&mut self, ask: Ask) -> Option<Duration> {
        let at_most = self.reply_timeout.unwrap_or(UNASKED);
        let until = Some(Instant::now() + SOON);
        loop {
            let unasked = self.ties.exhausted(ask, &self.dialogue) && self.ties.next_unasked(&self.dialogue).is_none();
            if !unasked || at_most <= 2 * SOON {
                return None;
            }
            match self.happen(until).await {
                Arrived::Yes => {}
                Arrived::TimedOut => return Some(at_most),
                Arrived::Closed | Arrived::Stopped => return None,
            }
        }
    }

    /// The next reply to a line that no expectation has taken, or, when it has no more, one that nothing asked for.
    pub(super) async fn next_reply(
        &mut self,
        ask: Ask,
        limit: Option<Duration>,
        timeout: Option<Duration>,
    ) -> Result<usize, Arrived> {
        let until = limit.map(|limit| Instant::now() + limit);
        let unasked_until = until.or(Some(Instant::now() + timeout.unwrap_or(UNASKED)));
        let mut wait = Wait::begin(self.heard);
        loop {
            if let Some(exchange) = self.ties.next_of(ask, &self.dialogue) {
                return Ok(exchange);
            }
            let answered = self.ties.exhausted(ask, &self.dialogue);
            if answered && let Some(first) = self.ties.next_unasked(&self.dialogue) {
                return Ok(first);
            }
            if self.ties.given_up(ask, &self.dialogue) {
                return Err(Arrived::TimedOut);
            }
            let until = if answered { unasked_until } else { until.or(self.overdue(&mut wait)) };
            match self.happen(until).await {
                Arrived::Yes => {}
                other => return Err(other),
            }
        }
    }

    /// An expectation has taken this reply.
    pub(super) fn take(&mut self, ask: Ask, exchange: usize) {
        self.ties.take(ask, exchange);
    }

    /// The replies to a line that no expectation took; they are taken with this.
    pub(super) fn untaken(&mut self, ask: Ask) -> Vec<usize> {
        self.ties.untaken(ask)
    }

    pub(super) fn take_unasked(&mut self) -> Option<usize> {
        self.ties.take_unasked(&self.dialogue)
    }

    pub(super) fn last_of(&self, ask: Ask) -> Option<usize> {
        self.ties.last_of(ask)
    }

    pub(super) fn verb(&self, ask: Ask) -> Option<Verb> {
        Some(self.dialogue.exchanges()[self.last_of(ask)?].verb)
    }

    pub(super) fn reply(&self, exchange: usize) -> Option<Reply> {
        self.dialogue.reply(&self.log, exchange)
    }

    /// Waits while a TLS handshake is going on.
    pub(super) async fn handshake(&mut self) -> Arrived {
        let due = self.phase() == Phase::Handshake;
        let limit = self.reply_timeout.unwrap_or(self.connect_timeout);
        let until = Some(Instant::now() + limit + A_LITTLE);
        while self.phase() == Phase::Handshake {
            match self.happen(until).await {
                Arrived::Yes => {}
                other => return other,
            }
        }
        if due && self.dialogue.state().session.tls {
            // The certificate is said right after the handshake, before anything else can happen.
            let until = Some(Instant::now() + MOMENT);
            while !self.certificate_seen && self.happen(until).await == Arrived::Yes {}
        }
        // A handshake that failed closes the connection, whatever it failed of.
        let failed = due && !self.dialogue.state().session.tls && self.fault.is_some();
        if failed && self.phase() == Phase::Closed {
            // The client has a closer look at a certificate that was not trusted, on a connection of its own: what it finds
            // is the diagnosis.
            let until = Some(Instant::now() + self.connect_timeout + A_LITTLE);
            while self.happen(until).await == Arrived::Yes {}
        }
        if failed || matches!(self.fault, Some((Cause::Tls, _))) { Arrived::Closed } else { Arrived::Yes }
    }

    /// Gives a connection that is about to be closed by the server the time for it.
    pub(super) async fn may_close(&mut self, goodbye: bool) {
        let turned_away = self.dialogue.state().session.turned_away;
        let until = Some(Instant::now() + if goodbye || turned_away { GOODBYE } else { MOMENT });
        while self.happen(until).await == Arrived::Yes {}
    }

    pub(super) async fn sleep(&mut self, time: Duration) -> Arrived {
        let until = Instant::now() + time;
        loop {
            match self.happen(Some(until)).await {
                Arrived::Yes => {}
                Arrived::Closed => {
                    return tokio::select! {
                        () = self.stop.cancelled() => Arrived::Stopped,
                        () = tokio::time::sleep_until(until) => Arrived::Yes,
                    };
                }
                other => return other,
            }
        }
    }

    /// Waits for the server to close.
    pub(super) async fn wait_for_close(&mut self) {
        let until = Some(Instant::now() + GOODBYE);
        while self.happen(until).await == Arrived::Yes {}
    }
}

/// What a warning says, and the target that would fit.
fn advised(remark: &Remark) -> String {
    let words = remark.bare(0).unwrap_or("the server speaks something else");
    remark.get("try").map_or_else(|| words.to_owned(), |target| format!("{words}; {target} may fit"))
}

/// A wait for a reply.
struct Wait {
    /// How many pieces of replies had come when it began.
    heard: u64,
    /// From when on its time counts.
    since: Option<Instant>,
}

impl Wait {
    fn begin(heard: u64) -> Self {
        Self { heard, since: None }
    }
}

async fn sleep_until(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}
