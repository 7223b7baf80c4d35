//! *Make ready* for a run without a screen: an errand as the runner's guide, as far as it is to go.

use crate::profile::TlsMode;
use crate::script::{Cause, Guide, Guided};
use crate::smtp::{Class, Command, Phase, Reply, Session, Verb};

use super::errand::{Errand, Next, Plan};

/// Where a transaction stops, after the reply to this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// The greeting.
    Greeting,
    /// The first EHLO.
    FirstEhlo,
    /// The TLS handshake, or where it would have been.
    Tls,
    /// The EHLO after it.
    Ehlo,
    /// XCLIENT, or where it would have been.
    Xclient,
    /// The login, or where it would have been.
    Auth,
    /// MAIL.
    Mail,
    /// The last RCPT.
    Rcpt,
    /// DATA: no message follows.
    Data,
    /// The final dot.
    Dot,
}

impl Point {
    /// The names of the points, as swaks has them too.
    const NAMES: [(&'static str, Self); 21] = [
        ("BANNER", Self::Greeting),
        ("CONNECT", Self::Greeting),
        ("FIRST-HELO", Self::FirstEhlo),
        ("FIRST-EHLO", Self::FirstEhlo),
        ("FIRST-LHLO", Self::FirstEhlo),
        ("TLS", Self::Tls),
        ("STARTTLS", Self::Tls),
        ("HELO", Self::Ehlo),
        ("EHLO", Self::Ehlo),
        ("LHLO", Self::Ehlo),
        ("XCLIENT", Self::Xclient),
        ("AUTH", Self::Auth),
        ("MAIL", Self::Mail),
        ("FROM", Self::Mail),
        ("RCPT", Self::Rcpt),
        ("TO", Self::Rcpt),
        ("DATA", Self::Data),
        ("DOT", Self::Dot),
        ("END-OF-DATA", Self::Dot),
        ("GREETING", Self::Greeting),
        ("LOGIN", Self::Auth),
    ];

    /// The point of this name, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, point)| *point)
    }
}

/// What it means that a login does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lenient {
    /// No mail.
    #[default]
    Never,
    /// No mail, unless the server offers none of the mechanisms that were named, or no login at all where none was.
    WhereNotOffered,
    /// It goes on without.
    Always,
}

/// EHLO, STARTTLS, EHLO and AUTH as a target and the server have it.
#[derive(Debug)]
pub struct Ready {
    errand: Errand,
    tls: TlsMode,
    logs_in: bool,
    /// Where it stops, where that comes before the end.
    stop: Option<Point>,
    /// It stops by closing once the line of that point has gone out, without waiting for the reply.
    unanswered: bool,
    lenient: Lenient,
    /// The mechanisms to choose from, the preferred first; all where there are none.
    mechanisms: Vec<String>,
    /// The verb that was sent last.
    sent: Option<Verb>,
    greetings: u32,
}

impl Ready {
    /// One that begins; it stops after `stop` where that comes before the end.
    #[must_use]
    pub fn new(plan: Plan, stop: Option<Point>) -> Self {
        let (tls, logs_in) = (plan.tls, plan.login.is_some());
        Self {
            errand: Errand::new(plan),
            tls,
            logs_in,
            stop,
            unanswered: false,
            lenient: Lenient::default(),
            mechanisms: Vec::new(),
            sent: None,
            greetings: 0,
        }
    }

    /// With these mechanisms to choose from, the preferred first, and what it means that the login does not work.
    #[must_use]
    pub fn with_login(self, mechanisms: Vec<String>, lenient: Lenient) -> Self {
        Self { lenient, mechanisms, ..self }
    }

    /// Where it stops it closes, without waiting for the reply to the line that was to be the last.
    #[must_use]
    pub fn closing_unanswered(self, unanswered: bool) -> Self {
        Self { unanswered, ..self }
    }

    /// Whether this line is the one after which it closes at once.
    fn is_last(&self, verb: Verb, session: &Session) -> bool {
        let greets = matches!(verb, Verb::Ehlo | Verb::Lhlo | Verb::Helo);
        let secured = session.tls || self.tls == TlsMode::None;
        self.unanswered
            && match self.stop {
                Some(Point::FirstEhlo) => greets,
                Some(Point::Tls) => verb == Verb::Starttls,
                Some(Point::Ehlo) => greets && secured,
                Some(Point::Xclient) => verb == Verb::Xclient,
                Some(Point::Auth) => verb == Verb::Auth,
                _ => false,
            }
    }

    /// Of the mechanisms that were named the first that is offered.
    fn choose(&mut self, session: &Session) {
        let offered = session.capabilities.mechanisms();
        let found = self.mechanisms.iter().find(|name| offered.iter().any(|o| o.eq_ignore_ascii_case(name)));
        if let Some(name) = found.or(self.mechanisms.first()) {
            self.errand.prefer(name);
        }
    }

