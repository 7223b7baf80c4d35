//! An exam: its clock, what counts, its questions.

use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::class::deed::Hinted;
use crate::class::verify::{Verdict, verify};

#[tokio::test]
async fn an_exam_gives_no_hints_and_what_comes_too_late_does_not_count() {
    let at = tempfile::tempdir().expect("a folder");
    let start: Timestamp = "2026-11-30T09:00:00Z".parse().expect("a time");
    let minutes = Arc::new(std::sync::atomic::AtomicI64::new(0));
    let clock = Arc::clone(&minutes);
    let now = move || {
        let passed = clock.load(std::sync::atomic::Ordering::SeqCst);
        start + jiff::SignedDuration::from_mins(passed)
    };
    let world = world(at.path()).with_clocks(now, || Duration::ZERO);
    let exam = Exam { minutes: 30, extra: [("Bert".to_owned(), 15)].into(), ..Exam::default() };
    let (class, address, _guard) = open_in(world.clone(), &Wish { exam: Some(exam), ..lessons(&["01"]) }).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    let mut bert = Telnet::joined(address, &class, "bert").await;
    assert!(anna.say("NOOP hint").await.contains("no hints in an exam"));
    assert_eq!(class.hint(&class.named("anna").expect("there"), true), Hinted::None, "nor from the instructor");
    for one in [&mut anna, &mut bert] {
        one.say("HELO noddy.com").await;
    }
    until(&class, || ticked(&class, "anna") == 1 && ticked(&class, "bert") == 1).await;
    minutes.store(31, std::sync::atomic::Ordering::SeqCst);
    for one in [&mut anna, &mut bert] {
        assert!(one.say("MAIL FROM:<dude@noddy.com>").await.starts_with("250"));
    }
    until(&class, || ticked(&class, "bert") == 2).await;
    assert_eq!(ticked(&class, "anna"), 1, "it came too late");
    // Nor does it count later, when the transcripts are judged again.
    let student = class.named("anna").expect("there");
    let transcript = class.folder.join(student.folder()).join("01-classic-1-001.smtp");
    let is_written = || std::fs::read_to_string(&transcript).is_ok_and(|text| text.contains("MAIL FROM"));
    until(&class, is_written).await;
    student.reread(&class.folder);
    assert_eq!(ticked(&class, "anna"), 1, "the transcript says what came too late");
    let to = at.path().join("out");
    export::write(&class, &to, false).expect("written");
    let Verdict { verified, .. } = verify(&to.join("results.json"), &world).expect("readable");
    assert!(verified.iter().all(|one| one.problems.is_empty()), "{verified:?}");
}

#[tokio::test]
async fn a_class_that_becomes_an_exam_gives_its_time_to_those_who_have_joined_before() {
    let at = tempfile::tempdir().expect("a folder");
    let (world, seconds) = clocked(at.path());
    let (class, address, guard) = open_in(world.clone(), &lessons(&["01"])).await;
    let anna = Telnet::joined(address, &class, "anna").await;
    drop((anna, guard));
    until(&class, || !class.named("anna").expect("there").is_here()).await;
    drop(class);
    seconds.store(600, Ordering::SeqCst);
    let exam = Some(Exam { minutes: 5, ..Exam::default() });
    let wish = Wish { exam, turn: Some(crate::class::settings::Turn::Exam), ..Wish::default() };
    let (class, ..) = open_in(world, &wish).await;
    let student = class.named("anna").expect("there");
    assert_eq!(class.left(&student), Some(Duration::from_mins(5)));
    seconds.store(720, Ordering::SeqCst);
    assert_eq!(class.left(&student), Some(Duration::from_mins(3)));
}

