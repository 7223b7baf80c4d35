//! Next steps that a refusal's own words call for and no table can have: where to look a listed address up, what in the
//! message a rule judges, and to come back later; and what is left of the steps where no session is open.

use core::net::{IpAddr, Ipv4Addr};

use crate::smtp::Class;

use super::normal::addresses;
use super::{Context, Does, Explanation, Step};

/// What a reply says of a block list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The address or name that is listed.
    pub listed: Option<String>,
    /// The list's name in DNS.
    pub list: Option<String>,
    /// Where to look it up.
    pub page: Option<String>,
}

/// What a reply says of the block list for which it refuses; none where it tells of no list, only that it takes nothing from
/// here.
#[must_use]
pub fn listing(text: &str) -> Option<Listing> {
    let list = list_in(text);
    if list.is_none() && !names_a_list(text) {
        return None;
    }
    let page = words(text).find(|word| is_page(word));
    let page = page.map(|page| page.trim_end_matches(['.', ')']).to_owned());
    Some(Listing { listed: address_in(text).or_else(|| name_in(text)), list, page })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | '<' | '>' | '"' | '\''))
}

fn is_page(word: &str) -> bool {
    word.starts_with("https://") || word.starts_with("http://")
}

/// The first word that is an IP address. 127.0.0.2 and its like are what a list answers, and nobody's address.
fn address_in(text: &str) -> Option<String> {
    let answer = |it: IpAddr| it.is_loopback() && it.is_ipv4() && it != IpAddr::V4(Ipv4Addr::LOCALHOST);
    let bare = words(text).filter(|word| !is_page(word)).flat_map(|word| word.split(['[', ']', '(', ')']));
    let bare = bare.map(|word| word.trim_matches([':', '.']));
    bare.flat_map(|word| [word, word.split_once(':').map_or(word, |(_, behind)| behind)])
        .find(|word| word.parse().is_ok_and(|it| !answer(it)))
        .map(str::to_owned)
}

/// What a name in brackets stands right behind, where it is that of the one refused. Servers put their own in brackets too.
const REFUSED: [&str; 5] = ["client", "host", "command", "address", "domain"];

/// A name in brackets that is listed; of an address its domain.
fn name_in(text: &str) -> Option<String> {
    text.match_indices('[').find_map(|(at, _)| {
        let before = text[..at].split_whitespace().next_back()?.to_ascii_lowercase();
        let (name, _) = text[at + 1..].split_once(']')?;
        let name = name.rsplit('@').next().filter(|it| it.contains('.') && !it.contains(char::is_whitespace))?;
        REFUSED.contains(&before.as_str()).then(|| name.to_owned())
    })
}

/// The list's name in DNS.
fn list_in(text: &str) -> Option<String> {
    let small = text.to_ascii_lowercase();
    let named = |after: &str| {
        let at = small.find(after)? + after.len();
        let name = text.get(at..)?.split([' ', ';', ',', '=']).next()?.trim_matches(['(', ')', '[', ']', ':', '.']);
        let good = name.contains('.') && name.parse::<IpAddr>().is_err() && !name.contains(['/', '@']);
        good.then(|| name.to_owned())
    };
    let before = ["blocked using ", "listed at ", "listed in ", "listed on ", "listed by ", "list at "];
    before.into_iter().find_map(named)
}

/// Whether a word of a reply is that of a list of what is refused. Any server has a page where it tells of its grounds: in its
/// address only what such lists alone are called counts.
fn names_a_list(text: &str) -> bool {
    let (general, own) = (["list", "lists", "listed", "listing"], ["rbl", "rbls", "dnsbl", "dnsbls"]);
    let others = ["white", "grey", "gray", "allow", "mailing"];
    words(text).filter(|word| !word.contains('@')).any(|word| {
        let small = word.to_ascii_lowercase();
        let ends = |part: &str, ends: &[&str]| ends.iter().any(|end| part.ends_with(end));
        small.split(|c: char| !c.is_alphanumeric()).any(|part| {
            let told = ends(part, &own) || !is_page(&small) && ends(part, &general);
            told && !others.iter().any(|other| part.starts_with(other))
        })
    })
}

