//! Which known word a mistyped one was meant to be.

/// The nearest of the known words, if it is near enough for a slip: one letter in a short word, two in a long one.
/// The earlier one wins between equals.
pub(super) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if !(3..=40).contains(&typed.chars().count()) {
        return None;
    }
    crate::smtp::nearest(typed, known, |letters, _| if letters < 6 { 1 } else { 2 })
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