    /// Whether the server offers one of the mechanisms that were named, or any at all where none was.
    fn is_offered(&self, session: &Session) -> bool {
        let offered = session.capabilities.mechanisms();
        if self.mechanisms.is_empty() {
            return !offered.is_empty();
        }
        self.mechanisms.iter().any(|name| offered.iter().any(|o| o.eq_ignore_ascii_case(name)))
    }

    /// Whether it goes on although there is no login.
    fn forgives(&self, cause: Cause, session: &Session) -> bool {
        let tried = matches!(self.sent, Some(Verb::Auth | Verb::Other));
        cause == Cause::Authentication
            && match self.lenient {
                Lenient::Never => false,
                // That it is offered and can't be taken is no reason to go on without.
                Lenient::WhereNotOffered => !tried && !self.is_offered(session),
                Lenient::Always => true,
            }
    }

    /// It can't log in: the end, or on without.
    fn without_login(&self, words: String, session: &Session) -> Guided {
        if self.forgives(Cause::Authentication, session) {
            return Guided::Done;
        }
        Guided::Stop(Cause::Authentication, words)
    }

    /// Why nothing is to be sent as AUTH: mechanisms were named, and the server offers others only.
    fn offers_others(&self, session: &Session) -> Option<String> {
        let begins = session.phase() == Phase::Ready && !self.mechanisms.is_empty();
        (begins && !self.is_offered(session)).then(|| {
            let offered = session.capabilities.mechanisms().join(", ");
            format!(
                "The server does not offer {} to log in by, but {}; --auth without a list takes the strongest.",
                self.mechanisms.join(" or "),
                crate::smtp::escape::for_screen(offered.as_bytes())
            )
        })
    }

    /// Whether this line lies beyond the point to stop at.
    fn is_beyond(&self, verb: Verb, session: &Session, last: Option<&Reply>) -> bool {
        let greeted = self.greetings > 0 && last.is_none_or(|reply| reply.class() == Class::Success);
        match self.stop {
            Some(Point::Greeting) => true,
            Some(Point::FirstEhlo) => greeted,
            Some(Point::Tls) => session.tls || (greeted && verb != Verb::Starttls),
            Some(Point::Ehlo) => verb == Verb::Auth,
            Some(Point::Xclient) => {
                verb == Verb::Auth || (self.sent == Some(Verb::Xclient) && self.errand.has_announced())
            }
            _ => false,
        }
    }

    /// What it means that nothing can come after.
    fn cause(&self, session: &Session, last: Option<&Reply>) -> Cause {
        let refused = last.is_some_and(|reply| reply.class().is_refusal());
        let unsafe_line = self.tls == TlsMode::Require && !session.tls;
        match self.sent {
            _ if session.turned_away => Cause::Refused,
            Some(Verb::Xclient) => Cause::Refused,
            Some(Verb::Starttls) => Cause::Tls,
            Some(Verb::Auth | Verb::Other) => Cause::Authentication,
            _ if refused => Cause::Refused,
            _ if unsafe_line => Cause::Tls,
            _ if self.errand.is_unannounced() => Cause::Refused,
            _ if self.logs_in => Cause::Authentication,
            _ => Cause::Refused,
        }
    }
}

impl Guide for Ready {
    fn next(&mut self, session: &Session, last: Option<&Reply>) -> Guided {
        if self.stop == Some(Point::Greeting) {
            return Guided::Done;
        }
        self.choose(session);
        match self.errand.next(session, last) {
            Next::Send { line, learn } => {
                let verb = Command::parse(&line).verb;
                if self.is_beyond(verb, session, last) {
                    return Guided::Done;
                }
                if verb == Verb::Auth
                    && let Some(words) = self.offers_others(session)
                {
                    return self.without_login(words, session);
                }
                let last_of_all = self.is_last(verb, session);
                self.greetings += u32::from(matches!(verb, Verb::Ehlo | Verb::Lhlo | Verb::Helo));
                self.sent = Some(verb);
                if last_of_all { Guided::Close { line, learn } } else { Guided::Send { line, learn } }
            }
            Next::Done(_) => Guided::Done,
            Next::Ask(_) if self.is_beyond(Verb::Auth, session, last) => Guided::Done,
            Next::Ask(words) => self.without_login(self.offers_others(session).unwrap_or(words), session),
            Next::Wait => Guided::Stop(Cause::Protocol, "the server has not greeted".to_owned()),
            Next::Stop(words) => match self.cause(session, last) {
                cause if self.forgives(cause, session) => Guided::Done,
                cause => Guided::Stop(cause, words),
            },
        }
    }

