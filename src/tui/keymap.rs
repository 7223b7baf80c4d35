//! Which key does what: the action table's defaults, overlaid by the user's `keymap.toml`.
//!
//! The file has a table for each place, with a key and an action's name in each line; `""` takes a key away:
//!
//! ```toml
//! [everywhere]
//! ctrl-x = "quit"
//! [transcript]
//! q = ""
//! ```

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{ACTIONS, Action, Where};

/// A key with what is held down beside it. Shift is part of a character, never beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    held: KeyModifiers,
}

/// Keys that have names: as in the file, and as on the screen.
const NAMED: [(&str, &str, KeyCode); 16] = [
    ("enter", "Enter", KeyCode::Enter),
    ("esc", "Esc", KeyCode::Esc),
    ("tab", "Tab", KeyCode::Tab),
    ("backspace", "Backspace", KeyCode::Backspace),
    ("space", "Space", KeyCode::Char(' ')),
    ("up", "Up", KeyCode::Up),
    ("down", "Down", KeyCode::Down),
    ("left", "Left", KeyCode::Left),
    ("right", "Right", KeyCode::Right),
    ("home", "Home", KeyCode::Home),
    ("end", "End", KeyCode::End),
    ("pageup", "PgUp", KeyCode::PageUp),
    ("pagedown", "PgDn", KeyCode::PageDown),
    ("insert", "Ins", KeyCode::Insert),
    ("delete", "Del", KeyCode::Delete),
    ("menu", "Menu", KeyCode::Menu),
];

impl Key {
    /// Esc.
    pub const ESC: Self = Self { code: KeyCode::Esc, held: KeyModifiers::NONE };

    /// Reads `ctrl-p`, `f1`, `alt-up`, `G`, `enter`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut held = KeyModifiers::NONE;
        let mut rest = text;
        loop {
            let before = rest;
            for (word, modifier) in
                [("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT), ("shift-", KeyModifiers::SHIFT)]
            {
                if let Some(head) = rest.get(..word.len())
                    && head.eq_ignore_ascii_case(word)
                    && rest.len() > word.len()
                {
                    held |= modifier;
                    rest = &rest[word.len()..];
                }
            }
            if rest == before {
                break;
            }
        }
        let mut letters = rest.chars();
        let code = match (letters.next()?, letters.next()) {
            (c, None) => KeyCode::Char(c),
            _ => Self::named(&rest.to_ascii_lowercase())?,
        };
        Some(Self::new(code, held))
    }

    fn named(word: &str) -> Option<KeyCode> {
        if let Some(number) = word.strip_prefix('f').and_then(|n| n.parse().ok()) {
            return (1..=24).contains(&number).then_some(KeyCode::F(number));
        }
        NAMED.iter().find(|(name, _, _)| *name == word).map(|(_, _, code)| *code)
    }

    /// The key itself, by its parts.
    #[must_use]
    pub fn new(code: KeyCode, held: KeyModifiers) -> Self {
        let held = held & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        match code {
            KeyCode::BackTab => Self { code: KeyCode::Tab, held: held | KeyModifiers::SHIFT },
            KeyCode::Char(c) if held.contains(KeyModifiers::CONTROL) => {
                Self { code: KeyCode::Char(c.to_ascii_lowercase()), held: held - KeyModifiers::SHIFT }
            }
            KeyCode::Char(_) => Self { code, held: held - KeyModifiers::SHIFT },
            _ => Self { code, held },
        }
    }

    /// The same key without Alt, where it was held down beside a character.
    #[must_use]
    pub fn without_alt(self) -> Option<Self> {
        (matches!(self.code, KeyCode::Char(_)) && self.held.contains(KeyModifiers::ALT))
            .then(|| Self { code: self.code, held: self.held - KeyModifiers::ALT })
    }

    /// The event that this key makes.
    #[must_use]
    pub fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, self.held)
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        Self::new(event.code, event.modifiers)
    }
}

