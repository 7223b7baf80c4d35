//! The class in the workbench: its words, its pause, its exam, its questions.

use super::*;
use crate::class::attend::{Judged, Posed, Posted, Told};
use crate::tui::message::Message;
use crate::tui::pane::lesson::{Begins, Come, LessonNews};
use crate::tui::screen::Screen;
use crate::tui::tests::refused;

fn class(screen: &mut Screen, down: Down) {
    screen.send(Message::Lesson(LessonNews::Class(Box::new(down))));
}

fn attending(screen: &mut Screen, exam: bool) {
    let hello = Hello {
        ehlo: 1,
        class: "monday".to_owned(),
        name: "anna".to_owned(),
        token: String::new(),
        ca: String::new(),
        lessons: vec!["01-classic".to_owned()],
        exam,
        left: exam.then_some(1800),
        questions: 2,
        answers: false,
    };
    class(screen, Down::Hello(hello));
}

#[test]
fn while_the_class_is_paused_nothing_is_sent_and_the_line_stays() {
    let mut screen = refused(80, 24);
    attending(&mut screen, false);
    class(&mut screen, Down::Paused(true));
    assert!(screen.shown().lines().next().is_some_and(|title| title.contains("PAUSED")), "{}", screen.shown());
    screen.asked();
    screen.keys("RSET<enter>");
    assert_eq!(screen.asked(), Vec::<String>::new());
    assert!(screen.shown().contains("The line stays"), "{}", screen.shown());
    class(&mut screen, Down::Paused(false));
    screen.asked();
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["send RSET"]);
}

#[test]
fn what_the_class_says_stays_in_the_conversation_and_the_time_in_the_title() {
    let mut screen = refused(80, 24);
    attending(&mut screen, true);
    screen.asked();
    class(&mut screen, Down::Notice("look up".to_owned()));
    assert!(screen.asked()[0].contains("The class: look up"));
    let title = |screen: &Screen| screen.shown().lines().next().unwrap_or_default().to_owned();
    assert!(title(&screen).contains("30 min left"), "{}", title(&screen));
    class(&mut screen, Down::Left(59));
    assert!(title(&screen).contains("last minute"), "{}", title(&screen));
    class(&mut screen, Down::TimeOver);
    assert!(title(&screen).contains("time over"), "{}", title(&screen));
    assert!(screen.shown().contains("counts no more"));
    screen.keys("<esc>i");
    let shown = screen.shown();
    assert!(shown.contains("you are done") && shown.contains("Ctrl-Q leaves"), "it goes on saying so: {shown}");
    assert!(!shown.contains("nothing is offered"), "{shown}");
    screen.send(Message::Lesson(LessonNews::ClassOver));
    assert!(title(&screen).contains("the class is gone"), "{}", title(&screen));
    assert!(screen.shown().contains("F5 tries to join again as anna"), "{}", screen.shown());
}

#[test]
fn what_the_class_says_of_a_mistake_goes_with_the_next_reply() {
    let (name, text) = crate::lesson::course::shipped().next().expect("there are lessons");
    let lesson = std::sync::Arc::new(crate::lesson::Lesson::parse(&name, text).expect("well formed"));
    let mut screen = Screen::new(80, 24);
    screen.wire("* connected 127.0.0.1:2525 from 127.0.0.1:5000\n< 220 mx");
    attending(&mut screen, false);
    let begins = Begins::InClass(Come::default());
    let address = "127.0.0.1:2525".to_owned();
    screen.send(Message::Lesson(LessonNews::Begun { lesson, address, seed: 1, begins }));
    // What is told may come before the reply that it is about.
    for (before, after) in [("> HELO\n< 501 a name", ""), ("> HELO", "< 501 a name")] {
        screen.wire(before);
        class(&mut screen, Down::Happened(vec![Told::Mistaken(0, 0)]));
        screen.wire(after);
        class(&mut screen, Down::Happened(Vec::new()));
        assert!(screen.shown().contains("The greeting needs the name"), "{}", screen.shown());
        screen.wire("> NOOP\n< 250 ok");
        assert!(!screen.shown().contains("The greeting needs the name"), "{}", screen.shown());
    }
    // Text that goes on after its message, though the reply to it comes line by line, is no answer.
    screen.wire("> MAIL FROM:<a@b.example>\n< 250 ok\n> DATA\n< 354 go\n| a\n> .\n< 250 ok");
    class(&mut screen, Down::Happened(vec![Told::Mistaken(0, 0)]));
    for more in ["> Dear", "< 500 what", "> friend\n< 500 what", "> as I\n< 500 what"] {
        screen.wire(more);
        assert!(screen.shown().contains("The greeting needs the name"), "{more}: {}", screen.shown());
    }
    screen.wire("> NODDY\n< 250 ok");
    assert!(!screen.shown().contains("The greeting needs the name"), "{}", screen.shown());
}

