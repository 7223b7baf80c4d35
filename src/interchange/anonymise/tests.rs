use crate::conversation::file::{read, write_document};

use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;

pub(super) fn text(document: &Document) -> String {
    let mut out = Vec::new();
    write_document(document, &mut out);
    String::from_utf8(out).expect("text")
}

const TALK: &str = "+++\nehlo = 1\ntitle = \"dude at mx.target.local\"\ntarget = \"smtp://mx.target.local:25\"\nprofile = \"secret-corp\"\n+++\n\
    # asked by dude@noddy.com\n\
    0.000000 * connected 10.1.2.3:25 from [fd00::17]:40312\n0.001000 < 220 mx.target.local ESMTP Postfix\n\
    1.000000 > EHLO laptop-17\n1.100000 < 250-mx.target.local Hello laptop-17 [10.9.8.7]\n1.100000 < 250 AUTH LOGIN CRAM-MD5\n\
    2.000000 > AUTH LOGIN\n2.100000 < 334 VXNlcm5hbWU6\n2.200000 > ZHVkZUBub2RkeS5jb20=\n2.300000 < 334 UGFzc3dvcmQ6\n\
    2.400000 > c2VjcmV0\n2.500000 < 235 2.7.0 Ok\n\
    2.510000 < 334 PDEyMy40NTZAbXgudGFyZ2V0LmxvY2FsPg==\n\
    3.000000 > MAIL FROM:<dude@noddy.com> AUTH=dude+40noddy.com\n3.100000 < 250 2.1.0 Ok\n\
    4.000000 > RCPT TO:<anotherdude@target.local>\n\
    4.100000 < 550 5.7.1 <anotherdude@target.local>: User anotherdude unknown, spf=fail smtp.mailfrom=dude@noddy.com client-ip=10.9.8.7\n\
    5.000000 * certificate n=0 der=TUlJQg==\n5.000000 * note \"call Dude at noddy.com, fe80::1\"\n";

#[test]
fn what_a_script_has_filled_keeps_its_name() {
    let script = "# ehlo 1\n> MAIL FROM:<{{env.SENDER}}>\n< 250\n| X: {{env.SENDER}} of dude@noddy.example\n";
    let out = text(&anonymise(&read(script.as_bytes()).expect("a script")));
    assert_eq!(out.matches("{{env.SENDER}}").count(), 2, "{out}");
    assert!(!out.contains("noddy"), "{out}");
}

#[test]
fn a_copy_of_what_goes_on_says_so_without_names_too() {
    let talk = "+++\nehlo = 1\ncopied = 2026-03-01T09:00:00Z\n+++\n0.000000 * connected mx.noddy.example:25\n";
    let out = text(&anonymise(&read(talk.as_bytes()).expect("a transcript")));
    assert!(out.contains("copied = 2026-03-01T09:00:00Z") && !out.contains("noddy"), "{out}");
}

/// Found by a fuzzer.
#[test]
fn a_comment_that_is_like_an_address_stays_a_comment() {
    for comment in ["#@5", "#dude@noddy.example", "# ask dude@noddy.example"] {
        let talk = format!("# ehlo 1\n\n{comment}\n> NOOP\n");
        let document = read(talk.as_bytes()).expect("a script");
        let out = text(&anonymise(&document));
        let again = read(out.as_bytes()).unwrap_or_else(|error| panic!("{comment}: {error}: {out}"));
        assert_eq!(again.log.len(), document.log.len(), "{out}");
        assert!(!out.contains("noddy"), "{out}");
    }
}

#[test]
fn what_is_encoded_in_a_message_leaves_no_name_behind() {
    let talk = "+++\nehlo = 1\n+++\n1.0 > DATA\n1.1 < 354 go\n1.2 | To: =?UTF-8?Q?Jolanta_Kowalczyk?= <b@plumtree.example>\n\
                1.2 | From: =?ISO-8859-2?B?R3J6ZWdvcno=?= <g@fenwick.test>\n\
                1.2 | Content-Transfer-Encoding: Quoted-Printable\n1.2 | \n1.2 | Dear Jolanta Kowalczyk, ask Grzegorz at 203.0.=\n\
                1.2 | 113.77 or Kowal=\n1.2 | czyk.\n1.2 | Or boris=2Ezanzibarov@plumtree.example today\n1.2 | The end.\n1.3 > .\n\
                1.4 < 250 2.0.0 Ok for 203.0.113.77, said Kowalczyk\n";
    let out = text(&anonymise(&read(talk.as_bytes()).expect("a transcript")));
    for rest in
        ["Jolanta", "Kowal", "czyk", "Grzegorz", "203.0.", "113.77", "zanzibarov", "boris", "plumtree", "fenwick"]
    {
        assert!(!out.contains(rest), "{rest}: {out}");
    }
    assert!(out.contains("The end.") && out.contains("today"), "{out}");
}

