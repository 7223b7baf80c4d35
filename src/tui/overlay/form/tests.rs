use super::*;
use crate::smtp::VerbTable;
use crate::tui::keymap::Key;

fn form(verb: &str, line: &str) -> Form {
    let table = VerbTable::parse(crate::assets::text("verbs.toml").unwrap()).unwrap();
    Form::of(table.find(verb).unwrap(), line, &Capabilities::default())
}

fn keys(form: &mut Form, keys: &[&str]) {
    for key in keys {
        form.key(Key::parse(key).unwrap().event());
    }
}

#[test]
fn a_line_goes_into_the_form_and_comes_back() {
    for (verb, line) in [
        ("RCPT", "RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb@c"),
        ("MAIL", "MAIL FROM:<> SIZE=10 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+3Db"),
        ("MAIL", "MAIL FROM:<a@b> AUTH=<>"),
        ("MAIL", "MAIL FROM:<a@b> XVERP"),
        ("MAIL", "MAIL FROM:<a@b> SIZE=1 SIZE=2"),
        ("MAIL", "MAIL FROM:<a@b> RET=FULL X-FOO=bar Y"),
        ("EHLO", "EHLO noddy.com"),
        ("VRFY", "VRFY Fred Smith"),
        ("BDAT", "BDAT 14 LAST"),
        ("QUIT", "QUIT"),
    ] {
        assert_eq!(form(verb, line).line(), line);
    }
}

#[test]
fn what_is_wrong_on_purpose_stays() {
    for (verb, line) in [
        ("RCPT", "RCPT TO:<@x.test:a@y.test>"),
        ("RCPT", "rcpt to: a@b  NOTIFY=FOO"),
        ("MAIL", "MAIL FROM:<a@b> RET=ALL BODY=8bit REQUIRETLS=1 =x"),
        ("NOOP", "NOOP a  b"),
        ("ETRN", "ETRN a b"),
        ("BURL", "BURL imap://x LAST foo"),
        ("DATA", "DATA x"),
        ("QUIT", "QUIT now"),
        ("XFORWARD", "XFORWARD SOURCE=FOO"),
        ("XCLIENT", "XCLIENT FOO=1 ADDR=x ADDR=y PROTO=FOO"),
        ("SEND", "SEND FROM:<a@b>"),
        ("SOML", "SOML FROM:<>"),
        ("SAML", "SAML FROM:<a@b.test> X"),
    ] {
        assert_eq!(form(verb, line).line(), line);
    }
    let typed = |verb: &str, line: &str| {
        let mut form = form(verb, line);
        keys(&mut form, &["c"]);
        form.line()
    };
    assert_eq!(typed("RCPT", "RCPT TO:<@x.test:a@y.test> NOTIFY=FOO =x"), "RCPT TO:<@x.test:a@y.testc> NOTIFY=FOO =x");
    assert_eq!(typed("SAML", "SAML FROM:<a@b>"), "SAML FROM:<a@bc>");
    assert_eq!(typed("SEND", "SEND "), "SEND FROM:<c>");
    assert_eq!(typed("VRFY", "VRFY Fred  Smith"), "VRFY Fred  Smithc");
    assert_eq!(typed("ETRN", "ETRN a b"), "ETRN ac b");
}

#[test]
fn boxes_choices_and_flags_change_the_line() {
    let mut rcpt = form("RCPT", "RCPT TO:<a@b>");
    keys(&mut rcpt, &["tab", "space", "right", "right", "space"]);
    assert_eq!(rcpt.line(), "RCPT TO:<a@b> NOTIFY=SUCCESS,DELAY");
    keys(&mut rcpt, &["right", "space"]);
    assert_eq!(rcpt.line(), "RCPT TO:<a@b> NOTIFY=NEVER", "NEVER stands alone");

    let mut mail = form("MAIL", "MAIL FROM:<a@b>");
    keys(&mut mail, &["tab", "x", "1", "2", "tab", "right", "right", "tab", "space"]);
    assert_eq!(mail.line(), "MAIL FROM:<a@b> SIZE=12 BODY=8BITMIME SMTPUTF8", "a number takes only digits");
}

#[test]
fn esc_and_enter_give_the_line_back() {
    for key in ["esc", "enter"] {
        let mut form = form("MAIL", "MAIL FROM:<a@b>");
        form.key(Key::parse("c").unwrap().event());
        let left = form.key(Key::parse(key).unwrap().event());
        assert_eq!(left, Outcome::Line("MAIL FROM:<a@bc>".to_owned()), "{key}");
    }
}

#[test]
fn a_limit_of_the_servers_is_said_before_the_line_is_sent() {
    let mut screen = crate::tui::screen::Screen::new(100, 24);
    screen.wire(
        "* connecting 127.0.0.1:25\n* connected 127.0.0.1:25 from 127.0.0.1:50000\n< 220 mx\n> EHLO me\n< 250-mx\n\
         < 250 LIMITS RCPTMAX=1\n> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 250 ok",
    );
    screen.keys("RCPT TO:<lt>e@f><f2>");
    let shown = screen.shown();
    assert!(
        shown.contains("RCPT as a form") && shown.contains("The server takes 1 recipient a transaction"),
        "{shown}"
    );
}
