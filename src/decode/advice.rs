//! Next steps that a refusal's own words call for and no table can have: where to look a listed address up, what in the
//! message a rule judges, and to come back later; and what is left of the steps where no session is open.

use crate::smtp::Class;

use super::{Does, Explanation, Step};

/// What a reply says of a block list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The address or name that is listed, where it stands in brackets.
    pub listed: Option<String>,
    /// The list's name in DNS.
    pub list: Option<String>,
    /// Where to look it up.
    pub page: Option<String>,
}

/// What a reply says of the block list for which it refuses.
#[must_use]
pub fn listing(text: &str) -> Listing {
    let words = || text.split(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | '<' | '>' | '"' | '\''));
    let within = |word: &str| word.trim_matches(['(', ')', '[', ']', ':', '.']).to_owned();
    let page = words().find(|word| word.starts_with("https://") || word.starts_with("http://"));
    let listed = text.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(listed, _)| listed);
    let alone = || words().map(within).find(|word| word.parse::<std::net::IpAddr>().is_ok());
    let named = |after: &str| {
        let small = text.to_ascii_lowercase();
        let at = small.find(after)? + after.len();
        let name = within(text.get(at..)?.split([' ', ';', ',']).next()?);
        (name.contains('.') && name.parse::<std::net::IpAddr>().is_err() && !name.contains('/')).then_some(name)
    };
    let list = ["blocked using ", "listed at ", "listed in ", "listed by ", "list at ", "blacklisted by "];
    Listing {
        listed: listed.filter(|it| !it.contains(' ') && it.contains(['.', ':'])).map(str::to_owned).or_else(alone),
        list: list.into_iter().find_map(named),
        page: page.map(|page| page.trim_end_matches(['.', ')']).to_owned()),
    }
}

/// Puts the steps that the words call for before those of the tables, or in their place.
pub(super) fn add(explanation: &mut Explanation, text: &str, from: Option<&str>) {
    match explanation.category.as_str() {
        "reputation" if names_a_list(text) => {
            let elsewhere = "Meanwhile, send from another address, such as your provider's relay";
            explanation.next.splice(0..0, [advice(look_up(&listing(text))), advice(elsewhere.to_owned())]);
        }
        "mailbox-full" if explanation.class == Class::Transient => {
            explanation.next.push(advice("Try the same again later: hours help, minutes don't".to_owned()));
        }
        "sender-authentication" if text.to_ascii_lowercase().contains("dmarc") => judged_by_from(explanation, from),
        _ => {}
    }
}

/// Whether a reply tells of a list, rather than that it takes nothing from here.
fn names_a_list(text: &str) -> bool {
    let (found, small) = (listing(text), text.to_ascii_lowercase());
    found.list.is_some() || found.page.is_some() || ["list", "rbl", "dnsbl"].iter().any(|word| small.contains(word))
}

fn advice(text: String) -> Step {
    Step { text, does: Does::Advice }
}

fn look_up(listing: &Listing) -> String {
    let what = listing.listed.as_deref().unwrap_or("the address that you send from");
    let at = listing.list.as_deref().map(|list| format!(" in {list}")).unwrap_or_default();
    let page = listing.page.as_deref().map(|page| format!(" ({page})")).unwrap_or_default();
    format!("Look {what} up{at}{page}, end what it is listed for, and ask there to have it taken off")
}

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
    use crate::decode::report::read;
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
            ("blocked", "", "", ""),
        ] {
            let found = listing(text);
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
