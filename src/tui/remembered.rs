//! Lines sent before, kept between runs in `STATE/history`: private, bounded, each line once.

use std::io::{self, Write as _};
use std::path::Path;

/// Lines kept, the newest last.
const KEPT: usize = 2000;

/// The lines that were kept; none where there is no file or it can't be read.
pub(super) fn load(state: &Path) -> Vec<String> {
    let text = std::fs::read(state.join("history")).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Keeps a line. What another ehlo has kept meanwhile stays.
///
/// # Errors
/// The folder or the file can't be written.
pub(super) fn keep(state: &Path, line: &str) -> io::Result<()> {
    if line.is_empty() || line.contains(|c: char| c.is_control()) {
        return Ok(());
    }
    let mut lines = load(state);
    lines.retain(|old| old != line);
    lines.push(line.to_owned());
    let from = lines.len().saturating_sub(KEPT);
    std::fs::create_dir_all(state)?;
    let fresh = state.join(format!("history.{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut text = lines[from..].join("\n");
    text.push('\n');
    options.open(&fresh)?.write_all(text.as_bytes())?;
    std::fs::rename(&fresh, state.join("history"))
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
        assert_eq!((lines.len(), lines[1999].as_str()), (KEPT, "QUIT"));
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
