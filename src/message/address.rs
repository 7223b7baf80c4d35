//! Mailboxes as people write them: `Jürgen Düde <dude@noddy.com>, other@noddy.com` (RFC 5322 3.4).

use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::raw::Raw;

/// The value of an address field. What is ASCII is written as it was given, folded where it is long; names that are not
/// become encoded words (RFC 2047), which their addresses must not.
pub(super) fn field(value: &str) -> HeaderType<'static> {
    if value.is_ascii() {
        return Raw::new(value.to_owned()).into();
    }
    let list = split(value).into_iter().map(mailbox).collect();
    Address::new_list(list).into()
}

/// The members of a list: commas within quotes, comments and `<>` divide nothing.
fn split(list: &str) -> Vec<&str> {
    let (mut quoted, mut depth, mut from) = (false, 0_u32, 0);
    let mut members = Vec::new();
    let mut escaped = false;
    for (at, c) in list.char_indices() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match c {
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '<' | '(' if !quoted => depth += 1,
            '>' | ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                members.push(&list[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    members.push(&list[from..]);
    members.into_iter().map(str::trim).filter(|member| !member.is_empty()).collect()
}

/// A name, where there is one, and an address.
fn mailbox(text: &str) -> Address<'static> {
    match text.rsplit_once('<') {
        Some((name, rest)) => {
            let name = name.trim();
            let bare = name.strip_prefix('"').and_then(|inside| inside.strip_suffix('"')).unwrap_or(name);
            let name = (!bare.is_empty()).then(|| bare.replace("\\\"", "\"").replace("\\\\", "\\"));
            Address::new_address(name, rest.trim_end().trim_end_matches('>').to_owned())
        }
        None => Address::new_address(None::<String>, text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_builder::headers::Header as _;

    fn written(value: &str) -> String {
        let mut out = Vec::new();
        field(value).write_header(&mut out, 4);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn names_are_encoded_and_addresses_are_not() {
        assert_eq!(written("Dude <dude@noddy.com>, a@b"), "Dude <dude@noddy.com>, a@b\r\n");
        let list = written("Jürgen <j@noddy.com>, \"Büro, Empfang\" <b@noddy.com>");
        assert!(list.is_ascii(), "{list}");
        assert!(list.contains("<j@noddy.com>,") && list.contains("<b@noddy.com>"), "{list}");
        assert_eq!(list.matches('<').count(), 2, "a comma within quotes divides nothing: {list}");
        assert!(written("jürgen@noddy.com").contains("<jürgen@noddy.com>"), "an address is never encoded (RFC 6532)");
    }
}
