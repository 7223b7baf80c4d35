//! `ehlo learn verify FILE`: a class's results, judged again from their transcripts.

use std::path::Path;

use serde_json::json;

use super::{COMMAND, print, shown};
use crate::class::sign::verify;
use crate::cli::{Exit, complain};
use crate::world::World;

/// Runs it: 0 when the signature holds and all agrees, 1 when something does not, 2 for a file that can't be used.
pub(super) fn run(file: &Path, as_json: bool, world: &World) -> Exit {
    let (signed, verified) = match verify(file, world) {
        Ok(found) => found,
        Err(error) => return complain(COMMAND, shown(&error.to_string())),
    };
    let holds = signed.holds();
    let agrees = verified.iter().all(|one| one.problems.is_empty());
    if as_json {
        let results: Vec<_> = verified
            .iter()
            .map(|one| {
                json!({
                    "name": one.name, "lesson": one.lesson, "said": one.said, "shown": one.shown,
                    "problems": one.problems,
                })
            })
            .collect();
        let key = signed.fingerprint();
        print(&json!({ "ehlo": 1, "signature": holds, "key": key, "results": results }).to_string());
    } else {
        let words =
            if holds { "the signature holds" } else { "WRONG: the signature does not hold; something was changed" };
        print(&format!("class {}, written {}: {words}", shown(&signed.what.class), shown(&signed.what.written)));
        print(&format!("key {} (compare it with what `ehlo lab export` said)", signed.fingerprint()));
        for one in &verified {
            let mark = if one.problems.is_empty() { "ok   " } else { "WRONG" };
            let who = shown(&format!("{} · {}", one.name, one.lesson));
            print(&format!("{mark}  {who}: {} steps", one.shown));
            for problem in &one.problems {
                print(&format!("       {}", shown(problem)));
            }
        }
    }
    if holds && agrees { Exit::Done } else { Exit::Refused }
}
