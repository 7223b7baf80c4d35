//! The English words by which a finding is cut and its denials are known.

/// Whether a word, lower case, is one of a list parted by blanks.
fn is_of(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = $list:literal;)*) => {$(
        $(#[$doc])*
        pub(super) fn $name(word: &str) -> bool {
            is_of($list, word)
        }
    )*};
}

lists! {
    /// Words after which a denial belongs to their sentence: "is not", "could never".
    is_auxiliary = "is are was were be been am isn does do did has have had can could will would should shall must may \
        might looks seems gets got needs";
    /// Words that may stand between such a word and the denial.
    is_adverb = "certainly really also simply clearly just definitely probably actually still even surely quite very \
        perfectly absolutely totally completely all rather now always obviously exactly entirely of course";
    /// Words after which neither a denial nor a pronoun begins a sentence of its own.
    leads_on = "because that as if when where of to with for by in on about from like since what which whom who do does \
        did is was are were think believe mean say says know guess suppose not never at than";
    /// Pronouns with which a sentence of its own begins.
    is_subject = "it its this that they he she we you i";
    /// Words that part what is conceded from what is meant.
    turns = "but however nevertheless";
    /// Words that begin what is conceded.
    concedes = "though although albeit whereas while despite";
    /// Words that begin a reason.
    gives_reason = "because since";
    /// Denials of one word.
    denies = "not no never neither nor without nothing none hardly unlike except nope";
    /// Words that take a denial away: "not only", "no doubt".
    undoes = "only just merely simply least doubt wonder";
    /// What is not said of something that is the trouble: "TLS is not the cause" denies TLS.
    is_trouble = "cause causes caused problem problems reason reasons trouble fault faulty issue issues matter matters \
        point wrong guilty blame relevant involved refused rejected blocked denied bad broken concerned affected \
        responsible culprit mistake error true";
    /// The same, as the last word.
    is_pronoun = "it this that so";
    /// What is said of something that is not the trouble: "the hostname is fine".
    is_fine = "fine ok okay good well valid right correct alright innocent irrelevant harmless known false misleading secondary \
        unaffected exist working unrelated";
    /// The same without a word before it: "the hostname matches".
    is_sound = "works exists matches holds passes";
    /// What may follow the two.
    may_follow = "too also here as itself anyway enough now with to though";
    /// Words at the edge of a clause that belong to no answer.
    joins = "and or but so then because since however though although while whereas well";
    /// Words that an answer can do without, wherever they stand.
    is_filler = "a an the it its is was are were am that this there these those i we think believe guess say suppose \
        answer of course surely clearly definitely exactly simply really probably maybe perhaps my be been would must \
        only just merely header headers field fields line reply status enhanced code number command verb called named in at to please";
    /// Articles.
    is_article = "a an the";
    /// Contractions typed without their apostrophe.
    is_bare_contraction = "isnt arent wasnt werent doesnt dont didnt cant wont hasnt havent hadnt couldnt wouldnt \
        shouldnt mustnt";
    /// Words of which `'s` is an "is".
    has_is = "it that there what he she who this here where";
}

/// Denials of several words.
pub(super) const PHRASES: [&[&str]; 6] = [
    &["nothing", "to", "do", "with"],
    &["instead", "of"],
    &["rather", "than"],
    &["other", "than"],
    &["as", "opposed", "to"],
    &["far", "from"],
];

/// Numbers as words; each stands at its value.
pub(super) const NUMBERS: [&str; 13] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// Ordinals as words; the first stands at 0.
const ORDINALS: [&str; 10] =
    ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

/// The number that a word is, in digits: `4`, `four`, `fourth`, `4th`.
pub(super) fn number(word: &str) -> Option<String> {
    let digits = |text: &str| (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned());
    let ordinal = ["st", "nd", "rd", "th"].iter().find_map(|end| digits(word.strip_suffix(end)?));
    digits(word)
        .or(ordinal)
        .or_else(|| NUMBERS.iter().position(|name| *name == word).map(|value| value.to_string()))
        .or_else(|| ORDINALS.iter().position(|name| *name == word).map(|place| (place + 1).to_string()))
}

/// Whether a word is a number that counts a place: `fourth`, `4th`.
pub(super) fn is_ordinal(word: &str) -> bool {
    number(word).is_some_and(|digits| digits != word) && !NUMBERS.contains(&word)
}

/// Whether a word is an enhanced status code, `5.1.1` (RFC 3463 section 2).
pub(super) fn is_enhanced(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a word is a reply code, `550`.
pub(super) fn is_reply_code(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit()) && matches!(word.as_bytes()[0], b'2'..=b'5')
}
