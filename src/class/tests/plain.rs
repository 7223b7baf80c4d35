//! A client that knows nothing of classes: it is told everything, with the reply to its next NOOP, and nothing unasked.

use super::*;
use crate::class::deed::Hinted;

/// What is said to a bare NOOP.
async fn noop(telnet: &mut Telnet) -> String {
    let said = telnet.say("NOOP").await;
    let last = said.lines().last().unwrap_or_default();
    assert_eq!(last, "250 2.0.0 Ok", "the server's own reply is the last line: {said}");
    assert!(said.lines().all(|line| line.starts_with("250") && line.len() < 100), "{said}");
    joined_up(&said)
}

fn waits(class: &Class, name: &str) -> bool {
    let rows = wall::Wall::of(class).rows;
    rows.iter().any(|row| row.name == name && row.waiting > 0 && row.last.contains(" wait"))
}

#[tokio::test]
async fn on_joining_it_learns_what_it_may_say_and_at_a_lessons_end_what_comes_next() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01", "02"])).await;
    let mut anna = Telnet::to(address).await;
    let said = joined_up(&anna.say(&format!("NOOP join {} anna", class.settings.code)).await);
    for words in ["you are in the class monday", "step, hint, lesson NN", "Step 1 of 6"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let help = anna.say("HELP").await;
    assert!(help.starts_with("214-") && help.contains("step, hint"), "{help}");
    let said = joined_up(&anna.say("NOOP hlep").await);
    assert!(said.contains("NOOP hlep means nothing to the class") && said.contains("answer TEXT"), "{said}");
    assert_eq!(noop(&mut anna).await, "Ok", "nothing is new");
    anna.say("MAIL FROM:<dude@noddy.com>").await;
    let said = noop(&mut anna).await;
    assert!(said.contains("greet it first"), "a mistake is answered: {said}");
    anna.say("HELO noddy.com").await;
    let said = joined_up(&anna.say("NOOP hint").await);
    let step = said.find("Step 1 is done. Step 2 of 6:");
    let hint = said.find(&*class.settings.lessons[0].lesson.steps[1].hints[0]);
    assert!(step.is_some() && step < hint, "the hint follows the step that it is for: {said}");
    assert_eq!(noop(&mut anna).await, "Ok", "nothing is said twice");
    anna.say("MAIL FROM:<dude@noddy.com>").await;
    anna.say("RCPT TO:<nosuch@target.local>").await;
    let said = noop(&mut anna).await;
    assert!(said.starts_with("Step 2 is done. ") && said.contains("Step 3 of 6:"), "{said}");
    assert!(said.contains("knows no such mailbox"), "what went wrong after the tick is told beside it: {said}");
    let said = joined_up(&anna.say("QUIT").await);
    assert!(
        said.contains("2 of 6 steps are done") && said.contains("by the same name") && said.ends_with("Bye"),
        "{said}"
    );
    let mut anna = Telnet::joined(address, &class, "anna").await;
    let said = joined_up(&anna.classic().await);
    assert!(
        said.contains(
            "All 6 steps are done. NOOP quiz asks what you have learnt. The next lesson: NOOP lesson 02-rset-noop"
        ),
        "{said}"
    );
    until(&class, || ticked(&class, "anna") == 6).await;
    let mut anna = Telnet::to(address).await;
    let said = joined_up(&anna.say(&format!("NOOP join {} anna", class.settings.code)).await);
    assert!(
        said.contains(
            "All 6 steps are done. NOOP quiz asks what you have learnt. The next lesson: NOOP lesson 02-rset-noop"
        ),
        "{said}"
    );
    assert!(joined_up(&anna.say("NOOP lesson 02").await).contains("Step 1 of"));
    assert!(joined_up(&anna.say("NOOP lesson").await).contains("02-rset-noop"));
}