#[test]
fn an_address_that_stands_reversed_is_the_same_one() {
    let talk = "+++\nehlo = 1\n+++\n1.0 < 554 5.7.1 [203.0.113.77]: 77.113.0.203.in-addr.arpa has no name, 77.113.0.203.zen.example.org lists it, 1.2.3.4.beta is none\n";
    let out = text(&anonymise(&read(talk.as_bytes()).expect("a transcript")));
    assert!(out.contains("[192.0.2.1]: 1.2.0.192.in-addr.arpa has no name, 1.2.0.192."), "{out}");
}

#[test]
fn keys_and_the_sides_stay_whatever_is_replaced_around_them() {
    let talk = "+++\nehlo = 1\n+++\n1.0 > MAIL FROM:<jan.kowalski@acme-gmbh.de> ENVID=QQ-jan.kowalski+40acme-gmbh.de-77\n\
        2.0 < 550 5.7.1 spf=fail smtp.mailfrom=acme-gmbh.de header.from=acme-gmbh.de\n3.0 * closed by=server\n";
    let out = text(&anonymise(&read(talk.as_bytes()).expect("a transcript")));
    for kept in [" ENVID=", "smtp.mailfrom=", "header.from=", "* closed by=server"] {
        assert!(out.contains(kept), "{kept}: {out}");
    }
    assert!(!out.contains("kowalski") && !out.contains("acme"), "{out}");
}

#[test]
fn the_same_is_replaced_by_the_same_and_the_shape_stays() {
    let document = read(TALK.as_bytes()).expect("a transcript");
    let out = text(&anonymise(&document));
    assert!(out.contains("1.100000 < 250-host1.domain2.example Hello host2"), "{out}");
    for gone in [
        "dude",
        "noddy",
        "target.local",
        "10.1.2.3",
        "10.9.8.7",
        "fd00",
        "fe80",
        "laptop-17",
        "secret-corp",
        "TUlJQg",
        "c2VjcmV0",
    ] {
        assert!(!out.contains(gone), "{gone} is in\n{out}");
    }
    insta::assert_snapshot!(out);
}

const MESSAGE: &str = "+++\nehlo = 1\ntitle = \"Invoice for Petra Lind\"\n+++\n\
    0.000000 < 220 mail ESMTP\n0.100000 > EHLO office_pc.7\n0.200000 < 250 mail hello office_pc.7\n\
    1.000000 > MAIL FROM:<x/{y}|z@noddy.com>\n1.100000 < 250 ok\n1.200000 > RCPT TO:</G=John/S=Roe/@gate.target.local>\n\
    1.300000 < 250 ok\n2.000000 > DATA\n2.100000 < 354 go\n\
    3.000000 | Received: from laptop-x (laptop-x [10.1.2.3]) by relaybox (Postfix) with ESMTP id 4F\n\
    3.000000 |  for <petra@target.local>; Mon, 1 Jan 2026 10:00:00 +0000 (helo=helobox)\n\
    3.000000 | From: \"Quint, Johanna\" <jq@noddy.com>\n3.000000 | To: Petra Lind <petra@target.local>,\n\
    3.000000 |  =?utf-8?Q?J=C3=B6rg?= <joerg@target.local>, o@target.local (Otto Mops)\n\
    3.000000 | Subject: Invoice for Petra Lind\n3.000000 | Message-ID: <abc$123@laptop-x>\n3.000000 |\n\
    3.000000 | Dear Petra, ask JOHANNA QUINT or Otto.\n3.000000 > .\n3.100000 < 250 Petra has it, relaybox\n";

#[test]
fn the_names_of_persons_and_of_hosts_of_one_label_are_replaced_too() {
    let document = read(MESSAGE.as_bytes()).expect("a transcript");
    let out = text(&anonymise(&document));
    for gone in [
        "Petra",
        "Lind",
        "Johanna",
        "JOHANNA",
        "Quint",
        "Otto",
        "Mops",
        "J=C3",
        "joerg",
        "laptop-x",
        "relaybox",
        "helobox",
        "office_pc",
        "Invoice",
        "John",
        "Roe",
        "x/",
        "{y}",
        "noddy",
        "target.local",
        "abc$",
    ] {
        assert!(!out.contains(gone), "{gone} is in\n{out}");
    }
    assert!(out.contains("title = \"subject 1\"") && out.contains("| Subject: subject 1\n"), "{out}");
    assert!(out.contains("| Dear Person2, ask Person1 or Person4."), "{out}");
    assert!(out.contains("| From: \"Person1\" <user") && out.contains("with ESMTP id 4F"), "{out}");
    let again = read(out.as_bytes()).expect("a transcript");
    assert_eq!(again.log.len(), document.log.len());
}

