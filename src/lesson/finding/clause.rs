//! A finding's words, its clauses, and which of its words are denied or only conceded.

use std::ops::Range;

use super::words::{
    PHRASES, concedes, denies, gives_reason, has_is, is_adverb, is_article, is_auxiliary, is_bare_contraction,
    is_enhanced, is_fine, is_pronoun, is_sound, is_subject, is_trouble, leads_on, may_follow, number, turns, undoes,
};

/// More words than this are not looked at.
const MOST: usize = 100;

/// A word of a finding.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// Lower case, without what stands around it.
    pub(super) text: String,
    /// Where it was typed.
    pub(super) place: Range<usize>,
    /// The word that denies it.
    pub(super) denied_by: Option<usize>,
    /// It is granted ("though …", "…, but"), and not what is meant.
    pub(super) is_conceded: bool,
    /// What parts it from the next word.
    cut: Cut,
}

/// What stands between two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    None,
    Comma,
    /// A question mark or a dash, to which a "no" may answer.
    Asks,
    Hard,
}

/// Cuts a text into words and clauses.
pub(super) fn clauses(text: &str) -> (Vec<Word>, Vec<Range<usize>>) {
    let mut words = scan(text);
    join_lists(&mut words);
    let clauses = cut(&words);
    for (n, clause) in clauses.iter().enumerate() {
        deny(&mut words, clause, n.checked_sub(1).map(|before| &clauses[before]));
        absolve(&mut words, clause);
    }
    for n in 0..clauses.len() {
        deny_list(&mut words, &clauses[n..]);
    }
    for (n, clause) in clauses.iter().enumerate() {
        concede(&mut words, clause, &clauses[..n]);
    }
    (words, clauses)
}

/// The words of a text with what parts them.
fn scan(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut began = None;
    let mut before = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map_or(' ', |(_, next)| *next);
        let cut = match c {
            '\u{2014}' | '\u{2013}' | '?' => Some(Cut::Asks),
            ';' | '(' | ')' | '[' | ']' | '{' | '}' | '!' | '\u{2026}' | '\n' => Some(Cut::Hard),
            '.' | ':' if !after.is_alphanumeric() && !matches!(after, '<' | '@' | '-') => Some(Cut::Hard),
            ',' if !(before.is_ascii_digit() && after.is_ascii_digit()) => Some(Cut::Comma),
            '\'' | '\u{2019}' if before.is_alphanumeric() && after.is_alphanumeric() => None,
            '\'' | '\u{2018}' | '\u{2019}' | '"' | '\u{201c}' | '\u{201d}' | '\u{ab}' | '\u{bb}' | '`' | '*' | '#' => {
                Some(Cut::None)
            }
            _ if c.is_whitespace() || c.is_control() => Some(Cut::None),
            _ => None,
        };
        before = c;
        let Some(cut) = cut else {
            began.get_or_insert(at);
            continue;
        };
        if let Some(from) = began.take() {
            add(&mut words, text, &(from..at));
        }
        if let Some(last) = words.last_mut() {
            last.cut = last.cut.max(cut);
        }
    }
    if let Some(from) = began {
        add(&mut words, text, &(from..text.len()));
    }
    words.truncate(MOST);
    words
}

/// Adds what stands between two gaps: a word, the two of a contraction, or a dash.
fn add(words: &mut Vec<Word>, text: &str, place: &Range<usize>) {
    let typed = text[place.clone()].to_lowercase().replace('\u{2019}', "'");
    if typed.chars().all(|c| c == '-') {
        if let Some(last) = words.last_mut() {
            last.cut = last.cut.max(Cut::Asks);
        }
        return;
    }
    let opened = typed.strip_prefix('<').filter(|rest| !rest.is_empty() && *rest != ">").unwrap_or(&typed);
    let closed = opened.strip_suffix('>').filter(|rest| !rest.is_empty() && !rest.contains('<')).unwrap_or(opened);
    let parts = match closed {
        "can't" | "cannot" | "cant" => vec!["can", "not"],
        "won't" | "wont" => vec!["will", "not"],
        _ if is_bare_contraction(closed) => vec![&closed[..closed.len() - 2], "not"],
        _ => match (closed.strip_suffix("n't"), closed.strip_suffix("'s").filter(|stem| has_is(stem))) {
            (Some(stem), _) => vec![stem, "not"],
            (None, Some(stem)) => vec![stem, "is"],
            (None, None) => vec![closed],
        },
    };
    words.extend(parts.into_iter().map(|part| Word {
        text: part.to_owned(),
        place: place.clone(),
        denied_by: None,
        is_conceded: false,
        cut: Cut::None,
    }));
}

