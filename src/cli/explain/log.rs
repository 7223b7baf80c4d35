//! `ehlo explain --log`: a mail log becomes a table of causes with their counts.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, Read};

use serde_json::{Value, json};

use super::Style;
use crate::decode::{Asked, Context, Explanation, Knowledge, Refusal, explain, normalise, refusal, untimed};
use crate::smtp::{Class, EnhancedCode, ReplyCode, escape};

/// The longest line that is looked at, octets; what is beyond is passed over.
const LONGEST: u64 = 64 * 1024;

/// Explanations that are remembered: an hour of refusals says the same few things over and over.
const REMEMBERED: usize = 50_000;

/// So much of a line is kept as an example, octets: a line may be as long as an attacker likes, and a log has many causes.
const EXAMPLE: usize = 1024;

/// So much of a reply is shown below its cause, characters.
const SHOWN: usize = 160;

/// What decides an explanation: the codes, what was asked, and the words without the names and numbers in them.
type Said = (Option<ReplyCode>, Option<EnhancedCode>, Option<Asked>, String);

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
    meaning: String,
    example: String,
    /// What the server said in it, and to whom, where the line says so.
    reply: String,
    recipient: Option<String>,
}

impl Group {
    fn add(&mut self, class: Class) {
        self.count += 1;
        match class {
            Class::Transient => self.transient += 1,
            _ => self.permanent += 1,
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
    /// By category, software and title, of which there are only so many: the titles of the tables.
    groups: Vec<(Cause, Group)>,
    places: HashMap<Cause, usize>,
    remembered: HashMap<Print, (usize, Class)>,
    secrets: (RandomState, RandomState),
}

impl Summary {
    /// Reads a log to its end, a line at a time.
    ///
    /// # Errors
    ///
    /// Where it can't be read.
    pub(super) fn read(mut log: impl BufRead, knowledge: &Knowledge) -> std::io::Result<Self> {
        let mut summary = Self::default();
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
            summary.take(&String::from_utf8_lossy(&line), knowledge);
        }
    }

    fn take(&mut self, line: &str, knowledge: &Knowledge) {
        let Some(found) = refusal(line) else { return };
        self.refusals += 1;
        let said: Said = (found.code, found.enhanced, found.asked, numberless(&normalise(&found.text)));
        let print = (self.secrets.0.hash_one(&said), self.secrets.1.hash_one(&said));
        if let Some((place, class)) = self.remembered.get(&print) {
            self.groups[*place].1.add(*class);
            return;
        }
        let context = Context { asked: found.asked, ..Context::default() };
        let explanation = explain(found.code, found.enhanced, &found.text, &context, knowledge);
        let Explanation { category, software, title, meaning, class, .. } = explanation;
        let title = title.split_once(": ").map_or(title.as_str(), |(_, title)| title);
        let title = untimed(title, &found.text);
        let cause = (category, software.unwrap_or_default(), title.clone());
        let place = *self.places.entry(cause.clone()).or_insert_with(|| {
            let line = line.trim_end();
            let example = line[..line.floor_char_boundary(EXAMPLE)].to_owned();
            let (reply, recipient) = (reply(&found), recipient(line));
            let group = Group { count: 0, transient: 0, permanent: 0, title, meaning, example, reply, recipient };
            self.groups.push((cause, group));
            self.groups.len() - 1
        });
        self.groups[place].1.add(class);
        if self.remembered.len() >= REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(print, (place, class));
    }

    /// The groups, the largest first; of the same size in the order of their causes.
    fn ranked(&self) -> Vec<(&Cause, &Group)> {
        let mut groups: Vec<_> = self.groups.iter().map(|(cause, group)| (cause, group)).collect();
        groups.sort_by_key(|(cause, group)| (std::cmp::Reverse(group.count), *cause));
        groups
    }

    /// As JSON.
    pub(super) fn to_json(&self) -> Value {
        let group = |((category, software, _), group): (&Cause, &Group)| {
            json!({
                "count": group.count,
                "transient": group.transient,
                "permanent": group.permanent,
                "category": category,
                "software": (!software.is_empty()).then_some(software),
                "title": group.title,
                "meaning": group.meaning,
                "example": group.example,
                "reply": group.reply,
                "recipient": group.recipient,
            })
        };
        let groups: Vec<_> = self.ranked().into_iter().map(group).collect();
        json!({ "ehlo": 1, "lines": self.lines, "refusals": self.refusals, "groups": groups })
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

/// The address that a line names as that of the recipient.
fn recipient(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(" to=<")?;
    let (address, _) = rest.split_once('>')?;
    (!address.is_empty() && address.len() <= 254).then(|| address.to_owned())
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
