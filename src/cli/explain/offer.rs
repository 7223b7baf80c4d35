//! The reply to EHLO: capability by capability, and what is missing that one would expect.

use serde_json::{Value, json};

use super::Style;
use crate::decode::Knowledge;
use crate::decode::offer::{Line, Remark, lacks, meaning, remarks};
use crate::smtp::{Capabilities, escape};

/// As JSON.
pub(super) fn to_json(offer: &Capabilities, knowledge: &Knowledge) -> Value {
    let capabilities = offer.list.iter().map(|it| {
        json!({
            "keyword": it.keyword,
            "parameters": it.parameters,
            "meaning": meaning(it, knowledge),
            "references": knowledge.capability(&it.keyword).map(|entry| entry.reference.clone()).unwrap_or_default(),
        })
    });
    let remarks = said(offer).into_iter().map(|it| json!({ "about": it.about, "words": it.words }));
    json!({
        "server": offer.server,
        "capabilities": capabilities.collect::<Vec<_>>(),
        "remarks": remarks.collect::<Vec<_>>(),
    })
}

/// As text, to stand below the explanation of the reply.
pub(super) fn to_text(offer: &Capabilities, knowledge: &Knowledge, style: Style) -> String {
    let mut lines = vec![String::new(), style.strong("What it offers")];
    for capability in &offer.list {
        let name = [std::slice::from_ref(&capability.keyword), &capability.parameters].concat().join(" ");
        lines.push(format!("  {}", style.strong(&escape::for_screen(name.as_bytes()))));
        lines.push(format!("      {}", escape::for_screen(meaning(capability, knowledge).as_bytes())));
    }
    if offer.list.is_empty() {
        lines.push("  nothing beyond the oldest commands".to_owned());
    }
    let said = said(offer);
    if !said.is_empty() {
        lines.push(String::new());
        lines.push(style.strong("Worth knowing"));
    }
    for remark in said {
        lines.push(format!("  {}: {}", remark.about, remark.words));
    }
    lines.join("\n") + "\n"
}

fn said(offer: &Capabilities) -> Vec<Remark> {
    let mut said = remarks(offer, Line::default());
    said.extend(lacks(offer));
    said
}