/// Numbers, codes and addresses that follow each other are one list: "2, 3" is no answer of "3".
fn join_lists(words: &mut [Word]) {
    let kind = |word: &Word| match &word.text {
        text if is_enhanced(text) => 1,
        text if text.contains('@') => 2,
        text if number(text).is_some() => 3,
        _ => 0,
    };
    for n in 1..words.len() {
        let (before, after) = (kind(&words[n - 1]), kind(&words[n]));
        // "Not 3, 4" says 4.
        let denied =
            words[..n - 1].iter().rev().find(|word| !is_article(&word.text)).is_some_and(|word| denies(&word.text));
        let goes_on = words.get(n + 1).is_some_and(|next| kind(next) == after || ends_list(&next.text));
        if before != 0 && before == after && words[n - 1].cut == Cut::Comma && (goes_on || !denied) {
            words[n - 1].cut = Cut::None;
        }
    }
}

/// Whether a word stands before the last of a list of which each is denied.
fn ends_list(word: &str) -> bool {
    matches!(word, "or" | "nor")
}

/// How many words the denial is that begins at a word; none where none does.
fn denial(words: &[Word], at: usize, end: usize) -> Option<usize> {
    let text = |n: usize| words.get(n).filter(|_| n < end).map_or("", |word| word.text.as_str());
    let phrase = PHRASES.iter().find(|phrase| phrase.iter().enumerate().all(|(n, word)| text(at + n) == *word));
    if let Some(phrase) = phrase {
        return Some(phrase.len());
    }
    let nothing_but = matches!(text(at), "nothing" | "none" | "no" | "not")
        && (text(at + 1) == "but"
            || matches!(text(at + 1), "else" | "other") && matches!(text(at + 2), "than" | "but"));
    (denies(text(at)) && !undoes(text(at + 1)) && !nothing_but).then_some(1)
}

/// Whether the denial at a word belongs to the sentence that it stands in.
fn is_within(words: &[Word], start: usize, at: usize) -> bool {
    let mut before = words[start..at].iter().rev().skip_while(|word| is_adverb(&word.text));
    before.next().is_some_and(|word| is_auxiliary(&word.text) || leads_on(&word.text))
}

/// The clauses: what is parted by signs, by "but" and the like, by a denial, and by a sentence of its own after one.
fn cut(words: &[Word]) -> Vec<Range<usize>> {
    let mut clauses = Vec::new();
    let mut start = 0;
    // From where on words of this clause are denied.
    let mut denied_from = None;
    for (n, word) in words.iter().enumerate() {
        let text = word.text.as_str();
        let before = n.checked_sub(1).map_or("", |before| words[before].text.as_str());
        let denied = denial(words, n, words.len());
        let parts = n > start
            && (turns(text) && !matches!(before, "nothing" | "none" | "anything" | "everything" | "else")
                || concedes(text)
                || gives_reason(text) && !denies(before) && !is_auxiliary(before)
                || denied.is_some() && !is_within(words, start, n) && denied_from.is_none_or(|from| n > from)
                || is_subject(text) && denied_from.is_some_and(|from| n > from) && !leads_on(before));
        if parts {
            clauses.push(start..n);
            (start, denied_from) = (n, None);
        }
        if let Some(length) = denied {
            denied_from = denied_from.or(Some(n + length));
        }
        if word.cut != Cut::None {
            let end = n + 1;
            clauses.push(start..end);
            (start, denied_from) = (end, None);
        }
    }
    if start < words.len() {
        clauses.push(start..words.len());
    }
    clauses
}

/// Marks what the denials of a clause deny: what follows, and what stands before where what follows only points back.
fn deny(words: &mut [Word], clause: &Range<usize>, before: Option<&Range<usize>>) {
    for at in clause.clone() {
        let Some(length) = denial(words, at, clause.end) else { continue };
        let scope = at + length..clause.end;
        let last = words[clause.end - 1].text.clone();
        let skips =
            |word: &&Word| is_article(&word.text) || is_adverb(&word.text) || matches!(&*word.text, "at" | "to");
        let trouble = words[scope.clone()].iter().find(|word| !skips(word)).is_some_and(|word| is_trouble(&word.text));
        let is_thing = matches!(&*words[at].text, "nothing" | "none");
        let points_back =
            scope.is_empty() && !is_thing || trouble || length == 4 || scope.len() == 1 && is_pronoun(&last);
        for word in &mut words[scope] {
            word.denied_by = Some(at);
        }
        if points_back && at > clause.start {
            words[clause.start..at].iter_mut().for_each(|word| word.denied_by = word.denied_by.or(Some(at)));
        } else if at == clause.start && length == 1 && clause.len() == 1 {
            // "The sender? No." "Retry never."
            let answered = |before: &&Range<usize>| matches!(words[before.end - 1].cut, Cut::None | Cut::Asks);
            if let Some(before) = before.filter(answered) {
                words[before.clone()].iter_mut().for_each(|word| word.denied_by = word.denied_by.or(Some(at)));
            }
        }
    }
}