/// A conversation in which people and hosts are called by words of every text and of the protocol.
const COMMON_NAMES: &str = "+++\nehlo = 1\ntitle = \"Anna at kundin.de\"\n+++\n\
    0.000000 * connected 192.0.2.99:25 from 192.0.2.98:5555\n0.100000 < 220 mx1.kundin.de ESMTP kundin.de gateway mx1 ready\n\
    0.200000 > XCLIENT ADDR=IPV6:2001:db8:1:2::3 NAME=pc7 LOGIN=anna@kundin.de HELO=pc7\n0.300000 < 250 ok\n\
    0.400000 > EHLO from\n0.500000 < 250 mx1 Hello from [203.0.113.9]\n\
    1.000000 > MAIL FROM:<user@kundin.de> ENVID=anna-schmidt-2026\n1.100000 < 250 ok\n\
    2.000000 > RCPT TO:<\"anna schmidt\"@kundin.de>\n2.100000 < 250 2.1.5 anna schmidt@kundin.de... Recipient ok\n\
    2.200000 > RCPT TO:<bob@SRV-MX01>\n2.300000 < 451 <pc7[203.0.113.9]>: ask srv-mx01; from=<anna@kundin.de> helo=<pc7>\n\
    3.000000 > DATA\n3.100000 < 354 go\n\
    3.200000 | Received: from [192.168.1.17] (helo=pc7) by mx1 with esmtpsa id 1x; user anna\n\
    3.200000 | From: \"Anna Example\" <anna.schmidt@kundin.de>\n3.200000 | To: Test User <test@kundin.de>\n\
    3.200000 | Cc: Host Mail <mail@kundin.de>\n3.200000 | DKIM-Signature: v=1; d=kundin.de; i=@kundin.de\n\
    3.200000 | List-Unsubscribe: <https://kundin.de/u?e=anna.schmidt%40kundin.de>\n3.200000 |\n\
    3.200000 | the host got mail from a test user, an example; see https://www.spamhaus.org/query/ip/2001:db8:1:2::3\n\
    3.200000 | \\\\\\\\srv-mx01\\\\share ::ffff:203.0.113.9 and 203.0.113.009 and Anna's mail to anna.schmidt at kundin.de\n\
    3.300000 > .\n3.400000 < 250 ok mail received, queued by srv-mx01\n4.000000 * set tags=kundin\n";

#[test]
fn what_is_called_by_a_common_word_is_replaced_where_it_is_a_name_and_nowhere_else() {
    let document = read(COMMON_NAMES.as_bytes()).expect("a transcript");
    let out = text(&anonymise(&document));
    let low = out.to_lowercase();
    let gone =
        ["kundin", "anna", "schmidt", "srv-mx01", "pc7", "203.0.113.9", "203.0.113.009", "2001:db8:1:2", "192.168"];
    for gone in gone.into_iter().chain(["mx1", "192.0.2.99", "test user <", "host mail <", "bob"]) {
        assert!(!low.contains(gone), "{gone} is in\n{out}");
    }
    for stays in [
        "* connected 192.0.2.1:25 from 192.0.2.2:5555",
        "> MAIL FROM:<user2@domain1.example> ENVID=mark1",
        "| Received: from [192.0.2.",
        "| the host got mail from a test user, an example; see https://",
        "< 250 ok mail received, queued by host",
        " LOGIN=user",
        "; i=@domain1.example",
        "?e=user",
        "::ffff:192.0.2.",
    ] {
        assert!(out.contains(stays), "{stays} is not in\n{out}");
    }
    let again = read(out.as_bytes()).expect("a transcript");
    assert_eq!(again.log.len(), document.log.len());
    let named = |line: &str| out.lines().find(|text| text.contains(line)).map(str::to_owned).unwrap_or_default();
    let user = |line: &str| {
        let text = named(line);
        let at = text.find("user").unwrap_or_else(|| panic!("{line}: {out}"));
        text[at..].chars().take_while(char::is_ascii_alphanumeric).collect::<String>()
    };
    assert_eq!(user("RCPT TO:<user"), user("... Recipient ok"), "the same by the same:\n{out}");
}

/// Each of these took a time that grew with the square of its length: what is looked for must not be looked for anew from each place.
#[test]
fn long_lines_of_any_kind_are_read_at_once() {
    let many = |one: &dyn Fn(usize) -> String| (0..10_000).map(one).collect::<String>();
    let all = [
        many(&|_| "%21".repeat(8)) + "zoe%40plumtree.example",
        many(&|_| "aaaaaaaa-12345678.".to_owned()),
        many(&|_| "a@b.cc ".to_owned()),
        many(&|n| format!("\"a b{n}\"@plumtree.example ")),
        many(&|n| format!("user{n}@domain{n}.example ")),
        many(&|_| "\\\\u".repeat(8)),
    ];
    let records = all.map(|line| format!("0.1 < 250 {line}\n# {line}\n")).concat();
    let document = read(format!("+++\nehlo = 1\n+++\n{records}").as_bytes()).expect("a transcript");
    let start = std::time::Instant::now();
    let out = text(&anonymise(&document));
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(!out.contains("plumtree") && !out.contains("zoe"));
}

