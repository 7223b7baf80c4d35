//! What the library needs of the disk, done beside the loop.

use std::fs::File;
use std::io::ErrorKind::NotFound;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::UnboundedSender;

use super::{News, Row, Rows, Whole, Wish};
use crate::conversation::file::Reader;
use crate::interchange::import;
use crate::library::{self, AnnotateError, Limits, Query, RemoveError, Sought, Summary};
use crate::smtp::escape::for_screen;
use crate::tui::message::Message;
use crate::tui::read;
use crate::world::World;

/// Rows that are shown before all are there.
const FIRST: usize = 100;
/// Files that are looked into before what was found is told.
const AT_ONCE: usize = 50;
/// Octets of a transcript that are looked at in the list.
const PREVIEW: u64 = 128 * 1024;

/// Does what is wanted; `current` is the number of the search that goes on.
pub(in crate::tui) fn carry_out(wish: Wish, current: &Arc<AtomicU64>, world: &World, sender: UnboundedSender<Message>) {
    if let Wish::Find { number, .. } = &wish {
        current.store(*number, Ordering::Relaxed);
    }
    let (current, world) = (Arc::clone(current), world.clone());
    tokio::task::spawn_blocking(move || {
        // Nobody listens any more when the workbench has been left.
        let tell = |news| sender.send(Message::Library(news)).is_ok();
        match wish {
            Wish::List => list(&world, tell),
            Wish::Find { rows, text, number } => {
                let stale = || current.load(Ordering::Relaxed) != number;
                find(&rows, &text, number, &world, stale, tell);
            }
            Wish::Preview(path, line) => {
                if let Some(news) = preview(path, line) {
                    tell(news);
                }
            }
            Wish::Annotate(path, remarks) => {
                let news = match library::annotate(&path, None, &remarks) {
                    Ok(_) => News::Annotated(Box::new(row(library::summary(&path), &world))),
                    Err(AnnotateError::Io(error)) if error.kind() == NotFound => News::Gone(path),
                    Err(error) => News::Failed(format!("Not kept: {}: {error}", shown(&path))),
                };
                tell(news);
            }
            Wish::Prune(text) => {
                tell(News::Pruned(prune(&text, &world)));
            }
            Wish::Remove(paths) => {
                tell(remove(&paths));
            }
            Wish::Missing(rows) => {
                tell(missing(&rows));
            }
        }
    });
}

fn shown(path: &Path) -> String {
    for_screen(path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().as_bytes())
}

fn row(summary: Summary, world: &World) -> Row {
    let when = summary.when().map_or_else(String::new, |at| read::when(at, world.now(), &world.zone()));
    Row { summary, when }
}

fn list(world: &World, tell: impl Fn(News) -> bool) {
    let mut rows = Vec::new();
    let mut index = library::Index::new(&world.directories.state);
    for path in library::files(&world.directories.state) {
        if rows.len() == FIRST {
            newest_first(&mut rows);
            if !tell(News::Listed(Arc::new(rows.clone()), Whole::No)) {
                return;
            }
        }
        rows.push(row(index.summary(&path), world));
    }
    index.keep();
    newest_first(&mut rows);
    tell(News::Listed(Arc::new(rows), Whole::Yes));
}

/// By when they were; of the same time they stay as they were.
fn newest_first(rows: &mut [Row]) {
    rows.sort_by_key(|row| std::cmp::Reverse(row.summary.when()));
}

fn find(rows: &Rows, text: &str, number: u64, world: &World, stale: impl Fn() -> bool, tell: impl Fn(News) -> bool) {
    let query = match Query::read(text, world.now(), &world.zone()) {
        Ok(query) => query,
        Err(error) => {
            tell(News::Wrong(number, for_screen(error.to_string().as_bytes())));
            return;
        }
    };
    let mut hits = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        if stale() {
            return;
        }
        match query.look_into(&row.summary) {
            Ok(Sought::At(found)) => hits.push((place, Some(found))),
            Ok(Sought::Known) => hits.push((place, None)),
            // What can't be read any more is not found.
            Ok(Sought::Absent) | Err(_) => {}
        }
        let looked = place + 1;
        if looked.is_multiple_of(AT_ONCE) && looked < rows.len() {
            let hits = std::mem::take(&mut hits);
            if !tell(News::Found { number, hits, looked }) {
                return;
            }
        }
    }
    tell(News::Found { number, hits, looked: rows.len() });
}

