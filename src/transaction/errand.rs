//! The errand: EHLO, STARTTLS, EHLO, AUTH as a target says, and then lines that were said before.

use crate::profile::{Auth, TlsMode};
use crate::smtp::sasl::{self, Around, Binding, Credentials, Exchange, Known, Proof};
use crate::smtp::{Class, Phase, Reply, Secret, Session, Verb};

use super::xclient::{Told, Xclient};

/// Who logs in, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user, with the password or token.
    pub who: Credentials,
    /// `auto` or a mechanism.
    pub mechanism: String,
    /// Mechanisms that show the secret are allowed without TLS.
    pub allow_plaintext: bool,
    /// Whether AUTH carries the first response, where it has room for it.
    pub initial_response: bool,
    /// What else the mechanism needs; its binding is set by [`Errand::bind`].
    pub around: Around,
}

impl Login {
    /// The login that a target asks for, with its secret.
    #[must_use]
    pub fn new(auth: &Auth, secret: Secret, around: Around) -> Self {
        Self {
            who: auth.credentials(secret),
            mechanism: auth.mechanism.clone(),
            allow_plaintext: auth.allow_plaintext,
            initial_response: auth.initial_response,
            around,
        }
    }
}

/// What an errand is to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The line to greet with: `EHLO name`, `LHLO name`, or `HELO name` where no EHLO is to be tried.
    pub greeting: Vec<u8>,
    /// What about TLS.
    pub tls: TlsMode,
    /// What XCLIENT says.
    pub xclient: Xclient,
    /// Who logs in, if anybody.
    pub login: Option<Login>,
    /// Lines that follow, each sent once the one before was accepted.
    pub then: Vec<Vec<u8>>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This line, once these secrets are known to whoever records it.
    Send {
        /// The line, without its end.
        line: Vec<u8>,
        /// What must not be recorded.
        learn: Vec<Secret>,
    },
    /// Nothing yet: the greeting or the handshake is due.
    Wait,
    /// The secret would go over an open line; in words. [`Errand::allow`] is the yes.
    Ask(String),
    /// All is done; in words.
    Done(String),
    /// It can't go on; why, in words.
    Stop(String),
}

/// What was sent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Greeting,
    Helo,
    Starttls,
    Xclient,
    Auth,
    Cancel,
    Then,
}

/// One errand under way.
pub struct Errand {
    plan: Plan,
    sent: Option<Step>,
    exchange: Option<Exchange>,
    /// `tls-server-end-point` of the connection, where it is known.
    end_point: Option<Vec<u8>>,
    /// EHLO was refused, and HELO taken instead.
    plain: bool,
    /// How many of the lines that follow were sent.
    said: usize,
    /// Why the login was given up.
    cancelled: Option<String>,
}

impl std::fmt::Debug for Errand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Errand").field("plan", &self.plan).field("sent", &self.sent).finish_non_exhaustive()
    }
}

