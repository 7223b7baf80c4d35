//! Who sits before the class's listener: shows each connection to its student's world, and answers what is asked by NOOP.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::deed::{self, Hinted};
use super::gate::Code;
use super::login::{Dialogue, Step};
use super::settings::hex;
use super::student::{Companion, Student};
use super::trouble::Trouble;
use super::{Class, companion, lock, plain};
use crate::lab::ListenerKind;
use crate::lab::desk::{Arena, Desk, Entry, Said, Seat, Turn, Words};
use crate::smtp::Verb;

/// What is said to whoever has not joined.
const JOIN: &str = "To join the class: NOOP join CODE NAME. The code stands on the wall. A client that logs in joins by AUTH: \
                    your name as user, the code as password.";

/// How long somebody may say nothing in a lobby that is crowded.
const CROWDED: Duration = Duration::from_secs(30);

/// What is said beside another lesson, or the same anew, on a line in TLS.
const SECURED: &str = "This line stays in TLS: to begin in clear text, connect again and join.";

/// What is said to whom starts over.
const KEPT: &str = "The best attempt counts: what you had reached stays in the results.";

/// The desk of a class.
pub(super) struct Front {
    class: Arc<Class>,
    /// Students whose ehlo is about to take over a connection, by ticket.
    tickets: Mutex<HashMap<u64, (Companion, Option<String>)>>,
    next: AtomicU64,
}

/// A place of a student's; the wall is told when it is free again.
struct Place {
    permit: Option<OwnedSemaphorePermit>,
    /// And of everybody's together.
    _shared: OwnedSemaphorePermit,
    class: Weak<Class>,
}

/// A place in the lobby, and how far a log-in there has come.
struct Waiting {
    _permit: OwnedSemaphorePermit,
    login: Mutex<Dialogue>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.permit = None;
        if let Some(class) = self.class.upgrade() {
            class.stir();
        }
    }
}

impl Front {
    pub(super) fn new(class: Arc<Class>) -> Self {
        Self { class, tickets: Mutex::default(), next: AtomicU64::new(1) }
    }

    fn seat(&self, student: &Arc<Student>, kind: Option<ListenerKind>) -> Result<Seat, String> {
        let arena = self.class.arena(student)?;
        let Ok(place) = Arc::clone(&student.places).try_acquire_owned() else {
            return Err(format!("{} has too many connections open; close one", student.name));
        };
        let Ok(shared) = Arc::clone(&self.class.everybody).try_acquire_owned() else {
            self.class.trouble(Trouble::Full(self.class.settings.connections));
            return Err("the class has too many connections open; try again later".to_owned());
        };
        let meant = self.class.listener(student);
        let kind = kind.unwrap_or(if meant == ListenerKind::Smtps { ListenerKind::Smtp } else { meant });
        let kind = if arena.has(kind) { kind } else { ListenerKind::Smtp };
        let held = student.held.subscribe();
        let place = Box::new(Place { permit: Some(place), _shared: shared, class: Arc::downgrade(&self.class) });
        Ok(Seat { arena, kind, tag: student.id, held, idle: None, place })
    }

    /// The one student who has joined from an address, where it is one.
    fn by_address(&self, client: SocketAddr) -> Option<Arc<Student>> {
        if !self.class.settings.by_address {
            return None;
        }
        let from_here =
            |student: &Arc<Student>| student.with(|state| state.address == Some(client.ip()) && state.companions == 0);
        let mut all = self.class.students().into_iter().filter(from_here);
        let first = all.next()?;
        all.next().is_none().then_some(first)
    }

    /// Lets somebody in by name, on a connection that sits `from` there; gives their seat, and what they are told.
    fn join(
        &self,
        from: &Seat,
        client: SocketAddr,
        (code, name): (&str, &str),
    ) -> Result<(Arc<Student>, Seat, Welcome), String> {
        let before = self.class.student(from.tag);
        let exam = self.class.settings.exam.is_some();
        if let Some(before) = before.as_ref().filter(|before| exam && !before.is_named(name)) {
            return Err(format!("this connection is {}'s, in an exam; open another one to join", before.name));
        }
        let student = self.class.join(code, name, client.ip())?;
        // Who says it again is no second one.
        let again = before.as_ref().is_some_and(|before| before.id == student.id);
        let second = !again && student.comes();
        let seat = self.seat(&student, None)?;
        student.with(|state| state.address = Some(client.ip()));
        self.class.stir();
        let class = &self.class.settings.name;
        let exam = if exam { " It is an exam: there are no hints." } else { "" };
        let left = before.filter(|before| before.id != student.id);
        let left = left.map_or_else(String::new, |left| format!(" You are no longer {} here.", left.name));
        let words = format!("{}, you are in the class {class}. The instructor can look on.{left}{exam}", student.name);
        let begins = student.with_current(|work| work.attempt.ticked() == 0) == Some(true);
        let second = second.then_some(client.ip());
        Ok((student, seat, Welcome { words, begins, second }))
    }

