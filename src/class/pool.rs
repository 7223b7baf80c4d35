//! The question pool: "what does the sender do next?" Replies are drawn from the decode data, each with four actions, of
//! which the wrong ones belong to neighbouring categories and so are wrong for a reason that can be said. Asked about are
//! only replies whose words say the trouble plainly, and no wrong action is a way out that the explanation proposes too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, OnceLock};

use regex::{RegexSet, RegexSetBuilder};
use serde::Deserialize;

use crate::assets;
use crate::decode::{Context, Does, Explanation, Knowledge, Spoke, Step, explain_reply};
use crate::smtp::{LineEnd, Reply, ReplyLine};

/// Answers to a question.
pub const ANSWERS: usize = 4;
/// The longest reply that is asked about, in characters.
const LONGEST: usize = 200;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The reply, with its code, on one line.
    pub reply: String,
    /// What may be done.
    pub answers: Vec<String>,
    /// Which is right, from 0.
    pub right: usize,
    /// What is to be said of each answer.
    pub whys: Vec<String>,
}

impl Question {
    /// What is to be said of it once it can't be answered any more.
    #[must_use]
    pub fn looked_at(&self, given: Option<usize>) -> String {
        let (letter, why) = (letter(self.right), &self.whys[self.right]);
        match given {
            Some(given) if given == self.right => why.clone(),
            Some(_) => format!("Right is {letter}. {why}"),
            None => format!("You gave no answer. Right is {letter}. {why}"),
        }
    }
}

/// The letter of an answer, counted from 0.
#[must_use]
pub fn letter(place: usize) -> char {
    ('a'..).nth(place).unwrap_or('?')
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    action: Vec<Action>,
}

/// What a sender does about a category.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    category: String,
    /// The first digit of the replies that it fits; any where none.
    class: Option<u8>,
    does: String,
    /// The ways out that it takes, in words of the file; those that a step of an explanation takes are in [`way`].
    kinds: Vec<String>,
    /// A regular expression: the words that leave nothing else to do.
    says: String,
    beside: Vec<String>,
}

/// Whether what is done about a category is right after a reply with this code.
fn fits(action: &Action, reply: &str) -> bool {
    let class = reply.bytes().next().filter(u8::is_ascii_digit).map(|digit| digit - b'0');
    matches!(class, Some(4 | 5)) && action.class.is_none_or(|only| class == Some(only))
}

/// The kind of action that a next step of an explanation amounts to, where it is one that an answer may be.
fn way(step: &Step) -> Option<&'static str> {
    if ["later", "after a while", "minutes"].iter().any(|word| step.text.contains(word)) {
        return Some("wait");
    }
    match &step.does {
        Does::Command(line) if line.starts_with("AUTH") => Some("log-in"),
        Does::Command(line) if line.starts_with("STARTTLS") => Some("encrypt"),
        Does::Command(line) if line.starts_with("RCPT") => Some("person"),
        Does::Command(line) if line.starts_with("MAIL") => Some("sender"),
        Does::Command(line) if line == "DATA" => Some("split"),
        Does::Action(name, _) if name == "ready" => Some("log-in"),
        Does::Action(name, _) if name == "connect" => Some("elsewhere"),
        Does::Action(name, _) if name == "reconnect" => Some("wait"),
        _ => None,
    }
}

/// Kinds of ways out.
type Ways = BTreeSet<&'static str>;

/// The ways out that an explanation proposes.
fn ways(explanation: &Explanation) -> Ways {
    let again = explanation.retry.and_then(|again| again.then_some("wait"));
    explanation.next.iter().filter_map(way).chain(again).collect()
}

/// All that can be asked.
#[derive(Debug)]
pub struct Pool {
    actions: BTreeMap<String, Action>,
    /// What replies say in plain words, in the order of the actions.
    says: RegexSet,
    /// Category and reply.
    replies: Vec<(String, String)>,
    /// The ways out of each of them, found out when it is first drawn: a class draws the same few for everybody. None where
    /// its explanation tells of another category.
    found: Vec<OnceLock<Option<Ways>>>,
    /// Title and meaning of each category.
    meanings: BTreeMap<String, (String, String)>,
    knowledge: Knowledge,
}

