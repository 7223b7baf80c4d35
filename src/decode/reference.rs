//! All that can be looked up, a page each: reply codes, enhanced status codes, verbs, extensions, categories, terms.
//!
//! The workbench's reference and `ehlo explain --list` show the same pages.

use super::finding::{Fit, fit};
use super::{CATEGORIES, CategoryEntry, CodeEntry, EnhancedEntry, Knowledge, Term, terms_in};
use crate::smtp::verb::VerbEntry;

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A reply code.
    Code,
    /// An enhanced status code.
    Enhanced,
    /// A verb.
    Verb,
    /// An extension, as a server offers it in its reply to EHLO.
    Extension,
    /// A category of refusals.
    Category,
    /// A term of the glossary.
    Term,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Enhanced => "enhanced code",
            Self::Verb => "verb",
            Self::Extension => "extension",
            Self::Category => "category",
            Self::Term => "term",
        }
    }
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What it is about.
    pub kind: Kind,
    /// The name: `550`, `X.1.1`, `MAIL`, `STARTTLS`, `greylisted`, `envelope`.
    pub name: String,
    /// Other names for it.
    pub also: Vec<String>,
    /// A headline.
    pub title: String,
    /// What it means and when it comes, a paragraph each; the first is the meaning.
    pub text: Vec<String>,
    /// Names of pages beside it, the nearest first.
    pub related: Vec<String>,
    /// RFCs and sections.
    pub references: Vec<String>,
}

/// Pages beside one, at most.
const BESIDE: usize = 8;

/// All pages: codes, enhanced codes, verbs, extensions, categories, terms, each kind in its own order.
#[must_use]
pub fn pages(knowledge: &Knowledge) -> Vec<Page> {
    let book = knowledge.book();
    let mut all: Vec<Page> = book.codes().map(|entry| code(entry, knowledge)).collect();
    all.extend(book.enhanced_codes().iter().map(|entry| enhanced(entry, knowledge)));
    all.extend(knowledge.verbs.verbs.iter().map(|entry| verb(entry, knowledge)));
    all.extend(knowledge.capabilities().iter().map(|entry| {
        let said = |name: &str, words: &str| (!words.is_empty()).then(|| format!("{name}: {words}"));
        let mut text = vec![entry.meaning.clone(), "When it comes: as a line of the reply to EHLO or LHLO.".to_owned()];
        text.extend(said("Parameters", &entry.parameters));
        text.extend(said("Where it is missing", &entry.absence));
        text.extend(said("Beware", &entry.note));
        text.extend(said("By", &entry.software));
        let needs = |verb: &&VerbEntry| {
            verb.name.eq_ignore_ascii_case(&entry.keyword)
                || verb.capability.as_deref() == Some(entry.keyword.as_str())
                || verb.parameters.iter().any(|it| it.capability == entry.keyword)
        };
        let mut related: Vec<_> = knowledge.verbs.verbs.iter().filter(needs).map(|verb| verb.name.clone()).collect();
        if related.is_empty() {
            related.push("EHLO".to_owned());
        }
        page(Kind::Extension, &entry.keyword, &entry.meaning, text, related, &or_general(&entry.reference, EXTENSIONS))
    }));
    all.extend(CATEGORIES.iter().filter_map(|name| book.category(name)).map(|entry| {
        let mut text = vec![entry.meaning.clone()];
        text.push(when(entry, knowledge));
        text.extend(entry.causes.iter().map(|cause| format!("Cause: {cause}")));
        text.extend(entry.retry.map(|retry| {
            let again = if retry { "the same may work later" } else { "the same fails again" };
            format!("Trying again: {again}, whatever the first digit says.")
        }));
        text.extend(entry.next.iter().map(|step| format!("Next: {}", step.text)));
        page(Kind::Category, &entry.name, &entry.title, text, alike(&entry.name, "", knowledge), &entry.reference)
    }));
    all.extend(knowledge.glossary().iter().map(|term| {
        let title = term.text.split_inclusive(". ").next().unwrap_or(&term.text).trim();
        let also = term.also.clone();
        let see = beside_term(term, knowledge);
        let page = page(Kind::Term, &term.term, title, vec![term.text.clone()], see, &term.reference);
        Page { also, ..page }
    }));
    all
}

