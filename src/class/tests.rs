//! A class over loopback: many students, worlds that are isolated, and a process that is killed.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::sync::DropGuard;

mod best;
mod classic;
mod exam;
mod larder;
mod large;
mod login;
mod own;
mod plain;
mod results;

use super::attend::{Attendance, Down, Joining, Told, Up, join};
use super::settings::{Exam, Settings, Wish, folder};
use super::*;
use crate::world::Directories;

pub(super) fn world(at: &Path) -> World {
    let directories = Directories { config: at.join("c"), data: at.join("d"), state: at.join("s") };
    World::real(directories)
}

pub(super) async fn open(at: &Path, wish: &Wish) -> (Arc<Class>, SocketAddr, DropGuard) {
    open_in(world(at), wish).await
}

pub(super) async fn open_in(world: World, wish: &Wish) -> (Arc<Class>, SocketAddr, DropGuard) {
    let folder = folder("monday", &world).expect("a name");
    let settings = loop {
        match Settings::take("monday", &folder, wish, &world) {
            // Whoever held it before is gone once its listener has seen that it ends.
            Err(ClassError::Held(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
            taken => break taken.expect("well formed"),
        }
    };
    let class = Class::open(folder, settings, &world).expect("it opens");
    let (address, guard) = class.listen("127.0.0.1:0".parse().expect("an address")).await.expect("it listens");
    (class, address, guard)
}

pub(super) fn lessons(names: &[&str]) -> Wish {
    Wish { lessons: names.iter().map(|name| (*name).to_owned()).collect(), ..Wish::default() }
}

/// A client that knows nothing of classes.
pub(super) struct Telnet {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Telnet {
    pub(super) async fn to(address: SocketAddr) -> Self {
        let (reader, writer) = TcpStream::connect(address).await.expect("it listens").into_split();
        let mut telnet = Self { reader: BufReader::new(reader), writer };
        assert!(telnet.reply().await.starts_with("220"));
        telnet
    }

    pub(super) async fn joined(address: SocketAddr, class: &Class, name: &str) -> Self {
        let mut telnet = Self::to(address).await;
        let said = telnet.say(&format!("NOOP join {} {name}", class.settings.code)).await;
        assert!(said.contains("you are in"), "{said}");
        telnet
    }

    pub(super) async fn reply(&mut self) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            let count = self.reader.read_line(&mut line).await.expect("readable");
            all.push_str(&line);
            if count == 0 || line.as_bytes().get(3) != Some(&b'-') {
                return all;
            }
        }
    }

    pub(super) async fn say(&mut self, line: &str) -> String {
        self.writer.write_all(format!("{line}\r\n").as_bytes()).await.expect("writable");
        self.reply().await
    }

    /// The whole of the first lesson; gives what is said to QUIT.
    pub(super) async fn classic(&mut self) -> String {
        assert!(self.say("HELO noddy.com").await.starts_with("250"));
        self.greeted_classic().await
    }

    /// The same for whoever is introduced already.
    pub(super) async fn greeted_classic(&mut self) -> String {
        let mut last = String::new();
        for (line, code) in &classic::CLASSIC[1..] {
            let said = self.say(line).await;
            assert!(said.starts_with(*code), "{line}: {said}");
            last = said;
        }
        last
    }
}

/// Waits until something is so.
pub(super) async fn until(class: &Class, is_so: impl Fn() -> bool) {
    let mut changes = class.changes();
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while !is_so() {
            changes.changed().await.expect("the class lives");
        }
    });
    waited.await.expect("it comes to be so");
}

pub(super) fn ticked(class: &Class, name: &str) -> usize {
    class.named(name).and_then(|student| student.with_current(|work| work.attempt.ticked())).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_students_do_the_first_lesson_at_once() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let all: Vec<_> = (0..200)
        .map(|n| {
            let class = Arc::clone(&class);
            tokio::spawn(async move {
                let mut telnet = Telnet::joined(address, &class, &format!("student {n}")).await;
                telnet.classic().await;
            })
        })
        .collect();
    for one in all {
        one.await.expect("it got through");
    }
    let is_done = || class.students().iter().all(|s| s.with_current(|work| work.finished().is_some()) == Some(true));
    until(&class, is_done).await;
    assert_eq!(class.students().len(), 200);
    for student in class.students() {
        let mail = student.with(|state| state.works["01-classic"].arena().map(|arena| arena.messages().len()));
        assert_eq!(mail, Some(2), "{} has its own mail and nobody else's", student.name);
    }
    let wall = wall::Wall::of(&class);
    assert!(wall.rows.iter().all(|row| row.state == wall::State::Done), "{:?}", wall.rows[0]);
}