/// Puts the steps that the words call for before those of the tables, or in their place.
pub(super) fn add(explanation: &mut Explanation, text: &str, context: &Context) {
    match explanation.category.as_str() {
        "mailbox-moved" => to_the_new_address(explanation, text, context),
        "reputation" => explanation.next.splice(0..0, off_the_list(text)).for_each(drop),
        "mailbox-full" if explanation.class == Class::Transient => {
            explanation.next.push(advice("Try the same again later: hours help, minutes don't".to_owned()));
        }
        "sender-authentication" if text.to_ascii_lowercase().contains("dmarc") => {
            judged_by_from(explanation, context.from.as_deref());
        }
        _ => {}
    }
}

/// Words right before an address that people are to use from now on.
const NEW: [&str; 10] = ["try", "use", "to", "at", "is", "address", "now", "new", "contact", "instead"];

/// The address that a reply names in place of the old one: another server answers for it, mostly.
fn to_the_new_address(explanation: &mut Explanation, text: &str, context: &Context) {
    let old = context.rcpt.as_deref().unwrap_or_default();
    let told = |address: &&str| {
        let before = text.split(address).next().unwrap_or_default().to_ascii_lowercase();
        let word =
            before.trim_end_matches(|c: char| !c.is_alphanumeric()).rsplit(|c: char| !c.is_alphanumeric()).next();
        word.is_some_and(|word| NEW.contains(&word))
    };
    let new = addresses(text).filter(|address| !address.eq_ignore_ascii_case(old)).find(told);
    let Some((new, domain)) = new.and_then(|new| Some((new, new.rsplit_once('@')?.1))) else { return };
    let here = old.rsplit_once('@').is_some_and(|(_, of)| of.eq_ignore_ascii_case(domain));
    let named = Does::Command(format!("RCPT TO:<{new}>"));
    let of_it = Does::Action("connect".to_owned(), Some(format!("mx:{domain}")));
    let gap = Does::Command("RCPT TO:".to_owned());
    let may = explanation.next.iter().any(|step| step.does == gap);
    explanation.next.retain(|step| step.does != gap && step.does != of_it);
    let connect = Step { text: format!("Ask the server of {domain}, to which the new address belongs"), does: of_it };
    let name = may.then(|| Step { text: "Try the new address here".to_owned(), does: named });
    // A new address of the same domain is this server's own.
    let steps = if here {
        name.into_iter().chain([connect]).collect::<Vec<_>>()
    } else {
        [connect].into_iter().chain(name).collect()
    };
    let first = if context.is_in_lab() { explanation.next.len() } else { 0 };
    explanation.next.splice(first..first, steps).for_each(drop);
}

fn advice(text: String) -> Step {
    Step { text, does: Does::Advice }
}

/// What to look up where a list is the reason, and how to send until it is off the list.
fn off_the_list(text: &str) -> Vec<Step> {
    let Some(listing) = listing(text) else { return Vec::new() };
    let small = text.to_ascii_lowercase();
    let says = |wanted: &str| small.split(|c: char| !c.is_alphanumeric()).any(|word| word == wanted);
    let is_address = listing.listed.as_deref().map_or_else(|| says("ip"), |it| it.parse::<IpAddr>().is_ok());
    let unnamed = if !is_address && small.contains("domain") { "the domain that is listed" } else { UNNAMED };
    let what = listing.listed.as_deref().unwrap_or(unnamed);
    let at = listing.list.as_deref().map(|list| format!(" in {list}")).unwrap_or_default();
    let page = listing.page.as_deref().map(|page| format!(" ({page})")).unwrap_or_default();
    let look = format!("Look {what} up{at}{page}, end what it is listed for, and ask there to have it taken off");
    // Whoever sends a listed name from another address is refused there too.
    let elsewhere =
        is_address.then(|| "Meanwhile, send from another address, such as your provider's relay".to_owned());
    [look].into_iter().chain(elsewhere).map(advice).collect()
}

/// What is listed where a reply does not name it.
const UNNAMED: &str = "the address that you send from";

