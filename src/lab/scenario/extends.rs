//! `extends`: a scenario that says only what is otherwise than in another one (S1).
//!
//! Tables merge key by key; a domain or an account of the same name takes the other's place; the own rules and the own
//! `[[pretend]]` stand before those of the other; title, story and checks are never taken over.

use toml::{Table, Value};

use super::{Scenario, ScenarioError};

/// How many scenarios may build on one another.
pub(super) const DEEPEST: usize = 8;

/// Finds a scenario's text by its name.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads a scenario with all that it builds on.
///
/// # Errors
/// What is wrong, with its line where that is in this text, and what would be right.
pub(super) fn read(name: &str, text: &str, lookup: Lookup<'_>) -> Result<Scenario, ScenarioError> {
    let failed = |error| ScenarioError::from_toml(name, text, &error);
    let table: Table = toml::from_str(text).map_err(failed)?;
    if !table.contains_key("extends") {
        return toml::from_str(text).map_err(failed);
    }
    // Read by itself first: what is wrong in it has a line here, and none once it is merged.
    let whole = if table.contains_key("capabilities") {
        text.to_owned()
    } else {
        format!("{text}\n[capabilities]\nadvertise = []\n")
    };
    let alone: Scenario = toml::from_str(&whole).map_err(failed)?;
    let merged = merged(name, table, lookup, DEEPEST)?;
    let mut scenario: Scenario = merged.try_into().map_err(|error: toml::de::Error| ScenarioError::Senseless {
        name: name.to_owned(),
        what: super::error::explain(error.message(), super::error::cure),
    })?;
    scenario.checks = alone.checks;
    Ok(scenario)
}

/// A table with what it builds on below it.
fn merged(name: &str, mut table: Table, lookup: Lookup<'_>, deepest: usize) -> Result<Table, ScenarioError> {
    let wrong = |what: String| ScenarioError::Unbuilt { name: name.to_owned(), what };
    table.remove("check");
    let Some(parent) = table.remove("extends") else { return Ok(table) };
    let parent = parent.as_str().unwrap_or_default();
    if deepest == 0 {
        return Err(wrong(format!("extends goes on for more than {DEEPEST} scenarios, or in a circle")));
    }
    let text = lookup(parent).ok_or_else(|| {
        wrong(format!("extends = {parent:?}: there is no such scenario; `ehlo lab list` shows those that there are"))
    })?;
    let below: Table = toml::from_str(&text).map_err(|error| ScenarioError::from_toml(parent, &text, &error))?;
    let mut below = merged(parent, below, lookup, deepest - 1)?;
    for own in ["title", "story", "teaches"] {
        below.remove(own);
    }
    Ok(merge(below, table))
}

fn merge(mut below: Table, above: Table) -> Table {
    for (key, value) in above {
        let under = below.remove(&key);
        let value = match (key.as_str(), under, value) {
            ("rule" | "pretend", Some(Value::Array(under)), Value::Array(mut own)) => {
                own.extend(under);
                Value::Array(own)
            }
            ("domain", Some(Value::Array(under)), Value::Array(own)) => Value::Array(replaced(under, own, "name")),
            ("account", Some(Value::Array(under)), Value::Array(own)) => Value::Array(replaced(under, own, "user")),
            (_, Some(Value::Table(under)), Value::Table(own)) => Value::Table(merge(under, own)),
            (_, _, own) => own,
        };
        below.insert(key, value);
    }
    below
}

/// Tables of a list, each in the place of the one that has the same value of `key`, or behind all others.
fn replaced(mut under: Vec<Value>, own: Vec<Value>, key: &str) -> Vec<Value> {
    for table in own {
        match under.iter().position(|known| known.get(key).is_some() && known.get(key) == table.get(key)) {
            Some(at) => under[at] = table,
            None => under.push(table),
        }
    }
    under
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = r#"
ehlo = 1
title = "Base"
[server]
name = "mx.base.example"
seed = 7
[capabilities]
advertise = ["SIZE 100", "DSN"]
[[domain]]
name = "base.example"
[[domain.mailbox]]
name = "anna"
[[domain]]
name = "other.example"
[[rule]]
on = "NOOP"
reply = "250 base"
[[check]]
script = "< 220"
"#;

    fn child(text: &str) -> Result<Scenario, ScenarioError> {
        let text = format!("ehlo = 1\ntitle = \"Child\"\nextends = \"base\"\n{text}");
        read("child.toml", &text, &|name| match name {
            "base" => Some(BASE.to_owned()),
            "circle" => Some("ehlo = 1\ntitle = \"c\"\nextends = \"circle\"".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn what_is_not_said_is_as_in_the_other_scenario() {
        let scenario = child(
            "[server]\nseed = 8\n[[domain]]\nname = \"base.example\"\n[[domain.mailbox]]\nname = \"bert\"\n\
             [[rule]]\non = \"NOOP\"\nreply = \"250 child\"\n",
        )
        .expect("well formed");
        assert_eq!((scenario.title.as_str(), scenario.server.name.as_str()), ("Child", "mx.base.example"));
        assert_eq!((scenario.server.seed, scenario.capabilities.advertise.len()), (8, 2));
        let names: Vec<_> = scenario.domains.iter().map(|domain| domain.name.as_str()).collect();
        assert_eq!(names, ["base.example", "other.example"]);
        assert!(scenario.domains[0].find("bert").is_some() && scenario.domains[0].find("anna").is_none());
        let replies: Vec<_> = scenario.rules.iter().map(|rule| rule.reply.clone().expect("one").0).collect();
        assert_eq!(replies.iter().map(super::super::Template::text).collect::<Vec<_>>(), ["250 child", "250 base"]);
        assert!(scenario.checks.is_empty(), "the other's checks are about the other");
    }

    #[test]
    fn the_list_of_capabilities_is_taken_whole() {
        let scenario = child("[capabilities]\nadvertise = [\"HELP\"]\n").expect("well formed");
        assert_eq!(scenario.capabilities.advertise, ["HELP"]);
    }

    #[test]
    fn what_is_wrong_has_its_line_in_the_childs_own_text() {
        let said = |text: &str| child(text).expect_err("wrong").to_string();
        assert!(said("[server]\nsede = 8\n").starts_with("child.toml:5:1:"));
        assert!(said("[[rule]]\non = \"RCPTO\"\n").starts_with("child.toml:5:"));
        let text = "ehlo = 1\ntitle = \"x\"\nextends = \"nobody\"\n";
        let unknown = read("x.toml", text, &|_| None).expect_err("unknown").to_string();
        assert!(unknown.contains("\"nobody\": there is no such scenario"), "{unknown}");
        let text = "ehlo = 1\ntitle = \"x\"\nextends = \"circle\"\n";
        let circle = read("x.toml", text, &|_| Some(text.replace("\"x\"", "\"c\""))).expect_err("endless").to_string();
        assert!(circle.contains("in a circle"), "{circle}");
    }
}
