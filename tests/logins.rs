//! Logging in by every mechanism, against the lab: by a script, by the workbench, with the right secret and a wrong one.
//! No file that is written holds a secret.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::process::{Command, Stdio};

mod support {
    #[expect(dead_code, reason = "a part of it is enough here")]
    pub(crate) mod terminal;
}

use support::terminal::{Home, Terminal};

const PASSWORD: &str = "Correct-Horse-4711";
const TOKEN: &str = "ya29.Battery-Staple-4712";
const WRONG: &str = "Wrong-Pony-4713";

/// A mechanism, the lines of its exchange, and whether its secret is a token.
const MECHANISMS: &[(&str, &str, bool)] = &[
    ("PLAIN", "> AUTH PLAIN {{auth}}\n", false),
    ("LOGIN", "> AUTH LOGIN\n> {{auth}}\n> {{auth}}\n", false),
    ("CRAM-MD5", "> AUTH CRAM-MD5\n> {{auth}}\n", false),
    ("SCRAM-SHA-1", "> AUTH SCRAM-SHA-1 {{auth}}\n> {{auth}}\n> {{auth}}\n", false),
    ("SCRAM-SHA-1-PLUS", "> AUTH SCRAM-SHA-1-PLUS {{auth}}\n> {{auth}}\n> {{auth}}\n", false),
    ("SCRAM-SHA-256", "> AUTH SCRAM-SHA-256\n> {{auth}}\n> {{auth}}\n> {{auth}}\n", false),
    ("SCRAM-SHA-256-PLUS", "> AUTH SCRAM-SHA-256-PLUS {{auth}}\n> {{auth}}\n> {{auth}}\n", false),
    ("XOAUTH2", "> AUTH XOAUTH2 {{auth}}\n", true),
    ("OAUTHBEARER", "> AUTH OAUTHBEARER\n> {{auth}}\n", true),
];

/// A home with a scenario whose account has secrets of its own.
fn home() -> Home {
    let home = Home::new();
    for secret in [PASSWORD, TOKEN, WRONG] {
        home.secret(secret);
    }
    let shipped = ehlo::assets::text("scenarios/logins.toml").unwrap();
    let secrets = format!("password = \"{PASSWORD}\"\ntoken = \"{TOKEN}\"");
    home.put("own.toml", &shipped.replace("password = \"noddy\"", &secrets));
    home
}

/// A profile for the lab by this mechanism.
fn profile(home: &Home, mechanism: &str, secret: &str, more: &str) {
    let scenario = home.path().join("own.toml");
    let source = if secret.is_empty() { String::new() } else { format!("{secret} = {{ env = \"SECRET\" }}\n") };
    let text = format!(
        "host = \"lab:{}\"\n[identity]\nehlo = \"noddy.com\"\n[tls]\nmode = \"require\"\n{more}\
         [auth]\nuser = \"dude\"\nmechanism = \"{mechanism}\"\n{source}",
        scenario.display()
    );
    home.put("config/profiles/mine.toml", &text);
}

/// Runs a script that logs in; gives the exit status and what was said.
fn run(home: &Home, exchange: &str, secret: &str) -> (Option<i32>, String) {
    let script = format!("> EHLO noddy.com\n> STARTTLS\n< 220\n> EHLO noddy.com\n{exchange}");
    let script = home.put("script.smtp", &script);
    let output = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["run", "--target", "mine", "--config"])
        .arg(home.path().join("config"))
        .arg("--state")
        .arg(home.state())
        .arg(script)
        .env("SECRET", secret)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].map(|octets| String::from_utf8(octets).unwrap()).concat();
    for secret in [PASSWORD, TOKEN, WRONG] {
        assert!(!support::terminal::leaks::holds(said.as_bytes(), secret.as_bytes()), "{secret}: {said}");
    }
    (output.status.code(), said)
}

#[test]
fn every_mechanism_logs_in_by_a_script_and_a_wrong_secret_does_not() {
    let home = home();
    for (mechanism, exchange, token) in MECHANISMS {
        let (key, right) = if *token { ("token", TOKEN) } else { ("password", PASSWORD) };
        profile(&home, mechanism, key, "");
        let (code, said) = run(&home, &format!("{exchange}< 235\n> QUIT\n"), right);
        assert_eq!(code, Some(0), "{mechanism}: {said}");
        let more = if *token { "> {{auth}}\n" } else { "" };
        let (code, said) = run(&home, &format!("{exchange}{more}"), WRONG);
        assert_eq!(code, Some(5), "{mechanism}: {said}");
        assert!(said.contains("535 5.7.8"), "{mechanism}: {said}");
        if *token {
            assert!(said.contains("the token is not valid here"), "{mechanism}: {said}");
        }
    }
}