/// DMARC judges the address in From:, and another reverse-path alone takes away what might have agreed with it.
fn judged_by_from(explanation: &mut Explanation, from: Option<&str>) {
    for step in &mut explanation.next {
        if let Does::Command(line) = &mut step.does
            && line.starts_with("MAIL FROM:")
        {
            *line = from.map_or_else(|| "MAIL FROM:".to_owned(), |from| format!("MAIL FROM:<{from}>"));
            "Begin again, with such a From:".clone_into(&mut step.text);
        }
    }
    let judged =
        "Change From: in the message to an address whose domain vouches for this client by SPF or signs by DKIM";
    explanation.next.insert(0, advice(judged.to_owned()));
}

/// Of the steps after a refusal that a bounce reports those that need no session, and what to do with the message.
pub(super) fn without_session(explanation: &mut Explanation, action: &str) {
    explanation.next.retain(|step| match &step.does {
        Does::Command(_) => false,
        Does::Action(name, _) => name == "connect",
        Does::Advice => true,
    });
    let message = match (action, explanation.retry) {
        ("delayed", _) => "Wait: the server that reports this still tries, and tells when it gives up",
        ("delivered" | "relayed" | "expanded", _) => return,
        (_, Some(true)) => "Send the message again later: nobody tries any more by itself",
        _ => "Send the message again once the cause is mended: nobody tries any more by itself",
    };
    explanation.next.push(advice(message.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::said::read;
    use crate::decode::{Asked, Context, Knowledge, explain};
    use crate::smtp::{Phase, Verb};

    #[test]
    fn what_is_listed_and_where_is_read_from_the_reply() {
        for (text, listed, list, page) in [
            (
                "Service unavailable; client [192.0.2.10] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.10",
                "192.0.2.10",
                "zen.spamhaus.org",
                "https://www.spamhaus.org/query/ip/192.0.2.10",
            ),
            ("Rejected: 192.0.2.1 listed at sbl.spamhaus.org", "192.0.2.1", "sbl.spamhaus.org", ""),
            (
                "Mail from 192.0.2.1 refused - see http://www.dnsbl.example.net/.",
                "192.0.2.1",
                "",
                "http://www.dnsbl.example.net/",
            ),
            ("Helo command [noddy.example] blocked using dbl.spamhaus.org", "noddy.example", "dbl.spamhaus.org", ""),
            (
                "Sender address [dude@noddy.example] blocked using dbl.spamhaus.org",
                "noddy.example",
                "dbl.spamhaus.org",
                "",
            ),
            (
                "rejected - host.example (b.example) [192.0.2.7]:34032 is in an RBL, see https://x.example/192.0.2.9",
                "192.0.2.7",
                "",
                "https://x.example/192.0.2.9",
            ),
            ("Host is Blacklisted in bl.spamcop.net=127.0.0.2", "", "bl.spamcop.net", ""),
            (
                "MailFrom domain is listed in Spamhaus. [VE1EUR02FT012.eop-EUR02.prod.protection.outlook.com]",
                "",
                "",
                "",
            ),
        ] {
            let found = listing(text).expect("a list");
            let found = [found.listed, found.list, found.page].map(Option::unwrap_or_default);
            assert_eq!(found, [listed, list, page], "{text}");
        }
    }

    fn decode_in(text: &str, context: &Context) -> Explanation {
        let said = read(text);
        explain(said.code, said.enhanced, &said.text, context, &Knowledge::default())
    }

    fn decode(text: &str) -> Explanation {
        decode_in(text, &Context::default())
    }

    fn after(verb: Verb) -> Context {
        Context { asked: Some(Asked::Verb(verb)), ..Context::default() }
    }

    fn commands(e: &Explanation) -> Vec<&str> {
        e.next.iter().map(|step| if let Does::Command(line) = &step.does { line.as_str() } else { "" }).collect()
    }

    fn texts(e: &Explanation) -> String {
        e.next.iter().map(|step| step.text.as_str()).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn a_refusal_for_a_block_list_says_what_to_look_up_and_where() {
        let e = decode(
            "550 5.7.1 Service unavailable; client [192.0.2.10] blocked using zen.spamhaus.org; https://x.example/q",
        );
        assert!(texts(&e).contains("Look 192.0.2.10 up in zen.spamhaus.org (https://x.example/q)"), "{}", texts(&e));
        assert!(texts(&e).contains("from another address"), "{}", texts(&e));
    }

    #[test]
    fn what_is_on_no_list_is_not_looked_up_and_a_listed_name_is_not_sent_from_elsewhere() {
        for text in [
            "Messages from 192.0.2.1 temporarily deferred due to user complaints; see https://postmaster.yahooinc.com/error-codes",
            "Our system has detected that this message is likely suspicious due to the very low reputation of the sending \
             domain. https://support.google.com/mail/answer/188131",
            "blocked; ask for a place on our whitelist",
            "blocked",
        ] {
            assert_eq!(off_the_list(text), [], "{text}");
        }
        for text in ["Sender address [dude@noddy.example] blocked using dbl.example.net", "MailFrom domain is listed"] {
            assert_eq!(off_the_list(text).len(), 1, "{text}");
        }
        assert_eq!(off_the_list("your IP is blacklisted").len(), 2);
    }

    /// Of all replies that people told for refusals by reputation: what is looked up is an IP address, or a name that stands
    /// where the one refused does.
    #[test]
    fn what_is_looked_up_is_what_is_refused() {
        let corpus = include_str!("../../tests/corpus/replies.tsv").lines();
        let texts = corpus.filter(|row| row.starts_with("reputation\t")).filter_map(|row| row.splitn(3, '\t').nth(2));
        let mut listed = 0;
        for text in texts {
            let Some(name) = listing(text).and_then(|it| it.listed) else { continue };
            listed += 1;
            let small = text.to_ascii_lowercase();
            let behind = |word: &&str| small.contains(&format!("{word} [")) && text.contains(&format!("{name}]"));
            assert!(name.parse::<IpAddr>().is_ok() || REFUSED.iter().any(behind), "{name}: {text}");
            let elsewhere = off_the_list(text).len() > 1;
            assert_eq!(elsewhere, name.parse::<IpAddr>().is_ok(), "{text}");
        }
        assert!(listed > 100, "{listed}");
    }

    #[test]
    fn a_refusal_by_dmarc_leads_to_the_from_of_the_message() {
        let at = Context { from: Some("dude@noddy.com".to_owned()), after: Some(Phase::Ready), ..Context::default() };
        let e = decode_in("554 5.7.1 Email rejected per DMARC policy for noddy.com", &at);
        assert!(e.next[0].text.contains("From:"), "{}", texts(&e));
        assert_eq!(commands(&e), ["", "MAIL FROM:<dude@noddy.com>"]);
        let spf = decode("550 5.7.23 SPF validation failed");
        assert!(!texts(&spf).contains("From:"), "{}", texts(&spf));
    }

    #[test]
    fn a_full_mailbox_is_tried_later_and_is_googles_only_at_google() {
        let full = "452 4.2.2 The email account that you tried to reach is over quota";
        let at = Context { banner: Some("mx.bigcorp.example ESMTP Postfix".to_owned()), ..after(Verb::Rcpt) };
        let e = decode_in(full, &at);
        assert!(
            !e.meaning.contains("Goog") && !format!("{} {:?}", e.meaning, e.causes).contains("photographs"),
            "{e:?}"
        );
        assert!(texts(&e).contains("again later"), "{}", texts(&e));
        assert!(decode(full).meaning.contains("photographs"));
    }

    #[test]
    fn a_name_that_is_refused_at_rcpt_is_cured_by_greeting_again() {
        let refused = "550 5.7.1 <localhost>: Helo command rejected: you are not me";
        for (phase, want) in [(Phase::Rcpt, "that drops this transaction"), (Phase::Greeted, "a full host name")] {
            let e = decode_in(refused, &Context { after: Some(phase), ..after(Verb::Rcpt) });
            assert_eq!(commands(&e)[0], "EHLO");
            assert!(e.next[0].text.contains(want), "{}", texts(&e));
        }
    }
}
