//! The attributes of XCLIENT and XFORWARD (Postfix, `XCLIENT_README` and `XFORWARD_README`), by the table of verbs.

use super::super::xtext;
use super::nearest::nearest;
use super::{Context, Findings, shown};

/// Groups of hexadecimal digits with colons between them, and nothing else.
fn looks_like_ipv6(value: &str) -> bool {
    value.matches(':').count() >= 2 && value.bytes().all(|octet| octet.is_ascii_hexdigit() || b":.".contains(&octet))
}

/// Examines the attributes; gives them rebuilt, one blank between them.
pub(super) fn examine(context: &Context<'_>, found: &mut Findings) -> Vec<u8> {
    let command = context.command;
    let readme = if command.verb.word() == "XCLIENT" { "Postfix XCLIENT_README" } else { "Postfix XFORWARD_README" };
    if command.parameters.is_empty() {
        found.wrong("missing-attribute", context.word(), "At least one NAME=value follows.", readme);
    }
    let offered = context.session.capabilities.get(command.verb.word());
    let mut words = Vec::new();
    for given in &command.parameters {
        let name = given.keyword.to_ascii_uppercase();
        let value = given.value.clone().unwrap_or_default();
        words.push(if given.value.is_some() { format!("{name}={value}") } else { name.clone() });
        let entry = context.verbs.find(command.verb.word());
        let Some(known) = entry.and_then(|entry| entry.parameter(&name)) else {
            let all = entry.iter().flat_map(|entry| &entry.parameters).map(|known| known.name.as_str());
            let near = nearest(&name, all).map(|near| format!(" Is {near} meant?")).unwrap_or_default();
            let reason = format!("{} is no attribute of {}.{near}", shown(name.as_bytes()), command.verb.word());
            found.odd("unknown-attribute", given.span.clone(), reason, readme);
            continue;
        };
        if value.is_empty() {
            let reason = format!("{name} needs a value after =; [UNAVAILABLE] says that there is none.");
            found.wrong("missing-value", given.span.clone(), reason, readme);
        } else if looks_like_ipv6(&value) {
            if let Some(last) = words.last_mut() {
                *last = format!("{name}=IPV6:{value}");
            }
            found.wrong("ipv6-prefix", given.span.clone(), "IPV6: stands before an IPv6 address.", readme).mends();
        } else if let Err(error) = xtext::decode(value.as_bytes()) {
            let reason = format!("The value is not xtext: {error}.");
            found.wrong("bad-xtext", given.span.clone(), reason, readme);
        } else if !known.value.fits(&value) {
            let reason = format!("{name} is written {}.", known.grammar);
            found.wrong("bad-value", given.span.clone(), reason, readme);
        } else if let Some(offered) = offered
            && !offered.parameters.is_empty()
            && !offered.parameters.iter().any(|word| word.eq_ignore_ascii_case(&name))
        {
            let reason = format!("The server did not name {name} among the attributes that it takes.");
            found.odd("attribute-not-offered", given.span.clone(), reason, readme);
        }
    }
    words.join(" ").into_bytes()
}