#[test]
fn no_two_are_replaced_by_the_same_though_the_numbers_are_somebodys() {
    let talk = "+++\nehlo = 1\n+++\n0.1 < 250 user1@a.test user5@b.test zoe@domain1.example\n";
    let out = text(&anonymise(&read(talk.as_bytes()).expect("a transcript")));
    assert!(out.contains("< 250 user2@domain2.example user3@domain3.example user4@domain4.example\n"), "{out}");
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    fn host() -> impl Strategy<Value = String> {
        "[a-z][a-z0-9]{2,8}(\\.[a-z][a-z0-9-]{1,6}[a-z0-9]){0,2}\\.(corp|net|de)"
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn names_that_are_common_words_ruin_nothing(
            first in prop::sample::select(vec!["Test", "Host", "From", "Mail", "Data", "Example", "Domain", "User", "Rcpt"]),
            last in prop::sample::select(vec!["User", "Example", "Received", "Person", "By", "Quit", "Ok", "Subject"]),
            host in prop::sample::select(vec!["from", "host", "mail", "by", "domain", "user", "esmtp"]),
            domain in host(),
        ) {
            let local = format!("{first}.{last}").to_lowercase();
            let text_in = format!(
                "+++\nehlo = 1\n+++\n0.000000 < 220 {host} ESMTP ready for mail from a user\n1.000000 > EHLO {host}\n\
                 1.000000 < 250 ok\n2.000000 > MAIL FROM:<{local}@{domain}> BODY=8BITMIME\n2.000000 < 250 the user is ok\n\
                 3.000000 > RCPT TO:<{local}@{domain}>\n3.000000 < 250 ok\n4.000000 > DATA\n4.000000 < 354 go\n\
                 5.000000 | Received: from {host} by {host} with ESMTP\n5.000000 | From: \"{first} {last}\" <{local}@{domain}>\n\
                 5.000000 | the test host got mail from a user by example\n5.000000 > .\n5.000000 < 250 ok data received\n"
            );
            let out = text(&anonymise(&read(text_in.as_bytes()).expect("a transcript")));
            prop_assert!(!out.contains(&domain) && !out.contains(&local), "{}", out);
            for stays in [
                " ESMTP ready for mail from a user\n", "> EHLO host", "> MAIL FROM:<user", "example> BODY=8BITMIME\n",
                "< 250 the user is ok\n", "> RCPT TO:<user", "| Received: from host", " with ESMTP\n", "| From: \"Person1\" <user",
                "| the test host got mail from a user by example\n", "< 250 ok data received\n",
            ] {
                prop_assert!(out.contains(stays), "{} is not in\n{}", stays, out);
            }
        }

        #[test]
        fn no_address_host_or_ip_is_left(
            local in "[a-z]{4}[a-z0-9.]{0,4}[a-z0-9]q",
            from in host(),
            to in host(),
            v4 in any::<[u8; 4]>(),
            v6 in any::<[u16; 8]>(),
            word in "[ -~]{0,20}",
        ) {
            prop_assume!(v4[0] > 9);
            let (v4, v6) = (Ipv4Addr::from(v4), Ipv6Addr::from(v6));
            let coded = STANDARD.encode(format!("{local}@{from}"));
            let word = word.replace('\\', "/").replace("{{", "((");
            let text_in = format!(
                "+++\nehlo = 1\ntarget = \"{to}:25\"\n+++\n0.000000 * connected {v4}:25 from [{v6}]:4000\n\
                 0.000000 < 220 {to} ESMTP\n1.000000 > EHLO {from}\n1.000000 < 250 {to} Hello [{v4}]\n\
                 2.000000 > AUTH LOGIN\n2.000000 < 334 VXNlcm5hbWU6\n2.000000 > {coded}\n2.000000 < 235 ok\n\
                 3.000000 > MAIL FROM:<{local}@{from}>\n3.000000 < 550 <{local}@{from}>: refused by {to} ({v4}, {v6}) {coded}\n\
                 3.000000 < 550 w{word}w\n"
            );
            let document = read(text_in.as_bytes()).expect("a transcript");
            let out = text(&anonymise(&document)).to_lowercase();
            let address = format!("{local}@{from}");
            for gone in [&address, &from, &to, &v4.to_string(), &v6.to_string(), &coded.to_lowercase(), &local] {
                prop_assert!(!out.contains(gone.as_str()), "{gone} is in\n{out}");
            }
            prop_assert_eq!(&text(&anonymise(&document)), &text(&anonymise(&document)));
        }
    }
}
