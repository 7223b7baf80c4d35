//! The ESMTP parameters of MAIL and RCPT (RFC 5321 4.1.1.11), checked by the table of verbs.

use std::ops::Range;

use jiff::Timestamp;

use super::super::command::Parameter;
use super::super::path::Word;
use super::super::verb::{ParameterEntry, VerbEntry};
use super::super::{Command, Verb, xtext};
use super::address::Role;
use super::nearest::{choice, nearest};
use super::{Context, Findings, Lint, Severity, shown, torn};

/// A parameter as it will stand in the rebuilt line.
pub(super) struct Item {
    pub(super) span: Range<usize>,
    pub(super) keyword: String,
    pub(super) value: Option<String>,
}

impl Item {
    pub(super) fn of(text: &str, span: Range<usize>) -> Self {
        let (keyword, value) = match text.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value.to_owned())),
            None => (text, None),
        };
        Self { span, keyword: keyword.to_owned(), value }
    }

    fn text(&self) -> String {
        match &self.value {
            Some(value) => format!("{}={value}", self.keyword),
            None => self.keyword.clone(),
        }
    }

    fn is(&self, name: &str) -> bool {
        self.keyword.eq_ignore_ascii_case(name)
    }
}

/// Examines the words after a path; gives them rebuilt, each with a space before it.
pub(super) fn examine(context: &Context<'_>, words: &[Word], role: Role, found: &mut Findings) -> Vec<u8> {
    several_spaces(context, words, found);
    let items = torn::items(context, words, found);
    let mut kept: Vec<Item> = Vec::new();
    for item in items {
        if item.keyword.is_empty() && item.value.is_some() {
            let reason = "A parameter begins with its name.";
            found.wrong("stray-text", item.span.clone(), reason, "RFC 5321 4.1.2");
        }
        if !item.keyword.starts_with(|c: char| c.is_ascii_alphanumeric()) || is_address(&item) {
            kept.push(item);
            continue;
        }
        let item = one(context, item, role, found);
        if let Some(item) = unless_double(item, &kept, found) {
            kept.push(item);
        }
    }
    together(context, &kept, role, found);
    let mut out = Vec::new();
    for item in &kept {
        out.push(b' ');
        out.extend_from_slice(item.text().as_bytes());
    }
    out
}

/// Before each parameter one space stands (RFC 5321 4.1.2).
fn several_spaces(context: &Context<'_>, words: &[Word], found: &mut Findings) {
    for word in words {
        let (Word::Parameter(Parameter { span, .. }) | Word::Junk(span)) = word;
        let before = context.line[..span.start].trim_ascii_end().len();
        let gap = before..span.start;
        if gap.len() > 1 && context.line[gap.clone()].iter().all(|b| *b == b' ') {
            found.odd("several-spaces", gap, "One space stands before a parameter.", "RFC 5321 4.1.2").mends();
        }
    }
}

/// Something with an `@` that is no parameter; it has its finding already.
fn is_address(item: &Item) -> bool {
    item.value.is_none() && item.keyword.contains(['@', '<'])
}

/// A parameter that stands there twice (RFC 3461 4.5).
fn unless_double(item: Item, kept: &[Item], found: &mut Findings) -> Option<Item> {
    let Some(first) = kept.iter().find(|earlier| earlier.is(&item.keyword)) else { return Some(item) };
    let same = first.text().eq_ignore_ascii_case(&item.text());
    let reason = format!("{} stands there twice; each parameter may stand once.", item.keyword.to_uppercase());
    let finding = found.wrong("duplicate-parameter", item.span.clone(), reason, "RFC 3461 4.5");
    if same {
        finding.mends();
        return None;
    }
    Some(item)
}

/// One parameter by itself; gives it mended.
fn one(context: &Context<'_>, mut item: Item, role: Role, found: &mut Findings) -> Item {
    let (verb, other) = match role {
        Role::Reverse => ("MAIL", "RCPT"),
        Role::Forward => ("RCPT", "MAIL"),
    };
    let Some(table) = context.verbs.find(verb) else { return item };
    if table.parameter(&item.keyword).is_none() {
        let elsewhere = context.verbs.find(other).and_then(|entry| entry.parameter(&item.keyword));
        if let Some(entry) = elsewhere {
            let reason = format!("{} is a parameter of {other}, not of {verb}.", entry.name);
            found.wrong("wrong-command-parameter", item.span.clone(), reason, entry.reference.clone());
            return item;
        }
        if !unknown(context, &mut item, table, found) {
            return item;
        }
    }
    let Some(entry) = table.parameter(&item.keyword) else { return item };
    item.keyword.clone_from(&entry.name);
    offered(context, &item, entry, found);
    value(context, &mut item, entry, found);
    item
}

