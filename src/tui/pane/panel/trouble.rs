//! What went wrong with a connection, where no reply says it: what happened, why, and what to press.

mod unheard;

use crate::conversation::event::Remark;
use crate::conversation::words::capital;
use crate::decode::{Does, Step};
use crate::smtp::Verb;
use crate::tui::action::Action;
use crate::tui::talk::Talk;

use super::tls;
use crate::conversation::connections::{Connection, Connections, remark};

use unheard::{closed_unheard, ended, unanswered_at};

/// What went wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trouble {
    /// In a few words, for one row.
    pub short: String,
    /// A headline.
    pub(super) title: String,
    /// What happened.
    pub(super) meaning: String,
    /// Why, most likely first; of a certificate every fault.
    pub(super) causes: Vec<String>,
    /// What to do next, best first.
    pub steps: Vec<Step>,
    /// The causes are known, not guessed.
    pub(super) certain: bool,
    /// The target that would fit, where the client named one.
    pub better: Option<String>,
    /// The certificate was not trusted: one may go on regardless.
    pub untrusted: bool,
    /// It is for other names than the one that was asked for: those.
    pub for_others: Option<Vec<String>>,
    /// The record of the EHLO that led to the STARTTLS before that; none under TLS from the first byte.
    pub greeting: Option<usize>,
}

impl Trouble {
    /// The trouble as of a record, unless a reply has come after it.
    pub(super) fn at(talk: &Talk, connections: &Connections, record: usize) -> Option<Self> {
        let (connection, look) = connections.at(record)?;
        let found = connection.trouble.filter(|trouble| *trouble <= record);
        let unanswered = || unanswered_at(talk, connection, record);
        let Some(found) = found else {
            let ended = || ended(talk, connection, record);
            return closed_unheard(talk, connection, record).or_else(unanswered).or_else(ended);
        };
        let remark = remark(&talk.log, Some(found))?;
        if remark.get("kind") == Some("flood") {
            // The end of the connection, or reading on, leaves it behind.
            let stopped = talk.flooded && connection.closed.is_none_or(|closed| closed > record);
            return if stopped { Some(flood(&remark)) } else { unanswered() };
        }
        if remark.word == "warning" && greeted(talk, connection, record) {
            return unanswered();
        }
        if remark.get("kind") == Some("silence")
            && connection.closed.is_none()
            && let Some(mut trouble) = unanswered()
        {
            trouble.prefer(remark.get("try"));
            return Some(trouble);
        }
        if remark.get("kind") == Some("silence")
            && let Some(mut trouble) = closed_unheard(talk, connection, record)
        {
            trouble.prefer(remark.get("try"));
            return Some(trouble);
        }
        let scene = Scene { talk, connection, look, remark: &remark };
        let mut trouble = scene.trouble();
        trouble.better = remark.get("try").map(str::to_owned);
        Some(trouble)
    }

    /// What stands of it in an exam: that it went wrong, and how one goes on. Why is the student's to say.
    pub(super) fn unexplained(mut self) -> Self {
        const GOES_ON: [Action; 4] = [Action::Reconnect, Action::Connect, Action::TlsRegardless, Action::ReadOn];
        let goes_on = |step: &Step| match &step.does {
            Does::Action(name, None) => GOES_ON.iter().any(|action| action.entry().name == *name),
            _ => false,
        };
        "This is an exam: why is yours to say.".clone_into(&mut self.meaning);
        self.causes.clear();
        self.steps.retain(goes_on);
        self.better = None;
        self
    }

    /// Puts the way that fits better before everything else: what is said of it elsewhere names the first step.
    fn prefer(&mut self, target: Option<&str>) {
        self.better = target.map(str::to_owned);
        let Some(target) = target else { return };
        let connects =
            |step: &Step| matches!(&step.does, Does::Action(_, argument) if argument.as_deref() == Some(target));
        match self.steps.iter().position(connects) {
            Some(at) => self.steps[..=at].rotate_right(1),
            None => self.steps.insert(0, step("connect in the way that fits better", Action::Connect, Some(target))),
        }
    }

    /// The number of the step that does this action, from 1.
    #[must_use]
    pub fn step_that(&self, does: Action) -> Option<usize> {
        let name = does.entry().name;
        self.steps.iter().position(|step| matches!(&step.does, Does::Action(n, _) if n == name)).map(|at| at + 1)
    }
}

