//! The screens: a name and what builds each at a size.

use std::path::PathBuf;
use std::sync::Arc;

use super::certificates::{AUTHORITY, SERVER};
use crate::class::attend::{Down, Hello, Judged, Posed, Posted};
use crate::conversation::event::{Event, Remark};
use crate::conversation::{Kind, Log, Micros, sample};
use crate::lesson::{Lesson, Map, course};
use crate::profile::Draft;
use crate::smtp::Phase;
use crate::tui::library::tests as library_tests;
use crate::tui::message::Message;
use crate::tui::model::{Face, Peer};
use crate::tui::overlay::Letter;
use crate::tui::pane::lesson::{Begins, LessonNews, Seen};
use crate::tui::panel_tests::untrusted;
use crate::tui::probing_tests;
use crate::tui::replay::tests::{comparing, with_a_difference};
use crate::tui::screen::Screen;
use crate::tui::secret::Fetched;
use crate::tui::start::News;
use crate::tui::start::tests as start_tests;
use crate::tui::talk::Talk;
use crate::tui::tests::{connected, in_data, opened, refused};

/// One screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene {
    /// Its name, and that of its snapshots.
    pub(super) name: &'static str,
    /// Builds it at so many columns and rows.
    pub(super) of: fn(u16, u16) -> Screen,
}

const fn scene(name: &'static str, of: fn(u16, u16) -> Screen) -> Scene {
    Scene { name, of }
}

