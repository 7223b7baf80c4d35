//! Replies whose commands a source does not show: what each answers is told by their order, their codes, and where the session
//! stands.
//!
//! What is told so is said of each (`* unseen MAIL`: a line of the client's that was MAIL, as far as can be told), and
//! where nothing can be told the verb is left out.

use crate::conversation::event::Remark;
use crate::conversation::{Event, Fold, Kind, Log};
use crate::smtp::{EnhancedCode, Phase, ReplyCode};

/// A conversation of which only the server's side is known, with what the client must have said in between.
pub(super) fn paired(log: &Log) -> Log {
    let mut out = Log::new();
    let mut fold = Fold::new();
    let words =
        "what the client said is not in the file: which command a reply answers is told by their order and codes";
    out.push(log.get(0).and_then(|entry| entry.at).unwrap_or_default(), &Event::Remark(inferred(words)));
    for (_, entry) in log.since(0) {
        let at = entry.at.unwrap_or_default();
        if entry.kind == Kind::Received && !fold.is_waiting() && !fold.in_reply() {
            for remark in missing(entry.bytes, &fold) {
                fold.remark(&remark, 0);
                out.push(at, &Event::Remark(remark));
            }
        }
        match entry.kind {
            Kind::Received => _ = fold.received(entry.bytes, entry.crlf),
            Kind::Remark => _ = entry.remark().map(|remark| fold.remark(&remark, 0)),
            _ => {}
        }
        out.push_octets(entry.kind, entry.at, entry.bytes, entry.crlf, entry.masked);
    }
    out
}

fn inferred(words: &str) -> Remark {
    Remark::new("inferred").value(words)
}

/// What must have come before a reply that begins with this line.
fn missing(line: &[u8], fold: &Fold) -> Vec<Remark> {
    let code = ReplyCode::at_start(line).map_or(0, ReplyCode::number);
    let mut all = Vec::new();
    let mut phase = fold.phase();
    // A goodbye comes unasked, and after the end nothing was asked.
    if code == 421 || phase == Phase::Closed {
        return all;
    }
    if phase == Phase::Data {
        return vec![Remark::new("content").with("shown", "no"), Remark::new("unseen").value(".")];
    }
    if phase == Phase::Handshake {
        all.push(inferred("TLS from here: STARTTLS was answered 220, and the server goes on"));
        all.push(Remark::new("tls"));
        phase = Phase::Greeted;
    }
    let unseen = Remark::new("unseen");
    all.push(match verb(line, code, phase) {
        Some(verb) => unseen.value(verb),
        None => unseen,
    });
    all
}

/// What a reply answers, as far as its first line and the phase before it tell.
fn verb(line: &[u8], code: u16, phase: Phase) -> Option<&'static str> {
    let text = line.get(4..).unwrap_or_default();
    let enhanced = EnhancedCode::at_start(text).map(|(code, _)| code);
    let of = |subject: u16| enhanced.is_none_or(|code| code.subject == subject);
    let says = |word: &str| String::from_utf8_lossy(text).to_lowercase().contains(word);
    let refuses = code >= 400;
    match (phase, code) {
        // An answer within AUTH has no verb.
        (Phase::Auth, _) | (_, 500..=503) => None,
        (_, 334 | 235 | 535) => Some("AUTH"),
        (_, 354) => Some("DATA"),
        (_, 221) => Some("QUIT"),
        (_, 214) => Some("HELP"),
        (Phase::Connecting | Phase::Greeted | Phase::Ready, 220) => Some("STARTTLS"),
        (Phase::Mail | Phase::Rcpt, 250) if says("reset") || says("flushed") => Some("RSET"),
        (Phase::Mail | Phase::Rcpt, 554) if says("no valid recipients") => Some("DATA"),
        (Phase::Mail | Phase::Rcpt, _) if (refuses || matches!(code, 250..=252)) && of(1) => Some("RCPT"),
        (Phase::Mail | Phase::Rcpt, _) if refuses => Some("RCPT"),
        (_, 250) if line.get(3) == Some(&b'-') => Some("EHLO"),
        (Phase::Connecting | Phase::Greeted, _) if refuses || code == 250 => Some("EHLO"),
        (Phase::Ready, 251 | 252) => Some("VRFY"),
        (Phase::Ready, _) if refuses || code == 250 && of(1) => Some("MAIL"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::conversation::Dialogue;
    use crate::conversation::dialogue::Ask;
    use crate::interchange::import::import;

    /// What each reply is to, and its code, of a file with one conversation.
    fn asked(text: &str) -> Vec<String> {
        let imported = import(text.as_bytes()).expect("it is read");
        let dialogue = Dialogue::of(&imported.conversations[0].log);
        let words = |ask: Ask, verb: &str| match ask {
            Ask::Greeting => "greeting".to_owned(),
            Ask::Command => verb.to_owned(),
            Ask::EndOfData => "dot".to_owned(),
            Ask::AuthAnswer => "answer".to_owned(),
            Ask::Unasked => "unasked".to_owned(),
        };
        let exchanges = dialogue.exchanges().iter();
        let said = |code: Option<crate::smtp::ReplyCode>| code.map(|code| code.to_string()).unwrap_or_default();
        exchanges.map(|x| format!("{} {}", words(x.ask, x.verb.word()), said(x.code))).collect()
    }

    #[test]
    fn replies_of_a_server_alone_are_paired_by_their_order_and_codes() {
        let session = "depth=0 CN = mx\nverify return:1\n250 CHUNKING\n250-mx\n250 SIZE 9\n334 VXNlcm5hbWU6\n334 UGFzc3dvcmQ6\n\
                       235 2.7.0 ok\n250 2.1.0 Ok\n250 2.1.5 Ok\n550 5.1.1 no\n354 go\n250 2.0.0 queued\n500 5.5.2 what\n\
                       221 bye\nclosed\ndude@host:~$ \n";
        let want = [
            "EHLO 250",
            "EHLO 250",
            "AUTH 334",
            "answer 334",
            "answer 235",
            "MAIL 250",
            "RCPT 250",
            "RCPT 550",
            "DATA 354",
            "dot 250",
            " 500",
            "QUIT 221",
        ];
        assert_eq!(asked(session), want);
        let telnet = "220 mx ESMTP\n250 mx\n250 ok\n250 Reset OK\n421 4.4.2 idle\n";
        assert_eq!(asked(telnet), ["greeting 220", "EHLO 250", "MAIL 250", "RSET 250", "unasked 421"]);
    }

    #[test]
    fn what_s_client_tears_keeps_its_replies() {
        let torn = "CONNECTED(00000003)\n---\nPost-Handshake New Session Ticket arrived:\nSSL-Session:\n    \
                    0030 - 7f 47 a5 7c c0 250-mx\n250-SIZE 9\n250 CHUNKING\n250 2.1.0 Ok\nDONE\n75 2e 89-28 99  .G\n    \
                    Start Time: 1\n---\nread R BLOCK\n";
        assert_eq!(asked(torn), ["EHLO 250", "MAIL 250"]);
    }
}