/// A keyword that the table has not; gives whether it was mended into one that the table has.
fn unknown(context: &Context<'_>, item: &mut Item, table: &VerbEntry, found: &mut Findings) -> bool {
    if context.session.capabilities.has(&item.keyword) {
        return false;
    }
    let typed = shown(item.keyword.as_bytes());
    if let Some(near) = nearest(&item.keyword, table.parameters.iter().map(|entry| entry.name.as_str())) {
        let reason = format!("“{typed}” is no parameter of {}; {near} is.", table.name);
        found.wrong("unknown-parameter", item.span.clone(), reason, "RFC 5321 4.1.1.11").mends();
        near.clone_into(&mut item.keyword);
        return true;
    }
    let reason = format!("“{typed}” is no parameter of {} that is known or that the server offered.", table.name);
    found.wrong("unknown-parameter", item.span.clone(), reason, "RFC 5321 4.1.1.11");
    false
}

/// Whether the server has offered what the parameter belongs to.
fn offered(context: &Context<'_>, item: &Item, entry: &ParameterEntry, found: &mut Findings) {
    let session = context.session;
    let span = item.span.clone();
    if session.greeted_by == Some(Verb::Helo) {
        let reason = format!("{} needs EHLO: after HELO there are no parameters.", entry.name);
        found.wrong("parameter-after-helo", span, reason, "RFC 5321 2.2.1");
        return;
    }
    if !context.offer_known() {
        return;
    }
    let binary = entry.name == "BODY" && item.value.as_deref().is_some_and(|v| v.eq_ignore_ascii_case("BINARYMIME"));
    let wanted: &[&str] = if binary { &["BINARYMIME", "CHUNKING"] } else { &[entry.capability.as_str()] };
    if let Some(missing) = wanted.iter().find(|keyword| !session.capabilities.has(keyword)) {
        let reason = format!("{} needs {missing}, which the server did not offer.", entry.name);
        found.wrong("parameter-not-offered", span, reason, "RFC 5321 2.2.1");
    } else if entry.name == "REQUIRETLS" && !session.tls {
        let reason = "REQUIRETLS may be asked for only on an encrypted line.";
        found.wrong("requiretls-in-clear", span, reason, "RFC 8689 2");
    }
}

/// The value against its grammar; mends it where its meaning is plain.
fn value(context: &Context<'_>, item: &mut Item, entry: &ParameterEntry, found: &mut Findings) {
    let span = item.span.clone();
    let name = &entry.name;
    let reference = entry.reference.clone();
    let typed = match item.value.clone() {
        None if entry.is_bare() || entry.optional => return,
        None => {
            found.wrong("missing-value", span, format!("{name} needs a value: {}.", entry.grammar), reference);
            return;
        }
        Some(_) if entry.is_bare() => {
            found.wrong("unwanted-value", span, format!("{name} has no value."), reference).mends();
            item.value = None;
            return;
        }
        Some(typed) => typed,
    };
    if entry.longest > 0 && typed.len() > entry.longest {
        let reason = format!("The value of {name} has {} octets; {} are allowed.", typed.len(), entry.longest);
        found.wrong("value-too-long", span.clone(), reason, reference.clone());
    }
    if entry.value.fits(&typed) {
        if !entry.choices.is_empty() && !entry.xtext {
            item.value = Some(typed.to_ascii_uppercase());
        }
        special(context, item, name, found);
        return;
    }
    let mended = mended_value(&typed, entry).filter(|mended| entry.value.fits(mended));
    let (lint, reason) = if typed.is_empty() {
        ("missing-value", format!("{name} needs a value: {}.", entry.grammar))
    } else if typed.to_ascii_uppercase().split(',').any(|word| word == "NEVER") && name == "NOTIFY" {
        ("notify-never", "NEVER stands alone: no report can't be joined with a report.".to_owned())
    } else if entry.xtext && xtext::decode(coded_part(&typed).as_bytes()).is_err() {
        ("xtext", format!("In the value of {name} a plus, an equals sign and a space are written +2B, +3D and +20."))
    } else {
        ("parameter-value", format!("“{}” is no value for {name}: {}.", shown(typed.as_bytes()), entry.grammar))
    };
    let finding = found.wrong(lint, span, reason, reference);
    if let Some(mended) = mended {
        finding.mends();
        item.value = Some(mended);
    }
}

