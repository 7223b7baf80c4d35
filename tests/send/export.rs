//! What `ehlo convert --as send` writes is a command line that says the same again.

use std::process::Command;

use super::Desk;

/// The lines that a transcript or a script sends, content included.
fn sent(text: &str) -> Vec<String> {
    let bare = |line: &str| {
        let mut rest = line;
        if line.starts_with(|c: char| c.is_ascii_digit()) {
            rest = line.split_once(' ').map_or("", |(_, rest)| rest);
        }
        (rest.starts_with('>') || rest.starts_with('|')).then(|| rest.trim_end().to_owned())
    };
    text.lines().filter_map(bare).collect()
}

impl Desk {
    /// Runs this as a shell does.
    fn shell(&self, line: &str) -> String {
        let output = Command::new("sh").arg("-c").arg(line).current_dir(self.path("")).output().expect("a shell");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{line}\n{err}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

#[test]
fn what_was_done_is_a_command_line_that_does_the_same() {
    let desk = Desk::new();
    let to = "anotherdude@target.local";
    for (n, arguments) in [
        &["--to", to, "--tls", "--data", "Subject: it's plain\\n\\nHello.\\n.dotted"][..],
        &[
            "--to",
            to,
            "--no-tls",
            "--helo",
            "other.example",
            "--from",
            "<>",
            "--data",
            "S: 100%\\n\\nEND\\na\\b\\t{{c}} ",
        ],
        &[
            "--to",
            to,
            "--to",
            "postmaster@target.local",
            "--tls",
            "--notify",
            "success",
            "--ret",
            "full",
            "--body",
            "\u{fc}",
        ],
        &["--to", to, "--no-tls", "--bdat", "20", "--data", "Subject: chunks\\n\\n.\\nin some pieces of twenty\\n"],
        &["--to", to, "--no-tls", "--mail-parameters", "SIZE=5", "--quit-after", "RCPT"],
        &["--no-tls", "--quit-after", "EHLO"],
    ]
    .into_iter()
    .enumerate()
    {
        let saved = desk.path(&format!("{n}.smtp"));
        let file = saved.to_str().expect("UTF-8").to_owned();
        desk.send(&[&["lab:"], arguments, &["--save", &file, "--hide-all"]].concat()).expect(0, &[]);
        let ehlo = env!("CARGO_BIN_EXE_ehlo");
        let line = desk.shell(&format!("'{ehlo}' convert '{file}' - --as send"));
        assert!(!line.contains("no way to say"), "{line}");
        let again = line.replacen("ehlo send", &format!("'{ehlo}' send --as-script --config config --state state"), 1);
        let script = desk.shell(&again);
        let recorded = std::fs::read_to_string(&saved).expect("saved");
        assert_eq!(sent(&script), sent(&recorded), "{line}");
    }
}
