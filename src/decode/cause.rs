//! A likely cause, and what it claims of the conversation: what is known of that rules it out, or says it better.

use std::fmt;
use std::ops::Deref;

use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::smtp::Phase;

use super::explain::Layers;
use super::{Context, notes};

/// Why a reply may have come, in words.
///
/// In TOML it is a string, or `{ text = "…", claims = "…" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    text: String,
    claims: Option<Claim>,
}

/// What a cause takes for granted of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Claim {
    /// The line is encrypted.
    Encrypted,
    /// The line is not encrypted.
    InClear,
    /// AUTH is offered only once the line is encrypted.
    AuthAfterTls,
    /// Nobody has logged in on this connection.
    NotLoggedIn,
    /// Somebody has.
    LoggedIn,
    /// EHLO was not said.
    NoGreeting,
    /// No recipient of this transaction was accepted.
    NoRecipient,
    /// A mail transaction is open.
    OpenTransaction,
    /// Some other command was to come first.
    LeftOut,
    /// The client was silent for longer than the server waits.
    Idle,
    /// It is the first time that the server sees such a message.
    FirstTime,
    /// The mechanism is none of those offered.
    NotOffered,
    /// The log-in was given up.
    GivenUp,
    /// An answer within a log-in went out as it was typed, not as base64.
    NotBase64,
    /// An answer has not the parts that this mechanism wants.
    Plain,
    Xoauth2,
    CramMd5,
    /// The same, of any other mechanism.
    OtherMechanism,
}

impl Cause {
    /// These words, which claim that.
    pub(super) fn claiming(claim: Claim, text: String) -> Self {
        Self { text, claims: Some(claim) }
    }

    /// The same, in other words.
    pub(super) fn reworded(self, reword: impl FnOnce(String) -> String) -> Self {
        Self { text: reword(self.text), ..self }
    }

    pub(super) fn claims(&self, claim: Claim) -> bool {
        self.claims == Some(claim)
    }

    /// Whether it says that an answer within a log-in went out as it was typed, not as base64.
    #[must_use]
    pub fn is_about_base64(&self) -> bool {
        self.claims(Claim::NotBase64)
    }

    /// Whether the conversation shows that it can't be the one, or says it better.
    pub(super) fn is_refuted(&self, context: &Context, layers: &Layers<'_>) -> bool {
        self.claims.is_some_and(|claim| claim.is_refuted(context, layers) || claim.is_shown(context, layers))
    }
}

impl Claim {
    fn is_refuted(self, context: &Context, layers: &Layers<'_>) -> bool {
        match self {
            Self::Encrypted => context.tls == Some(false),
            Self::InClear => context.tls == Some(true),
            Self::AuthAfterTls => {
                context.tls == Some(true) || context.authenticated == Some(true) || context.offers("AUTH") == Some(true)
            }
            Self::NotLoggedIn => context.authenticated == Some(true),
            Self::LoggedIn => context.authenticated == Some(false),
            Self::NoGreeting => context.capabilities.is_some(),
            Self::NoRecipient => context.accepted.is_some_and(|accepted| accepted > 0),
            Self::OpenTransaction => {
                context.before.is_some_and(|before| !matches!(before, Phase::Mail | Phase::Rcpt | Phase::Bdat))
            }
            // Nobody was silent for so long that a server has enough of it; or its own words name another reason.
            Self::Idle => context.idle.is_some_and(|idle| idle < notes::SILENCE) || !notes::may_be_idle(layers),
            Self::GivenUp => context.asked.is_some() && !context.gave_up,
            // A server that says so knows it.
            Self::NotBase64 => layers.text.is_none() && (context.gave_up || !takes_base64(context)),
            Self::Plain => is_by_another(context, &["PLAIN"]),
            Self::Xoauth2 => is_by_another(context, &["XOAUTH2"]),
            Self::CramMd5 => is_by_another(context, &["CRAM-MD5"]),
            Self::OtherMechanism => !is_by_another(context, &["PLAIN", "XOAUTH2", "CRAM-MD5"]),
            Self::LeftOut | Self::FirstTime | Self::NotOffered => false,
        }
    }

    /// Whether the state of the session says it better, of a command out of order.
    fn is_shown(self, context: &Context, layers: &Layers<'_>) -> bool {
        let out_of_order = layers.category.is_some_and(|category| category.name == "bad-sequence");
        let of_the_state = matches!(
            self,
            Self::NoGreeting | Self::NoRecipient | Self::OpenTransaction | Self::LeftOut | Self::LoggedIn
        );
        out_of_order && context.objection.is_some() && of_the_state
    }
}

/// Whether the log-in goes by a mechanism that is none of these, or was given up.
fn is_by_another(context: &Context, mechanisms: &[&str]) -> bool {
    context.gave_up || context.mechanism.as_deref().is_some_and(|mechanism| !mechanisms.contains(&mechanism))
}

/// Whether somebody types the answers of this mechanism by hand.
fn takes_base64(context: &Context) -> bool {
    context.mechanism.as_deref().is_none_or(|mechanism| matches!(mechanism, "PLAIN" | "LOGIN"))
}

impl From<String> for Cause {
    fn from(text: String) -> Self {
        Self { text, claims: None }
    }
}

impl From<&str> for Cause {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Deref for Cause {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl PartialEq<&str> for Cause {
    fn eq(&self, words: &&str) -> bool {
        self.text == *words
    }
}

impl AsRef<str> for Cause {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

/// Reads either form: derived, an error would not say what is wrong.
struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Cause;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cause: its words, or { text = \"…\", claims = \"…\" }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Cause, E> {
        Ok(text.into())
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Cause, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Claiming {
            text: String,
            claims: Claim,
        }
        let Claiming { text, claims } = Claiming::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Cause::claiming(claims, text))
    }
}
