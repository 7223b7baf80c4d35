//! The phases of a session's life.

/// Where a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    /// No connection, or one being made.
    #[default]
    Connecting,
    /// Connected; the greeting is awaited.
    Greeting,
    /// The greeting came; neither HELO nor EHLO yet, or TLS has just begun.
    Greeted,
    /// HELO, EHLO or LHLO was accepted; no mail transaction.
    Ready,
    /// MAIL was accepted; no recipient yet.
    Mail,
    /// At least one recipient was accepted.
    Rcpt,
    /// 354 came: message content is expected, up to the lone dot.
    Data,
    /// The lone dot was sent; the verdict is awaited.
    Verdict,
    /// A BDAT chunk was sent; more may follow.
    Bdat,
    /// A 334 is open: the answer of a SASL exchange is expected.
    Auth,
    /// STARTTLS was accepted: the handshake is due.
    Handshake,
    /// QUIT was accepted.
    Quit,
    /// The connection is closed.
    Closed,
}

impl Phase {
    /// All of them, in order of a session's life.
    pub const ALL: [Self; 13] = [
        Self::Connecting,
        Self::Greeting,
        Self::Greeted,
        Self::Ready,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Verdict,
        Self::Bdat,
        Self::Auth,
        Self::Handshake,
        Self::Quit,
        Self::Closed,
    ];

    /// Its name in files and expressions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Greeting => "greeting",
            Self::Greeted => "greeted",
            Self::Ready => "ready",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Verdict => "verdict",
            Self::Bdat => "bdat",
            Self::Auth => "auth",
            Self::Handshake => "handshake",
            Self::Quit => "quit",
            Self::Closed => "closed",
        }
    }

    /// The phase of this name. `connected` and `content`, as scenarios have them, are read too.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "connected" => Some(Self::Greeted),
            "content" => Some(Self::Data),
            _ => Self::ALL.into_iter().find(|phase| phase.name() == name),
        }
    }

    /// Whether a mail transaction is open.
    #[must_use]
    pub fn in_transaction(self) -> bool {
        matches!(self, Self::Mail | Self::Rcpt | Self::Data | Self::Verdict | Self::Bdat)
    }
}
