//! What a behaviour is: what the peer does, what the user types, what is to be seen.

use std::sync::Arc;

use super::wire::{Conduct, Wire};

/// What a well-behaved user types, line by line, and what the screen shows once a line is answered.
const CLASSIC: [(&str, &str); 6] = [
    ("EHLO me.example", "250 SIZE 1000"),
    ("MAIL FROM:<dude@me.example>", "sender taken"),
    ("RCPT TO:<other@hostile.example>", "recipient taken"),
    ("DATA", "354 go on"),
    ("Subject: test", "-| Subject: test"),
    (".", "message taken"),
];

/// Where in the conversation a behaviour begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    Greeting,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    Content,
    Starttls,
    Auth,
}

impl At {
    /// Each with its word for names and what the client sends there; in the order of a conversation.
    pub(crate) const ALL: [(Self, &str, &str); 8] = [
        (Self::Greeting, "the greeting", ""),
        (Self::Ehlo, "EHLO", "EHLO"),
        (Self::Mail, "MAIL", "MAIL"),
        (Self::Rcpt, "RCPT", "RCPT"),
        (Self::Data, "DATA", "DATA"),
        (Self::Content, "the final dot", "."),
        (Self::Starttls, "STARTTLS", "STARTTLS"),
        (Self::Auth, "AUTH", "AUTH"),
    ];

    /// What is typed to get there, the last line without what it is answered by.
    fn lines(self) -> Vec<(String, String)> {
        let count = match self {
            Self::Greeting => 0,
            Self::Ehlo | Self::Starttls | Self::Auth => 1,
            Self::Mail => 2,
            Self::Rcpt => 3,
            Self::Data => 4,
            Self::Content => 6,
        };
        let mut lines: Vec<_> = CLASSIC[..count].iter().map(|(line, then)| ((*line).into(), (*then).into())).collect();
        match self {
            Self::Starttls => lines.push(("STARTTLS".to_owned(), String::new())),
            Self::Auth => lines.push((format!("AUTH PLAIN {SECRET}"), String::new())),
            _ => {}
        }
        if let Some((_, then)) = lines.last_mut() {
            then.clear();
        }
        lines
    }
}

/// A login in base64; its password, plain.
pub(crate) const SECRET: &str = "AGR1ZGUAaHVzaC1odXNo";
pub(crate) const PASSWORD: &str = "hush-hush";

/// One behaviour of a peer, and what is to come of it.
#[derive(Clone)]
pub(crate) struct Behaviour {
    pub(crate) name: String,
    pub(crate) conduct: Conduct,
    /// TLS from the first byte.
    pub(crate) implicit: bool,
    /// What is typed, in order, and what the screen is to show before the next line.
    pub(crate) lines: Vec<(String, String)>,
    /// What the screen is to show in the end, all at once: what happened, and the next step.
    pub(crate) shows: Vec<String>,
    /// What neither screen nor file nor output may hold in the end.
    pub(crate) never: Vec<String>,
    /// The exit status of `ehlo run`, and a part of its line on standard error.
    pub(crate) exit: (i32, String),
    /// The script, where it is not what is typed.
    pub(crate) script: Option<String>,
    /// For each reply and for a handshake.
    pub(crate) timeout: &'static str,
}

/// A behaviour that begins with the connection and that nothing is typed at.
pub(crate) fn peer(name: impl Into<String>, conduct: impl Fn(&mut Wire) + Send + Sync + 'static) -> Behaviour {
    Behaviour {
        name: name.into(),
        conduct: Arc::new(conduct),
        implicit: false,
        lines: Vec::new(),
        shows: Vec::new(),
        never: Vec::new(),
        exit: (0, String::new()),
        script: None,
        timeout: "30s",
    }
}

impl Behaviour {
    /// It shows itself here: the classic conversation is typed up to this.
    pub(crate) fn at(mut self, at: At) -> Self {
        self.lines = at.lines();
        self
    }

    /// Types this line too, once the screen shows that.
    pub(crate) fn types(mut self, once: &str, line: &str) -> Self {
        if let Some((_, then)) = self.lines.last_mut() {
            once.clone_into(then);
        }
        self.lines.push((line.to_owned(), String::new()));
        self
    }

    /// The screen shows these in the end.
    pub(crate) fn shows(mut self, words: &[&str]) -> Self {
        self.shows = words.iter().map(|words| (*words).to_owned()).collect();
        self
    }

    /// Neither screen nor file nor output may hold these.
    pub(crate) fn never(mut self, words: &[&str]) -> Self {
        self.never = words.iter().map(|words| (*words).to_owned()).collect();
        self
    }

    /// `ehlo run` exits with this status and says this on standard error.
    pub(crate) fn exits(mut self, status: i32, words: &str) -> Self {
        self.exit = (status, words.to_owned());
        self
    }

    /// Waits this long for a reply.
    pub(crate) fn within(mut self, timeout: &'static str) -> Self {
        self.timeout = timeout;
        self
    }

    /// `ehlo run` plays this.
    pub(crate) fn plays(mut self, script: &str) -> Self {
        self.script = Some(script.to_owned());
        self
    }

    /// TLS from the first byte.
    pub(crate) fn implicit(mut self) -> Self {
        self.implicit = true;
        self
    }

    /// The profile that leads to it.
    pub(crate) fn profile(&self, port: u16) -> String {
        let mode = if self.implicit { "implicit" } else { "starttls" };
        let timeout = self.timeout;
        // A password by hand over an open line is asked about otherwise.
        let logs_in = self.lines.iter().any(|(line, _)| line.starts_with("AUTH"));
        let auth = if logs_in { "[auth]\nuser = \"dude\"\nallow_plaintext = true\n" } else { "" };
        format!(
            "host = \"127.0.0.1\"\nport = {port}\n[identity]\nehlo = \"me.example\"\nfrom = \"dude@me.example\"\n\
             to = [\"other@hostile.example\"]\n[tls]\nmode = \"{mode}\"\n\
             [network]\nconnect_timeout = \"{timeout}\"\nreply_timeout = \"{timeout}\"\n{auth}"
        )
    }

    /// What is typed, as a script.
    pub(crate) fn script(&self) -> String {
        if let Some(script) = &self.script {
            return script.clone();
        }
        let mut content = false;
        let mut script = String::new();
        for (line, _) in &self.lines {
            let mark = if content && line != "." { '|' } else { '>' };
            content = line == "DATA" || content && line != ".";
            script.extend([mark, ' ']);
            script.push_str(line);
            script.push('\n');
        }
        if script.is_empty() { "> NOOP\n".to_owned() } else { script }
    }
}
