//! What MAIL says besides where the server offers to be told.

use std::sync::LazyLock;

use crate::client::Request;
use crate::conversation::event::Remark;
use crate::smtp::{Capabilities, Command, Verb, VerbTable, lint};

use super::super::plan::Sending;
use super::Runner;

/// What is known of verbs and their parameters.
static VERBS: LazyLock<VerbTable> = LazyLock::new(|| {
    VerbTable::parse(crate::assets::text("verbs.toml").expect("it is compiled in")).expect("a test parses it")
});

/// A parameter of MAIL that goes with it where the server offers what it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// What the server must offer; empty where no offer helps.
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
    /// What goes out although it is not offered is said.
    pub(super) async fn with_offered(&mut self, sending: &Sending, line: Vec<u8>) -> Vec<u8> {
        let line = if sending.verb == Verb::Mail { self.mail_with_offered(line).await } else { line };
        // Of a script's own lines its writer knows what they ask for.
        if self.settings.obeys_limits {
            for words in self.not_offered(sending.verb, &line) {
                if self.warned.insert(words.clone()) {
                    self.warn(words).await;
                }
            }
        }
        line
    }

    /// What of this line the server does not offer, in words.
    fn not_offered(&self, verb: Verb, line: &[u8]) -> Vec<String> {
        let session = &self.wire.dialogue.state().session;
        if verb == Verb::Bdat {
            let missing = session.greeted_by.is_some() && !session.capabilities.has("CHUNKING");
            let words = "BDAT needs CHUNKING, which the server did not offer; it is sent all the same";
            return missing.then(|| words.to_owned()).into_iter().collect();
        }
        if !matches!(verb, Verb::Mail | Verb::Rcpt) {
            return Vec::new();
        }
        // What the message itself needs has its own words.
        let said = |reason: &str| {
            let without = self.settings.offered.iter().filter(|offered| offered.without.is_some());
            without.map(|offered| format!("needs {},", offered.keyword)).any(|needs| reason.contains(&needs))
        };
        let lints = lint::lint(line, session, &VERBS);
        let lints = lints.into_iter().filter(|lint| {
            matches!(lint.name, "parameter-not-offered" | "parameter-after-helo" | "unknown-parameter")
                && !said(&lint.reason)
        });
        lints.map(|lint| format!("{}; it is sent all the same", lint.reason.trim_end_matches('.'))).collect()
    }

    async fn mail_with_offered(&mut self, mut line: Vec<u8>) -> Vec<u8> {
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
