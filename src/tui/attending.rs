//! The class that the student of this workbench is in: what it says, what an exam allows, its questions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::class::attend::{Down, Hello, Outline, Up};
use crate::conversation::event::Remark;
use crate::lesson::{Happening, Map};
use crate::smtp::escape::for_screen;

use super::action::Action;
use super::effect::Effect;
use super::learn;
use super::model::Model;
use super::overlay::{Asked, Letter, Overlay, show_mail};
use super::pane::lesson::{LessonPane, Stage};

/// Octets of mail that a class may send: more than a world of it keeps.
const MAIL: usize = 64 << 20;

/// The class, as far as the workbench knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InClass {
    /// Its name.
    pub name: String,
    /// The student's name.
    pub student: String,
    /// It is an exam: nothing is explained.
    pub exam: bool,
    /// Seconds that were left of it when the class last said so.
    pub left: Option<u64>,
    /// Everybody is to look up: nothing is sent.
    pub paused: bool,
    /// Questions about replies that are asked.
    pub questions: usize,
    /// Nothing comes from it any more.
    pub gone: bool,
    /// Mail that is on its way from it.
    pub letters: Vec<Letter>,
    /// It has said which lessons are its own.
    pub course: bool,
}

impl InClass {
    /// What a class says first.
    #[must_use]
    pub fn of(hello: &Hello) -> Self {
        Self {
            name: hello.class.clone(),
            student: hello.name.clone(),
            exam: hello.exam,
            left: hello.left,
            questions: hello.questions,
            ..Self::default()
        }
    }

    /// What of it is always to be seen: the pause, and the time that is left.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        if self.gone {
            return Some("the class is gone".to_owned());
        }
        let left = self.left.map(|left| match left.div_ceil(60) {
            0 => "time over".to_owned(),
            1 => "last minute".to_owned(),
            minutes => format!("{minutes} min left"),
        });
        match (self.paused, left) {
            (true, Some(left)) => Some(format!("PAUSED, {left}")),
            (true, None) => Some("PAUSED".to_owned()),
            (false, left) => left,
        }
    }
}

/// Whether an exam is being held here, or was: nothing is explained, and nothing mended.
pub(super) fn in_exam(model: &Model) -> bool {
    model.class.as_ref().is_some_and(|class| class.exam)
}

/// What stands beside how far a lesson has come: that it counts no more, where the time of the exam is over.
pub(super) fn late(model: &Model, pane: &LessonPane) -> &'static str {
    let late = model.class.as_ref().is_some_and(|class| class.left == Some(0)) && pane.stage() == Stage::Steps;
    if late { ", time over" } else { "" }
}

/// What is said once no lesson is left.
pub(super) fn all_done(model: &Model) -> String {
    match &model.class {
        Some(class) => format!("You are done: all lessons of the class {} are.", for_screen(class.name.as_bytes())),
        None => "That was the last one: all lessons are done.".to_owned(),
    }
}

/// Whether the class has questions about replies.
pub(super) fn has_questions(model: &Model) -> bool {
    model.class.as_ref().is_some_and(|class| class.questions > 0 && !class.gone)
}

/// Why nothing may be sent now, where that is so.
pub(super) fn holds(model: &Model) -> Option<&'static str> {
    let paused = model.class.as_ref().is_some_and(|class| class.paused && !class.gone);
    (paused && !model.is_offline())
        .then_some("Paused by the instructor: look up. The line stays; Enter sends it when the class goes on.")
}

/// Said where a lesson is to begin anew in an exam.
pub(super) const NOT_ANEW: &str =
    "In an exam nothing starts over: what is done stays done. Your instructor can give you a fresh start.";

/// Why an action of an exam's can't be done, where that is so.
pub(super) fn forbids(model: &Model, action: Action) -> Option<&'static str> {
    if action == Action::StartOver && in_exam(model) && model.shows_lesson() {
        return Some(NOT_ANEW);
    }
    if action == Action::Ready && in_exam(model) {
        return Some("This is an exam: the lines are yours to send.");
    }
    let explains = matches!(
        action,
        Action::Mend | Action::Reference | Action::Glossary | Action::Explain | Action::Hint | Action::Probe
    );
    (explains && in_exam(model)).then_some("This is an exam: nothing is explained, mended or hinted at.")
}

