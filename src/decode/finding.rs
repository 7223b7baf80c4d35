//! How well something that has a name and words fits what somebody types: one matcher for every list that is searched.

/// How well it fits, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It is the name.
    Name,
    /// The name begins so.
    Begins,
    /// All words stand in the name.
    InName,
    /// All words stand in the name or beside it.
    Beside,
    /// All words stand somewhere in what is said of it.
    Within,
    /// The letters come in this order in the name.
    Letters,
    /// The name with one slip of the finger.
    Slip,
}

/// How well a name, the words beside it, and what is said further of it fit what was typed; in any case of letters.
/// Nothing where they don't. What is empty begins every name.
#[must_use]
pub fn fit<'a>(typed: &str, names: impl Iterator<Item = &'a str> + Clone, beside: &str, within: &str) -> Option<Fit> {
    let typed = typed.trim().to_lowercase();
    let lower = || names.clone().map(str::to_lowercase);
    if lower().any(|name| name == typed) {
        return Some(Fit::Name);
    }
    if lower().any(|name| name.starts_with(&typed)) {
        return Some(Fit::Begins);
    }
    let stand_in = |text: &str| typed.split_whitespace().all(|word| text.contains(word));
    if lower().any(|name| stand_in(&name)) {
        return Some(Fit::InName);
    }
    let mut text = lower().collect::<Vec<_>>().join(" ");
    text.push(' ');
    text.push_str(&beside.to_lowercase());
    if stand_in(&text) {
        return Some(Fit::Beside);
    }
    text.push(' ');
    text.push_str(&within.to_lowercase());
    if stand_in(&text) {
        return Some(Fit::Within);
    }
    // Two letters in their order are in almost every name.
    let letters = |name: String| typed.chars().count() > 2 && in_order(&name, &typed);
    if lower().any(letters) {
        return Some(Fit::Letters);
    }
    lower().any(|name| one_slip(&name, &typed)).then_some(Fit::Slip)
}

/// Whether all letters of `typed` come in this order in `name`.
fn in_order(name: &str, typed: &str) -> bool {
    let mut letters = name.chars();
    typed.chars().filter(|c| !c.is_whitespace()).all(|c| letters.any(|letter| letter == c))
}

/// Whether two words differ by one letter too many, one missing, another one, or two that changed places. Short words are
/// too much alike for that.
fn one_slip(name: &str, typed: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (name.chars().collect(), typed.chars().collect());
    if a.len().min(b.len()) < 4 || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    match (a, b) {
        ([x, y, rest @ ..], [v, w, other @ ..]) if x == w && y == v && rest == other => true,
        ([_, rest @ ..], [_, other @ ..]) if rest == other => true,
        ([_, rest @ ..], other) if rest == other => true,
        (rest, [_, other @ ..]) => rest == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_found_from_the_exact_to_the_mistyped() {
        let fits = |typed: &str| fit(typed, ["STARTTLS", "start tls"].into_iter(), "encrypt the line", "a handshake");
        for (typed, want) in [
            ("starttls", Some(Fit::Name)),
            ("", Some(Fit::Begins)),
            ("Start", Some(Fit::Begins)),
            ("tls", Some(Fit::InName)),
            ("tls start", Some(Fit::InName)),
            ("encrypt", Some(Fit::Beside)),
            ("handshake line", Some(Fit::Within)),
            ("strtl", Some(Fit::Letters)),
            ("statrtls", Some(Fit::Slip)),
            ("startlts", Some(Fit::Slip)),
            ("startttls", Some(Fit::Slip)),
            ("xz", None),
            ("mailbox", None),
        ] {
            assert_eq!(fits(typed), want, "{typed}");
        }
    }
}
