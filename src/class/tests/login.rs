//! Joining by AUTH, for clients that log in and can't say NOOP.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

async fn greeted(address: SocketAddr) -> Telnet {
    let mut telnet = Telnet::to(address).await;
    let offer = telnet.say("EHLO noddy.com").await;
    assert!(offer.contains("AUTH PLAIN LOGIN"), "{offer}");
    telnet
}

fn plain(name: &str, code: &str) -> String {
    format!("AUTH PLAIN {}", STANDARD.encode(format!("\0{name}\0{code}")))
}

#[tokio::test]
async fn who_logs_in_is_the_student_of_that_name_and_goes_on_with_mail() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = greeted(address).await;
    // As a code is read from a wall.
    let said = anna.say(&plain("anna", &class.settings.code.to_lowercase())).await;
    assert!(said.starts_with("235-2.7.0 anna, you are in the class monday"), "{said}");
    let told = joined_up(&said);
    assert!(told.contains("Step 2 of 6") && !told.contains("Step 1"), "EHLO was the first: {said}");
    assert!(told.contains("Lesson 01-classic: ") && told.contains("EHLO asks what"), "{said}");
    anna.greeted_classic().await;
    until(&class, || ticked(&class, "anna") == 6).await;
    let student = class.named("anna").expect("there");
    let transcript = class.folder.join(student.folder()).join("01-classic-1-001.smtp");
    let text = std::fs::read_to_string(&transcript).expect("kept");
    assert!(text.contains("> EHLO noddy.com") && !text.contains("AUTH PLAIN "), "{text}");
    assert!(!text.contains(&class.settings.code), "{text}");
    // LOGIN, by a question for each; and the same name is the same student.
    let mut again = greeted(address).await;
    assert_eq!(again.say("AUTH LOGIN").await, "334 VXNlcm5hbWU6\r\n");
    assert_eq!(again.say(&STANDARD.encode("Anna")).await, "334 UGFzc3dvcmQ6\r\n");
    let said = again.say(&STANDARD.encode(&class.settings.code)).await;
    assert!(said.starts_with("235-") && joined_up(&said).contains("All 6 steps are done"), "{said}");
    assert_eq!(class.students().len(), 1);
}

#[tokio::test]
async fn who_proves_the_code_by_cram_md5_is_let_in_and_other_mechanisms_are_told_what_to_do() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    for (code, want) in [
        (class.settings.code.clone(), "235-2.7.0 anna, you are in the class monday"),
        (class.settings.code.to_lowercase(), "235-"),
        ("XXXXXX".to_owned(), "535 5.7.8 that is not the code"),
    ] {
        let mut anna = greeted(address).await;
        let asked = anna.say("AUTH CRAM-MD5").await;
        let text = STANDARD.decode(asked.trim_end().strip_prefix("334 ").expect(&asked)).expect("base64");
        let sum = crate::smtp::sasl::cram_md5::digest(code.as_bytes(), &text);
        let said = anna.say(&STANDARD.encode(format!("anna {sum}"))).await;
        assert!(said.starts_with(want), "{code}: {said}");
    }
    assert_eq!(class.students().len(), 1);
    let said = greeted(address).await.say("AUTH SCRAM-SHA-256").await;
    assert!(said.starts_with("504") && said.contains("PLAIN, LOGIN or CRAM-MD5"), "{said}");
}