/// Takes in what a class says.
pub(super) fn says(model: &mut Model, down: Down) -> Vec<Effect> {
    let class = model.class.get_or_insert_default();
    match down {
        Down::Course(course) => {
            class.course = true;
            let rows = course.iter().filter_map(Outline::standing).collect();
            learn::take_map(model, Map { rows });
        }
        Down::Lesson(given) => return vec![Effect::Attend(given)],
        Down::Happened(told) => {
            let happened: Vec<Happening> = told.into_iter().map(Happening::from).collect();
            let Some(pane) = model.lesson.as_mut().filter(|pane| pane.is_in_class()) else { return Vec::new() };
            return if pane.told(&happened) { learn::ticked(model) } else { Vec::new() };
        }
        Down::Hint(hint) => {
            let shown = model.lesson.as_mut().is_some_and(LessonPane::hint);
            model.notice = (!shown).then(|| for_screen(format!("A hint: {hint}").as_bytes()));
        }
        Down::Notice(text) => return stays_seen(model, &format!("The class: {text}")),
        Down::Paused(on) => {
            class.paused = on;
            let words = if on { "Paused by the instructor: look up." } else { "The instructor lets the class go on." };
            return stays_seen(model, words);
        }
        Down::Left(seconds) => class.left = Some(seconds),
        Down::TimeOver => {
            class.left = Some(0);
            return stays_seen(model, "The time is over: what you do now counts no more.");
        }
        Down::Question(posed) => {
            let awaited = matches!(model.overlay, None | Some(Overlay::Asked(_)));
            if awaited {
                model.overlay = Some(Overlay::Asked(Asked::new(*posed)));
            }
        }
        Down::Verdict(verdict) => {
            if let Some(Overlay::Asked(asked)) = &mut model.overlay {
                asked.judged(verdict);
            }
        }
        Down::NoQuestion(words) => {
            model.overlay.take_if(|overlay| matches!(overlay, Overlay::Asked(_)));
            model.notice = Some(for_screen(words.as_bytes()));
        }
        Down::Letter(envelope) => class.letters.push(Letter::of(*envelope, Vec::new())),
        Down::Piece(octets) => piece(&mut class.letters, &octets),
        Down::Mailbox => {
            let letters = std::mem::take(&mut class.letters);
            // Whoever has opened something else meanwhile is not disturbed.
            if matches!(model.overlay, None | Some(Overlay::Mail(_))) {
                show_mail(model, letters);
            }
        }
        Down::Hello(hello) => *class = InClass { course: class.course, ..InClass::of(&hello) },
    }
    Vec::new()
}

/// Takes in octets of the letter that came last, as long as all of them are not more than a world may keep.
fn piece(letters: &mut [Letter], octets: &str) {
    let held: usize = letters.iter().map(|letter| letter.raw.len()).sum();
    if let Some(last) = letters.last_mut()
        && let Ok(octets) = STANDARD.decode(octets)
        && held + octets.len() <= MAIL
    {
        last.raw.extend(octets);
    }
}

/// Says something, and keeps it in the conversation: a notice is gone with the next key.
fn stays_seen(model: &mut Model, words: &str) -> Vec<Effect> {
    model.notice = Some(for_screen(words.as_bytes()));
    vec![Effect::Remark(Remark::new("note").value(words))]
}

/// The class is over, or the way to it is cut.
pub(super) fn over(model: &mut Model) {
    let Some(class) = &mut model.class else { return };
    class.gone = true;
    let name = for_screen(class.student.as_bytes());
    let words = format!("The class is over, or the way to it is cut. {{reconnect}} tries to join again as {name}.");
    model.notice = Some(model.keymap.told(&words));
}

/// Asks for the question that is open.
pub(super) fn ask() -> Vec<Effect> {
    vec![Effect::ToClass(Up::Question)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::attend::{Judged, Posed, Posted};
    use crate::lesson::progress::Reached;
    use crate::tui::message::Message;
    use crate::tui::pane::lesson::LessonNews;
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
        screen.send(Message::Lesson(LessonNews::ClassOver));
        assert!(title(&screen).contains("the class is gone"), "{}", title(&screen));
        assert!(screen.shown().contains("F5 tries to join again as anna"), "{}", screen.shown());
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
        let posted =
            Posted { number: 1, mailbox: "anotherdude@target.local".to_owned(), added: 17, ..Posted::default() };
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
        };
        let (name, text) = crate::lesson::course::shipped().next().expect("shipped");
        let lesson = std::sync::Arc::new(crate::lesson::Lesson::parse(&name, text).expect("well formed"));
        let reached = Reached {
            lesson: name,
            steps: lesson.steps.len(),
            of: lesson.steps.len(),
            hints: 0,
            wrong: 0,
            finished: true,
        };
        class(&mut screen, Down::Course(vec![given("01-classic", 6), given("08-relay", 0), given("09-own", 0)]));
        // What the student has done alone leads nowhere here.
        screen.send(Message::Lesson(LessonNews::Map(Map::of(Vec::new(), None))));
        let address = "127.0.0.1:4000".to_owned();
        screen.send(Message::Lesson(LessonNews::Begun { lesson, address, seed: 1, class: Some(reached) }));
        screen.keys("<esc><f7>");
        assert!(screen.shown().contains("Next: Lesson 8 · On 08-relay, 15 minutes"), "{}", screen.shown());
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
        screen.send(Message::Lesson(LessonNews::Begun { lesson, address, seed: 1, class: Some(Reached::default()) }));
        assert!(screen.shown().contains("step 1 of 6, time over"), "{}", screen.shown());
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
        screen.keys("<f10>");
        assert!(screen.shown().contains("the lines are yours to send"), "{}", screen.shown());
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
            Box::new(Posed { number, of: 2, reply: "450 4.2.0 Greylisted".to_owned(), answers })
        };
        class(&mut screen, Down::Question(posed(0)));
        let shown = screen.shown();
        assert!(shown.contains("Question 1 of 2") && shown.contains("b  takes the address off"), "{shown}");
        screen.asked();
        screen.keys("x");
        assert_eq!(screen.asked().len(), 0);
        screen.keys("<enter>b");
        assert_eq!(screen.asked().len(), 0, "a letter marks an answer");
        assert!(
            screen.shown().contains("▸ b  takes") && screen.shown().contains("Enter gives it"),
            "{}",
            screen.shown()
        );
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
}
