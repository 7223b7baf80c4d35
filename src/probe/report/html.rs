//! The report as one HTML page that stands alone: no script, nothing fetched.

use std::fmt::Write as _;

use crate::interchange::page::{self, begin};
use crate::probe::{Finding, Severity, named};

use super::{Report, shown};

macro_rules! put {
    ($out:expr, $($arg:tt)*) => { write!($out, $($arg)*).expect("a string takes it") };
}

/// The whole page.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut out = begin(&format!("What {} is, offers and refuses", report.target), include_str!("page.css"));
    out.push_str("<dl class=\"facts\">\n");
    for (key, value) in [
        ("read as", report.reading.clone()),
        ("started", format!("{:.0}", report.started)),
        ("found", report.summary()),
    ] {
        put!(out, "<div><dt>{key}</dt><dd>{}</dd></div>\n", text(&value));
    }
    out.push_str("</dl>\n");
    if let Some((_, words)) = &report.problem {
        put!(out, "<p class=\"problem\">Not done: {}</p>\n", text(words));
    }
    faults(&mut out, report);
    for name in &report.done {
        let title = named(name).map_or(*name, |probe| probe.title);
        put!(out, "<section id=\"{}\">\n<h2>{}</h2>\n", text(name), text(title));
        for (n, finding) in report.findings.iter().enumerate().filter(|(_, finding)| finding.probe == *name) {
            one(&mut out, n, finding, report);
        }
        out.push_str("</section>\n");
    }
    if !report.left_out.is_empty() {
        out.push_str("<section>\n<h2>Left out</h2>\n<ul>\n");
        for (name, why) in &report.left_out {
            put!(out, "<li>{}: {}</li>\n", text(name), text(why));
        }
        out.push_str("</ul>\n</section>\n");
    }
    out.push_str(
        "<footer>Written by ehlo. Nothing here proves what was not tried.</footer>\n</main>\n</body>\n</html>\n",
    );
    out
}

/// What is to be mended, first.
fn faults(out: &mut String, report: &Report) {
    let mut faults: Vec<_> =
        report.findings.iter().enumerate().filter(|(_, finding)| finding.severity.is_fault()).collect();
    faults.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    if faults.is_empty() {
        return;
    }
    out.push_str("<nav aria-label=\"To be mended\">\n<h2>To be mended</h2>\n<ul>\n");
    for (n, finding) in faults {
        put!(out, "<li><a href=\"#f{n}\">{}</a> {}</li>\n", text(&finding.title), badge(finding.severity));
    }
    out.push_str("</ul>\n</nav>\n");
}

fn one(out: &mut String, n: usize, finding: &Finding, report: &Report) {
    let severity = finding.severity.name();
    put!(
        out,
        "<article id=\"f{n}\" class=\"{severity}\">\n<h3>{} {}</h3>\n",
        badge(finding.severity),
        text(&finding.title)
    );
    if !finding.words.is_empty() {
        put!(out, "<p>{}</p>\n", text(&finding.words));
    }
    if !finding.cure.is_empty() {
        put!(out, "<p class=\"cure\"><b>Cure</b> {}</p>\n", text(&finding.cure));
    }
    let lines: Vec<_> = finding.evidence.iter().filter_map(|record| shown(&report.log, *record)).collect();
    if !lines.is_empty() {
        out.push_str("<pre>");
        for line in lines {
            let class = match line.mark.trim() {
                "->" | "~>" | "-|" | "~|" => "sent",
                "<-" | "<~" => "received",
                "<**" | "<~*" => "refused",
                _ => "remark",
            };
            put!(out, "<span class=\"{class}\">{}{}</span>\n", text(line.mark), text(&line.text));
        }
        out.push_str("</pre>\n");
    }
    if !finding.references.is_empty() {
        put!(out, "<p class=\"references\">{}</p>\n", text(&finding.references.join(" · ")));
    }
    out.push_str("</article>\n");
}

fn badge(severity: Severity) -> String {
    format!("<span class=\"badge {0}\">{0}</span>", severity.name())
}

/// Words as text of the page.
fn text(words: &str) -> String {
    page::text(words.as_bytes())
}
