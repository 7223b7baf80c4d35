//! Two conversations compared: recordings by exchange, scripts line by line.

use std::collections::HashSet;
use std::sync::Arc;

use crate::conversation::align::{ContentLine, Difference, Found, Item, Pair, Side, align, items};
use crate::conversation::file::Document;
use crate::conversation::{Dialogue, Kind, Micros};
use crate::smtp::escape;
use crate::smtp::secret::MASK;

use super::beside::{Beside, Mark, offered, offers, reply_lines};
use super::masks::{Ends, Masks, hid};

mod held;

pub use held::HELD;

/// What was compared, row by row.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// Both are scripts, of which nothing was recorded.
    pub scripts: bool,
}

/// One row of a comparison.
#[derive(Debug, Clone)]
pub struct Row {
    /// What stands beside what.
    pub pair: Pair,
    /// The left one's exchange; of a script, its line.
    pub left: Option<Side>,
    /// The right one's.
    pub right: Option<Side>,
    /// How they differ, where both are there.
    pub differences: Vec<Difference>,
    /// The one that has it not has it not because ehlo held it back.
    pub held: bool,
    /// What hid that the texts of their replies are not the same.
    pub masked: Vec<&'static str>,
    /// What of what was sent was not compared.
    pub passed_over: Vec<&'static str>,
}

impl Row {
    fn of(pair: Pair) -> Self {
        let (differences, masked, passed_over) = Default::default();
        Self { pair, left: None, right: None, differences, held: false, masked, passed_over }
    }

    /// Whether it counts as a difference; with `exact` other texts do.
    #[must_use]
    pub fn counts(&self, exact: bool) -> bool {
        !matches!(self.pair, Pair::Both(..)) && !self.held
            || self.differences.iter().any(|d| !d.is_drift() || exact && !matches!(d, Difference::Time(..)))
    }

    /// What it is about: the line that was sent, or `greeting`.
    #[must_use]
    pub fn line(&self) -> String {
        let side = self.left.as_ref().or(self.right.as_ref());
        side.map_or_else(String::new, |side| match &side.recipient {
            _ if side.line.is_empty() => side.kind.clone(),
            Some(recipient) if side.line == "." => format!(". for {recipient}"),
            _ => side.line.clone(),
        })
    }
}

/// Compares two conversations. The texts of replies are compared under the masks that neither one's `[masks]` switches off.
///
/// # Errors
/// One is a script and the other a recording; `[masks]` that are none.
pub fn compare(left: &Document, right: &Document) -> Result<Comparison, String> {
    compare_under(Masks::default(), left, right)
}

/// The same under no more than these masks.
///
/// # Errors
/// As of [`compare`].
pub fn compare_under(masks: Masks, left: &Document, right: &Document) -> Result<Comparison, String> {
    let of = |document: &Document| Masks::of_head(&document.header.table);
    let masks = masks.and(of(left)?).and(of(right)?);
    match (is_script(left), is_script(right)) {
        (true, true) => Ok(Comparison { rows: scripts(left, right), scripts: true }),
        (false, false) => Ok(Comparison { rows: recordings(masks, left, right), scripts: false }),
        _ => Err("one is a script and the other a recording; ehlo run plays a script and checks it".to_owned()),
    }
}

/// Nothing in it was recorded.
fn is_script(document: &Document) -> bool {
    document.is_script() && !document.log.kinds(0).any(|(.., timed)| timed)
}

fn recordings(masks: Masks, left: &Document, right: &Document) -> Vec<Row> {
    let sides = |document: &Document| {
        let mut sides = Side::all(&document.log, &Dialogue::of(&document.log));
        if document.header.text("clock") == Some("none") {
            for side in &mut sides {
                side.took = None;
            }
        }
        sides
    };
    let (mut lefts, mut rights) = (sides(left), sides(right));
    let ends = Ends::of(&left.log).and(&Ends::of(&right.log));
    let alike = |a: &str, b: &str| masks.alike(a, b, &ends);
    let (left_items, right_items) = items(&lefts, &rights);
    let pairs = align(&left_items, &right_items);
    tell_messages_once(&pairs, &mut lefts, &mut rights);
    let take = |sides: &mut [Side], n: usize| std::mem::take(&mut sides[n]);
    let row = |pair: Pair| {
        let (left, right) = match pair {
            Pair::Both(a, b) => (Some(take(&mut lefts, a)), Some(take(&mut rights, b))),
            Pair::Left(a) => (Some(take(&mut lefts, a)), None),
            Pair::Right(b) => (None, Some(take(&mut rights, b))),
        };
        let found = match (&left, &right) {
            (Some(left), Some(right)) => left.differences(right, &alike),
            _ => Found::default(),
        };
        let Found { differences, masked, passed_over } = found;
        Row { left, right, differences, masked, passed_over, ..Row::of(pair) }
    };
    let mut rows: Vec<Row> = pairs.into_iter().map(row).collect();
    held::mark(&mut rows, &left.log, &right.log);
    rows
}

