//! What can't be meant of the server, its domains and its checks.

use std::path::Path;

use super::{Look, Place, Step, nth};
use crate::conversation::file;
use crate::lab::scenario::error::nearest;
use crate::lab::scenario::{Domain, ServerCertificate, Template, keyword_of, pretend};
use crate::lab::tls;
use crate::smtp::EnhancedCode;
use crate::smtp::capability::KEYWORDS;

/// Octets of the shortest MAIL with its end, `MAIL FROM:<>`.
const SHORTEST: usize = 14;

fn section(name: &'static str, key: &'static str) -> Place {
    vec![Step::Key(name), Step::Key(key)]
}

pub(super) fn look(look: &mut Look<'_>, beside: &Path) {
    server(look);
    secured(look, beside);
    capabilities(look);
    relay(look);
    domains(look);
    checks(look);
    let (tables, rules) = (
        look.all().flat_map(|scenario| scenario.pretends.clone()).collect::<Vec<_>>(),
        look.all().flat_map(|scenario| scenario.rules.clone()).collect::<Vec<_>>(),
    );
    if let Some((place, what)) = pretend::senseless(&tables, &rules) {
        look.hard(&place, what);
    }
}

fn server(look: &mut Look<'_>) {
    let server = &look.own.server;
    let named = |c: char| c.is_alphanumeric() || "-._:[]".contains(c);
    if server.name.is_empty() || !server.name.chars().all(named) {
        let what = format!("{:?} is no host name; write one such as \"mx.target.local\"", server.name);
        look.soft(&section("server", "name"), what);
    }
    if server.idle.0.is_zero() {
        look.soft(
            &section("server", "idle"),
            "nobody can be so quick; write how long the server waits, \"5m\"".to_owned(),
        );
    }
    let parser = look.own.parser;
    if parser.max_line < SHORTEST {
        let what = "no MAIL is so short; servers take lines of 512 octets at least (RFC 5321 4.5.3.1.4)".to_owned();
        look.soft(&section("parser", "max_line"), what);
    }
    if parser.max_errors == 0 {
        let what = "the server would close at the first command; write how many errors it bears, 20".to_owned();
        look.soft(&section("parser", "max_errors"), what);
    }
    let listeners = look.all().map(|scenario| &scenario.listeners).collect::<Vec<_>>();
    let any =
        listeners.iter().any(|l| l.smtp.is_some() || l.submission.is_some() || l.smtps.is_some() || l.lmtp.is_some());
    if !any {
        look.hard(&[Step::Key("listeners")], "it names no listener: smtp, submission, smtps, lmtp".to_owned());
    }
}

fn secured(look: &mut Look<'_>, beside: &Path) {
    let lowest = look.teller("tls", "min_version").tls.min_version;
    let highest = look.teller("tls", "max_version").tls.max_version;
    if lowest > highest {
        let key = if look.says("tls", "min_version") { "min_version" } else { "max_version" };
        let (lowest, highest) = (lowest.word(), highest.word());
        let what = format!("min_version {lowest} is above max_version {highest}; change one of them");
        look.hard(&section("tls", key), what);
    }
    if let ServerCertificate::File(path) = &look.own.tls.certificate
        && let Err(why) = tls::check_file(&beside.join(path))
    {
        look.soft(&section("tls", "certificate"), why);
    }
}

fn capabilities(look: &mut Look<'_>) {
    let (keys, none) = (&look.own.capabilities, Vec::new());
    let lists = [
        ("advertise", &keys.advertise),
        ("hide", &keys.hide),
        ("lie", &keys.lie),
        ("in_tls", keys.in_tls.as_ref().unwrap_or(&none)),
        ("logged_in", keys.logged_in.as_ref().unwrap_or(&none)),
    ];
    for (key, list) in lists {
        for (n, line) in list.iter().enumerate() {
            if let Some(what) = unlikely(line) {
                let place = [Step::Key("capabilities"), Step::Key(key), Step::Index(n)];
                look.unless(super::Allowed::BadReply, &place, &what);
            }
        }
    }
}

/// What is wrong with a line of EHLO's reply, if anything.
pub(super) fn unlikely(line: &str) -> Option<String> {
    let keyword = keyword_of(line).to_ascii_uppercase();
    let mut values = line.split_whitespace().skip(1);
    if keyword == "SIZE" {
        let right = values.next().is_none_or(|size| size.parse::<u64>().is_ok()) && values.next().is_none();
        return (!right).then(|| format!("{line:?}: SIZE takes one number, of octets: \"SIZE 10485760\" (RFC 1870 3)"));
    }
    // X begins a keyword of one's own (RFC 5321 2.2.2).
    if KEYWORDS.contains(&keyword.as_str()) || keyword.starts_with('X') {
        return None;
    }
    let near = nearest(&keyword, &KEYWORDS)?;
    Some(format!("{keyword:?} is no keyword of an extension; did you mean {near:?}? (One of your own begins with X.)"))
}

