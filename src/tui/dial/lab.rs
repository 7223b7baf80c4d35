//! The lab inside the workbench: started for a target, read anew when its scenario's file changes, its mail.

use std::sync::Arc;

use crate::lab::reload::Reload;
use crate::lab::scenario::{Scenario, ScenarioError};
use crate::lab::{Lab, ListenerKind};
use crate::profile::{Protocol, Target, TlsMode};
use crate::world::World;

use super::Dialler;
use crate::tui::hall::Hall;
use crate::tui::message::Message;
use crate::tui::overlay::Letter;

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
        let (_, lab) = self.lab.as_ref().expect("started above");
        let (kind, address) = lab.listener(ListenerKind::Smtp);
        match kind {
            ListenerKind::Smtp | ListenerKind::Submission => {}
            ListenerKind::Smtps => target.tls = TlsMode::Implicit,
            ListenerKind::Lmtp => target.protocol = Protocol::Lmtp,
        }
        target.lab_listens(address);
        target.lab_certifies(&lab.client_certificates);
        Ok(lab.ca.clone())
    }

    /// What the lab has received, oldest first.
    pub(in crate::tui) fn mail(&self) -> Vec<Letter> {
        let own = self.lab.as_ref().map(|(_, lab)| lab);
        let Some(lab) = self.hall.as_ref().map(Hall::lab).or(own) else { return Vec::new() };
        let letter = |message: &Arc<crate::lab::mailbox::Message>| {
            let envelope = &message.envelope;
            let with = |parameters: &[String]| parameters.iter().flat_map(|p| [" ", p.as_str()]).collect::<String>();
            Letter {
                mailbox: message.mailbox.clone(),
                envelope: vec![
                    format!("MAIL FROM:<{}>{}", envelope.from, with(&envelope.parameters)),
                    format!("RCPT TO:<{}>{}", message.rcpt, with(&message.parameters)),
                    format!(
                        "from {} ({}), {:.0}, queued as {}",
                        envelope.helo, envelope.client, envelope.time, envelope.queue_id
                    ),
                ]
                .into_iter()
                .map(|line| crate::smtp::escape::for_screen(line.as_bytes()))
                .collect(),
                size: message.content.len(),
                raw: message.raw(),
            }
        };
        lab.messages_since(0).iter().map(letter).collect()
    }
}
