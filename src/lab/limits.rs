//! How much one lab, or one student's arena of a class, may hold. What goes beyond makes the oldest give way, or is
//! refused; it never touches anybody else's.

/// The limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sessions whose records are kept; the oldest go first.
    pub sessions: usize,
    /// Octets of memory that one session's record may take.
    pub record: usize,
    /// Octets of mail that are kept; the oldest go first.
    pub mail: usize,
    /// Messages that are kept; the oldest go first.
    pub messages: usize,
    /// Octets of content that all sessions together may hold before it is accepted.
    pub in_flight: u64,
    /// Octets that all sessions together may send before they are turned away.
    pub octets: u64,
    /// Notices that wait for a slow reader.
    pub notices: usize,
}

impl Limits {
    /// A lab that has the process for itself.
    pub const LAB: Self = Self {
        sessions: 500,
        record: 512 << 10,
        mail: 64 << 20,
        messages: 10_000,
        in_flight: 512 << 20,
        octets: u64::MAX,
        notices: 1024,
    };

    /// One student of a class: many more than a lesson needs, and a class of 500 still fits into the memory.
    pub const STUDENT: Self = Self {
        sessions: 40,
        record: 96 << 10,
        mail: 2 << 20,
        messages: 200,
        in_flight: 4 << 20,
        octets: 64 << 20,
        notices: 4,
    };
}