/// Marks what a denial in the first of these clauses denies beyond it: "not A, B or C" is a list, of which nothing is meant,
/// while "not A, B" and "it is not A, it is B or C" mean B.
fn deny_list(words: &mut [Word], clauses: &[Range<usize>]) {
    let [first, rest @ ..] = clauses else { return };
    // What is denied goes on to the end of the clause, and is no word that points back.
    let Some(denial) = words[first.end - 1].denied_by.filter(|at| first.contains(at) && *at + 1 < first.end) else {
        return;
    };
    if words[first.start..denial].iter().any(|word| word.denied_by == Some(denial)) && !is_phrase(words, denial) {
        return;
    }
    let goes_on = |clause: &&Range<usize>| {
        let begins = words[clause.start].text.as_str();
        let says = |at: usize| is_auxiliary(&words[at].text) || is_subject(&words[at].text) || denies(&words[at].text);
        let own = (clause.start..clause.end).any(|at| says(at) && words[at].text != "nor");
        !(own || turns(begins) || concedes(begins) || gives_reason(begins) || matches!(begins, "instead" | "rather"))
    };
    let mut joined = words[first.end - 1].cut == Cut::Comma;
    let mut end = None;
    for clause in rest.iter().take_while(goes_on) {
        let ends = clause.clone().any(|at| ends_list(&words[at].text));
        if !(joined || words[clause.start].text == "nor") {
            break;
        }
        joined = words[clause.end - 1].cut == Cut::Comma;
        if ends {
            end = Some(clause.end);
        }
    }
    let Some(end) = end else { return };
    words[first.end..end].iter_mut().for_each(|word| word.denied_by = word.denied_by.or(Some(denial)));
}

/// Whether a denial is one of several words.
fn is_phrase(words: &[Word], at: usize) -> bool {
    denial(words, at, words.len()).is_some_and(|length| length > 1)
}

/// Marks what is said to be in order: "the hostname is fine" speaks of another trouble.
fn absolve(words: &mut [Word], clause: &Range<usize>) {
    if clause.clone().any(|at| denial(words, at, clause.end).is_some()) {
        return;
    }
    let ends = |at: usize| at + 1 == clause.end || may_follow(&words[at + 1].text);
    let found = clause.clone().find(|at| {
        let after = (*at + 1..clause.end).find(|n| !is_adverb(&words[*n].text));
        let fine = after.filter(|n| is_fine(&words[*n].text) && ends(*n));
        is_auxiliary(&words[*at].text) && fine.is_some() || is_sound(&words[*at].text) && ends(*at)
    });
    let counts = |word: &Word| number(&word.text).is_some() || is_enhanced(&word.text);
    if let Some(at) = found.filter(|at| !words[clause.start..*at].iter().any(counts)) {
        words[clause.start..at].iter_mut().for_each(|word| word.denied_by = Some(at));
    }
}

/// Marks what is granted only: what stands before "but", and what begins with "though".
fn concede(words: &mut [Word], clause: &Range<usize>, before: &[Range<usize>]) {
    let text =
        |n: usize| words.get(clause.start + n).filter(|_| n < clause.len()).map_or("", |word| word.text.as_str());
    let even = text(0) == "even" && (concedes(text(1)) || text(1) == "if");
    let conceded = if concedes(text(0)) || even {
        clause.clone()
    } else if turns(text(0)) && !matches!(text(1), "also" | "too" | "then") {
        // "The sender, but not the recipient" takes nothing back.
        let means =
            words[clause.start + 1..clause.end].iter().any(|word| word.denied_by.is_none() && !denies(&word.text));
        if !means {
            return;
        }
        before.first().map_or(clause.start, |first| first.start)..clause.start
    } else {
        return;
    };
    words[conceded].iter_mut().for_each(|word| word.is_conceded = true);
}
