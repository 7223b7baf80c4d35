//! The entries of the decode data, as they stand in TOML (FORMATS section 5).

use serde::Deserialize;
use toml::Spanned;

use crate::smtp::{EnhancedCode, ReplyCode};

use super::book::is_action;
use super::{Asked, Cause, Context};

/// What a digit of a code says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigitEntry {
    /// `5`, `x5x`, or `x.7.x`.
    pub digits: String,
    /// Its words.
    pub meaning: String,
}

/// A next step as written: a wire line, or an action with its argument. `{rcpt}` and the like are filled in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepEntry {
    /// What it does, in words.
    pub text: String,
    /// A wire line for the composer.
    #[serde(default)]
    pub command: Option<String>,
    /// An entry of the action table.
    #[serde(default)]
    pub action: Option<String>,
    /// The action's argument.
    #[serde(default)]
    pub argument: Option<String>,
    /// It only tries the same again: no step where that does not help.
    #[serde(default)]
    pub again: bool,
}

impl StepEntry {
    /// What is wrong with it.
    pub(super) fn problem(&self) -> Option<String> {
        match (&self.command, &self.action) {
            (Some(_), None) if self.argument.is_none() => None,
            (None, Some(action)) if is_action(action) => None,
            (None, Some(action)) => Some(format!("unknown action {action:?}")),
            _ => Some(format!("step {:?} needs either a command, or an action with its argument", self.text)),
        }
    }
}

/// What holds for a category as a whole, where an entry says nothing of its own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryEntry {
    /// Its name.
    pub name: String,
    /// A headline, without "refused".
    pub title: String,
    /// What happened.
    pub meaning: String,
    /// Whether to try again, where the class does not decide.
    #[serde(default)]
    pub retry: Option<bool>,
    /// Likely causes, most likely first.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// Next steps, best first.
    #[serde(default)]
    pub next: Vec<StepEntry>,
    /// RFCs and sections.
    #[serde(default)]
    pub reference: Vec<String>,
}

/// A reply code.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeEntry {
    /// The number.
    pub code: u16,
    /// A headline.
    pub title: String,
    /// What it says.
    pub meaning: String,
    /// Its category where neither verb, enhanced code nor text say more.
    pub category: String,
    /// Whether an RFC or the registry has it.
    #[serde(default)]
    pub standard: bool,
    /// Likely causes.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// Next steps.
    #[serde(default)]
    pub next: Vec<StepEntry>,
    /// RFCs and sections.
    #[serde(default)]
    pub reference: Vec<String>,
    /// What it says after a certain command.
    #[serde(default)]
    pub at: Vec<AtEntry>,
}

impl CodeEntry {
    /// What it says as the answer to this.
    #[must_use]
    pub fn at(&self, asked: Option<Asked>) -> Option<&AtEntry> {
        let asked = asked?;
        let named = |name: &str| self.at.iter().find(|at| at.asked.iter().any(|a| a == name));
        named(asked.name()).or_else(|| (asked == Asked::AuthAnswer).then(|| named("AUTH")).flatten())
    }

    pub(super) fn problem(&self) -> Option<String> {
        let steps = || self.next.iter().chain(self.at.iter().flat_map(|at| at.next.iter().flatten()));
        steps().find_map(StepEntry::problem).or_else(|| {
            self.at
                .iter()
                .flat_map(|at| &at.asked)
                .find(|name| Asked::from_name(name).is_none())
                .map(|name| format!("{name:?} is neither a verb nor connect, end-of-data, auth-answer or unasked"))
        })
    }
}

/// A reply code as the answer to certain commands; what is not given is the code's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtEntry {
    /// Verbs, or `connect`, `end-of-data`, `auth-answer`, `unasked`.
    pub asked: Vec<String>,
    /// Says that it was refused, and not for what: a text that was recognised says more.
    #[serde(default)]
    pub vague: bool,
    /// A headline.
    pub title: Option<String>,
    /// What it says here.
    pub meaning: Option<String>,
    /// Its category here.
    pub category: Option<String>,
    /// Likely causes here.
    pub causes: Option<Vec<Cause>>,
    /// Next steps here.
    pub next: Option<Vec<StepEntry>>,
    /// RFCs and sections.
    #[serde(default)]
    pub reference: Vec<String>,
}