impl Pool {
    /// The shipped one. It is made once.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static POOL: LazyLock<Pool> = LazyLock::new(|| Pool::new(Knowledge::shipped()));
        &POOL
    }

    fn new(knowledge: Knowledge) -> Self {
        let text = assets::ASSETS.get_file("questions.toml").and_then(|file| file.contents_utf8()).unwrap_or_default();
        let file: File = toml::from_str(text).expect("a test reads it");
        let actions: BTreeMap<_, _> = file.action.into_iter().map(|action| (action.category.clone(), action)).collect();
        let says = RegexSetBuilder::new(actions.values().map(|action| &action.says)).case_insensitive(true).build();
        let says = says.expect("a test reads it");
        let book = knowledge.book();
        let meaning = |name: &String| {
            let entry = book.category(name)?;
            Some((name.clone(), (entry.title.clone(), entry.meaning.clone())))
        };
        let meanings = actions.keys().filter_map(meaning).collect();
        let examples = book.replies().iter().filter(|entry| !entry.is_general());
        let examples = examples.flat_map(|entry| entry.examples.iter().map(move |example| (&entry.category, example)));
        let of: Vec<_> = examples.map(|(category, example)| (category.clone(), example.clone())).collect();
        let mut pool = Self { actions, says, replies: Vec::new(), found: Vec::new(), meanings, knowledge };
        let mut replies: Vec<_> =
            of.into_iter().filter(|(category, example)| pool.is_plain(example, category)).collect();
        replies.sort();
        replies.dedup();
        pool.found = replies.iter().map(|_| OnceLock::new()).collect();
        pool.replies = replies;
        pool
    }

    /// Whether a reply says in plain words, and of nothing else, what is done about this category.
    fn is_plain(&self, reply: &str, category: &str) -> bool {
        // What is in other letters is no question about mail.
        let is_short = reply.lines().count() == 1 && reply.chars().count() <= LONGEST && reply.is_ascii();
        let said = self.says.matches(reply);
        let actions = self.actions.values().enumerate();
        let mut said = actions.filter(|(place, action)| said.matched(*place) && fits(action, reply));
        is_short && said.next().is_some_and(|(_, action)| action.category == category) && said.next().is_none()
    }

    /// The explanation of a reply, where its text is recognised as one of this category: an example may be an entry's and
    /// yet, with its code, tell of something else. Asked of what is drawn alone, since explaining all takes a while.
    fn explained(&self, reply: &str, category: &str) -> Option<Explanation> {
        let mut whole = Reply::default();
        whole.push(ReplyLine::parse(reply.as_bytes().to_vec(), LineEnd::CrLf));
        let explanation = explain_reply(&whole, &Context::default(), &self.knowledge);
        let by_text = explanation.layers.iter().any(|layer| layer.decides && layer.by == Spoke::Text);
        (by_text && explanation.category == category).then_some(explanation)
    }

    /// The ways out of the reply at a place among all.
    fn found(&self, place: usize) -> Option<&Ways> {
        let (category, reply) = &self.replies[place];
        let find = || self.explained(reply, category).map(|explanation| ways(&explanation));
        self.found[place].get_or_init(find).as_ref()
    }

    /// So many questions, drawn from a seed: each about another category while there are any left.
    #[must_use]
    pub fn draw(&self, seed: &[u8; 32], count: usize) -> Vec<Question> {
        let mut dice = Dice::new(seed);
        let mut categories: Vec<&String> = self.actions.keys().collect();
        dice.shuffle(&mut categories);
        let of = |category: &String| {
            let all = self.replies.iter().enumerate();
            all.filter(|(_, (of, _))| of == category).collect::<Vec<_>>()
        };
        let mut questions: Vec<Question> = Vec::new();
        for category in categories.iter().cycle().take(categories.len() * 4) {
            if questions.len() >= count {
                break;
            }
            let replies = of(category);
            let Some((place, (_, reply))) = replies.get(dice.below(replies.len())).copied() else { continue };
            if questions.iter().any(|question| question.reply == *reply) {
                continue;
            }
            let Some(ways) = self.found(place) else { continue };
            questions.extend(self.question(category, reply, ways, &mut dice));
        }
        questions
    }

    /// A question about a reply, none of whose wrong answers takes one of these ways out.
    fn question(&self, category: &str, reply: &str, ways: &Ways, dice: &mut Dice) -> Option<Question> {
        let own = self.actions.get(category)?;
        let is_wrong =
            |other: &&Action| !other.kinds.iter().any(|kind| own.kinds.contains(kind) || ways.contains(kind.as_str()));
        let beside = own.beside.iter().filter_map(|name| self.actions.get(name));
        let mut beside: Vec<&Action> = beside.filter(is_wrong).collect();
        if beside.len() + 1 < ANSWERS {
            return None;
        }
        dice.shuffle(&mut beside);
        let mut all: Vec<&Action> = std::iter::once(own).chain(beside).take(ANSWERS).collect();
        dice.shuffle(&mut all);
        let right = all.iter().position(|action| action.category == category)?;
        let (title, meaning) = self.meanings.get(category)?;
        let why = |action: &&Action| {
            if action.category == category {
                return format!("{title}: {meaning}");
            }
            let other = self.meanings.get(&action.category).map_or("", |(title, _)| title);
            format!("That is what one does about another trouble ({other}). Here it is: {title}. {meaning}")
        };
        Some(Question {
            reply: reply.to_owned(),
            answers: all.iter().map(|action| action.does.clone()).collect(),
            right,
            whys: all.iter().map(why).collect(),
        })
    }
}

