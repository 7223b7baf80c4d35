//! Results: as they were signed, and judged again.

use super::*;
use crate::class::verify::{Verdict, verify};

/// A class in which anna has done the lesson, and bert has begun it and made a mistake; both are gone.
async fn held(at: &Path) -> (World, Arc<Class>, DropGuard) {
    let now: Timestamp = "2026-11-30T09:00:00Z".parse().expect("a time");
    let world = world(at).with_clocks(move || now, || Duration::ZERO);
    let (class, address, guard) = open_in(world.clone(), &lessons(&["01"])).await;
    Telnet::joined(address, &class, "anna").await.classic().await;
    let mut bert = Telnet::joined(address, &class, "bert").await;
    bert.say("MAIL FROM:<dude@noddy.com>").await;
    bert.say("HELO noddy.com").await;
    bert.say("NOOP hint").await;
    until(&class, || ticked(&class, "anna") == 6 && ticked(&class, "bert") == 1).await;
    drop(bert);
    let is_gone = || class.students().iter().all(|student| !student.is_here());
    until(&class, is_gone).await;
    (world, class, guard)
}

#[tokio::test]
async fn results_are_told_in_tables_transcripts_and_certificates() {
    let at = tempfile::tempdir().expect("a folder");
    let (_, class, _guard) = held(at.path()).await;
    let to = at.path().join("out");
    export::write(&class, &to, false).expect("written");
    let read = |name: &str| std::fs::read_to_string(to.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let version = &export::sum(class.settings.lessons[0].lesson.text().as_bytes())[..8];
    assert_eq!(
        read("results.csv"),
        format!(
            "name,lesson,version,variant,steps done,steps,points,started,finished,seconds active,hints,wrong findings,\
             quiz wrong answers,questions right,attempt,attempts,transcript file,hints given by the instructor,\
             questions answered,hints in other attempts,hints given by the instructor in other attempts,\
             wrong findings in other attempts\r\n\
             anna,01-classic,{version},,6,6,100,2026-11-30T09:00:00Z,2026-11-30T09:00:00Z,0,0,0,,,1,1,\
             transcripts/anna-01-classic.smtp,0,,0,0,0\r\n\
             bert,01-classic,{version},,1,6,16,2026-11-30T09:00:00Z,,0,1,0,,,1,1,transcripts/bert-01-classic.smtp,0,,0,0,0\r\n"
        )
    );
    let items = read("items.csv");
    assert!(items.contains("01-classic,1,2,2,100%,0,"), "{items}");
    assert!(items.contains("greet it first"), "bert's mistake is counted: {items}");
    assert!(read("transcripts/anna-01-classic.smtp").contains("* mark goal=6"));
    let certificate = read("certificates/anna-01-classic.html");
    assert!(certificate.contains("step 6 of 6") && certificate.contains("anna has done"), "{certificate}");
    assert!(!to.join("certificates/bert-01-classic.html").exists());
}

#[tokio::test]
async fn results_are_as_they_were_signed_and_are_judged_again() {
    let at = tempfile::tempdir().expect("a folder");
    let (world, class, _guard) = held(at.path()).await;
    let to = at.path().join("out");
    export::write(&class, &to, false).expect("written");
    let file = to.join("results.json");
    let verdict = verify(&file, &world).expect("readable");
    assert!(verdict.agrees() && verdict.whole == 4, "{verdict:?}");
    assert_eq!(verdict.signed.fingerprint(), sign::fingerprint(&class.settings));
    let text = std::fs::read_to_string(&file).expect("there");
    std::fs::write(&file, text.replace("\"done\": 1", "\"done\": 6")).expect("written");
    let Verdict { signed, verified, .. } = verify(&file, &world).expect("readable");
    assert!(!signed.holds(), "bert has helped himself");
    assert!(verified[1].problems[0].contains("show 1 steps, the results say 6"), "{verified:?}");
    std::fs::write(&file, text).expect("written");
    std::fs::copy(to.join("transcripts/anna-01-classic.smtp"), to.join("transcripts/bert-01-classic.smtp"))
        .expect("copied");
    let Verdict { signed, verified, .. } = verify(&file, &world).expect("readable");
    assert!(signed.holds() && verified[1].problems[0].contains("not the transcript that was signed"), "{verified:?}");
}

#[tokio::test]
async fn results_without_names_tell_none_and_a_student_can_be_forgotten() {
    let at = tempfile::tempdir().expect("a folder");
    let (world, class, _guard) = held(at.path()).await;
    let to = at.path().join("nameless");
    export::write(&class, &to, true).expect("written");
    let verdict = verify(&to.join("results.json"), &world).expect("readable");
    assert!(verdict.agrees(), "{verdict:?}");
    for entry in std::fs::read_dir(to.join("transcripts")).expect("there").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("readable");
        assert!(!text.contains("anna") && !text.contains("127.0.0.1"), "{text}");
    }
    class.forget(&class.named("anna").expect("there")).expect("forgotten");
    assert!(class.named("anna").is_none() && !class.folder.join("students/0001").exists());
    let events = std::fs::read_to_string(class.folder.join("events.jsonl")).expect("there");
    assert!(!events.contains("anna") && events.contains("bert"), "{events}");
}

