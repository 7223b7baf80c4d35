//! Who sits before the class's listener: shows each connection to its student's world, and answers what is asked by NOOP.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::student::Student;
use super::{Class, companion, lock};
use crate::lab::ListenerKind;
use crate::lab::desk::{Desk, Seat, Turn};

/// Columns of a reply's line that carries a lesson's text.
const COLUMNS: usize = 72;

/// Programs of one student that listen for news at most.
const COMPANIONS: usize = 4;

/// The desk of a class.
pub(super) struct Front {
    class: Arc<Class>,
    /// Students whose ehlo is about to take over a connection, by ticket.
    tickets: Mutex<HashMap<u64, Arc<Student>>>,
    next: AtomicU64,
}

/// A place of a student's; the wall is told when it is free again.
struct Place {
    permit: Option<OwnedSemaphorePermit>,
    class: Weak<Class>,
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
        let meant = self.class.listener(student);
        let kind = kind.unwrap_or(if meant == ListenerKind::Smtps { ListenerKind::Smtp } else { meant });
        let kind = if arena.has(kind) { kind } else { ListenerKind::Smtp };
        let held = student.held.subscribe();
        let place = Box::new(Place { permit: Some(place), class: Arc::downgrade(&self.class) });
        Ok(Seat { arena, kind, tag: student.id, held, place })
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

    fn join(&self, client: SocketAddr, words: &str) -> Turn {
        let (code, name) = words.trim().split_once(' ').unwrap_or((words.trim(), ""));
        let joined = self.class.join(code, name).and_then(|student| {
            let seat = self.seat(&student, None)?;
            student.with(|state| state.address = Some(client.ip()));
            Ok((student, seat))
        });
        match joined {
            Ok((student, seat)) => {
                self.class.stir();
                let words = format!("{}, you are in. {}", student.name, step_words(&student));
                Turn::Move { seat, say: lines("250", "2.0.0", &words), anew: false }
            }
            Err(why) => Turn::Say(lines("550", "5.7.0", &why)),
        }
    }

    /// A student's own ehlo opens a conversation.
    fn attend(&self, words: &str) -> Turn {
        let (token, kind) = words.trim().split_once(' ').unwrap_or((words.trim(), "smtp"));
        let kinds = [ListenerKind::Smtp, ListenerKind::Submission, ListenerKind::Smtps, ListenerKind::Lmtp];
        let kind = kinds.into_iter().find(|known| known.word() == kind);
        let student = self.class.students().into_iter().find(|student| student.token == token);
        let seat = student.ok_or("no student has this token; join again".to_owned());
        match seat.and_then(|student| self.seat(&student, kind)) {
            Ok(seat) => Turn::Move { seat, say: vec!["250 2.0.0 Ok".to_owned()], anew: true },
            Err(why) => Turn::Say(lines("550", "5.7.0", &why)),
        }
    }

    fn companion(&self, words: &str) -> Turn {
        let (code, name) = words.trim().split_once(' ').unwrap_or((words.trim(), ""));
        match self.class.join(code, name).and_then(|student| self.class.arena(&student).map(|_| student)) {
            Ok(student) if student.with(|state| state.companions) >= COMPANIONS => {
                let words = format!("{} is looked on from too many programs; close one", student.name);
                Turn::Say(lines("550", "5.7.0", &words))
            }
            Ok(student) => {
                let ticket = self.next.fetch_add(1, Ordering::Relaxed);
                lock(&self.tickets).insert(ticket, student);
                Turn::HandOver { say: vec!["250 2.0.0 Ok".to_owned()], ticket }
            }
            Err(why) => Turn::Say(lines("550", "5.7.0", &why)),
        }
    }

    fn of_student(&self, student: &Arc<Student>, word: &str, rest: &str) -> Option<Turn> {
        let say = |words: &str| Some(Turn::Say(lines("250", "2.0.0", words)));
        let moved = |class: &Self| match class.seat(student, None) {
            Ok(seat) => {
                let say = lines("250", "2.0.0", &step_words(student));
                Some(Turn::Move { seat, say, anew: false })
            }
            Err(why) => Some(Turn::Say(lines("450", "4.5.0", &why))),
        };
        match word {
            "step" => say(&step_words(student)),
            "hint" => match self.class.hint(student, false) {
                Some(hint) => say(&hint),
                None if self.class.settings.exam.is_some() => say("There are no hints in an exam."),
                None => say("There is no further hint for this step."),
            },
            "lesson" => match self.class.begin(student, rest.trim()) {
                Ok(_) => moved(self),
                Err(why) => Some(Turn::Say(lines("550", "5.5.4", &why))),
            },
            "reset" => match self.class.reset(student) {
                Ok(_) => moved(self),
                Err(why) => Some(Turn::Say(lines("550", "5.5.4", &why))),
            },
            "question" => say(&self.question(student)),
            "choose" => say(&self.choose(student, rest)),
            _ => None,
        }
    }

