//! What a probe has found.

use super::Answer;

/// How much a finding weighs, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// It could not be told, and why.
    Unknown,
    /// Better otherwise.
    Low,
    /// To be mended.
    Medium,
    /// To be mended now.
    High,
}

impl Severity {
    /// All, heaviest first.
    pub const ALL: [Self; 6] = [Self::High, Self::Medium, Self::Low, Self::Unknown, Self::Note, Self::Good];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Unknown => "unknown",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// Whether something is to be mended: `ehlo probe` ends with 1 then.
    #[must_use]
    pub fn is_fault(self) -> bool {
        self >= Self::Medium
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The probe's name.
    pub probe: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What it is, in a line.
    pub title: String,
    /// What that means, in a few sentences; may be empty.
    pub words: String,
    /// Records of the whole log that show it, in order.
    pub evidence: Vec<usize>,
    /// What mends it, or what to do next; may be empty.
    pub cure: String,
    /// RFCs and sections.
    pub references: Vec<&'static str>,
}

impl Finding {
    /// A finding without anything to show for it yet.
    #[must_use]
    pub fn new(severity: Severity, title: impl Into<String>) -> Self {
        Self {
            probe: "",
            severity,
            title: title.into(),
            words: String::new(),
            evidence: Vec::new(),
            cure: String::new(),
            references: Vec::new(),
        }
    }

    /// With what it means.
    #[must_use]
    pub fn meaning(mut self, words: impl Into<String>) -> Self {
        self.words = words.into();
        self
    }

    /// With what mends it.
    #[must_use]
    pub fn cure(mut self, words: impl Into<String>) -> Self {
        self.cure = words.into();
        self
    }

    /// With an RFC and section.
    #[must_use]
    pub fn by(mut self, reference: &'static str) -> Self {
        self.references.push(reference);
        self
    }

    /// With these records to show for it.
    #[must_use]
    pub fn shown_by(mut self, records: impl IntoIterator<Item = usize>) -> Self {
        self.evidence.extend(records);
        self
    }

    /// With these answers to show for it.
    #[must_use]
    pub fn answered<'a>(self, answers: impl IntoIterator<Item = &'a Answer>) -> Self {
        let records: Vec<usize> = answers.into_iter().flat_map(|answer| answer.records.clone()).collect();
        self.shown_by(records)
    }
}
