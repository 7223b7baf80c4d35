//! What a reply means, checked through the whole of the shipped data.

use super::*;

fn decode(reply: &str) -> Explanation {
    decode_in(reply, &Context::default())
}

fn decode_in(reply: &str, context: &Context) -> Explanation {
    let mut whole = crate::smtp::Reply::default();
    for line in reply.lines() {
        whole.push(crate::smtp::ReplyLine::parse(line.as_bytes().to_vec(), crate::smtp::LineEnd::CrLf));
    }
    explain_reply(&whole, context, &Knowledge::default())
}

#[test]
fn an_unknown_code_is_explained_by_its_class() {
    for (reply, class, retry) in [
        ("299 odd", Class::Success, None),
        ("399 odd", Class::Intermediate, None),
        ("499 odd", Class::Transient, Some(true)),
        ("599 odd", Class::Permanent, Some(false)),
        ("999 odd", Class::Unknown, None),
        ("150 odd", Class::Unknown, None),
    ] {
        let e = decode(reply);
        assert_eq!((e.class, e.retry), (class, retry), "{reply}");
        assert!(!e.title.is_empty() && !e.meaning.is_empty(), "{reply}");
        assert!(CATEGORIES.contains(&e.category.as_str()), "{reply}: {}", e.category);
    }
}