#[tokio::test]
async fn questions_about_replies_are_asked_one_by_one_and_kept() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &Wish { questions: Some(2), ..lessons(&["01"]) }).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    let student = class.named("anna").expect("there");
    let questions = class.questions(&student);
    let asked = joined_up(&anna.say("NOOP question").await);
    assert!(asked.contains("Question 1 of 2") && asked.contains("d: "), "{asked}");
    let letter = |place: usize| char::from(b'a' + u8::try_from(place).expect("small"));
    let said = joined_up(&anna.say("NOOP choose z").await);
    assert!(
        said.contains("z is no choice: a to d; question 1 is still open, and NOOP question asks it again."),
        "{said}"
    );
    let said = joined_up(&anna.say(&format!("NOOP choose {}", letter(questions[0].right))).await);
    assert!(said.starts_with("Right."), "{said}");
    // Nobody answers what they have not read.
    let said = joined_up(&anna.say("NOOP choose a").await);
    assert!(said.starts_with("Question 2 comes next: NOOP question asks it"), "{said}");
    assert_eq!(student.answered(), (1, 1));
    anna.say("NOOP question").await;
    let said = joined_up(&anna.say(&format!("NOOP choose {}", letter((questions[1].right + 1) % 4))).await);
    assert!(
        said.starts_with("Not so.") && said.contains("another trouble") && said.contains("It was the last."),
        "{said}"
    );
    assert!(joined_up(&anna.say("NOOP question").await).contains("no further question. 1 of 2"));
    assert!(joined_up(&anna.say("NOOP choose a").await).contains("No question is open: all are answered."));
    assert_eq!(student.answered(), (2, 1));
    anna.classic().await;
    until(&class, || ticked(&class, "anna") == 6).await;
    // Each question can be looked at again.
    let to = at.path().join("out");
    export::write(&class, &to, false).expect("written");
    let sheet = std::fs::read_to_string(to.join("questions.csv")).expect("there");
    assert_eq!(sheet.lines().count(), 3, "{sheet}");
    let verdict = verify(&to.join("results.json"), &class.world).expect("readable");
    assert!(verdict.agrees(), "{verdict:?}");
    let each = &verdict.signed.what.questions[0].each;
    assert_eq!((&each[0].reply, each[0].answers.len()), (&questions[0].reply, 4));
    assert_eq!(each.iter().map(|one| one.given == Some(one.right)).collect::<Vec<_>>(), [true, false]);
    let certificate = std::fs::read_to_string(to.join("certificates/anna-01-classic.html")).expect("there");
    assert!(certificate.contains("1 of 2 questions about replies answered rightly"), "{certificate}");
}

#[tokio::test]
async fn in_an_exam_the_last_answer_by_noop_can_be_changed_until_the_time_is_over() {
    let at = tempfile::tempdir().expect("a folder");
    let (world, seconds) = clocked(at.path());
    let exam = Some(Exam { minutes: 30, ..Exam::default() });
    let wish = Wish { exam, questions: Some(2), ..lessons(&["01"]) };
    let (class, address, guard) = open_in(world.clone(), &wish).await;
    let mut anna = Telnet::to(address).await;
    let join = format!("NOOP join {} anna", class.settings.code);
    let said = joined_up(&anna.say(&join).await);
    assert!(said.contains("2 questions about replies wait for you: NOOP question asks"), "{said}");
    anna.say("NOOP question").await;
    let said = joined_up(&anna.say("NOOP choose").await);
    assert!(said.contains("wants a letter, a to d; question 1 is still open"), "{said}");
    let said = joined_up(&anna.say("NOOP choose b").await);
    assert!(said.contains("b to question 1. NOOP choose takes another letter until NOOP question asks"), "{said}");
    assert!(joined_up(&anna.say(&join).await).contains("1 of 2 questions about replies still waits for you"));
    anna.say("NOOP question").await;
    let said = joined_up(&anna.say("NOOP choose a").await);
    assert!(said.contains("a to question 2. NOOP choose takes another letter until the time is over"), "{said}");
    let said = joined_up(&anna.say("NOOP question").await);
    assert!(said.starts_with("Question 2 of 2. The server says:") && said.contains(" d: "), "{said}");
    assert!(said.contains("That was the last question; your answer to it stands as a. NOOP choose"), "{said}");
    let said = joined_up(&anna.say("NOOP choose z").await);
    assert!(said.contains("z is no choice: a to d; your answer to question 2 stands as a."), "{said}");
    let said = joined_up(&anna.say("NOOP choose c").await);
    assert!(said.contains("Noted: c to question 2"), "{said}");
    // A class that is taken up again knows it too.
    drop((anna, guard));
    until(&class, || !class.named("anna").expect("there").is_here()).await;
    drop(class);
    let (class, address, _guard) = open_in(world, &Wish::default()).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    assert!(joined_up(&anna.say("NOOP choose d").await).contains("Noted: d to question 2"));
    let chosen = |class: &Class| class.named("anna").expect("there").with(|state| state.chosen[&1].0);
    assert_eq!(chosen(&class), 3);
    seconds.store(31 * 60, Ordering::SeqCst);
    assert!(joined_up(&anna.say("NOOP choose a").await).contains("was not taken"));
    assert_eq!(chosen(&class), 3);
    let said = joined_up(&anna.say("NOOP huh").await);
    assert!(
        said.contains("one of: step, lesson NN, mail. NOOP alone"),
        "what can't be done any more is not offered: {said}"
    );
}

