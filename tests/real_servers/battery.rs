//! The ready-made tests, at each server: all of them find something out, and what they find is a table beside the others'.

use std::collections::BTreeMap;
use std::io::Write as _;

use super::desk::{Desk, Server};
use super::ground::Ground;
use super::{aiosmtpd, dovecot, exim, haraka, opensmtpd, postfix};
use crate::{SECURE, present};

/// What each of the tests found at a server, as one line.
type Found = BTreeMap<String, String>;

/// Runs all of them at one server.
fn probed(name: &str, ground: &Ground, server: Server, more: &str) -> Found {
    let desk = Desk::new(ground, server, more);
    let ran = desk.probes(&["--to", "dude@target.local", "--idle", "1s"]);
    let report: serde_json::Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out));
    assert!(report["problem"].is_null(), "{name}: {}", report["problem"]);
    let findings = report["findings"].as_array().unwrap();
    let mut found = Found::new();
    for finding in findings {
        let word = |key: &str| finding[key].as_str().unwrap().to_owned();
        assert!(word("probe") != "relay" || word("severity") != "high", "{name}: {finding}");
        if word("probe") != "offer" {
            let line = found.entry(word("probe")).or_default();
            *line =
                format!("{line}{}[{}] {}", if line.is_empty() { "" } else { " · " }, word("severity"), word("title"));
        }
    }
    for probe in report["probes"].as_array().unwrap() {
        let probe = probe.as_str().unwrap();
        assert!(findings.iter().any(|finding| finding["probe"] == probe), "{name}: {probe} found nothing");
    }
    found
}

#[test]
#[ignore = "needs the servers"]
fn the_ready_made_tests_find_something_out_at_each_server() {
    let mut all: Vec<(&str, Found)> = Vec::new();
    // Where a server is missing, `present` says so.
    if let Some(postfix) = present("Postfix", postfix::start()) {
        all.push(("Postfix, exchanger", probed("Postfix", &postfix.ground, postfix.exchanger, SECURE)));
        all.push((
            "Postfix, submission with Dovecot",
            probed("submission", &postfix.ground, postfix.submission, SECURE),
        ));
    }
    if let Some(it) = present("Exim", exim::start()) {
        all.push(("Exim", probed("Exim", &it.ground, it.exchanger, SECURE)));
    }
    if let Some(it) = present("OpenSMTPD", opensmtpd::start()) {
        all.push(("OpenSMTPD", probed("OpenSMTPD", &it.ground, it.exchanger, SECURE)));
    }
    if let Some(it) = present("Dovecot", dovecot::start()) {
        all.push(("Dovecot, LMTP", probed("Dovecot", &it.ground, it.lmtp, "protocol = \"lmtp\"\n")));
    }
    if let Some(it) = present("aiosmtpd", aiosmtpd::start()) {
        all.push(("aiosmtpd", probed("aiosmtpd", &it.ground, it.smtp, SECURE)));
    }
    if let Some(it) = present("Haraka", haraka::start()) {
        all.push(("Haraka", probed("Haraka", &it.ground, it.exchanger, SECURE)));
    }
    let probes: std::collections::BTreeSet<&String> = all.iter().flat_map(|(_, found)| found.keys()).collect();
    let mut table = String::new();
    for probe in probes {
        table = format!("{table}{probe}\n");
        for (name, found) in &all {
            table = format!("{table}  {name}: {}\n", found.get(probe).map_or("", String::as_str));
        }
    }
    // Past the harness, which would keep the words of a test that passes to itself.
    std::io::stderr().write_all(table.as_bytes()).unwrap();
}
