//! The README's pictures: SVG made from the cells of real screens, beside this file and not compiled in.
//!
//! `INSTA_UPDATE=always cargo test` renews them, as it does snapshots.

use std::fmt::Write as _;
use std::path::PathBuf;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::scenes::SCENES;
use crate::tui::text::width;
use crate::tui::theme::Themes;

/// A picture's file, its scene, and what it shows, for those who can't see it.
const PICTURES: [(&str, &str, &str); 4] = [
    ("start", "start", "The start screen of ehlo: find line, lab, lesson, profiles and recent conversations"),
    (
        "refused",
        "refused",
        "A refused relay in ehlo: the transcript, and beside it what the reply means and what to try",
    ),
    ("tls", "tab_tls", "The TLS panel of ehlo: version, cipher and certificate of a connection"),
    ("lesson", "lesson", "A lesson in ehlo: its steps, two of them ticked, beside the conversation"),
];
/// Columns and rows of a picture.
const SIZE: (u16, u16) = (120, 33);
/// Units of a cell.
const CELL: (u32, u32) = (8, 17);
/// Units from the top of a row to its base line.
const BASE: u32 = 13;
/// Units around the screen.
const MARGIN: u32 = 10;
const FONTS: &str = "ui-monospace, 'DejaVu Sans Mono', 'Cascadia Mono', Menlo, Consolas, 'Liberation Mono', monospace";

#[test]
fn the_readmes_pictures_are_as_the_screens_are() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/tui/gallery/pictures");
    let readme = std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("there");
    for (file, scene, title) in PICTURES {
        let scene = SCENES.iter().find(|entry| entry.name == scene).expect("a scene of this name");
        let mut screen = (scene.of)(SIZE.0, SIZE.1);
        screen.model.theme = Themes::default().named("dark").expect("it is shipped");
        let picture = drawn(&screen.drawn(), title);
        let path = folder.join(format!("{file}.svg"));
        if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
            std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, &picture)).expect("written");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == picture, "{file}.svg is out of date; INSTA_UPDATE=always renews it");
        assert!(readme.contains(&format!("src/tui/gallery/pictures/{file}.svg")), "the README shows {file}.svg");
    }
}

/// A screen as SVG: its words are text, each run of cells that look alike at its own place; its frames are drawn, so that
/// they meet whatever the font is.
fn drawn(buffer: &Buffer, title: &str) -> String {
    let (columns, rows) = (u32::from(buffer.area.width), u32::from(buffer.area.height));
    let (wide, high) = (columns * CELL.0 + 2 * MARGIN, rows * CELL.1 + 2 * MARGIN);
    let ground = buffer[(0, buffer.area.height - 1)].bg;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" width=\"{wide}\" height=\"{high}\" \
         role=\"img\">\n<title>{}</title>\n<rect width=\"{wide}\" height=\"{high}\" rx=\"8\" fill=\"{}\"/>\n\
         <g font-family=\"{FONTS}\" font-size=\"13\" xml:space=\"preserve\">\n",
        escaped(title),
        hex(ground)
    );
    for y in 0..buffer.area.height {
        for run in runs(buffer, y).iter().filter(|run| !run.is_blank(ground)) {
            run.draw(u32::from(y) * CELL.1 + MARGIN, ground, &mut svg);
        }
    }
    for (colour, path) in frames(buffer) {
        let line = "fill=\"none\" stroke-width=\"1\"";
        writeln!(svg, "<path d=\"{path}\" stroke=\"{}\" {line}/>", hex(colour)).expect("text takes all");
    }
    svg + "</g>\n</svg>\n"
}

/// Where a frame's character goes from the middle of its cell: left, right, up, down.
fn arms(symbol: &str) -> Option<[bool; 4]> {
    Some(match symbol {
        "─" => [true, true, false, false],
        "│" => [false, false, true, true],
        "┌" => [false, true, false, true],
        "┐" => [true, false, false, true],
        "└" => [false, true, true, false],
        "┘" => [true, false, true, false],
        "├" => [false, true, true, true],
        "┤" => [true, false, true, true],
        "┬" => [true, true, false, true],
        "┴" => [true, true, true, false],
        "┼" => [true; 4],
        _ => return None,
    })
}

