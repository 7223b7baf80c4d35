//! The layers, most specific first: recognised text, enhanced status code, reply code at this verb, digits.

use crate::conversation::words::capital;
use crate::smtp::reply::Flaw;
use crate::smtp::{Class, EnhancedCode, Reply, ReplyCode, ReplyLine};

use super::cause::{Cause, Claim};
use super::entry::{AtEntry, CategoryEntry, CodeEntry, EnhancedEntry, ReplyEntry, StepEntry};
use super::evidence::{self, Evidence};
use super::normal::{beginning, first_address};
use super::{
    Book, Context, Explanation, Knowledge, Step, advice, answers, category, digits, fitting, layers, normalise, notes,
    references, said, standing, steps, wait,
};

/// What the layers found for one reply.
pub(super) struct Layers<'a> {
    pub(super) text: Option<&'a ReplyEntry>,
    pub(super) enhanced: Option<&'a EnhancedEntry>,
    pub(super) code: Option<&'a CodeEntry>,
    pub(super) at: Option<&'a AtEntry>,
    pub(super) category: Option<&'a CategoryEntry>,
    /// The moment decided, or the words weighed together: the category speaks, not what is written of the code.
    pub(super) by_moment: bool,
    /// The reply has words, and none of them was understood.
    pub(super) unread: bool,
    /// What was recognised, where the words of the reply as a whole, or the moment, speak for something else.
    pub(super) overruled: Option<&'a ReplyEntry>,
    /// The words that decide, where they do.
    pub(super) words: Option<Vec<String>>,
}

/// Explains a reply by its code, enhanced code and text (all lines joined, without their codes), in a context that may
/// be empty.
#[must_use]
pub fn explain(
    code: Option<ReplyCode>,
    enhanced: Option<EnhancedCode>,
    text: &str,
    context: &Context,
    knowledge: &Knowledge,
) -> Explanation {
    let book = knowledge.book();
    let text = beginning(text);
    let enhanced = enhanced.or_else(|| said::own_code(text, code).map(|own| own.0));
    let normal = normalise(text);
    let inner = enhanced.or_else(|| quoted_code(&normal));
    let class = class_of(code, enhanced);
    let (mut layers, category) = understood((code, inner), class, &normal, context, (book, evidence::shipped()));
    layers.category = book.category(&category);
    let (software, evidence) = recognised(&layers, &normal, enhanced, context, book).unzip();
    let borrowed =
        layers.text.and_then(|entry| entry.software.as_deref()).filter(|name| Some(*name) != software.as_deref());
    let mut filled = context.clone();
    if filled.rcpt.is_none() {
        filled.rcpt = first_address(text).map(str::to_owned);
    }
    let out_of_order = (category == "bad-sequence").then_some(normal.as_str());
    standing::settle(&mut filled, code, out_of_order);
    let retry = retry(&layers, class, &normal);
    let mut explanation = Explanation {
        code,
        class,
        enhanced,
        title: at_the_time(title(&layers, class, context), &normal),
        meaning: whoever(meaning(&layers, class), borrowed),
        retry,
        software,
        evidence,
        causes: causes(&layers, context)
            .into_iter()
            .map(|cause| cause.reworded(|text| whoever(text, borrowed)))
            .collect(),
        next: steps::fitting(&proposed(&layers, retry), &filled, class)
            .into_iter()
            .map(|step| Step { text: at_the_time(step.text, &normal), ..step })
            .collect(),
        references: references::of(&layers, bare(&normal, context), &filled, book),
        digits: digits::of(book, code, enhanced, layers.enhanced),
        notes: notes::beside(&layers, (code, enhanced), retry, &normal, &filled, book),
        layers: layers::spoken(&layers, class, code, enhanced, context, book),
        category,
    };
    advice::add(&mut explanation, text, context);
    if class.is_refusal() && explanation.next.is_empty() {
        explanation.next.push(steps::last(class, &filled));
    }
    answers::amiss(context, book, &mut explanation);
    explanation
}

/// What the layers say of a [normalised](normalise) text with its codes, and the category that follows.
pub(super) fn understood<'a>(
    codes: (Option<ReplyCode>, Option<EnhancedCode>),
    class: Class,
    normal: &str,
    context: &Context,
    (book, evidence): (&'a Book, &Evidence<'_>),
) -> (Layers<'a>, String) {
    let mut layers = found(codes, class, normal, context, book);
    let held = category::of(&mut layers, class, context);
    let weighed = category::weighed(&mut layers, codes, normal, &held, context, evidence);
    (layers, weighed.unwrap_or(held.category).to_owned())
}