impl fmt::Display for Key {
    /// As on the screen: `Ctrl-P`, `F1`, `Alt-Up`, `G`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, word) in
            [(KeyModifiers::CONTROL, "Ctrl-"), (KeyModifiers::ALT, "Alt-"), (KeyModifiers::SHIFT, "Shift-")]
        {
            if self.held.contains(modifier) {
                f.write_str(word)?;
            }
        }
        match self.code {
            KeyCode::F(n) => write!(f, "F{n}"),
            KeyCode::Char(c) if c != ' ' && self.held.contains(KeyModifiers::CONTROL) => {
                write!(f, "{}", c.to_ascii_uppercase())
            }
            KeyCode::Char(c) if c != ' ' => write!(f, "{c}"),
            code => {
                let known = NAMED.iter().find(|(_, _, named)| *named == code);
                f.write_str(known.map_or("?", |(_, shown, _)| shown))
            }
        }
    }
}

/// A text that somebody else wrote (a server, a file, the user), for a place in a text that [`Keymap::told`] reads: a
/// server that says `{quit}` is quoted, and no key stands in its place.
#[must_use]
pub fn verbatim(text: &str) -> String {
    text.replace('{', "{{}")
}

/// The bindings, in the order of the action table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<(Where, Key, Action)>,
    /// Keys are named without letters that are not ASCII.
    ascii: bool,
}

impl Default for Keymap {
    fn default() -> Self {
        let bindings = ACTIONS.iter().flat_map(|entry| {
            entry.keys.iter().map(|(place, key)| {
                let key = Key::parse(key).expect("the table's keys can be read");
                (*place, key, entry.action)
            })
        });
        Self { bindings: bindings.collect(), ascii: false }
    }
}

impl Keymap {
    /// What a key does at this place, or else everywhere.
    #[must_use]
    pub fn action(&self, place: Where, key: Key) -> Option<Action> {
        [place, Where::Everywhere].into_iter().find_map(|place| {
            self.bindings.iter().find(|(at, bound, _)| *at == place && *bound == key).map(|(_, _, action)| *action)
        })
    }