impl Errand {
    /// An errand that begins.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let helo_only = plan.greeting.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"HELO"));
        Self { plan, sent: None, exchange: None, end_point: None, plain: helo_only, said: 0, cancelled: None }
    }

    /// An errand that takes over a login that somebody began by hand with this mechanism: `given` answers were sent, an
    /// initial response included. It ends with the login.
    ///
    /// # Errors
    /// The mechanism is not spoken here, or its answer must not go out on a line that is not encrypted; in words.
    pub fn within(login: Login, mechanism: &str, given: usize, session: &Session) -> Result<Self, String> {
        let known = sasl::known(mechanism);
        if !session.tls && !login.allow_plaintext && known.is_some_and(|known| known.shows_secret) {
            return Err(format!(
                "{mechanism} shows the password in clear text: * gives the login up, and STARTTLS encrypts the line first."
            ));
        }
        let exchange = sasl::mechanism(mechanism, &login.who, &login.around)
            .and_then(|mechanism| Exchange::within(mechanism, given))
            .map_err(|error| format!("{error}."))?;
        let plan = Plan {
            greeting: Vec::new(),
            tls: TlsMode::None,
            login: Some(login),
            then: Vec::new(),
            xclient: Xclient::default(),
        };
        Ok(Self { exchange: Some(exchange), ..Self::new(plan) })
    }

    /// What the TLS connection can be bound by (`tls-server-end-point`), before each question for what comes next.
    pub fn bind(&mut self, end_point: Option<Vec<u8>>) {
        self.end_point = end_point;
    }

    /// The secret may go over a line that is not encrypted.
    pub fn allow(&mut self) {
        if let Some(login) = &mut self.plan.login {
            login.allow_plaintext = true;
        }
    }

    /// Logs in with this mechanism, where somebody logs in.
    pub fn prefer(&mut self, mechanism: &str) {
        if let Some(login) = &mut self.plan.login {
            mechanism.clone_into(&mut login.mechanism);
        }
    }

    /// What comes next. To be asked only while no reply is awaited; `last` is the reply to the line that was sent last.
    pub fn next(&mut self, session: &Session, last: Option<&Reply>) -> Next {
        match self.sent.take().and_then(|step| self.judged(step, last)) {
            Some(words) => Next::Stop(words),
            None => self.going_on(session, last),
        }
    }

    /// Why the reply to this step ends the errand; nothing where it may go on.
    fn judged(&mut self, step: Step, last: Option<&Reply>) -> Option<String> {
        let Some(reply) = last else { return Some("No reply came; nothing more is sent by itself.".to_owned()) };
        let accepted = reply.class() == Class::Success;
        match step {
            Step::Cancel => return Some(self.cancelled.take().unwrap_or_default()),
            Step::Auth if reply.class() == Class::Intermediate => return None,
            Step::Auth if accepted => return self.unproven(reply),
            // A server from before EHLO: HELO is what it knows (RFC 5321 3.2).
            Step::Greeting if !accepted && self.may_fall_back(reply) => {
                self.plain = true;
                return None;
            }
            _ if accepted => return None,
            Step::Xclient if self.plan.xclient.forgiving => {
                self.plan.xclient.sayings.clear();
                return None;
            }
            _ => {}
        }
        let what = match step {
            Step::Greeting | Step::Helo => "the greeting",
            Step::Starttls => "STARTTLS",
            Step::Xclient => "XCLIENT",
            Step::Auth | Step::Cancel => "the login",
            Step::Then => "this line",
        };
        let code = reply.code().map_or_else(String::new, |code| format!(" ({})", code.number()));
        let complaint = self.exchange.as_ref().filter(|_| step == Step::Auth).and_then(Exchange::complaint);
        let why = complaint.map(|words| format!(": {words}")).unwrap_or_default();
        Some(format!("The server refused {what}{code}{why}; nothing more is sent by itself."))
    }

    /// Why a login that was accepted is not to be believed.
    fn unproven(&mut self, reply: &Reply) -> Option<String> {
        let text = reply.lines.last().map(|line| line.text().to_vec()).unwrap_or_default();
        let error = self.exchange.as_mut()?.finish(&text).err()?;
        Some(format!("Logged in, but {error}."))
    }

    fn may_fall_back(&self, reply: &Reply) -> bool {
        let unknown = reply.code().is_some_and(|code| matches!(code.number(), 500..=502 | 504));
        let ehlo = self.plan.greeting.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"EHLO"));
        unknown && ehlo && self.plan.tls != TlsMode::Require && self.plan.login.is_none()
    }

    fn going_on(&mut self, session: &Session, last: Option<&Reply>) -> Next {
        if session.turned_away {
            return stop("The server turned this connection away; QUIT, and try again later.");
        }
        match session.phase() {
            Phase::Connecting | Phase::Greeting | Phase::Handshake => Next::Wait,
            Phase::Closed | Phase::Quit => stop("The connection ended; connect again."),
            Phase::Data | Phase::Verdict | Phase::Bdat => stop("A message is under way; finish it first."),
            Phase::Auth => self.answer(last),
            Phase::Greeted => self.greet(),
            Phase::Mail | Phase::Rcpt if self.said == 0 => stop("A mail transaction is open; RSET drops it."),
            Phase::Ready if session.greeted_by == Some(Verb::Helo) && !self.plain => self.greet(),
            Phase::Ready | Phase::Mail | Phase::Rcpt => self.secure(session),
        }
    }

    fn greet(&mut self) -> Next {
        if self.plan.greeting.len() < 6 {
            return stop("There is no name to greet with: say EHLO by hand, or put ehlo = \"…\" in the profile.");
        }
        if self.plain {
            let mut line = self.plan.greeting.clone();
            line[..4].copy_from_slice(b"HELO");
            return self.send(Step::Helo, line, Vec::new());
        }
        self.send(Step::Greeting, self.plan.greeting.clone(), Vec::new())
    }

    fn secure(&mut self, session: &Session) -> Next {
        if self.plan.xclient.before_tls
            && let Some(next) = self.announce(session)
        {
            return next;
        }
        let wanted = matches!(self.plan.tls, TlsMode::Starttls | TlsMode::Require) && !session.tls;
        if !wanted || session.phase() != Phase::Ready {
            return self.announce(session).unwrap_or_else(|| self.log_in(session));
        }
        if session.capabilities.has("STARTTLS") {
            return self.send(Step::Starttls, b"STARTTLS".to_vec(), Vec::new());
        }
        if self.plan.tls == TlsMode::Require {
            return stop("The profile asks for TLS, and the server does not offer STARTTLS.");
        }
        self.announce(session).unwrap_or_else(|| self.log_in(session))
    }

    /// Says by XCLIENT who the client is to be; the greeting follows anew each time.
    fn announce(&mut self, session: &Session) -> Option<Next> {
        if session.phase() != Phase::Ready {
            return None;
        }
        match self.plan.xclient.next(session) {
            Told::Line(line) => Some(self.send(Step::Xclient, line, Vec::new())),
            Told::Nothing => None,
            Told::Never(words) => Some(Next::Stop(words)),
        }
    }

    /// Whether XCLIENT had to say something and could not.
    #[must_use]
    pub fn is_unannounced(&self) -> bool {
        self.plan.xclient.required && self.plan.xclient.is_left()
    }

    /// Whether nothing is left to be said by XCLIENT.
    #[must_use]
    pub fn has_announced(&self) -> bool {
        !self.plan.xclient.is_left()
    }

    fn log_in(&mut self, session: &Session) -> Next {
        let login = match &self.plan.login {
            Some(login) if session.authenticated.is_none() && session.phase() == Phase::Ready => login.clone(),
            _ => return self.go_on(session),
        };
        let offered = session.capabilities.mechanisms();
        if offered.is_empty() {
            return stop("The server offers no AUTH here, so there is no login; the line is ready otherwise.");
        }
        let known = match self.choice(&login, &offered) {
            Ok(known) => known,
            Err(words) => return Next::Stop(words),
        };
        if known.shows_secret && !session.tls && !login.allow_plaintext {
            return Next::Ask(in_clear_text(known, session));
        }
        let around = Around { binding: Binding::of(self.end_point.clone(), &offered), ..login.around };
        let mechanism = match sasl::mechanism(known.name, &login.who, &around) {
            Ok(mechanism) => mechanism,
            Err(error) => return Next::Stop(format!("{error}.")),
        };
        let (exchange, line, initial) = Exchange::begin(mechanism, login.initial_response);
        // Who one is (EXTERNAL) or says to be (ANONYMOUS) is no secret: masked, it would be missing everywhere else.
        let no_secret = matches!(known.name, "ANONYMOUS" | "EXTERNAL");
        let learn = [login.who.password].into_iter().chain(initial);
        let learn = learn.filter(|secret| !no_secret && !secret.expose().is_empty());
        self.exchange = Some(exchange);
        self.send(Step::Auth, line, learn.collect())
    }

    /// The mechanism to log in by.
    fn choice(&self, login: &Login, offered: &[String]) -> Result<&'static Known, String> {
        if !login.mechanism.eq_ignore_ascii_case("auto") {
            let unknown = || format!("{}.", sasl::SaslError::Unknown(login.mechanism.clone()));
            return sasl::known(&login.mechanism).ok_or_else(unknown);
        }
        let proof = login.who.proof;
        sasl::strongest(offered, proof, self.end_point.is_some()).ok_or_else(|| nothing_fits(proof, offered))
    }

    /// The answer to a challenge.
    fn answer(&mut self, last: Option<&Reply>) -> Next {
        let Some(exchange) = &mut self.exchange else {
            return stop("An answer within AUTH is due, and that is yours to give.");
        };
        let text = last.and_then(|reply| reply.lines.last()).map(|line| line.text().to_vec()).unwrap_or_default();
        match exchange.answer(&text) {
            Ok(response) => {
                let line = sasl::encode(&response).expose().to_vec();
                self.send(Step::Auth, line, Vec::new())
            }
            Err(error) => {
                self.cancelled = Some(format!("{error}."));
                self.send(Step::Cancel, b"*".to_vec(), Vec::new())
            }
        }
    }

    /// The lines that follow.
    fn go_on(&mut self, session: &Session) -> Next {
        if let Some(line) = self.plan.then.get(self.said).cloned() {
            self.said += 1;
            return self.send(Step::Then, line, Vec::new());
        }
        // Who is brought back to a mail transaction wants to hear of that first.
        let (ready, mut words) = match session.phase() {
            Phase::Mail => ("You are back where you were", vec!["MAIL is open".to_owned()]),
            Phase::Rcpt => ("You are back where you were", Vec::new()),
            _ => ("Ready", Vec::new()),
        };
        words.push(if session.tls { "encrypted" } else { "not encrypted" }.to_owned());
        if session.authenticated.is_some() {
            let user = self.plan.login.as_ref().map(|login| format!(" as {}", login.who.user)).unwrap_or_default();
            words.push(format!("logged in{user}"));
        }
        if session.accepted > 0 {
            words.insert(0, format!("recipients accepted: {}", session.accepted));
        }
        let xclient = &self.plan.xclient;
        if xclient.is_left() {
            words.push("XCLIENT is not offered, so the server sees your own address".to_owned());
        } else if !xclient.untold.is_empty() {
            words.push(format!("the server takes no {} from XCLIENT", xclient.untold.join(", ")));
        }
        Next::Done(format!("{ready}: {}.", words.join(", ")))
    }

    fn send(&mut self, step: Step, line: Vec<u8>, learn: Vec<Secret>) -> Next {
        self.sent = Some(step);
        Next::Send { line, learn }
    }
}

