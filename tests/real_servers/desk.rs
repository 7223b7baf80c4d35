//! Somebody who talks to a real server: directories with a profile, `ehlo run` and the workbench.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::ground::{Ground, logged};
use crate::terminal::{Home, Terminal};

/// The password of dude on every server.
pub(crate) const PASSWORD: &str = "pass-word-of-noddy";
/// One that is dude's nowhere.
pub(crate) const WRONG: &str = "wrong-pony-of-noddy";

/// Where a server listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server {
    port: u16,
}

impl Server {
    pub(crate) fn at(port: u16) -> Self {
        Self { port }
    }

    /// Its place as a profile says it.
    pub(crate) fn lines(self) -> String {
        format!("host = \"127.0.0.1\"\nport = {}\n", self.port)
    }

    pub(crate) fn port(self) -> u16 {
        self.port
    }
}

/// A run without a screen.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
}

impl Ran {
    /// It ended so, and said these words.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.out);
        for words in words {
            assert!(self.out.contains(words), "no {words:?} in\n{}", self.out);
        }
    }
}

/// Somebody's directories, with a profile `real` for a server.
pub(crate) struct Desk {
    home: Home,
    /// Where the server logs, for when something fails.
    pub(super) place: PathBuf,
    /// The password or token that the profile's `{ env = "NODDY_PASSWORD" }` gives.
    secret: String,
}

impl Desk {
    /// A profile for this server; `more` is the rest of it, in which `{ca}` stands for the server's authority and
    /// `{place}` for its directory.
    pub(crate) fn new(ground: &Ground, server: Server, more: &str) -> Self {
        Self::with(ground, &format!("{}{more}", server.lines()))
    }

    /// The same with the whole of the profile.
    pub(crate) fn with(ground: &Ground, profile: &str) -> Self {
        let home = Home::new();
        let ca = ground.path("ca.pem");
        let text = profile.replace("{ca}", ca.to_str().unwrap()).replace("{place}", &ground.place());
        home.put("config/profiles/real.toml", &text);
        Self { home, place: ground.path(""), secret: PASSWORD.to_owned() }.knowing(PASSWORD).knowing(WRONG)
    }

    /// The same with another password, or a token.
    pub(crate) fn saying(mut self, secret: &str) -> Self {
        secret.clone_into(&mut self.secret);
        self.knowing(secret)
    }

    /// No file may hold this secret.
    fn knowing(self, secret: &str) -> Self {
        self.home.secret(secret);
        self
    }

    /// Puts a file beside the scripts.
    pub(crate) fn put(&self, name: &str, text: &str) {
        self.home.put(name, text);
    }

    /// Plays a script with `ehlo run`.
    pub(crate) fn plays(&self, script: &str) -> Ran {
        let path = self.home.put("script.smtp", script);
        let mut command = self.command("run");
        let output = command.arg(&path).args(["--target", "real", "--reply-timeout", "15s"]).output().unwrap();
        let out = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Ran { code: output.status.code(), out }
    }

    /// Plays the scripts that are shipped, by their names.
    pub(crate) fn plays_shipped(&self, names: &[&str]) -> Ran {
        let mut command = self.command("run");
        command.args(names.iter().map(|name| format!("example:{name}"))).args(["--target", "real", "--report", "tap"]);
        for var in ["ehlo=noddy.com", "from=dude@noddy.com", "to=dude@target.local"] {
            command.args(["--var", var]);
        }
        let output = command.output().unwrap();
        let out = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Ran { code: output.status.code(), out }
    }

    /// Runs the ready-made tests; gives their report, as JSON.
    pub(crate) fn probes(&self, arguments: &[&str]) -> Ran {
        let output = self.command("probe").args(["real", "--json"]).args(arguments).output().unwrap();
        Ran { code: output.status.code(), out: String::from_utf8_lossy(&output.stdout).into_owned() }
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
        command.arg(name).arg("--config").arg(self.home.path().join("config")).arg("--state").arg(self.home.state());
        command.env("XDG_DATA_HOME", self.home.path()).env("NODDY_PASSWORD", &self.secret).stdin(Stdio::null());
        command
    }

    /// Plays a script whose every expectation is met.
    #[track_caller]
    pub(crate) fn goes_through(&self, script: &str) -> String {
        let ran = self.plays(script);
        assert_eq!(
            ran.code,
            Some(0),
            "{}\nthe script was\n{script}\nthe server logged\n{}",
            ran.out,
            logged(&self.place)
        );
        ran.out
    }

    /// The workbench on this server, once it has greeted.
    pub(crate) fn sits_down(&self) -> Terminal {
        self.sits_at("220 ")
    }

    /// The workbench on this server, once it has said this.
    pub(crate) fn sits_at(&self, words: &str) -> Terminal {
        let mut terminal =
            Terminal::start_with(&self.home, &["real"], (120, 33), &[("NODDY_PASSWORD", self.secret.as_str())]);
        terminal.wait_for(words);
        terminal
    }

    /// The transcripts of the workbench and of `ehlo run`, one after the other.
    pub(crate) fn transcripts(&self) -> String {
        self.home.transcripts().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }
}

/// Leaves the workbench, whether or not the connection is still open.
#[track_caller]
pub(crate) fn leave(terminal: &mut Terminal) {
    terminal.keys("<C-q>");
    if terminal.is_within(std::time::Duration::from_secs(10), |screen| screen.contains("still open")) {
        terminal.answer("q");
    }
    assert!(terminal.exit().success());
}