/// Numbers that a seed decides (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn new(seed: &[u8; 32]) -> Self {
        let (first, _) = seed.split_at(8);
        Self(first.iter().fold(0, |all, octet| all << 8 | u64::from(*octet)))
    }

    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % (count.max(1) as u64)).unwrap_or(0)
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_can_be_asked_about_with_four_answers_of_its_neighbourhood() {
        let pool = Pool::shipped();
        for (category, action) in &pool.actions {
            let replies = pool.replies.iter().filter(|(of, _)| of == category).count();
            assert!(replies >= 3, "{category} has {replies} replies");
            assert!(action.beside.len() >= ANSWERS - 1 && !action.beside.contains(category), "{category}");
            for other in &action.beside {
                assert!(pool.actions.contains_key(other), "{category}: {other} has no action");
            }
        }
    }

    #[test]
    fn no_reply_is_asked_about_whose_answer_is_in_doubt() {
        let pool = Pool::shipped();
        let asked = |words: &str| pool.replies.iter().any(|(_, reply)| reply.contains(words));
        for doubtful in [
            "435 Unable to authenticate at present",
            "your ehlo domain does not resolve",
            "You have been blocked by the recipient",
            "sender is blocked by policy",
            "Old address no longer valid",
            "451 4.3.0 cannot create temporary file",
            "Recipient is getting too much mail",
            "Block temporarily",
            "POL-P5",
            "Autenticazione richiesta",
            "Proper authentication required",
        ] {
            assert!(!asked(doubtful), "{doubtful}");
        }
        assert!(asked("User unknown") && asked("blocked using zen.spamhaus.org") && asked("greylisted"));
    }

    #[test]
    fn no_wrong_answer_is_a_way_out_that_the_explanation_proposes() {
        let pool = Pool::shipped();
        let action =
            |does: &String| pool.actions.values().find(|action| action.does == *does).expect("it is an action's");
        let mut dice = Dice::new(&[3; 32]);
        let mut asked = BTreeMap::<_, usize>::new();
        for (category, reply) in &pool.replies {
            let Some(explanation) = pool.explained(reply, category) else { continue };
            let ways = ways(&explanation);
            let question =
                pool.question(category, reply, &ways, &mut dice).unwrap_or_else(|| panic!("{reply}: {ways:?}"));
            let right = action(&question.answers[question.right]);
            for wrong in question.answers.iter().map(action).filter(|action| action.category != *category) {
                let shares = |kind: &String| right.kinds.contains(kind) || ways.contains(kind.as_str());
                assert!(!wrong.kinds.iter().any(shares), "{reply}: {} {ways:?}", wrong.does);
            }
            *asked.entry(category).or_default() += 1;
        }
        for category in pool.actions.keys() {
            assert!(asked.get(category).is_some_and(|count| *count >= 3), "{category}: {asked:?}");
        }
    }

    #[test]
    fn each_reply_is_explained_once_however_many_it_is_drawn_for() {
        let pool = Pool::new(Knowledge::shipped());
        let found = || pool.found.iter().filter(|found| found.get().is_some()).count();
        assert_eq!(found(), 0, "none before it is drawn");
        let questions = pool.draw(&[7; 32], 3);
        let drawn = found();
        assert!((3..pool.replies.len() / 4).contains(&drawn), "{drawn}");
        assert_eq!((pool.draw(&[7; 32], 3), found()), (questions, drawn));
    }

    #[test]
    fn a_seed_draws_the_same_questions_and_another_seed_others() {
        let pool = Pool::shipped();
        let questions = pool.draw(&[7; 32], 10);
        assert_eq!(questions.len(), 10);
        assert_eq!(questions, pool.draw(&[7; 32], 10));
        assert_ne!(questions, pool.draw(&[8; 32], 10));
        for question in &questions {
            assert_eq!((question.answers.len(), question.whys.len()), (ANSWERS, ANSWERS));
            let right = question.answers.iter().filter(|answer| **answer == question.answers[question.right]).count();
            assert_eq!(right, 1, "{question:?}");
        }
        // "Leave it in the queue" is no answer to a 5yz, nor "not try again" to a 4yz (RFC 5321 4.2.1).
        for question in (0..40).flat_map(|seed| pool.draw(&[seed; 32], 22)) {
            let right = &question.answers[question.right];
            let about = pool.actions.values().find(|action| action.does == *right).expect("it is an action's");
            let class = question.reply.bytes().next().map(|digit| digit - b'0');
            assert!(about.class.is_none() || about.class == class, "{question:?}");
        }
        for (category, class) in [("mailbox-full", 4), ("rate-limited", 4), ("mailbox-unknown", 5), ("spam", 5)] {
            assert_eq!(pool.actions[category].class, Some(class), "{category}");
        }
        let places: std::collections::BTreeSet<_> =
            pool.draw(&[1; 32], 20).iter().map(|question| question.right).collect();
        assert!(places.len() > 2, "the right one stands anywhere: {places:?}");
    }
}