#[tokio::test]
async fn a_killed_class_goes_on_where_it_was() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, guard) = open(at.path(), &lessons(&["01", "02"])).await;
    let mut anna = Telnet::joined(address, &class, "Anna").await;
    for line in ["HELO noddy.com", "MAIL FROM:<dude@noddy.com>"] {
        assert!(anna.say(line).await.starts_with("250"));
    }
    until(&class, || ticked(&class, "anna") == 2).await;
    assert!(anna.say("RCPT TO:anotherdude").await.starts_with('5'));
    let hint = anna.say("NOOP hint").await;
    assert!(hint.starts_with("250"), "{hint}");
    let (code, folder) = (class.settings.code.clone(), class.folder.clone());
    assert_eq!(class.taken_up(), None);
    drop((anna, guard));
    until(&class, || !class.named("anna").expect("there").is_here()).await;
    drop(class);
    // What a killed process leaves at the end of a line.
    let mut torn = std::fs::OpenOptions::new().append(true).open(folder.join("events.jsonl")).expect("there");
    torn.write_all(b"{\"at\":").expect("written");
    drop(torn);

    let (class, address, _guard) = open(at.path(), &Wish::default()).await;
    assert_eq!((class.settings.code.as_str(), ticked(&class, "ANNA")), (code.as_str(), 2));
    let hints = class.named("anna").and_then(|student| student.with_current(|work| work.hints.len()));
    assert_eq!(hints, Some(1));
    let tries = class.named("anna").and_then(|student| student.with_current(|work| work.tries));
    assert_eq!(tries, Some(1), "of the open step, not of those before it");
    assert_eq!(wall::Wall::of(&class).rows[0].minutes, 0);
    let mut anna = Telnet::to(address).await;
    let said = anna.say(&format!("NOOP join {code} anna")).await;
    assert!(joined_up(&said).contains("Step 3 of 6"), "{said}");
    assert!(joined_up(&said).contains("mail, greylists and what it had counted are gone"), "{said}");
    assert!(!anna.say("NOOP").await.contains("gone"), "once is enough");
    assert!(class.taken_up().is_some_and(|words| words.starts_with("1 student had begun")));
    for line in ["HELO noddy.com", "MAIL FROM:<dude@noddy.com>", "RCPT TO:<anotherdude@target.local>"] {
        assert!(anna.say(line).await.starts_with("250"));
    }
    anna.say("RCPT TO:<colleague@target.local>").await;
    until(&class, || ticked(&class, "anna") == 3).await;
    let again = Class::open(folder, class.settings.clone(), &world(at.path())).expect_err("it is held");
    assert!(again.to_string().contains("one program at a time"), "{again}");
}

#[tokio::test]
async fn whoever_has_not_joined_can_send_nothing_and_a_wrong_code_lets_nobody_in() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut stranger = Telnet::to(address).await;
    assert!(stranger.say("NOOP").await.starts_with("250"));
    assert!(stranger.say("EHLO x").await.starts_with("250"));
    assert!(stranger.say("MAIL FROM:<dude@noddy.com>").await.starts_with("530"));
    for words in
        ["join 000000 eve", &format!("join {} ", class.settings.code), &format!("join {} <b>", class.settings.code)]
    {
        let said = stranger.say(&format!("NOOP {words}")).await;
        assert!(said.starts_with("550"), "{words}: {said}");
    }
    let named = stranger.say(&format!("NOOP join {0} {0}", class.settings.code)).await;
    assert!(named.starts_with("550") && named.contains("must not have the code in it"), "{named}");
    assert!(stranger.say("NOOP attend 00 smtp").await.starts_with("550"));
    for words in ["NOOP", "NOOP step", "HELP"] {
        let said = stranger.say(words).await;
        assert!(said.starts_with('2') && said.contains("NOOP join CODE NAME"), "{words}: {said}");
    }
    assert!(class.students().is_empty());
}

#[tokio::test]
async fn one_student_has_only_so_many_connections_and_leaves_the_others_theirs() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut held = Vec::new();
    for _ in 0..8 {
        // By the code each time, as if from many machines.
        let mut telnet = Telnet::to(address).await;
        let said = telnet.say(&format!("NOOP join {} eve", class.settings.code)).await;
        held.push((telnet, said));
    }
    let mut ninth = Telnet::to(address).await;
    let said = ninth.say(&format!("NOOP join {} eve", class.settings.code)).await;
    assert!(said.starts_with("550") && said.contains("too many connections"), "{said}");
    Telnet::joined(address, &class, "bert").await;
    drop(held);
    until(&class, || class.named("eve").is_some_and(|eve| eve.open() == 0)).await;
}

pub(super) async fn attend(class: &Class, address: SocketAddr, name: &str) -> Attendance {
    let code = class.settings.code.clone();
    join(&Joining { server: address.to_string(), code, name: name.to_owned() }).await.expect("it joins")
}