fn in_clear_text(known: &Known, session: &Session) -> String {
    let what = if known.proof == Proof::Token { "token" } else { "password" };
    let way = if session.capabilities.has("STARTTLS") {
        "STARTTLS first"
    } else {
        "the server offers no STARTTLS: another port may (587), or speak TLS from the first byte (465)"
    };
    format!("{} shows the {what}, and the line is not encrypted; {way}, or allow_plaintext = true.", known.name)
}

/// Why none of the offered mechanisms will do.
fn nothing_fits(proof: Proof, offered: &[String]) -> String {
    let all = offered.iter().map(|name| crate::smtp::escape::for_screen(name.as_bytes()));
    let all = all.collect::<Vec<_>>().join(", ");
    let others: Vec<&Known> = sasl::speakable(offered).collect();
    let wants = |proof| others.iter().any(|known| known.proof == proof);
    if proof != Proof::Token && wants(Proof::Token) {
        format!("The server offers {all}: it wants a token; put token = {{ … }} in place of the password into [auth].")
    } else if proof != Proof::Password && wants(Proof::Password) {
        format!("The server offers {all}: it wants a password; put password = {{ … }} into [auth].")
    } else if proof != Proof::Certificate && wants(Proof::Certificate) {
        format!("The server offers {all}: it wants a certificate; put client_cert and client_key into [tls].")
    } else {
        format!("ehlo speaks none of the mechanisms offered: {all}.")
    }
}

fn stop(words: &str) -> Next {
    Next::Stop(words.to_owned())
}

#[cfg(test)]
mod tests;
