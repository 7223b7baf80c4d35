//! `ehlo diff A B`: how two conversations differ.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Common, Exit, input};
use crate::conversation::Kind;
use crate::conversation::align::{Difference, Pair, Side};
use crate::conversation::exam;
use crate::conversation::file::Document;
use crate::script::comparison::{self, Comparison, Row, compare_under};
use crate::script::masks::Masks;
use crate::smtp::{Reply, ReplyCode, escape};
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Recordings are compared by exchange: lines sent, the message, codes, enhanced status codes, capabilities, TLS (version, \
verified or not). Capabilities are compared by their words: other letters (size for SIZE), other blanks or another order are text. \
Texts of replies or ciphers that differ alone are drift (~), which is shown and does not count unless --exact; in these texts queue \
ids, dates, sizes, the names and addresses of the two ends are masked, as the result says where that hid something. --no-masks, or \
[masks] in the head of either file, switches that off (queue_ids = false; dates, hosts, addresses, sizes). What was sent is \
compared exactly, but for what each sending of a message makes anew (its Date and Message-ID, the boundaries of its parts) and \
secrets, which is said as well. Scripts are compared line by line. Status 0: no difference, 1: a difference, 2: a file that can't \
be read.")]
pub(super) struct Arguments {
    /// One conversation, by path or name (`ehlo history`), or last; - is standard input
    left: PathBuf,
    /// The other
    right: PathBuf,
    /// Count texts that differ as differences
    #[arg(long)]
    exact: bool,
    /// Mask nothing in the texts of replies
    #[arg(long)]
    no_masks: bool,
    /// Which conversation of a file that holds several, from 1: of each such file, or as N,M of the one and of the other
    #[arg(long, value_name = "N[,M]", value_parser = sessions)]
    session: Option<Sessions>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Which conversations are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sessions {
    /// This one of each file that holds several.
    Each(usize),
    /// These of the one and of the other.
    Both([usize; 2]),
}

impl Sessions {
    /// Which one of the left file (0) or the right one (1) that holds so many.
    fn of(self, side: usize, count: usize) -> Option<usize> {
        match self {
            Self::Each(n) => (count > 1).then_some(n),
            Self::Both(both) => Some(both[side]),
        }
    }
}

fn sessions(text: &str) -> Result<Sessions, String> {
    let number = |text: &str| text.trim().parse::<usize>().ok().filter(|n| *n > 0);
    let read = match text.split_once(',') {
        None => number(text).map(Sessions::Each),
        Some((left, right)) => number(left).zip(number(right)).map(|(left, right)| Sessions::Both([left, right])),
    };
    read.ok_or_else(|| "it is a number from 1, or two divided by a comma: one for each file".to_owned())
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let masks = if arguments.no_masks { Masks::none() } else { Masks::default() };
    let comparison = read(arguments, common, world).and_then(|(left, right)| compare_under(masks, &left, &right));
    let Comparison { rows, scripts } = match comparison {
        Ok(comparison) => comparison,
        Err(words) => {
            return super::complain("ehlo diff", words);
        }
    };
    let counted = rows.iter().filter(|row| row.counts(arguments.exact)).count();
    let out = if arguments.json {
        super::document(&to_json(&rows, arguments.exact))
    } else {
        to_text(&rows, if scripts { "line" } else { "exchange" }, arguments.exact, common.quiet)
    };
    let _ = std::io::stdout().lock().write_all(out.as_bytes());
    if counted == 0 { Exit::Done } else { Exit::Refused }
}

/// Both conversations; standard input can be only one of them.
fn read(arguments: &Arguments, common: &Common, world: &World) -> Result<(Document, Document), String> {
    if [&arguments.left, &arguments.right].iter().all(|path| path.as_os_str() == "-") {
        return Err("only one of the two can be standard input".to_owned());
    }
    let one = |side: usize, path| {
        let choose = |count| arguments.session.and_then(|sessions| sessions.of(side, count));
        let path = input::kept(path, &world.directories.state)?;
        let document = input::one_of(&path, choose, "ehlo diff", common)?;
        if !common.quiet
            && document.log.of_kind(Kind::Remark).any(|(_, it)| it.remark().is_some_and(|it| it.is_opaque()))
        {
            let name = input::shown(&path);
            super::complain(
                "ehlo diff",
                format_args!("{name}: what was said under TLS can't be read in it, nor compared"),
            );
        }
        // Why a certificate was not trusted is a difference too.
        Ok::<_, String>(if document.header.exam().is_some() { exam::without_answers(&document) } else { document })
    };
    Ok((one(0, &arguments.left)?, one(1, &arguments.right)?))
}

/// The two sides of a difference in words.
fn words(difference: &Difference) -> (String, String) {
    let shown = |text: &str| escape::for_screen(text.as_bytes());
    match difference {
        Difference::Command(a, b)
        | Difference::Code(a, b)
        | Difference::Enhanced(a, b)
        | Difference::Offer(a, b)
        | Difference::Handshake(a, b)
        | Difference::Cipher(a, b)
        | Difference::Content(a, b)
        | Difference::Hello(a, b)
        | Difference::Text(a, b) => (shown(a), shown(b)),
        Difference::Time(a, b) => (comparison::seconds(*a), comparison::seconds(*b)),
        Difference::OfferedLeft(capability) => (shown(capability), "not offered".to_owned()),
        Difference::OfferedRight(capability) => ("not offered".to_owned(), shown(capability)),
        Difference::Tls(a, b) => {
            let word = |tls: &bool| if *tls { "encrypted" } else { "clear text" }.to_owned();
            (word(a), word(b))
        }
    }
}

pub(super) fn to_text(rows: &[Row], unit: &str, exact: bool, quiet: bool) -> String {
    let mut out = String::new();
    for row in rows {
        let mark = match row.pair {
            _ if row.held => 'x',
            Pair::Left(_) => '-',
            Pair::Right(_) => '+',
            Pair::Both(..) if row.counts(exact) => '!',
            Pair::Both(..) if !row.differences.is_empty() => '~',
            Pair::Both(..) => ' ',
        };
        if quiet && !row.counts(exact) && !row.held {
            continue;
        }
        writeln!(out, "{mark} {}", row.line()).expect("a string takes it");
        if row.held {
            let side = if row.left.is_some() { '+' } else { '-' };
            writeln!(out, "    {:<10} {side} {}", "not sent", comparison::HELD).expect("a string takes it");
        }
        // What only one of them has is told with what was answered.
        let alone = if row.left.is_some() { &row.left } else { &row.right };
        let alone = alone.as_ref().filter(|_| !matches!(row.pair, Pair::Both(..))).and_then(|side| side.reply.as_ref());
        if let Some(line) = alone.and_then(|reply| reply.lines.last()) {
            let sign = if row.left.is_some() { '-' } else { '+' };
            writeln!(out, "    {:<10} {sign} {}", "reply", escape::for_file(&line.raw)).expect("a string takes it");
        }
        for difference in &row.differences {
            let (left, right) = words(difference);
            writeln!(out, "    {:<10} - {left}\n    {:<10} + {right}", difference.word(), "")
                .expect("a string takes it");
        }
        for (what, names) in [("masked", &row.masked), (PASSED_OVER, &row.passed_over)] {
            if !names.is_empty() {
                writeln!(out, "    {what:<10} {}", names.join(", ")).expect("a string takes it");
            }
        }
    }
    writeln!(out, "{}", summary(rows, unit, exact)).expect("a string takes it");
    out
}

/// One line about all of it.
pub(super) fn summary(rows: &[Row], unit: &str, exact: bool) -> String {
    let differ = rows.iter().filter(|row| row.counts(exact)).count();
    let drift = rows.iter().filter(|row| !row.counts(exact) && !row.differences.is_empty()).count();
    let plural = |n: usize, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
    let timed = rows.iter().flat_map(|row| &row.differences).any(|it| matches!(it, Difference::Time(..)));
    let what = if timed { "wording or time" } else { "wording" };
    let drift = if drift == 0 { String::new() } else { format!(", {drift} in {what} alone (~)") };
    let held = rows.iter().filter(|row| row.held).count();
    let held = if held == 0 { String::new() } else { format!(", {held} held back by ehlo (x)") };
    let (masked, passed_over) = (all(rows, |row| &row.masked), all(rows, |row| &row.passed_over));
    let not_compared =
        [("masked", masked), (PASSED_OVER, passed_over)].into_iter().filter(|(_, names)| !names.is_empty());
    let not_compared = not_compared.map(|(what, names)| format!("; {what}: {}", names.join(", "))).collect::<Vec<_>>();
    format!("{} compared, {differ} differ{drift}{held}{}", plural(rows.len(), unit), not_compared.concat())
}

/// How the two of a row differ, in one line.
pub(super) fn in_a_line(row: &Row, names: [&str; 2]) -> String {
    let [left, right] = names;
    match row.pair {
        Pair::Left(_) => format!("only with {left}"),
        Pair::Right(_) => format!("only with {right}"),
        Pair::Both(..) => {
            let one = |difference: &Difference| {
                let (a, b) = words(difference);
                format!("{} - {a} + {b}", difference.word())
            };
            row.differences.iter().map(one).collect::<Vec<_>>().join("; ")
        }
    }
}

const PASSED_OVER: &str = "passed over";

/// What is named by any of the rows, once.
fn all(rows: &[Row], of: fn(&Row) -> &Vec<&'static str>) -> Vec<&'static str> {
    let mut all: Vec<_> = rows.iter().flat_map(of).copied().collect();
    all.sort_unstable();
    all.dedup();
    all
}

pub(super) fn to_json(rows: &[Row], exact: bool) -> Value {
    let side = |side: &Option<Side>| {
        side.as_ref().map(|side| {
            let code = side.reply.as_ref().and_then(Reply::code).map(ReplyCode::number);
            let enhanced = side.reply.as_ref().and_then(Reply::enhanced).map(|code| code.to_string());
            let text = side.reply.as_ref().map(|reply| escape::for_screen(reply.text().as_bytes()));
            json!({ "kind": side.kind, "line": side.line, "code": code, "enhanced": enhanced, "text": text, "tls": side.tls,
                "recipient": side.recipient.as_deref().map(|it| escape::for_screen(it.as_bytes())) })
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
            "held_back": row.held,
            "differences": row.differences.iter().map(difference).collect::<Vec<_>>(),
            "masked": row.masked,
            "passed_over": row.passed_over,
        })
    };
    let differ = rows.iter().filter(|row| row.counts(exact)).count();
    json!({
        "ehlo": 1,
        "equal": differ == 0,
        "differing": differ,
        "exchanges": rows.iter().map(row).collect::<Vec<_>>(),
        "masked": all(rows, |row| &row.masked),
        "passed_over": all(rows, |row| &row.passed_over),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_taken_of_each_file_that_holds_several() {
        let taken = |text: &str, counts: [usize; 2]| {
            let sessions = sessions(text).expect("numbers");
            [sessions.of(0, counts[0]), sessions.of(1, counts[1])]
        };
        assert_eq!(taken("2", [3, 4]), [Some(2), Some(2)]);
        assert_eq!(taken("2", [3, 1]), [Some(2), None]);
        assert_eq!(taken("2,5", [3, 5]), [Some(2), Some(5)]);
        assert_eq!(taken("1,2", [1, 5]), [Some(1), Some(2)]);
        for wrong in ["", "0", "x", "1,", "1,2,3", "-1"] {
            assert!(sessions(wrong).is_err(), "{wrong}");
        }
    }
}