/// Every screen that there is.
pub(super) const SCENES: &[Scene] = &[
    scene("start_empty", |c, r| {
        let mut screen = Screen::new(c, r);
        screen.model.face = Face::Start;
        screen
    }),
    scene("start", start),
    scene("start_searching", |c, r| {
        let mut screen = start(c, r);
        screen.keys("front");
        let reading = Ok("profile front: mx.target.local port 25, STARTTLS where offered".to_owned());
        screen.send(Message::Profiles(News::Read("front".to_owned(), reading)));
        screen
    }),
    scene("start_typed", |c, r| {
        let mut screen = start(c, r);
        screen.keys("telnet mx 259x");
        let why = Err("`259x` is not a port; 25, 465 and 587 are usual".to_owned());
        screen.send(Message::Profiles(News::Read("telnet mx 259x".to_owned(), why)));
        screen
    }),
    scene("start_delete_profile", |c, r| after(start(c, r), "<down><down><delete>")),
    scene("profile_editor", |c, r| {
        let mut screen = start(c, r);
        let mut draft = Draft::of(start_tests::FILE).expect("TOML");
        draft.set("network.bind", "localhost");
        draft.set("port", "0");
        screen.send(start_tests::editor(draft, "noddy", Some("noddy")));
        after(screen, "<tab>")
    }),
    scene("classic", |c, r| {
        let mut screen = delivered(c, r);
        screen.say("QUIT<enter>", "< 221 2.0.0 Bye\n* closed by=server");
        screen
    }),
    scene("greeted", connected),
    scene("refused", refused),
    scene("refused_earlier_line", |c, r| after(refused(c, r), "<esc>[[")),
    scene("message_content", |c, r| {
        let mut screen = in_data(c, r);
        screen.keys("Subject: hello<enter><enter>");
        screen.asked();
        screen.wire("| Subject: hello\n|");
        after(screen, ".profile")
    }),
    scene("delivered", delivered),
    scene("under_tls", under_tls),
    scene("implicit_tls", |c, r| {
        let mut screen = began(c, r, "smtps://mx.target.local");
        screen.wire("* connecting 127.0.0.1:465\n* connected 127.0.0.1:465 from 127.0.0.1:50000");
        screen.wire(&format!("* tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=yes{}", chain()));
        screen.wire("< 220 mx.target.local ESMTP");
        screen
    }),
    scene("untrusted_certificate", untrusted),
    scene("untrusted_tls_tab", |c, r| after(untrusted(c, r), "<f9><f9><f9>")),
    scene("question_regardless", |c, r| after(untrusted(c, r), "<ctrl-p>tls-regardless<enter>")),
    scene("awaiting_a_reply", |c, r| {
        let mut screen = connected(c, r);
        screen.say("EHLO noddy.com<enter>", "");
        let now = screen.model.now;
        screen.send(Message::Tick(Micros(now.0 + 4_200_000)));
        screen
    }),
    scene("cut_off", |c, r| {
        let mut screen = refused(c, r);
        screen.wire("< 421 4.4.2 mx.target.local too long idle\n* closed by=server");
        screen
    }),
    scene("way_back", |c, r| {
        let mut screen = refused(c, r);
        screen.wire("* closed by=network reason=\"connection reset\"");
        let peer = Box::new(screen.model.peer.clone());
        screen.send(Message::Began { peer, path: None, head: None, again: true });
        screen.wire("* connecting 127.0.0.1:40025\n* connected 127.0.0.1:40025 from 127.0.0.1:50001\n< 220 mx");
        screen
    }),
    scene("tab_session", |c, r| after(refused(c, r), "<f9>")),
    scene("tab_offer", |c, r| after(under_tls(c, r), "<f9><f9>")),
    scene("tab_tls", |c, r| after(under_tls(c, r), "<f9><f9><f9>")),
    scene("tab_tls_clear_text", |c, r| after(refused(c, r), "<f9><f9><f9>")),
    scene("zoomed_reply", |c, r| after(refused(c, r), "<esc><enter>z")),
    scene("verbs", |c, r| after(refused(c, r), "<f2><down>")),
    scene("ghost_text", |c, r| after(refused(c, r), "RCPT")),
    scene("parameters", |c, r| after(refused(c, r), "RCPT<tab><tab>")),
    scene("form", |c, r| after(refused(c, r), "RCPT TO:<lt>a@b> NOTIFY=FAILURE<f2><tab>")),
    scene("lint", |c, r| after(refused(c, r), "RCPT TO :anotherdude@target.local notify=success,failure")),
    scene("history_search", |c, r| after(refused(c, r), "<ctrl-r>rcpt")),
    scene("paste", |c, r| {
        let mut screen = refused(c, r);
        screen.send(Message::Paste("RSET\nNOOP\nQUIT\n".to_owned()));
        screen
    }),
    scene("message_editor", |c, r| after(in_data(c, r), "<f3>hello<down><down>Hello.<enter>.<enter>")),
    scene("message_samples", |c, r| after(refused(c, r), "<f3><f2>")),
    scene("message_ready", |c, r| after(in_data(c, r), "<f3>hello<down><down>Hello.<ctrl-d>")),
    scene("auth_answer", |c, r| {
        let mut screen = under_tls(c, r);
        screen.say("AUTH LOGIN<enter>", "< 334 VXNlcm5hbWU6");
        after(screen, "$dude")
    }),
    scene("password", |c, r| {
        let mut screen = connected(c, r);
        screen.send(Message::Secret(Fetched::Ask("dude".to_owned())));
        after(screen, "noddy")
    }),
    scene("lesson", |c, r| {
        let mut class = Class::new(c, r);
        class.names_a_recipient();
        class.screen
    }),
    scene("class_question", |c, r| after(attending(c, r, Down::Question(Box::new(question()))), "")),
    scene("class_answered", |c, r| {
        let mut screen = after(attending(c, r, Down::Question(Box::new(question()))), "b<enter>");
        let why = "That is what one does about another trouble. Here the mailbox is full for now.".to_owned();
        let verdict = Down::Verdict(Judged { right: false, why });
        screen.send(Message::Lesson(LessonNews::Class(Box::new(verdict))));
        screen
    }),
    scene("class_exam_paused", |c, r| attending(c, r, Down::Paused(true))),
    scene("class_exam_over", |c, r| after(attending(c, r, Down::TimeOver), "<esc>i")),
    scene("class_exam_offer", |c, r| after(attending(c, r, Down::Left(1500)), "<f9><f9>")),
    scene("lesson_mistake", |c, r| {
        let mut class = Class::new(c, r);
        class.lab("> HELO\n< 501 a name");
        class.screen
    }),
    scene("lesson_whole", |c, r| {
        let mut class = Class::new(c, r);
        class.names_a_recipient();
        after(class.screen, "<shift-f7><f7>")
    }),
    scene("lesson_quiz", |c, r| {
        let mut class = Class::new(c, r);
        class.all_steps();
        after(class.screen, "1")
    }),
    scene("lesson_finish", |c, r| {
        let mut class = Class::new(c, r);
        class.all_steps();
        after(class.screen, "12<enter>3")
    }),
    scene("probes", |c, r| after(refused(c, r), "<esc>P<down><down><down><down><down>")),
    scene("probe_found", probing_tests::found),
    scene("probe_done", probing_tests::done),
    scene("lessons", |c, r| {
        let mut screen = start(c, r);
        screen.send(Message::Lesson(LessonNews::Map(lessons(&[6, 5, 2]))));
        after(screen, "<f7><down>")
    }),
    scene("lesson_finding", |c, r| {
        let mut class = Class::of("08-relay", c, r);
        class.tests_a_relay();
        after(class.screen, "<ctrl-g>it is open")
    }),
    scene("lesson_finding_wrong", |c, r| {
        let mut class = Class::of("08-relay", c, r);
        class.tests_a_relay();
        after(class.screen, "<ctrl-g>open<enter>")
    }),
    scene("replay", with_a_difference),
    scene("compare", comparing),
    scene("opened_file", opened),
    scene("opened_bounce", bounce),
    scene("search_typed", |c, r| after(opened(c, r), "/elsew")),
    scene("filter_typed", |c, r| after(opened(c, r), "frefused")),
    scene("filtered", |c, r| after(opened(c, r), "frefused<enter>")),
    scene("notes", |c, r| {
        let mut screen = after(refused(c, r), "<esc>e;");
        screen.keys("asked the postmaster on Monday<enter>m");
        for asked in screen.asked() {
            if let Some(remark) = asked.strip_prefix("remark ") {
                screen.wire(&format!("* {remark}"));
            }
        }
        screen
    }),
    scene("note_typed", |c, r| after(refused(c, r), "<esc>e;asked the postmaster")),
    scene("copy_menu", |c, r| after(refused(c, r), "<esc>y")),
    scene("timing", |c, r| after(opened(c, r), "T")),
    scene("save_as", |c, r| after(opened(c, r), "w")),
    scene("export", |c, r| after(opened(c, r), "x")),
    scene("glossary", |c, r| after(refused(c, r), "<ctrl-p>glossary<enter>greyl")),
    scene("reference", |c, r| after(refused(c, r), "<f11>mailbox full")),
    scene("reference-page", |c, r| after(refused(c, r), "<f11>5.1.1<enter><tab>")),
    scene("palette", |c, r| after(refused(c, r), "<ctrl-p>recon")),
    scene("help_composer", |c, r| after(refused(c, r), "<f1>")),
    scene("help_transcript", |c, r| after(refused(c, r), "<esc>?")),
    scene("library", library_tests::screen),
    scene("library_searching", library_tests::searching),
    scene("library_pruning", library_tests::pruning),
    scene("library_tags", |c, r| after(library_tests::screen(c, r), "<down><ctrl-t>")),
    scene("help_library", |c, r| after(library_tests::screen(c, r), "<f1>")),
    scene("help_start", |c, r| after(start(c, r), "<f1>")),
    scene("connect", |c, r| after(refused(c, r), "<f4>mx.example")),
    scene("connect_production", |c, r| {
        let mut screen = start(c, r);
        screen.send(Message::Confirm("smtp://mx.example:25".to_owned()));
        screen
    }),
    scene("production", |c, r| {
        let mut screen = refused(c, r);
        screen.model.peer.production = true;
        screen
    }),
    scene("question_deliver", |c, r| {
        let mut screen = in_data(c, r);
        screen.model.peer.production = true;
        screen.keys("Subject: hello<enter>");
        screen.asked();
        screen.wire("| Subject: hello");
        assert_eq!(screen.model.talk.dialogue.state().phase(), Phase::Data);
        after(screen, ".<enter>")
    }),
    scene("question_quit", |c, r| after(in_data(c, r), "<ctrl-q>")),
    scene("question_stop", |c, r| after(in_data(c, r), "<ctrl-c>")),
    scene("question_reconnect", |c, r| after(refused(c, r), "<f5>")),
    scene("presenter", |c, r| after(refused(c, r), "<ctrl-p>presenter<enter><esc>e")),
    scene("lab_mail", mail),
    scene("lab_mail_open", |c, r| after(mail(c, r), "<enter>")),
    scene("lab_mail_envelope", |c, r| after(mail(c, r), "<enter>5")),
    scene("server_view", both_ends),
];

