//! Every screen at every usual size, with its styles.
//!
//! A new screen is one entry in [`SCENES`]; the tests below draw it at each size, in the themes *dark* and *mono*, and
//! keep what came as a snapshot: the words, and below them a map of the styles, one letter a cell, with what the letter
//! looks like in each theme. The words must be the same in all themes.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use insta::assert_snapshot;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::action::{ACTIONS, Where};
use super::keymap::Keymap;
use super::message::Message;
use super::screen::{Screen, row};
use super::theme::{Role, Theme, Themes};

pub(super) mod certificates;
mod pictures;
mod scenes;

use scenes::{SCENES, Scene};

/// The sizes at which every screen is kept.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 33), (200, 50)];

#[test]
fn every_screen_at_80x24() {
    // Made smaller then, to a size at which something else begins: no screen breaks there.
    let mut sizes = [(40, 10), (45, 12), (71, 19), (72, 20), (99, 29), (100, 30)].into_iter().cycle();
    keep(SIZES[0], SCENES, |screen| {
        let (columns, rows) = sizes.next().expect("it never ends");
        screen.send(Message::Resize(columns, rows));
        assert_eq!(screen.shown().lines().count(), usize::from(rows));
    });
}

#[test]
fn every_screen_at_120x33() {
    keep(SIZES[1], SCENES, |_| {});
}

#[test]
fn every_screen_at_200x50() {
    let moved = moved_keys();
    keep(SIZES[2], SCENES, |screen| names_no_old_key(screen, &moved));
}

/// Every function key moved to another one.
fn moved_keys() -> Keymap {
    let mut keymap = Keymap::default();
    for (entry, (place, key)) in ACTIONS.iter().flat_map(|entry| entry.keys.iter().map(move |key| (entry, key))) {
        let (shift, rest) = key.strip_prefix("shift-").map_or(("", *key), |rest| ("shift-", rest));
        if let Some(n) = rest.strip_prefix('f').and_then(|n| n.parse::<u8>().ok()) {
            let (_, place) = Where::NAMES.iter().find(|(of, _)| of == place).expect("named");
            let moved = format!("[{place}]\n{key} = \"\"\n{shift}f{} = \"{}\"\n", n + 12, entry.name);
            assert_eq!(keymap.overlay(&moved), [] as [String; 0]);
        }
    }
    keymap
}

/// A text that names a key must follow the keymap.
fn names_no_old_key(screen: &mut Screen, moved: &Keymap) {
    // What was said in answer to a key was said with the keys of that time.
    screen.model.notice = None;
    screen.model.keymap = moved.clone();
    screen.send(Message::Resize(120, 33));
    let shown = screen.shown();
    let old = |word: &&str| {
        let number = word.trim_start_matches("Shift-").strip_prefix('F').and_then(|n| n.parse::<u8>().ok());
        number.is_some_and(|n| n <= 12)
    };
    let old = shown.split(|c: char| !c.is_alphanumeric() && c != '-' && c != ':').find(old);
    assert_eq!(old, None, "{shown}");
}

#[test]
fn screens_that_are_very_small_or_very_large() {
    let kept: Vec<Scene> =
        SCENES.iter().copied().filter(|scene| ["start", "refused", "message_content"].contains(&scene.name)).collect();
    assert_eq!(kept.len(), 3);
    for size in [(39, 9), (60, 16), (250, 70)] {
        keep(size, &kept, |_| {});
    }
}

/// Compares the scenes at a size with what was kept of them, and does with each what else is to be done with it, since
/// leading to a scene takes the time; says which ones differ.
fn keep((columns, rows): (u16, u16), scenes: &[Scene], mut then: impl FnMut(&mut Screen)) {
    let mut differ = Vec::new();
    for scene in scenes {
        let compared = AssertUnwindSafe(|| {
            let mut screen = (scene.of)(columns, rows);
            assert_snapshot!(format!("{}_{columns}x{rows}", scene.name), pictured(&mut screen));
            then(&mut screen);
        });
        if catch_unwind(compared).is_err() {
            differ.push(scene.name);
        }
    }
    assert!(differ.is_empty(), "at {columns}x{rows} other than kept, or broken: {}", differ.join(", "));
}

