//! The report as JSON, for programs.

use serde_json::{Map, Value, json};

use crate::probe::{Finding, Severity};

use super::{Report, seconds, shown};

/// The whole report: `target`, `reading`, `started`, `probes` (names of those that were run), `left_out` (`probe` and `why`),
/// `findings`, `counts` (by severity), `problem` (or null). A finding has `probe`, `severity` (high, medium, low, unknown,
/// note, good), `title`, `meaning`, `cure`, `references`, and `evidence`: `record` (its number in the transcript, from 1),
/// `time` (seconds), `mark` and `line`.
#[must_use]
pub fn json(report: &Report) -> Map<String, Value> {
    let counts: Map<String, Value> =
        Severity::ALL.into_iter().map(|severity| (severity.name().to_owned(), json!(report.count(severity)))).collect();
    let left_out: Vec<Value> = report.left_out.iter().map(|(probe, why)| json!({"probe": probe, "why": why})).collect();
    let findings: Vec<Value> = report.findings.iter().map(|it| finding(it, report)).collect();
    let all = json!({
        "ehlo": 1,
        "target": report.target,
        "reading": report.reading,
        "started": report.started.to_string(),
        "probes": report.done,
        "left_out": left_out,
        "findings": findings,
        "counts": counts,
        "problem": report.problem.as_ref().map(|(_, words)| words),
    });
    match all {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn finding(finding: &Finding, report: &Report) -> Value {
    let evidence: Vec<Value> = finding
        .evidence
        .iter()
        .filter_map(|record| {
            let line = shown(&report.log, *record)?;
            let time = seconds(&report.log, *record);
            Some(json!({"record": record + 1, "time": time, "mark": line.mark.trim(), "line": line.text}))
        })
        .collect();
    json!({
        "probe": finding.probe,
        "severity": finding.severity.name(),
        "title": finding.title,
        "meaning": finding.words,
        "cure": finding.cure,
        "references": finding.references,
        "evidence": evidence,
    })
}
