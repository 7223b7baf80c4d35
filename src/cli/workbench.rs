//! `ehlo [TARGET]`: the workbench.

use std::fmt::Write as _;
use std::io::Write as _;

use super::{Colour, Common, Exit};
use crate::class::attend::Joining;
use crate::tui::run::{Launch, Recorded, check, run as run_workbench};
use crate::world::World;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[group(id = "workbench")]
pub(super) struct Arguments {
    /// Where to connect: lab:, a host or host:port, a profile, mx:DOMAIN, …; the start screen without it
    #[arg(value_name = "TARGET")]
    target: Vec<String>,
}

/// Runs it.
pub(super) fn run(arguments: &Arguments, common: &Common, world: &World) -> Exit {
    let target = (!arguments.target.is_empty()).then(|| arguments.target.join(" "));
    open(Launch { target, ..Launch::default() }, common, world)
}

/// Opens the workbench, and says on the plain screen afterwards what was recorded where.
pub(super) fn open(launch: Launch, common: &Common, world: &World) -> Exit {
    let plain = match common.color {
        Colour::Always => false,
        Colour::Never => true,
        Colour::Auto => world.variable("NO_COLOR").is_some_and(|value| !value.is_empty()),
    };
    let launch = Launch { plain, ..launch };
    let joining = launch.class.clone();
    if let Err(error) = check(world) {
        return complain(&error);
    }
    let runtime = match super::runtime::runtime(Some(2)) {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error),
    };
    let left = runtime.block_on(run_workbench(launch, world.clone()));
    // A task that still resolves a name must not hold up the way out.
    runtime.shutdown_background();
    match left {
        Ok(left) => {
            for warning in &left.warnings {
                super::complain("ehlo", warning);
            }
            let mut out = std::io::stdout();
            // The terminal may be gone by now.
            let _ = out.write_all(farewell(&left.recorded).as_bytes());
            // Whoever never was in the class has nothing there to come back to.
            if let Some(joining) = joining.filter(|_| !left.recorded.is_empty()) {
                let _ = out.write_all(back(&joining).as_bytes());
            }
            if left.interrupted { Exit::Interrupted } else { Exit::Done }
        }
        Err(error) => complain(&error),
    }
}

/// Conversations that are told of on leaving: more would push off the screen what stood there.
const TOLD: usize = 5;

/// Which conversation is in which file; of many the last.
fn farewell(recorded: &[Recorded]) -> String {
    let mut text = String::new();
    match recorded {
        [] => {}
        [one] => match &one.path {
            Ok(path) => {
                _ = writeln!(text, "{}", apart(format!("The conversation with {} is in", one.with), path));
                text.push_str(&missing(one));
            }
            Err(why) => _ = writeln!(text, "The conversation with {} was not recorded: {why}", one.with),
        },
        several => {
            text.push_str("Your conversations, in order:\n");
            let earlier = several.len().saturating_sub(TOLD);
            if earlier > 0 {
                _ = writeln!(text, "  … {earlier} before these; ehlo history lists all of them");
            }
            for one in &several[earlier..] {
                let words = format!("  {} with {}:", one.begun, one.with);
                match &one.path {
                    Ok(path) => _ = writeln!(text, "{}", apart(words, path)),
                    Err(why) => _ = writeln!(text, "{words} not recorded: {why}"),
                }
                text.push_str(&missing(one));
            }
        }
    }
    text
}

/// How much of a conversation is not in its file, where that is so.
fn missing(recorded: &Recorded) -> String {
    match recorded.missing {
        0 => String::new(),
        1 => "  1 record of it could not be written and is missing there\n".to_owned(),
        n => format!("  {n} records of it could not be written and are missing there\n"),
    }
}

/// How a student comes back to the class.
fn back(joining: &Joining) -> String {
    // A name may be anything that a person types.
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
    let quoted = |word: &str| {
        let as_it_is = !word.is_empty() && word.chars().all(is_plain);
        if as_it_is { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
    };
    let [server, code, name] = [&joining.server, &joining.code, &joining.name].map(|word| quoted(word));
    let words = format!(
        "You come back by the same name, and go on from there:\n  ehlo learn --join {server} {code} --name {name}\n"
    );
    words.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

/// Words and a path: on a line of its own where a usual terminal would break it in its middle.
fn apart(words: String, path: &std::path::Path) -> String {
    const USUAL: usize = 80;
    let path = path.display().to_string();
    let between = if words.chars().count() + path.chars().count() < USUAL { " " } else { "\n  " };
    words + between + &path
}

fn complain(error: &dyn std::error::Error) -> Exit {
    super::complain("ehlo", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_student_is_told_how_to_come_back_by_the_same_name() {
        let joining = |name: &str| Joining {
            server: "127.0.0.1:2600".to_owned(),
            code: "kilo-42".to_owned(),
            name: name.to_owned(),
        };
        let told = back(&joining("ben"));
        assert!(told.contains("same name") && told.ends_with("--join 127.0.0.1:2600 kilo-42 --name ben\n"), "{told}");
        assert!(back(&joining("ben o'h")).ends_with("--name 'ben o'\\''h'\n"), "{}", back(&joining("ben o'h")));
    }

    #[test]
    fn of_many_conversations_the_last_are_told_on_leaving() {
        let one = |n: usize| Recorded {
            with: "lab".to_owned(),
            begun: format!("14:{n:02}"),
            path: Ok(std::path::PathBuf::from(format!("/state/{n}.smtp"))),
            missing: 0,
        };
        let told = farewell(&(0..20).map(one).collect::<Vec<_>>());
        assert!(told.contains("… 15 before these; ehlo history lists all") && told.contains("14:19"), "{told}");
        assert!(!told.contains("14:14 ") && told.lines().count() == 2 + TOLD, "{told}");
        assert_eq!(farewell(&(0..5).map(one).collect::<Vec<_>>()).lines().count(), 1 + TOLD);
    }

    #[test]
    fn what_is_in_no_file_is_told_on_leaving() {
        let one = |path: Result<&str, &str>, missing| Recorded {
            with: "lab".to_owned(),
            begun: "14:00".to_owned(),
            path: path.map(std::path::PathBuf::from).map_err(str::to_owned),
            missing,
        };
        let (part, none) = (one(Ok("/s/1.smtp"), 58), one(Err("/s: no space left"), 0));
        let told = farewell(std::slice::from_ref(&part));
        assert_eq!(
            told,
            "The conversation with lab is in /s/1.smtp\n  58 records of it could not be written and are missing there\n"
        );
        let told = farewell(std::slice::from_ref(&none));
        assert_eq!(told, "The conversation with lab was not recorded: /s: no space left\n");
        let told = farewell(&[part, none]);
        assert!(told.contains("58 records") && told.contains("lab: not recorded: /s: no space left\n"), "{told}");
    }
}
