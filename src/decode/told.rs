//! What a bounce says to people: the addresses that failed, each with the words below or beside it.
//!
//! Exim, qmail, Postfix, Sendmail, Exchange and Domino write these in forms of their own; each is known by its opening words.

use super::Quoted;
use super::quoted::quoted;
use super::said::is_reply;
use crate::smtp::Verb;

/// Of whom a bounce tells people, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) recipient: String,
    /// `failed` or `delayed`.
    pub(super) action: &'static str,
    pub(super) words: Quoted,
}

/// By these words a text is known for a bounce.
const OPENINGS: [&str; 31] = [
    "could not be delivered to one or more",
    "could not be delivered to all",
    "could not be delivered to the following",
    "address(es) failed",
    "qmail-send program",
    "unable to deliver your message to the following",
    "had permanent fatal errors",
    "had transient non-fatal errors",
    "undeliverable mail",
    "delivery to the following recipient",
    "i wasn't able to deliver your message",
    "this is the mail system at host",
    "was not delivered to:",
    // Exchange, in the languages that it speaks most.
    "delivery has failed to these recipients",
    "did not reach some or all of the intended recipients",
    "delivery is delayed to these recipients",
    "diagnostic information for administrators",
    "fehler bei der nachrichten\u{fc}bermittlung an",
    "fehler bei der nachrichtenzustellung an",
    "diagnoseinformationen f\u{fc}r administratoren",
    "\u{e9}chec de la remise \u{e0} ces destinataires",
    "informations de diagnostic pour les administrateurs",
    "informaci\u{f3}n de diagn\u{f3}stico para administradores",
    "informaci\u{f3}n de diagn\u{f3}stico para los administradores",
    "informa\u{e7}\u{f5}es de diagn\u{f3}stico para administradores",
    "informazioni di diagnostica per gli amministratori",
    "diagnostische gegevens voor beheerders",
    "\u{7ba1}\u{7406}\u{8005}\u{5411}\u{3051}\u{306e}\u{8a3a}\u{65ad}\u{60c5}\u{5831}",
    "message delayed",
    "not yet been delivered",
    "still being retried",
];

/// Of them those that say that it is not over.
const WAITING: [&str; 5] = [
    "had transient non-fatal errors",
    "delivery is delayed to these recipients",
    "message delayed",
    "not yet been delivered",
    "still being retried",
];

/// Lines that are looked at, and the most of one that is kept.
const LINES: usize = 2_000;
const WORDS: usize = 4_000;

/// The addresses that a bounce names for people, each with what was said of it; none where the text is no bounce.
pub(super) fn told(text: &str) -> Vec<Told> {
    // Only letters of ASCII are made small, so that a place is the same in both.
    let lower = text.get(..text.floor_char_boundary(64 << 10)).unwrap_or(text).to_ascii_lowercase();
    let openings = OPENINGS.iter().filter_map(|words| lower.find(words).map(|at| (at, *words)));
    let Some((opening, words)) = openings.min_by_key(|(at, words)| (*at, std::cmp::Reverse(words.len()))) else {
        return Vec::new();
    };
    let action = if WAITING.contains(&words) { "delayed" } else { "failed" };
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    let mut open = false;
    let mut lines = text[opening..].lines().map(|line| line.strip_suffix('\r').unwrap_or(line)).take(LINES);
    // The line of the opening words may name the address itself.
    all.extend(lines.next().and_then(|line| named_after(line)).map(|address| (address.to_owned(), Vec::new())));
    for line in lines.by_ref() {
        if is_end(line) {
            break;
        }
        if let Some((address, rest)) = begins(line) {
            all.push((address.to_owned(), if rest.is_empty() { Vec::new() } else { vec![rest.to_owned()] }));
            open = true;
        } else if line.trim().is_empty() {
            // Below an address of qmail's the words end here; Exim's have no empty line in them.
            open = open && all.last().is_some_and(|(_, words)| words.is_empty());
        } else if let Some((_, words)) = all.last_mut().filter(|_| open)
            && words.iter().map(String::len).sum::<usize>() < WORDS
        {
            words.push(line.trim().to_owned());
        }
    }
    let session: Vec<&str> = lines.collect();
    let all = all.into_iter().map(|(recipient, words)| {
        let said = if words.is_empty() { in_session(&session, &recipient) } else { None };
        Told { recipient, action, words: said.unwrap_or_else(|| essence(&words.join(" "))) }
    });
    once_each(all.collect())
}

