use crate::conversation::file::{read, write_document};

use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;

pub(super) fn text(document: &Document) -> String {
    let mut out = Vec::new();
    write_document(document, &mut out);
    String::from_utf8(out).expect("text")
}

/// Records without names, as text.
pub(super) fn told(records: &str) -> String {
    let document = format!("+++\nehlo = 1\n+++\n{records}");
    text(&anonymise(&read(document.as_bytes()).expect("a transcript")))
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
    insta::assert_snapshot!(out);
}

#[test]
fn somebody_whose_name_is_encoded_in_one_field_is_the_same_one_in_another() {
    let talk = "1.0 > DATA\n1.1 < 354 go\n1.2 | From: Gwendolyn Farnsworth <g@plumtree.example>\n\
                1.2 | To: =?utf-8?B?R3dlbmRvbHluIEZhcm5zd29ydGg=?= <i@plumtree.example>\n1.2 |\n1.2 > .\n";
    let out = told(talk);
    assert!(out.contains("From: Person1 <") && out.contains("To: Person1 <"), "{out}");
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
    insta::assert_snapshot!(out);
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
    insta::assert_snapshot!(out);
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
    assert!(start.elapsed() < std::time::Duration::from_mins(1), "{:?}", start.elapsed());
    assert!(!out.contains("plumtree") && !out.contains("zoe"));
}

#[test]
fn no_two_are_replaced_by_the_same_though_the_numbers_are_somebodys() {
    let talk = "+++\nehlo = 1\n+++\n0.1 < 250 user1@a.test user5@b.test zoe@domain1.example\n";
    let out = text(&anonymise(&read(talk.as_bytes()).expect("a transcript")));
    assert!(out.contains("< 250 user2@domain2.example user3@domain3.example user4@domain4.example\n"), "{out}");
}

#[test]
fn no_two_persons_are_replaced_by_the_same_though_a_number_is_somebodys() {
    let out = told(
        "0.1 > MAIL FROM:<person1@a.test>\n0.2 > DATA\n0.3 < 354 go\n0.4 | From: Zoe Fenwick <zoe@a.test>\n\
         0.4 | To: Mark Ludlow <m@a.test>\n0.4 | \n0.4 | Fenwick and Ludlow met.\n0.5 > .\n",
    );
    assert!(out.contains("| Person2 and Person3 met."), "{out}");
}

#[test]
fn a_name_beyond_those_that_are_remembered_is_left_out() {
    use std::fmt::Write as _;
    let mut talk = "0.1 > DATA\n0.2 < 354 go\n".to_owned();
    for n in 0..1002 {
        let word: String = format!("{n:04}").bytes().map(|digit| char::from(digit - b'0' + b'f')).collect();
        let _ = writeln!(talk, "0.3 | To: \"Zq{word} Fenwick{word}\" <z{n}@a.test>");
    }
    let out = told(&talk);
    assert_eq!((out.matches("Fenwick").count(), out.matches("\"(left out)\"").count()), (0, 2));
    assert!(out.contains("To: \"Person1000\" <"), "{out}");
}

#[test]
fn a_subject_is_replaced_where_it_stands_and_a_reply_of_one_common_word_stays() {
    let out = told(
        "0.1 > DATA\n0.2 < 354 go\n0.3 | Subject: Contract\n0.3 |  with Fenwick Holding\n0.3 | Comments: ok\n0.3 | \n\
         0.4 > .\n0.5 < 250 ok\n",
    );
    assert!(out.contains("|  subject 2\n") && out.contains("< 250 ok\n"), "{out}");
}

