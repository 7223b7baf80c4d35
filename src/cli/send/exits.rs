//! swaks's exit codes (`--swaks-exit-codes`): what of a conversation gives which; each is in `assets/swaks.toml`.

use std::ffi::OsString;

use super::super::Exit;
use super::Arguments;
use crate::conversation::dialogue::{Ask, Exchange, Verdict};
use crate::conversation::{Dialogue, Log};
use crate::smtp::{Class, Verb};

/// A mistake on the command line.
const MISTAKE: u8 = 1;
/// One in what is said of the PROXY protocol.
const PROXY: u8 = 35;
/// What asks for swaks's codes.
const OPTION: &str = "--swaks-exit-codes";

/// The exit code of words that are no command line of `ehlo send`, or of any other subcommand.
pub(in crate::cli) fn of_words(words: &[OsString]) -> u8 {
    let sends = words.get(1).is_some_and(|word| word == "send");
    if sends && words.iter().any(|word| word == OPTION) { MISTAKE } else { Exit::Usage.code() }
}

/// The exit code where nothing was said yet.
pub(super) fn of_mistake(exit: Exit, arguments: &Arguments) -> u8 {
    match exit {
        _ if !arguments.output.swaks_exit_codes => exit.code(),
        Exit::Usage if arguments.announced.header().is_err() => PROXY,
        Exit::Usage => MISTAKE,
        other => other.code(),
    }
}

/// The exit code of what happened. One message went out over several connections where a limit of the server's said so; who
/// has it of them is told, and one that was refused in the end has not the status of a message that nobody has.
pub(super) fn own(exit: Exit, handed_over: bool) -> u8 {
    if handed_over && exit == Exit::Refused { Exit::PartlyRefused.code() } else { exit.code() }
}

/// The exit code where something that was asked for besides could not be written, be it otherwise `code`. A message that was
/// handed over has not the status of one that was not: who then sends again sends twice. swaks has 0 for both.
pub(super) fn incomplete(code: u8, handed_over: bool, as_swaks: bool) -> u8 {
    match (Exit::Done.code() == code && !as_swaks, handed_over) {
        (true, true) => Exit::PartlyRefused.code(),
        (true, false) => Exit::Refused.code(),
        (false, _) => code,
    }
}

/// swaks's exit code for what happened; `announces` says that XCLIENT had to be said.
pub(super) fn of(exit: Exit, log: &Log, announces: bool) -> u8 {
    match exit {
        Exit::Done | Exit::PartlyRefused => return 0,
        Exit::Usage => return MISTAKE,
        Exit::Interrupted => return Exit::Interrupted.code(),
        _ => {}
    }
    let dialogue = Dialogue::of(log);
    if exit == Exit::Tls {
        let last = dialogue.exchanges().last();
        let hung_up = last.is_some_and(|last| last.verb == Verb::Starttls && !last.complete() && !last.gave_up());
        return if hung_up { 6 } else { 29 };
    }
    if exit == Exit::Authentication {
        return if is_cut_off(&dialogue) { 6 } else { 28 };
    }
    let (mut secured, mut told) = (false, false);
    for (n, exchange) in dialogue.exchanges().iter().enumerate() {
        if is_as_wanted(exchange) {
            secured |= exchange.verb == Verb::Starttls;
            told |= exchange.verb == Verb::Xclient;
            continue;
        }
        // A connection that was closed in place of a reply is no answer to this command.
        if !exchange.complete() && !exchange.gave_up() {
            continue;
        }
        // EHLO may have been followed by HELO.
        let again = || dialogue.exchanges()[n..].iter().any(|next| next.verb == Verb::Helo);
        match (exchange.ask, exchange.verb) {
            (Ask::Greeting, _) => return 21,
            (Ask::EndOfData, _) | (Ask::Command, Verb::Bdat) => return 26,
            (Ask::Command, Verb::Xclient) => return 33,
            (Ask::Command, Verb::Ehlo | Verb::Lhlo) if told => return 34,
            (Ask::Command, Verb::Ehlo | Verb::Lhlo) if secured => return 32,
            (Ask::Command, Verb::Helo | Verb::Lhlo) => return 22,
            (Ask::Command, Verb::Ehlo) if !again() => return 22,
            (Ask::Command, Verb::Mail) => return 23,
            (Ask::Command, Verb::Data) => return 25,
            (Ask::Command, Verb::Quit) => return 27,
            (Ask::Command, Verb::Starttls) if exchange.gave_up() => return 29,
            _ => {}
        }
    }
    let recipients = dialogue.recipients();
    let lost = |exchange: u32| dialogue.exchanges().get(exchange as usize).is_some_and(Exchange::gave_up);
    if !recipients.is_empty() && recipients.iter().all(|it| it.verdict() == Verdict::Refused || lost(it.exchange)) {
        return 24;
    }
    if exit == Exit::Refused && announces && !told {
        return 33;
    }
    if dialogue.exchanges().is_empty() { 2 } else { 6 }
}