/// A message that several verdicts share (LMTP) is compared once: where both have a verdict on it, else where one has.
fn tell_messages_once(pairs: &[Pair], lefts: &mut [Side], rights: &mut [Side]) {
    let id =
        |side: Option<&Side>| side.filter(|side| !side.content.is_empty()).map(|side| side.content.as_ptr().addr());
    let mut told = [HashSet::new(), HashSet::new()];
    let mut keeps = vec![[false; 2]; pairs.len()];
    for by_both in [true, false] {
        for (pair, keeps) in pairs.iter().zip(&mut keeps) {
            let ids = match *pair {
                Pair::Both(a, b) => [id(lefts.get(a)), id(rights.get(b))],
                Pair::Left(a) => [id(lefts.get(a)), None],
                Pair::Right(b) => [None, id(rights.get(b))],
            };
            let new = [0, 1].map(|side| ids[side].filter(|id| !told[side].contains(id)));
            if by_both && new.contains(&None) {
                continue;
            }
            for (side, id) in new.into_iter().enumerate().filter_map(|(side, id)| Some((side, id?))) {
                told[side].insert(id);
                keeps[side] = true;
            }
        }
    }
    for (pair, [left, right]) in pairs.iter().zip(keeps) {
        let (a, b) = match *pair {
            Pair::Both(a, b) => (Some(a), Some(b)),
            Pair::Left(a) => (Some(a), None),
            Pair::Right(b) => (None, Some(b)),
        };
        let not_here =
            [a.filter(|_| !left).and_then(|a| lefts.get_mut(a)), b.filter(|_| !right).and_then(|b| rights.get_mut(b))];
        not_here.into_iter().flatten().for_each(|side| side.content = Arc::default());
    }
}

/// Scripts, line by line: what is sent and each pattern.
fn scripts(left: &Document, right: &Document) -> Vec<Row> {
    let items = |document: &Document| -> Vec<Item> {
        let lines = document.log.of_kind(Kind::Script);
        let lines = lines.map(|(_, entry)| escape::for_screen(entry.bytes));
        // Another verb is another line, and no change of this one.
        let kind = |text: &str| match text.strip_prefix("> ") {
            Some(line) => format!("> {}", line.split(' ').next().unwrap_or_default().to_ascii_uppercase()),
            None => text.split(' ').next().unwrap_or_default().to_owned(),
        };
        lines.map(|text| Item { kind: kind(&text), text }).collect()
    };
    let (lefts, rights) = (items(left), items(right));
    let side = |item: &Item| Some(Side { kind: item.kind.clone(), line: item.text.clone(), ..Side::default() });
    let row = |pair: Pair| match pair {
        Pair::Both(a, b) => {
            let (x, y) = (&lefts[a], &rights[b]);
            let differences =
                if x == y { Vec::new() } else { vec![Difference::Command(x.text.clone(), y.text.clone())] };
            Row { left: side(x), right: side(y), differences, ..Row::of(pair) }
        }
        Pair::Left(a) => Row { left: side(&lefts[a]), ..Row::of(pair) },
        Pair::Right(b) => Row { right: side(&rights[b]), ..Row::of(pair) },
    };
    align(&lefts, &rights).into_iter().map(row).collect()
}

impl Comparison {
    /// How many exchanges differ, and how many in wording alone.
    #[must_use]
    pub fn tally(&self) -> (usize, usize) {
        let differ = self.rows.iter().filter(|row| row.counts(false)).count();
        let drift = self.rows.iter().filter(|row| !row.counts(false) && !row.differences.is_empty()).count();
        (differ, drift)
    }