fn after(mut screen: Screen, keys: &str) -> Screen {
    screen.keys(keys);
    screen
}

/// The start screen with profiles, conversations and a lesson.
fn start(columns: u16, rows: u16) -> Screen {
    let mut screen = start_tests::screen(columns, rows);
    screen.send(Message::Lesson(LessonNews::Map(lessons(&[]))));
    screen
}

/// All lessons that are shipped, with so many steps done of the first ones; the steps that there are for a whole one.
fn lessons(done: &[usize]) -> Map {
    let read = course::shipped().map(|(name, text)| Lesson::parse(&name, text).expect("well formed"));
    let mut lessons = Map::of(read.collect(), None);
    lessons.rows.sort_by(|a, b| a.lesson.name.cmp(&b.lesson.name));
    for (row, steps) in lessons.rows.iter_mut().zip(done) {
        row.done.steps = *steps;
        row.done.finished = (*steps == row.lesson.steps.len()).then(|| "2026-03-01T09:00:00Z".to_owned());
    }
    lessons
}

fn began(columns: u16, rows: u16, name: &str) -> Screen {
    let mut screen = Screen::new(columns, rows);
    screen.model.today = Some("2026-12-01T12:00:00Z".parse().expect("a time"));
    let mut peer = Peer { name: name.to_owned(), ..Peer::default() };
    peer.identity.ehlo = "noddy.com".to_owned();
    peer.identity.from = "dude@noddy.com".to_owned();
    peer.identity.to = vec!["anotherdude@target.local".to_owned()];
    screen.send(Message::Began { peer: Box::new(peer), path: None, head: None, again: false });
    screen
}