/// Whether the connection was closed in place of a reply within a login.
fn is_cut_off(dialogue: &Dialogue) -> bool {
    let within = |exchange: &&Exchange| exchange.ask == Ask::AuthAnswer || exchange.verb == Verb::Auth;
    let last = dialogue.exchanges().iter().rev().find(within);
    last.is_some_and(|last| !last.complete() && !last.gave_up())
}

/// Whether it was answered as it has to be for the next command to follow.
fn is_as_wanted(exchange: &Exchange) -> bool {
    let class = exchange.code.map(crate::smtp::ReplyCode::class);
    match (exchange.ask, exchange.verb) {
        (Ask::Command, Verb::Data) => class == Some(Class::Intermediate),
        (Ask::Command, Verb::Auth) | (Ask::AuthAnswer, _) => {
            matches!(class, Some(Class::Success | Class::Intermediate))
        }
        _ => class == Some(Class::Success),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_was_handed_over_has_not_the_status_of_a_refusal() {
        assert_eq!((own(Exit::Refused, true), own(Exit::Refused, false), own(Exit::TimeOut, true)), (8, 1, 6));
        assert_eq!((incomplete(0, true, false), incomplete(0, false, false), incomplete(8, true, false)), (8, 1, 8));
        assert_eq!((incomplete(5, false, false), incomplete(0, true, true), incomplete(24, false, true)), (5, 0, 24));
    }

    #[test]
    fn each_moment_has_its_code() {
        let begun = "* connected 127.0.0.1:25\n< 220 mx\n> EHLO me\n< 250 mx\n";
        let rcpt = format!("{begun}> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n");
        let data = format!("{rcpt}< 250 ok\n> DATA\n");
        for (conversation, exit, want) in [
            ("", Exit::NoConnection, 2),
            ("* connected 127.0.0.1:25\n< hello\n", Exit::Protocol, 21),
            ("* connected 127.0.0.1:25\n* gave-up reason=time-out\n", Exit::TimeOut, 21),
            ("* connected 127.0.0.1:25\n* closed by=server\n", Exit::NoConnection, 6),
            ("* connected 127.0.0.1:25\n< 220 mx\n> EHLO me\n< 550 no\n", Exit::Refused, 22),
            ("* connected 127.0.0.1:25\n< 220 mx\n> EHLO me\n* closed by=server\n", Exit::NoConnection, 6),
            (&format!("{begun}> MAIL FROM:<a@b>\n< 550 no\n* closed by=server\n"), Exit::Refused, 23),
            (&format!("{begun}> MAIL FROM:<a@b>\n* gave-up reason=time-out\n"), Exit::TimeOut, 23),
            (&format!("{rcpt}< 550 no\n"), Exit::Refused, 24),
            (&format!("{rcpt}* gave-up reason=time-out\n"), Exit::TimeOut, 24),
            (&format!("{rcpt}* closed by=server\n"), Exit::NoConnection, 6),
            (&format!("{data}< 250 ok\n"), Exit::Protocol, 25),
            (&format!("{data}< 451 no\n"), Exit::Refused, 25),
            (&format!("{data}< 354 go\n| x\n> .\n< 550 no\n"), Exit::Refused, 26),
            (&format!("{data}< 354 go\n| x\n> .\n* gave-up reason=time-out\n"), Exit::TimeOut, 26),
            (&format!("{data}< 354 go\n| x\n> .\n* closed by=server\n"), Exit::NoConnection, 6),
            (&format!("{begun}> QUIT\n< 500 what\n"), Exit::Refused, 27),
            (begun, Exit::Tls, 29),
            (&format!("{begun}> STARTTLS\n* closed by=server\n"), Exit::Tls, 6),
            (&format!("{begun}> STARTTLS\n* gave-up reason=time-out\n"), Exit::TimeOut, 29),
            (begun, Exit::Authentication, 28),
            (&format!("{begun}> AUTH PLAIN {{{{auth}}}}\n< 535 no\n"), Exit::Authentication, 28),
            (&format!("{begun}> AUTH PLAIN {{{{auth}}}}\n* closed by=server\n"), Exit::Authentication, 6),
            (&data, Exit::PartlyRefused, 0),
        ] {
            let log = crate::conversation::sample::log(conversation);
            assert_eq!(of(exit, &log, false), want, "{conversation}");
        }
        let log = crate::conversation::sample::log(begun);
        assert_eq!(of(Exit::Refused, &log, true), 33, "XCLIENT was not offered");
    }
}
