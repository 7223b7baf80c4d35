//! Lines that only one of two conversations has because ehlo itself held them back in the other: no server did that.

use std::collections::BTreeSet;

use super::Row;
use crate::conversation::align::Pair;
use crate::conversation::{Kind, Log};
use crate::smtp::Command;

/// What is said of such a row.
pub const HELD: &str = "ehlo held it back, since an expectation had failed before";

/// Marks the rows of what was held back.
pub(super) fn mark(rows: &mut [Row], left: &Log, right: &Log) {
    let (left, right) = (kinds(left), kinds(right));
    for row in rows {
        let (held, side) = match row.pair {
            Pair::Both(..) => continue,
            Pair::Left(_) => (&right, &row.left),
            Pair::Right(_) => (&left, &row.right),
        };
        row.held = side.as_ref().is_some_and(|side| held.contains(&side.kind));
    }
}

/// What was held back in a conversation, as a side names its kind.
fn kinds(log: &Log) -> BTreeSet<String> {
    let remarks = log.of_kind(Kind::Remark).filter_map(|(_, entry)| entry.remark());
    let lines = remarks.filter(|remark| remark.word == "held").filter_map(|remark| remark.bare(0).map(str::to_owned));
    lines
        .map(|line| match line.as_str() {
            "." => "end of data".to_owned(),
            line => Command::parse(line.as_bytes()).verb.word().to_owned(),
        })
        .collect()
}