    fn bind(&mut self, end_point: Option<Vec<u8>>) {
        self.errand.bind(end_point);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::reply::{LineEnd, ReplyLine};
    use crate::smtp::sasl::{Around, Credentials};
    use crate::smtp::session::{Awaited, Sent};
    use crate::transaction::{Login, Xclient};

    fn reply(text: &str) -> Reply {
        let mut reply = Reply::default();
        for line in text.lines() {
            reply.push(ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf));
        }
        reply
    }

    fn login() -> Login {
        Login {
            who: Credentials::new("dude", "noddy".into()),
            mechanism: "auto".into(),
            allow_plaintext: true,
            initial_response: true,
            around: Around::default(),
        }
    }

    /// What is sent while the server answers so, and how it ends.
    fn way(ready: Ready, answers: &[&str]) -> (Vec<String>, String) {
        let mut ready = ready;
        let mut session = Session::new();
        session.connected();
        session.replied(&Awaited::Greeting, &reply("220 mx"));
        let (mut sent, mut last) = (Vec::new(), None);
        for answer in answers.iter().copied().chain(std::iter::repeat("250 mx")) {
            match ready.next(&session, last.as_ref()) {
                Guided::Send { line, .. } => {
                    sent.push(String::from_utf8_lossy(&line).into_owned());
                    let asked = match session.sent(&line) {
                        Sent::Command(command) => Awaited::Command(command),
                        _ => Awaited::AuthAnswer,
                    };
                    session.replied(&asked, &reply(answer));
                    last = Some(reply(answer));
                    if session.phase() == crate::smtp::Phase::Handshake {
                        session.tls_started();
                    }
                }
                Guided::Close { line, .. } => {
                    sent.push(String::from_utf8_lossy(&line).into_owned());
                    return (sent, "closed".to_owned());
                }
                Guided::Done => return (sent, "done".to_owned()),
                Guided::Stop(cause, _) => return (sent, format!("{cause:?}")),
            }
        }
        unreachable!("answers never end")
    }

    fn ready(tls: TlsMode, login: Option<Login>, stop: Option<Point>) -> Ready {
        Ready::new(
            Plan { greeting: b"EHLO x".to_vec(), tls, login, then: Vec::new(), xclient: Xclient::default() },
            stop,
        )
    }

    const OFFER: &str = "250-mx\n250-STARTTLS\n250 AUTH PLAIN LOGIN";

    #[test]
    fn it_stops_where_it_is_to() {
        for (stop, want) in [
            (Some(Point::Greeting), vec![]),
            (Some(Point::FirstEhlo), vec!["EHLO x"]),
            (Some(Point::Tls), vec!["EHLO x", "STARTTLS"]),
            (Some(Point::Ehlo), vec!["EHLO x", "STARTTLS", "EHLO x"]),
            (Some(Point::Auth), vec!["EHLO x", "STARTTLS", "EHLO x", "AUTH PLAIN AGR1ZGUAbm9kZHk="]),
            (None, vec!["EHLO x", "STARTTLS", "EHLO x", "AUTH PLAIN AGR1ZGUAbm9kZHk="]),
        ] {
            let (sent, end) = way(ready(TlsMode::Starttls, Some(login()), stop), &[OFFER, "220 go", OFFER, "235 ok"]);
            assert_eq!((sent, end.as_str()), (want.into_iter().map(str::to_owned).collect(), "done"), "{stop:?}");
        }
        let old = way(ready(TlsMode::None, None, Some(Point::FirstEhlo)), &["502 what", "250 mx"]);
        assert_eq!(old, (vec!["EHLO x".to_owned(), "HELO x".to_owned()], "done".to_owned()));
    }

    #[test]
    fn it_closes_once_the_last_line_has_gone_out() {
        for (stop, want) in [
            (Point::FirstEhlo, vec!["EHLO x"]),
            (Point::Tls, vec!["EHLO x", "STARTTLS"]),
            (Point::Ehlo, vec!["EHLO x", "STARTTLS", "EHLO x"]),
            (Point::Auth, vec!["EHLO x", "STARTTLS", "EHLO x", "AUTH PLAIN AGR1ZGUAbm9kZHk="]),
        ] {
            let ready = ready(TlsMode::Starttls, Some(login()), Some(stop)).closing_unanswered(true);
            let (sent, end) = way(ready, &[OFFER, "220 go", OFFER, "235 ok"]);
            assert_eq!((sent, end.as_str()), (want.into_iter().map(str::to_owned).collect(), "closed"), "{stop:?}");
        }
    }

