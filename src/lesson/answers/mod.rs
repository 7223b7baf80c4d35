//! Each step of a shipped lesson that wants an answer, on wordings of people: right ones tick it, others don't.

mod table;

use super::{Finding, Goal, Lesson, course};

/// What a goal has to say of a finding; nothing where it asks for no answer.
fn judges(goal: &Goal, finding: &Finding) -> Option<bool> {
    let parts = |goals: &[Goal]| -> Vec<bool> { goals.iter().filter_map(|goal| judges(goal, finding)).collect() };
    match goal {
        Goal::Answer(wanted) => Some(wanted.is_in(finding)),
        Goal::Not(goal) | Goal::Never(goal) => judges(goal, finding).map(|holds| !holds),
        Goal::All(goals) | Goal::InOrder(goals) => {
            let parts = parts(goals);
            (!parts.is_empty()).then(|| parts.iter().all(|holds| *holds))
        }
        Goal::Any(goals) => {
            let parts = parts(goals);
            (!parts.is_empty()).then(|| parts.iter().any(|holds| *holds))
        }
        Goal::Within(_, goal) | Goal::Same(_, goal) => judges(goal, finding),
        _ => None,
    }
}

#[test]
fn each_answer_of_a_shipped_lesson_takes_right_wordings_and_no_others() {
    let mut wrong = Vec::new();
    for (name, text) in course::shipped() {
        let lesson = Lesson::parse(&name, text).expect("well formed");
        for (n, step) in (1..).zip(&lesson.steps).filter(|(_, step)| step.wants_answer()) {
            // How many messages lie there is the learner's doing.
            let Some((.., right, others)) = table::TABLE.iter().find(|row| row.0 == name && row.1 == n) else {
                assert_eq!((name.as_str(), n), ("21-smuggling", 4), "a step that wants an answer has its row");
                continue;
            };
            let wordings = right.iter().map(|one| (one, true)).chain(others.iter().map(|one| (one, false)));
            for (wording, want) in wordings {
                if judges(&step.goal, &Finding::new(wording)) != Some(want) {
                    wrong.push(format!("{name} step {n}: {wording:?} should be {want}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_names_steps_that_want_an_answer() {
    for (name, step, right, others) in table::TABLE {
        let text = course::shipped().find(|(shipped, _)| shipped == name).expect("a lesson").1;
        let lesson = Lesson::parse(name, text).expect("well formed");
        assert!(lesson.steps[step - 1].wants_answer(), "{name} step {step}");
        assert!(right.len() >= 10 && others.len() >= 10, "{name} step {step}");
    }
}