    fn join_by_noop(&self, from: &Seat, said: Said<'_>, words: &str) -> Turn {
        let (code, name) = two_words(words);
        match self.join(from, said.client, (code, name)) {
            Ok((student, seat, welcome)) => {
                let say = welcome.reply(&self.class, &student, ("250", "2.0.0"), elsewhere(said)).into();
                Turn::Move { seat, say, entry: Entry::Greeted }
            }
            Err(why) => no("5.7.0", &why),
        }
    }

    /// Whether the code that stands in a line is right. That of a log-in that asks for it first is not known yet.
    fn is_right(&self, said: Said<'_>) -> bool {
        let is_ours = |code: &str| code.eq_ignore_ascii_case(&self.class.settings.code);
        match Asks::of(said.line) {
            Some(Asks::Noop(word, rest)) => {
                let first = rest.split_ascii_whitespace().next().unwrap_or_default();
                let is_token = || self.class.students().iter().any(|student| student.token == first);
                if word == "join" { is_ours(first) } else { is_token() }
            }
            _ => auth(said.line).is_some_and(|argument| match Dialogue::default().begin(argument, String::new) {
                Step::Join(_, code) => is_ours(&code),
                Step::Say(_) | Step::Prove(..) => false,
            }),
        }
    }

    /// A line of a log-in in the lobby; none for one that is none.
    fn log_in(&self, seat: &Seat, said: Said<'_>) -> Option<Turn> {
        let mut login = lock(&seat.place.downcast_ref::<Waiting>()?.login);
        let step = if login.waits() {
            login.answer(said.line)
        } else {
            let argument = auth(said.line)?;
            if said.greeted != Some(Verb::Ehlo) {
                return Some(Turn::Say(vec!["503 5.5.1 Error: send EHLO first".to_owned()]));
            }
            login.begin(argument, || format!("<{}@class.ehlo.lab>", hex(&self.class.world.random::<16>())))
        };
        let (name, code) = match step {
            Step::Say(reply) => return Some(Turn::Say(vec![reply])),
            Step::Join(name, code) => (name, code),
            Step::Prove(name, proof) => (name, proof.of(&self.class.settings.code).unwrap_or_default()),
        };
        Some(match self.join(seat, said.client, (&code, &name)) {
            Ok((student, seat, welcome)) => {
                let class = Arc::clone(&self.class);
                let say = Words::when_said(move || {
                    // The EHLO before may be a step of the lesson.
                    class.look(&student);
                    let more = "EHLO asks what this lesson's server offers.".to_owned();
                    welcome.reply(&class, &student, ("235", "2.7.0"), Some(more))
                });
                Turn::Move { seat, say, entry: Entry::Introduced }
            }
            Err(why) => Turn::Say(plain::reply("535", "5.7.8", &[why])),
        })
    }

    /// A reply with what is new beside what is said.
    fn reply(&self, student: &Student, code: &str, enhanced: &str, said: Vec<String>) -> Vec<String> {
        reply(&self.class, student, (code, enhanced), said)
    }

    /// A student's own ehlo opens a conversation.
    fn attend(&self, client: SocketAddr, words: &str) -> Turn {
        let (token, kind) = words.trim().split_once(' ').unwrap_or((words.trim(), "smtp"));
        let kind = ListenerKind::from_word(kind);
        let student = self.class.students().into_iter().find(|student| student.token == token);
        if student.is_none() {
            lock(&self.class.gate).wrong(client.ip(), self.class.world.elapsed());
        }
        let seat = student.ok_or("no student has this token; join again".to_owned());
        match seat.and_then(|student| self.seat(&student, kind)) {
            Ok(seat) => Turn::Move { seat, say: vec!["250 2.0.0 Ok".to_owned()].into(), entry: Entry::Anew },
            Err(why) => no("5.7.0", &why),
        }
    }

