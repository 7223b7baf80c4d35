//! Two conversations compared: recordings by exchange, scripts line by line.

use crate::conversation::align::{Difference, Item, Pair, Side, align, by_forward_path};
use crate::conversation::file::Document;
use crate::conversation::{Dialogue, Kind};
use crate::smtp::escape;

use super::beside::{Beside, Mark, reply_lines};
use super::masks::{Ends, Masks};

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
}

impl Row {
    /// Whether it counts as a difference; with `exact` other texts do.
    #[must_use]
    pub fn counts(&self, exact: bool) -> bool {
        !matches!(self.pair, Pair::Both(..)) || self.differences.iter().any(|d| exact || !d.is_drift())
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
    let sides = |document: &Document| Side::all(&document.log, &Dialogue::of(&document.log));
    let (mut lefts, mut rights) = (sides(left), sides(right));
    let ends = (Ends::of(&left.log), Ends::of(&right.log));
    // Each text is masked with the ends of its own conversation.
    let mask = |text: &str| masks.apply(&masks.apply(text, &ends.0), &ends.1);
    let items = |sides: &[Side]| -> Vec<Item> {
        sides.iter().map(|side| Item { text: mask(&side.line), ..side.item() }).collect()
    };
    let (mut left_items, mut right_items) = (items(&lefts), items(&rights));
    by_forward_path(&mut left_items, &mut right_items);
    let pairs = align(&left_items, &right_items);
    let take = |sides: &mut [Side], n: usize| {
        std::mem::replace(&mut sides[n], Side { kind: String::new(), line: String::new(), reply: None, tls: false })
    };
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
        Row { pair, left, right, differences }
    };
    Ok(pairs.into_iter().map(row).collect())
}

/// Scripts, line by line: what is sent and each pattern.
fn scripts(left: &Document, right: &Document) -> Vec<Row> {
    let items = |document: &Document| -> Vec<Item> {
        let lines = document.log.of_kind(Kind::Script);
        let lines = lines.map(|(_, entry)| escape::for_screen(entry.bytes));
        lines.map(|text| Item { kind: text.split(' ').next().unwrap_or_default().to_owned(), text }).collect()
    };
    let (lefts, rights) = (items(left), items(right));
    let side = |item: &Item| Some(Side { kind: item.kind.clone(), line: item.text.clone(), reply: None, tls: false });
    let row = |pair: Pair| match pair {
        Pair::Both(a, b) => {
            let (x, y) = (&lefts[a], &rights[b]);
            let differences =
                if x == y { Vec::new() } else { vec![Difference::Command(x.text.clone(), y.text.clone())] };
            Row { pair, left: side(x), right: side(y), differences }
        }
        Pair::Left(a) => Row { pair, left: side(&lefts[a]), right: None, differences: Vec::new() },
        Pair::Right(b) => Row { pair, left: None, right: side(&rights[b]), differences: Vec::new() },
    };
    align(&lefts, &rights).into_iter().map(row).collect()
}

impl Comparison {
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
        let of_sent = |d: &Difference| matches!(d, Difference::Command(..) | Difference::Tls(..));
        let row = |left: Vec<String>, right: Vec<String>, about_sent: bool| {
            let found: Vec<_> = self.differences.iter().filter(|d| of_sent(d) == about_sent).collect();
            let mark = match self.pair {
                Pair::Both(..) if found.is_empty() => Mark::Same,
                Pair::Both(..) if found.iter().all(|d| d.is_drift()) => Mark::Drift,
                _ => Mark::Differs,
            };
            Beside { left, right, mark, words: found.iter().map(|d| words(d)).collect::<Vec<_>>().join("; ") }
        };
        let rows = [row(sent(&self.left), sent(&self.right), true), row(reply(&self.left), reply(&self.right), false)];
        rows.into_iter().filter(|row| !row.left.is_empty() || !row.right.is_empty()).collect()
    }
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
        Difference::Code(left, right) => format!("the code is {left} on the left, {right} on the right"),
        Difference::Enhanced(left, right) => {
            format!("the enhanced status code is {left} on the left, {right} on the right")
        }
        Difference::Command(..) => "another line was sent".to_owned(),
        Difference::Text(..) => "only the text is another".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::file::read;

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
}