/// The part of a value that is xtext: what follows the address type of ORCPT, else all of it.
fn coded_part(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, address)| address)
}

/// What the value was meant to be.
fn mended_value(typed: &str, entry: &ParameterEntry) -> Option<String> {
    if entry.xtext {
        let (kind, address) = match typed.split_once(';') {
            Some((kind, address)) if entry.name == "ORCPT" => (format!("{kind};"), address),
            _ if entry.name == "ORCPT" => {
                let address =
                    typed.get(..7).filter(|head| head.eq_ignore_ascii_case("rfc822:")).map_or(typed, |_| &typed[7..]);
                ("rfc822;".to_owned(), address)
            }
            _ => (String::new(), typed),
        };
        return (!address.is_empty()).then(|| format!("{kind}{}", recoded(address)));
    }
    if entry.list {
        let words: Option<Vec<&str>> = typed
            .split([',', ';', '+', '|'])
            .filter(|word| !word.is_empty())
            .map(|word| {
                entry
                    .choices
                    .iter()
                    .find(|c| c.eq_ignore_ascii_case(word))
                    .map(String::as_str)
                    .or_else(|| choice(word, &entry.choices))
            })
            .collect();
        return words.filter(|words| !words.is_empty()).map(|words| words.join(","));
    }
    choice(typed, &entry.choices).map(str::to_owned)
}

/// A text as xtext, where what is xtext already stays, hexadecimal digits in lower case raised.
fn recoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match bytes.get(at + 1..at + 3) {
            Some(pair) if *byte == b'+' && pair.iter().all(u8::is_ascii_hexdigit) => {
                out.push('+');
                out.extend(pair.iter().map(|digit| char::from(digit.to_ascii_uppercase())));
                at += 3;
            }
            _ => {
                out.push_str(&xtext::encode(&[*byte]));
                at += 1;
            }
        }
    }
    out
}

/// What a value that fits its grammar can still have wrong.
fn special(context: &Context<'_>, item: &mut Item, name: &str, found: &mut Findings) {
    let span = item.span.clone();
    let value = item.value.clone().unwrap_or_default();
    match name {
        "SIZE" => {
            let limit = context.session.capabilities.size();
            // More digits than a number has are more than any limit.
            let size = value.parse::<u64>().unwrap_or(u64::MAX);
            if size == 0 {
                let reason = "SIZE=0 says that the message is empty; what is not known is left out.";
                found.odd("size-zero", span.clone(), reason, "RFC 1870 6");
            }
            if let Some(limit) = limit.filter(|limit| size > *limit) {
                let reason = format!("The server takes no message of more than {limit} octets.");
                found.wrong("size-over-limit", span, reason, "RFC 1870 6.1");
            }
        }
        "AUTH" if value != "<>" && value.contains(['<', '>']) => {
            let reason = "AUTH=<> says that nobody is vouched for; an address stands there without brackets.";
            found.wrong("auth-brackets", span, reason, "RFC 4954 5").mends();
            item.value = Some(value.replace(['<', '>'], ""));
        }
        "ENVID" => {
            let text = xtext::decode(value.as_bytes()).unwrap_or_default();
            if !text.iter().all(|b| (b' '..=b'~').contains(b)) {
                let reason = "What ENVID stands for is printable ASCII; this decodes to something else.";
                found.wrong("envid-text", span, reason, "RFC 3461 4.4");
            }
        }
        "BY" => {
            let least = offer(context, "DELIVERBY").first().and_then(|least| least.parse::<i64>().ok());
            let (time, mode) = value.split_once(';').unwrap_or_default();
            let time = time.parse::<i64>().ok().filter(|_| mode.starts_with(['R', 'r']));
            if let Some(least) = least.filter(|least| time.is_some_and(|time| time < *least)) {
                let reason =
                    format!("The server can't do it in less than {least} seconds, and R has it give the message back.");
                found.wrong("by-below-minimum", span, reason, "RFC 2852 3");
            }
        }
        "HOLDFOR" => {
            let most = offer(context, "FUTURERELEASE").first().and_then(|most| most.parse::<u64>().ok());
            if let Some(most) = most.filter(|most| value.parse::<u64>().is_ok_and(|time| time > *most)) {
                let reason = format!("The server holds a message no longer than {most} seconds.");
                found.wrong("hold-too-long", span, reason, "RFC 4865 4.1");
            }
        }
        "HOLDUNTIL" => {
            let last = offer(context, "FUTURERELEASE").get(1).filter(|last| is_utc(last));
            if let Some(last) = last.filter(|last| is_utc(&value) && value > **last) {
                let reason = format!("The server holds no message beyond {last}.");
                found.wrong("hold-too-long", span, reason, "RFC 4865 4.1");
            }
        }
        "NOTIFY" => notify(context, item, &value, found),
        _ => {}
    }
}