/// The lines of the frames, a path for each colour.
fn frames(buffer: &Buffer) -> Vec<(Color, String)> {
    let mut paths: Vec<(Color, String)> = Vec::new();
    for (y, x) in (0..buffer.area.height).flat_map(|y| (0..buffer.area.width).map(move |x| (y, x))) {
        let cell = &buffer[(x, y)];
        let Some([left, right, up, down]) = arms(cell.symbol()) else { continue };
        let at = paths.iter().position(|(colour, _)| *colour == cell.fg).unwrap_or_else(|| {
            paths.push((cell.fg, String::new()));
            paths.len() - 1
        });
        let (x, y) = (u32::from(x) * CELL.0 + MARGIN, u32::from(y) * CELL.1 + MARGIN);
        let (middle, centre) = (x + CELL.0 / 2, y + CELL.1 / 2);
        let path = &mut paths[at].1;
        if left || right {
            let from = if left { x } else { middle };
            let to = if right { x + CELL.0 } else { middle };
            write!(path, "M{from} {centre}.5H{to}").expect("text takes all");
        }
        if up || down {
            let from = if up { y } else { centre };
            let to = if down { y + CELL.1 } else { centre };
            write!(path, "M{middle}.5 {from}V{to}").expect("text takes all");
        }
    }
    paths
}

/// Cells of a row that look alike.
struct Run {
    from: u32,
    columns: u32,
    text: String,
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

fn runs(buffer: &Buffer, y: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut skip = 0;
    for x in 0..buffer.area.width {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let cell = &buffer[(x, y)];
        let columns = width(cell.symbol()).max(1);
        skip = columns - 1;
        let columns = u32::try_from(columns).expect("a cell is narrow");
        if arms(cell.symbol()).is_some() && cell.bg == buffer[(0, buffer.area.height - 1)].bg {
            continue;
        }
        match runs.last_mut().filter(|run| run.goes_on(cell, x)) {
            Some(run) => {
                run.text.push_str(cell.symbol());
                run.columns += columns;
            }
            None => runs.push(Run {
                from: u32::from(x),
                columns,
                text: cell.symbol().to_owned(),
                fg: cell.fg,
                bg: cell.bg,
                modifier: cell.modifier,
            }),
        }
    }
    runs
}

impl Run {
    fn goes_on(&self, cell: &Cell, x: u16) -> bool {
        let alike = (self.fg, self.bg, self.modifier) == (cell.fg, cell.bg, cell.modifier);
        alike && self.from + self.columns == u32::from(x)
    }

    fn is_blank(&self, ground: Color) -> bool {
        self.text.trim().is_empty() && self.bg == ground
    }

    fn draw(&self, y: u32, ground: Color, svg: &mut String) {
        let x = self.from * CELL.0 + MARGIN;
        let wide = self.columns * CELL.0;
        if self.bg != ground {
            let fill = hex(self.bg);
            writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{}\" fill=\"{fill}\"/>", CELL.1)
                .expect("text takes all");
        }
        let bold = if self.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
        let line = if self.modifier.contains(Modifier::UNDERLINED) { " text-decoration=\"underline\"" } else { "" };
        writeln!(
            svg,
            "<text x=\"{x}\" y=\"{}\" textLength=\"{wide}\" fill=\"{}\"{bold}{line}>{}</text>",
            y + BASE,
            hex(self.fg),
            escaped(&self.text)
        )
        .expect("text takes all");
    }
}

fn hex(colour: Color) -> String {
    let Color::Rgb(r, g, b) = colour else { panic!("{colour}: the theme dark has all its colours as numbers") };
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