/// The beginning of a transcript, or what of it can be read.
fn preview(path: PathBuf, line: Option<usize>) -> Option<News> {
    let mut octets = Vec::new();
    match File::open(&path).and_then(|file| file.take(PREVIEW).read_to_end(&mut octets)) {
        Ok(_) => {}
        Err(error) if error.kind() == NotFound => return Some(News::Gone(path)),
        Err(_) => return None,
    }
    octets.truncate(memchr::memrchr(b'\n', &octets).map_or(octets.len(), |end| end + 1));
    let mut reader = Reader::new();
    // What comes before a bad line is shown.
    let _ = reader.feed(&octets);
    let (document, _) = import::masked(reader.document().clone());
    let record = line.and_then(|line| line.checked_sub(document.line_of(0))).filter(|it| *it < document.log.len());
    let talk = read::talk(shown(&path), &path, document);
    Some(News::Preview(path, talk, record))
}

fn prune(text: &str, world: &World) -> Result<Vec<library::Pruned>, String> {
    let limits = Limits::read(text, world.now(), &world.zone()).map_err(|error| error.to_string())?;
    let all: Vec<_> = library::files(&world.directories.state).map(|path| library::summary(&path)).collect();
    let mut doomed = library::prune(&all, &limits);
    doomed.retain(|it| !library::is_locked(&it.path));
    Ok(doomed)
}

fn remove(paths: &[PathBuf]) -> News {
    let (mut gone, mut why) = (Vec::new(), None);
    for path in paths {
        match library::remove(path) {
            Ok(()) => gone.push(path.clone()),
            Err(RemoveError::Recording) => {
                why =
                    Some(format!("{} stays: it is being held now, by this workbench or another program", shown(path)));
            }
            // Somebody else was faster.
            Err(RemoveError::Io(error)) if error.kind() == NotFound => gone.push(path.clone()),
            Err(error) => why = Some(format!("{} stays: {error}", shown(path))),
        }
    }
    News::Removed(gone, why)
}

fn missing(rows: &Rows) -> News {
    let paths = rows.iter().map(|row| &row.summary.path);
    News::Missing(paths.filter(|path| matches!(path.try_exists(), Ok(false))).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_goes_by_when_they_were_and_what_is_gone_is_told() {
        let state = tempfile::tempdir().expect("a directory");
        let folder = state.path().join("transcripts/2026");
        std::fs::create_dir_all(&folder).expect("made");
        let put = |name: &str, head: &str| {
            let path = folder.join(name);
            std::fs::write(&path, format!("+++\nehlo = 1\n{head}+++\n0.000000 < 220 mx\n")).expect("written");
            path
        };
        let recorded = put("2026-11-23-140200-mx.smtp", "started = 2026-11-23T14:02:00.000Z\n");
        let import = put("zz.smtp", "clock = \"none\"\n");
        let file = File::options().append(true).open(&import).expect("open");
        file.set_modified(std::time::UNIX_EPOCH).expect("set");
        let directories = crate::world::Directories {
            config: state.path().into(),
            data: state.path().into(),
            state: state.path().into(),
        };
        let world = World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1);
        let listed = std::cell::RefCell::new(Vec::new());
        list(&world, |news| {
            let News::Listed(rows, _) = news else { panic!("a list") };
            listed.borrow_mut().extend(rows.iter().map(|row| row.summary.path.clone()));
            true
        });
        assert_eq!(listed.into_inner(), [recorded.clone(), import.clone()]);
        std::fs::remove_file(&import).expect("removed");
        assert!(matches!(preview(import.clone(), None), Some(News::Gone(gone)) if gone == import));
        let rows = [&recorded, &import].map(|path| row(Summary { path: path.clone(), ..Summary::default() }, &world));
        let gone = missing(&Arc::new(rows.into()));
        assert!(matches!(gone, News::Missing(gone) if gone == std::slice::from_ref(&import)));
        assert!(matches!(remove(std::slice::from_ref(&import)), News::Removed(gone, None) if gone == [import]));
    }
}
