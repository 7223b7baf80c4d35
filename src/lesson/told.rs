//! What has happened, in words, where a goal says that it must not.

use super::goal::{Delivered, Envelope, Goal, Side};

impl Goal {
    /// What it takes to reach it, told as what was done; none where that takes more than a few words.
    pub(super) fn happened(&self) -> Option<String> {
        Some(match self {
            Self::Delivered(Delivered { to, count, .. }) => {
                let to = to.alone()?;
                if *count > 1 {
                    format!("{count} messages have reached {to}")
                } else {
                    format!("a message has reached {to}")
                }
            }
            Self::Greeted(verb) => format!("{verb} was said"),
            Self::Sent(sent) if sent.argument.is_none() => format!("{} was said", sent.verb.as_ref()?),
            Self::Mail(Envelope { address: Some(address), .. }) => format!("MAIL named {}", address.alone()?),
            Self::Rcpt(Envelope { address: Some(address), .. }) => format!("RCPT named {}", address.alone()?),
            Self::Tls(_) => "the line was encrypted".to_owned(),
            Self::Authenticated(_) => "somebody logged in".to_owned(),
            Self::ClosedBy(Side::Client) => "you hung up".to_owned(),
            Self::ClosedBy(Side::Server) => "the server hung up".to_owned(),
            _ => return None,
        })
    }
}
