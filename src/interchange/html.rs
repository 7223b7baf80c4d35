//! One HTML page that stands alone: no script, nothing fetched, the decode of a reply on hover and tap.

use std::fmt::Write as _;

use crate::conversation::dialogue::Ask;
use crate::conversation::ending::{Ending, endings};
use crate::conversation::file::{Document, folded};
use crate::conversation::log::Entry;
use crate::conversation::{Dialogue, Kind, Log, Micros, words};
use crate::decode::{Explanation, Knowledge, explain_ending, explain_exchange};

use super::page::{begin, text};

/// Lines of message content beyond which it is folded.
const FOLDED: usize = 12;
/// Recipients that the table of verdicts lists.
const RECIPIENTS: usize = 200;

macro_rules! put {
    ($out:expr, $($arg:tt)*) => { write!($out, $($arg)*).expect("a string takes it") };
}

/// The whole page.
pub(super) fn export(document: &Document, knowledge: &Knowledge) -> Vec<u8> {
    let document = &folded(document);
    let dialogue = Dialogue::of(&document.log);
    let timed = document.header.text("clock") != Some("none");
    let (out, mut endings) = (String::new(), endings(&dialogue, &document.log));
    endings.sort_by_key(|ended| ended.record);
    let mut page = Page { out, log: &document.log, dialogue: &dialogue, endings, knowledge, tls: false, timed };
    page.head(document);
    page.conversation();
    page.recipients();
    let foot = if knowledge.is_silent() { super::UNEXPLAINED } else { "Tap or point at a reply to see what it means." };
    put!(page.out, "<footer>Written by ehlo. {foot}</footer>\n</main>\n</body>\n</html>\n");
    page.out.into_bytes()
}

/// A list under its name; nothing where it is empty.
fn list(out: &mut String, name: &str, items: &[impl AsRef<str>]) {
    if items.is_empty() {
        return;
    }
    put!(out, "<h3>{name}</h3><ul>");
    for item in items {
        put!(out, "<li>{}</li>", text(item.as_ref().as_bytes()));
    }
    put!(out, "</ul>\n");
}

struct Page<'a> {
    out: String,
    log: &'a Log,
    dialogue: &'a Dialogue,
    /// How its connections ended, in the order of the records.
    endings: Vec<Ending>,
    knowledge: &'a Knowledge,
    tls: bool,
    /// Its source had a clock.
    timed: bool,
}

