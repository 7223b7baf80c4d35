//! The connection: making one, making it ready, ending it.

use super::Where::{Everywhere, Transcript};
use super::{Action, Entry, always, entry, live, open, talking};
use crate::tui::model::Model;
use crate::tui::{errand, retry, serverside};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        Action::Ready,
        "ready",
        "make ready",
        "Make ready as the target says: EHLO, STARTTLS, EHLO, login, or the rest of a login; each line is seen as it goes.",
        &[(Everywhere, "f10")],
        |model| open(model) && !model.talk.dialogue.state().phase().in_transaction(),
    )
    .called("login auth password starttls ehlo"),
    entry(
        Action::Back,
        "back",
        "back here",
        "After a cut, go back to where you were: EHLO, TLS, MAIL and the accepted RCPTs again.",
        &[(Everywhere, "f12")],
        |model| {
            let cut = model.interrupted.is_some() && !model.talk.dialogue.state().phase().in_transaction();
            live(model) && (cut || errand::is_parting(model))
        },
    ),
    entry(
        Action::Connect,
        "connect",
        "connect",
        "Connect to a host, a profile, the lab, or the mail exchanger of a domain.",
        &[(Everywhere, "f4")],
        always,
    )
    .called("telnet host server dial")
    .needed(4),
    entry(
        Action::Reconnect,
        "reconnect",
        "reconnect",
        "Connect again to the same target; the conversation goes on in the same file.",
        &[(Everywhere, "f5")],
        Model::can_reconnect,
    )
    .called("again")
    .needed(4),
    entry(
        Action::Retry,
        "retry",
        "try again",
        "Send again what the server has put off, such as a recipient that is greylisted.",
        &[(Everywhere, "shift-f5")],
        |model| live(model) && retry::again(model).is_some(),
    )
    .called("greylisting later once more"),
    entry(
        Action::KeepAlive,
        "keep-alive",
        "keep alive",
        "Send NOOP by itself while you think, so that the server does not cut the line; again to stop. Some servers count it as junk.",
        &[],
        |model| live(model) && open(model),
    ),
    entry(
        Action::AcceptOffer,
        "accept-offer",
        "accept the offer",
        "Take what the server offers now as usual: what is gone from it is warned of no more.",
        &[],
        |model| live(model) && open(model) && model.talk.misses.is_some(),
    )
    .called("capabilities vanished starttls auth warning"),
    entry(
        Action::ReadOn,
        "read-on",
        "read on",
        "Read on where reading has stopped because the server sent too much.",
        &[],
        |model| live(model) && model.talk.is_open() && model.talk.flooded,
    ),
    entry(
        Action::ConnectBetter,
        "connect-better",
        "connect the right way",
        "Connect in the way that this port speaks: TLS from the first byte, or clear text first.",
        &[],
        |model| talking(model) && model.panel.trouble().is_some_and(|trouble| trouble.better.is_some()),
    ),
    entry(
        Action::TlsRegardless,
        "tls-regardless",
        "go on regardless",
        "Connect again without verifying the certificate, for this connection only; asks first.",
        &[],
        |model| live(model) && model.panel.trouble().is_some_and(|trouble| trouble.untrusted),
    ),
    entry(
        Action::Trust,
        "trust",
        "trust its authority",
        "Name the authority of a certificate that was not trusted, in the profile of this target or in a new one.",
        &[],
        |model| live(model) && model.panel.trouble().is_some_and(|trouble| trouble.untrusted),
    )
    .called("ca certificate pem verify profile"),
    entry(
        Action::VerifyAs,
        "verify-as",
        "verify as",
        "Name what a certificate that is for other names has to be for, in the profile of this target or in a new one.",
        &[],
        |model| live(model) && model.panel.trouble().is_some_and(|trouble| trouble.for_others.is_some()),
    )
    .called("certificate name tls profile"),
    entry(
        Action::Lab,
        "lab",
        "lab",
        "Connect to the lab: a mail server inside ehlo, from which nothing leaves this machine. Typed on the start screen, lab: \
         lists its scenarios.",
        &[],
        always,
    )
    .called("practice practise sandbox test scenario scenarios"),
    entry(
        Action::AnswerLike,
        "answer-like",
        "answer as this server did",
        "Connect to a lab that answers as the server of this recording did: a trouble taken home.",
        &[],
        |model| {
            let path = model.talk.path.as_ref().filter(|_| talking(model) && model.talk.imported.is_none());
            path.is_some_and(|path| path.extension().is_some_and(|it| it == "smtp")) && !model.peer.lab
        },
    )
    .called("lab from recording server reproduce replay"),
    entry(
        Action::ServerView,
        "server-view",
        "server's view",
        "Show what the lab has seen of this connection beside what the client has, line by line, as it goes on.",
        &[(Transcript, "V")],
        |model| live(model) && model.peer.lab && model.lesson.is_none() && serverside::address(&model.talk.log).is_some(),
    )
    .called("lab side by side both ends server log"),
    entry(
        Action::Probe,
        "probe",
        "test the server",
        "Choose a ready-made test: what the server is, open relay, TLS, smuggling and more; nothing is delivered.",
        &[(Transcript, "P")],
        |model| live(model) && model.can_reconnect() && !model.peer.name.is_empty(),
    )
    .called("probe check audit relay scan security smuggling"),
    entry(
        Action::Stop,
        "stop",
        "stop",
        "Stop waiting for the reply; with nothing awaited, choose to close the connection or to quit.",
        &[(Everywhere, "ctrl-c")],
        always,
    ),
    entry(Action::Drop, "drop", "drop", "Close the connection at once, without QUIT.", &[], open)
    .called("disconnect hang close cut"),
    entry(
        Action::Start,
        "start",
        "start screen",
        "Go to the start screen: lab, profiles, recent conversations; a connection stays open meanwhile, and Esc leads back.",
        &[],
        talking,
    )
    .called("home profiles begin"),
    entry(Action::Mail, "mail", "mail", "Look at the mail that the lab has received.", &[(Transcript, "L")], |model| {
        talking(model) && model.peer.lab
    })
    .called("inbox mailbox received"),
];
