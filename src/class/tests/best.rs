//! What counts of several attempts, what two of the same name are told, and what goes on after a restart.

use super::*;
use crate::class::verify::verify;

/// The rows of `results.csv`, each as its cells.
fn results(class: &Arc<Class>, to: &Path) -> Vec<Vec<String>> {
    export::write(class, to, false).expect("written");
    let verdict = verify(&to.join("results.json"), &class.world).expect("readable");
    assert!(verdict.agrees(), "{verdict:?}");
    let text = std::fs::read_to_string(to.join("results.csv")).expect("there");
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn row(class: &Class, name: &str) -> wall::Row {
    wall::Wall::of(class).rows.into_iter().find(|row| row.name == name).expect("there")
}

#[tokio::test]
async fn a_lesson_that_is_done_stays_done_whatever_comes_of_another_attempt() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, guard) = open(at.path(), &lessons(&["01"])).await;
    Telnet::joined(address, &class, "anna").await.classic().await;
    until(&class, || ticked(&class, "anna") == 6).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    let said = joined_up(&anna.say("NOOP reset").await);
    assert!(said.contains("Step 1 of 6") && said.contains("stays in the results"), "{said}");
    anna.say("HELO noddy.com").await;
    until(&class, || ticked(&class, "anna") == 1).await;
    assert_eq!(row(&class, "anna").state, wall::State::Done, "the wall does not forget it");
    let rows = results(&class, &at.path().join("out"));
    assert_eq!(
        (&rows[0][4..7], &rows[0][14..16]),
        (&["6", "6", "100"].map(str::to_owned)[..], &["1", "2"].map(str::to_owned)[..])
    );
    let certificate = at.path().join("out/certificates/anna-01-classic.html");
    assert!(std::fs::read_to_string(certificate).expect("kept").contains("attempt 1 of 2"));
    drop((anna, guard));
    until(&class, || !class.named("anna").expect("there").is_here()).await;
    drop(class);
    // And after a restart.
    let (class, ..) = open(at.path(), &Wish::default()).await;
    assert_eq!(results(&class, &at.path().join("again"))[0][4..7], ["6", "6", "100"].map(str::to_owned));
    assert_eq!(class.named("anna").and_then(|anna| anna.reached("01-classic")), Some(6));
}

#[tokio::test]
async fn in_an_exam_nothing_starts_over_but_by_the_instructor() {
    let at = tempfile::tempdir().expect("a folder");
    let exam = Some(Exam { minutes: 30, ..Exam::default() });
    let (class, address, _guard) = open(at.path(), &Wish { exam, ..lessons(&["01"]) }).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    anna.say("HELO noddy.com").await;
    let said = anna.say("NOOP reset").await;
    assert!(said.starts_with("550") && joined_up(&said).contains("your instructor can"), "{said}");
    assert_eq!(ticked(&class, "anna"), 1);
    let mut bert = super::attend(&class, address, "bert").await;
    bert.say(Up::Reset);
    let notice = news(&mut bert, |down| matches!(down, Down::Notice(_))).await;
    assert!(
        matches!(&notice, Down::Notice(words) if words.starts_with("In an exam nothing starts over")),
        "{notice:?}"
    );
    class.start_over(&class.named("anna").expect("there")).expect("once");
    assert_eq!((ticked(&class, "anna"), class.named("anna").and_then(|anna| anna.reached("01-classic"))), (0, Some(1)));
}

