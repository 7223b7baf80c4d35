//! Which known word a mistyped one was meant to be.

/// How many letters must be put in, taken out, exchanged or swapped with their neighbour to make `b` of `a`, in any
/// case.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_uppercase().chars().collect();
    let b: Vec<char> = b.to_uppercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && *x == b[j - 1] {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// The nearest of the known words, if it is near enough for a slip: one letter in a short word, two in a long one.
/// The earlier one wins between equals.
pub(super) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters = typed.chars().count();
    if !(3..=40).contains(&letters) {
        return None;
    }
    let allowed = if letters < 6 { 1 } else { 2 };
    known
        .filter(|word| word.len().abs_diff(letters) <= allowed)
        .map(|word| (distance(typed, word), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The choice that was meant by a value: one that it begins, or that is left of it without some letters, or a slip.
pub(super) fn choice<'a>(typed: &str, choices: &'a [String]) -> Option<&'a str> {
    let upper = typed.to_ascii_uppercase();
    if upper.len() < 3 || !upper.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let begun = choices.iter().find(|choice| choice.to_ascii_uppercase().starts_with(&upper));
    let shortened = || choices.iter().find(|choice| choice.len() > 2 && is_left_of(choice, &upper));
    begun.or_else(shortened).map(String::as_str).or_else(|| nearest(typed, choices.iter().map(String::as_str)))
}

/// Whether the letters of `short` stand in `long` in this order.
fn is_left_of(short: &str, long: &str) -> bool {
    let mut rest = long.chars();
    short.chars().all(|wanted| rest.any(|c| c == wanted.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (a, b, want) in [
            ("HELO", "helo", 0),
            ("HELLO", "HELO", 1),
            ("ELHO", "EHLO", 1),
            ("RCTP", "RCPT", 1),
            ("", "MAIL", 4),
            ("STARTSSL", "STARTTLS", 2),
        ] {
            assert_eq!(distance(a, b), want, "{a} {b}");
        }
    }

    #[test]
    fn only_a_near_word_is_meant() {
        let verbs = ["EHLO", "HELO", "MAIL", "RCPT", "QUIT", "STARTTLS"];
        for (typed, want) in [
            ("HELLO", Some("HELO")),
            ("EHELO", Some("EHLO")),
            ("rctp", Some("RCPT")),
            ("STARTLS", Some("STARTTLS")),
            ("EXIT", None),
            ("XCLIENT", None),
            ("Q", None),
        ] {
            assert_eq!(nearest(typed, verbs.into_iter()), want, "{typed}");
        }
    }

    #[test]
    fn a_choice_is_guessed_from_its_beginning_or_its_letters() {
        let choices: Vec<String> = ["7BIT", "8BITMIME", "BINARYMIME", "HDRS"].map(str::to_owned).to_vec();
        for (typed, want) in [
            ("8bit", Some("8BITMIME")),
            ("BINARY", Some("BINARYMIME")),
            ("HEADERS", Some("HDRS")),
            ("8BITMIEM", Some("8BITMIME")),
            ("NONE", None),
            ("FULL,HDRS", None),
        ] {
            assert_eq!(choice(typed, &choices), want, "{typed}");
        }
    }
}