    /// The same as rows of lines: each exchange is a row of what was sent and one of the reply.
    #[must_use]
    pub fn beside(&self) -> Vec<Beside> {
        self.rows.iter().flat_map(|row| if self.scripts { vec![row.of_script()] } else { row.of_recording() }).collect()
    }
}

impl Row {
    fn of_script(&self) -> Beside {
        let line = |side: &Option<Side>| side.iter().map(|side| side.line.clone()).collect();
        let mark = if self.counts(true) { Mark::Differs } else { Mark::Same };
        Beside { left: line(&self.left), right: line(&self.right), mark, words: String::new() }
    }

    fn of_recording(&self) -> Vec<Beside> {
        let sent = |side: &Option<Side>| -> Vec<String> {
            let sent = side.iter().filter(|side| !side.line.is_empty() && side.kind != "unasked");
            sent.map(|side| format!("> {}", side.line)).collect()
        };
        let reply = |side: &Option<Side>| -> Vec<String> {
            side.iter().filter_map(|side| side.reply.as_ref()).flat_map(reply_lines).collect()
        };
        let of_sent = |d: &Difference| {
            use Difference::{Cipher, Command, Handshake, Tls};
            matches!(d, Command(..) | Tls(..) | Handshake(..) | Cipher(..))
        };
        let of_message = |d: &Difference| matches!(d, Difference::Content(..));
        let row = |left: Vec<String>, right: Vec<String>, about: &dyn Fn(&Difference) -> bool| {
            let found: Vec<_> = self.differences.iter().filter(|d| about(d)).collect();
            let mark = match self.pair {
                Pair::Both(..) if found.is_empty() => Mark::Same,
                Pair::Both(..) if found.iter().all(|d| d.is_drift()) => Mark::Drift,
                _ if self.held => Mark::Skipped,
                _ => Mark::Differs,
            };
            if self.held {
                return Beside { left, right, mark, words: HELD.to_owned() };
            }
            Beside { left, right, mark, words: found.iter().map(|d| words(d)).collect::<Vec<_>>().join("; ") }
        };
        let mut rows = self.of_message(self.differences.iter().any(of_message));
        let said = |row: Beside, words: String| {
            let silent = row.mark == Mark::Same && row.words.is_empty();
            if silent { Beside { words, ..row } } else { row }
        };
        let secret = self.passed_over.contains(&MASK).then(|| format!("not compared: {MASK}"));
        rows.push(said(row(sent(&self.left), sent(&self.right), &of_sent), secret.unwrap_or_default()));
        let replied = row(reply(&self.left), reply(&self.right), &|d| !of_sent(d) && !of_message(d));
        let masked = if self.masked.is_empty() { String::new() } else { hid(&self.masked) };
        let replied = said(replied, masked);
        let offers = self.left.as_ref().is_some_and(|side| matches!(side.kind.as_str(), "EHLO" | "LHLO"));
        if offers && replied.is_difference() {
            rows.extend(by_line(&replied, self.differences.iter().find(|d| matches!(d, Difference::Hello(..)))));
        } else {
            rows.push(replied);
        }
        rows.retain(|row| !row.left.is_empty() || !row.right.is_empty());
        rows
    }

