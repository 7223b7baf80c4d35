//! Words of which every text that a pattern matches has one, read off the pattern as it is written. Parsing it as a regular
//! expression says the same and takes a hundred times as long, which everybody would wait for who asks for one reply.

/// Words shorter than this are in every text, and sift nothing.
const SHORTEST: usize = 2;

/// A word, as octets.
pub(super) type Word = Vec<u8>;

/// Something in a pattern that is not read here, such as `\x41`.
struct Odd;

/// One thing in a pattern, without how often it comes.
enum Item {
    /// A letter, up to here.
    Letter(usize),
    /// A group, and the words of which one is in it.
    Group(Option<Vec<Word>>),
    /// One of several letters, or a place between letters.
    Other,
    /// A flag: nothing that a text has.
    Nothing,
}

/// The words, in small letters as texts are; none where there are no such words, or where the pattern has something in it that
/// is not read here.
pub(super) fn needed(pattern: &str) -> Option<Vec<Word>> {
    let mut reader = Reader { pattern: pattern.as_bytes(), at: 0 };
    let mut words = reader.either().ok().filter(|_| reader.at == pattern.len())??;
    for word in &mut words {
        word.make_ascii_lowercase();
    }
    words.sort_unstable();
    words.dedup();
    Some(words)
}

struct Reader<'a> {
    pattern: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.pattern.get(self.at).copied()
    }

    fn eat(&mut self, octet: u8) -> bool {
        let is = self.peek() == Some(octet);
        self.at += usize::from(is);
        is
    }

    fn next(&mut self) -> Result<u8, Odd> {
        let next = self.peek().ok_or(Odd)?;
        self.at += 1;
        Ok(next)
    }

    /// Alternatives, to the end or to the bracket that closes them: a word of each.
    fn either(&mut self) -> Result<Option<Vec<Word>>, Odd> {
        let mut all = Some(Vec::new());
        loop {
            if let Some(word) = self.plain() {
                match &mut all {
                    Some(all) if word.len() >= SHORTEST => all.push(word.to_vec()),
                    _ => all = None,
                }
            } else {
                self.alternative(&mut all)?;
            }
            if !self.eat(b'|') {
                return Ok(all);
            }
        }
    }

    /// An alternative that is letters and nothing else, as most are; where it is more, nothing is taken.
    fn plain(&mut self) -> Option<&[u8]> {
        let start = self.at;
        self.letters();
        if matches!(self.peek(), None | Some(b'|' | b')')) {
            return Some(&self.pattern[start..self.at]);
        }
        self.at = start;
        None
    }

    fn alternative(&mut self, all: &mut Option<Vec<Word>>) -> Result<(), Odd> {
        match (all.as_mut(), self.sequence()?) {
            (Some(all), Some(mut one)) => all.append(&mut one),
            _ => *all = None,
        }
        Ok(())
    }

    /// What stands one after the other: the part whose shortest word is the longest sifts best.
    fn sequence(&mut self) -> Result<Option<Vec<Word>>, Odd> {
        let mut best = (SHORTEST, None);
        let mut offer = |words: Vec<Word>| {
            let shortest = words.iter().map(Vec::len).min().unwrap_or_default();
            if shortest >= best.0 {
                best = (shortest, Some(words));
            }
        };
        let mut run = Word::new();
        loop {
            run.extend_from_slice(self.letters());
            let Some(octet) = self.peek().filter(|octet| !matches!(octet, b'|' | b')')) else { break };
            let start = self.at;
            let item = match octet {
                b'(' => self.group()?,
                b'[' => self.class()?,
                b'.' | b'^' | b'$' => self.place(),
                b'\\' => self.escaped()?,
                b'*' | b'+' | b'?' | b'{' => return Err(Odd),
                octet => Item::Letter(start + length(octet)),
            };
            if let Item::Letter(end) = item {
                self.at = end;
            }
            let (least, once) = self.repeats()?;
            match item {
                Item::Letter(end) if least > 0 => {
                    let start = start + usize::from(octet == b'\\');
                    run.extend_from_slice(self.pattern.get(start..end).ok_or(Odd)?);
                    if once {
                        continue;
                    }
                }
                Item::Nothing => continue,
                _ => {}
            }
            offer(vec![std::mem::take(&mut run)]);
            if let Item::Group(Some(words)) = item
                && least > 0
            {
                offer(words);
            }
        }
        offer(vec![run]);
        Ok(best.1)
    }

    /// Takes the letters that stand next and each come once; gives them.
    fn letters(&mut self) -> &[u8] {
        let start = self.at;
        while self.peek().is_some_and(|octet| !means_something(octet)) {
            self.at += 1;
        }
        if self.peek().is_some_and(|octet| matches!(octet, b'*' | b'+' | b'?' | b'{')) {
            // That is said of the last letter, which may have several octets.
            while self.at > start {
                self.at -= 1;
                if !is_within(self.pattern[self.at]) {
                    break;
                }
            }
        }
        &self.pattern[start..self.at]
    }

    fn place(&mut self) -> Item {
        self.at += 1;
        Item::Other
    }

    fn escaped(&mut self) -> Result<Item, Odd> {
        self.at += 1;
        match self.next()? {
            b'b' | b'B' | b'A' | b'z' | b'd' | b'D' | b'w' | b'W' | b's' | b'S' | b'n' | b't' | b'r' => Ok(Item::Other),
            octet if octet.is_ascii_punctuation() || octet == b' ' => Ok(Item::Letter(self.at)),
            _ => Err(Odd),
        }
    }

    fn group(&mut self) -> Result<Item, Odd> {
        self.at += 1;
        if self.eat(b'?') {
            let flag = self.eat(b'i');
            if flag && self.eat(b')') {
                return Ok(Item::Nothing);
            }
            if !self.eat(b':') {
                return Err(Odd);
            }
        }
        let words = self.either()?;
        if self.eat(b')') { Ok(Item::Group(words)) } else { Err(Odd) }
    }

    fn class(&mut self) -> Result<Item, Odd> {
        self.at += 1;
        self.eat(b'^');
        // There it is a letter.
        self.eat(b']');
        loop {
            match self.next()? {
                b']' => return Ok(Item::Other),
                b'[' => return Err(Odd),
                b'\\' => {
                    self.next()?;
                }
                _ => {}
            }
        }
    }

    /// How often what was read comes: at least, and whether that is just once.
    fn repeats(&mut self) -> Result<(u32, bool), Odd> {
        let least = match self.peek() {
            Some(b'?' | b'*') => 0,
            Some(b'+') => 1,
            Some(b'{') => return self.counted(),
            _ => return Ok((1, true)),
        };
        self.at += 1;
        // As few as possible, or as many: the same words.
        self.eat(b'?');
        Ok((least, false))
    }

    fn counted(&mut self) -> Result<(u32, bool), Odd> {
        self.at += 1;
        let digits = self.pattern[self.at..].iter().take_while(|octet| octet.is_ascii_digit()).count();
        let least = std::str::from_utf8(&self.pattern[self.at..self.at + digits]).ok().and_then(|it| it.parse().ok());
        while self.next()? != b'}' {}
        self.eat(b'?');
        Ok((least.ok_or(Odd)?, false))
    }
}