/// Exchange names an address twice, for people and for administrators: what was said of it in a reply is the surer. Where
/// others have words, an address alone is only one of whom the bounce tells.
fn once_each(all: Vec<Told>) -> Vec<Told> {
    let mut once: Vec<Told> = Vec::new();
    let mut places = std::collections::HashMap::<String, usize>::new();
    for told in all {
        let name = told.recipient.to_ascii_lowercase();
        if let Some(known) = places.get(&name).map(|place| &mut once[*place]) {
            let better = is_reply(&told.words.reply) && !is_reply(&known.words.reply);
            if better || known.words.reply.is_empty() {
                known.words = told.words;
            }
        } else {
            places.insert(name, once.len());
            once.push(told);
        }
    }
    once
}

/// What the server said of a recipient in the conversation that Sendmail shows, line by line behind `>>> ` and `<<< `.
fn in_session(lines: &[&str], recipient: &str) -> Option<Quoted> {
    let recipient = recipient.to_ascii_lowercase();
    let (mut own, mut any) = (None, None);
    let (mut asked, mut mine) = (None, false);
    for line in
        lines.iter().take_while(|line| !(line.starts_with("--") || line.trim() == "----- Original message -----"))
    {
        let small = line.to_ascii_lowercase();
        if let Some(command) = small.strip_prefix(">>> ") {
            mine = command.contains(&recipient);
            asked = Some(Verb::from_word(command.split([' ', ':']).next().unwrap_or_default()));
            continue;
        }
        let said = line.strip_prefix("<<< ").or_else(|| line.starts_with(['4', '5']).then_some(line));
        let Some(said) = said.filter(|said| said.starts_with(['4', '5']) && is_reply(said)) else { continue };
        let asked = asked.filter(|verb| *verb != Verb::Other && line.starts_with("<<<")).map(super::Asked::Verb);
        let quoted = Quoted { reply: said.trim().to_owned(), asked };
        if mine || small.contains(&recipient) {
            own.get_or_insert(quoted);
        } else {
            any.get_or_insert(quoted);
        }
    }
    own.or(any)
}

/// Where the words for people end: the next part, the copy of the message, the session's transcript.
fn is_end(line: &str) -> bool {
    let trimmed = line.trim_start();
    trimmed.starts_with("--")
        && trimmed.len() > 4
        && !trimmed.starts_with("----- The following")
        && !trimmed.starts_with("--- The following")
        || trimmed.starts_with("------ This is a copy")
}

/// An address at the beginning of a line, and what follows it: `  a@b` (Exim), `<a@b>:` (qmail), `<a@b>: words`
/// (Postfix), `<a@b>` (Sendmail), `a@b`, `Dude (a@b)<mailto:a@b>` (Exchange).
fn begins(line: &str) -> Option<(&str, &str)> {
    let trimmed = line.trim();
    let indent = line.len() - line.trim_start().len();
    if let Some((address, rest)) = trimmed.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        let rest = rest.strip_prefix(':').unwrap_or(rest).trim();
        return (indent == 0 && is_address(address)).then_some((address, rest));
    }
    let (shown, linked) = trimmed.split_once("<mailto:").map_or((trimmed, None), |(shown, rest)| (shown, Some(rest)));
    if let Some((address, "")) = linked.and_then(|rest| rest.split_once('>')) {
        return is_address(address).then_some((address, ""));
    }
    let alone = shown.strip_suffix(':').unwrap_or(shown);
    (indent < 4 && is_address(alone)).then_some((alone, ""))
}

/// An address behind the opening words of Domino: `was not delivered to:  a@b`.
fn named_after(line: &str) -> Option<&str> {
    let (_, address) = line.rsplit_once(": ")?;
    Some(address.trim().trim_matches(['<', '>'])).filter(|address| is_address(address))
}

fn is_address(word: &str) -> bool {
    word.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && !word.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ','))
}

/// Words of those who report, before what they were told.
const LEADING: [&str; 4] = ["(reason: ", "Delay reason: ", "because: ", "Error Details: "];