/// A world whose clock says so many seconds after nine.
fn clocked(at: &Path) -> (World, Arc<AtomicI64>) {
    let start: Timestamp = "2026-11-30T09:00:00Z".parse().expect("a time");
    let seconds = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&seconds);
    let now = move || start + jiff::SignedDuration::from_secs(clock.load(Ordering::SeqCst));
    (world(at).with_clocks(now, || Duration::ZERO), seconds)
}

#[tokio::test]
async fn the_time_that_is_left_is_told_and_stands_while_the_class_is_paused() {
    let at = tempfile::tempdir().expect("a folder");
    let (world, seconds) = clocked(at.path());
    let exam = Exam { minutes: 30, ..Exam::default() };
    let (class, address, guard) = open_in(world.clone(), &Wish { exam: Some(exam), ..lessons(&["01"]) }).await;
    let mut bert = Telnet::joined(address, &class, "bert").await;
    let mut anna = super::attend(&class, address, "anna").await;
    assert_eq!(anna.hello.left, Some(1800));
    seconds.store(600, Ordering::SeqCst);
    assert!(bert.say("NOOP").await.contains("20 minutes are left"));
    let row = |name: &str| wall::Wall::of(&class).rows.into_iter().find(|row| row.name == name).expect("there");
    assert_eq!(row("bert").left, Some(20));
    class.pause(true);
    seconds.store(1200, Ordering::SeqCst);
    assert_eq!(row("anna").left, Some(20), "the clock stands");
    class.pause(false);
    assert_eq!(news(&mut anna, |down| matches!(down, Down::Left(_))).await, Down::Left(1200));
    seconds.store(1200 + 1199, Ordering::SeqCst);
    assert!(bert.say("NOOP").await.contains("Less than a minute is left"));
    drop(guard);
    drop((bert, anna));
    until(&class, || class.students().iter().all(|student| !student.is_here())).await;
    drop(class);
    // A killed process forgets no pause.
    let (class, address, _guard) = open_in(world, &Wish::default()).await;
    assert_eq!(class.left(&class.named("bert").expect("there")), Some(Duration::from_secs(1)));
    let mut bert = Telnet::joined(address, &class, "bert").await;
    seconds.store(1200 + 1201, Ordering::SeqCst);
    assert!(bert.say("NOOP").await.contains("The time is over"));
    let again = bert.say(&format!("NOOP join {} Bert", class.settings.code)).await;
    assert!(again.contains("you are in") && again.contains("The time is over"), "{again}");
    let other = joined_up(&bert.say(&format!("NOOP join {} zoe", class.settings.code)).await);
    assert!(other.contains("this connection is bert's") && class.named("zoe").is_none(), "{other}");
    assert_eq!(wall::Wall::of(&class).rows[0].state, wall::State::Over);
    let mut anna = super::attend(&class, address, "anna").await;
    news(&mut anna, |down| *down == Down::TimeOver).await;
}