impl Page<'_> {
    fn head(&mut self, document: &Document) {
        let header = &document.header;
        let title = header.text("title").or(header.text("target")).unwrap_or("An SMTP conversation");
        self.out = begin(title, include_str!("page.css"));
        self.out.push_str("<dl class=\"facts\">\n");
        for key in ["target", "profile", "side", "imported"] {
            if let Some(value) = header.text(key) {
                put!(self.out, "<div><dt>{key}</dt><dd>{}</dd></div>\n", text(value.as_bytes()));
            }
        }
        if let Some(started) = header.started() {
            put!(self.out, "<div><dt>started</dt><dd>{}</dd></div>\n", text(format!("{started:.3}").as_bytes()));
        }
        put!(self.out, "</dl>\n");
    }

    fn conversation(&mut self) {
        let class = if self.timed { "talk" } else { "talk timeless" };
        put!(self.out, "<section class=\"{class}\" aria-label=\"The conversation\">\n");
        let mut content: Vec<usize> = Vec::new();
        let mut reply: Vec<usize> = Vec::new();
        let ends = self.ends();
        for index in 0..self.log.len() {
            let Some(entry) = self.log.get(index) else { continue };
            if entry.kind != Kind::Content && !content.is_empty() {
                self.content(&std::mem::take(&mut content));
            }
            match entry.kind {
                Kind::Content => content.push(index),
                Kind::Received => {
                    reply.push(index);
                    if ends.binary_search_by_key(&index, |(end, _)| *end).is_ok() {
                        let at = ends.partition_point(|(end, _)| *end < index);
                        self.reply(&std::mem::take(&mut reply), Some(ends[at].1));
                    }
                }
                Kind::Sent => self.line("sent", if self.tls { "~&gt;" } else { "-&gt;" }, &entry),
                Kind::Remark => {
                    self.remark(&entry);
                    self.ended(index);
                }
                Kind::Script => self.line("script", "", &entry),
                Kind::Comment if entry.bytes.is_empty() => {}
                Kind::Comment => self.line("remark", "", &entry),
            }
        }
        self.content(&content);
        self.reply(&reply, None);
        put!(self.out, "</section>\n");
    }

    /// The last record of each reply, and its exchange; in the order of the records.
    fn ends(&self) -> Vec<(usize, usize)> {
        let exchanges = self.dialogue.exchanges().iter().enumerate();
        let mut ends: Vec<_> = exchanges.filter_map(|(n, exchange)| Some((*exchange.reply()?.end(), n))).collect();
        ends.sort_unstable();
        ends
    }

    fn line(&mut self, class: &str, mark: &str, entry: &Entry<'_>) {
        put!(
            self.out,
            "<p class=\"row {class}\"><time>{}</time><b>{mark}</b><code>{}</code></p>\n",
            time(entry.at),
            shown(entry)
        );
    }

    fn remark(&mut self, entry: &Entry<'_>) {
        let Some(remark) = entry.remark() else { return };
        match remark.word.as_str() {
            "tls" if remark.get("failed").is_none() => self.tls = true,
            "connecting" => self.tls = false,
            // A certificate in base64 is for programs.
            "certificate" => return,
            _ => {}
        }
        let class = if matches!(remark.word.as_str(), "note") { "row note" } else { "row remark" };
        let words = if remark.word == "note" {
            format!("note: {}", remark.bare(0).unwrap_or_default())
        } else {
            // Whoever reads it elsewhere is not the one who closed it.
            words::said(&remark).words.replacen("closed by you", "closed by the client", 1)
        };
        put!(
            self.out,
            "<p class=\"{class}\"><time>{}</time><b>==</b><code>{}</code></p>\n",
            time(entry.at),
            text(words.as_bytes())
        );
    }

    /// How a connection ended at a record, where no reply tells it.
    fn ended(&mut self, record: usize) {
        let Ok(place) = self.endings.binary_search_by_key(&record, |ended| ended.record) else { return };
        let ended = &self.endings[place];
        if ended.at_rest || self.knowledge.is_silent() {
            return;
        }
        let account = explain_ending(ended, self.dialogue, self.log);
        put!(
            self.out,
            "<div class=\"reply refused\" tabindex=\"0\"><aside class=\"decode\"><h2>{}</h2><p>{}</p>\n",
            text(account.title.as_bytes()),
            text(account.meaning.as_bytes())
        );
        list(&mut self.out, "Why, most likely first", account.causes);
        put!(self.out, "</aside>\n</div>\n");
    }

    fn content(&mut self, records: &[usize]) {
        if records.is_empty() {
            return;
        }
        let open = if records.len() > FOLDED { "" } else { " open" };
        let lines = if records.len() == 1 { "1 line".to_owned() } else { format!("{} lines", records.len()) };
        put!(self.out, "<details class=\"content\"{open}><summary>the message, {lines}</summary>\n<pre>");
        for entry in records.iter().filter_map(|record| self.log.get(*record)) {
            put!(self.out, "{}\n", shown(&entry));
        }
        put!(self.out, "</pre></details>\n");
    }

    fn reply(&mut self, records: &[usize], exchange: Option<usize>) {
        if records.is_empty() {
            return;
        }
        let asked = exchange.and_then(|n| self.dialogue.exchanges().get(n));
        let refused = asked.is_some_and(crate::conversation::Exchange::is_refusal);
        let class = if refused { "reply refused" } else { "reply" };
        put!(self.out, "<div class=\"{class}\" tabindex=\"0\">\n");
        let mark = match (refused, self.tls) {
            (true, false) => "&lt;**",
            (true, true) => "&lt;~*",
            (false, false) => "&lt;-",
            (false, true) => "&lt;~",
        };
        let latency = asked.and_then(|it| it.latency(self.log)).filter(|latency| latency.0 >= 1000).map(took);
        for (n, record) in records.iter().enumerate() {
            let Some(entry) = self.log.get(*record) else { continue };
            let latency = latency.as_deref().filter(|_| n == 0).unwrap_or_default();
            put!(
                self.out,
                "<p class=\"row received\"><time>{}</time><b>{mark}</b><code>{}</code><small>{latency}</small></p>\n",
                time(entry.at),
                shown(&entry)
            );
        }
        let explained = exchange.and_then(|n| explain_exchange(n, self.dialogue, self.log, self.knowledge));
        if let Some(explanation) = explained {
            self.decode(&explanation, refused, asked.map(|it| it.ask));
        }
        put!(self.out, "</div>\n");
    }

    fn decode(&mut self, it: &Explanation, refused: bool, ask: Option<Ask>) {
        put!(
            self.out,
            "<aside class=\"decode\"><h2>{}</h2><p>{}</p>\n",
            text(it.title.as_bytes()),
            text(it.meaning.as_bytes())
        );
        if refused || ask == Some(Ask::Unasked) {
            let with_line = |step: &crate::decode::Step| match &step.does {
                crate::decode::Does::Command(line) => format!("{}: {line}", step.text),
                _ => step.text.clone(),
            };
            let next: Vec<String> = it.next.iter().map(with_line).collect();
            list(&mut self.out, "Why, most likely first", &it.causes);
            list(&mut self.out, "What to do next", &next);
        }
        if !it.references.is_empty() {
            put!(self.out, "<p class=\"references\">{}</p>", text(it.references.join(" · ").as_bytes()));
        }
        put!(self.out, "</aside>\n");
    }

    fn recipients(&mut self) {
        let all = self.dialogue.recipients();
        if all.is_empty() {
            return;
        }
        put!(self.out, "<h2>Recipients</h2>\n<table>\n<tr><th>recipient</th><th>verdict</th><th>code</th></tr>\n");
        for recipient in all.iter().take(RECIPIENTS) {
            let (class, verdict) = (format!("{:?}", recipient.verdict()).to_lowercase(), self.dialogue.fate(recipient));
            let code = recipient.code().map_or_else(String::new, |code| code.to_string());
            let enhanced = recipient.enhanced().map_or_else(String::new, |code| format!(" {code}"));
            let address = text(self.dialogue.address(self.log, recipient).as_bytes());
            put!(
                self.out,
                "<tr class=\"{class}\"><td><code>{address}</code></td><td>{verdict}</td><td>{code}{enhanced}</td></tr>\n"
            );
        }
        put!(self.out, "</table>\n");
        if all.len() > RECIPIENTS {
            put!(self.out, "<p>… and {} more.</p>\n", all.len() - RECIPIENTS);
        }
    }
}