/// The reply within words such as `host x [y] said: 550 no (in reply to RCPT TO command)`, or the words themselves.
fn essence(words: &str) -> Quoted {
    quoted(words).unwrap_or_else(|| {
        let own = words.split_once("said: ").map_or(words, |(_, said)| said);
        let own = LEADING.iter().find_map(|lead| own.find(lead).map(|at| &own[at + lead.len()..])).unwrap_or(own);
        let own = if words.starts_with('(') { own.trim_end_matches(')') } else { own };
        Quoted { reply: own.split(" (in reply to ").next().unwrap_or(own).trim().to_owned(), asked: None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn what_servers_tell_people_is_read() {
        for (text, want) in [
            (
                "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. \
                 The following address(es) failed:\n\n  a@postfix.example\n    host 127.0.0.1 [127.0.0.1]\n    SMTP error \
                 from remote mail server after RCPT TO:<a@postfix.example>:\n    554 5.7.1 <a@postfix.example>: Relay \
                 access denied\n  b@target.local\n    Unrouteable address\n\n--1795558392-eximdsn-627999994\n",
                &[
                    ("a@postfix.example", "554 5.7.1 <a@postfix.example>: Relay access denied"),
                    ("b@target.local", "Unrouteable address"),
                ][..],
            ),
            (
                "Hi. This is the qmail-send program at mx.noddy.example.\nI'm afraid I wasn't able to deliver your message \
                 to the following addresses.\n\n<a@target.example>:\n192.0.2.1 does not like recipient.\nRemote host \
                 said: 550 5.1.1 User unknown\nGiving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n",
                &[("a@target.example", "550 5.1.1 User unknown")],
            ),
            (
                "I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n\
                 It could not be delivered to one or more:\n\n<a@b.example>: host mx.b.example[192.0.2.1] said: 550 \
                 5.2.2 Mailbox\n    full (in reply to RCPT TO command)\n\n--boundary\n",
                &[("a@b.example", "550 5.2.2 Mailbox full")],
            ),
            (
                "   ----- The following addresses had permanent fatal errors -----\n<a@b.example>\n    (reason: 550 5.1.1 \
                 <a@b.example>... User unknown)\n\n   ----- Transcript of session follows -----\n",
                &[("a@b.example", "550 5.1.1 <a@b.example>... User unknown")],
            ),
            (
                "A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 \
                 hours.\n\nThe address to which the message has not yet been delivered is:\n\n  joe@b.example\n    host \
                 mx.b.example [203.0.113.5]\n    Delay reason: SMTP error from remote mail server after RCPT \
                 TO:<joe@b.example>:\n    451 4.7.1 Greylisted\n  ann@c.example\n    Delay reason: Connection refused\n\n\
                 No action is required on your part.\n",
                &[("joe@b.example", "451 4.7.1 Greylisted"), ("ann@c.example", "Connection refused")],
            ),
            (
                "Delivery has failed to these recipients or groups:\n\njoe@corp.example\nThe e-mail address couldn't be \
                 found.\n\nDiagnostic information for administrators:\n\nGenerating server: \
                 ex01.corp.example\n\njoe@corp.example\nRemote Server returned '550 5.1.1 RESOLVER.ADR.RecipNotFound; not \
                 found'\n\nann@corp.example\n#550 5.2.2 STOREDRV.Deliver; mailbox full ##\n",
                &[
                    ("joe@corp.example", "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found"),
                    ("ann@corp.example", "550 5.2.2 STOREDRV.Deliver; mailbox full"),
                ],
            ),
            (
                "Fehler bei der Nachrichtenzustellung an folgende Empf\u{e4}nger oder Gruppen:\n\nJo \
                 (jo@corp.example)<mailto:jo@corp.example>\nDas Postfach ist voll.\n\nDiagnoseinformationen f\u{fc}r \
                 Administratoren:\n\njo@corp.example\nRemote Server returned '552 5.2.2 full'\n",
                &[("jo@corp.example", "552 5.2.2 full")],
            ),
            (
                "Your message\n  Subject: hi\nwas not delivered to:\n  joe@notes.example\nbecause:\n  User joe \
                 (joe@notes.example) not listed in Domino Directory\n",
                &[("joe@notes.example", "User joe (joe@notes.example) not listed in Domino Directory")],
            ),
            (
                "   ----- The following addresses had permanent fatal errors -----\n<joe@b.example>\n<ann@b.example>\n\n   \
                 ----- Transcript of session follows -----\n... while talking to mx.b.example.:\n>>> RCPT \
                 To:<joe@b.example>\n<<< 550 <joe@b.example>... User unknown\n550 <joe@b.example>... User unknown\n>>> \
                 RCPT To:<ann@b.example>\n<<< 552 5.2.2 full\n",
                &[("joe@b.example", "550 <joe@b.example>... User unknown"), ("ann@b.example", "552 5.2.2 full")],
            ),
            ("550 5.1.1 no such user", &[]),
        ] {
            let found = told(text);
            let found: Vec<_> = found.iter().map(|told| (told.recipient.as_str(), told.words.reply.as_str())).collect();
            assert_eq!(found, want, "{text}");
        }
    }
}
