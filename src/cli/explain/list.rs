//! `ehlo explain --list`: all codes, verbs, extensions and terms, or those that the words name; a few are shown as pages.

use serde_json::{Value, json};

use super::Style;
use crate::decode::Knowledge;
use crate::decode::finding::Fit;
use crate::decode::reference::{self, Page};

/// So many are shown as pages rather than a line each.
const AS_PAGES: usize = 3;

/// The pages that the words name, best first; without words all there are.
pub(super) fn found(knowledge: &Knowledge, words: &[String]) -> Vec<Page> {
    let pages = reference::pages(knowledge);
    let found = reference::found(&pages, &words.join(" "));
    // Whoever knows the name wants that and nothing else.
    let by_name = !words.is_empty() && found.first().is_some_and(|(fit, _)| *fit == Fit::Name);
    let found: Vec<usize> =
        found.into_iter().filter(|(fit, _)| !by_name || *fit == Fit::Name).map(|(_, number)| number).collect();
    let as_pages = found.len() <= AS_PAGES;
    let with_links = |number: usize| {
        let mut page = pages[number].clone();
        if as_pages {
            let links = reference::links(&pages, number, knowledge);
            page.related = links.into_iter().map(|link| pages[link].name.clone()).collect();
        }
        page
    };
    found.into_iter().map(with_links).collect()
}

/// As JSON.
pub(super) fn to_json(pages: &[Page]) -> Value {
    let entries: Vec<_> = pages
        .iter()
        .map(|page| {
            json!({
                "kind": page.kind.name(),
                "name": page.name,
                "title": page.title,
                "page": page.text,
                "related": page.related,
                "references": page.references,
            })
        })
        .collect();
    // No reply is explained here; whoever looks for them in any answer finds none.
    json!({ "ehlo": 1, "entries": entries, "replies": [] })
}

/// A line each; where only a few are left, their pages.
pub(super) fn to_text(pages: &[Page], style: Style) -> String {
    let mut lines = Vec::new();
    for page in pages {
        let name = style.strong(&format!("{:<22}", page.name));
        lines.push(format!("{name} {:<13} {}", page.kind.name(), page.title));
        if pages.len() <= AS_PAGES {
            lines.extend(page.text.iter().filter(|words| **words != page.title).map(|words| format!("    {words}")));
            if !page.related.is_empty() {
                lines.push(format!("    See also: {}", page.related.join(", ")));
            }
            lines.push(style.dim(&format!("    {}", page.references.join(" · "))));
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        found(&Knowledge::shipped(), &words).into_iter().map(|page| page.name).collect()
    }

    #[test]
    fn a_name_gives_its_page_and_words_give_a_list() {
        assert_eq!(names(&["550"]), ["550"]);
        assert!(names(&["5.1.1"]).contains(&"X.1.1".to_owned()));
        assert!(names(&["starttls"]).iter().all(|name| name.eq_ignore_ascii_case("STARTTLS")));
        assert!(names(&["mailbox", "full"]).contains(&"X.2.2".to_owned()));
        assert!(names(&["no such thing at all"]).is_empty());
        let page = to_text(&found(&Knowledge::shipped(), &["550".to_owned()]), Style::plain());
        assert!(page.contains("When it comes: it refuses") && page.contains("See also: mailbox-ambiguous"), "{page}");
    }
}
