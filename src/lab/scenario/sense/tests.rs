//! What `ehlo lab check` says of a file.

use super::super::find::shipped_text;
use super::super::{Draw, Source};

/// All that is said of a child of the classroom; its own text begins at line 4.
fn said(text: &str) -> String {
    let text = format!("ehlo = 1\nextends = \"classroom\"\ntitle = \"T\"\n{text}");
    let source = Source::new("t.toml", &text, &shipped_text).unwrap_or_else(|error| panic!("{text}: {error}"));
    source.mistakes(&Draw::default()).iter().fold(String::new(), |all, error| format!("{all}{error}\n"))
}

#[test]
fn all_mistakes_of_a_file_are_said_at_once_in_the_order_of_its_lines() {
    let text = "[listeners]\nsmtpd = {}\nsmtp = { startls = true }\n[relay]\nallow = \"anyone\"\n[[account]]\nuser = \"x\"\n\
                mechanisms = [\"PLAN\"]\n[[rule]]\non = \"RCPT\"\ntoo = \"*\"\nnth = \"3..1\"\nwithin = \"5 minuts\"\nchance = 1.5\n\
                reply = \"450 5.2.0 <{rcptt}>: {{who}}\"\n[[domain]]\nname = \"target.local\"\n[[domain.mailbox]]\nnam = \"a@b\"\n\
                quota = \"lots\"\n[[rule]]\non = \"RCPTO\"\n";
    let said = said(text);
    let lines: Vec<&str> = said.lines().map(|line| line.split(':').nth(1).unwrap_or_default()).collect();
    let want = ["5", "6", "8", "9", "11", "14", "15", "16", "17", "18", "18", "22", "22", "23", "25"];
    assert_eq!(lines, want, "{said}");
    for words in
        ["did you mean \"smtp\"", "did you mean \"PLAIN\"", "key \"password\" is missing", "did you mean \"name\""]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn what_can_not_be_so_is_said_with_its_line_and_the_cure() {
    for (text, line, words) in [
        ("[tls]\nmin_version = \"1.0\"\n", 5, "can't speak TLS 1.0"),
        ("[tls]\nmin_version = \"1.4\"\n", 5, "write \"1.2\" or \"1.3\""),
        ("[tls]\nmax_version = \"1.2\"\nmin_version = \"1.3\"\n", 6, "is above max_version 1.2"),
        ("[tls]\ncertificate = \"nofile.pem\"\n", 5, "there is no such file"),
        ("[capabilities]\nadvertise = [\"SIZE ten\"]\n", 5, "SIZE takes one number"),
        ("[capabilities]\nhide = [\"SIZES 1000\"]\n", 5, "did you mean \"SIZE\""),
        ("[server]\nname = \"two words\"\n", 5, "no host name"),
        ("[server]\nidle = \"0s\"\n", 5, "nobody can be so quick"),
        ("[parser]\nmax_line = 0\n", 5, "512"),
        ("[relay]\nrefuse = \"250 2.1.5 ok\"\n", 5, "begins with 4 or 5"),
        ("[[domain]]\nname = \"a.b\"\n[[domain.mailbox]]\nname = \"x@a.b\"\n", 7, "no local part"),
        (
            "[[domain]]\nname = \"a.b\"\n[[domain.mailbox]]\nname = \"x\"\n[[domain.mailbox]]\nname = \"X\"\n",
            9,
            "twice",
        ),
        ("[[domain]]\nname = \"a.b\"\n[[domain]]\nname = \"A.B\"\n", 7, "twice"),
        ("[[domain]]\nname = \"a.b\"\n[[domain.mailbox]]\nname = \"x\"\nmoved_to = \"nowhere\"\n", 8, "no address"),
        ("[[domain]]\nname = \"a.b\"\ncatch_all = \"y\"\n", 6, "is no mailbox of a.b"),
        ("[[check]]\nscript = \"\"\n", 5, "says nothing"),
        ("[[pretend]]\nhelo = \"a\"\n", 4, "tells nothing"),
        ("[[rule]]\non = \"MAIL\"\nspf = \"fail\"\nreply = \"550 no\"\n", 6, "no [[pretend]] tells any"),
    ] {
        let said = said(text);
        assert!(said.starts_with(&format!("t.toml:{line}:")) && said.contains(words), "{text}: {said}");
        assert_eq!(said.lines().count(), 1, "{text}: {said}");
    }
    let source = Source::new("t.toml", "ehlo = 1\ntitle = \"T\"\nextends = \"nosuch\"\n", &|_| None).expect("TOML");
    let error = source.scenario().expect_err("it is not there").to_string();
    assert!(error.starts_with("t.toml:3:11: extends = \"nosuch\""), "{error}");
}

#[test]
fn a_rule_that_can_not_hold_does_nothing_or_says_what_is_never_said_is_told_of() {
    for (rule, line, words) in [
        ("on = \"RCPT\"", 4, "does nothing"),
        ("on = \"RCPT\"\nclose = false", 4, "does nothing"),
        ("on = \"HELP\"\nmulti = []", 6, "holds no line"),
        ("on = \"HELP\"\nmulti = [\"250-ok\", \"251 ok\"]", 6, "same code"),
        ("on = \"HELP\"\nmulti = [\"250 ok\", \"250 ok\"]", 6, "not the last"),
        ("on = \"RCPT\"\ncontent = \"x\"\nreply = \"450 x\"", 6, "never holds here"),
        ("on = \"MAIL\"\nto = \"x@y\"\nreply = \"450 x\"", 6, "never holds here"),
        ("on = \"RCPT\"\nto = \"target.local\"\nreply = \"450 x\"", 6, "\"*@target.local\""),
        ("on = \"idle\"\nafter = \"2s\"\nreply = \"421 4.4.2 x\"", 6, "idle says how long"),
        ("on = \"RCPT\"\nwithin = \"1s\"\nafter = \"2s\"\nreply = \"450 x\"", 7, "within is over"),
        ("on = \"RCPT\"\nreply = \"450 5.2.0 x\"", 6, "allow = [\"code-mismatch\"]"),
        ("on = \"MAIL\"\nreply = \"354 go on\"", 6, "allow = [\"bad-reply\"]"),
        ("on = \"DATA\"\nreply = \"250 2.0.0 done\"", 6, "end-of-data"),
        ("on = \"connect\"\nreply = \"354 go on\"", 6, "allow = [\"bad-banner\"]"),
        ("on = \"RCPT\"\nclose = true\nreset = true", 7, "choose one"),
        ("on = \"RCPT\"\nreply = \"450 x\"\nsilence = true", 7, "nothing is said"),
        ("on = \"connect\"\nconcurrent = \"many\"\nreply = \"421 x\"", 6, "write \">2\""),
        ("on = \"RCPT\"\nargument = \"(a\"\nreply = \"450 x\"", 6, "not a regular expression: unclosed group"),
        ("on = \"XFOO\"\nreply = \"450 x\"", 5, "line = '(?i)^XFOO'"),
        ("on = \"RCPT\"\nset = { capability = \"STARTLS\" }", 6, "did you mean \"STARTTLS\""),
        ("on = \"RCPT\"\nobey = true\nreply = \"250 x\"", 6, "obey goes with raw"),
        ("on = \"RCPT\"\nreply = \"550 x\"\n[[rule]]\non = \"RCPT\"\nreply = \"450 x\"", 8, "the one in line 4"),
        (
            "on = \"any\"\ntls = true\nclose = true\n[[rule]]\non = \"MAIL\"\nfrom = \"a@b\"\ntls = true\nreply = \"450 x\"",
            9,
            "the one in line 4",
        ),
    ] {
        let said = said(&format!("[[rule]]\n{rule}\n"));
        assert!(said.starts_with(&format!("t.toml:{line}:")) && said.contains(words), "{rule}: {said}");
        assert_eq!(said.lines().count(), 1, "{rule}: {said}");
    }
    for rule in [
        "on = \"RCPT\"\nreply = \"450 5.2.0 x\"",
        "on = \"MAIL\"\nreply = \"354 x\"",
        "on = \"RCPT\"\nnth = 1\nreply = \"550 x\"\n[[rule]]\non = \"RCPT\"\nreply = \"450 x\"",
        "on = \"RCPT\"\nto = \"a@b\"\nreply = \"550 x\"\n[[rule]]\non = \"RCPT\"\nto = \"c@d\"\nreply = \"450 x\"",
        "on = \"RCPT\"\ndelay = \"1s\"\n[[rule]]\non = \"RCPT\"\nreply = \"450 x\"",
        "on = \"greeting\"\nreply = \"220 x\"\n[[rule]]\non = \"greeting\"\nearly = true\nreply = \"554 x\"",
    ] {
        let said = said(&format!("allow = [\"code-mismatch\", \"bad-reply\"]\n[[rule]]\n{rule}\n"));
        assert_eq!(said, "", "{rule}");
    }
}

#[test]
fn no_shipped_scenario_has_a_mistake() {
    let folder = crate::assets::ASSETS.get_dir("scenarios").expect("shipped");
    for file in folder.files() {
        let name = file.path().file_name().and_then(std::ffi::OsStr::to_str).expect("a name");
        let text = file.contents_utf8().expect("UTF-8");
        let source = Source::new(name, text, &shipped_text).unwrap_or_else(|error| panic!("{error}"));
        for draw in source.vary().variants() {
            let said: Vec<String> = source.mistakes(&draw).iter().map(ToString::to_string).collect();
            assert_eq!(said, Vec::<String>::new(), "{name}");
        }
    }
}
