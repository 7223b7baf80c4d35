//! What a run says, in the words of a command line: options in place of a profile's keys, and the reason where none was
//! given.

use super::super::Exit;
use super::brief::Brief;
use crate::conversation::dialogue::{Ask, Exchange};
use crate::conversation::words;
use crate::conversation::{Dialogue, Log};
use crate::profile::{Target, TlsMode};
use crate::script::{Report, Verdict};
use crate::smtp::{Class, Verb, escape};

/// What is said to somebody who has a profile, and what stands for it here.
const OPTIONS: [(&str, &str); 16] = [
    ("min_version and max_version in the profile's [tls] say which are", "--tls-protocol says which are"),
    ("client_cert and client_key in the profile's [tls] show one", "--tls-cert and --tls-key show one"),
    ("put client_cert and client_key into [tls]", "--tls-cert and --tls-key show one"),
    ("put token = { … } in place of the password into [auth]", "--auth names its mechanism, the token is the password"),
    ("put password = { … } into [auth]", "--auth-password-env, -command or -file says where it is"),
    ("allow_plaintext = true", "--auth-allow-plaintext"),
    ("The profile asks for TLS, and", "TLS is asked for, and"),
    ("`client_password` names where its password comes from", "--tls-key-password-env names where its password is"),
    ("an encrypted one needs `client_password`", "an encrypted one needs --tls-key-password-env"),
    ("name it as `client_key`", "name it by --tls-key"),
    (
        "use `password = { env = \"NAME\" }` or `{ command = \"...\" }` in the profile",
        "--auth-password-env NAME or --auth-password-command COMMAND says where it is",
    ),
    ("Take proxy_protocol out of the profile", "Leave --proxy… (in a profile: proxy_protocol) out"),
    ("give proxy_source and proxy_destination of one family", "give --proxy-source and --proxy-dest of one family"),
    ("mend `bind`, or take it out", "--local-interface names another (in a profile: bind)"),
    ("can't be connected from (`bind`)", "can't be connected from (--local-interface, in a profile: bind)"),
    ("the reply to .", "the reply to the message"),
];

/// What is said, with options in place of a profile's keys.
pub(super) fn in_options(said: &str) -> String {
    OPTIONS.iter().fold(said.to_owned(), |said, (key, option)| said.replace(key, option))
}

/// Why something did not end as it should.
pub(super) struct Reason {
    pub(super) words: String,
    /// The same, with the reply that it holds in few words.
    pub(super) brief: String,
}

/// Why it did not end as it should; what the server refused last, where the run itself has no words.
pub(super) fn reason(report: &Report, exit: Exit) -> Option<Reason> {
    if let Some(words) = &report.words {
        let words = in_options(words);
        return Some(Reason { brief: words.clone(), words });
    }
    let dialogue = Dialogue::of(&report.log);
    let refuses = |exchange: &Exchange| exchange.is_refusal() && !matches!(exchange.verb, Verb::Quit | Verb::Rset);
    let at = dialogue.exchanges().iter().rposition(refuses).filter(|_| exit == Exit::Refused)?;
    let asked = dialogue.exchanges()[at];
    let what = match (asked.ask, asked.verb) {
        // Where one was accepted and nothing was to be handed over, the refusal is one recipient's.
        (Ask::Command, Verb::Rcpt) if accepted(&dialogue) => "a recipient",
        (Ask::Command, Verb::Rcpt) => "every recipient, and the last of them",
        _ => named(&asked),
    };
    let told = |reply: String| format!("the server refused {what}: {reply}");
    let words = told(last_line(&dialogue, &report.log, at));
    let brief = asked.reply().map(|range| told(Brief::new(&dialogue, &report.log).of(*range.end())));
    Some(Reason { brief: brief.unwrap_or_else(|| words.clone()), words })
}

fn accepted(dialogue: &Dialogue) -> bool {
    let taken = |exchange: &Exchange| {
        exchange.verb == Verb::Rcpt && exchange.code.is_some_and(|code| code.class() == Class::Success)
    };
    dialogue.exchanges().iter().any(taken)
}

fn named(exchange: &Exchange) -> &'static str {
    match exchange.ask {
        Ask::Greeting => "this connection",
        Ask::EndOfData => "the message",
        Ask::AuthAnswer => "the login",
        Ask::Unasked => "something",
        Ask::Command => exchange.verb.word(),
    }
}