/// The next news that is of interest.
pub(super) async fn news(attendance: &mut Attendance, fits: impl Fn(&Down) -> bool) -> Down {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let down = attendance.news.recv().await.expect("the class lives");
            if fits(&down) {
                return down;
            }
        }
    });
    waited.await.expect("it is told")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_students_own_ehlo_gets_the_lesson_its_ticks_hints_and_what_the_instructor_says() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01", "17"])).await;
    let mut anna = attend(&class, address, "anna").await;
    assert_eq!((anna.hello.name.as_str(), anna.hello.class.as_str(), anna.hello.exam), ("anna", "monday", false));
    let Down::Lesson(given) = news(&mut anna, |down| matches!(down, Down::Lesson(_))).await else { unreachable!() };
    assert_eq!((given.name.as_str(), given.ticked), ("01-classic", 0));
    // The door leads into anna's world, banner and all.
    let mut talk = Telnet::to(anna.door).await;
    assert!(talk.say("EHLO noddy.com").await.contains("mx.target.local"));
    let is_tick = |down: &Down| matches!(down, Down::Happened(told) if told.contains(&Told::Ticked(0)));
    news(&mut anna, is_tick).await;
    anna.say(Up::Hint);
    news(&mut anna, |down| matches!(down, Down::Hint(_))).await;
    let is_notice = |down: &Down| matches!(down, Down::Notice(_));
    // A hint that was not asked for does not come without a word.
    class.hint(&class.named("anna").expect("there"), true);
    news(&mut anna, |down| matches!(down, Down::Hint(_))).await;
    let said = news(&mut anna, is_notice).await;
    assert!(matches!(&said, Down::Notice(words) if words.contains("instructor has given you a hint")), "{said:?}");
    class.broadcast(None, "look up");
    assert_eq!(news(&mut anna, is_notice).await, Down::Notice("look up".to_owned()));
    class.pause(true);
    news(&mut anna, |down| *down == Down::Paused(true)).await;
    let held = tokio::time::timeout(Duration::from_millis(100), talk.say("RSET")).await;
    assert!(held.is_err(), "nothing is answered while the class looks up");
    class.pause(false);
    assert!(talk.reply().await.starts_with("250"));
    for line in ["MAIL FROM:<dude@noddy.com>", "RCPT TO:<anotherdude@target.local>", "DATA"] {
        talk.say(line).await;
    }
    class.pause(true);
    news(&mut anna, |down| *down == Down::Paused(true)).await;
    let held = tokio::time::timeout(Duration::from_millis(100), talk.say("A line\r\nof text\r\n.")).await;
    let anna_s = class.arena(&class.named("anna").expect("there")).expect("it runs");
    let has_come =
        || anna_s.sessions().iter().any(|record| record.log().since(0).any(|(_, it)| it.bytes == b"of text"));
    assert!(held.is_err() && !has_come(), "what is sent meanwhile waits too");
    class.pause(false);
    assert!(talk.reply().await.starts_with("250") && has_come());
    // Another lesson, at another listener.
    anna.say(Up::Lesson("17".to_owned()));
    let Down::Lesson(given) = news(&mut anna, |down| matches!(down, Down::Lesson(_))).await else { unreachable!() };
    anna.lead_to(&given.listener);
    let mut talk = Telnet::to(anna.door).await;
    assert!(talk.say("EHLO noddy.com").await.starts_with("250"));
    // Who comes again with the same name is the same student.
    let mut again = attend(&class, address, "ANNA").await;
    let Down::Lesson(same) = news(&mut again, |down| matches!(down, Down::Lesson(_))).await else { unreachable!() };
    assert_eq!((same.name, class.students().len()), (given.name, 1));
}

/// A reply's text on one line.
pub(super) fn joined_up(said: &str) -> String {
    said.lines().map(|line| line.get(10..).unwrap_or_default()).collect::<Vec<_>>().join(" ")
}