#[tokio::test]
async fn a_lessons_quiz_is_asked_and_answered_by_noop() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01", "02"])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    assert!(joined_up(&anna.say("HELP").await).contains("quiz"));
    let said = joined_up(&anna.say("NOOP quiz").await);
    assert!(said.contains("once all steps are done"), "{said}");
    anna.classic().await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    let lesson = class.settings.lessons[0].lesson.clone();
    let mut wrong = 0;
    for (n, question) in lesson.questions.iter().enumerate() {
        let said = joined_up(&anna.say("NOOP quiz").await);
        assert!(said.starts_with(&format!("Question {} of {}", n + 1, lesson.questions.len())), "{said}");
        let letters: Vec<String> = ('a'..).take(question.answers.len()).map(String::from).collect();
        // Letters and numbers stand for the same answers.
        for (place, letter) in letters.iter().enumerate() {
            let answer = if n == 0 { letter.clone() } else { (place + 1).to_string() };
            let said = joined_up(&anna.say(&format!("NOOP answer {answer}")).await);
            if said.starts_with("Right.") {
                break;
            }
            assert!(said.starts_with("Not so."), "{said}");
            wrong += 1;
            let said = joined_up(&anna.say(&format!("NOOP answer {answer}")).await);
            assert!(said.contains("you have tried it already") && said.contains("(not so)"), "{said}");
        }
    }
    let student = class.named("anna").expect("there");
    assert_eq!(student.with_current(|work| work.quiz), Some(Some(wrong)));
    let row = wall::Wall::of(&class).rows[0].clone();
    assert!(row.last.contains(&format!("quiz done, {wrong} wrong")), "{row:?}");
    let said = joined_up(&anna.say("NOOP step").await);
    assert!(said.contains("All 6 steps are done. The next lesson"), "{said}");
    assert!(joined_up(&anna.say("NOOP quiz").await).contains("are answered"));
    assert!(joined_up(&anna.say("NOOP answer a").await).contains("All 6 steps"), "nothing is asked any more");
}

#[tokio::test]
async fn what_only_looks_on_is_no_try_and_a_class_without_questions_says_so() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    for say in ["NOOP question", "NOOP choose a"] {
        let said = joined_up(&anna.say(say).await);
        assert!(said.contains("asks no questions"), "{said}");
    }
    anna.say("HELO noddy.com").await;
    for say in ["NOOP", "NOOP step", "HELP", "EHLO noddy.com", "MAIL FROM:dude"] {
        anna.say(say).await;
    }
    let mut anna = Telnet::joined(address, &class, "anna").await;
    anna.say("HELO noddy.com").await;
    let shown = || wall::Wall::of(&class).rows[0].clone();
    until(&class, || shown().last.contains("HELO …")).await;
    assert_eq!((shown().step.as_str(), shown().tries), ("2/6", 1), "the MAIL that was refused");
    let said = joined_up(&anna.say(&format!("NOOP join {} bert", class.settings.code)).await);
    assert!(said.contains("bert, you are in") && said.contains("You are no longer anna here"), "{said}");
}

#[tokio::test]
async fn a_greeting_before_joining_is_said_to_be_another_servers() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01", "02"])).await;
    let mut anna = Telnet::to(address).await;
    let join = format!("NOOP join {} anna", class.settings.code);
    assert!(!joined_up(&anna.say(&join).await).contains("greeted too"), "nobody was greeted");
    let mut anna = Telnet::to(address).await;
    anna.say("HELO noddy.com").await;
    let said = joined_up(&anna.say(&join).await);
    assert!(said.contains("Your HELO was for the server before: this one wants to be greeted too."), "{said}");
    anna.say("EHLO noddy.com").await;
    for say in ["NOOP lesson 02", "NOOP reset"] {
        let said = joined_up(&anna.say(say).await);
        assert_eq!(said.contains("Your EHLO was for the server before"), say == "NOOP lesson 02", "{said}");
    }
}

#[tokio::test]
async fn a_hint_counts_and_the_wall_is_quiet_once_it_was_fetched() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    let student = class.named("anna").expect("there");
    let hints = || student.with_current(|work| work.hints.len());
    assert_eq!(class.hint(&student, true), Hinted::Waits);
    assert_eq!(class.broadcast(None, "look up"), (0, 1));
    assert!(waits(&class, "anna") && hints() == Some(0));
    // A command is answered by the server alone: nothing comes unasked.
    assert_eq!(anna.say("RSET").await.lines().count(), 1);
    let said = noop(&mut anna).await;
    assert!(said.contains("A hint from the instructor:") && said.contains("The class: look up"), "{said}");
    assert!(!waits(&class, "anna") && hints() == Some(1));
    assert_eq!(noop(&mut anna).await, "Ok", "once is enough");
    // One of a step that is done meanwhile helps nobody.
    class.hint(&student, true);
    anna.say("HELO noddy.com").await;
    assert!(!noop(&mut anna).await.contains("hint"));
    assert_eq!(hints(), Some(1));
    // What waits for a telnet that is gone comes by the student's ehlo too.
    class.broadcast(None, "go on");
    drop(anna);
    let mut anna = super::attend(&class, address, "anna").await;
    assert_eq!(news(&mut anna, |down| matches!(down, Down::Notice(_))).await, Down::Notice("go on".to_owned()));
    assert!(!waits(&class, "anna"));
}

