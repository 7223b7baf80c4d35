//! `ehlo explain --log`: a mail log becomes a table of causes with their counts.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, Read};

use serde_json::{Value, json};

use super::Style;
use crate::decode::{Asked, Explanation, Knowledge, Lines, Refusal, is_of_a_log, normalise, recipient, untimed};
use crate::smtp::{Class, EnhancedCode, ReplyCode, escape};

/// The longest line that is looked at, octets; what is beyond is passed over.
const LONGEST: u64 = 64 * 1024;

/// Explanations that are remembered: an hour of refusals says the same few things over and over.
const REMEMBERED: usize = 50_000;

/// So much of a line is kept as an example, octets: a line may be as long as an attacker likes, and a log has many causes.
const EXAMPLE: usize = 1024;

/// Said of what was not even tried, since an earlier try had failed.
const PUT_OFF: &str = " (waiting, not tried again yet)";

/// So much of a reply is shown below its cause, characters.
const SHOWN: usize = 160;

/// What decides an explanation: the codes, what was asked, and the words without the names and numbers in them.
type Said = (Option<ReplyCode>, Option<EnhancedCode>, Option<Asked>, Class, String);

/// What stands for what was said: two numbers that depend on it and on a secret of this run, so that nobody can write lines
/// which have the same. The words themselves would take many times the memory.
type Print = (u64, u64);

/// Refusals of one cause.
#[derive(Debug)]
struct Group {
    count: u64,
    transient: u64,
    permanent: u64,
    title: String,
    /// What its first refusal means.
    explanation: Explanation,
    example: String,
    /// What the server said in it, and to whom, where the line says so.
    reply: String,
    recipient: Option<String>,
}

impl Group {
    fn add(&mut self, class: Class, recipients: u64) {
        self.count += recipients;
        match class {
            Class::Transient => self.transient += recipients,
            _ => self.permanent += recipients,
        }
    }
}

/// Category, software and title.
type Cause = (String, String, String);

/// What a log told.
#[derive(Debug, Default)]
pub(super) struct Summary {
    lines: u64,
    refusals: u64,
    /// Whether any line was one of a mail log that is known.
    known: bool,
    /// By category, software and title, of which there are only so many: the titles of the tables.
    groups: Vec<(Cause, Group)>,
    places: HashMap<Cause, usize>,
    remembered: HashMap<Print, usize>,
    secrets: (RandomState, RandomState),
}