#[test]
fn a_certificate_logs_in_without_a_password_and_without_one_external_is_not_offered() {
    let home = home();
    let exchange = "? capability AUTH EXTERNAL\n> AUTH EXTERNAL {{auth}}\n< 235\n> QUIT\n";
    // The lab issues the certificates of its users when it starts.
    profile(&home, "ANONYMOUS", "", "");
    let (code, said) = run(&home, "> AUTH ANONYMOUS {{auth}}\n< 235\n> QUIT\n", "");
    assert_eq!(code, Some(0), "{said}");
    let folder = home.state().join("lab");
    let files = format!(
        "client_cert = \"{}\"\nclient_key = \"{}\"\n",
        folder.join("client-dude.pem").display(),
        folder.join("client-dude-key.pem").display()
    );
    profile(&home, "EXTERNAL", "", &files);
    let (code, said) = run(&home, exchange, "");
    // The lab of this run has issued another one; its authority is the same.
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn what_a_script_gets_wrong_about_a_mechanism_is_said_before_anything_connects() {
    let home = home();
    profile(&home, "CRAM-MD5", "password", "");
    let (code, said) = run(&home, "> AUTH CRAM-MD5 {{auth}}\n", PASSWORD);
    assert!(code == Some(2) && said.contains("the server speaks first"), "{said}");
    let (code, said) = run(&home, "> AUTH NTLM {{auth}}\n", PASSWORD);
    assert!(code == Some(2) && said.contains("SCRAM-SHA-256"), "{said}");
}

#[test]
fn make_ready_takes_the_strongest_and_a_token_that_is_refused_is_explained() {
    let home = home();
    profile(&home, "auto", "password", "");
    let start = |secret: &str| {
        let mut terminal = Terminal::start_with(&home, &["mine"], (120, 33), &[("SECRET", secret)]);
        terminal.wait_for("220 mx.target.local").keys("<F10>");
        terminal
    };
    let mut terminal = start(PASSWORD);
    terminal.wait_for("Ready: encrypted, logged in as dude").wait_for("AUTH SCRAM-SHA-256-PLUS {{auth}}");
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());

    profile(&home, "auto", "token", "");
    let mut terminal = start(WRONG);
    terminal.wait_for("refused the login (535)").wait_for("status invalid_token");
    terminal.keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
}

#[test]
fn a_password_goes_over_an_open_line_only_after_a_yes() {
    let home = home();
    let scenario = home.path().join("own.toml");
    let text = format!(
        "host = \"lab:{}\"\n[tls]\nmode = \"none\"\n[auth]\nuser = \"dude\"\nmechanism = \"PLAIN\"\npassword = {{ env = \"SECRET\" }}\n",
        scenario.display()
    );
    home.put("config/profiles/mine.toml", &text);
    let mut terminal = Terminal::start_with(&home, &["mine"], (80, 24), &[("SECRET", PASSWORD)]);
    terminal.wait_for("220 mx.target.local").keys("<F10>").wait_for("y send it").keys("<Esc>");
    terminal.wait_until("the question to go", |screen| !screen.contains("y send it")).wait_for("STARTTLS first");
    assert!(!terminal.screen().contains("AUTH PLAIN {{auth}}"), "{}", terminal.screen());
    terminal.keys("<F10>").wait_for("y send it").answer("y");
    terminal.wait_for("logged in as dude").keys("<C-q>").wait_for("still open").answer("q");
    assert!(terminal.exit().success());
}

#[cfg(unix)]
#[test]
fn a_password_comes_from_the_keyring_or_it_is_said_how_it_gets_there() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = home();
    profile(&home, "PLAIN", "password", "");
    let written = std::fs::read_to_string(home.path().join("config/profiles/mine.toml")).unwrap();
    home.put("config/profiles/mine.toml", &written.replace("{ env = \"SECRET\" }", "{ keyring = true }"));
    // What stands in for the system's keyring knows one user, at whatever host.
    let tool = home.put(
        "bin/secret-tool",
        &format!(
            "#!/bin/sh\n[ \"$1 $2 $3 $4 $6 $7\" = \"lookup service ehlo host user $KEEPS\" ] && echo {PASSWORD}\n"
        ),
    );
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    let script =
        home.put("script.smtp", "> EHLO a\n> STARTTLS\n< 220\n> EHLO a\n> AUTH PLAIN {{auth}}\n< 235\n> QUIT\n");
    let path = format!("{}:{}", tool.parent().unwrap().display(), std::env::var("PATH").unwrap());
    for (keeps, code, words) in [("dude", 0, "235"), ("somebody", 2, "secret-tool store --label=")] {
        let output = Command::new(env!("CARGO_BIN_EXE_ehlo"))
            .args(["run", "--target", "mine", "--config"])
            .arg(home.path().join("config"))
            .arg("--state")
            .arg(home.state())
            .arg(&script)
            .envs([("PATH", path.as_str()), ("KEEPS", keeps)])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|octets| String::from_utf8(octets).unwrap()).concat();
        assert!(output.status.code() == Some(code) && said.contains(words), "{keeps}: {said}");
    }
}