/// What is wrong by the time of day: HOLDUNTIL with a moment that is over (RFC 4865 4.2), RRVS with one to come (RFC 7293 3).
pub(super) fn by_now(command: &Command, now: Timestamp) -> Option<Lint> {
    let moment = |parameter: &str, verb: Verb| {
        let given = command.parameter(parameter).filter(|_| command.verb == verb)?;
        let text = given.value.as_deref()?.split(';').next()?;
        Some((given.span.clone(), text.parse::<Timestamp>().ok()?))
    };
    let shown = now.strftime("%Y-%m-%dT%H:%M:%SZ");
    let odd = |name, span, reason, reference: &'static str| Lint {
        name,
        severity: Severity::Odd,
        span,
        reason,
        reference: reference.into(),
        mended: None,
    };
    if let Some((span, _)) = moment("HOLDUNTIL", Verb::Mail).filter(|(_, until)| *until <= now) {
        let reason = format!("It is {shown} already: a server refuses that, or holds nothing.");
        return Some(odd("hold-past", span, reason, "RFC 4865 4.2"));
    }
    let (span, _) = moment("RRVS", Verb::Rcpt).filter(|(_, since)| *since > now)?;
    let reason = format!("It is {shown}: the owner of a mailbox can't have been the same since a moment to come.");
    Some(odd("rrvs-future", span, reason, "RFC 7293 3"))
}

/// NOTIFY: no word twice, and no report of success to nobody.
fn notify(context: &Context<'_>, item: &mut Item, value: &str, found: &mut Findings) {
    let span = item.span.clone();
    let mut words: Vec<&str> = Vec::new();
    for word in value.split(',') {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let single = words.join(",");
    if single != value {
        let reason = "A word stands twice in the list of NOTIFY.";
        found.wrong("duplicate-value", span.clone(), reason, "RFC 3461 4.1").mends();
        item.value = Some(single);
    }
    let null_sender = context.session.reverse_path.as_deref() == Some("");
    if null_sender && value.contains("SUCCESS") {
        let reason = "The sender is <>, so nobody can get the report of success.";
        found.odd("notify-without-sender", span, reason, "RFC 3461 5.2");
    }
}

/// What the server says beside a keyword of its offer.
fn offer<'a>(context: &Context<'a>, keyword: &str) -> &'a [String] {
    context.session.capabilities.get(keyword).map_or(&[], |capability| &capability.parameters)
}

/// Whether a text is a moment in UTC to the second, `2026-11-29T20:00:00Z` (RFC 4865 section 3): two such texts stand in the
/// order of their moments.
fn is_utc(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00Z";
    let fits = |(octet, form): (&u8, &u8)| if *form == b'0' { octet.is_ascii_digit() } else { octet == form };
    text.len() == FORM.len() && text.as_bytes().iter().zip(FORM).all(fits)
}

/// What parameters mean for each other.
fn together(context: &Context<'_>, items: &[Item], role: Role, found: &mut Findings) {
    let find = |name: &str| items.iter().find(|item| item.is(name));
    if let (Some(_), Some(second)) = (find("HOLDFOR"), find("HOLDUNTIL")) {
        let reason = "HOLDFOR and HOLDUNTIL say the same thing in two ways; only one may stand there.";
        found.wrong("hold-twice", second.span.clone(), reason, "RFC 4865 4.1");
    }
    if let (Some(tracked), None) = (find("MTRK"), find("ENVID")) {
        found.wrong("mtrk-without-envid", tracked.span.clone(), "MTRK needs ENVID beside it.", "RFC 3885 3.2");
    }
    let null_sender = role == Role::Reverse && context.command.path.as_ref().is_some_and(super::super::Path::is_null);
    if let Some(verp) = find("XVERP").filter(|_| null_sender) {
        let reason = "XVERP writes into the sender, and the sender is empty.";
        found.wrong("xverp-without-sender", verp.span.clone(), reason, "Postfix VERP_README");
    }
    if let Some(utf8) = find("SMTPUTF8")
        && context.offer_known()
        && context.session.capabilities.has("SMTPUTF8")
        && !context.session.capabilities.has("8BITMIME")
    {
        let reason = "A server that offers SMTPUTF8 must offer 8BITMIME too; this one does not.";
        found.odd("smtputf8-without-8bitmime", utf8.span.clone(), reason, "RFC 6531 3.1");
    }
}