    /// The message: how long it is where both have it alike, else the lines that differ, with how many are alike between.
    fn of_message(&self, differs: bool) -> Vec<Beside> {
        let content = |side: &Option<Side>| side.as_ref().map(|side| side.content.clone()).unwrap_or_default();
        let (left, right) = (content(&self.left), content(&self.right));
        let lines = |lines: &[ContentLine]| -> Vec<String> {
            let s = if lines.len() == 1 { "" } else { "s" };
            if lines.is_empty() { Vec::new() } else { vec![format!("| … {} line{s} of the message", lines.len())] }
        };
        if !differs {
            let mark = match self.pair {
                Pair::Both(..) => Mark::Same,
                _ if self.held => Mark::Skipped,
                _ => Mark::Differs,
            };
            let anew: Vec<_> = self.passed_over.iter().filter(|what| **what != MASK).copied().collect();
            let words = if anew.is_empty() { String::new() } else { format!("not compared: {}", anew.join(", ")) };
            return vec![Beside { left: lines(&left), right: lines(&right), mark, words }];
        }
        let items = |lines: &[ContentLine]| -> Vec<Item> {
            lines.iter().map(|line| Item { kind: String::new(), text: line.compared().to_owned() }).collect()
        };
        let one = |line: &ContentLine| vec![format!("| {}", line.text)];
        let mut rows: Vec<Beside> = Vec::new();
        let mut alike: Vec<ContentLine> = Vec::new();
        for pair in align(&items(&left), &items(&right)) {
            let (of_left, of_right) = match pair {
                Pair::Both(a, b) if left[a].compared() == right[b].compared() => {
                    alike.push(left[a].clone());
                    continue;
                }
                Pair::Both(a, b) => (one(&left[a]), one(&right[b])),
                Pair::Left(a) => (one(&left[a]), Vec::new()),
                Pair::Right(b) => (Vec::new(), one(&right[b])),
            };
            rows.extend(the_same(&mut alike, &lines));
            if rows.len() >= SHOWN {
                break;
            }
            rows.push(Beside { left: of_left, right: of_right, mark: Mark::Differs, words: String::new() });
        }
        rows.extend(the_same(&mut alike, &lines));
        rows
    }
}

/// Lines of two messages that are shown beside each other; the rest of those that differ is left out.
const SHOWN: usize = 400;

/// The lines that were alike, as one row.
fn the_same(alike: &mut Vec<ContentLine>, words: &dyn Fn(&[ContentLine]) -> Vec<String>) -> Option<Beside> {
    let lines = words(&std::mem::take(alike));
    (!lines.is_empty()).then(|| Beside { left: lines.clone(), right: lines, mark: Mark::Same, words: String::new() })
}

/// Two offers, line by line: what is offered alike is no difference, and what is not has the sign.
fn by_line(replied: &Beside, hello: Option<&Difference>) -> Vec<Beside> {
    let row = |(left, right): (Option<&String>, Option<&String>)| {
        let text = |line: Option<&String>| line.map(|line| offered(line).to_owned());
        let difference = match (text(left), text(right)) {
            (Some(left), Some(right)) if left == right => None,
            (Some(left), Some(right)) if capability(&left) == capability(&right) => Some(Difference::Text(left, right)),
            (Some(left), Some(right)) => Some(Difference::Offer(left, right)),
            (Some(left), None) => Some(Difference::OfferedLeft(left)),
            (None, right) => right.map(Difference::OfferedRight),
        };
        let drift = difference.as_ref().is_some_and(Difference::is_drift) || replied.mark == Mark::Drift;
        let mark = match &difference {
            None => Mark::Same,
            Some(_) if drift => Mark::Drift,
            Some(_) => Mark::Differs,
        };
        let line = |line: Option<&String>| line.cloned().into_iter().collect();
        Beside { left: line(left), right: line(right), mark, words: difference.as_ref().map(words).unwrap_or_default() }
    };
    let mut rows: Vec<Beside> = offers(&replied.left, &replied.right).into_iter().map(row).collect();
    let other = rows.iter().skip(1).any(Beside::is_difference);
    if let Some(first) = rows.first_mut() {
        (first.mark, first.words) = match hello {
            Some(hello) => (Mark::Drift, words(hello)),
            None if other => (Mark::Same, String::new()),
            // Another order, say, or a time: no line alone shows it.
            None => (replied.mark, replied.words.clone()),
        };
    }
    rows
}

/// A capability, however it is written.
fn capability(line: &str) -> Vec<String> {
    line.split_ascii_whitespace()
        .enumerate()
        .map(|(n, word)| if n == 0 { word.to_ascii_uppercase() } else { word.to_owned() })
        .collect()
}

