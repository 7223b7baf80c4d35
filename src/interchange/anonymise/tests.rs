use crate::conversation::file::{read, write_document};

use super::*;

fn text(document: &Document) -> String {
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

mod laws {
    use proptest::prelude::*;

    use super::*;

    fn host() -> impl Strategy<Value = String> {
        "[a-z][a-z0-9]{2,8}(\\.[a-z][a-z0-9-]{1,6}[a-z0-9]){0,2}\\.(corp|net|de)"
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

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
