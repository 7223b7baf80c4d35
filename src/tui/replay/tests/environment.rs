//! A script that reads the environment, in the workbench.

use super::*;

#[test]
fn what_reads_the_environment_is_asked_for_and_a_secret_of_it_is_neither_shown_nor_recorded() {
    let root = tempfile::tempdir().expect("a directory");
    let path = root.path().join("env.smtp");
    std::fs::write(
        &path,
        "< 220\n> EHLO {{env.ME}}\n< 250\n> NOOP {{env.API_TOKEN}}\n< 250\n> DATA\n< 354\n\
                  | key: {{env.API_TOKEN}}\n> .\n",
    )
    .expect("written");
    let world = world(root.path()).with_variables(|name| match name {
        "ME" => Some("noddy.com".to_owned()),
        "API_TOKEN" => Some("hunter2-of-noddy".to_owned()),
        _ => None,
    });
    let of = of(&path, "smtp://127.0.0.1:2525");
    let Err(Unready::Reads(names)) = rehearsed(&of, None, &world) else { panic!("it asks") };
    assert_eq!(names, ["ME", "API_TOKEN"]);
    let mut screen = Screen::new(100, 24);
    screen.send(Message::ReplayReads(of.clone(), names));
    let shown = screen.shown();
    assert!(shown.contains("reads the variables ME, API_TOKEN") && shown.contains("is masked"), "{shown}");
    screen.keys("y");
    let asked = screen.asked();
    assert_eq!(asked, [format!("replay {} smtp://127.0.0.1:2525 reading ME reading API_TOKEN", path.display())]);
    let allowed = ReplayOf { environment: vec!["ME".to_owned(), "API_TOKEN".to_owned()], ..of };
    let of = rehearsed(&allowed, None, &world).expect("it may");
    screen.send(Message::Rehearsed(Box::new(of)));
    let peer = Peer { name: "127.0.0.1:2525".to_owned(), ..Peer::default() };
    screen.send(Message::Began { peer: Box::new(peer), path: None, head: None, again: false });
    assert!(screen.shown().contains("| key: {{env.API_TOKEN}}"), "{}", screen.shown());
    assert_eq!(screen.asked().last().map(String::as_str), Some("LearnName(Secret(…))"), "before the greeting comes");
    screen.wire(GREETING);
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["send EHLO noddy.com"]);
    screen.wire("> EHLO noddy.com\n< 250 mx");
    let shown = screen.shown();
    assert!(shown.contains("EHLO noddy.com") && shown.contains("NOOP {{env.API_TOKEN}}"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    screen.asked();
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["Hide([5..21])", "send NOOP hunter2-of-noddy"]);
    screen.wire("> NOOP {{auth}}\n< 250 ok");
    screen.say("<enter>", "< 354 go");
    let shown = screen.shown();
    assert!(shown.contains("Message content comes next"), "{shown}");
    screen.asked();
    screen.keys("<enter>");
    assert_eq!(screen.asked(), ["Hide([5..21])", "as typed key: hunter2-of-noddy"]);
    assert!(!screen.shown().contains("hunter2"), "{}", screen.shown());
}