fn chain() -> String {
    format!("\n* certificate n=0 der={SERVER}\n* certificate n=1 der={AUTHORITY}")
}

/// Secured with STARTTLS, and greeted again.
fn under_tls(columns: u16, rows: u16) -> Screen {
    let mut screen = began(columns, rows, "mx.target.local");
    screen.wire(
        "* connecting 127.0.0.1:587
         * connected 127.0.0.1:587 from 127.0.0.1:50000
         < 220 mx.target.local ESMTP",
    );
    screen.say(
        "EHLO noddy.com<enter>",
        "< 250-mx.target.local
         < 250-PIPELINING
         < 250-SIZE 10485760
         < 250 STARTTLS",
    );
    screen.say("STARTTLS<enter>", "< 220 2.0.0 Ready to start TLS");
    screen.wire(&format!("* tls version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=yes{}", chain()));
    screen.say(
        "EHLO noddy.com<enter>",
        "< 250-mx.target.local
         < 250-PIPELINING
         < 250-SIZE 10485760
         < 250 AUTH PLAIN LOGIN",
    );
    screen
}

/// A message was taken.
fn delivered(columns: u16, rows: u16) -> Screen {
    let mut screen = in_data(columns, rows);
    screen.keys("Subject: hello<enter><enter>Hello.<enter>");
    screen.asked();
    screen.wire("| Subject: hello\n|\n| Hello.");
    screen.say(".<enter>", "< 250 2.0.0 Ok: queued as 4YW33q8qk4Y");
    screen
}

