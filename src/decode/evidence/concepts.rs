//! What words mean, whatever the language: `utente sconosciuto` and `user unknown` are signs of the same. Read from
//! `assets/concepts.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::assets;

static SHIPPED: LazyLock<Concepts<'static>> =
    LazyLock::new(|| assets::text("concepts.tsv").map(Concepts::read).unwrap_or_default());

/// A word is read up to here, in letters.
const LONGEST: usize = 24;

/// Words of scripts without spaces have no more letters.
const LONGEST_DENSE: usize = 6;

/// Which concept a word stands for.
#[derive(Debug, Default)]
struct Concepts<'a> {
    whole: HashMap<String, &'a str>,
    /// Beginnings of words; in scripts without spaces, parts of them.
    begun: HashMap<String, &'a str>,
}

/// The concepts that these words stand for, in their order; where several in a row stand for the same, once.
pub(super) fn concepts(words: &[String]) -> Vec<&'static str> {
    let mut all: Vec<&str> = words.iter().flat_map(|word| SHIPPED.of(word)).collect();
    all.dedup();
    all
}

impl<'a> Concepts<'a> {
    /// Reads lines of a concept, a tab, and words with spaces between them.
    fn read(text: &'a str) -> Self {
        let mut all = Self::default();
        for (concept, words) in text.lines().filter(|line| !line.starts_with('#')).filter_map(|it| it.split_once('\t'))
        {
            for word in words.split(' ') {
                let (kind, word) = word.strip_suffix('$').map_or((&mut all.begun, word), |it| (&mut all.whole, it));
                kind.entry(folded(word)).or_insert(concept);
            }
        }
        all
    }

    fn of(&self, word: &str) -> Vec<&'a str> {
        let word: Vec<char> = folded(word).chars().take(200).collect();
        if word.iter().any(|c| is_dense(*c)) {
            return self.within(&word);
        }
        let begun = |length| self.begun.get(&word[..length].iter().collect::<String>()).copied();
        let whole = self.whole.get(&word.iter().collect::<String>()).copied();
        whole.or_else(|| (3..=word.len().min(LONGEST)).rev().find_map(begun)).into_iter().collect()
    }

    /// One after the other, the longest first.
    fn within(&self, letters: &[char]) -> Vec<&'a str> {
        let (mut all, mut at) = (Vec::new(), 0);
        while at < letters.len() {
            let longest = LONGEST_DENSE.min(letters.len() - at);
            let found = (1..=longest).rev().find_map(|length| {
                Some((self.begun.get(&letters[at..at + length].iter().collect::<String>())?, length))
            });
            all.extend(found.map(|(concept, _)| *concept));
            at += found.map_or(1, |(_, length)| length);
        }
        all
    }
}

/// Whether a letter is of a script that puts no spaces between words.
pub(super) fn is_dense(letter: char) -> bool {
    letter > '\u{2e80}'
}

/// A word without its accents: some write them, some leave them out.
fn folded(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for letter in word.chars() {
        let plain = match letter {
            'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
            'ç' | 'ć' | 'č' => 'c',
            'ď' | 'đ' => 'd',
            'è'..='ë' | 'ē' | 'ę' | 'ě' => 'e',
            'ğ' => 'g',
            'ì'..='ï' | 'ı' | 'ī' => 'i',
            'ł' | 'ľ' => 'l',
            'ñ' | 'ń' | 'ň' => 'n',
            'ò'..='ö' | 'ø' | 'ő' => 'o',
            'ř' => 'r',
            'ś' | 'š' | 'ş' | 'ș' => 's',
            'ť' | 'ţ' | 'ț' => 't',
            'ù'..='ü' | 'ů' | 'ű' | 'ū' => 'u',
            'ý' => 'y',
            'ź' | 'ż' | 'ž' => 'z',
            'ё' => 'е',
            'ß' => {
                out.push('s');
                's'
            }
            'æ' => {
                out.push('a');
                'e'
            }
            other => other,
        };
        out.push(plain);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<&'static str> {
        concepts(&super::super::words(text))
    }

    #[test]
    fn words_of_many_languages_are_the_same_signs() {
        for text in ["user unknown", "benutzer unbekannt", "utente sconosciuto", "пользователь неизвестен", "用户未知"]
        {
            assert_eq!(of(text), ["user", "unknown"], "{text}");
        }
        assert_eq!(of("uživatel neznámý"), of("uzivatel neznamy"));
        assert_eq!(of("quota exceeded, mailbox full"), ["quota", "exceed", "mailbox", "full"]);
        assert_eq!(of("xyzzy"), Vec::<&str>::new());
    }

    #[test]
    fn a_word_stands_for_one_concept() {
        let text = assets::text("concepts.tsv").expect("shipped");
        let mut known = HashMap::new();
        for (concept, words) in text.lines().filter(|it| !it.starts_with('#')).filter_map(|it| it.split_once('\t')) {
            for word in words.split(' ') {
                assert!(!word.is_empty() && word == word.to_lowercase(), "{concept}: {word:?}");
                assert_eq!(known.insert(word, concept), None, "{word} stands for another concept, too");
            }
        }
    }
}