#[tokio::test]
async fn once_an_exam_is_over_for_everybody_its_questions_can_be_looked_at_with_what_was_right() {
    let at = tempfile::tempdir().expect("a folder");
    let (world, seconds) = clocked(at.path());
    let exam = Exam { minutes: 30, extra: [("bert".to_owned(), 10)].into(), show_answers: true, ..Exam::default() };
    let wish = Wish { exam: Some(exam), questions: Some(2), ..lessons(&["01"]) };
    let (class, address, _guard) = open_in(world, &wish).await;
    let mut anna = super::attend(&class, address, "anna").await;
    let mut bert = Telnet::joined(address, &class, "bert").await;
    let drawn = class.questions(&class.named("anna").expect("there"));
    anna.say(Up::Question);
    let wrong = (drawn[0].right + 1) % 4;
    anna.say(Up::Choose(0, wrong));
    until(&class, || class.named("anna").expect("there").answered() == (1, 0)).await;
    seconds.store(31 * 60, Ordering::SeqCst);
    anna.say(Up::Question);
    let Down::NoQuestion(words) = news(&mut anna, |down| matches!(down, Down::NoQuestion(_))).await else {
        unreachable!()
    };
    assert!(words.contains("once the time is over for everybody"), "bert still sits it: {words}");
    seconds.store(41 * 60, Ordering::SeqCst);
    for (number, given) in [(0, Some(wrong)), (1, None)] {
        anna.say(Up::Question);
        let is_question = |down: &Down| matches!(down, Down::Question(posed) if posed.chosen == given);
        let Down::Question(posed) = news(&mut anna, is_question).await else { unreachable!() };
        assert_eq!((posed.number, &posed.reply), (number, &drawn[number].reply));
        let Down::Verdict(judged) = news(&mut anna, |down| matches!(down, Down::Verdict(_))).await else {
            unreachable!()
        };
        let right = format!("Right is {}.", crate::class::pool::letter(drawn[number].right));
        assert!(!judged.right && judged.why.contains(&right), "{judged:?}");
    }
    anna.say(Up::Question);
    news(&mut anna, |down| matches!(down, Down::NoQuestion(words) if words.contains("0 of 2"))).await;
    let said = joined_up(&bert.say("NOOP question").await);
    assert!(said.contains("Question 2:") && said.contains("You gave no answer. Right is"), "{said}");
    // Whoever joins after the look has a whole clock: nothing more is shown until it is over too.
    let mut zoe = Telnet::joined(address, &class, "zoe").await;
    for said in [joined_up(&bert.say("NOOP question").await), joined_up(&zoe.say("NOOP question").await)] {
        assert!(!said.contains("Right is"), "{said}");
    }
    anna.say(Up::Question);
    news(&mut anna, |down| matches!(down, Down::NoQuestion(words) if words.contains("over for everybody"))).await;
    seconds.store(80 * 60, Ordering::SeqCst);
    assert!(joined_up(&bert.say("NOOP question").await).contains("Right is"));
    // Answers that do not go with the questions were given to others: which ones is not known.
    class.named("bert").expect("there").with(|state| state.chosen.insert(5, (0, true)));
    let said = joined_up(&bert.say("NOOP question").await);
    assert!(said.contains("not known any more") && !said.contains("Right is"), "{said}");
}