/// Whether a reply with a code came on this connection.
fn greeted(talk: &Talk, connection: &Connection, record: usize) -> bool {
    let exchanges = talk.dialogue.exchanges();
    let first = super::moment::before_record(exchanges, connection.from);
    let own = exchanges[first..].iter().take_while(|exchange| exchange.start() <= record);
    own.take(8).any(|exchange| exchange.code.is_some() && exchange.reply().is_some_and(|r| *r.end() <= record))
}

fn step(text: &str, does: Action, argument: Option<&str>) -> Step {
    let does = Does::Action(does.entry().name.to_owned(), argument.map(str::to_owned));
    Step { text: text.to_owned(), does }
}

fn advice(text: &str) -> Step {
    Step { text: text.to_owned(), does: Does::Advice }
}

fn again() -> Step {
    step("try the same again", Action::Reconnect, None)
}

fn elsewhere() -> Step {
    step("connect elsewhere", Action::Connect, None)
}

fn words(of: &[&str]) -> Vec<String> {
    of.iter().map(|text| (*text).to_owned()).collect()
}

/// The server sent so much that reading has stopped.
fn flood(said: &Remark) -> Trouble {
    let steps = vec![step("read on, as much again", Action::ReadOn, None), again(), elsewhere()];
    Trouble {
        short: "reading has stopped: the server does not".to_owned(),
        title: "Reading has stopped: the server does not".to_owned(),
        meaning: format!("{}.", capital(said.bare(0).unwrap_or("the server sent too much"))),
        causes: words(&["the server is broken, or means harm", "this is no mail server"]),
        steps,
        ..Trouble::default()
    }
}

/// What is known of the connection that failed.
struct Scene<'a> {
    talk: &'a Talk,
    connection: &'a Connection,
    look: Option<&'a Connection>,
    remark: &'a Remark,
}