/// Whether an octet of a pattern is more than a letter.
fn means_something(octet: u8) -> bool {
    matches!(octet, b'|' | b'(' | b')' | b'[' | b'.' | b'^' | b'$' | b'\\' | b'*' | b'+' | b'?' | b'{')
}

/// Whether an octet goes on with a letter that began before it (RFC 3629 section 3).
fn is_within(octet: u8) -> bool {
    octet & 0xc0 == 0x80
}

/// How many octets a letter has that begins with this one.
fn length(octet: u8) -> usize {
    match octet {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_a_pattern_cannot_do_without() {
        for (pattern, want) in [
            ("relay(ing)? denied", Some(vec![" denied"])),
            ("a|bc", None),
            ("^x?yz", Some(vec!["yz"])),
            ("(?i)No Such", Some(vec!["no such"])),
            ("[0-9]+", None),
            ("user.{0,9}unknown|unbekannt", Some(vec!["unbekannt", "unknown"])),
            ("(?:ab){2}", Some(vec!["ab"])),
            ("abc+d", Some(vec!["abc"])),
            ("abc*d", Some(vec!["ab"])),
            (r"\bvoll\b|plein", Some(vec!["plein", "voll"])),
            (r"5\.7\.1 \(x\)", Some(vec!["5.7.1 (x)"])),
            (r"[\]ab]cde", Some(vec!["cde"])),
            ("schließ?t", Some(vec!["schlie"])),
            ("абв*г{0,2}дежз", Some(vec!["дежз"])),
            (r"\x41bcd", None),
            ("(?P<name>abc)", None),
            ("", None),
            ("(abc", None),
        ] {
            let want = want.map(|words| words.into_iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>());
            assert_eq!(needed(pattern), want, "{pattern}");
        }
    }
}