/// What is wrong with a reply that refuses, if anything.
fn refusal(template: &Template) -> Option<&'static str> {
    (!template.text().starts_with(['4', '5'])).then_some("a refusal begins with 4 or 5 (RFC 5321 4.2.1)")
}

/// Whether reply code and enhanced status code are of two minds (RFC 3463 2: their first digits are the same).
pub(super) fn contradictory(text: &str) -> Option<String> {
    let (code, rest) = (text.get(..3)?, text.get(4..)?);
    let (enhanced, _) = EnhancedCode::at_start(rest.as_bytes())?;
    let class = char::from(b'0' + enhanced.class % 10);
    (!code.starts_with(class)).then(|| {
        let cure = format!("with {code} it begins with {}", &code[..1]);
        format!("{code} and {enhanced} contradict each other: {cure} (RFC 3463 2)")
    })
}

fn relay(look: &mut Look<'_>) {
    let refuse = &look.own.relay.refuse;
    said(look, &section("relay", "refuse"), refuse);
}

/// A refusal in a place of its own.
fn said(look: &mut Look<'_>, place: &[Step], template: &Template) {
    if let Some(what) = refusal(template) {
        look.soft(place, what.to_owned());
    } else if let Some(what) = contradictory(template.text()) {
        look.unless(super::Allowed::CodeMismatch, place, &what);
    }
}

fn domains(look: &mut Look<'_>) {
    let domains = &look.own.domains;
    for (n, domain) in domains.iter().enumerate() {
        if domains[..n].iter().any(|other| other.name.eq_ignore_ascii_case(&domain.name)) {
            let what = format!("the domain {} is there twice; put all its mailboxes into one", domain.name);
            look.soft(&nth("domain", n, "name"), what);
        }
        said(look, &nth("domain", n, "unknown_user"), &domain.unknown_user);
        if let Some(all) = &domain.catch_all
            && domain.find(all).is_none()
        {
            let what = format!("catch_all = {all:?} is no mailbox of {}; add a [[domain.mailbox]]", domain.name);
            look.hard(&nth("domain", n, "catch_all"), what);
        }
        mailboxes(look, n, domain);
    }
}

fn mailboxes(look: &mut Look<'_>, n: usize, domain: &Domain) {
    let mut seen = std::collections::BTreeSet::new();
    for (m, mailbox) in domain.mailboxes.iter().enumerate() {
        let place =
            |key| vec![Step::Key("domain"), Step::Index(n), Step::Key("mailbox"), Step::Index(m), Step::Key(key)];
        for (key, name) in
            std::iter::once(("name", &mailbox.name)).chain(mailbox.alias.iter().map(|alias| ("alias", alias)))
        {
            if name.contains('@') || name.is_empty() {
                let local = name.split('@').next().unwrap_or_default();
                let what = format!("{name:?} is no local part; what stands before the @ is enough: {local:?}");
                look.soft(&place(key), what);
            }
            if !seen.insert(name.to_lowercase()) {
                let what = format!("{name:?} is there twice in {}; case does not count", domain.name);
                look.soft(&place(key), what);
            }
        }
        let address = |new: &str| {
            new.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
                && !new.contains(' ')
        };
        if let Some(new) = mailbox.moved_to.as_ref().filter(|new| !address(new)) {
            let what = format!("{new:?} is no address; write where the mail is to go, \"dude@noddy.com\"");
            look.soft(&place("moved_to"), what);
        }
    }
}

fn checks(look: &mut Look<'_>) {
    for (n, check) in look.own.checks.iter().enumerate() {
        let script = check.script();
        if script.trim().is_empty() {
            let what = "the script says nothing; write lines such as > EHLO noddy.com, and < 250 below".to_owned();
            look.soft(&nth("check", n, "script"), what);
        } else if let Err(error) = file::read(script.as_bytes()) {
            let what = match &error {
                file::FileError::Format { problem, .. } => problem.to_string(),
                file::FileError::Io { .. } => error.to_string(),
            };
            look.in_line(check.line + error.place().map_or(0, |(line, _)| line.saturating_sub(1)), what);
        }
        let kind = check.listener;
        if !look.all().any(|scenario| scenario.listeners.of(kind).is_some()) {
            let what = format!("there is no {0} listener; [listeners] {0} = {{}} opens one", kind.word());
            look.soft(&nth("check", n, "listener"), what);
        }
    }
}
