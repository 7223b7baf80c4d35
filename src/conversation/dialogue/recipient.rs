//! The recipients of mail transactions, and what became of each.

use crate::smtp::{EnhancedCode, ReplyCode};

/// What became of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// No reply yet.
    Pending,
    /// 2yz to RCPT.
    Accepted,
    /// 4yz, 5yz or anything else to RCPT.
    Refused,
    /// The message was taken for it.
    Delivered,
    /// Accepted, but then the message was refused for it.
    Failed,
}

impl Verdict {
    /// In a word, as the screen and what is exported say it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "awaited",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Delivered => "taken",
            Self::Failed => "not taken",
        }
    }
}

/// One RCPT of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// What became of it.
    pub verdict: Verdict,
    /// The code that decided.
    pub code: Option<ReplyCode>,
    /// The enhanced status code beside it.
    pub enhanced: Option<EnhancedCode>,
    /// The number of the mail transaction that it belongs to, from 1 in each connection.
    pub transaction: u32,
    /// The exchange of its RCPT.
    pub exchange: u32,
    /// The record at which the verdict last changed.
    pub decided: u32,
}

/// What a reply decides for a recipient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decision {
    pub(super) success: bool,
    pub(super) code: Option<ReplyCode>,
    pub(super) enhanced: Option<EnhancedCode>,
    pub(super) record: u32,
}

impl Recipient {
    /// Its RCPT was answered.
    pub(super) fn answered(&mut self, decision: Decision) {
        self.verdict = if decision.success { Verdict::Accepted } else { Verdict::Refused };
        (self.code, self.enhanced, self.decided) = (decision.code, decision.enhanced, decision.record);
    }

    /// The message was taken or refused for it; `alone`: by a reply of its own (LMTP), which is then the one that counts.
    pub(super) fn decided(&mut self, decision: Decision, alone: bool) {
        self.verdict = if decision.success { Verdict::Delivered } else { Verdict::Failed };
        self.decided = decision.record;
        if alone || !decision.success {
            (self.code, self.enhanced) = (decision.code.or(self.code), decision.enhanced);
        }
    }
}