#[tokio::test]
async fn a_pause_and_a_fresh_start_are_told() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    anna.say("HELO noddy.com").await;
    class.pause(true);
    let said = joined_up(&anna.say("NOOP").await);
    assert!(said.contains("paused the class: look up"), "{said}");
    let held = tokio::time::timeout(Duration::from_millis(100), anna.say("RSET")).await;
    assert!(held.is_err(), "nothing else is answered");
    class.pause(false);
    assert!(anna.reply().await.starts_with("250"));
    noop(&mut anna).await;
    let student = class.named("anna").expect("there");
    class.start_over(&student).expect("once");
    // It must not go on in a world that nobody judges any more.
    let said = anna.say("MAIL FROM:<dude@noddy.com>").await;
    assert!(said.starts_with("503-5.5.1") && joined_up(&said).contains("you have a fresh start"), "{said}");
    assert!(joined_up(&said).contains("Step 1 of 6"), "{said}");
    anna.say("HELO noddy.com").await;
    until(&class, || ticked(&class, "anna") == 1).await;
    class.start_over(&student).expect("twice");
    assert!(joined_up(&anna.say("NOOP").await).contains("you have a fresh start"));
    // Nobody has closed the connection in between.
    let sessions = std::fs::read_dir(class.folder.join(student.folder())).expect("there").flatten();
    for one in sessions {
        let text = std::fs::read_to_string(one.path()).expect("readable");
        assert!(!text.contains("closed by=client"), "{text}");
    }
}

#[tokio::test]
async fn a_finding_is_judged_in_its_reply() {
    let at = tempfile::tempdir().expect("a folder");
    let wish = lessons(&["24"]);
    let (class, address, _guard) = open(at.path(), &wish).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    assert!(joined_up(&anna.say("NOOP answer").await).contains("NOOP answer WHAT IT IS"));
    let said = joined_up(&anna.say("NOOP answer nonsense").await);
    let wants = class.named("anna").and_then(|student| student.with_current(student::Work::wants_answer));
    let meant = if wants == Some(true) { "That is not it" } else { "This step wants no answer" };
    assert!(said.contains(meant), "{said}");
}

#[tokio::test]
async fn a_code_is_not_guessed_and_answers_and_programs_are_limited() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let student = class.join(&class.settings.code, "anna", address.ip()).expect("joined");
    class.arena(&student).expect("a world");
    let mut held = Vec::new();
    for _ in 0..student::COMPANIONS {
        held.push(super::attend(&class, address, "anna").await);
    }
    let one_more = Joining { server: address.to_string(), code: class.settings.code.clone(), name: "anna".to_owned() };
    let said = join(&one_more).await.expect_err("too many");
    assert!(said.contains("too many programs"), "{said}");
    drop(held);
    for _ in 0..5_000 {
        class.answer(&student, "no");
    }
    let facts = student.with_current(|work| work.attempt.facts().len());
    assert!(facts <= Some(4_000), "{facts:?}");
    let mut eve = Telnet::to(address).await;
    for _ in 0..5 {
        assert!(eve.say("NOOP join XXXXXX eve").await.starts_with("550"));
    }
    let mut all = Vec::new();
    for _ in 0..30 {
        let mut eve = Telnet::to(address).await;
        all.push(tokio::spawn(async move {
            tokio::time::timeout(Duration::from_millis(300), eve.say("NOOP join XXXXXX eve")).await
        }));
    }
    for one in all {
        assert!(one.await.expect("it ran").is_err(), "a wrong one is told of so late that guessing leads nowhere");
    }
    let mut bert = Telnet::to(address).await;
    let join = format!("NOOP join {} bert", class.settings.code);
    let said = tokio::time::timeout(Duration::from_secs(5), bert.say(&join)).await.expect("it waits for none of them");
    assert!(said.starts_with("250"), "{said}");
}

#[tokio::test]
async fn names_that_nobody_sees_or_tells_apart_do_not_join() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    Telnet::joined(address, &class, "anna").await;
    for name in ["\u{3164}", "аnna", "a\u{200b}nna"] {
        let said = Telnet::to(address).await.say(&format!("NOOP join {} {name}", class.settings.code)).await;
        assert!(said.starts_with("550"), "{name:?}: {said}");
    }
    let eve: std::net::IpAddr = [192, 0, 2, 9].into();
    let joined = (0..200).filter(|n| class.join(&class.settings.code, &format!("eve {n}"), eve).is_ok()).count();
    assert_eq!(joined, class.settings.per_address);
    Telnet::joined(address, &class, "bert").await;
}

