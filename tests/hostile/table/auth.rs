//! AUTH that never ends, asks nonsense, or repeats the secret.

use super::super::behaviour::{At, Behaviour, PASSWORD, SECRET, peer};

pub(super) fn all() -> Vec<Behaviour> {
    vec![
        peer("334 without end", |wire| {
            wire.until("AUTH");
            wire.say("334 \r\n");
            while wire.hear().is_some() {
                wire.say("334 \r\n");
            }
        })
        .at(At::Auth)
        .types("334", "YQ==")
        .shows(&["The server waits for your answer", "Give up logging in"])
        .exits(5, "the log-in was not finished"),
        peer("334 with broken base64", |wire| {
            wire.until("AUTH");
            wire.say("334 !!!not base64!!!\r\n").hear();
            wire.say("501 5.5.2 cannot decode\r\n").on_until("never");
        })
        .at(At::Auth)
        .types("334 !!!not base64!!!", "*")
        .shows(&["334 !!!not base64!!!", "501 5.5.2"])
        .exits(5, ""),
        peer("334 with 1 MB", |wire| {
            wire.until("AUTH");
            wire.say("334 ").say("QUJD".repeat(250_000)).say("\r\n").hear();
            wire.say("535 5.7.8 no\r\n").on_until("never");
        })
        .at(At::Auth)
        .types("The server waits for your answer", "*")
        .shows(&["535 5.7.8 no", "Try next"])
        .exits(5, ""),
        peer("AUTH replies that echo the secret", |wire| {
            wire.until("AUTH");
            wire.say(format!("535-5.7.8 you said {SECRET}\r\n535 5.7.8 which is {PASSWORD}\r\n")).on_until("never");
        })
        .at(At::Auth)
        .shows(&["535 5.7.8 which is", "Try next"])
        .never(&[SECRET, PASSWORD])
        .exits(5, ""),
        peer("235 that was never earned, then 250 to everything", |wire| {
            wire.until("AUTH");
            wire.say("235 2.7.0 welcome\r\n").on_until("never");
        })
        .at(At::Auth)
        .shows(&["235 2.7.0 welcome", "MAIL"])
        .exits(0, ""),
    ]
}