#[tokio::test]
async fn a_lesson_of_the_class_s_own_lies_with_the_results_and_is_judged_by() {
    let at = tempfile::tempdir().expect("a folder");
    let (_, text) = crate::lesson::course::shipped().next().expect("there are lessons");
    let own = at.path().join("mine.toml");
    std::fs::write(&own, format!("# Mine.\n{text}")).expect("written");
    let (class, address, _guard) = open(at.path(), &lessons(&[own.to_str().expect("plain")])).await;
    Telnet::joined(address, &class, "anna").await.classic().await;
    until(&class, || ticked(&class, "anna") == 6).await;
    let to = at.path().join("out");
    export::write(&class, &to, false).expect("written");
    std::fs::remove_file(&own).expect("there");
    let agrees = || verify(&to.join("results.json"), &class.world).expect("readable");
    assert!(agrees().agrees(), "{:?}", agrees());
    std::fs::write(to.join("lessons/mine.toml"), text).expect("written");
    let verdict = agrees();
    assert!(!verdict.agrees());
    assert!(
        verdict.verified[0].problems[0].contains("lessons/mine.toml is not the lesson that was taught"),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn each_student_has_a_row_for_each_lesson_and_hints_that_nobody_asked_for_stand_apart() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01", "03"])).await;
    let _anna = super::attend(&class, address, "anna").await;
    until(&class, || class.named("anna").is_some()).await;
    let anna = class.named("anna").expect("there");
    class.hint(&anna, false);
    class.hint(&anna, true);
    let to = at.path().join("out");
    assert_eq!(export::write(&class, &to, false).expect("written"), 0);
    assert!(!to.join("certificates").exists(), "an empty folder says nothing");
    let text = std::fs::read_to_string(to.join("results.csv")).expect("there");
    let cells = |n: usize| text.lines().nth(n).map(|row| row.split(',').collect::<Vec<_>>()).unwrap_or_default();
    let (head, first, second) = (cells(0), cells(1), cells(2));
    let column = |name: &str| head.iter().position(|cell| *cell == name).expect("a column");
    assert_eq!((first[column("hints")], first[column("hints given by the instructor")]), ("1", "1"), "{text}");
    assert_eq!((second[1], second[column("points")], second[column("started")]), ("03-codes", "0", ""), "{text}");
    let verdict = verify(&to.join("results.json"), &class.world).expect("readable");
    assert!(verdict.agrees() && verdict.signed.what.results.len() == 1, "{verdict:?}");
}

#[tokio::test]
async fn what_was_before_a_fresh_start_does_not_count_and_is_not_forgotten() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    let student = class.named("anna").expect("there");
    anna.say("MAIL FROM:<dude@noddy.com>").await;
    anna.say("NOOP hint").await;
    class.hint(&student, true);
    anna.say("NOOP").await;
    until(&class, || class.named("anna").is_some_and(|anna| anna.with_current(|work| work.hints.len()) == Some(2)))
        .await;
    class.start_over(&student).expect("once");
    drop(anna);
    Telnet::joined(address, &class, "anna").await.classic().await;
    until(&class, || ticked(&class, "anna") == 6).await;
    let check = |class: &Arc<Class>, to: &Path| {
        export::write(class, to, false).expect("written");
        let read = |name: &str| std::fs::read_to_string(to.join(name)).unwrap_or_default();
        let (results, items) = (read("results.csv"), read("items.csv"));
        assert!(results.contains(",0,0,,,2,2,transcripts/anna-01-classic.smtp,0,,1,1,0\r\n"), "{results}");
        let first = items.lines().find(|row| row.starts_with("01-classic,1,")).unwrap_or_default();
        assert!(first.starts_with("01-classic,1,1,1,100%,"), "{items}");
        assert!(first.contains("greet it first") && first.ends_with(",1,2,2"), "{items}");
        let verdict = verify(&to.join("results.json"), &class.world).expect("readable");
        assert!(verdict.agrees(), "{verdict:?}");
        let other = &verdict.signed.what.results[0].others[0];
        assert_eq!((other.attempt, other.done, other.mistakes.len()), (1, 0, 1), "{other:?}");
        let certificate = read("certificates/anna-01-classic.html");
        assert!(certificate.contains("attempt 2 of 2 (2 hints in the others)"), "{certificate}");
    };
    check(&class, &at.path().join("out"));
    drop(guard);
    until(&class, || class.students().iter().all(|student| !student.is_here())).await;
    drop((class, student));
    // And after a restart.
    let (class, ..) = open(at.path(), &Wish::default()).await;
    check(&class, &at.path().join("again"));
}

