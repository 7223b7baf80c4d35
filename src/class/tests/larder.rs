//! What all worlds together keep is bounded, and fair to each.

use super::*;

const MOST: u64 = 128 << 10;

/// Sends a message of about so many octets.
async fn send(telnet: &mut Telnet, octets: usize) {
    let body = format!("{}\r\n", "x".repeat(70)).repeat(octets / 72);
    for line in ["MAIL FROM:<dude@noddy.com>", "RCPT TO:<anotherdude@target.local>", "DATA", &format!("\r\n{body}.")] {
        let said = telnet.say(line).await;
        assert!(said.starts_with(['2', '3']), "{said}");
    }
}

fn mail(class: &Class, name: &str) -> usize {
    let student = class.named(name).expect("there");
    student.with_current(|work| work.arena().map_or(0, |arena| arena.messages().len())).unwrap_or(0)
}

#[tokio::test]
async fn who_has_the_most_gives_up_the_oldest_and_the_wall_says_so() {
    let at = tempfile::tempdir().expect("a folder");
    let world = world(at.path());
    let folder = folder("monday", &world).expect("a name");
    let mut settings = Settings::take("monday", &folder, &lessons(&["01"]), &world).expect("well formed");
    settings.kept = MOST;
    let class = Class::open(folder, settings, &world).expect("it opens");
    let (address, _guard) = class.listen("127.0.0.1:0".parse().expect("an address")).await.expect("it listens");
    let mut bert = Telnet::joined(address, &class, "bert").await;
    bert.say("HELO noddy.com").await;
    send(&mut bert, 2_000).await;
    assert!(wall::Wall::of(&class).troubles.is_empty());
    for _ in 0..10 {
        let mut anna = Telnet::joined(address, &class, "anna").await;
        anna.say("HELO noddy.com").await;
        send(&mut anna, 20_000).await;
        anna.say("QUIT").await;
    }
    until(&class, || wall::Wall::of(&class).troubles.len() == 1 && class.larder.held() <= MOST).await;
    let said = wall::Wall::of(&class).troubles.join(" ");
    assert!(said.contains("the oldest of anna, who have the most, went") && !said.contains("bert"), "{said}");
    assert!((1..10).contains(&mail(&class, "anna")), "the newest is there: {}", mail(&class, "anna"));
    assert_eq!(mail(&class, "bert"), 1, "who keeps little loses nothing");
    let written = |n: usize| {
        let student = class.named("anna").expect("there");
        let file = class.folder.join(student.folder()).join(format!("01-classic-1-{n:03}.smtp"));
        std::fs::read_to_string(file).is_ok_and(|text| text.contains("closed by=server"))
    };
    until(&class, || (1..=10).all(written)).await;
    // Nobody is judged otherwise for it.
    send(&mut bert, 100).await;
    bert.say("RSET").await;
    until(&class, || ticked(&class, "bert") >= 2).await;
    let before = class.larder.held();
    let student = class.named("anna").expect("there");
    class.forget(&student).expect("forgotten");
    drop(student);
    assert!(class.larder.held() < before / 2, "what is forgotten weighs nothing");
}
