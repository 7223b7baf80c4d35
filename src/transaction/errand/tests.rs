use super::*;
use crate::smtp::reply::{LineEnd, ReplyLine};
use crate::smtp::session::{Awaited, Sent};

/// A session with an errand in it.
struct Way {
    session: Session,
    errand: Errand,
    last: Option<Reply>,
}

fn reply(text: &str) -> Reply {
    let mut reply = Reply::default();
    for line in text.lines() {
        reply.push(ReplyLine::parse(line.as_bytes().to_vec(), LineEnd::CrLf));
    }
    reply
}

fn login(mechanism: &str, allow_plaintext: bool) -> Login {
    Login {
        who: Credentials::new("dude", "noddy".into()),
        mechanism: mechanism.into(),
        allow_plaintext,
        initial_response: true,
        around: Around { nonce: "rOprNGfwEbeRWgbNEkqO".into(), ..Around::default() },
    }
}

impl Way {
    fn of(tls: TlsMode, login: Option<Login>, then: &[&str]) -> Self {
        let mut session = Session::new();
        session.connected();
        session.replied(&Awaited::Greeting, &reply("220 mx"));
        let then = then.iter().map(|line| line.as_bytes().to_vec()).collect();
        let plan = Plan { greeting: b"EHLO noddy.com".to_vec(), tls, login, then, xclient: Xclient::default() };
        Self { session, errand: Errand::new(plan), last: None }
    }

    /// The next line is this; it is answered so.
    fn sends(&mut self, line: &str, answer: &str) -> &mut Self {
        let next = self.errand.next(&self.session, self.last.as_ref());
        let Next::Send { line: sent, learn } = next else { panic!("{line} should follow, not {next:?}") };
        assert_eq!(String::from_utf8(sent.clone()).unwrap(), line);
        let known = learn.iter().any(|secret| secret.expose() == b"noddy" || secret.expose() == b"pencil");
        assert_eq!(line.starts_with("AUTH"), known, "the secret is made known before AUTH");
        let asked = match self.session.sent(&sent) {
            Sent::Command(command) => Awaited::Command(command),
            _ => Awaited::AuthAnswer,
        };
        let answer = reply(answer);
        self.session.replied(&asked, &answer);
        self.last = Some(answer);
        if self.session.phase() == Phase::Handshake {
            assert_eq!(self.errand.going_on(&self.session, None), Next::Wait);
            self.session.tls_started();
        }
        self
    }

    fn ends(&mut self, with: &str) {
        let next = self.errand.next(&self.session, self.last.as_ref());
        let (Next::Done(words) | Next::Stop(words) | Next::Ask(words)) = &next else { panic!("{next:?}") };
        assert!(words.contains(with), "{words}");
    }
}

#[test]
fn the_line_is_encrypted_and_the_user_logged_in() {
    let mut way = Way::of(TlsMode::Starttls, Some(login("auto", false)), &[]);
    way.sends("EHLO noddy.com", "250-mx\n250 STARTTLS").sends("STARTTLS", "220 go");
    way.sends("EHLO noddy.com", "250-mx\n250 AUTH LOGIN PLAIN").sends("AUTH PLAIN AGR1ZGUAbm9kZHk=", "235 ok");
    way.ends("Ready: encrypted, logged in as dude");
}

#[test]
fn xclient_is_told_where_it_is_offered_and_the_greeting_follows_anew() {
    let told = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let attributes = vec![told("ADDR", "192.0.2.1"), told("LOGIN", "a+b c"), told("DESTPORT", "25")];
    let offer = "250-mx\n250-AUTH LOGIN PLAIN\n250 XCLIENT ADDR LOGIN";
    let mut way = Way::of(TlsMode::None, Some(login("PLAIN", true)), &[]);
    way.errand.plan.xclient = Xclient::from(attributes.clone());
    way.sends("EHLO noddy.com", offer).sends("XCLIENT ADDR=192.0.2.1 LOGIN=a+2Bb+20c", "220 mx");
    way.sends("EHLO noddy.com", offer).sends("AUTH PLAIN AGR1ZGUAbm9kZHk=", "235 ok");
    way.ends("the server takes no DESTPORT from XCLIENT");
    let mut way = Way::of(TlsMode::None, None, &[]);
    way.errand.plan.xclient = Xclient::from(attributes.clone());
    way.sends("EHLO noddy.com", "250 mx").ends("XCLIENT is not offered");
    let mut way = Way::of(TlsMode::None, None, &[]);
    way.errand.plan.xclient = Xclient::from(attributes.clone());
    way.sends("EHLO noddy.com", offer).sends("XCLIENT ADDR=192.0.2.1 LOGIN=a+2Bb+20c", "550 no");
    way.ends("refused XCLIENT (550)");
}