fn last_line(dialogue: &Dialogue, log: &Log, exchange: usize) -> String {
    let reply = dialogue.reply(log, exchange);
    reply.and_then(|reply| reply.lines.last().map(|line| escape::for_screen(&line.raw))).unwrap_or_default()
}

/// What to do about how it ended, where there is something to be said.
pub(super) fn cure(exit: Exit, report: &Report, target: &Target) -> Option<&'static str> {
    match exit {
        Exit::Tls => tls_cure(report.words.as_deref().unwrap_or_default(), target),
        Exit::Refused | Exit::Authentication => refusal_cure(report, target),
        _ => None,
    }
}

/// What to do about the last thing that the server refused; nothing where it refused nothing.
fn refusal_cure(report: &Report, target: &Target) -> Option<&'static str> {
    let dialogue = Dialogue::of(&report.log);
    let at = dialogue.exchanges().iter().rposition(|it| it.is_refusal() && it.verb != Verb::Quit)?;
    let text = last_line(&dialogue, &report.log, at).to_ascii_uppercase();
    let wants_tls = text.contains("TLS") || text.contains("ENCRYPT");
    let asked = dialogue.exchanges()[at].verb;
    Some(match dialogue.exchanges()[at].code?.number() {
        530 | 538 if wants_tls && target.tls == TlsMode::None => {
            "without --no-tls STARTTLS is used where the server offers it, with --tls always"
        }
        530 | 538 if wants_tls => "--tls asks for STARTTLS, -tlsc begins with TLS, usually on port 465",
        530 => "-a logs in, as -au says, with the password that --auth-password-env, -command or -file names",
        535 => {
            "-au says who logs in, --auth-password-env, -command or -file with which password, --auth by which mechanism; many \
             providers want a password for applications, which their web site makes"
        }
        534 | 504 if asked == Verb::Auth => "--auth names another mechanism",
        500..=502 if matches!(asked, Verb::Ehlo | Verb::Helo) => {
            "a server that knows neither EHLO nor HELO may speak LMTP: --protocol LMTP greets it by LHLO"
        }
        500..=502 if asked == Verb::Lhlo => {
            "a server that does not know LHLO speaks SMTP: --protocol ESMTP greets it by EHLO"
        }
        400..=499 => {
            "this is for now: send it again later, after a greylisting in some minutes; ehlo explain with the reply after it \
             says why"
        }
        _ => {
            "this is for good, and the same will be refused again: ehlo explain with the reply after it says why, and what to \
             try"
        }
    })
}

/// What to do where TLS has failed, by the words that say why; nothing where they say it themselves.
fn tls_cure(words: &str, target: &Target) -> Option<&'static str> {
    let has = |what: &[&str]| what.iter().any(|what| words.contains(what));
    Some(match target.tls {
        _ if has(&["--tls-cert and --tls-key show one"]) => return None,
        _ if has(&["certificate to show", "shown to it"]) => "--tls-cert and --tls-key show another certificate",
        _ if has(&["refused STARTTLS"]) => {
            "it offers TLS and can't begin it, often for want of a certificate of its own: its log says why; later it may, \
             and --no-tls goes on in clear text"
        }
        _ if has(&["not valid yet", "not yet valid"]) => {
            "the clock of this machine or of the one that made the certificate is wrong, or it was put to use too early; \
             --no-tls-verify goes on all the same, without knowing with whom"
        }
        _ if has(&["expired", "not valid"]) => {
            "whoever runs the server has to renew the certificate; --no-tls-verify goes on all the same, without knowing \
             with whom"
        }
        _ if has(&["not for "]) && has(&["issuer", "self-signed", "authority"]) => {
            "both are needed to go on verified: --tls-sni NAME asks for a name that the certificate has, --tls-ca-path trusts \
             who made it; --no-tls-verify goes on without knowing with whom"
        }
        _ if has(&["not for "]) => {
            "--tls-sni NAME asks for and verifies a name that the certificate has; --no-tls-verify goes on without"
        }
        _ if has(&["issuer", "self-signed", "authority"]) => {
            "--tls-ca-path trusts another authority, --no-tls-verify goes on without knowing with whom"
        }
        _ if has(&["server's certificate"]) => {
            "whoever runs the server has to get another certificate; --no-tls-verify goes on without knowing with whom"
        }
        TlsMode::Implicit if has(&["does not speak TLS"]) => {
            "without -tlsc it begins in clear text, and --tls asks for STARTTLS then"
        }
        _ if has(&["not offer"]) => {
            "--no-tls leaves TLS out; -tlsc expects it from the first byte, usually on port 465"
        }
        _ if has(&["--tls-protocol"]) => return None,
        TlsMode::Implicit => "--tls-protocol LIST allows other versions; without -tlsc it begins in clear text",
        _ => "--tls-protocol LIST allows other versions, -tlsc expects TLS from the first byte, --no-tls leaves it out",
    })
}

