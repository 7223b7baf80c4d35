//! Lines sent before, kept between runs in `STATE/history`: private, bounded, each line once.
//!
//! Several ehlos keep theirs side by side: who appends or writes anew holds the lock on `STATE/history.lock` meanwhile.
//! What has grown is written anew, with what is kept of it; not before it has twice the size that may be kept, so that
//! this is seldom.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::private;

/// Lines kept, the newest last.
const KEPT: usize = 2000;
/// Octets of them that are kept.
const LARGE: usize = 256 * 1024;
/// How long the lock is waited for at once, and how often.
const WAIT: Duration = Duration::from_millis(1);
const MOST_WAITS: usize = 500;
/// A line of more octets was no command to be sent again.
const LONGEST: usize = 16 * 1024;

/// The lines that were kept; none where there is no file or it can't be read.
pub(super) fn load(state: &Path) -> Vec<String> {
    let text = std::fs::read(state.join("history")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut known = HashSet::new();
    let newest_first = text.lines().rev().filter(|line| !line.is_empty() && known.insert(*line));
    let mut octets = 0;
    let within = newest_first.take(KEPT).take_while(|line| {
        octets += line.len() + 1;
        octets <= LARGE
    });
    let mut lines: Vec<String> = within.map(str::to_owned).collect();
    lines.reverse();
    lines
}

/// Keeps a line. What another ehlo has kept meanwhile stays.
///
/// # Errors
/// The folder or the file can't be written.
pub(super) fn keep(state: &Path, line: &str) -> io::Result<()> {
    if line.is_empty() || line.len() > LONGEST || line.contains(|c: char| c.is_control()) {
        return Ok(());
    }
    private::create_folder(state)?;
    let alone = alone(state);
    let mut file = private::file().create(true).read(true).append(true).open(state.join("history"))?;
    let length = file.metadata()?.len();
    // Without the lock another one may be writing it anew just now.
    if alone.is_some() && length > 2 * LARGE as u64 {
        rewrite(state)?;
        file = private::file().create(true).read(true).append(true).open(state.join("history"))?;
    }
    // A line that a full disk cut off stays by itself.
    let gap = if length > 0 && !ends_a_line(&mut file)? { "\n" } else { "" };
    file.write_all(format!("{gap}{line}\n").as_bytes())
}

/// The lock, as long as it is held. Who holds it for longer than a moment was stopped, and some disks have no locks: the
/// line is kept without it then, since no key may wait for it.
fn alone(state: &Path) -> Option<File> {
    let lock = private::file().create(true).write(true).open(state.join("history.lock")).ok()?;
    for _ in 0..MOST_WAITS {
        match lock.try_lock() {
            Ok(()) => return Some(lock),
            Err(TryLockError::WouldBlock) => std::thread::sleep(WAIT),
            Err(TryLockError::Error(_)) => return None,
        }
    }
    None
}

/// Writes the file anew, beside its place first, so that there is never half of it. Who calls it holds the lock.
fn rewrite(state: &Path) -> io::Result<()> {
    let fresh = state.join(format!("history.{}", std::process::id()));
    let mut text = load(state).join("\n");
    text.push('\n');
    let written = private::file().create(true).write(true).truncate(true).open(&fresh).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        std::fs::rename(&fresh, state.join("history"))
    });
    if written.is_err() {
        // It may not be there.
        let _ = std::fs::remove_file(&fresh);
    }
    written
}

fn ends_a_line(file: &mut std::fs::File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_once_newest_last_and_no_more_than_the_bound() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        for line in ["NOOP", "RSET", "NOOP", "", "a\nb"] {
            keep(&state, line).unwrap();
        }
        assert_eq!(load(&state), ["RSET", "NOOP"]);
        let many = (0..3000).map(|n| format!("NOOP {n}")).collect::<Vec<_>>().join("\n");
        std::fs::write(state.join("history"), many).unwrap();
        keep(&state, "QUIT").unwrap();
        let lines = load(&state);
        assert_eq!((lines.len(), lines[1998].as_str(), lines[1999].as_str()), (KEPT, "NOOP 2999", "QUIT"));
    }

    #[test]
    fn a_file_that_has_grown_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let long = "x".repeat(1000);
        for n in 0..800 {
            keep(folder.path(), &format!("NOOP {} {long}", n % 3)).unwrap();
        }
        assert_eq!(load(folder.path()).len(), 3);
        let size = std::fs::metadata(folder.path().join("history")).unwrap().len();
        assert!(size <= 2 * LARGE as u64 + 2000, "{size}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "the history and its lock");
    }

    #[test]
    fn much_that_is_kept_is_not_written_anew_with_each_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        let long = "x".repeat(1000);
        let lines = |from: usize| (from..from + 300).map(|n| format!("NOOP {n} {long}\n")).collect::<Vec<_>>().concat();
        std::fs::write(&path, lines(0)).unwrap();
        keep(folder.path(), "NOOP").unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("NOOP 0 "), "it was only appended to");
        std::fs::write(&path, lines(0) + &lines(300)).unwrap();
        keep(folder.path(), "NOOP").unwrap();
        let size = std::fs::metadata(&path).unwrap().len();
        assert!(size <= LARGE as u64 + 5, "written anew: {size}");
        assert_eq!(load(folder.path()).last().map(String::as_str), Some("NOOP"));
    }

    #[test]
    fn no_line_is_lost_when_several_write_anew_at_once() {
        let folder = tempfile::tempdir().unwrap();
        // Of what is there already only one line is kept.
        let old = "NOOP old\n".repeat(2 * LARGE / 9 - 100);
        std::fs::write(folder.path().join("history"), old).unwrap();
        std::thread::scope(|scope| {
            for who in 0..4 {
                let state = folder.path();
                scope.spawn(move || (0..100).for_each(|n| keep(state, &format!("NOOP {who} {n}")).unwrap()));
            }
        });
        let lines = load(folder.path());
        assert_eq!(lines.len(), 401);
        assert!(std::fs::metadata(folder.path().join("history")).unwrap().len() < 100_000, "it was written anew");
    }

    #[test]
    fn several_ehlos_lose_no_line_of_each_other_and_a_torn_one_stays_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("history"), "NOOP to").unwrap();
        std::thread::scope(|scope| {
            for who in 0..4 {
                let state = folder.path();
                scope.spawn(move || (0..100).for_each(|n| keep(state, &format!("NOOP {who} {n}")).unwrap()));
            }
        });
        let lines = load(folder.path());
        assert!(lines.contains(&"NOOP to".to_owned()), "{:?}", &lines[..3]);
        for who in 0..4 {
            for n in 0..100 {
                assert!(lines.contains(&format!("NOOP {who} {n}")), "{who} {n}");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        keep(folder.path(), "NOOP").unwrap();
        let mode = std::fs::metadata(folder.path().join("history")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
