//! Roles, not colours: what a text is; a theme says how it looks.
//!
//! Themes are data: `assets/themes/NAME.toml`, and the user's own under `themes/` in the data directory. `choose` takes
//! one by what the terminal and the user say.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::assets;

/// What a text is. Each has a glyph or a word beside its colour on the screen, so that no meaning hangs on colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Plain text.
    Text,
    /// A line from client to server.
    Sent,
    /// A line from server to client.
    Received,
    /// A refusal.
    Refused,
    /// A remark of ehlo's.
    Remark,
    /// A warning, an escape of something unprintable, lint.
    Warning,
    /// What is focused: frames, titles, the open tab.
    Accent,
    /// Ghost text, content, times.
    Dim,
    /// The selected rows.
    Selection,
    /// Accepted.
    Good,
    /// Not accepted.
    Bad,
    /// What a search has found.
    Found,
}

impl Role {
    /// All, by their names in a theme's file.
    pub const NAMES: [(Self, &'static str); 12] = [
        (Self::Text, "text"),
        (Self::Sent, "sent"),
        (Self::Received, "received"),
        (Self::Refused, "refused"),
        (Self::Remark, "remark"),
        (Self::Warning, "warning"),
        (Self::Accent, "accent"),
        (Self::Dim, "dim"),
        (Self::Selection, "selection"),
        (Self::Good, "good"),
        (Self::Bad, "bad"),
        (Self::Found, "found"),
    ];
}

/// How each role looks. Without more said, that of [`Theme::sixteen`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; Role::NAMES.len()],
    /// Foreground and background of every cell that says nothing else; the terminal's own where there is none.
    ground: Option<(Color, Color)>,
}

impl Default for Theme {
    fn default() -> Self {
        Self::sixteen()
    }
}

impl Theme {
    /// Only the 16 colours that every terminal has.
    #[must_use]
    pub fn sixteen() -> Self {
        SHIPPED.named("sixteen").expect("it is shipped")
    }

    /// No colour: bold, underline, reverse.
    #[must_use]
    pub fn mono() -> Self {
        SHIPPED.named("mono").expect("it is shipped")
    }

    /// Reads a theme's file.
    ///
    /// # Errors
    /// What is wrong in it, with its line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut theme = Self { styles: [Style::new(); Role::NAMES.len()], ground: None };
        for (name, look) in &file.roles {
            let role = Role::NAMES.iter().find(|(_, known)| known == name);
            let Some((role, _)) = role else {
                let names: Vec<_> = Role::NAMES.iter().map(|(_, name)| *name).collect();
                return Err(format!("{name} is no role; there are {}", names.join(", ")));
            };
            theme.styles[*role as usize] = look.style()?;
        }
        if let (Some(foreground), Some(background)) = (&file.foreground, &file.background) {
            theme.ground = Some((colour(foreground)?, colour(background)?));
        }
        Ok(theme)
    }

    /// The style of a role.
    #[must_use]
    pub fn style(self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// The same with every colour put through a change.
    fn recoloured(mut self, change: impl Fn(Color) -> Color) -> Self {
        for style in &mut self.styles {
            (style.fg, style.bg) = (style.fg.map(&change), style.bg.map(&change));
        }
        self.ground = self.ground.map(|(foreground, background)| (change(foreground), change(background)));
        self
    }

    /// Whether a terminal of 16 colours can't show it.
    fn needs_more_than_sixteen(&self) -> bool {
        let colours = self.styles.iter().flat_map(|style| [style.fg, style.bg]).flatten();
        let mut colours = colours.chain(self.ground.into_iter().flat_map(|(fore, back)| [fore, back]));
        colours.any(|colour| matches!(colour, Color::Rgb(..) | Color::Indexed(16..)))
    }

    /// Gives every cell that has no colours of its own those of the theme.
    pub fn ground(self, buffer: &mut Buffer) {
        let Some((foreground, background)) = self.ground else { return };
        for cell in &mut buffer.content {
            if cell.fg == Color::Reset {
                cell.fg = foreground;
            }
            if cell.bg == Color::Reset {
                cell.bg = background;
            }
        }
    }
}