/// What each layer has to say of a [normalised](normalise) text with its codes.
fn found<'a>(
    (code, enhanced): (Option<ReplyCode>, Option<EnhancedCode>),
    class: Class,
    normal: &str,
    context: &Context,
    book: &'a Book,
) -> Layers<'a> {
    let banner = || book.software(&normalise(beginning(context.banner.as_deref()?)));
    let mut misplaced = None;
    // Words decide about refusals; in a success they only do where an entry asks for its code.
    let holds = |entry: &ReplyEntry| {
        (class.is_refusal() || class == Class::Unknown || entry.code.is_some()) && entry.holds(code, enhanced, context)
    };
    let text = book.matching(normal, holds).find(|entry| {
        let fits = entry.is_settled() || fitting::fits(&entry.category, context);
        if !fits {
            misplaced.get_or_insert(*entry);
        }
        fits
    });
    let entry = code.and_then(|code| book.code(code.number()));
    let meant = enhanced.and_then(|enhanced| {
        let wording = text.and_then(|entry| entry.software.as_deref());
        let known: Vec<&str> = [wording, book.software(normal), banner()].into_iter().flatten().collect();
        book.enhanced(enhanced, &known)
    });
    Layers {
        text,
        enhanced: meant,
        code: entry,
        at: entry.and_then(|entry| entry.at(context.asked)),
        category: None,
        by_moment: false,
        unread: text.is_none() && category::has_words(normal),
        overruled: misplaced,
        words: None,
    }
}

/// The server or provider, and by what it is recognised. A greeting that is recognised says more than the wording of one
/// reply, which servers borrow from each other.
fn recognised(
    layers: &Layers<'_>,
    normal: &str,
    enhanced: Option<EnhancedCode>,
    context: &Context,
    book: &Book,
) -> Option<(String, String)> {
    let banner = context.banner.as_deref().map(beginning).map(normalise);
    let by_banner = || {
        let (name, words) = book.software_seen(banner.as_deref()?)?;
        Some((name.to_owned(), format!("its greeting says {words:?}")))
    };
    let by_entry = || {
        let name = layers.text?.software.clone()?;
        Some((name, "the wording of this reply".to_owned()))
    };
    let by_words = || {
        let (name, words) = book.software_seen(normal)?;
        Some((name.to_owned(), format!("it says {words:?}")))
    };
    let by_code = || Some((layers.enhanced?.software.clone()?, format!("only it sends {}", enhanced?)));
    by_banner().or_else(by_entry).or_else(by_words).or_else(by_code)
}

/// Explains a whole reply, its flaws too.
#[must_use]
pub fn explain_reply(reply: &Reply, context: &Context, knowledge: &Knowledge) -> Explanation {
    let mut explanation = explain(reply.code(), reply.enhanced(), &own_words(reply), context, knowledge);
    notes::flaws(reply, &mut explanation.notes);
    explanation
}

/// The words of a reply. What stands before a code of another class, such as postscreen's `220-` before its 521, is none.
fn own_words(reply: &Reply) -> String {
    if !reply.flaws.contains(&Flaw::CodesDiffer) {
        return reply.text();
    }
    let is_own = |line: &&ReplyLine| line.code.is_none_or(|code| code.class() == reply.class());
    Reply { lines: reply.lines.iter().filter(is_own).cloned().collect(), flaws: Vec::new() }.text()
}

/// The class: the reply code's first digit, or without one that of the enhanced code.
pub(super) fn class_of(code: Option<ReplyCode>, enhanced: Option<EnhancedCode>) -> Class {
    match (code, enhanced.map(|enhanced| enhanced.class)) {
        (Some(code), _) => code.class(),
        (None, Some(2)) => Class::Success,
        (None, Some(4)) => Class::Transient,
        (None, Some(5)) => Class::Permanent,
        (None, _) => Class::Unknown,
    }
}

/// An enhanced code within the text: as qmail writes it, `(#5.1.1)`, or in what an inner server said.
pub(super) fn quoted_code(text: &str) -> Option<EnhancedCode> {
    let hash = text.match_indices('#').map(|(at, _)| at + 1);
    let said = ["said: ", "responded: ", "returned: "].iter().filter_map(|word| {
        let at = text.find(word)? + word.len();
        let rest = &text[at..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        (digits == 3 && rest.len() > 4).then_some(at + 4)
    });
    said.chain(hash).find_map(|at| text.get(at..).and_then(|rest| EnhancedCode::at_start(rest.as_bytes()))).map(|x| x.0)
}

/// What the reply code says at this verb, where it says the same as the recognised text, only closer to the moment.
fn agreeing<'a>(layers: &Layers<'a>) -> Option<&'a AtEntry> {
    let at = layers.at.filter(|at| !at.vague)?;
    let says = at.category.as_deref().or_else(|| layers.code.map(|code| code.category.as_str()));
    (says == layers.text.map(|entry| entry.category.as_str())).then_some(at)
}

