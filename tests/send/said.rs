//! What is said besides the message: for whom, with which parameters, and how it breaks off.

use super::{ACCEPTS, Desk, after_ehlo};

const GOODBYE: &str = "C: QUIT\nS: 221 bye\n";
const GIVES_UP: &str = "C: QUIT\nS: 221 bye\n";

#[test]
fn xclient_says_for_whom_it_is() {
    let desk = Desk::new();
    let offer = "-mx\nS: 250 XCLIENT NAME ADDR HELO";
    let again = "S: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 XCLIENT NAME ADDR HELO\n";
    let told = format!("C: XCLIENT HELO=a+20b\n{again}C: XCLIENT NAME=n ADDR=192.0.2.1\n");
    let options =
        ["--xclient-helo", "a b", "--xclient-delim", "--xclient-name", "n", "--xclient-addr", "192.0.2.1"].as_slice();
    let stops = after_ehlo(offer, &format!("{told}S: 220 mx\n{GOODBYE}"));
    let (ran, _) = desk.against(&stops, &[options, &["--quit-after", "XCLIENT"]].concat());
    ran.expect(0, &[" -> XCLIENT HELO=a+20b"]);
    let goes_on = after_ehlo(offer, &format!("{told}{again}{ACCEPTS}"));
    desk.against(&goes_on, &[options, &["--to", "c@d"]].concat()).0.expect(0, &["=== delivered c@d"]);
    let raw = after_ehlo(offer, &format!("C: XCLIENT FOO=bar NAME=\n{again}{GOODBYE}"));
    desk.against(&raw, &["--xclient", "FOO=bar NAME=", "--quit-after", "EHLO"]).0.expect(0, &[]);
}

#[test]
fn xclient_that_does_not_work_ends_it_unless_it_is_optional() {
    let desk = Desk::new();
    let addr = ["--to", "c@d", "--xclient-addr", "192.0.2.1"].as_slice();
    let against =
        |offer: &str, then: &str, more: &[&str]| desk.against(&after_ehlo(offer, then), &[addr, more].concat()).0;
    against(" mx", GIVES_UP, &[]).expect(1, &["does not offer XCLIENT"]);
    against(" mx", GIVES_UP, &["--swaks-exit-codes"]).expect(33, &[]);
    against(" mx", ACCEPTS, &["--xclient-optional-strict"]).expect(0, &["=== delivered c@d"]);
    let other = "-mx\nS: 250 XCLIENT NAME";
    against(other, GIVES_UP, &[]).expect(1, &["takes no ADDR"]);
    let refused = format!("C: XCLIENT ADDR=192.0.2.1\nS: 550 no\n{GIVES_UP}");
    against(other, &refused, &["--xclient-no-verify"]).expect(1, &["refused XCLIENT (550)"]);
    against(other, &refused, &["--xclient-no-verify", "--swaks-exit-codes"]).expect(33, &[]);
    let forgiven = format!("C: XCLIENT ADDR=192.0.2.1\nS: 550 no\n{ACCEPTS}");
    against(other, &forgiven, &["--xclient-no-verify", "--xclient-optional"]).expect(0, &["=== delivered c@d"]);
    desk.send(&["lab:", "--xclient-name", "a\nRSET", "--as-script"]).expect(0, &["> XCLIENT NAME=a+0ARSET"]);
    desk.send(&["lab:", "--xclient", "a\nRSET"]).expect(2, &["holds a line end"]);
}

#[test]
fn the_proxy_header_goes_out_first() {
    let desk = Desk::new();
    let ready = format!("S: 220 mx\nC: EHLO me\nS: 250 mx\n{GOODBYE}");
    for (options, line) in [
        (
            "--proxy-source 192.0.2.1 --proxy-source-port 4711 --proxy-dest 127.0.0.1 --proxy-dest-port 26",
            "PROXY TCP4 192.0.2.1 127.0.0.1 4711 26",
        ),
        ("--proxy-version 1 --proxy-family TCP4", "PROXY TCP4 127.0.0.1 127.0.0.1 *"),
        ("--proxy-family UNKNOWN", "PROXY UNKNOWN"),
        ("--proxy nonsense", "PROXY nonsense"),
    ] {
        let arguments: Vec<&str> = options.split(' ').chain(["--quit-after", "EHLO"]).collect();
        desk.against(&format!("C: {line}\n{ready}"), &arguments).0.expect(0, &[]);
    }
    let script = ["lab:", "--to", "c@d", "--as-script"];
    let with = |options: &str| desk.send(&[&script[..], &options.split(' ').collect::<Vec<_>>()].concat());
    with("--proxy-version 2 --proxy-source 192.0.2.1 --proxy-source-port 4711")
        .expect(0, &["\n# The header of the PROXY", "proxy_protocol = 2, proxy_source = \"192.0.2.1:4711\"\n"]);
    with("--proxy-version 1").expect(0, &["[network]: proxy_protocol = 1\n"]);
    with("--proxy nonsense").expect(0, &["alone can say: PROXY nonsense"]);
    desk.send(&["lab:", "--proxy-family", "TCP6", "--proxy-source", "192.0.2.1"]).expect(2, &["not of the family"]);
    desk.send(&["lab:", "--proxy-family", "X25"]).expect(2, &["TCP4 or TCP6"]);
}

