//! Which references are told with a reply: those of its moment and its cause, not all that its code may have.

use super::entry::EnhancedEntry;
use super::explain::Layers;
use super::{Book, Context, notes};

/// References told at most.
const MOST: usize = 4;

/// The references of a reply, those of its own words first. A `bare` code has neither words nor moment: it gets all of its own.
pub(super) fn of(layers: &Layers<'_>, bare: bool, context: &Context, book: &Book) -> Vec<String> {
    let category = layers.category.map_or("", |c| c.name.as_str());
    let belongs = |reference: &str| bare || book.belongs(reference, context, category);
    let words = layers.text.map(|entry| entry.reference.as_slice()).unwrap_or_default();
    // An enhanced code that means another thing than the words is not what the reply is about.
    let differs = |entry: &EnhancedEntry| layers.text.is_some_and(|text| notes::disagree(text, entry));
    let enhanced = layers.enhanced.filter(|entry| !differs(entry));
    let of_enhanced = enhanced
        .into_iter()
        .flat_map(|entry| entry.reference.iter().filter(|reference| !entry.vague || belongs(reference)));
    let at = layers.at.map(|at| at.reference.as_slice()).unwrap_or_default();
    let code = layers.code.map(|code| code.reference.as_slice()).unwrap_or_default();
    // What holds for a category as a whole says less than what a text has of its own.
    let general = layers.category.filter(|_| words.is_empty()).map(|c| c.reference.as_slice()).unwrap_or_default();
    let of_codes = at.iter().chain(code).filter(|reference| belongs(reference));
    let mut all: Vec<String> = Vec::new();
    for reference in words.iter().chain(of_enhanced).chain(of_codes).chain(general) {
        if !all.contains(reference) {
            all.push(reference.clone());
        }
    }
    all.truncate(MOST);
    all
}

#[cfg(test)]
mod tests {
    use crate::decode::{Asked, Context, Knowledge, explain_text};
    use crate::smtp::Verb;

    #[test]
    fn references_belong_to_the_moment_and_the_cause() {
        let knowledge = Knowledge::shipped();
        let decode = |text: &str, asked: Option<Asked>| {
            let said = crate::decode::said::read(text);
            let context = Context { asked, ..Context::default() };
            crate::decode::explain(said.code, said.enhanced, &said.text, &context, &knowledge).references
        };
        let verb = |verb| Some(Asked::Verb(verb));
        for (text, asked, never) in [
            ("553 sorry, that domain isn't in my list of allowed rcpthosts", verb(Verb::Rcpt), "RFC 6531"),
            ("501 5.5.4 Syntax: RCPT TO:<address>", verb(Verb::Rcpt), "RFC 4954"),
            (
                "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname",
                verb(Verb::Ehlo),
                "RFC 4954",
            ),
            ("521 5.5.2 mx.target.example Error: bare <LF> received", Some(Asked::EndOfData), "RFC 4954"),
            ("554 5.7.1 <a@b.example>: Relay access denied", verb(Verb::Rcpt), "RFC 5321 3.1"),
            ("252 2.0.0 a", verb(Verb::Vrfy), "RFC 1985"),
            ("251 User not local; will forward", verb(Verb::Rcpt), "RFC 1985"),
            ("454 4.7.1 no", verb(Verb::Rcpt), "RFC 3207"),
            ("454 4.7.1 no", verb(Verb::Rcpt), "RFC 4954"),
            ("452 4.5.3 Too many recipients", verb(Verb::Rcpt), "RFC 1870"),
            ("552 5.2.2 Mailbox full", verb(Verb::Rcpt), "RFC 1870"),
            ("450 4.7.1 <foo>: Helo command rejected: Host not found", verb(Verb::Ehlo), "RFC 7372"),
            ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", verb(Verb::Rcpt), "RFC 7505"),
        ] {
            let told = decode(text, asked);
            assert!(!told.iter().any(|it| it.starts_with(never)) && !told.is_empty(), "{text}: {told:?}");
        }
        for (text, asked, always) in [
            ("501 5.5.2 no", verb(Verb::Auth), "RFC 4954 4"),
            ("501 5.5.2 no", Some(Asked::AuthAnswer), "RFC 4954 4"),
            ("530 5.7.0 Authentication required", verb(Verb::Mail), "RFC 4954 6"),
            ("530 5.7.0 Must issue a STARTTLS command first", verb(Verb::Mail), "RFC 3207 4"),
            ("554 x", Some(Asked::Connect), "RFC 5321 3.1"),
            ("454 4.3.0 no", verb(Verb::Starttls), "RFC 3207 4"),
            ("552 5.3.4 too big", Some(Asked::EndOfData), "RFC 1870 6"),
            ("452 4.5.3 Too many recipients", verb(Verb::Rcpt), "RFC 5321 4.5.3.1.10"),
            ("521 x", Some(Asked::Connect), "RFC 7504 3"),
        ] {
            let told = decode(text, asked);
            assert!(told.iter().any(|it| it.starts_with(always)), "{text}: {told:?}");
        }
        // Somebody who asks for a code alone gets all that it has.
        for (code, reference) in [("553", "RFC 6531 3.5"), ("501", "RFC 4954 4"), ("554", "RFC 5321 3.1")] {
            let told = explain_text(code, &knowledge).map(|it| it.references).unwrap_or_default();
            assert!(told.iter().any(|it| it == reference), "{code}: {told:?}");
        }
        let utf8 = Context { asked: verb(Verb::Rcpt), rcpt: Some("ä@b.example".to_owned()), ..Context::default() };
        let said = crate::decode::said::read("553 no");
        let told = crate::decode::explain(said.code, said.enhanced, &said.text, &utf8, &knowledge).references;
        assert!(told.iter().any(|it| it == "RFC 6531 3.5"), "{told:?}");
    }
}