#[tokio::test]
async fn names_that_are_alike_have_files_of_their_own_and_nobody_begins_anew_without_end() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    Telnet::joined(address, &class, "anna b").await.classic().await;
    let mut other = Telnet::joined(address, &class, "anna-b").await;
    other.say("HELO noddy.com").await;
    until(&class, || ticked(&class, "anna b") == 6 && ticked(&class, "anna-b") == 1).await;
    let to = at.path().join("out");
    export::write(&class, &to, false).expect("written");
    let Verdict { verified, .. } = verify(&to.join("results.json"), &class.world).expect("readable");
    assert!(verified.iter().all(|one| one.problems.is_empty()), "{verified:?}");
    for _ in 0..student::RESETS {
        assert!(other.say("NOOP reset").await.starts_with("250"));
    }
    let said = other.say("NOOP reset").await;
    assert!(said.starts_with("550") && said.contains("wait a little"), "{said}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_transcript_without_end_is_not_read() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    Telnet::joined(address, &class, "anna").await.say("HELO noddy.com").await;
    until(&class, || ticked(&class, "anna") == 1).await;
    let to = at.path().join("out");
    export::write(&class, &to, false).expect("written");
    let path = to.join("transcripts/anna-01-classic.smtp");
    std::fs::remove_file(&path).expect("removed");
    std::os::unix::fs::symlink("/dev/zero", &path).expect("linked");
    let Verdict { verified, .. } = verify(&to.join("results.json"), &class.world).expect("readable");
    assert!(verified[0].problems[0].contains("not a regular file"), "{verified:?}");
}

#[tokio::test]
async fn whatever_is_changed_or_added_to_what_was_signed_is_named() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    Telnet::joined(address, &class, "anna").await.classic().await;
    until(&class, || ticked(&class, "anna") == 6).await;
    let to = at.path().join("out");
    let of = |class: &Arc<Class>| {
        export::write(class, &to, false).expect("written");
        verify(&to.join("results.json"), &class.world).expect("readable")
    };
    assert!(of(&class).agrees());
    let change = |name: &str| {
        let path = to.join(name);
        let text = std::fs::read_to_string(&path).expect("there");
        std::fs::write(&path, text + " ").expect("written");
        verify(&to.join("results.json"), &class.world).expect("readable").problems
    };
    for name in ["results.csv", "items.csv", "certificates/anna-01-classic.html"] {
        assert_eq!(change(name), [format!("{name} is not the file that was signed")]);
        assert!(of(&class).agrees());
    }
    std::fs::remove_file(to.join("items.csv")).expect("removed");
    let missing = verify(&to.join("results.json"), &class.world).expect("readable").problems;
    assert!(missing[0].contains("no such file") && missing[0].contains("beside results.json"), "{missing:?}");
    of(&class);
    std::fs::write(to.join("transcripts/eve.smtp"), "").expect("written");
    std::fs::write(to.join("grades.csv"), "").expect("written");
    let text = std::fs::read_to_string(to.join("results.json")).expect("there");
    let added = text.replacen("\"done\":", "\"praise\": \"very good\", \"done\":", 1);
    std::fs::write(to.join("results.json"), added).expect("written");
    let verdict = verify(&to.join("results.json"), &class.world).expect("readable");
    assert_eq!(
        verdict.unsigned,
        ["the member results[0].praise", "the file grades.csv", "the file transcripts/eve.smtp"]
    );
    assert!(verdict.signed.holds() && !verdict.agrees());
    let said = verify(&to.join("results.csv"), &class.world).expect_err("it is none").to_string();
    assert!(said.contains("it is results.json that is verified"), "{said}");
    let text = std::fs::read_to_string(to.join("results.json")).expect("there");
    for (text, words) in [
        (text.replace("\"signature\"", "\"signed\""), "its signature is missing"),
        (text[..text.len() / 2].to_owned(), "empty or cut short"),
        (String::new(), "empty or cut short"),
    ] {
        std::fs::write(to.join("results.json"), text).expect("written");
        let said = verify(&to.join("results.json"), &class.world).expect_err("none").to_string();
        assert!(said.contains(words), "{said}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_transcript_that_cannot_be_kept_is_said_and_is_kept_once_it_can_be() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    anna.say("NOOP").await;
    let students = class.folder.join("students");
    let moved = class.folder.join("moved");
    until(&class, || students.exists()).await;
    std::fs::rename(&students, &moved).expect("moved");
    std::fs::write(&students, "a file where the folder was").expect("written");
    anna.say("HELO noddy.com").await;
    until(&class, || !class.troubles().is_empty()).await;
    let said = class.troubles();
    assert!(said[0].contains("transcripts of anna") && said[0].contains("it is tried again"), "{said:?}");
    assert_eq!(wall::Wall::of(&class).troubles, said);
    assert_eq!(ticked(&class, "anna"), 1, "what was reached counts all the same");
    std::fs::remove_file(&students).expect("removed");
    std::fs::rename(&moved, &students).expect("moved back");
    anna.say("MAIL FROM:<dude@noddy.com>").await;
    until(&class, || class.troubles().is_empty()).await;
    let student = class.named("anna").expect("there");
    let text = std::fs::read_to_string(class.folder.join(student.folder()).join("01-classic-1-001.smtp"));
    let text = text.expect("readable");
    assert!(text.contains("HELO noddy.com") && text.contains("MAIL FROM"), "nothing is missing: {text}");
}
