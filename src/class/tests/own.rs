//! Lessons of one's own: a class has them with it, whatever becomes of their files.

use super::*;
use crate::class::verify::verify;

const LESSON: &str = "ehlo = 1\ntitle = \"Mine\"\nscenario = \"sc.toml\"\nintro = \"Say it.\"\n\
    [[step]]\ntext = \"Greet.\"\ngoal = { greeted = \"HELO\" }\n";
const SCENARIO: &str = "ehlo = 1\ntitle = \"Mine\"\nextends = \"classroom\"\n[server]\nname = \"mine.example\"\n";

fn wish(path: &Path) -> Wish {
    lessons(&[&path.display().to_string(), "01"])
}

#[tokio::test]
async fn a_class_goes_on_without_the_files_that_its_lessons_were_taken_from() {
    let at = tempfile::tempdir().expect("a folder");
    let path = at.path().join("mine.toml");
    std::fs::write(&path, LESSON).expect("written");
    std::fs::write(at.path().join("sc.toml"), SCENARIO).expect("written");
    let (class, address, guard) = open(at.path(), &wish(&path)).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    assert!(anna.say("HELO noddy.com").await.contains("mine.example"));
    until(&class, || ticked(&class, "anna") == 1).await;
    drop((anna, guard));
    until(&class, || !class.named("anna").expect("there").is_here()).await;
    drop(class);
    std::fs::remove_file(&path).expect("removed");
    std::fs::remove_file(at.path().join("sc.toml")).expect("removed");
    let (class, address, guard) = open(at.path(), &Wish::default()).await;
    assert_eq!((class.settings.changes.len(), ticked(&class, "anna")), (0, 1));
    let mut bert = Telnet::joined(address, &class, "bert").await;
    assert!(bert.say("HELO noddy.com").await.contains("mine.example"));
    until(&class, || ticked(&class, "bert") == 1).await;
    let to = at.path().join("out");
    export::write(&class, &to, false).expect("written");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let verdict = verify(&to.join("results.json"), &world(elsewhere.path())).expect("readable");
    assert!(verdict.agrees(), "{verdict:?}");
    drop((bert, guard));
    until(&class, || !class.named("bert").expect("there").is_here()).await;
    drop(class);
    std::fs::write(&path, LESSON.replace("Greet.", "Greet it.")).expect("written");
    std::fs::write(at.path().join("sc.toml"), SCENARIO).expect("written");
    let (world, folder) = (world(at.path()), folder("monday", &world(at.path())).expect("a name"));
    let settings = Settings::take("monday", &folder, &Wish::default(), &world).expect("it goes on");
    assert!(settings.changes[0].contains("stays as it was taken; --turn lessons"), "{:?}", settings.changes);
    assert!(settings.lessons[0].lesson.text().contains("Greet."));
    let anew = Wish { anew: true, ..Wish::default() };
    let said = Settings::take("monday", &folder, &anew, &world).expect_err("it was begun").to_string();
    assert!(said.contains("somebody has begun it"), "{said}");
}

#[test]
fn a_changed_lesson_that_nobody_has_begun_is_taken_anew_by_a_word() {
    let at = tempfile::tempdir().expect("a folder");
    let path = at.path().join("mine.toml");
    std::fs::write(&path, LESSON.replace("scenario = \"sc.toml\"\n", "")).expect("written");
    let (world, folder) = (world(at.path()), folder("monday", &world(at.path())).expect("a name"));
    let take = |wish: &Wish| Settings::take("monday", &folder, wish, &world);
    take(&wish(&path)).expect("well formed");
    std::fs::write(&path, LESSON.replace("Greet.", "Greet it.")).expect("written");
    let said = take(&Wish { anew: true, ..Wish::default() }).expect_err("its scenario is not there");
    assert!(said.to_string().contains("sc.toml"), "{said}");
    std::fs::write(at.path().join("sc.toml"), SCENARIO).expect("written");
    let taken = take(&Wish { anew: true, ..Wish::default() }).expect("well formed");
    assert!(taken.changes[0].contains("mine is taken anew"), "{:?}", taken.changes);
    assert!(taken.lessons[0].lesson.text().contains("Greet it."));
    assert!(folder.join("lessons/sc.toml").exists());
    let other = at.path().join("01-classic.toml");
    std::fs::write(&other, LESSON).expect("written");
    let said = take(&lessons(&[&other.display().to_string()])).expect_err("there is one of this name");
    assert!(said.to_string().contains("is in the class already"), "{said}");
    let above = at.path().join("below/up.toml");
    std::fs::create_dir(at.path().join("below")).expect("made");
    std::fs::write(&above, LESSON.replace("sc.toml", "../sc.toml")).expect("written");
    let said = take(&lessons(&[&above.display().to_string()])).expect_err("it can't be copied");
    assert!(said.to_string().contains("beside it or below"), "{said}");
}

