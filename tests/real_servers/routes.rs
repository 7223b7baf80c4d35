//! The ways to real servers: as another client, behind a proxy, through one, by a command, over a socket, from an address.

use super::desk::{Desk, Server, leave};
use super::ground::{Ground, logged};
use super::postfix::BANNED;
use super::proxies::{self, Proxy};
use super::{aiosmtpd, dovecot, exim, haraka, opensmtpd, postfix};
use crate::present;

/// A conversation in which nothing is taken, for the server takes us for this client.
#[track_caller]
fn taken_for(desk: &Desk, greet: &str, client: &str) {
    let client = client.replace('.', "\\.");
    desk.goes_through(&format!(
        "< 220\n> {greet} noddy.com\n< 250\n> MAIL FROM:<dude@noddy.com>\n< 250\n\
         > RCPT TO:<dude@target.local>\n< 5xx /{client}/\n> QUIT\n< 221\n"
    ));
}

/// The same as somebody types it.
#[track_caller]
fn typed_as(desk: &Desk, greet: &str, client: &str) {
    let mut terminal = desk.sits_down();
    terminal.keys(&format!("{greet} noddy.com<Enter>")).wait_for(&format!("{greet} done"));
    terminal.keys("MAIL FROM:<dude@noddy.com><Enter>").wait_for("Name the recipients");
    terminal.keys("RCPT TO:<dude@target.local><Enter>").wait_for(client).wait_for("No recipient was accepted");
    leave(&mut terminal);
}

/// A conversation that is as any other.
#[track_caller]
fn talks(desk: &Desk, greet: &str) {
    desk.goes_through(&format!(
        "< 220\n> {greet} noddy.com\n< 250\n> MAIL FROM:<dude@noddy.com>\n< 250\n\
         > RCPT TO:<dude@target.local>\n< 250\n> RSET\n< 250\n> QUIT\n< 221\n? closed\n"
    ));
    let mut terminal = desk.sits_down();
    terminal.keys(&format!("{greet} noddy.com<Enter>")).wait_for(&format!("{greet} done"));
    terminal.keys("MAIL FROM:<dude@noddy.com><Enter>").wait_for("Name the recipients");
    terminal.keys("RCPT TO:<dude@target.local><Enter>").wait_for("Another RCPT, or DATA");
    leave(&mut terminal);
}

#[test]
#[ignore = "needs Postfix and Dovecot"]
fn xclient_and_xforward_to_postfix() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    let desk = Desk::new(&postfix.ground, postfix.exchanger, "");
    let greeted = "< 220\n> EHLO noddy.com\n< 250\n? capability XCLIENT\n";
    desk.goes_through(&format!(
        "{greeted}> XCLIENT NAME=host66.example ADDR=192.0.2.66\n< 220\n> EHLO host66.example\n< 250\n\
         > MAIL FROM:<dude@noddy.com>\n< 250\n> RCPT TO:<dude@target.local>\n< 554 5.7.1 /host66\\.example\\[192\\.0\\.2\\.66\\]/\n\
         > QUIT\n< 221\n"
    ));
    // Taken for somebody who has logged in, who may send anywhere: where logins are taken at all.
    Desk::new(&postfix.ground, postfix.cyrus, "").goes_through(&format!(
        "{greeted}> XCLIENT LOGIN=dude ADDR=192.0.2.7\n< 220\n> EHLO noddy.com\n< 250\n> MAIL FROM:<dude@noddy.com>\n< 250\n\
         > RCPT TO:<friend@elsewhere.example>\n< 250\n> RSET\n< 250\n> QUIT\n< 221\n"
    ));
    desk.goes_through(&format!("{greeted}> XCLIENT ADDR=nonsense\n< 501\n> NOOP\n< 250\n> QUIT\n< 221\n"));
    desk.goes_through(&format!(
        "{greeted}? capability XFORWARD\n> XFORWARD NAME=host77.example ADDR=192.0.2.77 PROTO=ESMTP\n< 250\n\
         > XFORWARD HELO=host77.example SOURCE=REMOTE IDENT=QQ314159\n< 250\n> MAIL FROM:<dude@noddy.com>\n< 250\n\
         > RCPT TO:<dude@target.local>\n< 250\n> QUIT\n< 221\n"
    ));
    assert!(logged(&desk.place).contains("host77.example[192.0.2.77]"), "{}", logged(&desk.place));

    let profile = "[tls]\nca = \"{ca}\"\n[xclient]\nname = \"host66.example\"\naddr = \"192.0.2.66\"\nreverse_name = \"host66.example\"\nhelo = \"host66.example\"\nproto = \"ESMTP\"\n";
    let mut terminal = Desk::new(&postfix.ground, postfix.exchanger, profile).sits_down();
    terminal.keys("<F10>").wait_for("XCLIENT NAME=host66.example").wait_for("Ready: encrypted");
    terminal.keys("MAIL FROM:<dude@noddy.com><Enter>").wait_for("Name the recipients");
    terminal.keys("RCPT TO:<dude@target.local><Enter>").wait_for("host66.example[192.0.2.66]");
    leave(&mut terminal);
    let mut terminal = desk.sits_down();
    terminal.keys("EHLO noddy.com<Enter>").wait_for("EHLO done");
    terminal.keys("XFORWARD NAME=host77.example ADDR=192.0.2.77<Enter>").wait_for("to XFORWARD");
    terminal.keys("MAIL FROM:<dude@noddy.com><Enter>").wait_for("Name the recipients");
    leave(&mut terminal);
}

