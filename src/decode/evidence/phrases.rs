//! Replies made of `tests/corpus/phrases.tsv`, for learning: families of sentences, of each of which some are put together.

use crate::decode::Asked;

/// How often the longer half of a family is gone through.
const TURNS: usize = 3;

/// What may stand in one place.
type Choice<'a> = Vec<&'a str>;

/// Category, what was asked, and reply.
pub(in crate::decode) type Phrase = (String, Option<Asked>, String);

/// What servers put around a reason.
#[derive(Default)]
struct Around<'a> {
    before: Vec<(&'a str, Choice<'a>)>,
    after: Choice<'a>,
}

/// All phrases, the same each time. Each half of a family is in some of them.
pub(in crate::decode) fn phrases(text: &str) -> Vec<Phrase> {
    let rows: Vec<Vec<&str>> =
        text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect();
    let mut around = Around::default();
    for row in &rows {
        match row[..] {
            ["before", asked, texts] => around.before.push((asked, texts.split('|').collect())),
            ["after", _, texts] => around.after = texts.split('|').collect(),
            _ => {}
        }
    }
    let mut all: Vec<Phrase> = rows.iter().flat_map(|row| family(row, &around)).collect();
    all.sort_by(|a, b| (&a.0, &a.2).cmp(&(&b.0, &b.2)));
    all.dedup();
    all
}

/// The phrases of one family.
fn family(row: &[&str], around: &Around<'_>) -> Vec<Phrase> {
    let [category, asked, codes, who, what] = row[..] else { return Vec::new() };
    let (asked, codes): (Choice<'_>, Choice<'_>) = (asked.split(',').collect(), codes.split(',').collect());
    let (who, what): (Choice<'_>, Choice<'_>) = (who.split('|').collect(), what.split('|').collect());
    let count = (TURNS * who.len().max(what.len())).min(who.len() * what.len());
    let lcm = (1..=what.len()).map(|turn| turn * who.len()).find(|all| all % what.len() == 0).unwrap_or(1);
    let phrase = |n: usize| {
        let asked = asked[n % asked.len()];
        // Another half each time, and another pair each turn.
        let (who, what) = (who[n % who.len()], what[(n + n / lcm) % what.len()]);
        let before = around.before.iter().find(|(at, _)| n % 3 == 1 && *at == asked);
        let before = before.map_or("", |(_, texts)| texts[n / 3 % texts.len()]);
        let after = if n % 4 == 2 { around.after[n / 4 % around.after.len()] } else { "" };
        let text = format!("{} {before}{}{after}", codes[n % codes.len()], sentence(who, what));
        (category.to_owned(), Asked::from_name(asked), filled(&text))
    };
    (0..count).map(phrase).collect()
}

/// Both halves together. Scripts without spaces between words have none here either.
fn sentence(who: &str, what: &str) -> String {
    let (who, what) = (who.trim_matches('^'), what.trim_matches('^'));
    let joined = who.is_empty()
        || what.starts_with(|c: char| ",:.;，、".contains(c))
        || what.starts_with(|c: char| c > '\u{2e80}') && who.ends_with(|c: char| c > '\u{2e80}');
    if joined { format!("{who}{what}") } else { format!("{who} {what}").trim_end().to_owned() }
}

/// With an address for each that is named.
fn filled(text: &str) -> String {
    text.replace("{r}", "anotherdude@target.example").replace("{s}", "dude@noddy.example").replace("{i}", "192.0.2.1")
}

#[test]
fn a_family_is_put_together_in_many_ways() {
    let text =
        "# x\nbefore\tRCPT\tsorry, \nafter\t*\t (#1)\nmailbox-full\tRCPT\t552 5.2.2,452\tthe box|{r}\tis full|^|已满\n";
    let all = phrases(text);
    let replies: Vec<&str> = all.iter().map(|(.., reply)| reply.as_str()).collect();
    assert!(all.iter().all(|(category, asked, _)| category == "mailbox-full" && asked.is_some()));
    assert!(replies.contains(&"552 5.2.2 the box is full"), "{replies:?}");
    assert!(
        replies.iter().any(|it| it.contains("anotherdude@target.example 已满") || it.contains("box 已满")),
        "{replies:?}"
    );
    assert!(
        replies.iter().any(|it| it.contains("sorry, ")) && replies.iter().any(|it| it.contains("(#1)")),
        "{replies:?}"
    );
}

#[test]
fn the_phrases_are_families_of_known_categories() {
    let text = include_str!("../../../tests/corpus/phrases.tsv");
    for line in text.lines().filter(|line| !line.starts_with(['#']) && !line.is_empty()) {
        let columns: Vec<&str> = line.split('\t').collect();
        let around = matches!(columns[..], ["before" | "after", _, _]);
        let family = columns.len() == 5 && crate::decode::CATEGORIES.contains(&columns[0]);
        assert!(around || family, "{line}");
    }
    assert!(phrases(text).len() > 2000);
}
