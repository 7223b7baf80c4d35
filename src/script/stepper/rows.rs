//! The left side: what the plan has, row by row.

use crate::profile::duration;
use crate::script::beside::{Beside, reply_lines};
use crate::script::plan::{Act, Content, Expected, Plan, Sending};
use crate::smtp::{content, escape};

/// Lines of message content that are shown.
const CONTENT: usize = 12;

/// The rows of a plan, and the first row of each step.
pub(super) fn of(plan: &Plan) -> (Vec<Beside>, Vec<usize>) {
    let (mut rows, mut first) = (Vec::new(), Vec::with_capacity(plan.steps.len()));
    for step in &plan.steps {
        first.push(rows.len());
        match &step.act {
            Act::Send(lines) => rows.extend(lines.iter().map(|line| row(vec![sent(line)]))),
            Act::Content(Content::Octets(filled)) => rows.push(row(content_lines(&filled.shown()))),
            Act::Content(Content::File(file)) => {
                let name = escape::for_screen(file.name.as_bytes());
                rows.push(row(vec![format!("|@{} {name}", if file.as_is { "raw" } else { "" })]));
            }
            Act::Expect(_, Expected::Recorded(reply, _)) => rows.push(row(reply_lines(reply))),
            Act::Expect(_, Expected::Pattern(pattern)) => rows.push(row(vec![format!("< {pattern}")])),
            Act::Check(_, check) => rows.push(row(vec![format!("? {check}")])),
            Act::Sleep(time) => rows.push(row(vec![format!("* sleep {}", duration::words(*time))])),
            Act::Reconnect(_) => rows.push(row(vec!["* reconnect".to_owned()])),
            Act::Early => {}
            Act::Drop => rows.push(row(vec!["* drop".to_owned()])),
            Act::DropAtOnce => rows.push(row(vec!["* drop at-once".to_owned()])),
            Act::Guide => rows.push(row(Vec::new())),
        }
    }
    (rows, first)
}

fn row(left: Vec<String>) -> Beside {
    Beside { left, ..Beside::default() }
}

fn sent(line: &Sending) -> String {
    format!("> {}", line.shown())
}

fn content_lines(bytes: &[u8]) -> Vec<String> {
    let mut lines: Vec<String> =
        content::lines(bytes).take(CONTENT).map(|line| format!("| {}", escape::for_screen(line))).collect();
    let more = content::lines(bytes).count() - lines.len();
    if more > 0 {
        lines.push(format!("… {more} more line{}", if more == 1 { "" } else { "s" }));
    }
    lines
}