    fn companion(&self, client: SocketAddr, words: &str) -> Turn {
        let (code, name) = two_words(words);
        let joined = self.class.join(code, name, client.ip());
        match joined.and_then(|student| self.class.arena(&student).map(|_| student)) {
            Ok(student) => {
                let here = student.comes();
                let second = here.then(|| self.class.second(&student, client.ip(), deed::BY_EHLO));
                match student.companion() {
                    None => no("5.7.0", &format!("{} is looked on from too many programs; close one", student.name)),
                    Some(companion) => {
                        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
                        lock(&self.tickets).insert(ticket, (companion, second));
                        Turn::HandOver { say: vec!["250 2.0.0 Ok".to_owned()], ticket }
                    }
                }
            }
            Err(why) => no("5.7.0", &why),
        }
    }

    /// What a student says by NOOP; none for what is no word of the class's.
    fn of_student(&self, student: &Arc<Student>, (word, rest): (&str, &str), asked: Said<'_>) -> Option<Turn> {
        // What was done before it counts before it.
        self.class.look(student);
        let say = |words: Vec<String>| Some(Turn::Say(self.reply(student, "250", "2.0.0", words)));
        let moved = |begun: Result<Arc<Arena>, String>| {
            Some(match begun.and_then(|_| self.seat(student, None)) {
                Ok(seat) => {
                    let mut said = vec![plain::stands(&self.class, student)];
                    said.extend(elsewhere(asked));
                    said.extend(asked.secured.then(|| SECURED.to_owned()));
                    let kept = word == "reset"
                        && student.lesson().is_some_and(|lesson| student.reached(&lesson.name) > Some(0));
                    said.extend(kept.then(|| KEPT.to_owned()));
                    Turn::Move { seat, say: self.reply(student, "250", "2.0.0", said).into(), entry: Entry::Greeted }
                }
                Err(why) => no("5.5.4", &why),
            })
        };
        match word {
            "step" => say(vec![plain::stands(&self.class, student)]),
            "hint" => {
                // It is for the step that is open, which what is new may have opened.
                let mut words = Vec::new();
                if student.is_plain() {
                    let (news, upto) = self.class.news(student);
                    self.class.said(student, upto);
                    words = news;
                }
                words.push(match self.class.hint(student, false) {
                    Hinted::Given(hint) => format!("Hint: {hint}"),
                    _ if self.class.settings.exam.is_some() => "There are no hints in an exam.".to_owned(),
                    _ => "There is no further hint for this step.".to_owned(),
                });
                Some(Turn::Say(plain::reply("250", "2.0.0", &words)))
            }
            "lesson" if rest.trim().is_empty() => say(vec![self.class.settings.there_are()]),
            "lesson" => moved(self.class.begin(student, rest.trim())),
            "reset" => moved(self.class.reset(student)),
            "answer" => say(self.class.answer_words(student, rest.trim())),
            "quiz" => say(self.class.quiz_words(student)),
            "mail" => say(plain::mail_words(student, rest.trim())),
            "question" => say(self.class.question_words(student)),
            "choose" => say(self.class.choice_words(student, rest)),
            _ => None,
        }
    }

    /// What stands beside the server's own reply to a NOOP or HELP that is no word of the class's.
    fn beside(&self, student: &Student, asks: &Asks<'_>) -> Option<Turn> {
        if !student.is_plain() {
            return None;
        }
        if matches!(asks, Asks::Quit) {
            // What waits is for a NOOP: a client that goes may not read this.
            return Some(Turn::Beside { say: plain::wrapped(&self.class.parting(student)), ticket: None });
        }
        let (mut news, ticket) = self.class.news(student);
        match asks {
            Asks::Help => news.push(plain::words(&self.class, student)),
            Asks::Noop(word, _) if !word.is_empty() => {
                news.push(format!("NOOP {word} means nothing to the class."));
                news.push(plain::words(&self.class, student));
            }
            Asks::Noop(..) | Asks::Quit => {}
        }
        Some(Turn::Beside { say: plain::wrapped(&news), ticket: Some(ticket) })
    }

