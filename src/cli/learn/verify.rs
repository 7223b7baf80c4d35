//! `ehlo learn verify FILE`: a class's results, judged again from their transcripts.

use std::path::Path;

use serde_json::json;

use super::{COMMAND, print, shown};
use crate::class::verify::{Verdict, verify};
use crate::cli::{Exit, complain};
use crate::world::World;

/// Runs it: 0 when the signature holds and all agrees, 1 when something does not, 2 for a file that can't be used.
pub(super) fn run(file: &Path, as_json: bool, world: &World) -> Exit {
    // The one file in an export that is verified.
    let inside = file.join("results.json");
    let file = if file.is_dir() { inside.as_path() } else { file };
    let verdict = match verify(file, world) {
        Ok(found) => found,
        Err(error) => return complain(COMMAND, shown(&error.to_string())),
    };
    let Verdict { signed, verified, .. } = &verdict;
    let holds = signed.holds();
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
        print(&json!({ "ehlo": 1, "signature": holds, "key": key, "results": results, "files": verdict.problems, "unsigned": verdict.unsigned }).to_string());
    } else {
        let words =
            if holds { "the signature holds" } else { "WRONG: the signature does not hold; something was changed" };
        print(&format!("class {}, written {}: {words}", shown(&signed.what.class), shown(&signed.what.written)));
        print(&format!(
            "key {} (compare it with what `ehlo lab export`, or x on the wall, said)",
            signed.fingerprint()
        ));
        for one in verified {
            let mark = if one.problems.is_empty() { "ok   " } else { "WRONG" };
            let who = shown(&format!("{} · {}", one.name, one.lesson));
            print(&format!("{mark}  {who}: {} steps", one.shown));
            for problem in &one.problems {
                print(&format!("       {}", shown(problem)));
            }
        }
        rest(&verdict);
        print(if verdict.agrees() {
            "Verdict: all is as it was signed, and the transcripts show what the results say."
        } else {
            "Verdict: NOT as it was signed, or not what the transcripts show; see the lines that begin with WRONG."
        });
    }
    if verdict.agrees() { Exit::Done } else { Exit::Refused }
}

/// The files beside the transcripts, what nobody has signed, and what can't be judged again.
fn rest(verdict: &Verdict) {
    if verdict.signed.what.files.is_empty() {
        print("not covered: results.csv, items.csv and certificates; only what stands in results.json is signed");
    } else {
        let count = verdict.whole;
        print(&format!("ok     {count} other files are as they were signed: the sheets and the certificates"));
    }
    for problem in &verdict.problems {
        print(&format!("WRONG  {}", shown(problem)));
    }
    for unsigned in &verdict.unsigned {
        print(&format!("WRONG  {} is signed by nobody; take it out", shown(unsigned)));
    }
    print(
        "The steps were judged again. Times, hints, quiz and questions are as the class has signed them; who sat at the",
    );
    print("keyboard no file can say.");
}
