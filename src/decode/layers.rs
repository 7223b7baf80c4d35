//! Which layers had something to say about a reply, and which of them decided.

use crate::conversation::words::capital;
use crate::smtp::{Class, EnhancedCode, ReplyCode};

use super::digits::{done, is_done};
use super::explain::{Layers, enhanced_speaks};
use super::{Book, Context, Layer, Spoke};

/// The layers that spoke, most specific first; exactly one of them decides, where there is any.
pub(super) fn spoken(
    layers: &Layers<'_>,
    class: Class,
    code: Option<ReplyCode>,
    enhanced: Option<EnhancedCode>,
    context: &Context,
    book: &Book,
) -> Vec<Layer> {
    let mut all = Vec::new();
    if let Some(words) = &layers.words {
        all.push(Layer {
            by: Spoke::Words,
            on: words.join(", "),
            says: layers.category.map(|c| c.title.clone()).unwrap_or_default(),
            category: layers.category.map(|c| c.name.clone()).unwrap_or_default(),
            source: String::new(),
            own: false,
            decides: true,
        });
    }
    if let Some(entry) = layers.text.or(layers.overruled) {
        let title = entry.title.as_deref().or_else(|| book.category(&entry.category).map(|c| c.title.as_str()));
        all.push(Layer {
            by: Spoke::Text,
            on: entry.software.clone().unwrap_or_default(),
            says: title.unwrap_or_default().to_owned(),
            category: entry.category.clone(),
            source: entry.file.clone(),
            own: entry.own,
            decides: layers.text.is_some(),
        });
    }
    let by_enhanced = layers.words.is_none() && enhanced_speaks(layers, class).is_some();
    if let (Some(entry), Some(enhanced)) = (layers.enhanced, enhanced) {
        let success = class == Class::Success && enhanced.class == 2;
        let well = success && is_done(enhanced, entry);
        all.push(Layer {
            by: Spoke::Enhanced,
            on: enhanced.to_string(),
            says: if well { capital(&done(enhanced, book)) } else { entry.title.clone() },
            // What went well is no refusal, whatever the detail would mean in one.
            category: if success { "ok".to_owned() } else { entry.category.clone() },
            source: entry.software.clone().unwrap_or_default(),
            own: false,
            decides: by_enhanced,
        });
    }
    if let (Some(entry), Some(code)) = (layers.code, code) {
        let at = layers.at;
        let asked = at.and(context.asked).map(|asked| format!("{code} to {}", asked.name()));
        all.push(Layer {
            by: Spoke::Code,
            on: asked.unwrap_or_else(|| code.to_string()),
            says: at.and_then(|at| at.title.clone()).unwrap_or_else(|| entry.title.clone()),
            category: at.and_then(|at| at.category.clone()).unwrap_or_else(|| entry.category.clone()),
            source: String::new(),
            own: false,
            decides: layers.text.is_none() && layers.words.is_none() && !by_enhanced,
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::decode::{Asked, Context, Knowledge, explain_reply};
    use crate::smtp::{LineEnd, Reply, ReplyLine};

    #[test]
    fn a_greeting_that_turns_away_says_for_what_it_is_known() {
        let connect = Context { asked: Some(Asked::Connect), ..Context::default() };
        let knowledge = Knowledge::shipped();
        let headline = |text: &str| {
            let mut reply = Reply::default();
            reply.push(ReplyLine::parse(text.as_bytes().to_vec(), LineEnd::CrLf));
            explain_reply(&reply, &connect, &knowledge).title
        };
        for (text, title) in [
            (
                "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example.net",
                "a block list names you",
            ),
            (
                "554 Your IP (192.0.2.1) is listed on bl.example.net",
                "the sending address is blocked, or on a block list",
            ),
            ("554 5.7.1 192.0.2.1 is on our DNSBL", "the sending address has a bad reputation"),
            ("554 IP address 192.0.2.1 is blacklisted", "the sending address has a bad reputation"),
            ("554 rejected 192.0.2.1 poor reputation", "the sending address has a bad reputation"),
            ("554 go away", "the server turns you away"),
        ] {
            assert_eq!(headline(text), format!("Refused for good: {title}"), "{text}");
        }
    }
}