    #[test]
    fn it_stops_after_xclient_and_says_why_it_can_not_be_told() {
        let told = || Xclient { required: true, ..Xclient::from(vec![("ADDR".to_owned(), "192.0.2.1".to_owned())]) };
        let with = |stop, xclient| {
            let plan =
                Plan { greeting: b"EHLO x".to_vec(), tls: TlsMode::None, login: None, then: Vec::new(), xclient };
            Ready::new(plan, stop)
        };
        let offer = "250-mx\n250 XCLIENT ADDR";
        let (sent, end) = way(with(Some(Point::Xclient), told()), &[offer, "220 mx", offer]);
        assert_eq!((sent.join("|").as_str(), end.as_str()), ("EHLO x|XCLIENT ADDR=192.0.2.1", "done"));
        assert_eq!(way(with(None, told()), &["250 mx"]).1, "Refused");
        assert_eq!(way(with(None, told()), &[offer, "550 no"]).1, "Refused");
    }

    #[test]
    fn why_it_can_not_go_on_is_known() {
        for (tls, login, answers, want) in [
            (TlsMode::Require, None, vec!["250 mx"], "Tls"),
            (TlsMode::Starttls, None, vec!["250-mx\n250 STARTTLS", "454 no"], "Tls"),
            (TlsMode::None, None, vec!["554 no"], "Refused"),
            (TlsMode::None, Some(login()), vec!["250 mx"], "Authentication"),
            (TlsMode::None, Some(login()), vec!["250-mx\n250 AUTH PLAIN", "535 no"], "Authentication"),
            (TlsMode::None, Some(login()), vec!["250-mx\n250 AUTH PLAIN", "235 ok"], "done"),
        ] {
            assert_eq!(way(ready(tls, login, None), &answers).1, want, "{answers:?}");
        }
    }

    #[test]
    fn a_login_is_chosen_and_forgiven_as_asked() {
        let with = |names: &[&str], lenient, answers: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            way(ready(TlsMode::None, Some(login()), None).with_login(names, lenient), answers)
        };
        let offer = "250-mx\n250 AUTH PLAIN LOGIN";
        assert_eq!(with(&["LOGIN", "PLAIN"], Lenient::Never, &[offer, "535 no"]).0[1], "AUTH LOGIN");
        assert_eq!(with(&["PLAIN"], Lenient::Never, &[offer, "535 no"]).1, "Authentication");
        assert_eq!(with(&["LOGIN"], Lenient::Never, &[offer, "235 ok"]).1, "Authentication", "nothing was asked");
        assert_eq!(with(&["PLAIN"], Lenient::WhereNotOffered, &[offer, "535 no"]).1, "Authentication");
        assert_eq!(with(&["PLAIN"], Lenient::WhereNotOffered, &["250 mx"]).1, "done");
        assert_eq!(with(&["PLAIN"], Lenient::Always, &[offer, "535 no"]).1, "done");
        // Where none was named, what is offered and not spoken here is a login that can't be had.
        let foreign = "250-mx\n250 AUTH GSSAPI X-FOO";
        assert_eq!(with(&[], Lenient::WhereNotOffered, &[foreign]).1, "Authentication");
        assert_eq!(with(&[], Lenient::WhereNotOffered, &["250 mx"]).1, "done");
        assert_eq!(with(&[], Lenient::Always, &[foreign]).1, "done");
        // None of those that were named is offered: nothing is sent as AUTH.
        let other = "250-mx\n250 AUTH CRAM-MD5";
        let greeting = || vec!["EHLO x".to_owned()];
        for (lenient, want) in
            [(Lenient::Never, "Authentication"), (Lenient::WhereNotOffered, "done"), (Lenient::Always, "done")]
        {
            assert_eq!(with(&["PLAIN", "LOGIN"], lenient, &[other]), (greeting(), want.to_owned()), "{lenient:?}");
        }
    }

    #[test]
    fn a_login_in_clear_text_is_refused_unless_it_may_be_left_out() {
        let offer = "250-mx\n250 AUTH PLAIN LOGIN";
        let careful = || Login { allow_plaintext: false, ..login() };
        for (lenient, want) in [
            (Lenient::Never, "Authentication"),
            (Lenient::WhereNotOffered, "Authentication"),
            (Lenient::Always, "done"),
        ] {
            let ready = ready(TlsMode::None, Some(careful()), None).with_login(vec!["PLAIN".into()], lenient);
            assert_eq!(way(ready, &[offer]), (vec!["EHLO x".to_owned()], want.to_owned()), "{lenient:?}");
        }
        let ready = ready(TlsMode::None, Some(careful()), Some(Point::Ehlo));
        assert_eq!(way(ready, &[offer]).1, "done", "it stops before the login");
    }
}
