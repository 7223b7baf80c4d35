//! `ehlo diff A B`: how two conversations differ.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Common, Exit, convert};
use crate::conversation::align::{Difference, Item, Pair, Side, align};
use crate::conversation::file::Document;
use crate::conversation::{Dialogue, Kind};
use crate::script::masks::{Ends, Masks};
use crate::smtp::{Reply, ReplyCode, escape};
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Recordings are compared by exchange: lines sent, codes, enhanced status codes, capabilities, TLS. Texts that differ
alone are drift (~), which is shown and does not count unless --exact; queue ids, dates, names, addresses and sizes are
masked. Scripts are compared line by line. Status 0: no difference, 1: a difference, 2: a file that can't be read.")]
pub(super) struct Arguments {
    /// One conversation; - is standard input
    left: PathBuf,
    /// The other
    right: PathBuf,
    /// Count texts that differ as differences
    #[arg(long)]
    exact: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// One row of the comparison.
struct Row {
    pair: Pair,
    left: Option<Side>,
    right: Option<Side>,
    differences: Vec<Difference>,
}

impl Row {
    /// Whether it counts as a difference.
    fn counts(&self, exact: bool) -> bool {
        !matches!(self.pair, Pair::Both(..)) || self.differences.iter().any(|d| exact || !d.is_drift())
    }

    fn line(&self) -> String {
        let side = self.left.as_ref().or(self.right.as_ref());
        side.map_or_else(String::new, |side| if side.line.is_empty() { side.kind.clone() } else { side.line.clone() })
    }
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, _world: &World) -> Exit {
    let documents = convert::read(&arguments.left).and_then(|left| Ok((left, convert::read(&arguments.right)?)));
    let rows = documents.and_then(|(left, right)| compare(&left, &right));
    let rows = match rows {
        Ok(rows) => rows,
        Err(words) => {
            // Standard error may be closed; there is nobody to tell then.
            let _ = writeln!(std::io::stderr(), "ehlo diff: {words}");
            return Exit::Usage;
        }
    };
    let counted = rows.iter().filter(|row| row.counts(arguments.exact)).count();
    let out = if arguments.json {
        format!("{:#}\n", to_json(&rows, arguments.exact))
    } else {
        to_text(&rows, arguments.exact, common.quiet)
    };
    let _ = std::io::stdout().lock().write_all(out.as_bytes());
    if counted == 0 { Exit::Done } else { Exit::Refused }
}

fn compare(left: &Document, right: &Document) -> Result<Vec<Row>, String> {
    match (is_script(left), is_script(right)) {
        (true, true) => Ok(scripts(left, right)),
        (false, false) => recordings(left, right),
        _ => Err("one is a script and the other a recording; ehlo run plays a script and checks it".to_owned()),
    }
}

/// Nothing in it was recorded.
fn is_script(document: &Document) -> bool {
    document.is_script() && !document.log.since(0).any(|(_, entry)| entry.at.is_some())
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
    let pairs = align(&items(&lefts), &items(&rights));
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
        let lines = document.log.since(0).filter(|(_, entry)| entry.kind == Kind::Script);
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

/// The two sides of a difference in words.
fn words(difference: &Difference) -> (String, String) {
    let shown = |text: &str| escape::for_screen(text.as_bytes());
    match difference {
        Difference::Command(a, b) | Difference::Code(a, b) | Difference::Enhanced(a, b) | Difference::Text(a, b) => {
            (shown(a), shown(b))
        }
        Difference::OfferedLeft(capability) => (shown(capability), "not offered".to_owned()),
        Difference::OfferedRight(capability) => ("not offered".to_owned(), shown(capability)),
        Difference::Tls(a, b) => {
            let word = |tls: &bool| if *tls { "encrypted" } else { "clear text" }.to_owned();
            (word(a), word(b))
        }
    }
}

fn to_text(rows: &[Row], exact: bool, quiet: bool) -> String {
    let mut out = String::new();
    for row in rows {
        let mark = match row.pair {
            Pair::Left(_) => '-',
            Pair::Right(_) => '+',
            Pair::Both(..) if row.counts(exact) => '!',
            Pair::Both(..) if !row.differences.is_empty() => '~',
            Pair::Both(..) => ' ',
        };
        if quiet && !row.counts(exact) {
            continue;
        }
        writeln!(out, "{mark} {}", row.line()).expect("a string takes it");
        for difference in &row.differences {
            let (left, right) = words(difference);
            writeln!(out, "    {:<10} - {left}\n    {:<10} + {right}", difference.word(), "")
                .expect("a string takes it");
        }
    }
    let differ = rows.iter().filter(|row| row.counts(exact)).count();
    let drift = rows.iter().filter(|row| !row.counts(exact) && !row.differences.is_empty()).count();
    let plural = |n: usize, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
    let drift = if drift == 0 { String::new() } else { format!(", {drift} in wording alone (~)") };
    writeln!(out, "{} compared, {} differ{drift}", plural(rows.len(), "exchange"), differ).expect("a string takes it");
    out
}

fn to_json(rows: &[Row], exact: bool) -> Value {
    let side = |side: &Option<Side>| {
        side.as_ref().map(|side| {
            let code = side.reply.as_ref().and_then(Reply::code).map(ReplyCode::number);
            let enhanced = side.reply.as_ref().and_then(Reply::enhanced).map(|code| code.to_string());
            let text = side.reply.as_ref().map(|reply| escape::for_screen(reply.text().as_bytes()));
            json!({ "kind": side.kind, "line": side.line, "code": code, "enhanced": enhanced, "text": text, "tls": side.tls })
        })
    };
    let difference = |difference: &Difference| {
        let (left, right) = words(difference);
        json!({ "what": difference.word(), "left": left, "right": right, "drift": difference.is_drift() })
    };
    let row = |row: &Row| {
        json!({
            "left": side(&row.left),
            "right": side(&row.right),
            "differs": row.counts(exact),
            "differences": row.differences.iter().map(difference).collect::<Vec<_>>(),
        })
    };
    let differ = rows.iter().filter(|row| row.counts(exact)).count();
    json!({ "ehlo": 1, "equal": differ == 0, "differing": differ, "exchanges": rows.iter().map(row).collect::<Vec<_>>() })
}
