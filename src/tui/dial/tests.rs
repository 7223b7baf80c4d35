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

/// A connection to nobody that was dialled again with this many secrets.
fn dialled(secrets: usize) -> Dialler {
    let mut dialler = dialler();
    dialler.target = Target::read("smtp://127.0.0.1:1", &Profiles::default()).ok();
    for n in 0..secrets {
        dialler.ask(Request::Learn(Secret::from(format!("secret-{n}").as_str())));
    }
    assert!(matches!(dialler.dial(true, Verify::NotThisTime), Message::Began { .. }));
    dialler
}

#[tokio::test]
async fn a_connection_knows_more_secrets_than_its_queue_has_room_for() {
    let dialler = dialled(100);
    let connection = dialler.connection.as_ref().expect("it was dialled");
    assert_eq!(connection.requests.capacity(), 63, "the warning alone is asked for");
}

#[tokio::test]
async fn no_line_goes_out_before_a_secret_that_a_full_queue_has_refused() {
    let mut dialler = dialled(0);
    let (requests, mut asked) = tokio::sync::mpsc::channel(1);
    dialler.connection.as_mut().expect("it was dialled").requests = requests;
    assert!(dialler.ask(Request::ReadOn).is_none());
    assert!(matches!(dialler.ask(Request::Learn(Secret::from("hunter2"))), Some(Message::Notice(_))));
    assert!(matches!(asked.try_recv(), Ok(Request::ReadOn)));
    assert!(matches!(dialler.ask(line("hunter2")), Some(Message::Notice(_))), "there is room for the secret alone");
    assert!(matches!(asked.try_recv(), Ok(Request::Learn(_))));
    assert!(dialler.ask(line("NOOP")).is_none());
    assert!(matches!(asked.try_recv(), Ok(Request::Line(..))));
}

#[test]
fn what_comes_between_a_secret_and_its_line_does_not_make_it_a_typed_one() {
    let mut dialler = dialler();
    dialler.ask(Request::Learn(Secret::from("hunter2")));
    dialler.ask(Request::KeepAlive(None));
    assert!(matches!(dialler.ask(line("hunter2")), Some(Message::Notice(_))));
    dialler.ask(Request::Learn(Secret::from("hunter2")));
    dialler.next_is_typed();
    assert!(
        matches!(dialler.ask(line("NOOP")), Some(Message::NotSent(_))),
        "what a connection begins with hides no line"
    );
}

#[tokio::test]
async fn what_somebody_marks_is_masked_in_later_conversations_too() {
    let mut dialler = dialled(1);
    assert!(dialler.mask(Secret::from("Plugh-77x")).is_none());
    assert!(dialler.ask(line("NOOP Plugh-77x")).is_none(), "the next line is a typed one");
    let target = Target::read("smtp://127.0.0.1:1", &Profiles::default()).expect("it is one");
    dialler.begin(target, "smtp://127.0.0.1:1", Vec::new()).await;
    assert!(matches!(&dialler.taught[..], [Request::LearnName(secret)] if secret.expose() == b"Plugh-77x"));
    dialler.close().await;
    let mut nowhere = self::dialler();
    assert!(nowhere.mask(Secret::from("Plugh-77x")).is_none(), "without a connection nothing is refused");
}