#[test]
fn the_mail_of_the_class_comes_in_pieces_and_is_shown_whole() {
    let mut screen = refused(80, 24);
    screen.model.peer.lab = true;
    attending(&mut screen, false);
    screen.asked();
    screen.keys("<esc>L");
    assert_eq!(screen.asked(), ["look at mail"]);
    let raw = b"Received: by mx\r\nSubject: hello\r\n\r\nTo you.\r\n";
    let posted = Posted { number: 1, mailbox: "anotherdude@target.local".to_owned(), added: 17, ..Posted::default() };
    class(&mut screen, Down::Letter(Box::new(posted)));
    for octets in raw.chunks(20) {
        class(&mut screen, Down::Piece(STANDARD.encode(octets)));
    }
    assert!(!screen.shown().contains("Mail that the lab"), "not before it is whole");
    class(&mut screen, Down::Mailbox);
    let shown = screen.shown();
    assert!(shown.contains("anotherdude@target.local") && shown.contains("hello"), "{shown}");
    screen.keys("<enter>");
    assert!(screen.shown().contains("To you."), "{}", screen.shown());
    screen.keys("dy");
    assert_eq!(screen.asked(), ["delete mail 1"]);
    class(&mut screen, Down::Mailbox);
    assert!(screen.shown().contains("Nothing here."), "{}", screen.shown());
    screen.keys("<esc>");
    // What comes late disturbs nobody.
    screen.keys("<f1>");
    let before = screen.shown();
    class(&mut screen, Down::Mailbox);
    assert_eq!(screen.shown(), before);
}

#[test]
fn a_lesson_that_is_done_leads_on_within_the_class_and_its_last_one_ends_it() {
    let mut screen = refused(80, 24);
    attending(&mut screen, false);
    let given = |name: &str, done: usize| Outline {
        name: name.to_owned(),
        title: format!("On {name}"),
        about: "What it is about.".to_owned(),
        minutes: Some(15),
        steps: 6,
        done,
        earlier: crate::lesson::progress::Helped::default(),
    };
    let (name, text) = crate::lesson::course::shipped().next().expect("shipped");
    let lesson = std::sync::Arc::new(crate::lesson::Lesson::parse(&name, text).expect("well formed"));
    let come = Come { steps: lesson.steps.len(), answered: true, ..Come::default() };
    class(&mut screen, Down::Course(vec![given("01-classic", 6), given("08-relay", 0), given("09-own", 0)]));
    // What the student has done alone leads nowhere here.
    screen.send(Message::Lesson(LessonNews::Map(Map::of(Vec::new(), None))));
    let address = "127.0.0.1:4000".to_owned();
    screen.send(Message::Lesson(LessonNews::Begun { lesson, address, seed: 1, begins: Begins::InClass(come) }));
    screen.keys("<esc><f7>");
    assert!(screen.shown().contains("Next: Lesson 8 · On 08-relay, 15 minutes"), "{}", screen.shown());
    assert!(screen.shown().contains("Your instructor can give you a certificate of it"), "{}", screen.shown());
    screen.keys("l");
    let shown = screen.shown();
    assert!(shown.contains("Lessons of the class monday") && shown.contains("On 09-own"), "{shown}");
    assert!(!shown.contains("needs") && !shown.contains("Three digits"), "{shown}");
    screen.keys("<esc>");
    class(&mut screen, Down::Course(vec![given("01-classic", 6), given("08-relay", 6), given("09-own", 6)]));
    assert!(screen.shown().contains("You are done: all lessons of the class monday are."), "{}", screen.shown());
    assert!(!screen.shown().contains("next lesson"), "{}", screen.shown());
    class(&mut screen, Down::TimeOver);
    assert!(!screen.shown().contains(", time over"), "what is done stays done: {}", screen.shown());
    let (lesson, address) = (screen.model.lesson.as_ref().expect("held").lesson().clone(), String::new());
    screen.send(Message::Lesson(LessonNews::Begun {
        lesson,
        address,
        seed: 1,
        begins: Begins::InClass(Come::default()),
    }));
    attending(&mut screen, true);
    assert!(screen.shown().contains("questions"), "{}", screen.shown());
    class(&mut screen, Down::TimeOver);
    let shown = screen.shown();
    assert!(shown.contains("step 1 of 6, time over"), "{shown}");
    assert!(
        !shown.contains("what was right") && !shown.contains("questions") && !shown.contains("▸ "),
        "nothing is to be done any more: {shown}"
    );
    assert!(!shown.contains("hint"), "an exam gives none: {shown}");
    // Where what was right is shown, its key is told.
    screen.model.class.as_mut().expect("in one").answers = true;
    screen.keys("<f7><f7>");
    assert!(screen.shown().contains("what was right"), "{}", screen.shown());
    screen.send(Message::Resize(200, 50));
    let footer = screen.shown().lines().last().unwrap_or_default().to_owned();
    assert!(footer.contains("Alt-q what was right") && !footer.contains("questions"), "{footer}");
    screen.send(Message::Resize(80, 24));
    // What the class says of itself.
    class(&mut screen, Down::Notice("the class was held anew.".to_owned()));
    assert!(screen.shown().contains("The class was held anew.") && !screen.shown().contains("The class: the"));
}

