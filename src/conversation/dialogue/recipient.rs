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

/// One RCPT of a session, in 16 octets: a transcript may have half a million.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// The exchange of its RCPT.
    pub exchange: u32,
    /// The record at which the verdict last changed.
    pub decided: u32,
    /// The transaction's number above [`VERDICT_BITS`], the verdict in these.
    state: u32,
    codes: Codes,
}

/// Bits of [`Recipient::state`] that hold the verdict.
const VERDICT_BITS: u32 = 3;

/// A reply code and an enhanced status code, each or none: 10 bits for one more than the first, 2 for the class of the
/// second, 10 for its subject, 10 for its detail (three digits at most, RFC 3463 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Codes(u32);

impl Codes {
    fn new(code: Option<ReplyCode>, enhanced: Option<EnhancedCode>) -> Self {
        let code = code.map_or(0, |code| u32::from(code.number()) + 1);
        let class = match enhanced.map(|it| it.class) {
            Some(2) => 1,
            Some(4) => 2,
            Some(5) => 3,
            _ => return Self(code),
        };
        let (subject, detail) = enhanced.map_or((0, 0), |it| (u32::from(it.subject), u32::from(it.detail)));
        Self(code | class << 10 | (subject & 0x3ff) << 12 | (detail & 0x3ff) << 22)
    }

    fn code(self) -> Option<ReplyCode> {
        u16::try_from(self.0 & 0x3ff).ok()?.checked_sub(1).and_then(ReplyCode::new)
    }

    fn enhanced(self) -> Option<EnhancedCode> {
        let class = *[0, 2, 4, 5].get((self.0 >> 10 & 3) as usize).filter(|class| **class != 0)?;
        let three_digits = |at: u32| u16::try_from(self.0 >> at & 0x3ff).unwrap_or_default();
        Some(EnhancedCode { class, subject: three_digits(12), detail: three_digits(22) })
    }
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
    /// One whose RCPT was sent at a record, in an exchange; nothing is decided.
    pub(super) fn new(transaction: u32, exchange: u32, record: u32) -> Self {
        let state = transaction << VERDICT_BITS | Verdict::Pending as u32;
        Self { exchange, decided: record, state, codes: Codes::default() }
    }

    /// What became of it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.state & ((1 << VERDICT_BITS) - 1) {
            0 => Verdict::Pending,
            1 => Verdict::Accepted,
            2 => Verdict::Refused,
            3 => Verdict::Delivered,
            _ => Verdict::Failed,
        }
    }

    /// The code that decided.
    #[must_use]
    pub fn code(&self) -> Option<ReplyCode> {
        self.codes.code()
    }

    /// The enhanced status code beside it.
    #[must_use]
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        self.codes.enhanced()
    }

    /// The number of the mail transaction that it belongs to, from 1 in each connection.
    #[must_use]
    pub fn transaction(&self) -> u32 {
        self.state >> VERDICT_BITS
    }

    fn set(&mut self, verdict: Verdict) {
        self.state = self.state >> VERDICT_BITS << VERDICT_BITS | verdict as u32;
    }

    /// Its RCPT was answered.
    pub(super) fn answered(&mut self, decision: Decision) {
        self.set(if decision.success { Verdict::Accepted } else { Verdict::Refused });
        (self.codes, self.decided) = (Codes::new(decision.code, decision.enhanced), decision.record);
    }

    /// The message was taken or refused for it; `alone`: by a reply of its own (LMTP), which is then the one that counts.
    pub(super) fn decided(&mut self, decision: Decision, alone: bool) {
        self.set(if decision.success { Verdict::Delivered } else { Verdict::Failed });
        self.decided = decision.record;
        if alone || !decision.success {
            self.codes = Codes::new(decision.code.or(self.code()), decision.enhanced);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_kept_of_a_decision_is_what_was_decided(
            code in proptest::option::of(0..1000_u16),
            enhanced in proptest::option::of((prop_oneof![Just(2_u8), Just(4), Just(5)], 0..1000_u16, 0..1000_u16)),
            transaction in 0..1_u32 << 29,
            success: bool,
        ) {
            let code = code.and_then(ReplyCode::new);
            let enhanced = enhanced.map(|(class, subject, detail)| EnhancedCode { class, subject, detail });
            let mut it = Recipient::new(transaction, 7, 8);
            prop_assert_eq!((it.verdict(), it.code(), it.enhanced()), (Verdict::Pending, None, None));
            it.answered(Decision { success, code, enhanced, record: 9 });
            let verdict = if success { Verdict::Accepted } else { Verdict::Refused };
            prop_assert_eq!((it.verdict(), it.code(), it.enhanced(), it.decided), (verdict, code, enhanced, 9));
            it.decided(Decision { success: false, code: None, enhanced: None, record: 10 }, false);
            prop_assert_eq!((it.verdict(), it.code(), it.enhanced(), it.decided), (Verdict::Failed, code, None, 10));
            prop_assert_eq!((it.transaction(), it.exchange), (transaction, 7));
        }
    }
}
