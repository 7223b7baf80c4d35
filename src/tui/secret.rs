//! The password for logging in: fetched from where the profile says, or asked for; and what else is to be masked.

use tokio::sync::mpsc::UnboundedSender;

use crate::client::Request;
use crate::conversation::mask::Mask;
use crate::profile::Auth;
use crate::smtp::Secret;
use crate::smtp::escape::for_screen;
use crate::world::World;

use super::effect::Effect;
use super::errand;
use super::keymap::verbatim;
use super::message::Message;
use super::model::Model;
use super::overlay::{Overlay, SecretPrompt};

/// What came of asking for it.
#[derive(Debug)]
pub enum Fetched {
    /// Here it is.
    Known(Secret),
    /// This user must be asked.
    Ask(String),
    /// It is not to be had; why, and what would help.
    Failed(String),
}

/// Fetches it beside the loop: a command may take its time. A [`Message::Secret`] comes back.
pub(super) fn fetch(auth: Option<&Auth>, world: &World, sender: UnboundedSender<Message>) {
    let (auth, world) = (auth.cloned(), world.clone());
    tokio::task::spawn_blocking(move || {
        // Nobody listens any more when the workbench has been left.
        let _ = sender.send(Message::Secret(fetched(auth.as_ref(), &world)));
    });
}

fn fetched(auth: Option<&Auth>, world: &World) -> Fetched {
    let Some(auth) = auth else {
        let words = "Nobody is named to log in; {edit-profile} on the start screen puts a user into the profile.";
        return Fetched::Failed(words.to_owned());
    };
    match auth.password.fetch_silently(world) {
        Ok(Some(secret)) => Fetched::Known(secret),
        Ok(None) => Fetched::Ask(auth.user.clone()),
        Err(error) => Fetched::Failed(verbatim(&for_screen(error.to_string().as_bytes()))),
    }
}

/// Takes in what came of it.
pub(super) fn take(model: &mut Model, fetched: Fetched) -> Vec<Effect> {
    match fetched {
        Fetched::Known(secret) => return given(model, secret),
        Fetched::Ask(user) => model.overlay = Some(Overlay::Secret(SecretPrompt::of(&user))),
        Fetched::Failed(why) => model.notice = Some(model.keymap.told(&why)),
    }
    Vec::new()
}

/// The password is there. The connection learns it before anything is done with it, so that it is masked wherever it
/// shows.
pub(super) fn given(model: &mut Model, secret: Secret) -> Vec<Effect> {
    if model.wanted.is_none() {
        // The connection that it was for has ended meanwhile.
        return Vec::new();
    }
    errand::told(model, secret.clone());
    vec![Effect::Send(Request::Learn(secret))]
}

/// Asks for what is to be masked from now on.
pub(super) fn mark(model: &mut Model) {
    model.overlay = Some(Overlay::Secret(SecretPrompt::to_mask()));
}