/// A difference in words; nothing where the two sides say it themselves.
fn words(difference: &Difference) -> String {
    match difference {
        Difference::Tls(left, _) => format!("only the {} one is encrypted", if *left { "left" } else { "right" }),
        Difference::OfferedLeft(capability) => {
            format!("only the left one was offered {}", escape::for_screen(capability.as_bytes()))
        }
        Difference::OfferedRight(capability) => {
            format!("only the right one was offered {}", escape::for_screen(capability.as_bytes()))
        }
        Difference::Offer(left, right) => {
            let (left, right) = (escape::for_screen(left.as_bytes()), escape::for_screen(right.as_bytes()));
            format!("{left} was offered on the left, {right} on the right")
        }
        Difference::Handshake(left, right) | Difference::Cipher(left, right) => {
            let (left, right) = (escape::for_screen(left.as_bytes()), escape::for_screen(right.as_bytes()));
            format!("TLS: {left} on the left, {right} on the right")
        }
        Difference::Content(..) => "another message".to_owned(),
        Difference::Code(left, right) => format!("the code is {left} on the left, {right} on the right"),
        Difference::Enhanced(left, right) => {
            format!("the enhanced status code is {left} on the left, {right} on the right")
        }
        Difference::Command(..) => "another line was sent".to_owned(),
        Difference::Text(..) | Difference::Hello(..) => "only the text is another".to_owned(),
        Difference::Time(left, right) => {
            format!("the reply took {} on the left, {} on the right", seconds(*left), seconds(*right))
        }
    }
}