    /// Where the world of a seat is no more: the student has got a fresh one meanwhile.
    fn fresh(&self, student: &Arc<Student>, noop: bool) -> Option<Turn> {
        let seat = self.class.arena(student).and_then(|_| self.seat(student, None)).ok()?;
        let stands = plain::stands(&self.class, student);
        let (code, enhanced, said) = if noop {
            ("250", "2.0.0", vec![stands])
        } else {
            let words = "This was not done: you have a fresh start at this lesson. Greet the server anew.";
            ("503", "5.5.1", vec![words.to_owned(), stands])
        };
        Some(Turn::Move { seat, say: self.reply(student, code, enhanced, said).into(), entry: Entry::Greeted })
    }
}

/// What whoever joins is told.
struct Welcome {
    words: String,
    /// No step of the lesson was done before.
    begins: bool,
    /// From where they come, where somebody is here by this name already.
    second: Option<IpAddr>,
}

impl Welcome {
    /// The reply, with what is `more`; a second one of a name, and the first, are told.
    fn reply(self, class: &Class, student: &Student, codes: (&str, &str), more: Option<String>) -> Vec<String> {
        let second = self.second;
        let mut said = self.told(class, student);
        said.extend(more);
        let Some(from) = second else { return reply(class, student, codes, said) };
        // What waits is for the one who was here before.
        said.push(class.second(student, from, deed::BY_NOOP));
        plain::reply(codes.0, codes.1, &said)
    }

    /// All of it: with where they stand, and the lesson's text where they begin.
    fn told(self, class: &Class, student: &Student) -> Vec<String> {
        let stands = if self.begins { plain::begins(class, student) } else { plain::stands(class, student) };
        let said = [self.words, plain::words(class, student), stands].into_iter();
        let mut said: Vec<String> = said.chain(class.questions_wait(student)).collect();
        // To others it is said with what is new.
        said.extend(class.time_words(student).filter(|_| !student.is_plain()));
        said
    }
}

/// A reply with what is new beside what is said.
fn reply(class: &Class, student: &Student, (code, enhanced): (&str, &str), mut said: Vec<String>) -> Vec<String> {
    if student.is_plain() {
        let (news, upto) = class.news(student);
        said.extend(news);
        class.said(student, upto);
    }
    plain::reply(code, enhanced, &said)
}

/// What is said to whom goes on at another server, and has greeted the one before.
fn elsewhere(said: Said<'_>) -> Option<String> {
    let verb = said.greeted?.word();
    Some(format!("Your {verb} was for the server before: this one wants to be greeted too."))
}

/// A refusal.
fn no(enhanced: &str, why: &str) -> Turn {
    Turn::Say(plain::reply("550", enhanced, &[why.to_owned()]))
}

/// The argument of AUTH, where a line is that.
fn auth(line: &[u8]) -> Option<&str> {
    let (verb, rest) = line.split_at_checked(4)?;
    let is_auth = verb.eq_ignore_ascii_case(b"AUTH") && rest.first().is_none_or(|octet| matches!(octet, b' ' | b'\t'));
    is_auth.then(|| std::str::from_utf8(rest).ok())?
}

/// The first word, and what follows it.
fn two_words(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(first, rest)| (first, rest.trim_start()))
}

/// What a command asks of the class.
enum Asks<'a> {
    /// NOOP: its first word in lower case, and what follows it.
    Noop(String, &'a str),
    /// HELP.
    Help,
    /// QUIT: after it nothing can be asked.
    Quit,
}

impl<'a> Asks<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let (verb, rest) = line.split_at_checked(4)?;
        // A tab is a slip (RFC 5321 4.1.1: SP) that must not make of a code something that is no word of the class's.
        if !rest.is_empty() && !matches!(rest[0], b' ' | b'\t') {
            return None;
        }
        if verb.eq_ignore_ascii_case(b"HELP") {
            return Some(Self::Help);
        }
        if verb.eq_ignore_ascii_case(b"QUIT") && rest.trim_ascii().is_empty() {
            return Some(Self::Quit);
        }
        let argument = verb.eq_ignore_ascii_case(b"NOOP").then(|| std::str::from_utf8(rest).ok())??.trim();
        let (word, rest) = two_words(argument);
        Some(Self::Noop(word.to_ascii_lowercase(), rest))
    }

    /// Whether a code is tried with it.
    fn tries(&self) -> bool {
        matches!(self, Self::Noop(word, _) if matches!(word.as_str(), "join" | "companion" | "attend"))
    }
}

