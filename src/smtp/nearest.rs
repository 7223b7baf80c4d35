//! The known word that is nearest to one that is not known, if it is near enough to be what was meant.

/// The one of `known` that is nearest to `word`, in any case of letters; the earlier one between equals.
///
/// `allowed` is told how many letters `word` and the known one have, and says how many at most may be put in, taken out,
/// exchanged or swapped with their neighbour.
#[must_use]
pub fn nearest<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
    allowed: impl Fn(usize, usize) -> usize,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let letters = word.chars().count();
    let near = known.into_iter().filter_map(|candidate| {
        let low = candidate.to_lowercase();
        let own = low.chars().count();
        let allowed = allowed(letters, own);
        // So many are missing at least: what costs more need not be counted.
        let far = (own.abs_diff(letters) <= allowed).then(|| strsim::osa_distance(&word, &low))?;
        (far <= allowed).then_some((far, candidate))
    });
    near.min_by_key(|(far, _)| *far).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_nothing_that_is_too_far_away() {
        let known = ["host", "port", "protocol", "note", "production"];
        for (word, letters, want) in [
            ("hots", 1, Some("host")),
            ("PORT", 0, Some("port")),
            ("protocal", 1, Some("protocol")),
            ("nose", 1, Some("note")),
            ("xyzzy", 2, None),
            ("produce", 2, None),
            ("", 3, None),
        ] {
            assert_eq!(nearest(word, known, |_, _| letters), want, "{word}");
        }
        assert_eq!(nearest("xost", ["post", "host"], |_, _| 1), Some("post"), "the earlier one between equals");
    }
}