impl Scene<'_> {
    fn trouble(&self) -> Trouble {
        match self.remark.get("kind") {
            Some("tls") if self.look.is_some() => self.untrusted(),
            Some("tls") if self.remark.get("try").is_some() => self.clear_text(),
            Some("tls") => self.handshake(),
            Some("mode") => self.mode(),
            Some("silence") => self.silence(),
            Some("refused") => self.refused(),
            Some("name") => self.name(),
            Some("proxy") => self.proxy(),
            Some("time-out") if self.connection.connected.is_some() => self.late(),
            Some("time-out") => self.unanswered(),
            Some("network") => self.unreachable(),
            _ => self.with("The connection ended", "the connection ended", &[], vec![again(), elsewhere()]),
        }
    }

    /// What the remark itself says.
    fn said(&self) -> String {
        let bare = self.remark.values.iter().filter(|(key, _)| key.is_none()).map(|(_, value)| value.as_str());
        let said = bare.collect::<Vec<_>>().join(" ");
        if said.is_empty() { self.remark.to_string() } else { capital(&said) }
    }

    fn with(&self, title: &str, short: &str, causes: &[&str], steps: Vec<Step>) -> Trouble {
        Trouble {
            short: short.to_owned(),
            title: title.to_owned(),
            meaning: self.said(),
            causes: words(causes),
            steps,
            ..Trouble::default()
        }
    }

    /// Host and port as dialled.
    fn place(&self) -> Option<(String, u16)> {
        let connecting = remark(&self.talk.log, self.connection.connecting)?;
        let (host, port) = connecting.bare(0)?.rsplit_once(':')?;
        Some((host.to_owned(), port.parse().ok()?))
    }

    /// A step to the port that is meant where this one was: submission for delivery, delivery for anything else.
    fn other_port(&self) -> Option<Step> {
        let (host, port) = self.place()?;
        let (text, other) = match port {
            25 => ("try submission instead", 587),
            _ => ("try the port of mail exchangers", 25),
        };
        Some(step(text, Action::Connect, Some(&format!("{host}:{other}"))))
    }

    fn better(&self, text: &str) -> Vec<Step> {
        self.remark.get("try").map(|target| step(text, Action::Connect, Some(target))).into_iter().collect()
    }

    fn untrusted(&self) -> Trouble {
        let faults = tls::faults(self.talk, self.connection, self.look);
        let name = tls::asked_for(self.talk, self.look).unwrap_or_else(|| "the server".to_owned());
        let mut steps = Vec::new();
        let has = |what: &str| faults.iter().any(|fault| fault.contains(what));
        let for_others = has("is not for").then(|| self.names());
        if for_others.is_some() {
            steps.push(step("say in the profile for which name it has to be", Action::VerifyAs, None));
        }
        if has("issuer is not known") || has("self-signed") {
            steps.push(step("name its authority in the profile, if you know it", Action::Trust, None));
        }
        steps.push(step("go on regardless, this connection only", Action::TlsRegardless, None));
        steps.push(step("look at the certificate", Action::TlsTab, None));
        if has("expired") {
            steps.push(advice("tell the server's owner that it has expired"));
        }
        // Nobody vouches for that name: it comes last, and is confirmed as any other host.
        if let Some(target) = for_others.as_ref().and_then(|names| self.by_another_name(names)) {
            steps.push(step("connect by a name that it is for", Action::Connect, Some(&target)));
        }
        let mut trouble =
            self.with("Not secured: the certificate is not trusted", "certificate not trusted", &[], steps);
        trouble.meaning =
            format!("{name} showed a certificate that does not prove who it is. Nothing was sent under it.");
        trouble.certain = !faults.is_empty();
        trouble.causes = if faults.is_empty() { vec![self.said()] } else { faults };
        trouble.untrusted = true;
        trouble.for_others = for_others;
        trouble.greeting = self.greeting();
        trouble
    }

    fn greeting(&self) -> Option<usize> {
        let exchanges = self.talk.dialogue.exchanges();
        let place = |record| super::moment::before_record(exchanges, record);
        let own = exchanges.get(place(self.connection.from)..place(self.connection.trouble?))?;
        own.iter().rfind(|x| matches!(x.verb, Verb::Ehlo | Verb::Lhlo | Verb::Helo))?.command()
    }

    /// The names that the certificate is for.
    fn names(&self) -> Vec<String> {
        let leaf = self.look.and_then(|look| tls::chain(self.talk, look).into_iter().next().flatten());
        leaf.map(|leaf| leaf.names).unwrap_or_default()
    }

    /// A target with one of these names.
    fn by_another_name(&self, names: &[String]) -> Option<String> {
        let name = names.iter().find(|name| !name.contains('*') && name.contains('.'))?;
        let (_, port) = self.place()?;
        let scheme = if greeted(self.talk, self.connection, self.connection.trouble?) { "smtp" } else { "smtps" };
        Some(format!("{scheme}://{name}:{port}"))
    }

    fn clear_text(&self) -> Trouble {
        let mut steps = self.better("connect in clear text, then STARTTLS");
        steps.push(elsewhere());
        let mut trouble =
            self.with("This port speaks clear text first", "this port speaks clear text first", &[], steps);
        trouble.causes = vec![
            "an SMTP greeting came where ehlo began with TLS: here the line is secured later, by STARTTLS".to_owned(),
        ];
        trouble.certain = true;
        trouble
    }

    fn handshake(&self) -> Trouble {
        let said = self.said();
        let causes = if said.contains("certificate of the client") || said.contains("certificate that was shown to it")
        {
            [
                "the server lets in only clients with a certificate of an authority that it trusts",
                "the certificate is another user's, has expired, or was issued by another authority",
                "its key does not belong to it",
            ]
        } else if said.contains("min_version") {
            [
                "the profile and the server have no version of TLS in common",
                "the server is old, and speaks nothing newer",
                "the server is new, and speaks nothing older any more",
            ]
        } else if said.contains("(alert 80)") {
            [
                "the server's own TLS is not in order: a key or certificate that it can't use; its log says more",
                "it offers STARTTLS all the same, so every client meets this",
                "it is out of memory, or of something else that it needs",
            ]
        } else {
            [
                "the server and ehlo have no TLS version or cipher in common",
                "the server has no certificate for this name, or asks for one of yours",
                "something in between ends what it can't read",
            ]
        };
        let in_the_middle = self.connection.trouble.is_some_and(|trouble| greeted(self.talk, self.connection, trouble));
        let first = if in_the_middle {
            step("connect again, and go on without STARTTLS", Action::Reconnect, None)
        } else {
            again()
        };
        let mut steps = vec![first, step("see how far it came", Action::TlsTab, None), elsewhere()];
        if said.contains("the profile's [tls]") {
            steps.insert(0, advice("change the profile on the start screen, under TLS, and connect again"));
        }
        self.with("Not secured: the TLS handshake failed", "the TLS handshake failed", &causes, steps)
    }

    fn mode(&self) -> Trouble {
        let better = self.better("connect with TLS from the first byte");
        if better.is_empty() {
            let steps = self.other_port().into_iter().chain([elsewhere()]).collect();
            return self.with("This is no mail server", "this is no mail server", &["the port is another's"], steps);
        }
        let short = "this port speaks TLS from the first byte";
        let steps = better.into_iter().chain([elsewhere()]).collect();
        let mut trouble = self.with("This port speaks TLS from the first byte", short, &[], steps);
        trouble.causes = vec![
            "a TLS record came where ehlo waited for a greeting: here everything is under TLS (port 465)".to_owned(),
        ];
        trouble.certain = true;
        trouble
    }

    fn silence(&self) -> Trouble {
        let causes = [
            "it waits on purpose, to see whether you talk before it does",
            "it speaks TLS from the first byte (port 465) and waits for you to begin",
            "it is busy, or looks up your address",
        ];
        let mut steps = vec![advice("wait: a greeting may take up to 5 minutes")];
        steps.splice(0..0, self.better("connect with TLS from the first byte"));
        steps.push(elsewhere());
        self.with("The server says nothing", "no greeting yet", &causes, steps)
    }

    fn refused(&self) -> Trouble {
        let causes = [
            "the server listens on another port: 25 between mail servers, 587 and 465 for submission",
            "it is not running, or about to start",
            "a firewall refuses in its place",
        ];
        let steps = std::iter::once(again()).chain(self.other_port()).chain([elsewhere()]).collect();
        // The transcript has it in the system's words, and the headline says the same.
        let mut trouble = self.with("No connection: nothing listens there", "nothing listens there", &causes, steps);
        trouble.meaning.clear();
        trouble
    }

    /// The words of the client name the cure.
    fn proxy(&self) -> Trouble {
        let steps = vec![again(), advice("mend the proxy in the profile, under the network's fields"), elsewhere()];
        self.with("No connection: the proxy did not make one", "the proxy made no connection", &[], steps)
    }

    fn name(&self) -> Trouble {
        let causes = [
            "the name is misspelt",
            "it is a domain whose mail goes to other hosts, its mail exchangers",
            "no name server answers: the network may be down",
        ];
        // A file goes by a name of its own.
        let dialled = self.place().map(|(host, _)| host);
        let target = self.talk.target.as_deref().map(|target| target.trim_start_matches("smtp://").to_owned());
        let name = dialled.or(target).unwrap_or_else(|| self.talk.name.clone());
        let host = name.split(':').next().unwrap_or_default();
        let domain = host.contains('.') && !host.contains('/') && host.parse::<std::net::IpAddr>().is_err();
        let exchangers =
            domain.then(|| step("ask for the domain's mail exchangers", Action::Connect, Some(&format!("mx:{host}"))));
        let steps = exchangers.into_iter().chain([again(), elsewhere()]).collect();
        self.with("No connection: the name leads nowhere", "the name leads nowhere", &causes, steps)
    }

    fn unanswered(&self) -> Trouble {
        let causes = [
            "a firewall on the way drops what you send; many networks let nobody out to port 25",
            "the host is down, or the address is not its own any more",
        ];
        let steps = std::iter::once(again()).chain(self.other_port()).chain([elsewhere()]).collect();
        self.with("No connection: nobody answers", "nobody answers", &causes, steps)
    }

    fn late(&self) -> Trouble {
        let causes = ["the server is overloaded, or stuck", "something in between holds the data back"];
        self.with("The server took too long", "the server took too long", &causes, vec![again(), elsewhere()])
    }

    fn unreachable(&self) -> Trouble {
        let causes =
            ["no way leads there from this machine: no network, no IPv6, or no tunnel to it", "the address is wrong"];
        self.with("No connection: there is no way there", "there is no way there", &causes, vec![again(), elsewhere()])
    }
}
