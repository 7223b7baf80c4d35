//! The menu of verbs, each of them sent.

use super::*;

#[test]
fn each_verb_of_the_menu_becomes_a_line_that_the_lab_understands() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["lab:"], LARGE);
    terminal.wait_for("220 mx.target.local");
    // The verb as it is chosen, what is typed into its template, and how the reply begins.
    let lines = [
        ("HELO", "", "HELO noddy.com", "250"),
        ("LHLO", "", "LHLO noddy.com", "5"),
        ("EHLO", "", "EHLO noddy.com", "250"),
        ("NOOP", "", "NOOP", "250"),
        ("HELP", "", "HELP", "214"),
        ("VRFY", "postmaster", "VRFY postmaster", "25"),
        ("EXPN", "staff", "EXPN staff", ""),
        ("AUTH", "", "AUTH PLAIN", "334"),
        ("MAIL", "", "MAIL FROM:<dude@noddy.com>", "250"),
        ("RCPT", "", "RCPT TO:<anotherdude@target.local>", "250"),
        ("RSET", "", "RSET", "250"),
        ("BDAT", "0 LAST", "BDAT 0 LAST", "503"),
        ("DATA", "", "DATA", "503"),
        ("ETRN", "noddy.com", "ETRN noddy.com", "5"),
        ("BURL", "http://noddy.com/a LAST", "BURL http://noddy.com/a LAST", "5"),
        ("ATRN", "", "ATRN", "5"),
        ("TURN", "", "TURN", "5"),
        ("SEND", "", "SEND FROM:<dude@noddy.com>", "5"),
        ("SOML", "", "SOML FROM:<dude@noddy.com>", "5"),
        ("SAML", "", "SAML FROM:<dude@noddy.com>", "5"),
        ("STARTTLS", "", "STARTTLS", "220"),
        ("QUIT", "", "QUIT", "221"),
    ];
    let all: Vec<String> = {
        let table = ehlo::smtp::VerbTable::parse(ehlo::assets::text("verbs.toml").unwrap()).unwrap();
        // What the lab offers here only where a scenario trusts the client.
        let offered = table.verbs.iter().filter(|entry| !["XCLIENT", "XFORWARD"].contains(&entry.name.as_str()));
        offered.map(|entry| entry.name.clone()).collect()
    };
    for verb in &all {
        assert!(lines.iter().any(|(name, ..)| name == verb), "{verb} is not tried");
    }
    let mut replies = 1;
    for (verb, typed, line, code) in lines {
        terminal.keys("<F2>").wait_for("Enter take").keys(verb).wait_for(&format!("Verbs: {verb}")).keys("<Enter>");
        terminal.wait_until("the menu to go", |screen| !screen.contains("Enter take"));
        terminal.keys(typed).wait_for(&format!("│ {line}")).keys("<Enter>");
        let answered = |file: &str| {
            let codes: Vec<_> = file.lines().filter_map(|line| line.split_once(" < ")?.1.get(..4)).collect();
            codes.iter().filter(|code| !code.ends_with('-')).map(|code| code.trim().to_owned()).collect::<Vec<_>>()
        };
        replies += 1;
        terminal.wait_until("its reply", |_| answered(&home.transcript()).len() >= replies);
        let got = answered(&home.transcript());
        assert!(got[replies - 1].starts_with(code), "{line}: {got:?}");
        if code == "334" {
            terminal.wait_for("PLAIN wants one answer").keys("*").wait_for("gives the login up").keys("<Enter>");
            replies += 1;
            terminal.wait_until("the end of the login", |_| answered(&home.transcript()).len() >= replies);
        }
        if code != "221" {
            terminal.wait_for("Line to send");
        }
    }
    terminal.wait_for("F5 reconnect").keys("<C-q>");
    assert!(terminal.exit().success());
}
