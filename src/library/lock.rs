//! Waiting a moment for a file that somebody else has locked: a list looks at each file under a lock, and a note is
//! appended under one; only who records keeps it for long.

use std::fs::TryLockError;
use std::time::Duration;

/// How often it is tried, and how long nothing is done between.
const TIMES: u32 = 10;
const BETWEEN: Duration = Duration::from_millis(20);

/// Tries to lock a file until nobody else has it, for a moment; an error other than that somebody has it is given at once.
pub(super) fn waited(mut lock: impl FnMut() -> Result<(), TryLockError>) -> Result<(), TryLockError> {
    for _ in 1..TIMES {
        match lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
            done => return done,
        }
    }
    lock()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::event::Remark;
    use crate::library::{annotate, is_recorded_into, remove};
    use std::fs::File;
    use std::time::Instant;

    #[test]
    fn whoever_only_looks_at_a_transcript_hinders_nobody() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("a.smtp");
        std::fs::write(&path, "+++\nehlo = 1\n+++\n0.100000 > NOOP\n").expect("written");
        let open = || File::open(&path).expect("it opens");
        let (looks, waits) = (open(), open());
        looks.lock_shared().expect("locked");
        let mut tried = 0;
        let done = waited(|| {
            tried += 1;
            if tried == 3 {
                looks.unlock().expect("let go");
            }
            waits.try_lock()
        });
        assert!(done.is_ok() && tried == 3, "{tried}");
        // Each has waited for it as long as it is waited at all.
        let all: [(&str, &dyn Fn() -> bool); 3] = [
            ("whether it is recorded into", &|| is_recorded_into(&path)),
            ("a note", &|| annotate(&path, None, &[Remark::new("note").value("slow")]).is_err()),
            ("to remove it", &|| remove(&path).is_err()),
        ];
        for (what, is_hindered) in all {
            let begun = Instant::now();
            assert!(is_hindered() && begun.elapsed() >= BETWEEN * (TIMES - 1), "{what}");
        }
    }

    #[test]
    fn whoever_records_is_waited_for_a_moment_only() {
        let mut tried = 0;
        let done = waited(|| {
            tried += 1;
            Err(TryLockError::WouldBlock)
        });
        assert!(matches!((tried, done), (TIMES, Err(TryLockError::WouldBlock))));
    }
}
