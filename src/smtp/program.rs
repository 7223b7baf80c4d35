//! Words for the programs with which people connect by hand: typed at a shell or at such a program's prompt, and no
//! commands of SMTP.

/// What such a word is followed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// The place to connect to: `telnet HOST 25`.
    Place,
    /// Options that say where: `openssl s_client -connect HOST:25`.
    Options,
    /// Something else: it is said to a program that runs, such as telnet's `set`.
    Setting,
}

/// The words, in small letters.
const WORDS: [(&str, Wants); 13] = [
    ("telnet", Wants::Place),
    ("open", Wants::Place),
    ("nc", Wants::Place),
    ("ncat", Wants::Place),
    ("netcat", Wants::Place),
    ("openssl", Wants::Options),
    ("swaks", Wants::Options),
    ("socat", Wants::Options),
    ("ssh", Wants::Options),
    ("connect", Wants::Setting),
    ("set", Wants::Setting),
    ("unset", Wants::Setting),
    ("display", Wants::Setting),
];

/// The word as the table has it and what follows it, where it is one of these, in any case.
#[must_use]
pub fn word(typed: &str) -> Option<(&'static str, Wants)> {
    WORDS.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(typed))
}