/// The words of a screen and the map of its styles.
fn pictured(screen: &mut Screen) -> String {
    let mut draw = |name: &str| {
        screen.model.theme = Themes::default().named(name).expect("it is shipped");
        (screen.model.theme, screen.drawn())
    };
    let (mono_theme, mono) = draw("mono");
    let (_, light) = draw("light");
    let (theme, dark) = draw("dark");
    let words = rows(&dark);
    assert_eq!(rows(&mono), words, "the words are the same in every theme");
    assert_eq!(rows(&light), words, "the words are the same in every theme");
    let (map, legend) = styles(theme, mono_theme, &dark, &mono);
    format!("{}\n\n{}\n\n{legend}", words.join("\n"), map.join("\n"))
}

fn rows(buffer: &Buffer) -> Vec<String> {
    (0..buffer.area.height).map(|y| row(buffer, y)).collect()
}

/// The letters of roles that a cell may have all to itself.
const LETTERS: [(Role, char); 11] = [
    (Role::Sent, 's'),
    (Role::Received, 'r'),
    (Role::Refused, 'x'),
    (Role::Remark, 'k'),
    (Role::Warning, 'w'),
    (Role::Accent, 'a'),
    (Role::Dim, 'd'),
    (Role::Selection, 'S'),
    (Role::Good, 'g'),
    (Role::Bad, 'b'),
    (Role::Found, 'f'),
];

/// How a cell looks.
type Look = (Color, Color, Modifier);

fn look(cell: &Cell) -> Look {
    (cell.fg, cell.bg, cell.modifier)
}

/// One letter a cell, and what each stands for; plain text and empty cells have none, and of a frame only the corners
/// have one. A row of the map that is like the
/// one above it is a ditto mark.
fn styles(theme: Theme, mono_theme: Theme, dark: &Buffer, mono: &Buffer) -> (Vec<String>, String) {
    let ground = {
        let mut cell = Buffer::empty(ratatui::layout::Rect::new(0, 0, 1, 1));
        theme.ground(&mut cell);
        look(&cell[(0, 0)])
    };
    let plain = (ground, (Color::Reset, Color::Reset, Modifier::empty()));
    let of_role = |role: Role| {
        let look = |theme: Theme, ground: (Color, Color)| {
            let style = theme.style(role);
            (style.fg.unwrap_or(ground.0), style.bg.unwrap_or(ground.1), style.add_modifier)
        };
        (look(theme, (ground.0, ground.1)), look(mono_theme, (Color::Reset, Color::Reset)))
    };
    let mut others = ('A'..='Z').filter(|c| *c != 'S');
    let mut letters: BTreeMap<String, (char, String)> = BTreeMap::new();
    let mut map = Vec::new();
    let mut above = String::new();
    for y in 0..dark.area.height {
        let mut line = String::new();
        for x in 0..dark.area.width {
            let looks = (look(&dark[(x, y)]), look(&mono[(x, y)]));
            let bare = [" ", "─", "│"].contains(&dark[(x, y)].symbol()) && dark[(x, y)].bg == ground.1;
            if looks == plain || bare && !mono[(x, y)].modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED) {
                line.push(' ');
                continue;
            }
            let (letter, _) = letters.entry(format!("{looks:?}")).or_insert_with(|| {
                let role = LETTERS.iter().find(|(role, _)| of_role(*role) == looks);
                let letter = role.map_or_else(|| others.next().expect("few looks"), |(_, letter)| *letter);
                let name = role.and_then(|(role, _)| Role::NAMES.iter().find(|(of, _)| of == role));
                let name = name.map_or("", |(_, name)| name);
                (
                    letter,
                    format!("{letter} {name:9} dark {:32} mono {}", worded(looks.0, ground), worded(looks.1, plain.1)),
                )
            });
            line.push(*letter);
        }
        let line = line.trim_end().to_owned();
        map.push(if line == above && !line.is_empty() { "\"".to_owned() } else { line.clone() });
        above = line;
    }
    let mut legend: Vec<_> = letters.into_values().collect();
    legend.sort();
    (map, legend.into_iter().map(|(_, words)| words.trim_end().to_owned()).collect::<Vec<_>>().join("\n"))
}

/// A look in words: what differs from the ground.
fn worded((fg, bg, modifier): Look, ground: Look) -> String {
    let mut words = Vec::new();
    if fg != ground.0 {
        words.push(fg.to_string());
    }
    if bg != ground.1 {
        words.push(format!("on {bg}"));
    }
    words.extend(modifier.iter_names().map(|(name, _)| name.to_lowercase()));
    if words.is_empty() { "plain".to_owned() } else { words.join(" ") }
}
