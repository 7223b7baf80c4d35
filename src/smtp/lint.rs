//! Lint: what is wrong or odd in a line before it is sent, why, by which RFC, and the line mended.

use std::ops::Range;

use super::{Session, VerbTable};

/// How sure a lint is that the line will not do what its writer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Allowed, and worth knowing.
    Odd,
    /// The protocol does not allow it; some servers refuse it.
    Wrong,
}

/// One finding about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// A stable name, such as `space-before-colon`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: octets of the line.
    pub span: Range<usize>,
    /// Why, in one sentence.
    pub reason: String,
    /// The RFC and section, such as `RFC 5321 4.1.1.3`.
    pub reference: &'static str,
    /// The whole line mended of this and of every other finding that has a mending, where there is one.
    pub mended: Option<String>,
}

/// Looks at a command line (without its end) at this point of a session. Most severe first, then by place.
#[must_use]
pub fn lint(_line: &[u8], _session: &Session, _verbs: &VerbTable) -> Vec<Lint> {
    Vec::new()
}