/// An enhanced status code.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnhancedEntry {
    /// `X.7.1` for any class, `4.7.500` for one, `5.7.606-649` for a range of details.
    pub code: String,
    /// A headline.
    pub title: String,
    /// What it says.
    pub meaning: String,
    /// Its category.
    pub category: String,
    /// Whether it says so little that the reply code decides instead.
    #[serde(default)]
    pub vague: bool,
    /// Whose it is, where it is not the registry's.
    #[serde(default)]
    pub software: Option<String>,
    /// The classes in which the registry has it; empty for a vendor's.
    #[serde(default)]
    pub classes: Vec<u8>,
    /// Likely causes.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// RFCs and sections.
    #[serde(default)]
    pub reference: Vec<String>,
}

impl EnhancedEntry {
    /// Whether this is the entry of a code.
    #[must_use]
    pub fn covers(&self, code: EnhancedCode) -> bool {
        self.parts().is_some_and(|(class, subject, details)| {
            class.is_none_or(|class| class == code.class) && subject == code.subject && details.contains(&code.detail)
        })
    }

    fn parts(&self) -> Option<(Option<u8>, u16, std::ops::RangeInclusive<u16>)> {
        let mut words = self.code.splitn(3, '.');
        let class = match words.next()? {
            "X" => None,
            word => Some(word.parse().ok()?),
        };
        let subject = words.next()?.parse().ok()?;
        let detail = words.next()?;
        let (first, last) = detail.split_once('-').unwrap_or((detail, detail));
        Some((class, subject, first.parse().ok()?..=last.parse().ok()?))
    }

    pub(super) fn problem(&self) -> Option<String> {
        self.parts().is_none().then(|| "an enhanced code is written X.7.1, 5.7.1 or 5.7.606-649".to_owned())
    }
}

/// Where the references of codes belong that speak of one moment or cause only.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScopeEntry {
    /// An RFC, or a section with all below it.
    pub reference: String,
    /// The commands whose replies it is about, as in [`AtEntry`].
    #[serde(default)]
    pub asked: Vec<String>,
    /// The categories that it is about.
    #[serde(default)]
    pub category: Vec<String>,
    /// Whether it is about addresses that are not ASCII.
    #[serde(default)]
    pub non_ascii: bool,
}

impl ScopeEntry {
    /// Whether it is this reference, or one below it, that belongs there.
    pub(super) fn covers(&self, reference: &str) -> bool {
        reference.strip_prefix(&self.reference).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '.']))
    }

    /// Whether a reply of this category at this moment is what it is about.
    pub(super) fn holds(&self, context: &Context, category: &str) -> bool {
        let foreign = |address: &Option<String>| address.as_ref().is_some_and(|address| !address.is_ascii());
        self.asked.iter().any(|name| context.asked.is_some_and(|asked| asked.is_named(name)))
            || self.category.iter().any(|name| name == category)
            || self.non_ascii && (foreign(&context.rcpt) || foreign(&context.from))
    }
}

/// How a server or provider is recognised, in its greeting or any other text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftwareEntry {
    /// A regular expression.
    #[serde(rename = "match")]
    pub pattern: Spanned<String>,
    /// Its name.
    pub name: String,
}

/// One value or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Several<T> {
    /// One.
    One(T),
    /// Any of these.
    Any(Vec<T>),
}

impl<T> Several<T> {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        match self {
            Self::One(value) => std::slice::from_ref(value).iter(),
            Self::Any(values) => values.iter(),
        }
    }
}