/// A time as it is compared: `0.52 s`.
#[must_use]
pub fn seconds(time: Micros) -> String {
    let hundredths = time.0.saturating_add(5_000) / 10_000;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::file::read;

    #[test]
    fn addresses_of_either_end_are_masked_on_both_sides() {
        let talk = |n: u8| {
            let text = format!(
                "0.0 * connected 10.0.0.{n}:25 from 10.9.9.{n}:4000\n0.0 < 220 mx{n}.a\n0.1 > NOOP\n\
                 0.2 < 250 client [10.9.9.{n}] ok\n0.3 > NOOP\n0.4 < 250 server 10.0.0.{n}\n"
            );
            read(text.as_bytes()).expect("a transcript")
        };
        let rows = compare(&talk(1), &talk(2)).expect("recordings").rows;
        assert!(rows.iter().all(|row| !row.counts(true)), "{rows:?}");
    }

    #[test]
    fn recipients_stand_beside_themselves_before_their_place_counts() {
        let talk = |recipients: &[(&str, &str)]| {
            let rcpt = |(to, reply): &(&str, &str)| format!("0.0 > RCPT TO:<{to}>\n0.0 < {reply}\n");
            let lines: String = recipients.iter().map(rcpt).collect();
            read(format!("0.0 * connected a\n0.0 < 220 mx\n0.0 > MAIL FROM:<a@b>\n0.0 < 250 ok\n{lines}").as_bytes())
                .expect("a transcript")
        };
        let told = |left: &[(&str, &str)], right: &[(&str, &str)]| -> Vec<String> {
            let rows = compare(&talk(left), &talk(right)).expect("compared").rows;
            let rows = rows.into_iter().filter(|row| row.line().starts_with("RCPT"));
            rows.map(|row| match row.pair {
                Pair::Both(..) => format!("both {}", row.differences.iter().map(Difference::word).collect::<String>()),
                Pair::Left(_) => "left".to_owned(),
                Pair::Right(_) => "right".to_owned(),
            })
            .collect()
        };
        let (ann, bob, joe) = (("ann@here", "250 ok"), ("bob@here", "250 ok"), ("joe@else", "554 no"));
        assert_eq!(told(&[ann, joe], &[joe, bob]), ["left", "both ", "right"]);
        assert_eq!(told(&[ann], &[("ANN@here", "550 no")]), ["both commandcodetext"]);
        assert_eq!(told(&[ann], &[bob]), ["both command"], "nobody is named by both: the place counts");
    }

    fn talk(body: &str, tls: &str) -> Document {
        let text = format!(
            "+++\nehlo = 1\n+++\n0.0 * connected 192.0.2.1:25\n0.1 < 220 mx\n0.2 > EHLO a\n0.3 < 250-mx\n0.3 < 250 STARTTLS\n\
             0.4 > STARTTLS\n0.5 < 220 go\n0.6 * tls {tls}\n0.7 > EHLO a\n0.8 < 250-mx\n0.8 < 250 SIZE 9\n0.9 > DATA\n\
             1.0 < 354 go\n{body}1.2 > .\n1.3 < 250 queued as 4F3A9B\n"
        );
        read(text.as_bytes()).expect("a transcript")
    }

    fn found(left: &Document, right: &Document) -> (Vec<&'static str>, (usize, usize)) {
        let comparison = compare(left, right).expect("recordings");
        let words = comparison.rows.iter().flat_map(|row| &row.differences).map(Difference::word).collect();
        (words, comparison.tally())
    }

    const BODY: &str = "1.1 | Subject: a\n1.1 | Date: Mon, 23 Nov 2026 20:18:22 +0100\n1.1 |\n1.1 | Hello.\n";
    const TLS: &str = "version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=yes";

    #[test]
    fn another_message_is_a_difference_and_another_date_is_none() {
        let one = talk(BODY, TLS);
        let other = talk(&BODY.replace("Mon, 23", "Tue, 24").replace("20:18:22", "09:01:00"), TLS);
        assert_eq!(found(&one, &other), (vec![], (0, 0)));
        let other = talk(&BODY.replace("Subject: a", "Subject: b"), TLS);
        assert_eq!(found(&one, &other), (vec!["message"], (1, 0)));
        let comparison = compare(&one, &other).expect("recordings");
        let shown: Vec<_> = comparison.beside().into_iter().filter(Beside::is_difference).collect();
        assert_eq!(
            (shown.len(), shown[0].left[0].as_str(), shown[0].right[0].as_str()),
            (1, "| Subject: a", "| Subject: b")
        );
        let other = talk("1.1 | Subject: a\n", TLS);
        assert_eq!(found(&one, &other), (vec!["message"], (1, 0)));
    }

    #[test]
    fn what_each_sending_makes_anew_is_passed_over_and_named() {
        let body = |boundary: &str, id: &str, text: &str| {
            format!(
                "1.1 | Message-ID: <{id}@a>\n1.1 | Content-Type: multipart/mixed; boundary=\"{boundary}\"\n1.1 |\n\
                 1.1 | --{boundary}\n1.1 |\n1.1 | {text}\n1.1 | --{boundary}--\n"
            )
        };
        let one = talk(&body("b1", "123456", "price 10485760"), TLS);
        let comparison = compare(&one, &talk(&body("zz", "654321", "price 10485760"), TLS)).expect("recordings");
        let named: Vec<_> = comparison.rows.iter().flat_map(|row| row.passed_over.clone()).collect();
        assert_eq!((comparison.tally(), named), ((0, 0), vec!["Message-ID", "MIME boundaries"]));
        assert!(comparison.beside().iter().any(|row| row.words == "not compared: Message-ID, MIME boundaries"));
        let other = talk(&body("b1", "123456", "price 20485760"), TLS);
        assert_eq!(found(&one, &other), (vec!["message"], (1, 0)));
    }

    #[test]
    fn what_was_sent_is_compared_exactly() {
        let talk = |line: &str, reply: &str| {
            let text = format!("0.0 * connected a\n0.1 < 220 mx.a\n0.2 > {line}\n0.3 < {reply}\n");
            read(text.as_bytes()).expect("a transcript")
        };
        for (a, b) in [
            ("RCPT TO:<12345@a.b>", "RCPT TO:<23456@a.b>"),
            ("RCPT TO:<order.20261201@a.b>", "RCPT TO:<order.20261202@a.b>"),
            ("RCPT TO:<a@[10.0.0.1]>", "RCPT TO:<a@[10.0.0.2]>"),
            ("MAIL FROM:<bounce-12345678@a.b> BY=120", "MAIL FROM:<bounce-12345678@a.b> BY=240"),
            ("XCLIENT ADDR=192.0.2.1", "XCLIENT ADDR=192.0.2.2"),
            ("EHLO a.example", "EHLO b.example"),
        ] {
            assert_eq!(found(&talk(a, "250 ok"), &talk(b, "250 ok")), (vec!["command"], (1, 0)), "{a}");
        }
        let rows = compare(&talk("AUTH PLAIN {{auth}}", "235 ok"), &talk("AUTH PLAIN {{auth}}", "235 ok"));
        assert_eq!(rows.expect("recordings").rows[1].passed_over, ["{{auth}}"]);
    }

    #[test]
    fn a_mask_that_either_head_switches_off_is_off_and_one_that_hid_something_is_named() {
        let talk = |id: &str, masks: &str| {
            let text =
                format!("+++\nehlo = 1\n{masks}+++\n0.0 * connected a\n0.1 < 220 mx\n0.2 > NOOP\n0.3 < 250 id={id}\n");
            read(text.as_bytes()).expect("a transcript")
        };
        let off = "[masks]\nqueue_ids = false\n";
        let masked = compare(&talk("4F3A9B", ""), &talk("77C0D1", "")).expect("recordings");
        assert_eq!((masked.tally(), &masked.rows[1].masked[..]), ((0, 0), &["queue_ids"][..]));
        assert!(masked.beside().iter().any(|row| row.words.ends_with(": queue_ids")));
        for (left, right) in [(off, ""), ("", off)] {
            assert_eq!(found(&talk("4F3A9B", left), &talk("77C0D1", right)), (vec!["text"], (0, 1)));
        }
        let (one, other) = (talk("4F3A9B", ""), talk("77C0D1", ""));
        assert_eq!(compare_under(Masks::none(), &one, &other).expect("recordings").tally(), (0, 1));
        assert!(compare(&one, &talk("4F3A9B", "[masks]\nqueue_id = true\n")).is_err());
    }

    #[test]
    fn each_verdict_of_lmtp_stands_beside_that_for_the_same_recipient_and_the_message_is_told_once() {
        let talk = |recipients: &[(&str, &str, &str)]| {
            let rcpts = recipients.iter().map(|(to, reply, _)| format!("0.1 > RCPT TO:<{to}>\n0.1 < {reply}\n"));
            let verdicts = recipients.iter().filter(|(.., verdict)| !verdict.is_empty());
            let text = format!(
                "0.0 * connected a\n0.0 < 220 mx\n0.0 > LHLO a\n0.0 < 250 mx\n0.1 > MAIL FROM:<a@b>\n0.1 < 250 ok\n{}\
                 0.2 > DATA\n0.2 < 354 go\n0.3 | Subject: x\n0.3 > .\n{}",
                rcpts.collect::<Vec<_>>().concat(),
                verdicts.map(|(.., verdict)| format!("0.4 < {verdict}\n")).collect::<Vec<_>>().concat()
            );
            read(text.as_bytes()).expect("a transcript")
        };
        let (ann, joe) = (("ann@a", "250 ok", "250 saved"), ("joe@a", "250 ok", "250 saved"));
        let left = talk(&[("full@a", "250 ok", "452 full"), ann, joe]);
        let right = talk(&[ann, joe, ("full@a", "452 full", "")]);
        let told = |left: &Document, right: &Document| -> Vec<String> {
            let rows = compare(left, right).expect("compared").rows;
            let of = |row: &Row| match row.pair {
                Pair::Both(..) if row.differences.is_empty() => format!("= {}", row.line()),
                Pair::Both(..) => format!("! {}", row.line()),
                Pair::Left(_) => format!("- {}", row.line()),
                Pair::Right(_) => format!("+ {}", row.line()),
            };
            rows.iter().map(of).filter(|row| row[2..].starts_with('.')).collect()
        };
        assert_eq!(told(&left, &right), ["- . for full@a", "= . for ann@a", "= . for joe@a"]);
        assert_eq!(told(&right, &left), ["+ . for full@a", "= . for ann@a", "= . for joe@a"]);
        assert_eq!(told(&left, &left).len(), 3);
        assert!(told(&left, &left).iter().all(|row| row.starts_with('=')));
        let shown = |rows: Vec<Beside>| rows.iter().filter(|row| row.left.iter().any(|it| it.starts_with('|'))).count();
        assert_eq!(shown(compare(&left, &right).expect("compared").beside()), 1);
    }

    #[test]
    fn tls_from_the_first_byte_on_is_a_difference_of_the_greeting() {
        let talk = |tls: &str| {
            let text = format!("0.0 * connecting 192.0.2.1:465\n0.0 * connected 192.0.2.1:465\n{tls}0.1 < 220 mx\n");
            read(text.as_bytes()).expect("a transcript")
        };
        let (clear, tls) = (talk(""), talk(&format!("0.0 * tls {TLS}\n")));
        assert_eq!(found(&clear, &tls), (vec!["tls"], (1, 0)));
        assert_eq!(found(&tls, &tls), (vec![], (0, 0)));
    }

    #[test]
    fn of_a_handshake_more_than_that_there_was_one_is_compared() {
        let one = talk(BODY, TLS);
        for (tls, want) in [
            ("version=TLSv1.3 cipher=TLS_CHACHA20_POLY1305_SHA256 verified=yes", (vec!["cipher"], (0, 1))),
            ("version=TLSv1.2 cipher=TLS_AES_256_GCM_SHA384 verified=yes", (vec!["tls"], (1, 0))),
            ("version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 verified=no reason=expired", (vec!["tls"], (1, 0))),
            ("", (vec![], (0, 0))),
        ] {
            assert_eq!(found(&one, &talk(BODY, tls)), want, "{tls}");
        }
    }

    #[test]
    fn of_two_scripts_no_line_stands_beside_another_verb() {
        let script = |text: &str| read(text.as_bytes()).expect("a script");
        let left =
            script("> EHLO a\n< 250\n> STARTTLS\n< 220\n> EHLO a\n< 250\n> MAIL FROM:<a@b> SIZE=1\n< 250\n> QUIT\n");
        let right = script("> EHLO a\n< 250\n> MAIL FROM:<a@b>\n< 250\n> QUIT\n");
        let rows = compare(&left, &right).expect("scripts").rows;
        let told = |row: &Row| match row.pair {
            Pair::Both(..) if row.counts(true) => format!("! {}", row.line()),
            Pair::Both(..) => String::new(),
            Pair::Left(_) => format!("- {}", row.line()),
            Pair::Right(_) => format!("+ {}", row.line()),
        };
        let told: Vec<String> = rows.iter().map(told).filter(|row| !row.is_empty()).collect();
        assert!(told.contains(&"- > STARTTLS".to_owned()), "{told:?}");
        assert!(told.contains(&"! > MAIL FROM:<a@b> SIZE=1".to_owned()), "{told:?}");
        assert_eq!(told.len(), 5, "{told:?}");
    }

    #[test]
    fn a_reply_that_took_much_longer_is_marked_and_counts_as_nothing_else() {
        let talk = |took: &str, head: &str| {
            let text =
                format!("+++\nehlo = 1\n{head}+++\n0.0 * connected a\n0.1 < 220 mx\n1.0 > NOOP\n{took} < 250 ok\n");
            read(text.as_bytes()).expect("a transcript")
        };
        let fast = talk("1.5", "");
        for (took, head, want) in [
            ("41.5", "", (vec!["time"], (0, 1))),
            ("1.9", "", (vec![], (0, 0))),
            ("41.5", "clock = \"none\"\n", (vec![], (0, 0))),
        ] {
            assert_eq!(found(&fast, &talk(took, head)), want, "{took} {head}");
        }
        let rows = compare(&fast, &talk("41.5", "")).expect("recordings");
        assert!(rows.rows.iter().all(|row| !row.counts(true)), "a time is no text");
        let words: Vec<String> = rows.beside().into_iter().map(|row| row.words).filter(|it| !it.is_empty()).collect();
        assert_eq!(words, ["the reply took 0.50 s on the left, 40.50 s on the right"]);
    }

    #[test]
    fn the_sign_stands_at_the_line_of_an_offer_that_differs() {
        let offer = |lines: &str| {
            let text = format!("+++\nehlo = 1\n+++\n0.0 * connected a\n0.1 < 220 mx\n0.2 > EHLO a\n{lines}");
            read(text.as_bytes()).expect("a transcript")
        };
        let left = offer("0.3 < 250-mx\n0.3 < 250-SIZE 10\n0.3 < 250 DSN\n");
        let right = offer("0.3 < 250-mx\n0.3 < 250-SIZE 20\n0.3 < 250-DSN\n0.3 < 250 AUTH PLAIN\n");
        let rows = compare(&left, &right).expect("recordings").beside();
        let marked: Vec<_> = rows.iter().filter(|row| row.is_difference()).map(|row| row.right[0].as_str()).collect();
        assert_eq!(marked, ["< 250-SIZE 20", "< 250 AUTH PLAIN"]);
        let other = offer("0.3 < 250-mx\n0.3 < 250-DSN\n0.3 < 250-HELP\n0.3 < 250 SIZE 10\n");
        let rows = compare(&left, &other).expect("recordings").beside();
        let marked: Vec<_> = rows.iter().filter(|row| row.is_difference()).map(|row| row.words.as_str()).collect();
        assert_eq!(marked, ["only the right one was offered HELP"], "another order is none");
        assert_eq!(compare(&left, &right).expect("recordings").tally(), (1, 0));
    }
}