/// Something that was not as it should be, and did not stop the message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Warning {
    /// What of: `offer`, `parameter`, `injected`, `reply`, … as in the transcript's remarks.
    pub(super) kind: String,
    /// Fit for a screen.
    pub(super) words: String,
    /// It stands among the remarks already.
    pub(super) shown: bool,
}

/// How an offer that is gone becomes the usual one: by this option, or by its having been there.
pub(super) const ACCEPTS: &str = " (--accept-offer takes what is offered now as usual)";
pub(super) const ACCEPTED: &str = " (--accept-offer: what is offered now is taken as usual from here on)";

/// That a connection is not recorded, which was said when it began.
pub(super) fn unrecorded(words: &str) -> Warning {
    Warning { kind: "journal".to_owned(), words: escape::for_screen(words.as_bytes()), shown: true }
}

/// Every warning of a run, in the order of what it is about; `accepts` ends what is said of an offer.
pub(super) fn warnings(report: &Report, accepts: &str) -> Vec<Warning> {
    let mut all = Vec::new();
    let mut add = |kind: &str, words: String, shown| {
        let words = in_options(&escape::for_screen(words.as_bytes()));
        let warning = Warning { kind: kind.to_owned(), words, shown };
        if !all.contains(&warning) {
            all.push(warning);
        }
    };
    for remark in report.log.since(0).filter_map(|(_, entry)| entry.remark()) {
        match (remark.word.as_str(), remark.get("kind")) {
            ("warning", kind) => {
                let offer = kind == Some("offer");
                let words = words::said(&remark).words;
                let ends = if offer { accepts } else { "" };
                add(kind.unwrap_or("other"), format!("{words}{ends}"), !offer);
            }
            ("injected", _) => {
                let who = "; the server, or somebody on the way to it, speaks into the encrypted session (RFC 3207 6)";
                add("injected", words::said(&remark).words + who, false);
            }
            _ => {}
        }
    }
    for odd in report.outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Odd) {
        add("reply", odd.words.clone(), false);
    }
    let dialogue = Dialogue::of(&report.log);
    for (n, exchange) in dialogue.exchanges().iter().enumerate() {
        let Some(reply) = dialogue.reply(&report.log, n).filter(|reply| reply.class() != Class::Unknown) else {
            continue;
        };
        for flaw in reply.all_flaws() {
            let to = if exchange.ask == Ask::Greeting {
                "the greeting".to_owned()
            } else {
                format!("a reply to {}", named(exchange))
            };
            add("reply", format!("{to} breaks the protocol: {}", flaw.words()), false);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::sample;
    use crate::profile::Endpoint;

    #[test]
    fn a_key_of_a_profile_is_an_option_and_the_dot_the_message() {
        for (said, want) in [
            ("the reply to . did not come in time", "the reply to the message did not come in time"),
            (
                "10.9.9.9 is there no more; mend `bind`, or take it out",
                "10.9.9.9 is there no more; --local-interface names another (in a profile: bind)",
            ),
            ("STARTTLS first, or allow_plaintext = true.", "STARTTLS first, or --auth-allow-plaintext."),
        ] {
            assert_eq!(in_options(said), want);
        }
    }

    #[test]
    fn a_refusal_that_an_option_cures_names_it() {
        let cure = |text: &str, tls: TlsMode| {
            let log = sample::log(&format!("* connected 127.0.0.1:25\n< 220 mx\n> EHLO a\n< 250 mx\n{text}"));
            let place = Endpoint::Tcp { host: "mx.example".to_owned(), port: 25 };
            let target = Target { tls, ..Target::new("mx", place) };
            refusal_cure(&Report { log, ..Report::default() }, &target)
        };
        let clear = "> MAIL FROM:<a@b>\n< 530 5.7.0 Must issue a STARTTLS command first\n> QUIT\n< 221 bye";
        assert!(cure(clear, TlsMode::None).is_some_and(|words| words.contains("without --no-tls")));
        assert!(cure(clear, TlsMode::Starttls).is_some_and(|words| words.contains("--tls asks")));
        let login = "> MAIL FROM:<a@b>\n< 530 5.7.0 Authentication required";
        assert!(cure(login, TlsMode::Starttls).is_some_and(|words| words.contains("-a logs in")));
        let wrong = "> AUTH PLAIN {{auth}}\n< 535 5.7.8 no";
        assert!(cure(wrong, TlsMode::Starttls).is_some_and(|words| words.contains("-au says who")));
        let good = cure("> RCPT TO:<a@b>\n< 550 no", TlsMode::Starttls).unwrap_or_default();
        assert!(good.contains("for good") && good.contains("ehlo explain"), "{good}");
        let lmtp = cure("> EHLO a\n< 500 what\n> HELO a\n< 500 what", TlsMode::None).unwrap_or_default();
        let smtp = cure("> LHLO a\n< 500 what", TlsMode::None).unwrap_or_default();
        assert!(lmtp.contains("--protocol LMTP") && smtp.contains("--protocol ESMTP"), "{lmtp}, {smtp}");
        let now = cure("> RCPT TO:<a@b>\n< 450 4.2.0 Greylisted", TlsMode::Starttls).unwrap_or_default();
        assert!(now.contains("for now") && now.contains("minutes"), "{now}");
    }

    #[test]
    fn what_to_do_about_tls_fits_what_has_failed() {
        let place = Endpoint::Tcp { host: "mx.example".to_owned(), port: 25 };
        let target = Target { tls: TlsMode::Require, ..Target::new("mx", place) };
        let cure = |words: &str| tls_cure(words, &target).unwrap_or_default();
        for (words, want) in [
            ("the server's certificate is not valid yet", "clock"),
            ("the server's certificate has expired", "renew"),
            (
                "it did not take the certificate that was shown to it: the certificate has expired",
                "another certificate",
            ),
            ("the certificate is not for 127.0.0.1; it is self-signed", "both are needed"),
            ("the server refused STARTTLS (454)", "--no-tls goes on"),
            ("it wants a certificate of the client (alert 116); --tls-cert and --tls-key show one", ""),
            ("the TLS handshake failed: no shared cipher", "--tls-protocol"),
        ] {
            assert!(
                cure(words).contains(want) && cure(words).is_empty() == want.is_empty(),
                "{words}: {}",
                cure(words)
            );
        }
    }

    #[test]
    fn what_was_not_as_it_should_be_is_a_warning_and_has_a_reason() {
        let log = sample::log(
            "* connected 127.0.0.1:25\n< 220 mx\n* injected bytes=4 text=\"250 \"\n> MAIL FROM:<a@b>\n< 250-a\n< 251 b\n\
             * warning kind=offer \"STARTTLS is gone\"\n> DATA\n< 554 no\n> QUIT\n< 500 what\n",
        );
        let report = Report { log, ..Report::default() };
        assert!(warnings(&report, ACCEPTED)[1].words.ends_with("from here on)"));
        let warnings = warnings(&report, ACCEPTS);
        let kinds: Vec<&str> = warnings.iter().map(|warning| warning.kind.as_str()).collect();
        assert_eq!(kinds, ["injected", "offer", "reply"], "{warnings:?}");
        assert!(
            warnings[0].words.contains("4 bytes came in clear text") && warnings[1].words.contains("--accept-offer")
        );
        assert_eq!(warnings[2].words, "a reply to MAIL breaks the protocol: lines of one reply with different codes");
        assert_eq!(
            reason(&report, Exit::Refused).map(|it| it.words).as_deref(),
            Some("the server refused DATA: 554 no")
        );
        assert!(reason(&report, Exit::Done).is_none());
    }
}