/// A desk whose connections begin with a PROXY header that says where they are from.
fn announced(ground: &Ground, server: Server, version: u8, protocol: &str) -> Desk {
    let network = format!("[network]\nproxy_protocol = {version}\nproxy_source = \"192.0.2.66:4711\"\n");
    Desk::new(ground, server, &format!("{protocol}{network}"))
}

#[test]
#[ignore = "needs Postfix and Dovecot"]
fn a_proxy_header_to_postfix_and_postscreen() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    for version in [1, 2] {
        for server in [postfix.proxied, postfix.screened_proxied] {
            let desk = announced(&postfix.ground, server, version, "");
            taken_for(&desk, "EHLO", "192.0.2.66");
            typed_as(&desk, "EHLO", "192.0.2.66");
        }
        // Where none is wanted, its answer tells.
        let unwanted = announced(&postfix.ground, postfix.exchanger, version, "");
        let ran = unwanted.plays("< 220\n> QUIT\n");
        assert!(ran.out.contains("it takes none here"), "{}", ran.out);
    }
    let without = Desk::new(&postfix.ground, postfix.proxied, "").plays("< 220\n> QUIT\n");
    without.expect(1, &["421 4.3.0"]);
}

#[test]
#[ignore = "needs Dovecot with LMTP"]
fn a_proxy_header_to_dovecot() {
    let Some(dovecot) = present("Dovecot", dovecot::start()) else { return };
    for version in [1, 2] {
        let desk = announced(&dovecot.ground, dovecot.proxied, version, "protocol = \"lmtp\"\n");
        talks(&desk, "LHLO");
        let log = dovecot.ground.logs();
        assert!(log.contains("Connect from 192.0.2.66"), "{log}");
    }
}

#[test]
#[ignore = "needs Exim"]
fn a_proxy_header_to_exim() {
    let Some(exim) = present("Exim", exim::start()) else { return };
    for version in [1, 2] {
        let desk = announced(&exim.ground, exim.proxied, version, "");
        taken_for(&desk, "EHLO", "192.0.2.66");
        typed_as(&desk, "EHLO", "192.0.2.66");
    }
}

#[test]
#[ignore = "needs OpenSMTPD"]
fn a_proxy_header_to_opensmtpd() {
    let Some(opensmtpd) = present("OpenSMTPD", opensmtpd::start()) else { return };
    // It takes version 2 alone.
    let desk = announced(&opensmtpd.ground, opensmtpd.proxied, 2, "");
    taken_for(&desk, "EHLO", "Invalid recipient");
    typed_as(&desk, "EHLO", "Invalid recipient");
    let log = opensmtpd.ground.logs();
    assert!(log.contains("192.0.2.66"), "{log}");
}

#[test]
#[ignore = "needs python3 with aiosmtpd"]
fn a_proxy_header_to_aiosmtpd() {
    let Some(aiosmtpd) = present("aiosmtpd", aiosmtpd::start()) else { return };
    for version in [1, 2] {
        let desk = announced(&aiosmtpd.ground, aiosmtpd.proxied, version, "");
        taken_for(&desk, "EHLO", "192.0.2.66");
        typed_as(&desk, "EHLO", "192.0.2.66");
    }
}

#[test]
#[ignore = "needs Haraka"]
fn a_proxy_header_to_haraka() {
    let Some(haraka) = present("Haraka", haraka::start_proxied()) else { return };
    // It takes version 1 alone.
    let desk = announced(&haraka.ground, haraka.exchanger, 1, "");
    taken_for(&desk, "EHLO", "192.0.2.66");
    typed_as(&desk, "EHLO", "192.0.2.66");
}

/// A profile through a proxy of this kind, as dude.
fn through(ground: &Ground, server: Server, kind: &str, proxy: &Proxy) -> Desk {
    let network = format!(
        "[network]\nproxy = \"{kind}://dude@127.0.0.1:{}\"\nproxy_password = {{ env = \"NODDY_PASSWORD\" }}\n",
        proxy.port
    );
    Desk::new(ground, server, &network)
}

#[test]
#[ignore = "needs Postfix, Dovecot and microsocks"]
fn through_a_socks_proxy() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    let Some(proxy) = present("microsocks", proxies::socks(&postfix.ground)) else { return };
    for kind in ["socks5", "socks5h"] {
        let desk = through(&postfix.ground, postfix.exchanger, kind, &proxy);
        talks(&desk, "EHLO");
        assert!(desk.transcripts().contains("answered=granted"), "{}", desk.transcripts());
    }
    let wrong = through(&postfix.ground, postfix.exchanger, "socks5", &proxy).saying(super::desk::WRONG);
    wrong.plays("< 220\n> QUIT\n").expect(3, &["refused the user or the password"]);
    let closed = Server::at(super::ground::free_port());
    let ran = through(&postfix.ground, closed, "socks5", &proxy).plays("< 220\n> QUIT\n");
    ran.expect(3, &["nothing listens on this port"]);
    let nobody = format!("[network]\nproxy = \"socks5://127.0.0.1:{}\"\n", proxy.port);
    Desk::new(&postfix.ground, postfix.exchanger, &nobody)
        .plays("< 220\n> QUIT\n")
        .expect(3, &["a user and a password"]);
}

