//! What MAIL says besides where the server offers to be told.

use crate::client::Request;
use crate::conversation::event::Remark;
use crate::smtp::{Capabilities, Command, Verb};

use super::super::plan::Sending;
use super::Runner;

/// A parameter of MAIL that goes with it where the server offers what it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// What the server must offer.
    pub keyword: String,
    /// What is said then; empty where it stands in the script already.
    pub parameter: String,
    /// What is to be said to the user where the server does not offer it and the message needs it.
    pub without: Option<String>,
    /// How many octets of the message it is about: that the server takes fewer is said before MAIL.
    pub octets: Option<u64>,
}

impl Offered {
    /// What is to be said where the message is larger than the server says that it takes (RFC 1870 4).
    fn too_large(&self, offered: &Capabilities) -> Option<String> {
        let told = offered.get(&self.keyword)?.parameters.first()?;
        // 0 stands for no limit that is known.
        let most = told.parse::<u64>().ok().filter(|most| *most > 0)?;
        let octets = self.octets.filter(|octets| *octets > most)?;
        Some(format!(
            "the message has {octets} octets, and the server takes {most} at most ({}): it will probably be refused, and \
             is sent all the same",
            self.keyword
        ))
    }
}

impl Runner<'_> {
    /// The line with what the server offers to be told, where it is MAIL. A parameter that it has already is left alone.
    pub(super) async fn with_offered(&mut self, sending: &Sending, mut line: Vec<u8>) -> Vec<u8> {
        if sending.verb != Verb::Mail {
            return line;
        }
        for offered in self.settings.offered.clone() {
            if let Some(words) = offered.too_large(&self.wire.dialogue.state().session.capabilities) {
                self.warn(words).await;
            }
            let Offered { keyword, parameter, without, .. } = offered;
            let name = parameter.split('=').next().unwrap_or_default();
            if !name.is_empty()
                && Command::parse(&line).parameters.iter().any(|known| known.keyword.eq_ignore_ascii_case(name))
            {
                continue;
            }
            if self.wire.dialogue.state().session.capabilities.has(&keyword) {
                if !parameter.is_empty() {
                    line.push(b' ');
                    line.extend_from_slice(parameter.as_bytes());
                }
            } else if let Some(words) = without {
                self.warn(words).await;
            }
        }
        line
    }

    async fn warn(&mut self, words: String) {
        let warning = Remark::new("warning").with("kind", "parameter").value(words);
        self.wire.request(Request::Remark(warning)).await;
    }
}