fn shipped(name: &str) -> Theme {
    let text = assets::text(&format!("themes/{name}.toml")).expect("it is compiled in");
    Theme::parse(text).expect("a test reads every shipped theme")
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// A word or two for people.
    #[serde(rename = "title")]
    _title: Option<String>,
    foreground: Option<String>,
    background: Option<String>,
    #[serde(default)]
    roles: BTreeMap<String, Look>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    dim: bool,
    #[serde(default)]
    italic: bool,
    #[serde(default)]
    underline: bool,
    #[serde(default)]
    reverse: bool,
}

impl Look {
    fn style(&self) -> Result<Style, String> {
        let mut style = Style::new();
        if let Some(fg) = &self.fg {
            style = style.fg(colour(fg)?);
        }
        if let Some(bg) = &self.bg {
            style = style.bg(colour(bg)?);
        }
        for (wanted, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.italic, Modifier::ITALIC),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
        ] {
            if wanted {
                style = style.add_modifier(modifier);
            }
        }
        Ok(style)
    }
}

/// `red`, `light-blue`, `dark-gray`, `#a3d18a`, or a number of the 256.
fn colour(text: &str) -> Result<Color, String> {
    text.parse().map_err(|_| format!("{text} is no colour; write red, light-blue, #a3d18a, or a number up to 255"))
}

/// The themes that there are, and which one is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Themes {
    all: Vec<(String, Theme)>,
    current: usize,
}

/// Those that come with ehlo, read once.
static SHIPPED: LazyLock<Themes> = LazyLock::new(|| {
    let mut themes = Themes { all: Vec::new(), current: 0 };
    let files = assets::ASSETS.get_dir("themes").into_iter().flat_map(include_dir::Dir::files);
    for name in files.filter_map(|file| file.path().file_stem()?.to_str()) {
        themes.add(name, shipped(name));
    }
    themes.choose("sixteen");
    themes
});

impl Default for Themes {
    fn default() -> Self {
        SHIPPED.clone()
    }
}

impl Themes {
    /// Adds one; it takes the place of another of the same name.
    pub fn add(&mut self, name: &str, theme: Theme) {
        match self.all.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = theme,
            None => self.all.push((name.to_owned(), theme)),
        }
    }

    /// Uses the one of this name from now on; false where there is none.
    pub fn choose(&mut self, name: &str) -> bool {
        let found = self.all.iter().position(|(known, _)| known == name);
        self.current = found.unwrap_or(self.current);
        found.is_some()
    }

    /// Fits all of them to a terminal: what it can't show is taken away, or shown in the nearest colours that it has.
    /// Gives the names of those that were taken away. On the Linux console a colour of the 2²⁴ becomes one of eight, and
    /// grey on white would be white on white.
    pub fn fit(&mut self, colours: Colours) -> Vec<String> {
        let used = self.all[self.current].0.clone();
        let mut gone = Vec::new();
        match colours {
            Colours::All => {}
            Colours::Many => self.all.iter_mut().for_each(|(_, theme)| *theme = theme.recoloured(indexed)),
            Colours::Few => self.all.retain(|(name, theme)| {
                let stays = !theme.needs_more_than_sixteen();
                gone.extend((!stays).then(|| name.clone()));
                stays
            }),
        }
        if self.all.is_empty() {
            // Somebody's own took the places of all that a terminal of few colours shows.
            self.add("mono", shipped("mono"));
        }
        self.current = 0;
        self.choose(&used);
        gone
    }

    /// The one of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Theme> {
        self.all.iter().find(|(known, _)| known == name).map(|(_, theme)| *theme)
    }

    /// The next one, in a ring, with its name.
    pub fn turn(&mut self) -> (&str, Theme) {
        self.current = (self.current + 1) % self.all.len();
        let (name, theme) = &self.all[self.current];
        (name, *theme)
    }

    /// The one that is used.
    #[must_use]
    pub fn current(&self) -> Theme {
        self.all[self.current].1
    }
}

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// 2²⁴, or nothing speaks against that.
    All,
    /// 256.
    Many,
    /// 16, 8 or none.
    Few,
}

