//! All that is wrong with a lesson's file at once, each with its line: what one mistake hides is looked at too.

use std::collections::BTreeSet;
use std::path::Path;

use super::course::{self, LessonError, cure};
use super::file::Lesson;
use super::sense::sense;
use crate::lab::scenario::mistakes::{self, Manner, Mistake, Without};
use crate::lab::scenario::{Draw, Step, at};
use crate::world::World;

/// How a lesson's text is read where it may be wrong.
const MANNER: Manner = Manner {
    stands_in: |key| match key {
        "ehlo" => Some("1"),
        "right" | "reaches" => Some("0"),
        "title" | "intro" | "text" | "say" | "ask" | "why" | "script" => Some("\"-\""),
        "goal" | "when" => Some("{ connected = true }"),
        "step" => Some("[]"),
        "answers" => Some("[\"-\", \"-\"]"),
        _ => None,
    },
    cure,
};

/// All that is wrong with how a lesson's file is written, in the order of its lines, with each of the values that vary in
/// it; beside that, its scenario. Empty where nothing is; what its scripts show is not looked at, nor a scenario that
/// alone is wrong.
#[must_use]
pub fn of_file(path: &Path, world: &World) -> Vec<LessonError> {
    match course::text(path) {
        Ok(text) => of_text(&path.display().to_string(), &text, world),
        Err(error) => vec![error],
    }
}

fn of_text(name: &str, text: &str, world: &World) -> Vec<LessonError> {
    let placed = |one: &Mistake| LessonError::at(name, text, one.at, one.what.clone());
    let broken = mistakes::syntax(text, cure);
    if !broken.is_empty() {
        return broken.iter().map(placed).collect();
    }
    let (draws, unknown) = match Lesson::draws(name, text, world) {
        Ok(draws) => (draws, None),
        Err(error) => (vec![Draw::default()], Some(error)),
    };
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for draw in draws {
        for mistake in all(text, &draw, unknown.is_none()) {
            if told.insert((mistake.at, mistake.what.clone())) {
                let with = if draw.is_empty() { String::new() } else { format!(" (with {draw})") };
                found.push(placed(&Mistake { what: format!("{}{with}", mistake.what), ..mistake }));
            }
        }
    }
    // A scenario that is wrong by itself is told by whoever plays the lesson; what else is not known of the names is told
    // by its own line already.
    let plays = found.is_empty() && unknown.is_none();
    if let Some(error) = Lesson::scenario_fault(name, text, world).filter(|_| !plays) {
        let tree = toml::de::DeTable::parse(text).map(toml::Spanned::into_inner).unwrap_or_default();
        found.push(LessonError::at(name, text, at(&tree, &[Step::Key("scenario")]), error.to_string()));
        found.sort_by_key(LessonError::line);
    }
    found
}