#[tokio::test]
async fn an_answer_in_an_exam_can_be_changed_until_the_next_question_and_tries_are_counted() {
    let at = tempfile::tempdir().expect("a folder");
    let exam = Some(Exam { minutes: 30, ..Exam::default() });
    let wish = Wish { exam, questions: Some(2), ..lessons(&["24"]) };
    let (class, address, _guard) = open(at.path(), &wish).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    let student = class.named("anna").expect("there");
    let right = class.questions(&student)[0].right;
    let letter = |place: usize| char::from(b'a' + u8::try_from(place).expect("small"));
    anna.say("NOOP question").await;
    let said = joined_up(&anna.say(&format!("NOOP choose {}", letter((right + 1) % 4))).await);
    assert!(said.contains("Noted") && said.contains("until NOOP question asks the next"), "{said}");
    anna.say(&format!("NOOP choose {}", letter(right))).await;
    assert_eq!(student.answered(), (1, 1), "the last word counts");
    assert!(joined_up(&anna.say("NOOP question").await).contains("Question 2 of 2"));
    let mut bert = super::attend(&class, address, "bert").await;
    let posed = |down: Down| match down {
        Down::Question(posed) => (posed.number, posed.chosen),
        other => panic!("{other:?}"),
    };
    let is_question = |down: &Down| matches!(down, Down::Question(_));
    for (up, comes) in [
        (Up::Question, (0, None)),
        (Up::Choose(0, 1), (0, Some(1))),
        (Up::Choose(0, 2), (0, Some(2))),
        (Up::Question, (1, None)),
        (Up::Choose(0, 3), (1, None)),
        (Up::Choose(1, 0), (1, Some(0))),
        (Up::Choose(1, 3), (1, Some(3))),
    ] {
        bert.say(up.clone());
        assert_eq!(posed(news(&mut bert, is_question).await), comes, "{up:?}");
    }
    // Asked for once more the last one comes again, and can be changed as by NOOP.
    for (up, comes) in [(Up::Question, (1, Some(3))), (Up::Question, (1, Some(3))), (Up::Choose(1, 2), (1, Some(2)))] {
        bert.say(up.clone());
        assert_eq!(posed(news(&mut bert, is_question).await), comes, "{up:?}");
    }
    assert_eq!((row(&class, "bert").answered, row(&class, "anna").answered), (2, 1));
    for line in [
        "HELO noddy.com",
        "MAIL FROM:<dude@noddy.com>",
        "RCPT TO:<anotherdude@target.local>",
        "RSET",
        "MAIL FROM:<mary@noddy.com>",
        "RCPT TO:<anotherdude@target.local>",
    ] {
        anna.say(line).await;
    }
    anna.say("NOOP answer the weather").await;
    let said = joined_up(&anna.say("NOOP answer the moon").await);
    assert!(said.contains("more tr") || said.contains("try 2 at this answer"), "{said}");
    assert_eq!(results(&class, &at.path().join("out"))[0][11], "2", "wrong findings");
}

#[tokio::test]
async fn two_of_the_same_name_are_told_of_each_other_and_the_wall_says_so() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = super::attend(&class, address, "anna").await;
    until(&class, || class.named("anna").is_some_and(|anna| anna.is_here())).await;
    assert!(!row(&class, "anna").twice);
    let mut eve = Telnet::to(address).await;
    let said = joined_up(&eve.say(&format!("NOOP join {} anna", class.settings.code)).await);
    assert!(said.contains("anna is here already"), "{said}");
    let notice = news(&mut anna, |down| matches!(down, Down::Notice(_))).await;
    assert!(matches!(&notice, Down::Notice(words) if words.contains("has joined a second time")), "{notice:?}");
    assert!(row(&class, "anna").twice && row(&class, "anna").last.starts_with("joined twice"));
    let mut third = super::attend(&class, address, "anna").await;
    let notice = news(&mut third, |down| matches!(down, Down::Notice(_))).await;
    assert!(
        matches!(&notice, Down::Notice(words) if words.contains("is here already") && words.contains("--name")),
        "{notice:?}"
    );
}

#[tokio::test]
async fn the_instructor_looks_at_the_connection_that_lives() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    let mut other = Telnet::joined(address, &class, "anna").await;
    other.say("NOOP").await;
    drop(other);
    anna.say("HELO noddy.com").await;
    let student = class.named("anna").expect("there");
    until(&class, || student.open() == 1).await;
    let (which, lines) = student.live();
    assert!(lines.iter().any(|line| line.contains("HELO noddy.com")), "{lines:?}");
    assert!(which.as_ref().is_some_and(|which| which.starts_with("connection 1 of 2")), "{which:?}");
}

#[tokio::test]
async fn after_a_restart_the_tries_are_those_of_the_open_step() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    for line in ["MAIL FROM:dude", "MAIL FROM:dude", "HELO noddy.com", "MAIL FROM:dude", "RSET"] {
        anna.say(line).await;
    }
    until(&class, || row(&class, "anna").tries == 2).await;
    drop((anna, guard));
    until(&class, || !class.named("anna").expect("there").is_here()).await;
    drop(class);
    let (class, ..) = open(at.path(), &Wish::default()).await;
    assert_eq!((row(&class, "anna").step.as_str(), row(&class, "anna").tries), ("2/6", 2));
}
