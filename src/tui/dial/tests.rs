//! What is asked of a connection that can't take it.

use super::*;
use crate::client::Ending;
use crate::smtp::secret::Secret;

fn dialler() -> Dialler {
    let directories = crate::world::Directories { config: "/".into(), data: "/".into(), state: "/".into() };
    Dialler::new(World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1))
}

fn line(text: &str) -> Request {
    Request::Line(text.as_bytes().to_vec(), Ending::CrLf)
}

#[test]
fn only_a_line_that_was_typed_comes_back_as_text() {
    let mut dialler = dialler();
    assert!(matches!(dialler.ask(line("NOOP")), Some(Message::NotSent(text)) if text == "NOOP"));
    let secret = || Secret::from("hunter2");
    for before in [
        Request::Learn(secret()),
        Request::LearnName(secret()),
        Request::Hide(std::iter::once(5..9).collect()),
        Request::Remark(Remark::new("auto")),
    ] {
        dialler.ask(before);
        assert!(matches!(dialler.ask(line("AUTH PLAIN AGR1ZGUAbm9kZHk=")), Some(Message::Notice(_))));
        assert!(matches!(dialler.ask(line("NOOP")), Some(Message::NotSent(_))), "the next one is typed");
    }
}

#[test]
fn what_must_not_be_recorded_is_kept_once_for_the_next_connection() {
    let mut dialler = dialler();
    for secret in ["a-token", "a-token", "b-token"] {
        dialler.ask(Request::LearnName(Secret::from(secret)));
        dialler.ask(Request::Learn(Secret::from(secret)));
    }
    assert_eq!(dialler.taught.len(), 4);
}