    /// The keys of an action that are heard at this place, those of the place itself first.
    pub fn keys(&self, action: Action, place: Where) -> impl Iterator<Item = Key> + '_ {
        [place, Where::Everywhere].into_iter().enumerate().flat_map(move |(n, at)| {
            let doubled = n == 1 && place == Where::Everywhere;
            self.bindings
                .iter()
                .filter(move |(bound_at, key, bound)| {
                    !doubled && *bound_at == at && *bound == action && self.action(place, *key) == Some(action)
                })
                .map(|(_, key, _)| *key)
        })
    }

    /// From now on keys are named without letters that are not ASCII: of the arrow a > would be left, which is a key too.
    pub fn name_in_ascii(&mut self) {
        self.ascii = true;
    }

    /// The keys as shipped.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Keymap> = LazyLock::new(Keymap::default);
        &SHIPPED
    }

    /// The key to name for an action, wherever it is heard, the composer's first. Where it has none, the palette's key
    /// and the action's name lead there.
    #[must_use]
    pub fn key(&self, action: Action) -> String {
        let places = [Where::Composer, Where::Transcript, Where::Panel, Where::Start, Where::Lesson];
        let key = |action| places.into_iter().find_map(|place| self.keys(action, place).next());
        let name = action.entry().name;
        match (key(action), key(Action::Palette)) {
            (Some(key), _) => key.to_string(),
            (None, Some(palette)) => format!("{palette} {name}"),
            (None, None) => name.to_owned(),
        }
    }

    /// A text with each action in braces replaced by its key: `{reconnect} connects again` becomes `F5 connects again`.
    /// No text names the key of an action in any other way, since it may be bound to another. `{{}` is an opening brace,
    /// as [`verbatim`] writes it.
    #[must_use]
    pub fn told(&self, text: &str) -> String {
        self.told_with(text, |action| self.key(action))
    }

    /// The same for somebody who is at this place: where the action has a key there, that one is named.
    #[must_use]
    pub fn told_at(&self, place: Where, text: &str) -> String {
        let here = |action| self.keys(action, place).next().map(|key| key.to_string());
        self.told_with(text, |action| here(action).unwrap_or_else(|| self.key(action)))
    }

    fn told_with(&self, text: &str, key: impl Fn(Action) -> String) -> String {
        let text = if self.ascii { Cow::Owned(text.replace('→', "Right")) } else { Cow::Borrowed(text) };
        let mut told = String::new();
        let mut rest = &*text;
        while let Some((before, after)) = rest.split_once('{') {
            told.push_str(before);
            let named = after.split_once('}').and_then(|(name, left)| Some((Action::named(name)?, left)));
            rest = if let Some((action, left)) = named {
                told.push_str(&key(action));
                left
            } else if let Some(left) = after.strip_prefix("{}") {
                told.push('{');
                left
            } else {
                told.push('{');
                after
            };
        }
        told + rest
    }

    /// Lays the text of a `keymap.toml` over the bindings. Gives a warning for each entry that can't be understood;
    /// the others hold.
    pub fn overlay(&mut self, text: &str) -> Vec<String> {
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            Err(error) => {
                let what = error.message().to_owned();
                let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
                return vec![format!("keymap.toml:{line}: {what}; the keys are as shipped")];
            }
        };
        let mut warnings = Vec::new();
        for (name, keys) in &table {
            let known = Where::NAMES.iter().find(|(_, known)| known == name);
            let (Some((place, _)), Some(keys)) = (known, keys.as_table()) else {
                let places = Where::NAMES.map(|(_, name)| name).join(", ");
                warnings.push(format!("keymap.toml: `{name}` is no table of keys; there are {places}"));
                continue;
            };
            for (key, action) in keys {
                if let Err(warning) = self.bind(*place, key, action) {
                    warnings.push(format!("keymap.toml: {warning} ([{name}] {key} = {action})"));
                }
            }
        }
        warnings
    }

    fn bind(&mut self, place: Where, key: &str, action: &toml::Value) -> Result<(), String> {
        let turned = action.as_str().is_some_and(|name| Key::parse(name).is_some()) && Action::named(key).is_some();
        let bound = Key::parse(key).ok_or_else(|| {
            if turned {
                format!("the key stands on the left and `{key}` on the right")
            } else {
                format!("`{key}` is no key; write ctrl-p, f1, alt-up, G, enter")
            }
        })?;
        let name = action.as_str().ok_or_else(|| format!("`{key}` needs the name of an action in quotes"))?;
        let action = match name {
            "" => None,
            name => Some(Action::named(name).ok_or_else(|| {
                format!("`{name}` is no action; {} lists them, and \"\" frees the key", self.key(Action::Palette))
            })?),
        };
        self.bindings.retain(|(at, old, _)| *at != place || *old != bound);
        if let Some(action) = action {
            // In front, so that the footer shows the user's own key.
            self.bindings.insert(0, (place, bound, action));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_at_its_place_and_in_letters_that_the_terminal_has() {
        let mut keymap = Keymap::default();
        assert_eq!(keymap.told("{library} goes there"), "H goes there");
        assert_eq!(keymap.told_at(Where::Start, "{library} goes there"), "F3 goes there");
        assert_eq!(keymap.told("→ or Tab"), "→ or Tab");
        keymap.name_in_ascii();
        assert_eq!(keymap.told("→ or Tab"), "Right or Tab");
    }

    #[test]
    fn keys_are_read_and_shown() {
        for (text, shown) in [
            ("ctrl-p", "Ctrl-P"),
            ("f1", "F1"),
            ("shift-f6", "Shift-F6"),
            ("alt-up", "Alt-Up"),
            ("G", "G"),
            ("enter", "Enter"),
            ("-", "-"),
            ("ctrl--", "Ctrl--"),
            ("space", "Space"),
            ("pageup", "PgUp"),
        ] {
            assert_eq!(Key::parse(text).map(|key| key.to_string()).as_deref(), Some(shown));
        }
        for text in ["", "hyper-x", "f99", "entre", "ctrl-"] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_terminals_send_for_shift_does_not_matter() {
        let shifted = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Some(Key::from(shifted)), Key::parse("G"));
        let back = KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(Some(Key::from(back)), Key::parse("shift-tab"));
    }

    #[test]
    fn no_place_has_one_key_for_two_actions() {
        let map = Keymap::default();
        for (n, (place, key, action)) in map.bindings.iter().enumerate() {
            let double = map.bindings[..n].iter().find(|(p, k, _)| p == place && k == key);
            assert!(double.is_none(), "{key} in {place:?} is both {action:?} and {double:?}");
        }
    }

    #[test]
    fn a_single_key_is_laid_over_and_what_is_unknown_is_only_said() {
        let mut map = Keymap::default();
        let warnings = map.overlay(
            "[everywhere]\nctrl-v = \"quit\"\nhyper-y = \"quit\"\n[transcript]\nq = \"\"\nz = \"fly\"\n[attic]\na = \"quit\"\n",
        );
        let key = |text| Key::parse(text).expect("a key");
        assert_eq!(map.action(Where::Composer, key("ctrl-v")), Some(Action::Quit));
        assert_eq!(map.action(Where::Transcript, key("q")), None);
        assert_eq!(map.action(Where::Transcript, key("j")), Some(Action::Down), "the others stay");
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert!(warnings.iter().any(|w| w.contains("`fly`")));
        assert_eq!(map.keys(Action::Quit, Where::Composer).next(), Some(key("ctrl-v")), "the user's own key is shown");
    }

    #[test]
    fn a_warning_names_the_entry_and_says_what_stands_where() {
        let warnings =
            Keymap::default().overlay("[everywhere]\nquit = \"ctrl-x\"\n[transcript]\nf2 = \"none\"\nf3 = \"fly\"\n");
        assert_eq!(
            warnings[0],
            "keymap.toml: the key stands on the left and `quit` on the right ([everywhere] quit = \"ctrl-x\")"
        );
        assert!(
            warnings[1].contains("[transcript] f2 = \"none\"") && warnings[1].contains("\"\" frees the key"),
            "{warnings:?}"
        );
        assert!(warnings[2].contains("f3 = \"fly\""), "{warnings:?}");
    }

    #[test]
    fn a_text_names_the_keys_that_are_bound() {
        let mut map = Keymap::default();
        let text = "{reconnect} again, {fold} unfolds, {line-end}, {{auth}} and {x";
        assert_eq!(map.told(text), "F5 again, Space unfolds, Ctrl-P line-end, {{auth}} and {x");
        map.overlay("[everywhere]\nf5 = \"\"\nctrl-g = \"reconnect\"\n");
        assert_eq!(map.told("{reconnect} again"), "Ctrl-G again");
    }

    #[test]
    fn what_others_wrote_is_quoted_as_it_is() {
        let map = Keymap::default();
        for text in ["{quit}", "{{quit}}", "{", "{}", "{{}", "a {quit", "}{quit}{", "{{{quit}}}"] {
            let told = map.told(&format!("{{quit}} {} {{quit}}", verbatim(text)));
            assert_eq!(told, format!("Ctrl-Q {text} Ctrl-Q"));
        }
    }

    #[test]
    fn a_file_that_is_not_toml_changes_nothing_and_says_where() {
        let mut map = Keymap::default();
        let warnings = map.overlay("[everywhere]\nctrl-x quit\n");
        assert_eq!(map, Keymap::default());
        assert!(warnings[0].starts_with("keymap.toml:2:"), "{warnings:?}");
    }
}