#[test]
fn an_exam_explains_and_mends_nothing() {
    let wrong = "RCPT TO :anotherdude@target.local";
    let mut screen = refused(80, 24);
    assert!(!screen.model.composer.ghost().is_empty());
    screen.keys(wrong);
    let free = screen.shown();
    assert!(free.contains("F8") && screen.model.talk.explanation().is_some(), "{free}");
    attending(&mut screen, true);
    let shown = screen.shown();
    assert!(!shown.contains("F8") && screen.model.talk.explanation().is_none(), "{shown}");
    assert!(shown.contains("means is yours to say"), "{shown}");
    assert!(!shown.contains("may follow"), "{shown}");
    wrong.chars().for_each(|_| screen.keys("<backspace>"));
    assert_eq!(screen.model.composer.ghost(), "");
    assert!(screen.shown().contains("nothing is offered"), "{}", screen.shown());
    for key in ["<f8>", "<f11>", "<esc>X"] {
        screen.keys(key);
        assert!(screen.shown().contains("nothing is explained"), "{key}: {}", screen.shown());
    }
    screen.asked();
    for key in ["<f10>", "<f2>"] {
        screen.keys(key);
        assert!(screen.shown().contains("the lines are yours to type"), "{key}: {}", screen.shown());
    }
    assert_eq!(screen.asked(), [] as [String; 0], "nothing goes out by itself");
    screen.say("<esc>iEHLO noddy.com<enter>", "< 250-mx.target.local\n< 250-SIZE 10485760\n< 250 PIPELINING");
    for (tab, has, lacks) in [
        ("Session", "protocol", "may follow"),
        ("Offer", "SIZE 10485760", "refused before"),
        ("TLS", "Clear text.", "on the way"),
    ] {
        screen.keys("<f9>");
        let shown = screen.shown();
        assert!(shown.contains(has) && !shown.contains(lacks), "{tab}: {shown}");
    }
}

#[test]
fn in_an_exam_an_answer_stands_as_given_and_can_be_changed_before_one_goes_on() {
    let mut screen = refused(80, 24);
    attending(&mut screen, true);
    let posed = |chosen| {
        let last = "takes the address off the list and sends a letter on paper to find out which one is right now";
        let answers = ["waits", "logs in", "makes it smaller", last].map(str::to_owned).into();
        Down::Question(Box::new(Posed { number: 0, of: 2, reply: "450 later".to_owned(), answers, chosen }))
    };
    screen.asked();
    class(&mut screen, posed(None));
    let shown = screen.shown();
    let rows = shown.lines().skip_while(|row| !row.contains("d  takes the address off")).take(2);
    let from: Vec<_> = rows.filter_map(|row| row.chars().position(char::is_alphabetic)).collect();
    assert_eq!(from[1], from[0] + 3, "it goes on under its text: {shown}");
    screen.keys("b<enter>");
    class(&mut screen, posed(Some(1)));
    let shown = screen.shown();
    assert!(shown.contains("Given: b. It can be changed") && shown.contains("Enter goes on"), "{shown}");
    screen.keys("c<enter>");
    class(&mut screen, posed(Some(2)));
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["to class Choose(0, 1)", "to class Choose(0, 2)", "to class Question"]);
}

#[test]
fn what_was_found_out_about_a_certificate_is_not_shown_in_an_exam_nor_in_its_file() {
    let reason = "* tls version=TLSv1.3 verified=no reason=\"it expired on 2026-10-30\"";
    for exam in [false, true] {
        let mut screen = refused(120, 33);
        attending(&mut screen, exam);
        screen.wire(reason);
        assert_eq!(screen.shown().contains("it expired"), !exam, "{}", screen.shown());
    }
    let text =
        format!("+++\nehlo = 1\nexam = \"monday\"\n+++\n0.000000 < 554 5.7.1 Relay access denied\n0.000000 {reason}\n");
    let document = crate::conversation::file::read(text.as_bytes()).expect("well formed");
    let path = std::path::Path::new("kept.smtp");
    let talk = crate::tui::read::talk("kept".to_owned(), path, document);
    let mut screen = refused(120, 33);
    screen.send(Message::Opened { path: path.to_owned(), talk, whole: true });
    let shown = screen.shown();
    assert!(shown.contains("held in an exam") && shown.contains("exam = \"monday\""), "{shown}");
    assert!(!shown.contains("it expired") && !shown.contains("elaying is not"), "{shown}");
}

