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
pub fn fit(typed: &str, names: &[&str], beside: &str, within: &str) -> Option<Fit> {
    let typed = typed.trim().to_lowercase();
    let lower = || names.iter().map(|name| name.to_lowercase());
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
    let (name, typed): (Vec<char>, Vec<char>) = (name.chars().collect(), typed.chars().collect());
    if name.len().min(typed.len()) < 4 || name.len().abs_diff(typed.len()) > 1 {
        return false;
    }
    let same = name.iter().zip(&typed).take_while(|(one, other)| one == other).count();
    let (name, typed) = (&name[same..], &typed[same..]);
    let swapped = name.len() > 1 && typed.len() > 1 && name[0] == typed[1] && name[1] == typed[0];
    let behind = |word: &[char], letters: usize| word.get(letters..).map(<[char]>::to_vec);
    swapped && behind(name, 2) == behind(typed, 2)
        || behind(name, 1).is_some_and(|rest| behind(typed, 1) == Some(rest.clone()) || rest == typed)
        || behind(typed, 1).is_some_and(|rest| rest == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_found_from_the_exact_to_the_mistyped() {
        let fits = |typed: &str| fit(typed, &["STARTTLS", "start tls"], "encrypt the line", "a handshake");
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