/// A recognised text: a family of wordings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyEntry {
    /// A regular expression on the text after code and enhanced code, in any case.
    #[serde(rename = "match")]
    pub pattern: Spanned<String>,
    /// Only with a code like this: `550`, `55x`, `5xx`.
    #[serde(default)]
    pub code: Option<Several<String>>,
    /// Only with an enhanced code like this: `5.7.1`, `x.7.x`, or `none`.
    #[serde(default)]
    pub enhanced: Option<Several<String>>,
    /// Only as the answer to one of these: a verb, `connect`, `end-of-data`, `auth-answer`, `unasked`.
    #[serde(default)]
    pub verb: Option<Several<String>>,
    /// Only in one of these phases, by the names of a session's phases.
    #[serde(default)]
    pub phase: Option<Several<String>>,
    /// Only on a line that is encrypted, or is not.
    #[serde(default)]
    pub tls: Option<bool>,
    /// Only when logged in, or not.
    #[serde(default)]
    pub authenticated: Option<bool>,
    /// Who is recognised by it. Of another server that says the same, its name is left out of meaning and causes, and with
    /// it what stands in brackets beside the name: what only this one does belongs there.
    #[serde(default)]
    pub software: Option<String>,
    /// Only where the server offered this.
    #[serde(default)]
    pub capability: Option<String>,
    /// Its category.
    pub category: String,
    /// A headline, where the category's does not fit.
    #[serde(default)]
    pub title: Option<String>,
    /// What happened, where the category's words do not fit.
    #[serde(default)]
    pub meaning: Option<String>,
    /// A word beside: what does not go together in such a reply.
    #[serde(default)]
    pub note: Option<String>,
    /// Whether to try again, where class and category do not decide.
    #[serde(default)]
    pub retry: Option<bool>,
    /// Likely causes.
    #[serde(default)]
    pub causes: Option<Vec<Cause>>,
    /// Next steps.
    #[serde(default)]
    pub next: Option<Vec<StepEntry>>,
    /// RFCs and sections.
    #[serde(default)]
    pub reference: Vec<String>,
    /// Replies that are recognised by it, as a server sends them.
    #[serde(default)]
    pub examples: Vec<String>,
    /// The file that it comes from: for ours its name without the ending, for the user's own its path.
    #[serde(skip)]
    pub file: String,
    /// Whether it is the user's own.
    #[serde(skip)]
    pub own: bool,
    /// The rank of its file: the higher, the more exactly it names who sends it.
    #[serde(skip)]
    pub(super) rank: i32,
}

impl ReplyEntry {
    /// Whether only general wordings are recognised by it, asked after all that name who sends them.
    #[must_use]
    pub fn is_general(&self) -> bool {
        self.rank < 0
    }

    /// Whether what it says holds whatever else the words of the reply speak for.
    pub(super) fn is_settled(&self) -> bool {
        let moment = self.phase.is_some() || self.tls.is_some() || self.authenticated.is_some();
        // Both codes at a command are more than any words.
        let exact = self.code.is_some() && self.enhanced.is_some() && self.verb.is_some();
        self.own || self.rank >= 10 || moment || exact || self.capability.is_some()
    }

    /// Whether its conditions hold. What is not known does not hold.
    pub(super) fn holds(&self, code: Option<ReplyCode>, enhanced: Option<EnhancedCode>, context: &Context) -> bool {
        let any = |wanted: &Option<Several<String>>, holds: &dyn Fn(&str) -> bool| {
            wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|w| holds(w)))
        };
        any(&self.code, &|w| code.is_some_and(|code| alike(w, &code.to_string())))
            && any(&self.enhanced, &|w| match enhanced {
                None => w == "none",
                Some(code) => enhanced_alike(w, code),
            })
            && any(&self.verb, &|w| context.asked.is_some_and(|asked| asked.is_named(w)))
            && any(&self.phase, &|w| context.before.is_some_and(|phase| phase.name() == w))
            && self.tls.is_none_or(|tls| context.tls == Some(tls))
            && self.authenticated.is_none_or(|it| context.authenticated == Some(it))
            && self.capability.as_ref().is_none_or(|keyword| context.offers(keyword) == Some(true))
    }

    pub(super) fn condition_problem(&self) -> Option<String> {
        if let Some(code) = self.code.as_ref().and_then(|codes| {
            codes.iter().find(|code| code.len() != 3 || !code.bytes().all(|b| b.is_ascii_digit() || b == b'x'))
        }) {
            return Some(format!("the condition code = {code:?} should be three digits or x, such as 5xx"));
        }
        if let Some(verb) = self.verb.as_ref().and_then(|verbs| verbs.iter().find(|v| Asked::from_name(v).is_none())) {
            return Some(format!("{verb:?} is neither a verb nor connect, end-of-data, auth-answer or unasked"));
        }
        let mut phases = self.phase.iter().flat_map(Several::iter);
        phases
            .find(|phase| crate::smtp::Phase::from_name(phase).is_none())
            .map(|phase| format!("{phase:?} is not the name of a phase"))
    }
}

/// Whether digits fit a pattern in which `x` stands for any digit.
fn alike(pattern: &str, digits: &str) -> bool {
    pattern.len() == digits.len() && pattern.bytes().zip(digits.bytes()).all(|(p, d)| p == b'x' || p == d)
}

fn enhanced_alike(pattern: &str, code: EnhancedCode) -> bool {
    let code = code.to_string();
    let (mut wanted, mut parts) = (pattern.split('.'), code.split('.'));
    wanted.by_ref().zip(parts.by_ref()).all(|(w, part)| w.eq_ignore_ascii_case("x") || w == "*" || w == part)
        && wanted.next().is_none()
}