#[test]
#[ignore = "needs Postfix, Dovecot and tinyproxy"]
fn through_an_http_proxy() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    let closed = super::ground::free_port();
    let allowed = [postfix.exchanger.port(), closed];
    let Some(proxy) = present("tinyproxy", proxies::http(&postfix.ground, &allowed)) else { return };
    let desk = through(&postfix.ground, postfix.exchanger, "http", &proxy);
    talks(&desk, "EHLO");
    assert!(desk.transcripts().contains("via=http://"), "{}", desk.transcripts());
    let wrong = through(&postfix.ground, postfix.exchanger, "http", &proxy).saying(super::desk::WRONG);
    wrong.plays("< 220\n> QUIT\n").expect(3, &["refused the user or the password"]);
    let forbidden = through(&postfix.ground, postfix.implicit, "http", &proxy);
    forbidden.plays("< 220\n> QUIT\n").expect(3, &["rules do not allow"]);
    let nowhere = through(&postfix.ground, Server::at(closed), "http", &proxy);
    nowhere.plays("< 220\n> QUIT\n").expect(3, &["did not connect to", "Unable to connect"]);
    let nobody = format!("[network]\nproxy = \"http://127.0.0.1:{}\"\n", proxy.port);
    Desk::new(&postfix.ground, postfix.exchanger, &nobody)
        .plays("< 220\n> QUIT\n")
        .expect(3, &["wants a user and a password"]);
}

#[test]
#[ignore = "needs Postfix and Dovecot"]
fn postfix_by_a_command() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    talks(&by_command(&postfix.ground, &postfix.command()), "EHLO");
}

#[test]
#[ignore = "needs Exim"]
fn exim_by_a_command() {
    let Some(exim) = present("Exim", exim::start()) else { return };
    talks(&by_command(&exim.ground, &exim.command), "EHLO");
}

fn by_command(ground: &Ground, command: &str) -> Desk {
    Desk::with(ground, &format!("[network]\npipe = '''{command}'''\n"))
}

#[test]
#[ignore = "needs Dovecot with LMTP"]
fn lmtp_over_a_socket() {
    let Some(dovecot) = present("Dovecot", dovecot::start()) else { return };
    let desk = Desk::with(&dovecot.ground, "unix = \"{place}/lmtp.sock\"\n");
    talks(&desk, "LHLO");
    desk.goes_through(
        "< 220\n> LHLO noddy.com\n< 250\n> MAIL FROM:<dude@noddy.com>\n< 250\n> RCPT TO:<dude@target.local>\n< 250\n\
         > RCPT TO:<anotherdude@target.local>\n< 250\n> DATA\n< 354\n| Subject: by a socket\n|\n| Hello.\n> .\n\
         < 250 2.0.0 /<dude@/\n< 250 2.0.0 /<anotherdude@/\n> QUIT\n< 221\n",
    );
    let gone = Desk::with(&dovecot.ground, "unix = \"{place}/nowhere.sock\"\n");
    gone.plays("< 220\n> QUIT\n").expect(3, &["nowhere.sock"]);
}

#[test]
#[ignore = "needs Postfix and Dovecot"]
fn from_an_address_and_by_a_family() {
    let Some(postfix) = present("Postfix", postfix::start()) else { return };
    let from = |network: &str| Desk::new(&postfix.ground, postfix.exchanger, &format!("[network]\n{network}"));
    assert_eq!(BANNED[1], "127.0.0.66");
    let bound = from("bind = \"127.0.0.66\"\n");
    taken_for(&bound, "EHLO", "127.0.0.66");
    typed_as(&bound, "EHLO", "127.0.0.66");
    talks(&from("bind = \"127.0.0.7\"\nfamily = \"ipv4\"\n"), "EHLO");
    let nobodys = from("bind = \"192.0.2.66\"\n").plays("< 220\n> QUIT\n");
    nobodys.expect(3, &["192.0.2.66 is not an address of this machine"]);
    // Postfix listens on IPv4 alone here; by name both families may be tried.
    let port = postfix.exchanger.port();
    let named = |family: &str| {
        let text = format!("host = \"localhost\"\nport = {port}\n[network]\nfamily = \"{family}\"\n");
        Desk::with(&postfix.ground, &text)
    };
    talks(&named("any"), "EHLO");
    talks(&named("ipv4"), "EHLO");
    let ran = named("ipv6").plays("< 220\n> QUIT\n");
    assert!(ran.code == Some(3) && (ran.out.contains("[::1]") || ran.out.contains("no IPv6 address")), "{}", ran.out);
}