#[tokio::test]
async fn what_is_being_sent_by_all_together_is_bounded() {
    const MOST: u64 = 1 << 20;
    let at = tempfile::tempdir().expect("a folder");
    let world = world(at.path());
    let folder = folder("monday", &world).expect("a name");
    let mut settings = Settings::take("monday", &folder, &lessons(&["01"]), &world).expect("well formed");
    settings.in_flight = MOST;
    let class = Class::open(folder, settings, &world).expect("it opens");
    let (address, _guard) = class.listen("127.0.0.1:0".parse().expect("an address")).await.expect("it listens");
    let line = format!("{}\r\n", "x".repeat(998));
    let mut open = Vec::new();
    for n in 0..40 {
        let mut one = Telnet::joined(address, &class, &format!("student {n}")).await;
        for say in ["HELO a.example", "MAIL FROM:<dude@noddy.com>", "RCPT TO:<anotherdude@target.local>", "DATA"] {
            assert!(one.say(say).await.starts_with(['2', '3']), "{say}");
        }
        one.writer.write_all(line.repeat(60).as_bytes()).await.expect("writable");
        assert!(class.room.held() <= MOST);
        open.push(one);
    }
    let mut refused = 0;
    for one in &mut open {
        refused += usize::from(one.say(".").await.starts_with("452"));
        assert!(class.room.held() <= MOST);
    }
    assert!((20..40).contains(&refused), "{refused} had no room, and the others' mail was taken");
    assert_eq!(class.room.held(), 0);
}

#[tokio::test]
async fn a_crowded_lobby_is_left_sooner_by_who_says_nothing() {
    use crate::lab::desk::Desk as _;
    let at = tempfile::tempdir().expect("a folder");
    let world = world(at.path());
    let folder = folder("monday", &world).expect("a name");
    let mut settings = Settings::take("monday", &folder, &lessons(&["01"]), &world).expect("well formed");
    settings.connections = 4;
    let class = Class::open(folder, settings, &world).expect("it opens");
    let front = front::Front::new(Arc::clone(&class));
    let arrive = || front.arrive(([192, 0, 2, 1], 4711).into());
    let seats: Vec<_> = (0..4).map(|_| arrive().expect("a place")).collect();
    let idle: Vec<_> = seats.iter().map(|seat| seat.idle.is_some()).collect();
    assert_eq!(idle, [false, false, true, true]);
    assert!(arrive().expect_err("full").starts_with("421 4.3.2"));
    assert!(class.troubles().iter().any(|words| words.contains("somebody was sent away")));
    drop(seats);
    assert!(arrive().expect("a place again").idle.is_none());
}

#[tokio::test]
async fn who_can_only_start_over_is_told_why_and_how_and_the_wall_shows_it() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["02"])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    for line in [
        "HELO noddy.com",
        "MAIL FROM:<dude@noddy.com>",
        "RCPT TO:<colleague@target.local>",
        "DATA",
        "Subject: not for you\r\n\r\nHello\r\n.",
    ] {
        anna.say(line).await;
    }
    until(&class, || wall::Wall::of(&class).rows[0].state == wall::State::Stuck(wall::SPOILT)).await;
    let said = noop(&mut anna).await;
    let lost =
        "A message has reached colleague@target.local, and that must not be in this lesson: NOOP reset starts it over.";
    assert!(said.contains("colleague has the message") && said.contains(lost), "{said}");
    assert!(joined_up(&anna.say("QUIT").await).contains(lost));
    let mut anna = Telnet::joined(address, &class, "anna").await;
    anna.say("NOOP reset").await;
    let said = noop(&mut anna).await;
    assert!(!said.contains("must not be"), "{said}");
    assert!(!matches!(wall::Wall::of(&class).rows[0].state, wall::State::Stuck(_)));
}

#[tokio::test]
async fn who_asks_for_a_hint_or_answers_is_at_work_and_who_is_given_one_need_not_be() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let _anna = Telnet::joined(address, &class, "anna").await;
    let anna = class.named("anna").expect("here");
    let acted = || wall::glance(&class, &anna, class.now()).acted;
    class.take_hint(&anna, true);
    assert_eq!(acted(), None);
    class.take_hint(&anna, false);
    assert!(acted().is_some());
}