/// Words that name the software whose wording this is, said of a server that is another and only borrows it. What stands
/// in brackets with that name holds for that software alone.
fn whoever(words: String, borrowed: Option<&str>) -> String {
    let Some(name) = borrowed.filter(|name| words.contains(name)) else { return words };
    let words = without_asides(&words, name);
    words
        .split(". ")
        .map(|sentence| match sentence.strip_prefix(name) {
            Some(rest) => format!("The server{}", rest.replace(name, "the server")),
            None => sentence.replace(name, "the server"),
        })
        .collect::<Vec<_>>()
        .join(". ")
}

/// A text without what stands in brackets in its sentences that name this software.
fn without_asides(words: &str, name: &str) -> String {
    let sentences = words.split_inclusive(". ").map(|sentence| {
        let aside = sentence.contains(name).then(|| sentence.split_once(" (")).flatten();
        match aside.and_then(|(before, rest)| Some((before, rest.split_once(')')?.1))) {
            Some((before, after)) => format!("{before}{after}"),
            None => sentence.to_owned(),
        }
    });
    sentences.collect()
}

/// When to come back, in texts of the tables: a reply may say it more exactly.
const SOON: &str = "in a few minutes";

/// A text that says to come back soon, with the time that the server names; it is looked for in no other reply.
fn at_the_time(text: String, normal: &str) -> String {
    match text.contains(SOON).then(|| wait::told(normal)).flatten() {
        Some(when) => text.replace(SOON, &format!("in {when}")),
        None => text,
    }
}

/// The headline of an explanation without the time to wait that the words of its reply named: the same for all such replies.
#[must_use]
pub fn untimed(title: &str, text: &str) -> String {
    let when = title.contains(" in ").then(|| wait::told(&normalise(beginning(text)))).flatten();
    when.map_or_else(|| title.to_owned(), |when| title.replace(&format!("in {when}"), SOON))
}

/// Whether a code stands alone: no words, and nothing is known of what it answers.
fn bare(normal: &str, context: &Context) -> bool {
    context.asked.is_none() && !category::has_words(normal)
}

/// Whether the enhanced code has the word: no text was recognised, and it says something, or is all that there is. One that
/// speaks of a success does not say why something was refused.
pub(super) fn enhanced_speaks<'a>(layers: &Layers<'a>, class: Class) -> Option<&'a EnhancedEntry> {
    let refusal = class != Class::Success && class != Class::Intermediate;
    layers.enhanced.filter(|entry| {
        refusal && layers.text.is_none() && entry.category != "ok" && (!entry.vague || layers.code.is_none())
    })
}

/// With what the headline of a refusal begins.
pub(super) fn refused(class: Class) -> &'static str {
    match class {
        Class::Transient => "Refused for now: ",
        Class::Permanent => "Refused for good: ",
        _ => "",
    }
}

fn title(layers: &Layers<'_>, class: Class, context: &Context) -> String {
    let refused = refused(class);
    let headline = if let Some(missing) = notes::missing(layers, context) {
        Some(missing)
    } else if layers.by_moment {
        layers.category.map(|c| c.title.as_str())
    } else if let Some(entry) = layers.text {
        let here = agreeing(layers).and_then(|at| at.title.as_deref());
        entry.title.as_deref().or(here).or_else(|| layers.category.map(|c| c.title.as_str()))
    } else if let Some(entry) = enhanced_speaks(layers, class) {
        Some(entry.title.as_str())
    } else {
        let at = layers.at.and_then(|at| at.title.as_deref());
        at.or_else(|| layers.code.map(|code| code.title.as_str()))
    };
    let bare = match class {
        Class::Success => "Accepted",
        Class::Intermediate => "More is expected",
        Class::Transient | Class::Permanent => "the server gives no reason that is known",
        Class::Unknown => "Not a reply that an SMTP server may send",
    };
    let headline = headline.unwrap_or(bare);
    if refused.is_empty() { capital(headline) } else { format!("{refused}{}", small(headline)) }
}

