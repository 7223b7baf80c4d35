//! The lab inside the workbench: started for a target, read anew when its scenario's file changes, its mail.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use crate::class::attend::{Posted, Up};
use crate::conversation::Log;
use crate::lab::reload::Reload;
use crate::lab::scenario::{Scenario, ScenarioError};
use crate::lab::{Lab, ListenerKind, Notice};
use crate::profile::Target;
use crate::world::World;

use super::Dialler;
use crate::tui::hall::Hall;
use crate::tui::keep;
use crate::tui::message::Message;
use crate::tui::overlay::{Letter, MailWish};

/// The lab's sign of change, and from where the connection comes that is watched.
pub(super) type Watched = (watch::Receiver<u64>, String);

/// How long is waited for more mail before the list is looked at again: it is made anew as a whole.
const GATHERED: Duration = Duration::from_millis(250);

/// What tells that mail has come since the list was made, and when the first of it came.
pub(super) struct Inbox {
    notices: broadcast::Receiver<Notice>,
    came: Option<Instant>,
}

/// Waits until mail has come that the list does not have; for ever where nobody has looked at it. Nothing is lost where the
/// wait is given up.
pub(super) async fn mail(inbox: &mut Option<Inbox>) -> Message {
    let Some(Inbox { notices, came }) = inbox else { return std::future::pending().await };
    while came.is_none() {
        match notices.recv().await {
            Ok(Notice::Delivered { .. }) | Err(RecvError::Lagged(_)) => *came = Some(Instant::now()),
            Ok(_) => {}
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
    if let Some(came) = *came {
        tokio::time::sleep_until(came + GATHERED).await;
    }
    // Told once; whoever still looks at the list asks anew.
    *inbox = None;
    Message::MailCame
}

/// Goes on with a scenario that was read anew; what is said of that.
pub(super) fn reloaded(scenario: Result<Scenario, ScenarioError>, lab: Option<&Lab>, world: &World) -> Message {
    let changed = match (scenario, lab) {
        (Ok(scenario), Some(lab)) => lab.change(scenario, world).map_err(|error| error.to_string()),
        (Err(error), _) => Err(error.to_string()),
        (Ok(_), None) => Ok(Vec::new()),
    };
    let words = match changed {
        Ok(words) if words.is_empty() => "The scenario was read anew: the next connection meets it.".to_owned(),
        Ok(words) => format!("The scenario was read anew; {}.", words.join("; ")),
        Err(why) => format!("{why}; the scenario from before stays."),
    };
    Message::Notice(crate::smtp::escape::for_screen(words.as_bytes()))
}

/// Who is offered at a lab that answers as a recorded server did: those of the recording, and nobody of another domain.
fn name_those_of(scenario: &str, target: &mut Target) {
    let path = std::path::Path::new(scenario);
    if target.profile.is_some() || path.extension().is_none_or(|it| it != "smtp") {
        return;
    }
    let Ok(document) = crate::conversation::file::open(path) else { return };
    let (from, to) = crate::lab::recorded::people(&document);
    target.from = from.or(target.from.take());
    target.to = to;
}

/// What the lab has seen of the connection from an address.
fn seen(lab: &Lab, address: &str) -> Option<Log> {
    lab.sessions().iter().rev().find(|session| session.client.to_string() == address).map(|session| session.log())
}

/// Waits until the lab has seen more of what is watched; for ever where nothing is.
pub(super) async fn news(watched: &mut Option<Watched>, lab: Option<&Lab>) -> Message {
    let (Some((changes, address)), Some(lab)) = (watched, lab) else { return std::future::pending().await };
    if changes.changed().await.is_err() {
        return std::future::pending().await;
    }
    Message::ServerSide(seen(lab, address).map(Box::new), false)
}

impl Dialler {
    /// Puts the address of the lab of this scenario into the target; starts it where it is not running. Gives its
    /// authority.
    pub(super) async fn lab(&mut self, scenario: &str, target: &mut Target) -> Result<String, String> {
        if self.lab.as_ref().is_none_or(|(running, _)| running != scenario) {
            let listen = "127.0.0.1:0".parse().expect("an address of this machine");
            let (read, reload) = Reload::of(scenario, &self.world).map_err(|error| error.to_string())?;
            let lab = crate::lab::start_with(read, listen, &self.world).await.map_err(|error| error.to_string())?;
            self.lab = Some((scenario.to_owned(), lab));
            self.reload = Some(reload);
        }
        name_those_of(scenario, target);
        let (_, lab) = self.lab.as_ref().expect("started above");
        let (kind, address) = lab.listener(ListenerKind::Smtp);
        kind.is_spoken_by(target);
        target.lab_listens(address);
        target.lab_certifies(&lab.client_certificates);
        Ok(lab.ca.clone())
    }

    /// Looks at what the lab has received: at once, or where the lab is the class's as its news.
    pub(in crate::tui) fn look_at_mail(&mut self) -> Vec<Message> {
        match (&self.class, &self.joining) {
            (Some(class), _) => {
                class.say(Up::Mail);
                Vec::new()
            }
            (None, Some(_)) => {
                vec![Message::Notice("The class is over, or cut off: the mail of your server lies there.".to_owned())]
            }
            (None, None) => {
                self.inbox = self.running().map(|lab| Inbox { notices: lab.notices(), came: None });
                vec![Message::Mail(self.mail())]
            }
        }
    }

    /// What the lab has received, oldest first.
    fn mail(&self) -> Vec<Letter> {
        let Some(lab) = self.running() else { return Vec::new() };
        let letter = |message: &Arc<crate::lab::mailbox::Message>| Letter::of(Posted::of(message), message.raw());
        lab.messages_since(0).iter().map(letter).collect()
    }

    /// Does what is wanted of the mail; what is there then.
    pub(in crate::tui) fn of_mail(&self, wish: MailWish, sender: UnboundedSender<Message>) -> Vec<Message> {
        match wish {
            MailWish::Delete(number) => {
                if let Some(class) = &self.class {
                    class.say(Up::Delete(number));
                    return Vec::new();
                }
                if let Some(lab) = self.running() {
                    lab.delete(number);
                }
                vec![Message::Mail(self.mail())]
            }
            MailWish::Export(name, octets) => {
                keep::export(name, octets, sender);
                Vec::new()
            }
        }
    }

    /// Watches what the lab sees of the connection from this address; gives what it has seen up to now.
    pub(in crate::tui) fn watch_server(&mut self, address: Option<String>) -> Vec<Message> {
        self.watched = None;
        let (Some(address), Some((_, lab))) = (address, &self.lab) else { return Vec::new() };
        let seen = seen(lab, &address).map(Box::new);
        self.watched = Some((lab.changes(), address));
        vec![Message::ServerSide(seen, true)]
    }

    /// How many times as fast as ours the clock of the lab runs that is talked to; 0 where no lab is.
    pub(super) fn clock(&self) -> u32 {
        let lab = self.running().filter(|_| self.at_lab || self.hall.is_some());
        lab.map_or(0, Lab::clock)
    }

    /// The lab that is talked to: a lesson's, or the one that was started here.
    fn running(&self) -> Option<&Lab> {
        self.hall.as_ref().map(Hall::lab).or(self.lab.as_ref().map(|(_, lab)| lab))
    }
}