/// What is wrong with a text that is TOML, drawn like this. `drawn`: whether what varies in it is known.
fn all(text: &str, draw: &Draw, drawn: bool) -> Vec<Mistake> {
    let (filled, mut unfilled) = mistakes::filled(draw, text);
    let Without { value, tree, mistakes: mut found, maimed } = mistakes::read::<Lesson>(&filled, MANNER);
    let lacks_steps = |mistake: &Mistake| mistake.missing.as_deref() == Some("step");
    let stepless = found.iter().any(lacks_steps) || maimed.contains(&0);
    for (place, what) in value.iter().flat_map(sense) {
        // What was put in place of something wrong does not count, nor what depends on steps that could not be read.
        let table = at(&tree, &place[..place.len().min(2)]);
        let key = place.last();
        let hollow = maimed.contains(&table) && matches!(key, Some(Step::Key("tries" | "right" | "why")));
        let lost = stepless && value.as_ref().is_some_and(|lesson| lesson.steps.is_empty());
        let depends = matches!(key, Some(Step::Key("step" | "reaches" | "feedback")));
        if !(hollow || lost && depends) {
            found.push(Mistake::hard(at(&tree, &place), what));
        }
    }
    mistakes::put_back(&mut found, &filled, text);
    if drawn {
        found.append(&mut unfilled);
    }
    found.sort_by_key(Mistake::order);
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Directories;

    fn said(text: &str) -> Vec<String> {
        let at = tempfile::tempdir().expect("a folder");
        let folder = |name: &str| at.path().join(name);
        let world = World::real(Directories { config: folder("c"), data: folder("d"), state: folder("s") });
        of_text("mine.toml", text, &world).iter().map(ToString::to_string).collect()
    }

    fn is(text: &str, want: &[(&str, &str)]) {
        let said = said(text);
        let fits = said.len() == want.len()
            && said
                .iter()
                .zip(want)
                .all(|(said, (place, words))| said.starts_with(&format!("mine.toml:{place}:")) && said.contains(words));
        assert!(fits, "{want:#?}\n{said:#?}");
    }

    #[test]
    fn all_is_told_at_once_in_the_order_of_the_lines() {
        let text = r#"ehlo = 1
title = 5
level = 12
intro = "i"
[[step]]
text = "s"
goal = { sent = "QIUT" }
tries = 3
[[step.mistake]]
when = { never = { sent = { verb = "RSTE" } } }
say = ""
[[step]]
txet = "t"
goal = { snet = "NOPO" }
hints = ["a", ""]
[[step.mistake]]
say = "none"
[[quiz]]
ask = "q"
answers = ["a", "b"]
right = 2
why = ["a"]
[solution]
scirpt = ""
[[wrong]]
script = ""
reaches = 3
feedback = "step 2 mistake 2"
"#;
        let want = [
            ("2:9", "should be a text"),
            ("3:9", "goes from 1 to 9"),
            ("7:17", "did you mean \"QUIT\"?"),
            ("10:36", "did you mean \"RSET\"?"),
            ("11:7", "the text is empty"),
            ("13:1", "did you mean \"text\"?"),
            ("14:10", "did you mean \"sent\"?"),
            ("14:17", "did you mean \"NOOP\"?"),
            ("15:9", "hints is empty"),
            ("16:1", "the key \"when\" is missing"),
            ("21:9", "counts from 0"),
            ("22:7", "1 texts for 2 answers"),
            ("24:1", "did you mean \"script\"?"),
            ("27:11", "more than the 2 steps"),
            ("28:12", "there is no step 2 mistake 2"),
        ];
        is(text, &want);
    }

    #[test]
    fn a_text_that_is_not_closed_is_told_where_it_begins_and_nothing_below_it() {
        let text =
            "ehlo = 1\ntitle = \"t\"\n[[wrong]]\nscript = '''\n> NOOP\n< 250\n[solution]\nscript = '''\n> NOOP\n'''\n";
        is(text, &[("4:10", "''' has to stand after its last line")]);
        is("ehlo = 1\ntitle =\nintro = \"\"\"\ni\n", &[("2:8", ""), ("3:9", "is not closed")]);
    }

    #[test]
    fn a_scenario_that_is_not_there_is_told_with_what_else_is_wrong() {
        let head = "ehlo = 1\ntitle = \"t\"\nscenario = \"defalt\"\nintro = \"i\"\n";
        let step = "[[step]]\ntext = \"s\"\ngoal = { sent = \"QIUT\" }\n";
        is(&format!("{head}{step}"), &[("3:12", "there is no scenario defalt"), ("7:17", "did you mean \"QUIT\"?")]);
        let varies = "[[step]]\ntext = \"{{who}}\"\ngoal = { sent = \"QUIT\" }\n";
        is(&format!("{head}{varies}"), &[("3:12", "there is no scenario defalt")]);
    }

    #[test]
    fn what_one_mistake_leads_to_is_none_of_its_own() {
        is(
            "ehlo = 1\ntitle = \"t\"\nintro = \"i\"\nstep = 5\n[[wrong]]\nscript = \"\"\nreaches = 2\n",
            &[("4:8", "a list")],
        );
        let one = "ehlo = 1\ntitle = \"t\"\nintro = \"i\"\n";
        is(one, &[("1:1", "the key \"step\" is missing")]);
        is(&format!("{one}[[step]\ntext = 5\n[[quiz]\n"), &[("4:8", ""), ("6:8", "")]);
        let step = "[[step]]\ntext = \"{{who}} and {{how}}\"\ngoal = { sent = \"NOOP\" }\ntries = 2\n";
        is(
            &format!("{one}[vary]\nwhom = [\"a\", \"b\"]\n{step}"),
            &[("7:9", "{{who}}"), ("7:21", "{{how}}"), ("9:9", "`answer`")],
        );
        assert!(said(&format!("{one}[[step]]\ntext = \"s\"\ngoal = {{ sent = \"NOOP\" }}\n")).is_empty());
    }
}