/// Each of these was left as it was, or ruined.
const STANDING: &[(&str, &str)] = &[
    // A host of one label, however it is told.
    ("< 220 spike ready for spike", "< 220 host2 ready for host2"),
    ("< 421 4.3.2 spike Service shutting down", "< 421 4.3.2 host2 Service shutting down"),
    ("< 221 spike closing", "< 221 host2 closing"),
    ("< 250 rdns=spike receiver=spike by=spike", "< 250 rdns=host2 receiver=host2 by=host2"),
    (
        "| Authentication-Results: spike; auth=pass smtp.auth=bobby",
        "| Authentication-Results: host2; auth=pass smtp.auth=user2",
    ),
    (
        "| Received-SPF: Pass (spike: domain of x) policy.iprev=1",
        "| Received-SPF: Pass (host2: domain of x) policy.iprev=1",
    ),
    ("| Reporting-MTA: dns; spike", "| Reporting-MTA: dns; host2"),
    ("* resolved spike 203.0.113.5", "* resolved host2 192.0.2.1"),
    ("* connecting spike:25", "* connecting host2:25"),
    ("> ETRN @spike", "> ETRN @host2"),
    ("> EHLO spike.", "> EHLO host2."),
    ("> XPROXYFROM DOMAIN=spike REVERSE_NAME=gromit", "> XPROXYFROM DOMAIN=host2 REVERSE_NAME=host3"),
    // Somebody without a domain.
    ("> RCPT TO:<ingeborg>", "> RCPT TO:<user2>"),
    ("> MAIL FROM: ingeborg", "> MAIL FROM: user2"),
    ("| X-Authenticated-User: ingeborg.b", "| X-Authenticated-User: user2"),
    ("| X-Actual-Recipient: rfc822; ingeborg", "| X-Actual-Recipient: rfc822; user2"),
    ("| Errors-To: Hubertus Beck <h@plumtree.example>", "| Errors-To: Person1 <user2@domain1.example>"),
    ("| Organization: Plum Widgets", "| Organization: Person1"),
    (
        "< 250 see /home/ingeborg/Mail and authenticated_id: bobby/x",
        "< 250 see /home/user2/Mail and authenticated_id: user3/x",
    ),
    (
        "< 550 <zoe>: no \"zoe\" in Zo\\xeb plumtreemail, ZoeMail",
        "< 550 <user1>: no \"user1\" in Zo\\xeb domain1mail, user1Mail",
    ),
    // What is beside something that is replaced, or looks like an octet.
    ("< 250 zoe-203.0.113.5 client/203.0.113.5/zoe", "< 250 user1-192.0.2.1 client/192.0.2.1/user1"),
    ("< 250 key=203.0.113.5;x v6=2001:db8:7::1 ip=203.0.113.5", "< 250 key=192.0.2.1;x v6=2001:db8::1 ip=192.0.2.1"),
    ("< 250 bob@203.0.113.5, noddy@203.0.113.5.", "< 250 user2@192.0.2.1, user3@192.0.2.1."),
    (
        "< 250 sasl_username=bob, sasl_sender=zoe@plumtree.example",
        "< 250 sasl_username=user2, sasl_sender=user1@domain1.example",
    ),
    ("< 250 http://spike:8080/a?host=gromit&user=bobby", "< 250 http://host2:8080/a?host=host3&user=user2"),
    ("< 250 https://a.plumtree.example/?user=zoe", "< 250 https://host2.domain1.example/?user=user1"),
    (
        "< 250 mailto:zoe@plumtree.example?cc=bob@plumtree.example",
        "< 250 mailto:user1@domain1.example?cc=user2@domain1.example",
    ),
    (
        "< 550 http://www.openspf.org/Why?s=helo;id=spike;ip=203.0.113.5;r=gromit",
        "< 550 http://host2.domain2.example/Why?s=helo;id=host3;ip=192.0.2.1;r=host4",
    ),
    // Addresses in other letters.
    ("< 250 203-0-113-5 203_0_113_5 203,0,113,5", "< 250 192-0-2-1 192_0_2_1 192,0,2,1"),
    ("< 250 0xCB.0x00.0x71.0x05 0313.0.0161.5", "< 250 192.0.2.1 192.0.2.1"),
    ("< 250 203.0.113.x 203.0.113.* 113.0.203.in-addr.arpa", "< 250 192.0.2.x 192.0.2.* 2.0.192.in-addr.arpa"),
    ("< 250 host-203-0-113-5.isp.example", "< 250 host2.domain2.example"),
    (
        "< 250 static-5.113.0.203.isp.example cb007105.isp.example",
        "< 250 host2.host3.host4.host5.domain2.example host6.domain2.example",
    ),
    ("< 250 5.113.0.203.in-addr.arpa", "< 250 1.2.0.192.in-addr.arpa"),
    (
        "< 250 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.1.0.0.d.c.b.a.8.b.d.0.1.0.0.2.ip6.arpa 2001:db8:abcd:12::1",
        "< 250 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa 2001:db8::1",
    ),
    // What can't be searched, and what is no name.
    ("< 334 TlRMTVNTUAACAAAADAAMADgAAAAFgomi", "< 334 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ("< 235 em9l", "< 235 em9l"),
    ("< 235 em9lQHBsdW10cmVl em9lQHBsdW10cmVlLmV4YW1wbGU=", "< 235 dXNlcjFAaG9zdDI= dXNlcjFAZG9tYWluMS5leGFtcGxl"),
    ("< 550 see _dmarc.plumtree.example", "< 550 see _dmarc.domain1.example"),
    ("| Received: (qmail 1 invoked by uid 89) from network", "| Received: (qmail 1 invoked by uid 89) from network"),
    ("< 250 ok, the mail is queued; 5.7.1 and 203.0 stay", "< 250 ok, the mail is queued; 5.7.1 and 203.0 stay"),
];

#[test]
fn names_are_found_where_they_stand_by_themselves() {
    let told = |line: &str| {
        let head = "0.0 * connected 203.0.113.5:25\n0.1 < 220 mx7.plumtree.example ESMTP\n\
                    0.2 > MAIL FROM:<zoe@plumtree.example>\n0.3 < 250 ok\n";
        told(&format!("{head}0.5 {line}\n")).lines().last().unwrap_or_default()[9..].to_owned()
    };
    let wrong: Vec<_> = STANDING.iter().filter(|(line, expected)| told(line) != *expected).collect();
    let wrong: Vec<_> = wrong.into_iter().map(|(line, expected)| (line, expected, told(line))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_greeted_host_and_a_greeted_person_are_named_by_their_place() {
    let out = told(
        "0.0 < 220 smarthost ESMTP\n0.1 > EHLO pc7\n0.2 < 250-smarthost greets pc7, pleased to meet you, Waltraud\n\
         0.2 < 250 SIZE 100\n0.3 > HELO pc7\n0.4 < 250 gromit Hello pc7 [203.0.113.5]\n0.5 > NOOP\n\
         0.6 < 250 ask smarthost or waltraud, not gromit\n0.7 > VRFY \"Franz Beck\"\n0.8 < 250 Anna Quux <quux@plumtree.example>\n\
         0.9 > QUIT\n1.0 < 221 smarthost closing connection, Mr Beck and Mrs Quux\n",
    );
    insta::assert_snapshot!(out);
}

#[test]
fn a_common_word_is_a_servers_name_in_the_place_of_one_alone() {
    let out = told(
        "0.0 < 220 mail ESMTP\n0.1 > EHLO x\n0.2 < 250 mail greets\n0.3 > NOOP\n0.4 < 250 mail is ok\n0.5 < 221 mail closing\n",
    );
    for there in ["< 220 host1 ESMTP\n", "< 250 host1 greets\n", "< 250 mail is ok\n", "< 221 host1 closing\n"] {
        assert!(out.contains(there), "{there}: {out}");
    }
}

#[test]
fn what_parts_a_message_stays_the_same_in_its_field_and_before_its_parts() {
    let out = told(
        "0.1 > DATA\n0.2 < 354 go\n0.3 | From: zoe@plumtree.example\n\
         0.3 | Content-Type: multipart/mixed; boundary=\"=_zoe@plumtree.example_1\"\n0.3 |\n0.3 | --=_zoe@plumtree.example_1\n\
         0.3 | Content-Type: multipart/x; boundary=abc_1\n0.3 |\n0.3 | --abc_1\n0.3 | --abc_1--\n\
         0.3 | --=_zoe@plumtree.example_1--\n0.4 > .\n",
    );
    let lines: Vec<_> = out.lines().filter(|line| line.contains("| --") || line.contains("boundary")).collect();
    let lines: Vec<_> = lines.iter().map(|line| line.rsplit(['|', ';']).next().unwrap_or_default()).collect();
    let expected =
        [" boundary=\"boundary1\"", " --boundary1", " boundary=abc_1", " --abc_1", " --abc_1--", " --boundary1--"];
    assert_eq!(lines, expected, "{out}");
}

#[test]
fn the_masks_of_a_script_and_its_directives_stay() {
    let script = "+++\nehlo = 1\n[masks]\nqueue_ids = false\nhosts = true\n\"zoe@plumtree.example\" = true\n[vars]\nrelay = \"spike\"\n+++\n\
                  > MAIL FROM:<hosts@plumtree.example>\n< 250 /spike|mx7\\.plumtree\\.example/\n|@ /home/zoe/letter.eml\n\
                  |@raw zoe.eml\n>> 10 zoe.bin\n>> LAST zoe.bin\n* sleep 1s\n";
    let out = text(&anonymise(&read(script.as_bytes()).expect("a script")));
    insta::assert_snapshot!(out);
    let again = read(out.as_bytes()).expect("a script");
    assert!(crate::script::masks::Masks::of_head(&again.header.table).is_err(), "what was wrong in them stays wrong");
}

#[test]
fn what_is_the_same_in_two_conversations_is_replaced_by_the_same() {
    let of = |records: &str| read(format!("+++\nehlo = 1\n+++\n{records}").as_bytes()).expect("a transcript");
    let first = of("0.1 < 220 spike ESMTP\n0.2 > MAIL FROM:<zoe@plumtree.example>\n0.3 < 250 203.0.113.5\n");
    let second = of("0.1 < 250 ask bob@fenwick.test or zoe at spike, 203.0.113.5\n");
    let both = together(&[first, second.clone()]);
    assert!(
        text(&both[1]).ends_with("< 250 ask user2@domain2.example or user1 at host1, 192.0.2.1\n"),
        "{}",
        text(&both[1])
    );
    assert!(text(&anonymise(&second)).ends_with("< 250 ask user1@domain1.example or zoe at spike, 192.0.2.1\n"));
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
            prop_assert!(out.contains("* connected ") && out.contains("> ehlo ") && out.contains("550 <user"), "{}", out);
            for gone in [&address, &from, &to, &v4.to_string(), &v6.to_string(), &coded.to_lowercase(), &local] {
                prop_assert!(!out.contains(gone.as_str()), "{gone} is in\n{out}");
            }
            prop_assert_eq!(&text(&anonymise(&document)), &text(&anonymise(&document)));
        }
    }
}

#[test]
fn who_logs_in_and_whom_a_server_lists_is_replaced_though_nothing_else_tells_of_him_and_codes_stay() {
    for (talk, expected) in [
        ("< 535 5.7.8 Authentication failed for user walter", "535 5.7.8 Authentication failed for user user1"),
        ("< 535 login \"petra\" failed", "535 login \"user1\" failed"),
        ("< 235 2.7.0 hello heinz, you are logged in", "235 2.7.0 hello user1, you are logged in"),
        ("< 550 5.7.1 account otto is locked, ask otto", "550 5.7.1 account user1 is locked, ask user1"),
        (
            "< 550 5.1.1 User unknown, account is locked, user does not exist",
            "550 5.1.1 User unknown, account is locked, user does not exist",
        ),
        ("> MAIL FROM:<> AUTH=karla\n0.2 < 250 karla", "250 user1"),
        ("> EXPN staff\n0.2 < 250 2.1.5 <sam>", "250 2.1.5 <user2>"),
        ("> EXPN staff\n0.2 < 250 2.1.5 sam", "250 2.1.5 user2"),
        ("> EXPN staff\n0.2 < 550 5.1.1 staff... no list", "550 5.1.1 user1... no list"),
        ("> EXPN staff\n0.2 < 250-2.1.5 Jane Roe <jroe>", "250-2.1.5 Person1 <user2>"),
        ("> EXPN staff\n0.2 < 250 <|\"/usr/bin/vacation alice\">", "250 <|\"/file1\">"),
        ("> VRFY smith\n0.2 < 250 2.1.5 Fred Smith <smith@corp.example>", "250 2.1.5 Person1 <user1@domain1.example>"),
        (
            "< 451 4.4.1 connect to frodo[203.0.113.9]:25: refused by frodo",
            "451 4.4.1 connect to host1[192.0.2.1]:25: refused by host1",
        ),
        ("* connecting mail:25\n0.1 < 220 mail ESMTP", "220 host1 ESMTP"),
        ("* note \"user joe cannot log in\"\n0.1 < 535 joe", "535 user1"),
    ] {
        let out = told(&format!("0.1 {talk}\n"));
        assert_eq!(
            out.lines().last().and_then(|line| line.split_once(" < ")).map(|(_, said)| said),
            Some(expected),
            "{talk}"
        );
    }
    let file = "+++\nehlo = 1\ntarget = \"mail:25\"\n+++\n0.1 < 220 mail ESMTP\n";
    let document = crate::conversation::file::read(file.as_bytes()).expect("a transcript");
    assert_eq!(anonymise(&document).header.text("target"), Some("host1:25"));
}
