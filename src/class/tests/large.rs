//! Large messages: they are judged, recorded and kept like any other.

use super::*;

/// Lines of content, of about so many octets.
fn body(octets: usize) -> String {
    format!("{}\r\n", "x".repeat(70)).repeat(octets / 72)
}

fn newest_transcript(class: &Class, name: &str) -> String {
    let folder = class.folder.join(class.named(name).expect("there").folder());
    std::fs::read_to_string(folder.join("01-classic-1-001.smtp")).expect("readable")
}

#[tokio::test]
async fn a_large_message_ends_no_record_and_what_comes_after_it_is_judged() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    let large = format!("Subject: large\r\n\r\n{}.", body(300_000));
    let last = classic::CLASSIC.len() - 2;
    for (n, (line, code)) in classic::CLASSIC.iter().enumerate() {
        let said = anna.say(if n == last { &large } else { line }).await;
        assert!(said.starts_with(code), "{line}: {said}");
    }
    until(&class, || ticked(&class, "anna") == 6).await;
    let text = newest_transcript(&class, "anna");
    let lines =
        text.lines().filter_map(|line| line.split_once(" |")).map(|(_, line)| line.strip_prefix(' ').unwrap_or(line));
    let kept: u64 = lines.map(|line| line.len() as u64 + 2).sum();
    let cut = text.lines().find_map(|line| line.split_once("* cut direction=out bytes=")).expect("said").1;
    let (octets, sum) = cut.split_once(" sha256=").expect("summed");
    assert_eq!((kept + octets.parse::<u64>().expect("a number"), sum.len()), (large.len() as u64 - 1, 64));
    assert!(kept > 70_000, "{kept}");
    let at = |words: &str| text.find(words).expect("it stands there");
    assert!(at("* cut ") < at(" > .") && at(" > .") < at(" > QUIT"), "{}", &text[at("* cut ")..]);
}

#[tokio::test]
async fn many_large_messages_leave_room_for_what_is_said_beside_them() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    anna.say("HELO noddy.com").await;
    for n in 0..6 {
        for line in ["MAIL FROM:<dude@noddy.com>", "RCPT TO:<anotherdude@target.local>", "DATA"] {
            assert!(anna.say(line).await.starts_with(['2', '3']), "{n}");
        }
        let said = anna.say(&format!("Subject: {n}\r\n\r\n{}.", body(200_000))).await;
        assert!(said.starts_with("250"), "{said}");
    }
    anna.say("QUIT").await;
    until(&class, || newest_transcript(&class, "anna").contains("> QUIT")).await;
    let text = newest_transcript(&class, "anna");
    assert!(text.len() < 220_000, "{}", text.len());
    for n in 0..6 {
        assert!(text.contains(&format!("| Subject: {n}\n")), "of each message something is kept: {n}");
    }
}

#[tokio::test]
async fn what_is_offered_in_size_is_taken_and_every_copy_lies_in_its_mailbox() {
    let at = tempfile::tempdir().expect("a folder");
    let (class, address, _guard) = open(at.path(), &lessons(&["01"])).await;
    let mut anna = Telnet::joined(address, &class, "anna").await;
    let said = anna.say("EHLO noddy.com").await;
    let offered = said.lines().find_map(|line| line.get(4..)?.strip_prefix("SIZE ")).expect("offered");
    let most: usize = offered.parse().expect("a number");
    for line in &classic::CLASSIC[1..5] {
        anna.say(line.0).await;
    }
    let said = anna.say(&format!("\r\n{}.", body(most - 1000))).await;
    assert!(said.starts_with("250"), "{said}");
    let student = class.named("anna").expect("there");
    let mail = student.with_current(|work| work.arena().map(|arena| arena.messages().len())).flatten();
    assert_eq!(mail, Some(2));
    // What is counted once is given back once.
    let kept = student.with_current(|work| work.arena().map(|arena| arena.keeps())).flatten().expect("a world");
    assert!(usize::try_from(kept).is_ok_and(|kept| kept < most + (1 << 20)), "{kept}");
}
