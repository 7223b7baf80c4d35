//! What is wrong with a regular expression that somebody wrote, on one line: the crate draws a picture of several. What must
//! not live here: what an expression is looked for in.

/// Why a text is no regular expression, with what helps where it is a character that was meant as it stands.
#[must_use]
pub fn problem(error: &regex::Error) -> String {
    if let regex::Error::CompiledTooBig(_) = error {
        return "it is too large; ask for less at once".to_owned();
    }
    let picture = error.to_string();
    let why = picture.lines().last().unwrap_or_default().trim_start_matches("error: ");
    format!("{why}; a character that is meant as it stands has \\ before it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_one_line_with_what_helps() {
        for (text, why) in [("(a", "unclosed group"), ("a**[", "unclosed character class"), ("*", "missing expression")]
        {
            let said = problem(&regex::Regex::new(text).expect_err("no expression"));
            assert!(said.contains(why) && said.ends_with("has \\ before it") && !said.contains('\n'), "{text}: {said}");
        }
        let large = regex::RegexBuilder::new(r"\w{100}").size_limit(100).build().expect_err("too large");
        assert!(problem(&large).starts_with("it is too large"));
    }
}