#[test]
fn it_breaks_off_without_waiting_for_the_reply() {
    let desk = Desk::new();
    let envelope = "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\n";
    for (point, script) in [
        ("CONNECT", "HOLD\n".to_owned()),
        ("FIRST-EHLO", "S: 220 mx\nC: EHLO me\nHOLD\n".to_owned()),
        ("TLS", after_ehlo("-mx\nS: 250 STARTTLS", "C: STARTTLS\nHOLD\n")),
        ("MAIL", after_ehlo(" mx", "C: MAIL FROM:<a@b>\nHOLD\n")),
        ("RCPT", after_ehlo(" mx", &format!("{envelope}HOLD\n"))),
        ("DATA", after_ehlo(" mx", &format!("{envelope}S: 250 ok\nC: DATA\nHOLD\n"))),
        ("DOT", after_ehlo(" mx", &format!("{envelope}S: 250 ok\nC: DATA\nS: 354 go\nC: .. .\nHOLD\n"))),
    ] {
        let (ran, _) = desk.against(&script, &["--to", "c@d", "--drop-after-send", point]);
        assert_eq!(ran.code, Some(0), "{point}: {ran:?}");
    }
}

#[test]
fn the_server_is_told_of_the_message_where_it_wants_to_know() {
    let desk = Desk::new();
    let rest = &ACCEPTS[ACCEPTS.find("S: 250").expect("there")..];
    let message = ["--to", "c@d", "--data", "S: x\\n\\n\u{e9}"];
    let offer = "-mx\nS: 250-SIZE 100000\nS: 250 8BITMIME";
    let said = after_ehlo(offer, &format!("C: MAIL FROM:<a@b> SIZE=12 BODY=8BITMIME\n{rest}"));
    desk.against(&said, &message).0.expect(0, &["=== delivered c@d"]).lacks(&["warning"]);
    desk.against(&after_ehlo(" mx", ACCEPTS), &message).0.expect(0, &["does not offer 8BITMIME"]);
    desk.against(&after_ehlo(offer, ACCEPTS), &[&message[..], &["--bare-mail"]].concat()).0.expect(0, &[]);
    let own = after_ehlo(offer, &format!("C: MAIL FROM:<a@b> SIZE=7 X-OWN BODY=8BITMIME\n{rest}"));
    desk.against(&own, &[&message[..], &["--mail-parameters", "SIZE=7 X-OWN"]].concat()).0.expect(0, &[]);
    for (size, more, words) in
        [("5", &[][..], true), ("5", &["--bare-mail"], true), ("0", &[], false), ("12", &[], false)]
    {
        let small = after_ehlo(&format!("-mx\nS: 250 SIZE {size}"), &format!("C: MAIL FROM:<a@b>*\n{rest}"));
        let (ran, _) = desk.against(&small, &[&message[..], more].concat());
        ran.expect(0, &["=== delivered c@d"]);
        assert_eq!(ran.out.contains("has 12 octets, and the server takes 5 at most (SIZE)"), words, "{ran:?}");
    }
    let international = after_ehlo(
        "-mx\nS: 250 SMTPUTF8",
        "C: MAIL FROM:<a@b> SMTPUTF8\nS: 250 ok\nC: RCPT TO:<\u{fc}@d>\nS: 250 ok\nC: QUIT\nS: 221 bye\n",
    );
    desk.against(&international, &["--to", "\u{fc}@d", "--quit-after", "RCPT"]).0.expect(0, &[]);
}

#[test]
fn a_receipt_is_asked_for() {
    let desk = Desk::new();
    let rest = &ACCEPTS[ACCEPTS.find("C: DATA").expect("there")..];
    let envelope = "C: MAIL FROM:<a@b> RET=HDRS ENVID=x+2By\nS: 250 ok\n\
        C: RCPT TO:<c@d> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;c@d\nS: 250 ok\n";
    let arguments = ["--to", "c@d", "--receipt", "--envid", "x+y"];
    let (ran, _) = desk.against(&after_ehlo("-mx\nS: 250 DSN", &format!("{envelope}{rest}")), &arguments);
    ran.expect(0, &["=== delivered c@d"]).lacks(&["warning"]);
    let (ran, _) = desk.against(&after_ehlo(" mx", &format!("{envelope}{rest}")), &arguments);
    ran.expect(0, &["does not offer DSN", "=== delivered c@d"]);
    desk.send(&["lab:", "--notify", "ALWAYS"]).expect(2, &["--notify takes NEVER", "--rcpt-parameters"]);
}
