//! `ehlo explain --list`: all codes, verbs, extensions and terms, or those that the words name; one alone is a page.

use serde_json::{Value, json};

use super::Style;
use crate::decode::Knowledge;

/// Something that can be looked up.
#[derive(Debug, Clone)]
pub(super) struct Item {
    kind: &'static str,
    name: String,
    title: String,
    /// What a page says beside the title, a paragraph each.
    page: Vec<String>,
    references: Vec<String>,
}

/// All that can be looked up: reply codes, enhanced status codes, verbs, extensions, categories and terms.
pub(super) fn items(knowledge: &Knowledge) -> Vec<Item> {
    let book = knowledge.book();
    let mut all = Vec::new();
    all.extend(book.codes().map(|entry| {
        let mut page = vec![entry.meaning.clone()];
        page.extend(
            entry.at.iter().filter_map(|at| Some(format!("After {}: {}", at.asked.join(", "), at.title.clone()?))),
        );
        page.extend(entry.causes.iter().map(|cause| format!("Cause: {cause}")));
        page.push(format!("Category: {}", entry.category));
        item("code", &entry.code.to_string(), &entry.title, page, &entry.reference)
    }));
    all.extend(book.enhanced_codes().iter().map(|entry| {
        let mut page = vec![entry.meaning.clone()];
        page.extend(entry.software.iter().map(|software| format!("Sent by {software}")));
        page.push(format!("Category: {}", entry.category));
        item("enhanced code", &entry.code, &entry.title, page, &entry.reference)
    }));
    all.extend(knowledge.verbs.verbs.iter().map(|verb| {
        let codes = |codes: &[u16]| codes.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        let mut page = vec![verb.help.clone(), format!("Written: {}", verb.grammar)];
        page.push(format!("Done: {}; refused: {}", codes(&verb.success), codes(&verb.failure)));
        item("verb", &verb.name, &verb.title, page, std::slice::from_ref(&verb.reference))
    }));
    all.extend(knowledge.capabilities().iter().map(|entry| {
        let said = |name: &str, words: &str| (!words.is_empty()).then(|| format!("{name}: {words}"));
        let page = [
            said("Parameters", &entry.parameters),
            said("Where it is missing", &entry.absence),
            said("Beware", &entry.note),
            said("By", &entry.software),
        ];
        item("extension", &entry.keyword, &entry.meaning, page.into_iter().flatten().collect(), &entry.reference)
    }));
    all.extend(crate::decode::CATEGORIES.iter().filter_map(|name| book.category(name)).map(|entry| {
        let mut page = vec![entry.meaning.clone()];
        page.extend(entry.causes.iter().map(|cause| format!("Cause: {cause}")));
        item("category", &entry.name, &entry.title, page, &entry.reference)
    }));
    all.extend(knowledge.glossary().iter().map(|term| {
        let title = term.text.split_inclusive(". ").next().unwrap_or(&term.text).trim();
        let mut page = vec![term.text.clone()];
        page.extend((!term.see.is_empty()).then(|| format!("See also: {}", term.see.join(", "))));
        item("term", &term.term, title, page, &term.reference)
    }));
    all
}

fn item(kind: &'static str, name: &str, title: &str, page: Vec<String>, references: &[String]) -> Item {
    Item { kind, name: name.to_owned(), title: title.to_owned(), page, references: references.to_vec() }
}

/// Those that the words name, best first: by their name, then by name and title, then by what their page says.
pub(super) fn found(all: Vec<Item>, words: &[String]) -> Vec<Item> {
    if words.is_empty() {
        return all;
    }
    let wanted = words.join(" ").to_lowercase();
    let words: Vec<String> = wanted.split_whitespace().map(str::to_owned).collect();
    let mut ranked: Vec<(u8, Item)> =
        all.into_iter().filter_map(|item| Some((rank(&item, &wanted, &words)?, item))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let best = ranked.first().map(|(rank, _)| *rank);
    // Whoever knows the name wants that and nothing else.
    let only = |rank: u8| best != Some(0) || rank == 0;
    ranked.into_iter().filter(|(rank, _)| only(*rank)).map(|(_, item)| item).collect()
}

fn rank(item: &Item, wanted: &str, words: &[String]) -> Option<u8> {
    let name = item.name.to_lowercase();
    let stands = |text: &str| words.iter().all(|word| text.contains(word.as_str()));
    let class_left_open =
        || wanted.get(1..).zip(name.strip_prefix('x')).is_some_and(|(w, n)| w == n && w.starts_with('.'));
    if name == wanted || class_left_open() {
        return Some(0);
    }
    if stands(&name) {
        return Some(1);
    }
    let title = format!("{} {name} {}", item.kind, item.title.to_lowercase());
    if stands(&title) {
        return Some(2);
    }
    stands(&format!("{title} {}", item.page.join(" ").to_lowercase())).then_some(3)
}

/// As JSON.
pub(super) fn to_json(items: &[Item]) -> Value {
    let entries: Vec<_> = items
        .iter()
        .map(|item| {
            json!({ "kind": item.kind, "name": item.name, "title": item.title, "page": item.page, "references": item.references })
        })
        .collect();
    json!({ "ehlo": 1, "entries": entries })
}

/// A line each; where only a few are left, their pages.
pub(super) fn to_text(items: &[Item], style: Style) -> String {
    let mut lines = Vec::new();
    for item in items {
        let name = style.strong(&format!("{:<22}", item.name));
        lines.push(format!("{name} {:<13} {}", item.kind, item.title));
        if items.len() <= 3 {
            lines.extend(item.page.iter().filter(|words| **words != item.title).map(|words| format!("    {words}")));
            lines.push(style.dim(&format!("    {}", item.references.join(" · "))));
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        found(items(&Knowledge::shipped()), &words).into_iter().map(|item| item.name).collect()
    }

    #[test]
    fn everything_can_be_looked_up() {
        let all = items(&Knowledge::shipped());
        for kind in ["code", "enhanced code", "verb", "extension", "category", "term"] {
            assert!(all.iter().any(|item| item.kind == kind), "{kind}");
        }
        assert!(all.iter().all(|item| !item.name.is_empty() && !item.title.is_empty()));
    }

    #[test]
    fn a_name_gives_its_page_and_words_give_a_list() {
        assert_eq!(names(&["550"]), ["550"]);
        assert!(names(&["5.1.1"]).contains(&"X.1.1".to_owned()));
        assert!(names(&["starttls"]).iter().all(|name| name.eq_ignore_ascii_case("STARTTLS")));
        assert!(names(&["mailbox", "full"]).contains(&"X.2.2".to_owned()));
        assert!(names(&["no such thing at all"]).is_empty());
    }
}