/// How many colours a terminal has, by its environment.
#[must_use]
pub fn colours(variable: impl Fn(&str) -> Option<String>) -> Colours {
    const ALL: [&str; 8] = ["alacritty", "contour", "foot", "ghostty", "iterm", "kitty", "wezterm", "xterm-kitty"];
    let kind = variable("TERM").unwrap_or_default();
    let said = variable("COLORTERM").is_some_and(|value| matches!(value.as_str(), "truecolor" | "24bit"));
    if said || kind.is_empty() || kind.ends_with("-direct") || ALL.iter().any(|known| kind.starts_with(known)) {
        Colours::All
    } else if kind.contains("256") {
        Colours::Many
    } else {
        Colours::Few
    }
}

/// The one of the 256 colours that is nearest: of the cube of six steps a side, or of the greys.
fn indexed(colour: Color) -> Color {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let Color::Rgb(r, g, b) = colour else { return colour };
    let far = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    let step = |value: u8| (0_u8..).zip(STEPS).min_by_key(|(_, step)| far(*step, value)).unwrap_or_default();
    let cube = [r, g, b].map(step);
    let of_cube = 16 + cube.iter().fold(0, |number, (step, _)| number * 6 + step);
    let distance = |shown: [u8; 3]| far(shown[0], r) + far(shown[1], g) + far(shown[2], b);
    let greys = (0..24).map(|n| (distance([8 + 10 * n; 3]), 232 + n));
    let all = greys.chain([(distance(cube.map(|(_, value)| value)), of_cube)]);
    Color::Indexed(all.min().map_or(of_cube, |(_, number)| number))
}

