//! `ehlo lab list`: which scenarios there are, what one meets there, and what it teaches.

use serde_json::json;

use super::{print, say};
use crate::cli::Exit;
use crate::lab::scenario;
use crate::smtp::escape;
use crate::world::World;

/// Runs it: 0, or 2 when one of the user's own is not well formed.
pub(super) fn run(as_json: bool, world: &World) -> Exit {
    let mut exit = Exit::Done;
    let mut all = Vec::new();
    for name in scenario::names(world) {
        let scenario = match scenario::find(&name, world) {
            Ok(scenario) => scenario,
            Err(error) => {
                say(&format!("ehlo lab: {error}"));
                exit = Exit::Usage;
                continue;
            }
        };
        if as_json {
            all.push(json!({
                "name": name, "title": scenario.title, "story": scenario.story, "teaches": scenario.teaches,
                "checks": scenario.checks.len(),
            }));
            continue;
        }
        let shown = |text: &str| escape::for_screen(text.as_bytes());
        print(&format!("{name}  {}", shown(&scenario.title)));
        print(&format!("    {}", shown(&scenario.story)));
        if !scenario.teaches.is_empty() {
            print(&format!("    teaches: {}", shown(&scenario.teaches.join(", "))));
        }
    }
    if as_json {
        print(&json!({ "ehlo": 1, "scenarios": all }).to_string());
    }
    exit
}