/// This is secret from now on; what was recorded before stays, and whether it stands in that is said.
pub(super) fn marked(model: &mut Model, secret: Secret) -> Vec<Effect> {
    let mask = Mask::knowing(std::iter::empty(), std::iter::once(secret.clone()));
    let lines = model.talk.log.since(0).filter(|(_, entry)| mask.again(entry).is_some()).count();
    let before = match lines {
        0 => "What was recorded before stays as it is.",
        1 => {
            "It stands in a line that was recorded before, and stays there: only deleting the file takes it away \
              ({library} lists the conversations)."
        }
        _ => {
            "It stands in lines that were recorded before, and stays there: only deleting the file takes it away \
              ({library} lists the conversations)."
        }
    };
    let words = format!("It is masked from now on, here and in the conversations after this one. {before}");
    model.notice = Some(model.keymap.told(&words));
    vec![Effect::Mask(secret)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::SecretSource;
    use crate::tui::screen::Screen;
    use crate::world::Directories;

    fn auth(password: SecretSource) -> Auth {
        Auth::new("dude", password)
    }

    fn world() -> World {
        let nowhere = || std::path::PathBuf::from("/nonexistent");
        let directories = Directories { config: nowhere(), data: nowhere(), state: nowhere() };
        World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1)
            .with_variables(|name| (name == "NODDY").then(|| "noddy".to_owned()))
    }

    #[test]
    fn it_comes_from_where_the_profile_says_or_it_is_said_why_not() {
        let of = |source| fetched(Some(&auth(source)), &world());
        assert!(matches!(of(SecretSource::Environment("NODDY".into())), Fetched::Known(s) if s.expose() == b"noddy"));
        assert!(matches!(of(SecretSource::Prompt), Fetched::Ask(user) if user == "dude"));
        assert!(matches!(of(SecretSource::Environment("X".into())), Fetched::Failed(why) if why.contains("not set")));
        assert!(matches!(of(SecretSource::Command("false".into())), Fetched::Failed(why) if why.contains("`false`")));
        assert!(matches!(fetched(None, &world()), Fetched::Failed(why) if why.contains("Nobody is named")));
    }

    #[test]
    fn what_is_typed_is_counted_and_never_shown_and_goes_to_the_connection_to_be_masked() {
        let mut screen = Screen::new(80, 24);
        screen.model.wanted = Some((false, None));
        screen.send(Message::Secret(Fetched::Ask("dude".to_owned())));
        screen.keys("hunterx<backspace>2");
        let shown = screen.shown();
        assert!(
            shown.contains("Password of dude") && shown.contains("•••••••") && !shown.contains("hunter"),
            "{shown}"
        );
        assert!(!format!("{:?}", screen.model).contains("hunter"));
        screen.keys("<enter>");
        assert_eq!(screen.asked(), ["Learn(Secret(…))"]);
        assert!(!screen.shown().contains("Password of"));
        screen.send(Message::Secret(Fetched::Ask("dude".to_owned())));
        screen.keys("<enter>x<esc>");
        assert_eq!(screen.asked(), [] as [&str; 0], "nothing is sent without an answer");
    }

    #[test]
    fn what_somebody_marks_is_asked_for_unseen_and_masked_from_then_on() {
        let mut screen = crate::tui::tests::connected(120, 33);
        screen.wire("> NOOP Plugh-77x\n< 250 ok");
        for (secret, words) in
            [("Xyzzy-1", "before stays as it is"), ("Plugh-77x", "stands in a line that was recorded")]
        {
            screen.keys(&format!("<ctrl-p>secret<enter>{secret}"));
            let shown = screen.shown();
            assert!(shown.contains("What is secret") && shown.contains("Enter mask it"), "{shown}");
            assert!(!shown.contains("Xyzzy"), "{shown}");
            screen.keys("<enter>");
            assert_eq!(screen.asked(), ["mask"]);
            let shown = screen.shown().replace(['\n', '│'], " ");
            let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(shown.contains(words) && !shown.contains("Xyzzy"), "{shown}");
        }
    }

    /// The target wants TLS and a log-in, and its password is typed.
    fn access() -> Message {
        Message::Access(Box::new(crate::tui::errand::Access {
            tls: crate::profile::TlsMode::Starttls,
            lmtp: false,
            auth: Some(auth(SecretSource::Prompt)),
            around: crate::smtp::sasl::Around::default(),
            xclient: Vec::new(),
        }))
    }

    #[test]
    fn a_password_is_asked_once_although_a_certificate_comes_before_the_log_in() {
        let mut screen = crate::tui::tests::connected(120, 33);
        screen.keys("<f10>");
        screen.send(access());
        screen.send(Message::Secret(Fetched::Ask("dude".to_owned())));
        screen.keys("hunter2<enter>");
        screen.wire("> EHLO noddy.com\n< 250-mx\n< 250 STARTTLS");
        screen.wire("> STARTTLS\n< 220 go");
        screen.wire("* error kind=tls \"the certificate is self-signed\"\n* closed by=client");
        assert!(screen.model.password.is_some(), "{}", screen.shown());
        let dialled = |screen: &mut Screen, unverified, again| {
            let peer = crate::tui::model::Peer { unverified, ..screen.model.peer.clone() };
            screen.send(Message::Began { peer: Box::new(peer), path: None, head: None, again });
            screen.wire("* connecting 127.0.0.1:25\n* connected 127.0.0.1:25\n< 220 mx");
        };
        dialled(&mut screen, true, true);
        screen.keys("<f10>");
        screen.asked();
        screen.send(access());
        let asked = screen.asked();
        assert!(
            asked.contains(&"Learn(Secret(…))".to_owned()) && !asked.contains(&"AskSecret".to_owned()),
            "{asked:?}"
        );
        assert_eq!(screen.model.password, None, "it is used once");
        screen.model.password = Some("hunter2".into());
        dialled(&mut screen, false, true);
        assert_eq!(screen.model.password, None, "another dial has nothing of it");
    }
}