#[cfg(test)]
mod tests {
    use crate::smtp::VerbTable;
    use crate::smtp::lint::{lint, lint_at};
    use crate::smtp::wire::Wire;

    #[test]
    fn a_value_is_held_against_what_the_server_said_with_its_offer() {
        let table = VerbTable::parse(crate::assets::text("verbs.toml").expect("compiled in")).expect("it parses");
        let offer = "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250-SIZE 1000\nS: 250-DSN\nS: 250-AUTH PLAIN\nS: 250-DELIVERBY 60\n\
                     S: 250 FUTURERELEASE 86400 2027-01-01T00:00:00Z\n";
        let session = Wire::play(offer).session;
        for (parameters, want) in [
            (" SIZE=5", None),
            (" SIZE=0", Some("size-zero")),
            ("  SIZE=5", Some("several-spaces")),
            (" AUTH=<>", None),
            (" AUTH=e+3Dmc2@b.example", None),
            (" AUTH=<e@b.example>", Some("auth-brackets")),
            (" ENVID=a+20b", None),
            (" ENVID=a+C3+A9", Some("envid-text")),
            (" BY=60;R", None),
            (" BY=30;R", Some("by-below-minimum")),
            (" BY=30;N", None),
            (" HOLDFOR=86400", None),
            (" HOLDFOR=99999", Some("hold-too-long")),
            (" HOLDUNTIL=2026-12-31T12:00:00Z", None),
            (" HOLDUNTIL=2030-01-31T12:00:00Z", Some("hold-too-long")),
        ] {
            let lints = lint(format!("MAIL FROM:<a@b.example>{parameters}").as_bytes(), &session, &table);
            assert_eq!(lints.first().map(|lint| lint.name), want, "{parameters}: {lints:?}");
        }
        let at = |now: &str| {
            let line = b"MAIL FROM:<a@b.example> HOLDUNTIL=2026-12-31T12:00:00Z";
            let lints = lint_at(line, &session, &table, Some(now.parse().expect("a time")));
            lints.first().map(|lint| (lint.name, lint.span.clone()))
        };
        assert_eq!(at("2026-12-31T11:59:59Z"), None);
        assert_eq!(at("2026-12-31T12:00:00Z"), Some(("hold-past", 24..54)));
        for (line, want) in [
            ("RCPT TO:<c@d.example> RRVS=2026-12-01T00:00:00Z", None),
            ("RCPT TO:<c@d.example> RRVS=2026-12-01T00:00:00Z;R", None),
            ("RCPT TO:<c@d.example> RRVS=2026-12-01T02:00:01+01:00;C", Some("rrvs-future")),
        ] {
            let wire = format!("{}S: 250 ok\n", offer.to_owned() + "C: MAIL FROM:<a@b.example>\n");
            let wire = wire.replace("250-DSN", "250-DSN\nS: 250-RRVS");
            let now = Some("2026-12-01T01:00:00Z".parse().expect("a time"));
            let lints = lint_at(line.as_bytes(), &Wire::play(&wire).session, &table, now);
            assert_eq!(lints.first().map(|lint| lint.name), want, "{line}: {lints:?}");
        }
        let lints = lint(b"MAIL FROM:<a@b.example> AUTH=<e@b.example>", &session, &table);
        assert_eq!(lints[0].mended.as_deref(), Some("MAIL FROM:<a@b.example> AUTH=e@b.example"));
        let lints = lint(b"MAIL FROM:<a@b.example>   SIZE=5  RET=FULL", &session, &table);
        assert_eq!(lints[0].mended.as_deref(), Some("MAIL FROM:<a@b.example> SIZE=5 RET=FULL"));
    }
}
