//! `results.csv`: one row for student and lesson (RFC 4180, UTF-8).

use super::{Outcome, Results};

/// A row of a sheet. A cell that a spreadsheet would take for a formula gets a `'` before it.
pub(super) fn row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| guarded(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

fn guarded(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    let quoted = cell.contains(['"', ',', '\r', '\n']);
    if quoted { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// The whole sheet, of these rows.
pub(super) fn results(results: &Results, rows: &[Outcome]) -> String {
    let head = [
        "name",
        "lesson",
        "version",
        "variant",
        "steps done",
        "steps",
        "points",
        "started",
        "finished",
        "seconds active",
        "hints",
        "wrong findings",
        "quiz wrong answers",
        "questions right",
        "attempt",
        "attempts",
        "transcript file",
        "hints given by the instructor",
        "questions answered",
        "hints in other attempts",
        "hints given by the instructor in other attempts",
        "wrong findings in other attempts",
    ];
    let mut sheet = row(&head.map(str::to_owned));
    let mut before = None;
    for one in rows {
        let (hints, given) = one.hints_asked_and_given();
        // They are asked of a student, and not of a lesson: once, so that whoever sums counts them once.
        let [right, answered] = if before == Some(&one.name) { Default::default() } else { questions(results, one) };
        let (beside, given_beside) = one.hints_beside();
        before = Some(&one.name);
        let version = results.lessons.iter().find(|lesson| lesson.name == one.lesson);
        sheet.push_str(&row(&[
            one.name.clone(),
            one.lesson.clone(),
            version.map_or_else(String::new, |lesson| lesson.sha256.chars().take(8).collect()),
            one.variant.chars().take(8).collect(),
            one.done.to_string(),
            one.steps.to_string(),
            one.points().to_string(),
            one.started.clone(),
            one.finished.clone().unwrap_or_default(),
            one.active.to_string(),
            hints.to_string(),
            one.wrong.len().to_string(),
            one.quiz.map_or_else(String::new, |wrong| wrong.to_string()),
            right,
            one.attempt.to_string(),
            one.attempts.max(one.attempt).to_string(),
            one.transcripts.iter().map(|(file, _)| file.as_str()).collect::<Vec<_>>().join(" "),
            given.to_string(),
            answered,
            beside.to_string(),
            given_beside.to_string(),
            one.others.iter().map(|other| other.wrong.len()).sum::<usize>().to_string(),
        ]));
    }
    sheet
}

/// How many of the questions about replies were answered rightly, and how many at all, of how many.
fn questions(results: &Results, one: &Outcome) -> [String; 2] {
    let asked = results.questions.iter().find(|answered| answered.name == one.name);
    asked.map(|it| [it.right, it.answered].map(|count| format!("{count} of {}", it.asked))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_would_be_a_formula_is_guarded_and_quotes_are_doubled() {
        let cells = ["=1+1", "-2", "@x", "+3", "a, \"b\"", "plain", "x=y"].map(str::to_owned);
        assert_eq!(row(&cells), "'=1+1,'-2,'@x,'+3,\"a, \"\"b\"\"\",plain,x=y\r\n");
    }
}
