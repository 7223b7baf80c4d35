//! What an export in plain text or Markdown says of the whole conversation before its lines: title, target, start, tags.

use jiff::Timestamp;
use toml::Value;

use crate::conversation::file::Header;
use crate::interchange::text::{BETWEEN, TARGET, TITLE};

use super::lines::text;

/// What is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct About {
    title: Option<String>,
    target: Option<String>,
    profile: Option<String>,
    side: Option<String>,
    started: Option<Timestamp>,
    tags: Vec<String>,
}

/// The rows that a plain text begins with, up to two and an empty line, and how many lines those are.
pub(super) fn of_text(texts: &[&[u8]]) -> Option<(About, usize)> {
    let rows: Vec<String> =
        texts.iter().map_while(|line| Some(text(line.strip_prefix(b"=== ")?).into_owned())).take(3).collect();
    let ends = texts.get(rows.len()).is_some_and(|line| line.is_empty());
    match &rows[..] {
        [title, row] if ends => Some((About { title: Some(bare(title)), ..facts(row) }, 3)),
        [row] if ends => {
            let facts = facts(row);
            let told = facts.started.is_some()
                || !facts.tags.is_empty()
                || row.starts_with(TARGET)
                || row.contains(':') && !row.contains(' ');
            let titled = row.starts_with(TITLE) || !told;
            Some((if titled { About { title: Some(bare(row)), ..About::default() } } else { facts }, 2))
        }
        _ => None,
    }
}

/// A title without what says that it is one.
fn bare(title: &str) -> String {
    title.strip_prefix(TITLE).unwrap_or(title).to_owned()
}

/// The row that says with whom and when a conversation was, where it says when.
pub(super) fn of_row(row: &str) -> Option<About> {
    Some(facts(row)).filter(|about| about.started.is_some())
}

fn facts(row: &str) -> About {
    let mut about = About::default();
    for part in row.split(BETWEEN) {
        if let Ok(started) = part.parse() {
            about.started = Some(started);
        } else if part.starts_with('#') {
            about.tags = tags(part);
        } else {
            about.target = Some(part.strip_prefix(TARGET).unwrap_or(part).to_owned());
        }
    }
    about
}

fn tags(words: &str) -> Vec<String> {
    words.split(' ').filter_map(|word| word.strip_prefix('#')).map(str::to_owned).collect()
}

/// The title and the list that a page begins with.
pub(super) fn of_page<'a>(lines: impl Iterator<Item = &'a [u8]>) -> About {
    let mut about = About::default();
    for line in lines.map(text) {
        if let Some(title) = line.strip_prefix("# ") {
            about.title = Some(without_markup(title));
        }
        let Some((label, value)) = line.strip_prefix("- ").and_then(|line| line.split_once(": ")) else { continue };
        match label {
            "target" => about.target = Some(in_ticks(value)),
            "profile" => about.profile = Some(in_ticks(value)),
            "recorded by" => about.side = Some(in_ticks(value)),
            "started" => about.started = value.trim().parse().ok(),
            "tags" => about.tags = tags(&value.replace('`', "").replace("\\|", "|")),
            _ => {}
        }
    }
    // Where there is none, the page is named by what it is.
    let named = about.title.as_deref().is_some_and(|title| title == crate::interchange::markdown::UNTITLED);
    if named || about.title == about.target {
        about.title = None;
    }
    about
}

/// What stands in backticks, in however many.
fn in_ticks(value: &str) -> String {
    let inner = value.trim().trim_matches('`');
    let inner = inner.strip_prefix(' ').and_then(|inner| inner.strip_suffix(' ')).unwrap_or(inner);
    inner.replace("\\|", "|")
}

fn without_markup(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        out.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

impl About {
    /// Its title and its target.
    pub(super) fn names(&self) -> (Option<&str>, Option<&str>) {
        (self.title.as_deref(), self.target.as_deref())
    }

    /// When it began.
    pub(super) fn started(&self) -> Option<Timestamp> {
        self.started
    }

    /// Writes it into a head.
    pub(super) fn into_head(self, header: &mut Header) {
        let texts = [("title", self.title), ("target", self.target), ("profile", self.profile), ("side", self.side)];
        for (key, text) in texts {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                header.set(key, Value::String(text));
            }
        }
        if let Some(started) = self.started.and_then(|at| format!("{at:.3}").parse().ok()) {
            header.set("started", Value::Datetime(started));
        }
        if !self.tags.is_empty() {
            header.set("tags", Value::Array(self.tags.into_iter().map(Value::String).collect()));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::conversation::file::read;
    use crate::decode::Knowledge;
    use crate::interchange::by_name;
    use crate::interchange::import::import;

    #[test]
    fn what_it_was_with_whom_and_when_is_read_back() {
        let head = |keys: &str| {
            let text = format!(
                "+++\nehlo = 1\n{keys}+++\n0.0 * connecting mx:25\n0.0 * connected mx:25\n0.1 < 220 mx\n0.2 > NOOP\n0.3 < 250 ok\n"
            );
            read(text.as_bytes()).expect("a transcript")
        };
        for keys in [
            "title = \"Is it <open> & *free*?\"\ntarget = \"smtp://mx:25\"\nstarted = 2026-11-24T10:00:00.000Z\ntags = [\"vendor\", \"a-b\"]\n",
            "title = \"Is it open?\"\n",
            "target = \"smtp://mx:25\"\n",
            "target = \"mx:25\"\nstarted = 2026-11-24T10:00:00.000Z\n",
            "title = \"Is it open?\"\ntarget = \"mx:25\"\n",
        ] {
            let document = head(keys);
            for name in ["txt", "md", "json", "pcapng"] {
                let written = by_name(name).expect("a format").write(&document, &Knowledge::default());
                let again = &import(&written).expect(name).conversations[0];
                for key in ["title", "target", "started", "tags"] {
                    // What is not in the head is in the conversation.
                    if key == "target" && document.header.text(key).is_none() {
                        continue;
                    }
                    let started = key == "started" && name == "pcapng" && document.header.started().is_none();
                    let (before, after) = (document.header.table.get(key), again.header.table.get(key));
                    assert!(
                        started || before.map(ToString::to_string) == after.map(ToString::to_string),
                        "{keys} as {name}: {key}: {after:?}"
                    );
                }
                let tools = again
                    .log
                    .of_kind(crate::conversation::Kind::Remark)
                    .filter(|(_, entry)| entry.bytes.starts_with(b"tool"));
                assert_eq!(tools.count(), 0, "{keys} as {name}");
            }
        }
    }
}