#[test]
fn xclient_may_be_required_forgiven_and_come_before_tls() {
    let told = Xclient::from(vec![("ADDR".to_owned(), "192.0.2.1".to_owned()), ("X".to_owned(), "y".to_owned())]);
    let with = |xclient: Xclient| {
        let mut way = Way::of(TlsMode::Starttls, None, &[]);
        way.errand.plan.xclient = xclient;
        way
    };
    let offer = "250-mx\n250-STARTTLS\n250 XCLIENT ADDR";
    with(Xclient { required: true, ..told.clone() }).sends("EHLO noddy.com", "250 mx").ends("does not offer XCLIENT");
    let mut way = with(Xclient { required: true, before_tls: true, ..told.clone() });
    way.sends("EHLO noddy.com", offer).ends("takes no X from XCLIENT");
    let mut way = with(Xclient { unasked: true, before_tls: true, required: true, ..told.clone() });
    way.sends("EHLO noddy.com", offer).sends("XCLIENT ADDR=192.0.2.1 X=y", "220 mx");
    way.sends("EHLO noddy.com", offer).sends("STARTTLS", "220 go").sends("EHLO noddy.com", "250 mx").ends("Ready");
    let mut way = with(Xclient { forgiving: true, before_tls: true, ..told });
    way.sends("EHLO noddy.com", offer).sends("XCLIENT ADDR=192.0.2.1", "550 no").sends("STARTTLS", "220 go");
}

#[test]
fn login_answers_its_challenges() {
    let mut way = Way::of(TlsMode::None, Some(login("LOGIN", true)), &[]);
    way.sends("EHLO noddy.com", "250-mx\n250 AUTH LOGIN").sends("AUTH LOGIN", "334 VXNlcm5hbWU6");
    way.sends("ZHVkZQ==", "334 UGFzc3dvcmQ6").sends("bm9kZHk=", "535 no");
    way.ends("refused the login (535)");
}

#[test]
fn no_password_goes_over_an_open_line() {
    let mut way = Way::of(TlsMode::Starttls, Some(login("auto", false)), &[]);
    way.sends("EHLO noddy.com", "250-mx\n250 AUTH PLAIN").ends("not encrypted");
}

#[test]
fn required_tls_that_is_not_offered_or_refused_stops() {
    Way::of(TlsMode::Require, None, &[]).sends("EHLO noddy.com", "250 mx").ends("does not offer STARTTLS");
    let mut way = Way::of(TlsMode::Starttls, None, &[]);
    way.sends("EHLO noddy.com", "250-mx\n250 STARTTLS").sends("STARTTLS", "454 no").ends("refused STARTTLS (454)");
    Way::of(TlsMode::Starttls, None, &[]).sends("EHLO noddy.com", "250 mx").ends("Ready: not encrypted");
}

#[test]
fn an_old_server_is_greeted_with_helo() {
    let mut way = Way::of(TlsMode::Starttls, None, &[]);
    way.sends("EHLO noddy.com", "502 what").sends("HELO noddy.com", "250 mx").ends("Ready");
}

#[test]
fn what_was_said_before_follows_and_a_refusal_ends_it() {
    let then = ["MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>"];
    let mut way = Way::of(TlsMode::None, None, &then);
    way.sends("EHLO noddy.com", "250 mx").sends(then[0], "250 ok").sends(then[1], "250 ok");
    way.sends(then[2], "250 ok").ends("recipients accepted: 2");
    let mut way = Way::of(TlsMode::None, None, &then);
    way.sends("EHLO noddy.com", "250 mx").sends(then[0], "250 ok").sends(then[1], "450 later").ends("(450)");
}