#[tokio::test]
async fn nobody_sees_what_was_right_in_an_exam_unless_the_instructor_asks_for_it() {
    let at = tempfile::tempdir().expect("a folder");
    let (world, seconds) = clocked(at.path());
    let exam = |show_answers| Some(Exam { minutes: 30, show_answers, ..Exam::default() });
    let wishes = [
        Wish { exam: exam(false), questions: Some(2), ..lessons(&["01"]) },
        Wish { exam: exam(true), ..Wish::default() },
        // It is kept.
        Wish::default(),
    ];
    for (wish, shown) in wishes.into_iter().zip([false, true, true]) {
        let (class, address, guard) = open_in(world.clone(), &wish).await;
        let mut anna = super::attend(&class, address, "anna").await;
        let mut bert = Telnet::joined(address, &class, "bert").await;
        assert_eq!(anna.hello.answers, shown);
        let told = class.settings.changes.iter().any(|words| words.contains("what was right is shown"));
        assert_eq!(told, wish.exam.is_some() && shown, "{:?}", class.settings.changes);
        // It is over for everybody who has joined.
        seconds.store(31 * 60, Ordering::SeqCst);
        let said = joined_up(&bert.say("NOOP question").await);
        assert_eq!((said.contains("Right is"), said.contains("instructor's results")), (shown, !shown), "{said}");
        anna.say(Up::Question);
        let is_answer = |down: &Down| matches!(down, Down::Question(_) | Down::NoQuestion(_));
        let answer = news(&mut anna, is_answer).await;
        assert_eq!(matches!(answer, Down::Question(_)), shown, "{answer:?}");
        drop((anna, bert, guard));
        until(&class, || class.students().iter().all(|student| !student.is_here())).await;
    }
}

#[tokio::test]
async fn questions_are_answered_by_a_key_each_and_an_exam_says_nothing_of_them() {
    let at = tempfile::tempdir().expect("a folder");
    for exam in [false, true] {
        let wish = Wish {
            exam: exam.then(|| Exam { minutes: 30, ..Exam::default() }),
            questions: Some(2),
            ..lessons(&["01"])
        };
        let (class, address, _guard) = open(&at.path().join(exam.to_string()), &wish).await;
        let mut anna = super::attend(&class, address, "anna").await;
        assert_eq!(anna.hello.questions, 2);
        let drawn = class.questions(&class.named("anna").expect("there"));
        anna.say(Up::Question);
        let is_question = |down: &Down| matches!(down, Down::Question(_));
        let Down::Question(first) = news(&mut anna, is_question).await else { unreachable!() };
        assert_eq!((first.number, first.of, &first.answers), (0, 2, &drawn[0].answers));
        anna.say(Up::Choose(0, drawn[0].right));
        if exam {
            let Down::Question(given) = news(&mut anna, is_question).await else { unreachable!() };
            assert_eq!((given.number, given.chosen), (0, Some(drawn[0].right)), "it can still be changed");
        } else {
            let verdict = news(&mut anna, |down| matches!(down, Down::Verdict(_))).await;
            assert!(matches!(verdict, Down::Verdict(judged) if judged.right));
        }
        anna.say(Up::Question);
        let Down::Question(second) = news(&mut anna, is_question).await else { unreachable!() };
        assert_eq!(second.number, 1);
        // The same answer once more, by a slip: it changes nothing.
        anna.say(Up::Choose(0, 3));
        anna.say(Up::Choose(1, (drawn[1].right + 1) % 4));
        if !exam {
            news(&mut anna, |down| matches!(down, Down::Verdict(judged) if !judged.right)).await;
        }
        anna.say(Up::Question);
        match news(&mut anna, |down| matches!(down, Down::NoQuestion(_)) || exam && is_question(down)).await {
            Down::NoQuestion(words) => assert!(words.contains("1 of them rightly"), "{words}"),
            Down::Question(given) => assert_eq!((given.number, given.of), (1, 2), "nothing is told of it"),
            other => panic!("{other:?}"),
        }
        assert_eq!(class.named("anna").expect("there").answered(), (2, 1));
    }
}