#[test]
fn a_question_has_a_key_for_each_answer() {
    let mut screen = refused(80, 24);
    screen.keys("<alt-q>");
    assert!(screen.shown().contains("Nobody asks questions here"), "{}", screen.shown());
    attending(&mut screen, false);
    screen.asked();
    screen.keys("<alt-q>");
    let answers = ["waits and tries again", "takes the address off", "logs in", "makes it smaller"];
    let posed = |number| {
        let answers = answers.map(str::to_owned).into();
        Box::new(Posed { number, of: 2, reply: "450 4.2.0 Greylisted".to_owned(), answers, chosen: None })
    };
    class(&mut screen, Down::Question(posed(0)));
    let shown = screen.shown();
    assert!(shown.contains("Question 1 of 2") && shown.contains("b  takes the address off"), "{shown}");
    screen.asked();
    screen.keys("x");
    assert_eq!(screen.asked().len(), 0);
    screen.keys("<enter>b");
    assert_eq!(screen.asked().len(), 0, "a letter marks an answer");
    assert!(screen.shown().contains("▸ b  takes") && screen.shown().contains("Enter gives it"), "{}", screen.shown());
    screen.keys("a<down><enter>");
    assert_eq!(screen.asked(), ["to class Choose(0, 1)"]);
    screen.keys("a<enter>");
    assert_eq!(screen.asked().len(), 0, "an answer is given once");
    class(&mut screen, Down::Verdict(Judged { right: false, why: "It passes by itself.".to_owned() }));
    assert!(screen.shown().contains("Not so. It passes by itself."), "{}", screen.shown());
    screen.keys("<enter>");
    class(&mut screen, Down::Question(posed(1)));
    assert!(screen.shown().contains("Question 2 of 2"), "{}", screen.shown());
    class(&mut screen, Down::NoQuestion("All 2 questions are answered, 1 of them rightly.".to_owned()));
    assert!(!screen.shown().contains("Question 2") && screen.shown().contains("1 of them rightly"));
}

#[test]
fn the_last_question_of_an_exam_opens_again_until_the_time_is_over() {
    let mut screen = refused(80, 24);
    attending(&mut screen, true);
    let posed = |number, chosen| {
        let answers = ["waits and tries again", "takes the address off"].map(str::to_owned).into();
        Box::new(Posed { number, of: 2, reply: "450 4.2.0 Greylisted".to_owned(), answers, chosen })
    };
    screen.keys("<alt-q>");
    class(&mut screen, Down::Question(posed(0, Some(1))));
    assert!(screen.shown().contains("until you go on to the next question"), "{}", screen.shown());
    // Closed for later it comes again, and not the next one.
    screen.keys("<esc>");
    let shown = screen.shown();
    assert!(!shown.contains("Question 1") && shown.contains("Alt-q opens this question again"), "{shown}");
    screen.asked();
    screen.keys("<alt-q>");
    assert_eq!(screen.asked(), Vec::<String>::new());
    screen.keys("a<enter>");
    assert_eq!(screen.asked(), ["to class Choose(0, 0)"]);
    class(&mut screen, Down::Question(posed(1, Some(1))));
    let shown = screen.shown();
    assert!(shown.contains("It can be changed until the time is over; Alt-q opens it again."), "{shown}");
    assert!(shown.contains("Enter closes") && !shown.contains("next question"), "{shown}");
    screen.asked();
    screen.keys("<enter>");
    assert_eq!(screen.asked(), Vec::<String>::new());
    let shown = screen.shown();
    assert!(!shown.contains("Question 2") && shown.contains("Alt-q opens the last one again"), "{shown}");
    screen.keys("<alt-q>");
    assert_eq!(screen.asked(), ["to class Question"]);
    class(&mut screen, Down::Question(posed(1, Some(1))));
    class(&mut screen, Down::TimeOver);
    let shown = screen.shown();
    assert!(!shown.contains("Question 2") && shown.contains("The time is over"), "{shown}");
    // Once the time is over what was right is shown: after the last one there is no next.
    for (number, last) in [(0, false), (1, true)] {
        class(&mut screen, Down::Question(posed(number, Some(1))));
        class(&mut screen, Down::Verdict(Judged { right: false, why: "It passes.".to_owned() }));
        let shown = screen.shown();
        assert_eq!((shown.contains("Enter closes"), shown.contains("Enter next question")), (last, !last), "{shown}");
    }
}
