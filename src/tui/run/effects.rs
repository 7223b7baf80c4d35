//! Effects carried out: by the connection, by the terminal, or beside the loop, where what they answer comes as a message.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::client::Request;
use crate::tui::dial::Verify;
use crate::tui::effect::Effect;
use crate::tui::message::Message;
use crate::tui::model::Face;
use crate::tui::start::Wish;
use crate::tui::terminal::{Tty, remember};
use crate::tui::{given, hall, keep, library, paths, profiles, read, remembered, replay, secret, update};

use super::Bench;

impl Bench {
    /// Carries out an effect, and takes what it answers at once.
    pub(super) async fn effect(&mut self, effect: Effect) -> io::Result<()> {
        let answers = match effect {
            Effect::Connect(target) => self.dialler.connect(&target).await,
            Effect::Reconnect => self.dialler.reconnect(Verify::AsTheTargetSays).await,
            Effect::Regardless => self.dialler.reconnect(Verify::NotThisTime).await,
            Effect::Send(request) => self.dialler.ask(request).into_iter().collect(),
            Effect::Mask(secret) => self.dialler.mask(secret).into_iter().collect(),
            Effect::Learn(lesson) => {
                // For what comes after it.
                hall::look(&self.world, self.sender.clone());
                self.dialler.learn(lesson).await
            }
            Effect::LearnAnew(lesson) => self.dialler.hold(lesson, None).await,
            Effect::Attend(given) => self.dialler.attend(*given).await,
            Effect::ToClass(up) => {
                self.dialler.to_class(up);
                Vec::new()
            }
            Effect::Probe(names) => self.dialler.probe(&names).await,
            Effect::LookAtMail => self.dialler.look_at_mail(),
            Effect::Mail(wish) => self.dialler.of_mail(wish, self.sender.clone()),
            Effect::ServerView(address) => self.dialler.watch_server(address),
            Effect::Profiles(wish) => vec![Message::Profiles(profiles::carry_out(wish, &self.world))],
            Effect::Suspend => {
                self.suspend().await?;
                Vec::new()
            }
            Effect::Mouse(ours) => {
                self.tty.mouse(ours)?;
                Vec::new()
            }
            Effect::Redraw => {
                self.tty.clear()?;
                Vec::new()
            }
            other => match self.begun(other) {
                Some(other) => self.reading(other)?,
                None => Vec::new(),
            },
        };
        let mut answers = VecDeque::from(answers);
        while let Some(answer) = answers.pop_front() {
            if let Message::Began { path, .. } = &answer {
                remember(path.clone());
            }
            // What a connection begins with has no effects but that it is told what must not be recorded, before its
            // greeting comes; a line that is shown may want to be read.
            for effect in update::update(&mut self.model, answer) {
                match effect {
                    Effect::Profiles(wish @ Wish::Read(_)) => {
                        answers.push_back(Message::Profiles(profiles::carry_out(wish, &self.world)));
                    }
                    Effect::Send(request @ (Request::Learn(_) | Request::LearnName(_))) => {
                        answers.extend(self.dialler.ask(request));
                    }
                    _ => {}
                }
            }
            self.changed = true;
        }
        self.dialler.next_is_typed();
        Ok(())
    }

    /// Begins what is answered later, by the queue, or not at all; gives back what is none of these.
    fn begun(&mut self, effect: Effect) -> Option<Effect> {
        let sender = self.sender.clone();
        match effect {
            Effect::Drop => {
                self.holding.cancel();
                self.dialler.hang_up();
            }
            Effect::Open(path) => read::open(path, sender),
            Effect::Library(wish) => library::disk::carry_out(wish, &self.searching, &self.world, sender),
            Effect::Replay { of, password } => replay::rehearse(of, password, self.world.clone(), sender),
            Effect::Both(path, targets) => {
                self.holding = CancellationToken::new();
                replay::both((path, targets), self.holding.clone(), self.world.clone(), sender);
            }
            Effect::Compare(left, right) => replay::compare(left, right, sender),
            Effect::Wait(time, number) => later(time, Message::Waited(number), sender),
            Effect::PlayOn(time, number) => later(time, Message::PlayOn(number), sender),
            Effect::AskSecret => secret::fetch(self.dialler.auth(), &self.world, sender),
            Effect::Keep(reached) => hall::keep(&self.world, reached, sender),
            Effect::LookForLessons => hall::look(&self.world, sender),
            Effect::LookForConversations => read::recent(&self.world, Arc::clone(&self.model.knowledge), sender),
            Effect::LookForRecent => {
                read::recent(&self.world, Arc::clone(&self.model.knowledge), sender.clone());
                hall::look(&self.world, sender);
            }
            // By the queue, since what follows from it has effects.
            Effect::LookUpAccess => {
                if let Some(access) = self.dialler.access() {
                    let _ = sender.send(access);
                }
            }
            Effect::Remember(line) => {
                // A history that can't be written is no reason to disturb the conversation.
                let _ = remembered::keep(&self.world.directories.state, &line);
            }
            Effect::ReadMessage(path) => read::message(path, sender),
            Effect::CompletePath(typed) => paths::look(typed, &self.world, sender),
            Effect::ReadAttachment(path) => read::attachment(path, sender),
            Effect::Quit => self.leaving = Some(false),
            other => return Some(other),
        }
        None
    }

    /// Effects of reading: what is done beside the loop, and what its answers ask for.
    fn reading(&mut self, effect: Effect) -> io::Result<Vec<Message>> {
        let sender = self.sender.clone();
        match effect {
            Effect::Remark(remark) => return Ok(self.dialler.remark(remark)),
            Effect::Annotate(path, added) => keep::annotate(path, added, sender),
            Effect::Sift => {
                // The loop itself holds the other end.
                let _ = sender.send(Message::Sift);
            }
            Effect::ExplainOthers(due) => given::explain_others(due, Arc::clone(&self.model.knowledge), sender),
            Effect::Copy { text, left_out } => keep::copy(text, left_out, &self.world, sender),
            Effect::CopyWhole(whole) => keep::copy_whole(whole, &self.model.knowledge, &self.world, sender),
            Effect::Terminal(sequence) => Tty::send(&sequence)?,
            Effect::Write { whole, to, format, anonymise, over, knowledge } => {
                let writing = keep::Writing { whole, to, format, anonymise, over };
                keep::write(writing, &knowledge, &self.world, sender);
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    /// Reads beside the loop what is known, once; and once they are in sight, what the start screen and windows offer:
    /// scenarios, conversations, lessons. To read these takes longer and more memory than a connection or a file may wait for.
    pub(super) async fn look_about(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.learning, true) {
            read::knowledge(&self.world, self.sender.clone());
        }
        let in_sight = self.model.face != Face::Talk || self.model.overlay.is_some();
        if in_sight && !std::mem::replace(&mut self.offering, true) {
            read::scenarios(&self.world, self.sender.clone());
            self.effect(Effect::LookForRecent).await?;
        }
        Ok(())
    }
}

/// Sends a message when so much time has passed.
fn later(time: Duration, message: Message, sender: mpsc::UnboundedSender<Message>) {
    tokio::spawn(async move {
        tokio::time::sleep(time).await;
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(message);
    });
}
