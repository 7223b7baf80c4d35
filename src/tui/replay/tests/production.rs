//! A replay that would hand over a real message to a server marked as production.

use super::*;

#[test]
fn the_question_says_production_where_the_head_of_the_recording_alone_marks_it() {
    let root = tempfile::tempdir().expect("a directory");
    let profiles = root.path().join("config/profiles");
    std::fs::create_dir_all(&profiles).expect("made");
    std::fs::write(profiles.join("prod.toml"), "host = \"mx.plumtree.example\"\nproduction = true\n").expect("written");
    let path = root.path().join("a.smtp");
    let head = |profile: &str| format!("+++\nehlo = 1\n{profile}target = \"smtp://127.0.0.1:2525\"\n+++\n");
    for (profile, marked) in [("profile = \"prod\"\n", true), ("", false)] {
        std::fs::write(&path, format!("{}< 220\n> DATA\n< 354\n", head(profile))).expect("written");
        let of = of(&path, "smtp://127.0.0.1:2525");
        let mut screen = Screen::new(100, 24);
        screen.send(Message::Rehearsed(Box::new(rehearsed(&of, None, &world(root.path())).expect("ready"))));
        let peer = Peer { name: "127.0.0.1:2525".to_owned(), ..Peer::default() };
        screen.send(Message::Began { peer: Box::new(peer), path: None, head: None, again: false });
        screen.wire(GREETING);
        screen.keys("<enter>");
        assert_eq!(screen.shown().contains("127.0.0.1:2525 (PRODUCTION)"), marked, "{}", screen.shown());
    }
}