/// What one student is told, with numbers that are drawn by chance taken out.
async fn heard(telnet: &mut Telnet, lines: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for line in lines {
        let said = telnet.say(line).await;
        let said = said.split(" queued as ").next().unwrap_or_default();
        // How many seconds of it have passed is the machine's own matter.
        all.push(said.split("Greylisted for ").next().unwrap_or_default().to_owned());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_student_does_changes_nothing_for_another() {
    const LINES: &[&str] = &[
        "EHLO noddy.com",
        "MAIL FROM:<dude@noddy.com>",
        "RCPT TO:<anotherdude@target.local>",
        "RSET",
        "MAIL FROM:<dude@noddy.com>",
        "RCPT TO:<anotherdude@target.local>",
        "VRFY anotherdude",
        "RCPT TO:<nobody@target.local>",
        "RSET",
    ];
    for lesson in ["09"] {
        let mut told = Vec::new();
        for company in [false, true] {
            let at = tempfile::tempdir().expect("a folder");
            let (class, address, _guard) = open(at.path(), &lessons(&[lesson])).await;
            let mut bert = Telnet::joined(address, &class, "bert").await;
            let mut all = Vec::new();
            for n in 0..if company { 2 } else { 0 } {
                // The same triplets, errors, mail, a line that is too long; the connections stay open.
                let mut eve = Telnet::joined(address, &class, "eve").await;
                heard(&mut eve, LINES).await;
                heard(&mut eve, LINES).await;
                eve.say(&"x".repeat(9000)).await;
                if n % 2 == 0 {
                    heard(&mut eve, &["NOOP lesson x", "NOOP reset"]).await;
                }
                all.push(eve);
            }
            told.push(heard(&mut bert, LINES).await);
        }
        assert_eq!(told[0], told[1], "lesson {lesson}");
    }
}

#[tokio::test]
async fn where_each_has_a_machine_of_their_own_the_address_is_enough() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &Wish { by_address: true, ..lessons(&["01"]) }).await;
    drop(Telnet::joined(address, &class, "anna").await);
    Telnet::to(address).await.classic().await;
    until(&class, || ticked(&class, "anna") == 6).await;
    // Two from the same place can't be told apart by it.
    let mut bert = Telnet::to(address).await;
    bert.say(&format!("NOOP join {} bert", class.settings.code)).await;
    assert!(Telnet::to(address).await.say("MAIL FROM:<>").await.starts_with("530"));
}

#[tokio::test]
async fn a_class_that_is_held_is_not_changed_by_who_may_not_hold_it() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, _, _guard) = open(at.path(), &lessons(&["01"])).await;
    let path = class.folder.join("class.toml");
    let before = std::fs::read_to_string(&path).expect("there");
    let refused = Settings::take("monday", &class.folder, &lessons(&["02"]), &world(at.path()));
    assert!(matches!(refused, Err(ClassError::Held(name)) if name == "monday"));
    assert_eq!(std::fs::read_to_string(&path).expect("there"), before);
}

#[tokio::test]
async fn a_student_reads_the_mail_of_their_own_world() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    Telnet::joined(address, &class, "bert").await.classic().await;
    let mut anna = attend(&class, address, "anna").await;
    let is_of_mail = |down: &Down| matches!(down, Down::Letter(_) | Down::Piece(_) | Down::Mailbox);
    anna.say(Up::Mail);
    assert_eq!(news(&mut anna, is_of_mail).await, Down::Mailbox, "bert's mail is bert's");
    Telnet::to(anna.door).await.classic().await;
    anna.say(Up::Mail);
    let mut numbers = Vec::new();
    for mailbox in ["anotherdude@target.local", "colleague@target.local"] {
        let Down::Letter(letter) = news(&mut anna, is_of_mail).await else { panic!("a letter") };
        assert_eq!((letter.mailbox.as_str(), letter.from.as_str()), (mailbox, "dude@noddy.com"));
        let Down::Piece(octets) = news(&mut anna, is_of_mail).await else { panic!("its octets") };
        let octets = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, octets).expect("base64");
        assert!(octets.ends_with(b"Subject: hi\r\n\r\nhello\r\n") && octets.starts_with(b"Return-Path:"));
        numbers.push(letter.number);
    }
    assert_eq!(news(&mut anna, is_of_mail).await, Down::Mailbox);
    anna.say(Up::Delete(numbers[0]));
    let Down::Letter(left) = news(&mut anna, is_of_mail).await else { panic!("the other one") };
    assert_eq!(left.number, numbers[1]);
    // And without ehlo.
    let mut bert = Telnet::joined(address, &class, "bert").await;
    let said = bert.say("NOOP mail").await;
    assert!(said.contains("2 messages lie") && said.contains("for anotherdude@target.local"), "{said}");
    assert!(joined_up(&said).contains("from <dude@noddy.com>,") && said.contains(": hi"), "{said}");
    let said = bert.say("NOOP mail 1").await;
    assert!(said.contains("2.0.0 | Subject: hi\r\n250-2.0.0 |\r\n") && said.contains("| hello"), "{said}");
    assert!(bert.say("NOOP mail 9").await.contains("There is no message 9"));
    for line in ["HELO a", "MAIL FROM:<a@a.example>", "RCPT TO:<colleague@target.local>", "DATA", "\r\nhello\r\n."] {
        bert.say(line).await;
    }
    let said = joined_up(&bert.say("NOOP mail").await);
    assert!(said.contains("octets, without a subject "), "{said}");
}