impl Summary {
    /// Reads a log to its end, a line at a time.
    ///
    /// # Errors
    ///
    /// Where it can't be read.
    pub(super) fn read(mut log: impl BufRead, knowledge: &Knowledge) -> std::io::Result<Self> {
        let (mut summary, mut lines) = (Self::default(), Lines::default());
        let mut line = Vec::new();
        loop {
            line.clear();
            if log.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
                return Ok(summary);
            }
            if !line.ends_with(b"\n") && line.len() as u64 == LONGEST {
                log.skip_until(b'\n')?;
            }
            summary.lines += 1;
            let text = String::from_utf8_lossy(&line);
            let found = lines.refusal(&text);
            summary.known = summary.known || found.is_some() || is_of_a_log(&text);
            if let Some(found) = found {
                summary.take(&found, &text, knowledge);
            }
        }
    }

    /// Whether nothing of it could be read.
    pub(super) fn is_unread(&self) -> bool {
        self.lines > 0 && !self.known
    }

    fn take(&mut self, found: &Refusal, line: &str, knowledge: &Knowledge) {
        self.refusals += found.recipients;
        let said: Said = (found.code, found.enhanced, found.asked, found.class, numberless(&normalise(&found.text)));
        let print = (self.secrets.0.hash_one(&said), self.secrets.1.hash_one(&said));
        if let Some(place) = self.remembered.get(&print) {
            self.groups[*place].1.add(found.class, found.recipients);
            return;
        }
        let explanation = found.explained(knowledge);
        let title = explanation.title.split_once(": ").map_or(explanation.title.as_str(), |(_, title)| title);
        let mut title = untimed(title, &found.text);
        if found.earlier().is_some() {
            title.push_str(PUT_OFF);
        }
        let software = explanation.software.clone().unwrap_or_default();
        let cause = (explanation.category.clone(), software, title.clone());
        let place = *self.places.entry(cause.clone()).or_insert_with(|| {
            let line = line.trim_end();
            let example = line[..line.floor_char_boundary(EXAMPLE)].to_owned();
            let (reply, recipient) = (reply(found), recipient(line));
            let group = Group { count: 0, transient: 0, permanent: 0, title, explanation, example, reply, recipient };
            self.groups.push((cause, group));
            self.groups.len() - 1
        });
        self.groups[place].1.add(found.class, found.recipients);
        if self.remembered.len() >= REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(print, place);
    }

    /// The groups, the largest first; of the same size in the order of their causes.
    fn ranked(&self) -> Vec<(&Cause, &Group)> {
        let mut groups: Vec<_> = self.groups.iter().map(|(cause, group)| (cause, group)).collect();
        groups.sort_by_key(|(cause, group)| (std::cmp::Reverse(group.count), *cause));
        groups
    }

    /// As JSON: of each cause its counts, and among the replies its first one, explained.
    pub(super) fn to_json(&self) -> Value {
        let group = |((category, software, _), group): &(&Cause, &Group)| {
            json!({
                "count": group.count,
                "transient": group.transient,
                "permanent": group.permanent,
                "category": category,
                "software": (!software.is_empty()).then_some(software),
                "title": group.title,
                "meaning": group.explanation.meaning,
                "example": group.example,
                "reply": group.reply,
                "recipient": group.recipient,
            })
        };
        let ranked = self.ranked();
        let groups: Vec<_> = ranked.iter().map(group).collect();
        let replies: Vec<_> = ranked.iter().map(|(_, group)| super::to_json(&group.explanation)).collect();
        json!({ "ehlo": 1, "lines": self.lines, "refusals": self.refusals, "groups": groups, "replies": replies })
    }

    /// As a table.
    pub(super) fn to_text(&self, style: Style) -> String {
        let mut lines = vec![format!("{} lines, {} refusals", self.lines, self.refusals)];
        if !self.groups.is_empty() {
            lines.push(String::new());
            let head = format!("{:>8} {:>8} {:>8}  {:<22} cause", "count", "for now", "for good", "category");
            lines.push(style.strong(&head));
        }
        for ((category, software, _), group) in self.ranked() {
            let by = if software.is_empty() { String::new() } else { format!(" ({software})") };
            lines.push(format!(
                "{:>8} {:>8} {:>8}  {category:<22} {}{by}",
                group.count, group.transient, group.permanent, group.title
            ));
            let whom = group.recipient.as_deref().map(|whom| format!("{whom}: ")).unwrap_or_default();
            let example = shortened(&format!("{whom}{}", group.reply));
            lines.push(style.dim(&format!("{:>28}{}", "", escape::for_screen(example.as_bytes()))));
        }
        if !self.groups.is_empty() {
            lines.extend([
                String::new(),
                "ehlo explain with one of these replies says why, and what to try next.".to_owned(),
            ]);
        }
        lines.join("\n") + "\n"
    }
}

/// What was said, as a reply.
fn reply(found: &Refusal) -> String {
    let codes = [found.code.map(|code| code.to_string()), found.enhanced.map(|code| code.to_string())];
    let words = codes.into_iter().flatten().chain((!found.text.is_empty()).then(|| found.text.clone()));
    let whole = words.collect::<Vec<_>>().join(" ");
    whole[..whole.floor_char_boundary(EXAMPLE)].to_owned()
}

/// As much of a reply as one line is worth.
fn shortened(reply: &str) -> String {
    match reply.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", reply[..end].trim_end()),
        None => reply.to_owned(),
    }
}