/// Mail in the lab.
fn mail(columns: u16, rows: u16) -> Screen {
    let mut screen = delivered(columns, rows);
    screen.model.peer.lab = true;
    let letter = |number: u64, mailbox: &str, subject: &str| {
        let added = "Received: from noddy.com\r\n";
        let content = format!("From: boss@target.local\r\nTo: {mailbox}\r\nSubject: {subject}\r\n\r\nHello.\r\n");
        let envelope = Posted {
            number,
            mailbox: mailbox.to_owned(),
            from: "dude@noddy.com".to_owned(),
            to: mailbox.to_owned(),
            helo: "noddy.com".to_owned(),
            client: "from 127.0.0.1:40000".to_owned(),
            time: "2026-11-23T20:18:22Z".to_owned(),
            queue_id: "4YW33q8qk4Y".to_owned(),
            added: added.len(),
            ..Posted::default()
        };
        Letter::of(envelope, format!("{added}{content}").into_bytes())
    };
    let letters =
        vec![letter(1, "anotherdude@target.local", "hello"), letter(2, "colleague@target.local", "the other one")];
    screen.send(Message::Mail(letters));
    screen
}

/// What the lab has seen, beside the client's own view.
fn both_ends(columns: u16, rows: u16) -> Screen {
    let mut screen = delivered(columns, rows);
    screen.model.peer.lab = true;
    let mut log = Log::new();
    for (_, entry) in screen.model.talk.log.since(0).filter(|(_, entry)| entry.kind != Kind::Remark) {
        if entry.bytes.starts_with(b"250 2.0.0 Ok: queued") {
            let remark = b"delivered to=anotherdude@target.local from=<dude@noddy.com> bytes=200";
            log.push_octets(Kind::Remark, entry.at, remark, false, false);
        }
        log.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
    }
    screen.send(Message::ServerSide(Some(Box::new(log)), true));
    screen
}

/// A workbench in the first lesson, and the lab's record of its session.
struct Class {
    screen: Screen,
    log: Log,
}

impl Class {
    fn new(columns: u16, rows: u16) -> Self {
        Self::of("01-classic", columns, rows)
    }

    fn of(name: &str, columns: u16, rows: u16) -> Self {
        let mut screen = Screen::new(columns, rows);
        screen.wire("* connecting 127.0.0.1:4000\n* connected 127.0.0.1:4000\n< 220 mx.target.local ESMTP");
        screen.send(Message::Lesson(LessonNews::Map(lessons(&[]))));
        let (name, text) = course::shipped().find(|(known, _)| known == name).expect("it is shipped");
        let lesson = Arc::new(Lesson::parse(&name, text).expect("well formed"));
        let address = "127.0.0.1:4000".to_owned();
        screen.send(Message::Lesson(LessonNews::Begun { lesson, address, seed: 1, begins: Begins::Anew }));
        let mut class = Self { screen, log: Log::new() };
        class.seen("* connected 127.0.0.1:4000 from 127.0.0.1:5000\n< 220 mx.target.local ESMTP");
        class
    }

    /// Something that both the workbench and its lab have seen.
    fn lab(&mut self, text: &str) {
        self.screen.wire(&text.lines().filter(|line| !line.contains("* delivered")).collect::<Vec<_>>().join("\n"));
        self.seen(text);
    }

    fn seen(&mut self, text: &str) {
        sample::add(&mut self.log, text, Micros(1));
        let seen = Seen { number: 1, began: Micros(0), log: self.log.clone() };
        self.screen.send(Message::Lesson(LessonNews::Seen(vec![seen])));
    }

