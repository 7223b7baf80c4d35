//! Ready-made tests behind the screen: run beside the loop, in a conversation of their own.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::conversation::Log;
use crate::conversation::event::Timed;
use crate::decode::Knowledge;
use crate::probe::{self, Aims, Finding, Probe, Setup, Watch};
use crate::script::options;
use crate::tui::message::Message;
use crate::tui::probing::ProbeNews;

use super::{BATCH, Dialler, peer};

/// Probes that are being run.
pub(super) struct Bout {
    pub(super) stop: CancellationToken,
    news: UnboundedReceiver<Message>,
    /// What was received and is not told yet.
    waiting: VecDeque<Message>,
}

impl Bout {
    /// Takes in what has come; what happened on the wire in a row is one message, as from a connection.
    fn take(&mut self, messages: Vec<Message>) {
        for message in messages {
            match (self.waiting.back_mut(), message) {
                (Some(Message::Wire(before)), Message::Wire(events)) => before.extend(events),
                (_, message) => self.waiting.push_back(message),
            }
        }
    }
}

impl Dialler {
    /// Runs these probes against the same target, in a new conversation; what they do comes by [`Self::next`].
    pub(in crate::tui) async fn probe(&mut self, names: &[&'static str]) -> Vec<Message> {
        let last = self.close().await;
        let mut messages = vec![Message::Wire(last)];
        let Some(target) = self.target.clone() else {
            messages.push(Message::NotBegun("There is nobody to be tested; connect to a server first.".to_owned()));
            return messages;
        };
        let options = match options(&target, self.roots.clone()) {
            Ok(options) => options,
            Err(error) => {
                messages.push(Message::NotBegun(error.to_string()));
                return messages;
            }
        };
        let uri = match &self.lab {
            Some((scenario, _)) if self.at_lab => format!("lab:{scenario}"),
            _ => target.uri(),
        };
        self.end_journal();
        self.started = self.world.elapsed();
        let journal = self.begin_journal(&target, &uri, &target.endpoint.to_string());
        let unrecorded = journal.as_ref().err().cloned();
        self.journal = journal.ok();
        let peer = Box::new(peer(&target, self.at_lab));
        messages.push(Message::Began { peer, path: self.path(), head: self.head.clone(), again: false });
        if let Some(why) = unrecorded {
            messages.push(self.unrecorded(&why));
        }
        let (sender, news) = unbounded_channel();
        let stop = CancellationToken::new();
        let setup = Setup {
            options,
            aims: Aims::of(&target, &self.world),
            target,
            journal: self.journal.clone(),
            world: self.world.clone(),
            started: self.started,
            knowledge: Arc::new(Knowledge::shipped()),
            hand_over: false,
            stop: stop.clone(),
        };
        self.probing = Some(Bout { stop, news, waiting: VecDeque::new() });
        let probes: Vec<&'static Probe> = names.iter().filter_map(|name| probe::named(name)).collect();
        messages.push(Message::Probe(ProbeNews::Begun(probes.len())));
        tokio::spawn(async move {
            let mut teller = Teller(sender);
            let report = probe::run(&probes, setup, &mut teller).await;
            teller.tell(Message::Probe(ProbeNews::Done {
                summary: report.summary(),
                left_out: report.left_out,
                problem: report.problem.map(|(_, words)| words),
            }));
        });
        messages
    }
}

/// The next thing that probes do or find; waits for ever while none are run.
pub(super) async fn news(bout: &mut Option<Bout>) -> Message {
    if let Some(running) = bout {
        if running.waiting.is_empty() {
            let mut come = Vec::new();
            running.news.recv_many(&mut come, BATCH).await;
            running.take(come);
        }
        if let Some(message) = running.waiting.pop_front() {
            return message;
        }
    }
    *bout = None;
    std::future::pending().await
}

/// Tells the loop.
struct Teller(UnboundedSender<Message>);

impl Teller {
    fn tell(&self, message: Message) {
        // Nobody listens any more when another conversation has begun.
        let _ = self.0.send(message);
    }
}

impl Watch for Teller {
    fn happened(&mut self, event: &Timed, _: bool) {
        self.tell(Message::Wire(vec![event.clone()]));
    }

    fn begins(&mut self, probe: &'static Probe, nth: usize, of: usize) {
        self.tell(Message::Probe(ProbeNews::Begins { title: probe.title, nth, of }));
    }

    fn found(&mut self, finding: &Finding, _: &Log) {
        self.tell(Message::Probe(ProbeNews::Found(Box::new(finding.clone()))));
    }
}
