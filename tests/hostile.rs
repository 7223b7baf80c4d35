//! Hostile and broken peers: a table of behaviours, each met in the workbench and by `ehlo run`.
//!
//! Whatever a peer does: nothing hangs or panics, keys are painted, memory is bounded, nothing of the peer's is acted on
//! by the terminal, what happened is said with the next step, and Ctrl-Q leaves a whole terminal. A new behaviour is one
//! entry in a table of `tests/hostile/`. `EHLO_HOSTILE=WORDS cargo test --test hostile -- --nocapture` runs those with
//! WORDS in their names and shows the screens.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

#[path = "hostile/mod.rs"]
mod hostile;
#[path = "support/secure.rs"]
#[expect(dead_code, reason = "other tests use the rest of the harness")]
mod secure;
#[path = "support/terminal.rs"]
#[expect(dead_code, reason = "other tests use the rest of the harness")]
mod terminal;

use hostile::behaviour::Behaviour;
use hostile::bench::{self, Figures};
use hostile::table;

/// Peers that are met at the same time; most of them wait for time-outs. `EHLO_HOSTILE_AT_ONCE=1` is for figures.
const AT_ONCE: usize = 6;

/// Who meets a peer.
#[derive(Debug, Clone, Copy)]
enum By {
    Workbench,
    Run,
}

/// Meets every behaviour both ways; panics with all that failed.
fn meet(behaviours: &[Behaviour]) {
    let wanted = std::env::var("EHLO_HOSTILE").ok();
    let at_once = std::env::var("EHLO_HOSTILE_AT_ONCE").ok().and_then(|count| count.parse().ok()).unwrap_or(AT_ONCE);
    let meetings = behaviours
        .iter()
        .filter(|behaviour| wanted.as_ref().is_none_or(|words| behaviour.name.contains(words)))
        .flat_map(|behaviour| [(behaviour, By::Workbench), (behaviour, By::Run)])
        .collect::<VecDeque<_>>();
    let queue = Mutex::new(meetings);
    let failed = Mutex::new(Vec::new());
    let worst = Mutex::new(Figures::default());
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().pop_front();
                    let Some((behaviour, by)) = next else { return };
                    match met(behaviour, by) {
                        Ok(figures) => note(&behaviour.name, by, &figures, &mut worst.lock().unwrap()),
                        Err(words) => failed.lock().unwrap().push(format!("{} ({by:?}): {words}", behaviour.name)),
                    }
                }
            });
        }
    });
    let worst = worst.into_inner().unwrap();
    say(&format!("worst: key to paint {:?}, Ctrl-Q {:?}, memory {} MiB", worst.paint, worst.leave, worst.memory >> 20));
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of the meetings failed\n\n{}", failed.len(), failed.join("\n\n"));
}

/// A meeting; a panic in it is a failure like any other.
fn met(behaviour: &Behaviour, by: By) -> Result<Figures, String> {
    let meeting = || match by {
        By::Workbench => bench::workbench(behaviour),
        By::Run => bench::headless(behaviour),
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(meeting)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        Err(words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned())
    })
}

fn note(name: &str, by: By, figures: &Figures, worst: &mut Figures) {
    let Figures { paint, leave, memory, showed } = figures;
    let millis = |time: &Duration| time.as_millis();
    say(&format!("{name} ({by:?}): paint {} ms, leave {} ms, {} MiB", millis(paint), millis(leave), memory >> 20));
    say(showed);
    worst.paint = worst.paint.max(*paint);
    worst.leave = worst.leave.max(*leave);
    worst.memory = worst.memory.max(*memory);
}

#[test]
fn whatever_a_peer_does_the_workbench_and_the_runner_hold() {
    let behaviours = table::all(table::Size::Small);
    assert!(behaviours.len() >= 55, "{} behaviours", behaviours.len());
    let mut names: Vec<_> = behaviours.iter().map(|behaviour| &behaviour.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), behaviours.len(), "a name stands twice");
    meet(&behaviours);
}

#[test]
#[ignore = "takes minutes: floods of their full size"]
fn floods_of_their_full_size_are_held_too() {
    meet(&table::floods(table::Size::Full));
}

/// On the test's output, which is shown with `--nocapture`.
fn say(words: &str) {
    use std::io::Write as _;
    // Nobody may be reading.
    let _ = writeln!(std::io::stdout(), "{words}");
}
