//! What of a target is on the screen and in the head of its file.

use std::net::SocketAddr;
use std::time::Duration;

use crate::class::attend::Hello;
use crate::conversation::file::{Header, Side};
use crate::profile::Target;
use crate::tui::model::Peer;
use crate::tui::pane::composer::Identity;
use crate::world::World;

/// Who is at the other end, as its target says.
pub(super) fn peer(target: &Target, lab: bool) -> Peer {
    // A file's head is somebody's word: nobody logs in there by a key.
    let auth = target.auth.as_ref().filter(|_| target.from_file.is_none());
    Peer {
        name: target.name.trim_end_matches(':').to_owned(),
        reading: target.reading.clone(),
        production: target.production,
        lab,
        identity: Identity {
            ehlo: target.ehlo.clone().unwrap_or_default(),
            from: target.from.clone().unwrap_or_default(),
            to: target.to.clone(),
        },
        reply_timeout: target.reply_timeout.map(Duration::from_millis),
        unverified: !target.verify,
        clear_text: auth.is_some_and(|auth| auth.allow_plaintext),
        user: auth.map(|auth| auth.user.clone()),
        mechanism: auth.filter(|auth| auth.mechanism != "auto").map(|auth| auth.mechanism.to_ascii_uppercase()),
        profile: target.profile.clone(),
        clock: 0,
    }
}

/// What a student is told first.
pub(super) fn welcome(hello: &Hello, door: SocketAddr) -> String {
    let time = hello.left.map_or_else(String::new, |left| match left.div_ceil(60) {
        0 => " It is an exam, and its time is over: what you do now counts no more.".to_owned(),
        1 => " It is an exam: less than a minute is left.".to_owned(),
        minutes => format!(" It is an exam: you have {minutes} minutes."),
    });
    format!(
        "You are {} in the class {}: the instructor can look on, and what is said here is kept there. Your own server of \
         it is reached by {door}, a door of this ehlo.{time}",
        hello.name, hello.class
    )
}

/// The head of the file of a conversation with it, held in this class, where it is one; that it is an exam is said there.
pub(super) fn header(target: &Target, uri: &str, class: Option<&Hello>, world: &World) -> Header {
    let mut header = Header::recording(uri, world.now(), Side::Client);
    if let Some(profile) = &target.profile {
        header = header.with("profile", profile);
    }
    if let Some(class) = class.filter(|class| class.exam) {
        header.set_exam(&class.class);
    }
    header
}