/// Where the words of a server that a maker made up for itself have their place: reply codes by their digits, enhanced codes
/// by their subject, keywords of its own.
const DIGITS: &str = "RFC 5321 4.2.1";
const EXTENSIONS: &str = "RFC 5321 2.2.2";

/// What is said of a thing, or of its kind where nobody wrote of the thing itself.
fn or_general(own: &[String], general: &str) -> Vec<String> {
    if own.iter().all(String::is_empty) { vec![general.to_owned()] } else { own.to_vec() }
}

/// When refusals of a category come: with which codes.
fn when(entry: &CategoryEntry, knowledge: &Knowledge) -> String {
    let codes = alike(&entry.name, "", knowledge);
    if codes.is_empty() {
        return "When it comes: by the words of a reply alone; no code stands for it.".to_owned();
    }
    format!("When it comes: with {}, among others, or by the words of a reply.", or(&codes))
}

/// The pages that a term names, and the category of the same name, in whatever form: greylisting, greylisted.
fn beside_term(term: &Term, knowledge: &Knowledge) -> Vec<String> {
    let stem = |word: &str| {
        let word = word.to_ascii_lowercase();
        word.strip_suffix("ing").or_else(|| word.strip_suffix("ed")).map(str::to_owned)
    };
    let own = stem(&term.term);
    let category = CATEGORIES.iter().find(|name| own.is_some() && stem(name) == own).map(|name| (*name).to_owned());
    let speaks = |code: &&CodeEntry| {
        let causes = code.causes.iter().chain(code.at.iter().filter_map(|at| at.causes.as_ref()).flatten());
        own.as_ref()
            .is_some_and(|stem| causes.map(|cause| cause.to_ascii_lowercase()).any(|cause| cause.contains(stem)))
    };
    let by_cause = knowledge.book().codes().filter(speaks).map(|code| code.code.to_string());
    let codes: Vec<_> = by_cause.filter(|_| category.is_some()).take(BESIDE).collect();
    let mut all = term.see.clone();
    for name in category.into_iter().chain(codes) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

fn page(kind: Kind, name: &str, title: &str, text: Vec<String>, related: Vec<String>, references: &[String]) -> Page {
    let references = references.iter().filter(|it| !it.is_empty()).cloned().collect();
    Page { kind, name: name.to_owned(), also: Vec::new(), title: title.to_owned(), text, related, references }
}

fn numbers(codes: &[u16]) -> String {
    codes.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

fn code(entry: &CodeEntry, knowledge: &Knowledge) -> Page {
    let name = entry.code.to_string();
    let mut text = vec![entry.meaning.clone()];
    let verbs = |says: fn(&VerbEntry) -> &[u16]| {
        let with = knowledge.verbs.verbs.iter().filter(|verb| says(verb).contains(&entry.code));
        with.map(|verb| verb.name.clone()).collect::<Vec<_>>()
    };
    let done = [verbs(|verb| &verb.success), verbs(|verb| &verb.intermediate)].concat();
    let refused = verbs(|verb| &verb.failure);
    let when = |does: &str, verbs: &[String]| format!("When it comes: it {does} {}.", verbs.join(", "));
    if !done.is_empty() {
        text.push(when("answers", &done));
    }
    if !refused.is_empty() {
        text.push(when("refuses", &refused));
    }
    text.extend(entry.at.iter().filter_map(|at| Some(format!("After {}: {}", at.asked.join(", "), at.title.clone()?))));
    text.extend(entry.causes.iter().map(|cause| format!("Cause: {cause}")));
    text.push(format!("Category: {}", entry.category));
    let mut related = vec![entry.category.clone()];
    related.extend(alike(&entry.category, &name, knowledge));
    page(Kind::Code, &name, &entry.title, text, related, &or_general(&entry.reference, DIGITS))
}

fn enhanced(entry: &EnhancedEntry, knowledge: &Knowledge) -> Page {
    let mut text = vec![entry.meaning.clone()];
    let classes: Vec<String> = entry.classes.iter().map(u8::to_string).collect();
    if !classes.is_empty() {
        text.push(format!("When it comes: before the words of a reply, with {} as its first digit.", or(&classes)));
    } else if let Some(software) = &entry.software {
        text.push(format!(
            "When it comes: before the words of a reply of {software}, which gives it a meaning of its own."
        ));
    }
    text.extend(entry.software.iter().map(|software| format!("Sent by {software}")));
    text.extend(entry.causes.iter().map(|cause| format!("Cause: {cause}")));
    text.push(format!("Category: {}", entry.category));
    let mut related = vec![entry.category.clone()];
    related.extend(alike(&entry.category, &entry.code, knowledge));
    // The subject of a code is written even where its detail is not (RFC 3463 3.1 for X.0.n, and so on).
    let subject = entry.code.split('.').nth(1).and_then(|subject| subject.parse::<u8>().ok()).unwrap_or_default();
    let general = format!("RFC 3463 3.{}", subject.saturating_add(1));
    page(Kind::Enhanced, &entry.code, &entry.title, text, related, &or_general(&entry.reference, &general))
}

fn verb(entry: &VerbEntry, knowledge: &Knowledge) -> Page {
    let mut text = vec![entry.help.clone(), format!("Written: {}", entry.grammar)];
    if !entry.phases.is_empty() {
        text.push(format!("When it comes: {}", entry.phases.join(", ")));
    }
    text.push(format!("Done: {}; refused: {}", numbers(&entry.success), numbers(&entry.failure)));
    let parameters: Vec<_> = entry.parameters.iter().map(|it| it.name.clone()).collect();
    if !parameters.is_empty() {
        text.push(format!("Parameters: {}", parameters.join(", ")));
    }
    let mut related: Vec<String> = entry.capability.iter().cloned().collect();
    let codes = [&entry.success[..], &entry.intermediate, &entry.failure].concat();
    related.extend(codes.iter().filter(|code| knowledge.book().code(**code).is_some()).map(u16::to_string));
    related.extend(entry.parameters.iter().map(|it| it.capability.clone()));
    let mut known = std::collections::HashSet::new();
    related.retain(|name| !name.is_empty() && known.insert(name.clone()));
    page(Kind::Verb, &entry.name, &entry.title, text, related, std::slice::from_ref(&entry.reference))
}

/// `4`, `4 or 5`.
fn or(words: &[String]) -> String {
    match words {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => words.concat(),
    }
}

/// Codes that mean the same kind of thing, without one of them.
fn alike(category: &str, without: &str, knowledge: &Knowledge) -> Vec<String> {
    let book = knowledge.book();
    let codes = book.codes().filter(|it| it.category == category).map(|it| it.code.to_string());
    let registered = book.enhanced_codes().iter().filter(|it| it.software.is_none());
    let enhanced = registered.filter(|it| it.category == category).map(|it| it.code.clone());
    codes.chain(enhanced).filter(|name| name != without).take(BESIDE).collect()
}

/// The pages that fit what was typed, best first, as their numbers; all of them where nothing was.
///
/// `5.1.1` finds `X.1.1`. Who types a name in full gets the pages of that name first.
#[must_use]
pub fn found(pages: &[Page], typed: &str) -> Vec<(Fit, usize)> {
    let typed = typed.trim();
    let open = class_left_open(typed);
    let mut found: Vec<(Fit, usize)> = pages
        .iter()
        .enumerate()
        .filter_map(|(number, page)| {
            if open.as_deref() == Some(page.name.as_str()) {
                return Some((Fit::Name, number));
            }
            let names: Vec<&str> =
                std::iter::once(page.name.as_str()).chain(page.also.iter().map(String::as_str)).collect();
            let beside = format!("{} {}", page.kind.name(), page.title);
            Some((fit(typed, &names, &beside, &page.text.join(" "))?, number))
        })
        .collect();
    if !typed.is_empty() {
        found.sort_by_key(|(fit, number)| (*fit, *number));
    }
    // Guesses only where nothing fits.
    let sure = found.iter().any(|(fit, _)| *fit < Fit::Letters);
    found.retain(|(fit, _)| !sure || *fit < Fit::Letters);
    found
}

/// `X.1.1` for `5.1.1`.
fn class_left_open(typed: &str) -> Option<String> {
    let rest = typed.strip_prefix(['2', '4', '5', 'x', 'X'])?;
    rest.starts_with('.').then(|| format!("X{rest}"))
}

/// The number of the page of this name, in any case; a category is looked for last.
#[must_use]
pub fn named(pages: &[Page], name: &str) -> Option<usize> {
    let is = |page: &Page| {
        page.name.eq_ignore_ascii_case(name) || page.also.iter().any(|other| other.eq_ignore_ascii_case(name))
    };
    pages.iter().position(is)
}

/// The pages to which a page leads: those beside it, and the terms that its text speaks of.
#[must_use]
pub fn links(pages: &[Page], page: usize, knowledge: &Knowledge) -> Vec<usize> {
    let Some(of) = pages.get(page) else { return Vec::new() };
    let mut links: Vec<usize> = of.related.iter().filter_map(|name| named(pages, name)).collect();
    let terms = terms_in(&of.text.join(" "), knowledge.glossary());
    let page_of = |term: &Term| pages.iter().position(|page| page.kind == Kind::Term && page.name == term.term);
    links.extend(terms.into_iter().filter_map(page_of).take(BESIDE));
    let mut known = std::collections::HashSet::from([page]);
    links.retain(|link| known.insert(*link));
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(typed: &str) -> Vec<String> {
        let pages = pages(&Knowledge::shipped());
        found(&pages, typed).into_iter().map(|(_, number)| pages[number].name.clone()).collect()
    }

    #[test]
    fn every_page_says_what_it_means_and_where_that_is_written() {
        let pages = pages(&Knowledge::shipped());
        for kind in [Kind::Code, Kind::Enhanced, Kind::Verb, Kind::Extension, Kind::Category, Kind::Term] {
            assert!(pages.iter().any(|page| page.kind == kind), "{kind:?}");
        }
        for page in &pages {
            assert!(!page.name.is_empty() && !page.title.is_empty(), "{page:?}");
            assert!(page.text.first().is_some_and(|meaning| !meaning.is_empty()), "{page:?}");
            let of_protocol = matches!(page.kind, Kind::Code | Kind::Enhanced | Kind::Extension);
            assert!(!of_protocol || !page.references.is_empty(), "{page:?}");
            let timed = page.text.iter().any(|words| words.starts_with("When it comes"));
            assert!(timed || !matches!(page.kind, Kind::Category | Kind::Extension), "{page:?}");
        }
    }

    #[test]
    fn links_lead_to_pages() {
        let pages = pages(&Knowledge::shipped());
        for page in &pages {
            for name in &page.related {
                assert!(named(&pages, name).is_some(), "{} leads to {name}", page.name);
            }
        }
        let greylisted = named(&pages, "greylisted").expect("a page");
        let leads = links(&pages, greylisted, &Knowledge::shipped());
        assert!(leads.iter().any(|link| pages[*link].kind == Kind::Term), "{leads:?}");
        let of = |name: &str| &pages[named(&pages, name).expect("a page")].related;
        assert!(of("550").contains(&"mailbox-ambiguous".to_owned()), "{:?}", of("550"));
        for name in ["greylisted", "450"] {
            assert!(of("greylisting").contains(&name.to_owned()), "{:?}", of("greylisting"));
        }
        assert!(of("MAIL").contains(&"250".to_owned()), "{:?}", of("MAIL"));
        assert!(of("X.1.1").contains(&"mailbox-unknown".to_owned()), "{:?}", of("X.1.1"));
    }

    #[test]
    fn pages_are_found_by_name_words_and_nearly_the_name() {
        assert_eq!(names("550")[0], "550");
        assert_eq!(names("5.1.1")[0], "X.1.1");
        assert_eq!(names("starttls")[0], "STARTTLS");
        assert!(names("mailbox full").contains(&"X.2.2".to_owned()));
        assert!(names("greylistign").iter().any(|name| name.starts_with("greylist")), "{:?}", names("greylistign"));
        assert!(names("PIPLINING").contains(&"PIPELINING".to_owned()));
        assert!(names("no such thing at all").is_empty());
        assert_eq!(names("").len(), pages(&Knowledge::shipped()).len());
    }
}
