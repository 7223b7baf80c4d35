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