#[tokio::test]
async fn a_quiz_by_noop_goes_on_where_it_was_when_the_class_is_held_again() {
    let at = tempfile::tempdir().expect("a folder");
    let path = at.path().join("mine.toml");
    let quiz = |ask: &str| format!("[[quiz]]\nask = \"{ask}\"\nanswers = [\"a\", \"b\"]\nright = 0\nwhy = \"Look.\"\n");
    let text = LESSON.replace("sc.toml", "classroom") + &quiz("One?") + &quiz("Two?");
    std::fs::write(&path, text).expect("written");
    let (class, address, guard) = open(at.path(), &lessons(&[&path.display().to_string()])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    anna.say("HELO noddy.com").await;
    anna.say("NOOP quiz").await;
    let lesson = Arc::clone(&class.settings.lessons[0].lesson);
    // The first question is answered, not at once, and of the second one a wrong answer is known.
    for (question, right) in [(0, false), (0, true), (1, false)] {
        let asked = &lesson.questions[question];
        let is_meant = |(answer, _): &(&str, bool)| (*answer == asked.answers[asked.right]) == right;
        let place = |work: &student::Work| work.asking.as_ref()?.answers().iter().position(is_meant);
        let place = class.named("anna").and_then(|anna| anna.with_current(place)).flatten().expect("there is one");
        let said = joined_up(&anna.say(&format!("NOOP answer {}", place + 1)).await);
        assert!(said.starts_with(if right { "Right." } else { "Not so." }), "{said}");
    }
    let before = joined_up(&anna.say("NOOP quiz").await);
    assert!(before.starts_with("Question 2 of") && before.contains("(not so)"), "{before}");
    drop((anna, guard));
    until(&class, || !class.named("anna").expect("there").is_here()).await;
    drop(class);
    let (class, address, guard) = open(at.path(), &Wish::default()).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    assert_eq!(joined_up(&anna.say("NOOP quiz").await), before);
    let wrong = |work: &student::Work| work.asking.as_ref().map(crate::lesson::Quiz::wrong);
    assert_eq!(class.named("anna").and_then(|anna| anna.with_current(wrong)), Some(Some(2)));

    // The class ends between the last answer and its count.
    let student = class.named("anna").expect("there");
    let right = |work: &student::Work| {
        let asked = &lesson.questions[1];
        let place = work.asking.as_ref()?.answers().iter().position(|(it, _)| *it == asked.answers[asked.right])?;
        Some(What::Guessed { lesson: lesson.name.clone(), attempt: work.number, question: 1, place })
    };
    let guessed = student.with_current(right).flatten().expect("an answer");
    class.note(student.id, guessed);
    drop((anna, guard));
    until(&class, || !class.named("anna").expect("there").is_here()).await;
    drop((class, student));
    let (class, address, _guard) = open(at.path(), &Wish::default()).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    assert!(joined_up(&anna.say("NOOP quiz").await).contains("with 2 wrong answers"));
    assert_eq!(class.named("anna").and_then(|anna| anna.with_current(|work| work.quiz)), Some(Some(2)));
}
