//! Two conversations compared: recordings by exchange, scripts line by line.

use crate::conversation::align::{Difference, Item, Pair, Side, align, by_forward_path};
use crate::conversation::file::Document;
use crate::conversation::{Dialogue, Kind, Micros};
use crate::smtp::escape;

use super::beside::{Beside, Mark, reply_lines};
use super::masks::{Ends, Masks};

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
}

impl Row {
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
        side.map_or_else(String::new, |side| if side.line.is_empty() { side.kind.clone() } else { side.line.clone() })
    }
}

/// Compares two conversations. Texts are compared under the left one's `[masks]`.
///
/// # Errors
/// One is a script and the other a recording; `[masks]` that are none.
pub fn compare(left: &Document, right: &Document) -> Result<Comparison, String> {
    match (is_script(left), is_script(right)) {
        (true, true) => Ok(Comparison { rows: scripts(left, right), scripts: true }),
        (false, false) => Ok(Comparison { rows: recordings(left, right)?, scripts: false }),
        _ => Err("one is a script and the other a recording; ehlo run plays a script and checks it".to_owned()),
    }
}

/// Nothing in it was recorded.
fn is_script(document: &Document) -> bool {
    document.is_script() && !document.log.kinds(0).any(|(.., timed)| timed)
}

fn recordings(left: &Document, right: &Document) -> Result<Vec<Row>, String> {
    let masks = Masks::of_head(&left.header.table)?;
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
    // Both at once: an address that is none of the first one's ends would be masked as a size.
    let ends = Ends::of(&left.log).and(Ends::of(&right.log));
    let mask = |text: &str| masks.apply(text, &ends);
    let items = |sides: &[Side]| -> Vec<Item> {
        sides.iter().map(|side| Item { text: mask(&side.line), ..side.item() }).collect()
    };
    let (mut left_items, mut right_items) = (items(&lefts), items(&rights));
    by_forward_path(&mut left_items, &mut right_items);
    let pairs = align(&left_items, &right_items);
    let take = |sides: &mut [Side], n: usize| std::mem::take(&mut sides[n]);
    let row = |pair: Pair| {
        let (left, right) = match pair {
            Pair::Both(a, b) => (Some(take(&mut lefts, a)), Some(take(&mut rights, b))),
            Pair::Left(a) => (Some(take(&mut lefts, a)), None),
            Pair::Right(b) => (None, Some(take(&mut rights, b))),
        };
        let differences = match (&left, &right) {
            (Some(left), Some(right)) => left.differences(right, &mask),
            _ => Vec::new(),
        };
        Row { pair, left, right, differences, held: false }
    };
    let mut rows: Vec<Row> = pairs.into_iter().map(row).collect();
    held::mark(&mut rows, &left.log, &right.log);
    Ok(rows)
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
            Row { pair, left: side(x), right: side(y), differences, held: false }
        }
        Pair::Left(a) => Row { pair, left: side(&lefts[a]), right: None, differences: Vec::new(), held: false },
        Pair::Right(b) => Row { pair, left: None, right: side(&rights[b]), differences: Vec::new(), held: false },
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
            use Difference::{Cipher, Command, Handshake, Name, Tls};
            matches!(d, Command(..) | Name(..) | Tls(..) | Handshake(..) | Cipher(..))
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
        rows.push(row(sent(&self.left), sent(&self.right), &of_sent));
        let replied = row(reply(&self.left), reply(&self.right), &|d| !of_sent(d) && !of_message(d));
        let offers = self.left.as_ref().is_some_and(|side| matches!(side.kind.as_str(), "EHLO" | "LHLO"));
        if offers && replied.is_difference() {
            rows.extend(by_line(&replied));
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
        let lines = |lines: &[String]| -> Vec<String> {
            let s = if lines.len() == 1 { "" } else { "s" };
            if lines.is_empty() { Vec::new() } else { vec![format!("| … {} line{s} of the message", lines.len())] }
        };
        if !differs {
            let mark = match self.pair {
                Pair::Both(..) => Mark::Same,
                _ if self.held => Mark::Skipped,
                _ => Mark::Differs,
            };
            return vec![Beside { left: lines(&left), right: lines(&right), mark, words: String::new() }];
        }
        let items = |lines: &[String]| -> Vec<Item> {
            lines.iter().map(|line| Item { kind: String::new(), text: line.clone() }).collect()
        };
        let one = |line: &String| vec![format!("| {line}")];
        let mut rows: Vec<Beside> = Vec::new();
        let mut alike: Vec<String> = Vec::new();
        for pair in align(&items(&left), &items(&right)) {
            let (of_left, of_right) = match pair {
                Pair::Both(a, b) if left[a] == right[b] => {
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
fn the_same(alike: &mut Vec<String>, words: &dyn Fn(&[String]) -> Vec<String>) -> Option<Beside> {
    let lines = words(&std::mem::take(alike));
    (!lines.is_empty()).then(|| Beside { left: lines.clone(), right: lines, mark: Mark::Same, words: String::new() })
}

/// Two offers, line by line: what is offered alike is no difference, and what is not has the sign.
fn by_line(offers: &Beside) -> Vec<Beside> {
    let keyword = |line: &str| line.get(6..).unwrap_or_default().split(' ').next().unwrap_or_default().to_uppercase();
    let items = |lines: &[String]| -> Vec<Item> {
        let item = |(n, line): (usize, &String)| {
            // The first line names the server, whatever it says.
            let kind = if n == 0 { String::new() } else { keyword(line) };
            Item { kind, text: line.get(6..).unwrap_or_default().to_owned() }
        };
        lines.iter().enumerate().map(item).collect()
    };
    let (left, right) = (items(&offers.left), items(&offers.right));
    let row = |pair: Pair| {
        let (a, b, mark) = match pair {
            Pair::Both(0, 0) => (Some(0), Some(0), Mark::Same),
            Pair::Both(a, b) if left[a].text == right[b].text => (Some(a), Some(b), Mark::Same),
            Pair::Both(a, b) => (Some(a), Some(b), offers.mark),
            Pair::Left(a) => (Some(a), None, offers.mark),
            Pair::Right(b) => (None, Some(b), offers.mark),
        };
        let line = |lines: &[String], n: Option<usize>| n.map(|n| lines[n].clone()).into_iter().collect();
        let offered = |items: &[Item], n: Option<usize>| n.map(|n| items[n].text.clone());
        let difference = match (offered(&left, a), offered(&right, b)) {
            (Some(left), Some(right)) => Difference::Offer(left, right),
            (Some(left), None) => Difference::OfferedLeft(left),
            (_, right) => Difference::OfferedRight(right.unwrap_or_default()),
        };
        let words = if mark == Mark::Same { String::new() } else { words(&difference) };
        Beside { left: line(&offers.left, a), right: line(&offers.right, b), mark, words }
    };
    align(&left, &right).into_iter().map(row).collect()
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
        Difference::Name(..) => "the client called itself something else".to_owned(),
        Difference::Text(..) => "only the text is another".to_owned(),
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
        assert_eq!(compare(&left, &right).expect("recordings").tally(), (1, 0));
    }
}