/// Words without what differs from line to line and decides nothing: addresses of hosts, long numbers, and names such as
/// `4ZK1x9Q2m` that a server gave a message. A number right after a bracket stays: it may be the code of a cause.
fn numberless(normal: &str) -> String {
    let mut out = String::with_capacity(normal.len());
    for word in normal.split(' ') {
        if !out.is_empty() {
            out.push(' ');
        }
        let kinds = word.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit());
        if !word.contains('(') && word.len() >= 8 && kinds.count() >= 3 {
            out.push('0');
            continue;
        }
        let mut rest = word;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, digits) = rest.split_at(start);
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            out.push_str(before);
            out.push_str(if end < 5 || before.ends_with('(') { &digits[..end] } else { "0" });
            rest = &digits[end..];
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_line_to_line_is_not_remembered() {
        for (text, want) in [
            ("blocked: [192.0.2.1] is on bl.example.net", "blocked: 0 is on bl.example.net"),
            ("try again in 299 seconds, id=4zk1x9q2m7", "try again in 299 seconds, 0"),
            ("denied. as(201806281) [s3150] 20261124", "denied. as(201806281) [s3150] 0"),
            ("", ""),
        ] {
            assert_eq!(numberless(text), want);
        }
    }

    #[test]
    fn an_hour_of_refusals_becomes_a_ranked_table() {
        let refused = "Nov 24 22:12:39 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.1]: 550 5.1.1 <a@b.example>: Recipient address rejected: User unknown in virtual mailbox table; from=<x@y>\n";
        let grey = "2026-11-24 22:13:10 H=(z) F=<x@y> temporarily rejected RCPT <a@b>: Greylisted, please try again\n";
        let long = format!("{}\n", "x".repeat(200_000));
        let lines = [refused, grey, "nothing\n", refused, &long, grey, refused].concat();
        let summary = Summary::read(lines.as_bytes(), &Knowledge::default()).expect("read");
        assert_eq!((summary.lines, summary.refusals), (7, 5));
        let json = summary.to_json();
        assert_eq!(json["groups"][0]["count"], 3);
        assert_eq!(json["groups"][0]["category"], "mailbox-unknown");
        assert_eq!(
            (&json["groups"][1]["category"], &json["groups"][1]["transient"]),
            (&"greylisted".into(), &2.into())
        );
        assert!(summary.to_json()["groups"][0]["example"].as_str().is_some_and(|it| it.starts_with("Nov 24 22:12:39")));
        let text = summary.to_text(Style::plain());
        assert!(text.starts_with("7 lines, 5 refusals\n"), "{text}");
        assert!(text.find("mailbox-unknown") < text.find("greylisted"), "{text}");
    }

    #[test]
    fn what_waits_is_no_row_of_what_was_tried_and_no_code_is_added() {
        let suspended = "Jan  1 mx postfix/error[1]: 4FD: to=<a@b.example>, relay=none, delay=1, dsn=4.3.0, status=deferred \
                         (delivery temporarily suspended: connect to mx.b.example[203.0.113.5]:25: Connection refused)\n";
        let refused = "Jan  1 mx postfix/smtp[1]: 4FD: to=<a@b.example>, relay=none, delay=1, dsn=4.4.1, status=deferred \
                       (connect to mx.b.example[203.0.113.5]:25: Connection refused)\n";
        let two = "Jan  1 mx sm-mta[124]: 401: to=<a@c.example>,<b@c.example>, dsn=4.0.0, stat=Deferred: 451 4.7.1 Greylisted\n";
        let exim = "2024-01-01 00:00:02 1abc == a@b.example R=x T=y defer (111): Connection refused\n";
        let expired = "2024-01-01 00:00:02 1abc ** a@b.example: retry timeout exceeded\n";
        let log = [suspended, refused, two, exim, expired].concat();
        let summary = Summary::read(log.as_bytes(), &Knowledge::shipped()).expect("read");
        assert_eq!((summary.lines, summary.refusals, summary.groups.len()), (5, 6, 5));
        let json = summary.to_json();
        let of = |part: &str| {
            let groups = json["groups"].as_array().expect("a list");
            groups
                .iter()
                .find(|it| it["example"].as_str().is_some_and(|line| line.contains(part)))
                .expect("a group")
                .clone()
        };
        let waits = of("suspended");
        assert_eq!((&waits["category"], &waits["transient"]), (&"network".into(), &1.into()));
        assert!(waits["title"].as_str().is_some_and(|title| title.ends_with(PUT_OFF)), "{waits}");
        assert_eq!((&of("c.example")["count"], &of("c.example")["category"]), (&2.into(), &"greylisted".into()));
        assert_eq!(
            (&of("(111)")["reply"], &of("(111)")["recipient"]),
            (&"defer (111): Connection refused".into(), &"a@b.example".into())
        );
        assert_eq!(of("exceeded")["reply"], "retry timeout exceeded");
        assert!(
            json["replies"].as_array().is_some_and(|all| all.len() == 5
                && all[0]["code"].is_null() == (json["groups"][0]["reply"] != "451 4.7.1 Greylisted"))
        );
    }

    #[test]
    fn a_log_of_nothing_known_is_told_from_one_without_refusals() {
        let unread = |log: &[u8]| Summary::read(log, &Knowledge::default()).expect("read").is_unread();
        assert!(unread(b"hello\nworld\n") && unread(b"\x00\xff\x12\n"));
        for log in [
            &b""[..],
            b"Jan  1 00:00:20 mx postfix/bounce[1]: 4G2: sender non-delivery notification: 4G3\n",
            b"2024-01-01 00:00:01 SMTP connection from [127.0.0.1]:50168 closed by QUIT\n",
            b"Jan  1 00:00:01 mx sm-mta[1]: starting daemon\n",
            b"2024-01-01T00:00:01.000Z,Out,08D1,0,,203.0.113.5:25,*,,attempting to connect\n",
        ] {
            assert!(!unread(log), "{}", String::from_utf8_lossy(log));
        }
    }

    #[test]
    fn below_a_cause_stands_what_the_server_said_and_to_whom() {
        let line = "Nov 30 02:11:08 mail postfix/smtp[2110]: 4F1A2B3C: to=<user@bigcorp.example>, \
                    relay=mx.bigcorp.example[198.51.100.7]:25, delay=7.1, delays=0.2/0.01/6.1/0.8, dsn=5.7.1, status=bounced (host \
                    mx.bigcorp.example[198.51.100.7] said: 550 5.7.1 Service unavailable; client [192.0.2.10] blocked using \
                    zen.spamhaus.org (in reply to RCPT TO command))\n";
        let text = Summary::read(line.as_bytes(), &Knowledge::default()).expect("read").to_text(Style::plain());
        let said =
            "user@bigcorp.example: 550 5.7.1 Service unavailable; client [192.0.2.10] blocked using zen.spamhaus.org\n";
        assert!(text.contains(said) && text.contains("ehlo explain"), "{text}");
        assert!(shortened(&"x".repeat(200)).ends_with("x…"));
    }

    #[test]
    fn a_cause_is_one_group_whatever_time_is_named_and_its_example_is_short() {
        let line = |n: usize| {
            let long = "x".repeat(40_000);
            format!(
                "Nov 24 22:12:39 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.1]: 450 4.7.1 <a@b>: Greylisted, \
                 try again in {n} seconds {long}\n"
            )
        };
        let log: String = (61..81).map(line).collect();
        let summary = Summary::read(log.as_bytes(), &Knowledge::default()).expect("read");
        let [(cause, group)] = &summary.groups[..] else { panic!("{:?}", summary.places) };
        assert_eq!((cause.0.as_str(), group.count), ("greylisted", 20));
        assert!(group.example.len() <= EXAMPLE && !group.title.contains("seconds"), "{group:?}");
    }
}
