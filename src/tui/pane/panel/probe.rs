//! The tab Probe: what ready-made tests have found, what is to be mended first, each with its lines and its cure.

use crate::probe::{Finding, Severity, named, report};
use crate::tui::probing::Probing;
use crate::tui::talk::Talk;
use crate::tui::theme::Role;

use super::Scene;
use super::writer::{Row, Writer};

/// Lines of evidence for one finding.
const EVIDENCE: usize = 6;

/// The tab, at a width.
pub(super) fn rows(talk: &Talk, scene: Scene<'_>, width: u16) -> Vec<Row> {
    let mut out = Writer::new(width);
    let Some(probing) = scene.probing else {
        out.paragraph(0, Role::Dim, &scene.keymap.told("No test was run here; {probe} in the transcript chooses one."));
        return out.finish();
    };
    head(&mut out, probing, scene);
    let better = |finding: &&Finding| finding.severity == Severity::Low;
    let mut faults: Vec<&Finding> = probing.findings.iter().filter(|finding| finding.severity.is_fault()).collect();
    faults.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let better: Vec<&Finding> = probing.findings.iter().filter(better).collect();
    for (heading, findings) in [("To be mended", faults), ("Better otherwise", better)] {
        if !findings.is_empty() {
            out.heading(heading);
            for finding in findings {
                whole(&mut out, finding, talk);
            }
        }
    }
    let mut heading = "";
    for finding in probing.findings.iter().filter(|finding| finding.severity < Severity::Low) {
        if finding.probe != heading {
            heading = finding.probe;
            out.heading(named(heading).map_or(heading, |probe| probe.title));
        }
        if finding.severity >= Severity::Unknown { whole(&mut out, finding, talk) } else { short(&mut out, finding) }
    }
    if !probing.left_out.is_empty() {
        out.heading("Left out");
        for (name, why) in &probing.left_out {
            out.paragraph(0, Role::Dim, &format!("{name}: {why}"));
        }
    }
    out.finish()
}

/// How far it has come.
fn head(out: &mut Writer, probing: &Probing, scene: Scene<'_>) {
    match (&probing.at, &probing.end) {
        (Some(at), _) => {
            out.paragraph(0, Role::Accent, at);
            out.paragraph(0, Role::Dim, &scene.keymap.told("{stop} stops it"));
        }
        (None, Some((summary, problem))) => {
            out.paragraph(0, Role::Accent, summary);
            if let Some(words) = problem {
                out.paragraph(0, Role::Warning, &format!("Not all was tested: {words}"));
            }
        }
        (None, None) => {}
    }
    if probing.findings.iter().any(|finding| finding.severity >= Severity::Unknown) {
        let words = "{finding-after} next finding, the worst first · {zoom} the whole screen";
        out.paragraph(0, Role::Dim, &scene.keymap.told(words));
    }
}

fn mark(severity: Severity) -> (Role, &'static str) {
    match severity {
        Severity::High => (Role::Bad, "✗✗"),
        Severity::Medium => (Role::Bad, "✗"),
        Severity::Low => (Role::Warning, "!"),
        Severity::Unknown => (Role::Warning, "?"),
        Severity::Note => (Role::Dim, "·"),
        Severity::Good => (Role::Good, "✓"),
    }
}

/// A line, and a sentence where there is one.
fn short(out: &mut Writer, finding: &Finding) {
    let (role, mark) = mark(finding.severity);
    out.labelled(mark, role, 3, Role::Text, &finding.title);
    if !finding.words.is_empty() {
        out.paragraph(3, Role::Dim, &finding.words);
    }
}

/// All of it, with its lines and its cure.
fn whole(out: &mut Writer, finding: &Finding, talk: &Talk) {
    let (role, mark) = mark(finding.severity);
    let first = out.rows.len();
    out.labelled(mark, role, 3, role, &format!("{}: {}", finding.severity.name(), finding.title));
    if let Some(row) = out.rows.get_mut(first) {
        row.head = true;
    }
    if !finding.words.is_empty() {
        out.paragraph(3, Role::Text, &finding.words);
    }
    for line in finding.evidence.iter().filter_map(|record| report::shown(&talk.log, *record)).take(EVIDENCE) {
        let role = match line.mark.trim() {
            "->" | "~>" | "-|" | "~|" => Role::Sent,
            "<**" | "<~*" => Role::Refused,
            "==" => Role::Remark,
            _ => Role::Received,
        };
        out.paragraph(3, role, &format!("{} {}", line.mark.trim(), line.text));
    }
    if finding.evidence.len() > EVIDENCE {
        let more = finding.evidence.len() - EVIDENCE;
        out.paragraph(3, Role::Dim, &format!("… {more} more in the transcript"));
    }
    if !finding.cure.is_empty() {
        out.paragraph(3, Role::Accent, &finding.cure);
    }
    if !finding.references.is_empty() {
        out.paragraph(3, Role::Dim, &finding.references.join(" · "));
    }
}