/// A record's text; that of a masked one is escaped already, and stays as it is.
fn shown(entry: &Entry<'_>) -> String {
    text(entry.bytes)
}

fn time(at: Option<Micros>) -> String {
    at.map_or_else(String::new, |at| format!("{}.{:03}", at.0 / 1_000_000, at.0 / 1000 % 1000))
}

fn took(latency: Micros) -> String {
    match latency.0 / 1000 {
        ms if ms < 10_000 => format!("{ms} ms"),
        ms => format!("{} s", ms / 1000),
    }
}

#[cfg(test)]
mod tests {
    use crate::conversation::file::read;

    use super::*;

    #[test]
    fn nothing_of_a_peer_is_markup_and_nothing_is_fetched() {
        let talk = "+++\nehlo = 1\ntitle = \"<b>\"\n+++\n0.000000 * connected 127.0.0.1:25\n\
            0.000000 < 220 <script>alert('x')</script>&amp;\n1.000000 > RCPT TO:<\\\"a\\e[2J@b>\n1.000000 < 550 no\n";
        let document = read(talk.replace("\\\"", "\"").as_bytes()).expect("a transcript");
        let page = String::from_utf8(export(&document, &Knowledge::shipped())).expect("text");
        assert!(!page.contains("<script") && page.contains("<h1>&lt;b&gt;</h1>") && !page.contains('\u{1b}'), "{page}");
        assert!(page.contains("220 &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;"), "{page}");
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="), "{page}");
        assert!(page.contains("class=\"reply refused\" tabindex=\"0\""), "{page}");
    }
}
