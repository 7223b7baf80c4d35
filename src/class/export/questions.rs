//! The questions about replies, each with what was answered and what was right: `questions.csv`, and the same for
//! `results.json`. So whoever asked them, and whoever was asked, can look at each again.

use super::sheet::row;
use super::{Answered, OfQuestion, Results};
use crate::class::Class;
use crate::class::pool::letter;
use crate::class::student::Student;

/// What came of the questions for one student; none where none are asked.
pub(super) fn answered(class: &Class, student: &Student, name: &str) -> Option<Answered> {
    let asked = class.settings.questions;
    let (answered, right) = student.answered();
    let each = each(class, student);
    (asked > 0).then(|| Answered { name: name.to_owned(), asked, answered, right, each })
}

fn each(class: &Class, student: &Student) -> Vec<OfQuestion> {
    let of = class.questions_as_asked(student).unwrap_or_default().into_iter().map(|(question, given)| OfQuestion {
        reply: question.reply,
        answers: question.answers,
        right: letter(question.right),
        given: given.map(letter),
    });
    of.collect()
}

/// The whole sheet: one row for student and question.
pub(super) fn sheet(results: &Results) -> String {
    let head = ["name", "question", "reply", "a", "b", "c", "d", "given", "right"];
    let mut sheet = row(&head.map(str::to_owned));
    for answered in &results.questions {
        for (number, one) in (1..).zip(&answered.each) {
            let number: usize = number;
            let mut cells = vec![answered.name.clone(), number.to_string(), one.reply.clone()];
            cells.extend(one.answers.iter().cloned());
            cells.extend([one.given.map_or_else(String::new, String::from), one.right.to_string()]);
            sheet.push_str(&row(&cells));
        }
    }
    sheet
}