impl Desk for Front {
    fn arrive(&self, client: SocketAddr) -> Result<Seat, String> {
        if let Some(student) = self.by_address(client) {
            return self.seat(&student, None).map_err(|why| format!("421 4.7.0 {why}"));
        }
        let Ok(place) = Arc::clone(&self.class.places).try_acquire_owned() else {
            self.class.trouble(Trouble::Full(self.class.settings.connections));
            return Err("421 4.3.2 Error: too many connections; try again later".to_owned());
        };
        Ok(Seat {
            arena: Arc::clone(&self.class.lobby),
            kind: ListenerKind::Smtp,
            tag: 0,
            held: self.class.free.subscribe(),
            // Where half of the places are taken nobody keeps one without a word for long.
            idle: (self.class.places.available_permits() < self.class.settings.connections / 2).then_some(CROWDED),
            place: Box::new(Waiting { _permit: place, login: Mutex::default() }),
        })
    }

    fn patience(&self, seat: &Seat, said: Said<'_>) -> Result<Duration, Vec<String>> {
        // A log-in tries one code, with the command that begins it.
        let logs_in = seat.tag == 0 && auth(said.line).is_some();
        if !logs_in && !Asks::of(said.line).is_some_and(|asks| asks.tries()) {
            return Ok(Duration::ZERO);
        }
        let now = self.class.world.elapsed();
        let code = if self.is_right(said) { Code::Right } else { Code::Other };
        lock(&self.class.gate).patience(said.client.ip(), now, code).map_err(|wait| {
            let why = format!("too many wrong codes came from your address; try again in {} seconds", wait.as_secs());
            plain::reply("450", "4.7.0", &[why])
        })
    }

    fn asked(&self, seat: &Seat, said: Said<'_>) -> Option<Turn> {
        if let Some(turn) = self.log_in(seat, said) {
            return Some(turn);
        }
        let (asks, client) = (Asks::of(said.line), said.client);
        match &asks {
            Some(Asks::Noop(word, rest)) if word == "join" => return Some(self.join_by_noop(seat, said, rest)),
            Some(Asks::Noop(word, rest)) if word == "attend" => return Some(self.attend(client, rest)),
            Some(Asks::Noop(word, rest)) if word == "companion" => return Some(self.companion(client, rest)),
            _ => {}
        }
        if seat.tag == 0 {
            // The lobby.
            let say = plain::wrapped(&[JOIN.to_owned()]);
            return asks.filter(|asks| !matches!(asks, Asks::Quit)).map(|_| Turn::Beside { say, ticket: None });
        }
        let student = self.class.student(seat.tag)?;
        if !student.is_in(&seat.arena) {
            return self.fresh(&student, matches!(asks, Some(Asks::Noop(..))));
        }
        let asks = asks?;
        if *seat.held.borrow() {
            if matches!(asks, Asks::Quit) {
                return None;
            }
            let words = "The instructor has paused the class: look up. Until it goes on only NOOP is answered.";
            let code = if matches!(asks, Asks::Help) { "214" } else { "250" };
            return Some(Turn::Say(self.reply(&student, code, "2.0.0", vec![words.to_owned()])));
        }
        let own = match &asks {
            Asks::Noop(word, rest) => self.of_student(&student, (word, rest), said),
            Asks::Help | Asks::Quit => None,
        };
        own.or_else(|| {
            self.class.look(&student);
            self.beside(&student, &asks)
        })
    }

    fn told(&self, seat: &Seat, ticket: u64) {
        if let Some(student) = self.class.student(seat.tag) {
            self.class.said(&student, ticket);
        }
    }

    fn missed(&self, error: &std::io::Error) {
        self.class.trouble(Trouble::Connections(error.to_string()));
    }

    fn take_over(&self, stream: TcpStream, rest: Vec<u8>, ticket: u64) {
        if let Some(companion) = lock(&self.tickets).remove(&ticket) {
            companion::attend(Arc::clone(&self.class), companion, stream, rest);
        }
    }
}