/// The first letter small, unless it begins a name in capitals such as `TLS` or `HELO`.
pub(super) fn small(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

fn meaning(layers: &Layers<'_>, class: Class) -> String {
    let by_class = match class {
        Class::Success => "The server did what was asked.",
        Class::Intermediate => "The server accepted this much and waits for the rest.",
        Class::Transient => "The server did not do it this time; the same may work later.",
        Class::Permanent => "The server did not do it, and the same will be refused again.",
        Class::Unknown => {
            "A reply code begins with 2, 3, 4 or 5. A client can make nothing of this one and has to treat it as a failure."
        }
    };
    if let Some(category) = layers.category.filter(|_| layers.by_moment) {
        return category.meaning.clone();
    }
    if let Some(entry) = layers.text {
        let here = agreeing(layers).and_then(|at| at.meaning.as_deref());
        let words = entry.meaning.as_deref().or(here).or_else(|| layers.category.map(|c| c.meaning.as_str()));
        return words.unwrap_or(by_class).to_owned();
    }
    if let Some(entry) = enhanced_speaks(layers, class) {
        return entry.meaning.clone();
    }
    let at = layers.at.and_then(|at| at.meaning.as_deref());
    let words = at.or_else(|| layers.code.map(|code| code.meaning.as_str()));
    words.unwrap_or(by_class).to_owned()
}

fn retry(layers: &Layers<'_>, class: Class, normal: &str) -> Option<bool> {
    if !class.is_refusal() {
        return None;
    }
    let never = || notes::say_never(normal).then_some(false);
    let general = || layers.category.and_then(|c| c.retry);
    layers.text.and_then(|entry| entry.retry).or_else(never).or_else(general).or(Some(class == Class::Transient))
}

fn causes(layers: &Layers<'_>, context: &Context) -> Vec<Cause> {
    let (mut causes, late) = notes::causes(layers, context);
    let here = || layers.text.and_then(|_| agreeing(layers)).and_then(|at| at.causes.clone());
    let own = layers.text.and_then(|entry| entry.causes.clone()).or_else(here);
    let enhanced = || {
        let entry = layers.enhanced.filter(|entry| layers.text.is_none() && !entry.causes.is_empty());
        entry.map(|entry| entry.causes.clone())
    };
    let at = || {
        let at = layers.at.filter(|_| layers.text.is_none()).and_then(|at| at.causes.clone());
        at.or_else(|| layers.code.filter(|_| layers.text.is_none()).map(|code| code.causes.clone()))
    };
    let category = || layers.category.map(|c| c.causes.clone());
    let at = || at().filter(|causes| !causes.is_empty());
    let found = own.or_else(|| enhanced_or(layers, enhanced, at)).or_else(at);
    let found = found.filter(|_| !layers.by_moment);
    for cause in found.or_else(category).unwrap_or_default() {
        // What this conversation shows may say it already.
        let stranger = |cause: &Cause| cause.claims(Claim::NotLoggedIn);
        let said = stranger(&cause) && causes.iter().any(stranger) || causes.contains(&cause);
        if !said && !cause.is_refuted(context, layers) {
            causes.push(cause);
        }
    }
    causes.extend(late);
    causes
}

/// The causes of an enhanced code that says something; where it has none of its own, those of a reply code that says the
/// same, only closer to the moment, and then those of its category.
fn enhanced_or(
    layers: &Layers<'_>,
    own: impl Fn() -> Option<Vec<Cause>>,
    at: impl Fn() -> Option<Vec<Cause>>,
) -> Option<Vec<Cause>> {
    let entry = layers.enhanced.filter(|entry| layers.text.is_none() && !entry.vague && entry.category != "ok")?;
    let same = category::by_code(layers) == Some(&entry.category);
    own().or_else(|| at().filter(|_| same)).or_else(|| {
        let category = layers.category.filter(|c| c.name == entry.category);
        category.map(|c| c.causes.clone())
    })
}

/// The steps that the layers propose, best first; which of them fit the moment is for [`steps`] to say.
fn proposed<'a>(layers: &Layers<'a>, retry: Option<bool>) -> Vec<&'a StepEntry> {
    let general = layers.category.map(|c| c.next.as_slice()).unwrap_or_default();
    let (own, general) = if layers.category.is_some() && layers.by_moment {
        (general, [].as_slice())
    } else if let Some(next) = layers.text.and_then(|entry| entry.next.as_deref()) {
        (next, [].as_slice())
    } else if layers.text.is_some() {
        (agreeing(layers).and_then(|at| at.next.as_deref()).unwrap_or_default(), general)
    } else {
        let at = layers.at.and_then(|at| at.next.as_deref());
        (at.or_else(|| layers.code.map(|code| code.next.as_slice())).unwrap_or_default(), general)
    };
    let fits = |step: &&StepEntry| retry != Some(false) || !step.again;
    own.iter().chain(general).filter(fits).collect()
}