/// The name of the theme that fits a terminal, by its environment: `light` or `dark` where it says that it has all
/// colours, `mono` where it is of a kind that has none, else `sixteen`.
#[must_use]
pub fn fitting(variable: impl Fn(&str) -> Option<String>) -> &'static str {
    let all_colours = variable("COLORTERM").is_some_and(|value| matches!(value.as_str(), "truecolor" | "24bit"))
        || variable("TERM").is_some_and(|value| value.ends_with("-direct"));
    let kind = variable("TERM").unwrap_or_default();
    let old = ["vt1", "vt2", "vt3", "vt4"].iter().any(|model| kind.starts_with(model));
    if old || kind == "vt52" || kind.ends_with("-m") || kind.ends_with("-mono") {
        return "mono";
    }
    // rxvt and others: foreground;background, as numbers of the 16 colours.
    let background = variable("COLORFGBG").and_then(|value| value.rsplit(';').next()?.parse::<u8>().ok());
    match (all_colours, background) {
        (true, Some(7 | 9..=15)) => "light",
        (true, _) => "dark",
        (false, _) => "sixteen",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2, 1.4.3).
    fn luminance(colour: Color) -> f64 {
        let Color::Rgb(r, g, b) = colour else { panic!("{colour} is not one of all colours") };
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn contrast(a: Color, b: Color) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_shipped_theme_can_be_read_and_names_every_role() {
        let folder = assets::ASSETS.get_dir("themes").expect("shipped");
        assert!(folder.files().count() >= 4);
        for file in folder.files() {
            let text = file.contents_utf8().expect("text");
            Theme::parse(text).unwrap_or_else(|error| panic!("{}: {error}", file.path().display()));
            let table: toml::Table = text.parse().expect("a table");
            let roles = table["roles"].as_table().expect("a table");
            for (_, name) in Role::NAMES {
                assert!(roles.contains_key(name), "{}: {name} is missing", file.path().display());
            }
        }
    }

    #[test]
    fn every_text_of_dark_and_light_stands_out_from_its_ground() {
        for name in ["dark", "light"] {
            let theme = shipped(name);
            let (foreground, background) = theme.ground.expect("a ground of its own");
            for (role, word) in Role::NAMES {
                let style = theme.style(role);
                let got = contrast(style.fg.unwrap_or(foreground), style.bg.unwrap_or(background));
                assert!(got >= 4.5, "{name}: {word} has a contrast of {got:.2}");
            }
        }
    }

    #[test]
    fn a_terminal_gets_no_colour_that_it_has_not() {
        for (variables, want) in [
            (&[("TERM", "linux")][..], Colours::Few),
            (&[("TERM", "vt100")], Colours::Few),
            (&[("TERM", "xterm")], Colours::Few),
            (&[("TERM", "screen-256color")], Colours::Many),
            (&[("TERM", "tmux-256color"), ("COLORTERM", "truecolor")], Colours::All),
            (&[("TERM", "xterm-kitty")], Colours::All),
            (&[], Colours::All),
        ] {
            let look = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(colours(look), want, "{variables:?}");
        }
        let mut themes = Themes::default();
        assert_eq!(themes.fit(Colours::Few), ["dark", "light"]);
        assert!(!themes.choose("light") && themes.current() == Theme::sixteen());
        for _ in 0..4 {
            assert!(!themes.turn().1.needs_more_than_sixteen());
        }
        let mut own = Themes::default();
        let names: Vec<String> = own.all.iter().map(|(name, _)| name.clone()).collect();
        for name in &names {
            own.add(name, shipped("dark"));
        }
        own.fit(Colours::Few);
        assert!(own.current() == Theme::mono() && own.turn().0 == "mono", "one is left");
    }

    #[test]
    fn in_256_colours_every_text_still_stands_out() {
        let shown = |colour: Color| match colour {
            Color::Indexed(n @ 232..) => Color::Rgb(8 + 10 * (n - 232), 8 + 10 * (n - 232), 8 + 10 * (n - 232)),
            Color::Indexed(n @ 16..) => {
                let step = |n: u8| [0, 95, 135, 175, 215, 255][usize::from(n % 6)];
                Color::Rgb(step((n - 16) / 36), step((n - 16) / 6), step(n - 16))
            }
            other => panic!("{other} is not one of the 256"),
        };
        let mut themes = Themes::default();
        assert!(themes.fit(Colours::Many).is_empty());
        for name in ["dark", "light"] {
            let theme = themes.named(name).expect("it is there");
            let (foreground, background) = theme.ground.expect("a ground of its own");
            for (role, word) in Role::NAMES {
                let style = theme.style(role);
                let (fore, back) = (style.fg.unwrap_or(foreground), style.bg.unwrap_or(background));
                let got = contrast(shown(fore), shown(back));
                assert!(got >= 4.5, "{name}: {word} has a contrast of {got:.2}");
            }
        }
    }

    #[test]
    fn mono_has_no_colour_at_all() {
        for (role, _) in Role::NAMES {
            assert_eq!((Theme::mono().style(role).fg, Theme::mono().style(role).bg), (None, None));
        }
    }

    #[test]
    fn the_terminal_says_which_theme_fits() {
        for (variables, want) in [
            (&[][..], "sixteen"),
            (&[("COLORTERM", "truecolor")], "dark"),
            (&[("COLORTERM", "24bit"), ("COLORFGBG", "15;0")], "dark"),
            (&[("COLORTERM", "truecolor"), ("COLORFGBG", "0;15")], "light"),
            (&[("COLORFGBG", "0;15")], "sixteen"),
            (&[("TERM", "xterm-direct")], "dark"),
            (&[("TERM", "vt100")], "mono"),
            (&[("TERM", "vt220-8bit")], "mono"),
            (&[("TERM", "xterm-mono")], "mono"),
            (&[("TERM", "vt525")], "sixteen"),
            (&[("TERM", "linux")], "sixteen"),
        ] {
            let look = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(fitting(look), want, "{variables:?}");
        }
    }

    #[test]
    fn what_is_wrong_in_a_theme_is_told() {
        assert!(Theme::parse("[roles]\nsend = {}").expect_err("no such role").contains("send is no role"));
        assert!(Theme::parse("[roles]\nsent = { fg = \"reddish\" }").expect_err("no colour").contains("reddish"));
    }
}