#[tokio::test]
async fn the_code_stands_in_nothing_that_is_kept_however_joining_was_mistyped() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let code = class.settings.code.clone();
    let mut anna = greeted(address).await;
    assert!(anna.say(&plain("anna", &code)).await.starts_with("235"));
    for (line, with) in [
        (format!("noop,join {code} wim"), "50"),
        (format!("NOOP join{code} wim"), "250"),
        (format!("NOOPjoin {} wim", code.to_lowercase()), "5"),
        (format!("join {code} wim"), "5"),
        (format!("AUTH PLAIN {}", STANDARD.encode(format!("\0{code}\0wim"))), "5"),
        (format!("RCPT TO:<{code}@target.local>"), "5"),
        (format!("NOOP answer {code}"), "250"),
        (format!("EHLO {code}.example"), "250"),
        (format!("NOOP join {code} {code}x"), "550"),
        (STANDARD.encode(format!("wim {}", code.to_lowercase())), "5"),
    ] {
        let said = anna.say(&line).await;
        assert!(said.starts_with(with), "{line}: {said}");
    }
    anna.say("NOOP").await;
    let said = Telnet::to(address).await.say(&format!("noop\tjoin\t{code}  wim")).await;
    assert!(said.starts_with("250-2.0.0 wim, you are in"), "what is meant is plain: {said}");
    let student = class.named("anna").expect("there");
    assert!(student.with_current(|work| work.live().1.join("\n")).is_some_and(|shown| shown.contains("{{auth}}")));
    export::write(&class, &at.path().join("out"), false).expect("written");
    let mut seen = 0;
    let mut folders =
        vec![class.folder.join(student.folder()), at.path().join("out"), class.folder.join("events.jsonl")];
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            folders.extend(std::fs::read_dir(&path).expect("readable").flatten().map(|entry| entry.path()));
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("readable")).to_lowercase();
        assert!(!text.contains(&code.to_lowercase()), "{}: {text}", path.display());
        seen += 1;
    }
    assert!(seen > 3, "{seen}");
    let rows = wall::Wall::of(&class).rows;
    assert!(!format!("{rows:?}").to_lowercase().contains(&code.to_lowercase()), "{rows:?}");
}

#[tokio::test]
async fn a_wrong_code_lets_nobody_log_in_and_is_counted() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut eve = Telnet::to(address).await;
    let said = eve.say(&plain("eve", &class.settings.code)).await;
    assert_eq!(said, "503 5.5.1 Error: send EHLO first\r\n");
    let mut eve = greeted(address).await;
    let said = eve.say(&plain("eve", "XXXXXX")).await;
    assert!(said.starts_with("535 5.7.8 that is not the code"), "{said}");
    assert!(eve.say(&plain("<b>", &class.settings.code)).await.starts_with("535"));
    let said = eve.say("MAIL FROM:<dude@noddy.com>").await;
    assert!(said.starts_with("530 5.7.0") && said.contains("log in (AUTH)"), "{said}");
    for _ in 0..4 {
        assert!(eve.say(&plain("eve", "XXXXXX")).await.starts_with("535"));
    }
    let slowed = tokio::time::timeout(Duration::from_millis(100), eve.say(&plain("eve", "XXXXXX"))).await;
    assert!(slowed.is_err(), "the sixth is looked at later");
    assert!(class.students().is_empty());
}

#[tokio::test]
async fn joining_by_auth_is_no_log_in_of_the_lessons_own_server() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["17"])).await;
    let mut anna = greeted(address).await;
    assert!(anna.say(&plain("anna", &class.settings.code)).await.starts_with("235"));
    anna.say("NOOP").await;
    let logged_in = |class: &Class| {
        let student = class.named("anna").expect("there");
        let transcripts = std::fs::read_dir(class.folder.join(student.folder())).expect("there").flatten();
        transcripts.map(|file| std::fs::read_to_string(file.path()).expect("text")).any(|text| text.contains("* auth"))
    };
    assert!(!logged_in(&class), "joining is none");
    let said = anna.say("MAIL FROM:<dude@noddy.com>").await;
    assert!(said.starts_with("530"), "its own log-in is still wanted: {said}");
}

#[tokio::test]
async fn who_quits_is_told_which_step_is_open_and_what_was_wrong_and_so_is_who_comes_again() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = greeted(address).await;
    anna.say(&plain("anna", &class.settings.code)).await;
    // As swaks does where no sender is named.
    let message =
        ["MAIL FROM:<root@vm>", "RCPT TO:<anotherdude@target.local>", "DATA", "Subject: test\r\n\r\ntest\r\n."];
    for line in message {
        assert!(anna.say(line).await.starts_with(['2', '3']), "{line}");
    }
    let step = &class.settings.lessons[0].lesson.steps[1];
    let wrong = &step.mistakes.iter().find(|one| one.say.contains("A new MAIL is refused")).expect("it has one").say;
    let said = joined_up(&anna.say("QUIT").await);
    assert!(said.starts_with("1 of 6 steps are done. ") && said.contains("Step 2 of 6: "), "{said}");
    assert!(said.contains(wrong), "{wrong}: {said}");
    let mut anna = greeted(address).await;
    let said = joined_up(&anna.say(&plain("anna", &class.settings.code)).await);
    assert!(said.contains(wrong) && said.contains("Step 2 of 6: "), "{said}");
    let said = joined_up(&anna.say("NOOP step").await);
    assert!(!said.contains(wrong), "it is said once: {said}");
}