    fn names_a_recipient(&mut self) {
        self.lab("> HELO noddy.com\n< 250 mx.target.local\n> MAIL FROM:<dude@noddy.com>\n< 250 2.1.0 Ok");
        self.lab("> RCPT TO:<anotherdude@target.local>\n< 250 2.1.5 Ok");
    }

    fn tests_a_relay(&mut self) {
        self.lab("> EHLO noddy.com\n< 250 mx.target.local\n> MAIL FROM:<dude@noddy.com>\n< 250 2.1.0 Ok");
        self.lab("> RCPT TO:<anotherdude@target.local>\n< 250 2.1.5 Ok");
        self.lab("> RCPT TO:<friend@elsewhere.example>\n< 554 5.7.1 Relay access denied\n> RSET\n< 250 2.0.0 Ok");
        self.lab("> MAIL FROM:<anotherdude@target.local>\n< 250 2.1.0 Ok");
        self.lab("> RCPT TO:<friend@elsewhere.example>\n< 554 5.7.1 Relay access denied");
        self.lab("> RCPT TO:<friend%elsewhere.example@target.local>\n< 550 5.1.1 No such user");
    }

    fn all_steps(&mut self) {
        self.names_a_recipient();
        self.lab("> RCPT TO:<colleague@target.local>\n< 250 2.1.5 Ok\n> DATA\n< 354 go");
        self.lab("| Subject: hello\n|\n| Hello.\n> .");
        self.lab("* delivered to=anotherdude@target.local\n* delivered to=colleague@target.local\n< 250 2.0.0 Ok");
        self.lab("> QUIT\n< 221 2.0.0 Bye\n* closed by=server");
    }
}

/// A student in an exam of a class, which says something.
fn attending(columns: u16, rows: u16, down: Down) -> Screen {
    let mut class = Class::new(columns, rows);
    class.names_a_recipient();
    let hello = Hello {
        ehlo: 1,
        class: "monday".to_owned(),
        name: "anna".to_owned(),
        token: String::new(),
        ca: String::new(),
        lessons: vec!["01-classic".to_owned()],
        exam: true,
        left: Some(1500),
        questions: 2,
        answers: true,
    };
    for down in [Down::Hello(hello), down] {
        class.screen.send(Message::Lesson(LessonNews::Class(Box::new(down))));
    }
    class.screen
}

fn question() -> Posed {
    let answers = [
        "Wait, and try the same again by and by.",
        "Take the address off the list, since nobody has it.",
        "Log in before the transaction.",
        "Make the message smaller, or share a link to the file.",
    ];
    let reply = "452 4.2.2 <anotherdude@target.example>: The mailbox is over its quota".to_owned();
    Posed { number: 0, of: 2, reply, answers: answers.map(str::to_owned).into(), chosen: None }
}

/// A message file: its way, and what became of each recipient.
fn bounce(columns: u16, rows: u16) -> Screen {
    let mut log = Log::default();
    for (n, remark) in [
        "hop n=1 from=noddy.example by=mx.noddy.example with=ESMTPS id=4ZK1 for=<full@target.example> tls=TLSv1.3 \
         peer=\"noddy.example [192.0.2.1]\" delay=1s",
        "hop n=2 from=mx.noddy.example by=mx.target.example with=ESMTP id=8A8D delay=2s",
        "dsn recipient=full@target.example action=failed status=5.2.2 remote=mx.target.example \
         diagnostic=\"smtp; 552 5.2.2 <full@target.example> Quota exceeded (mailbox for user is full)\"",
        "tool \"From: Mail Delivery System <MAILER-DAEMON@target.example>\"",
    ]
    .into_iter()
    .enumerate()
    {
        log.push(Micros(n as u64), &Event::Remark(Remark::parse(remark)));
    }
    let mut screen = Screen::new(columns, rows);
    let talk = Talk::opened("bounce.eml".to_owned(), PathBuf::from("bounce.eml"), log);
    screen.send(Message::Opened { path: PathBuf::from("bounce.eml"), talk: Box::new(talk), whole: true });
    screen
}