    /// The next question that has no answer.
    fn question(&self, student: &Student) -> String {
        let questions = self.class.questions(student);
        let (answered, right) = student.answered();
        let Some(question) = questions.get(answered) else {
            let exam = self.class.settings.exam.is_some();
            let known = if exam { String::new() } else { format!(" {right} of {} were right.", questions.len()) };
            return format!("There is no further question.{known}");
        };
        let mut words = format!(
            "Question {} of {}: the server says: {} What does the sender do next?",
            answered + 1,
            questions.len(),
            question.reply
        );
        for (letter, answer) in ('a'..).zip(&question.answers) {
            words.extend([" (", letter.to_string().as_str(), ") ", answer]);
        }
        words.push_str(" Answer such as: NOOP choose a");
        words
    }

    fn choose(&self, student: &Student, word: &str) -> String {
        let letter = word.trim().to_ascii_lowercase();
        let choice = ('a'..='d').position(|known| letter == known.to_string());
        match choice.and_then(|choice| Some((choice, self.class.choose(student, choice)?))) {
            None => "That is no answer to a question that is open; NOOP question asks the next one.".to_owned(),
            Some(_) if self.class.settings.exam.is_some() => "Noted. NOOP question asks the next one.".to_owned(),
            Some((choice, (_, question))) => {
                let verdict = if choice == question.right { "Right." } else { "Not so." };
                format!("{verdict} {} NOOP question asks the next one.", question.whys[choice])
            }
        }
    }
}

/// Where a student stands, in words.
pub(super) fn step_words(student: &Student) -> String {
    let words = student.with_current(|work| {
        let lesson = work.lesson();
        let steps = lesson.steps.len();
        match work.attempt.open() {
            Some(open) => {
                let text = &lesson.steps[open].text;
                let intro = if open == 0 { format!(" {}", lesson.intro) } else { String::new() };
                format!("Lesson {}: {}.{intro} Step {} of {steps}: {text}", lesson.name, lesson.title, open + 1)
            }
            None => format!("Lesson {}: {}. All {steps} steps are done.", lesson.name, lesson.title),
        }
    });
    words.unwrap_or_else(|| "No lesson has begun.".to_owned())
}

/// A reply of as many lines as the words need.
fn lines(code: &str, enhanced: &str, words: &str) -> Vec<String> {
    let words = crate::smtp::escape::for_screen(words.replace('\n', " ").as_bytes());
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > COLUMNS {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().take(4 * COLUMNS));
    }
    lines.push(line);
    let last = lines.len() - 1;
    let written = lines.iter().enumerate();
    written.map(|(n, line)| format!("{code}{}{enhanced} {line}", if n == last { ' ' } else { '-' })).collect()
}

impl Desk for Front {
    fn arrive(&self, client: SocketAddr) -> Result<Seat, String> {
        if let Some(student) = self.by_address(client) {
            return self.seat(&student, None).map_err(|why| format!("421 4.7.0 {why}"));
        }
        let Ok(place) = Arc::clone(&self.class.places).try_acquire_owned() else {
            return Err("421 4.3.2 Error: too many connections; try again later".to_owned());
        };
        Ok(Seat {
            arena: Arc::clone(&self.class.lobby),
            kind: ListenerKind::Smtp,
            tag: 0,
            held: self.class.free.subscribe(),
            place: Box::new(place),
        })
    }

    fn asked(&self, seat: &Seat, client: SocketAddr, argument: &str) -> Option<Turn> {
        let (word, rest) = argument.split_once(' ').unwrap_or((argument, ""));
        let word = word.to_ascii_lowercase();
        match word.as_str() {
            "join" => Some(self.join(client, rest)),
            "attend" => Some(self.attend(rest)),
            "companion" => Some(self.companion(rest)),
            word => self.of_student(&self.class.student(seat.tag)?, word, rest),
        }
    }

    fn take_over(&self, stream: TcpStream, rest: Vec<u8>, ticket: u64) {
        if let Some(student) = lock(&self.tickets).remove(&ticket) {
            companion::attend(Arc::clone(&self.class), student, stream, rest);
        }
    }
}
