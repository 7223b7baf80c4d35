//! What MAIL and RCPT say besides: a receipt, what is asked for as it is, and what the server is to know of the message
//! where it offers to be told.

use super::survey::Survey;
use crate::message::header::LONGEST;
use crate::script::Offered;
use crate::smtp::escape::for_screen;
use crate::smtp::xtext;
use crate::world::World;

/// Parameters of MAIL and RCPT.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Parameters")]
#[expect(clippy::struct_field_names, reason = "they are the options' names")]
pub(super) struct Parameters {
    /// Ask for a receipt: of delivery, failure and delay, for each recipient by its address, with the head of the message
    #[arg(long)]
    receipt: bool,
    /// Of what to be told: NEVER, or of SUCCESS, FAILURE and DELAY some, divided by commas
    #[arg(long, value_name = "WHEN")]
    notify: Option<String>,
    /// What of the message comes back with a notification: FULL or HDRS
    #[arg(long, value_name = "FULL|HDRS")]
    ret: Option<String>,
    /// What a notification is to be known by
    #[arg(long, value_name = "TEXT")]
    envid: Option<String>,
    /// Name each recipient by its own address as ORCPT, as --receipt does
    #[arg(long)]
    orcpt: bool,
    /// Further parameters of MAIL, as they are
    #[arg(long, value_name = "PARAMETERS", allow_hyphen_values = true)]
    mail_parameters: Vec<String>,
    /// Further parameters of each RCPT, as they are
    #[arg(long, value_name = "PARAMETERS", allow_hyphen_values = true)]
    rcpt_parameters: Vec<String>,
    /// Further parameters of the RCPT of one recipient, as they are: its address, a blank, and they; several times for
    /// several recipients
    #[arg(long, value_name = "ADDRESS PARAMETERS")]
    parameters_of: Vec<String>,
    /// Leave out SIZE, BODY and SMTPUTF8, which go with MAIL where they are offered and mean something
    #[arg(long)]
    bare_mail: bool,
}

/// What is said whatever the server offers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) mail: Vec<String>,
    pub(super) rcpt: Vec<String>,
    /// With one recipient besides.
    pub(super) own: Vec<(String, Vec<String>)>,
    /// Each recipient with its own address as ORCPT.
    pub(super) original: bool,
}

impl Parameters {
    /// What is asked for in words.
    ///
    /// # Errors
    /// What is no such value, with the cure.
    pub(super) fn said(&self, to: &[String], world: &World) -> Result<Said, String> {
        let mut said = Said { original: self.receipt || self.orcpt, ..Said::default() };
        let ret = self.ret.as_deref().or(self.receipt.then_some("HDRS"));
        if let Some(ret) = ret {
            said.mail.push(format!("RET={}", one_of("--ret", ret, &["FULL", "HDRS"])?));
        }
        let envid = self.envid.clone().or_else(|| self.receipt.then(|| fresh(world)));
        if let Some(envid) = envid {
            if envid.is_empty() {
                return Err("--envid has nothing to be known by; leave it out, --receipt makes a fresh one".to_owned());
            }
            if !envid.bytes().all(|b| (b' '..=b'~').contains(&b)) {
                return Err("--envid takes printable ASCII (RFC 3461 4.4); --mail-parameters sends anything as it is"
                    .to_owned());
            }
            said.mail.push(format!("ENVID={}", xtext::encode(envid.as_bytes())));
        }
        let notify = self.notify.as_deref().or(self.receipt.then_some("SUCCESS,FAILURE,DELAY"));
        if let Some(notify) = notify {
            let when = when(notify)?;
            if self.receipt && when == "NEVER" {
                return Err("--receipt asks to be told and --notify NEVER not to be; leave out one of them".to_owned());
            }
            said.rcpt.push(format!("NOTIFY={when}"));
        }
        for (option, given) in [
            ("--mail-parameters", &self.mail_parameters),
            ("--rcpt-parameters", &self.rcpt_parameters),
            ("--parameters-of", &self.parameters_of),
        ] {
            if given.iter().any(|text| text.contains(['\r', '\n', '\0'])) {
                return Err(format!("{option} can't hold a line end: what follows it would be a command of its own"));
            }
        }
        let words =
            |given: &[String]| given.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect();
        let (mail, rcpt): (Vec<String>, Vec<String>) = (words(&self.mail_parameters), words(&self.rcpt_parameters));
        said.mail.extend(mail);
        said.rcpt.extend(rcpt);
        said.own = self.parameters_of.iter().map(|text| own(text, to)).collect::<Result<_, _>>()?;
        Ok(said)
    }

    /// What goes with MAIL where the server offers it: the size of the message, and what its octets need.
    pub(super) fn offered(&self, message: Option<&Survey>, from: &str, to: &[String], chunked: bool) -> Vec<Offered> {
        let mut all = Vec::new();
        let offer = |keyword: &str, parameter: String, without: Option<&str>| Offered {
            keyword: keyword.to_owned(),
            parameter,
            without: without.map(str::to_owned),
            octets: None,
        };
        if self.receipt || self.orcpt || self.notify.is_some() || self.ret.is_some() || self.envid.is_some() {
            // It stands in the lines already.
            let without = Some("a receipt is asked for, and the server does not offer DSN");
            all.push(offer("DSN", String::new(), without));
        }
        if let Some(survey) = message {
            let size = survey.size + if chunked { 0 } else { survey.missing_end };
            let parameter = if self.bare_mail { String::new() } else { format!("SIZE={size}") };
            // That it is larger than the server takes is said whatever goes with MAIL.
            all.push(Offered { octets: Some(size), ..offer("SIZE", parameter, None) });
            if survey.longest_field > LONGEST {
                let words = format!(
                    "a line of the message's header has {} octets, of which {LONGEST} are allowed (RFC 5322 2.1.1): a server \
                     may refuse it or cut it, and it is sent all the same",
                    survey.longest_field
                );
                // No offer allows it.
                all.push(offer("", String::new(), Some(&words)));
            }
            all.extend(survey.amiss(chunked).iter().map(|words| offer("", String::new(), Some(words))));
        }
        if self.bare_mail {
            return all;
        }
        let mut international = !from.is_ascii() || to.iter().any(|to| !to.is_ascii());
        if let Some(survey) = message {
            let eight_bit = "the message holds octets beyond ASCII, and the server does not offer 8BITMIME";
            if chunked && !survey.lines {
                let binary = "the message is not made of lines, and the server does not offer BINARYMIME";
                all.push(offer("BINARYMIME", "BODY=BINARYMIME".to_owned(), Some(binary)));
            } else if survey.eight_bit {
                all.push(offer("8BITMIME", "BODY=8BITMIME".to_owned(), Some(eight_bit)));
            }
            international |= survey.head_beyond_ascii;
        }
        if international {
            let mut words =
                "an address or a header field holds letters beyond ASCII, and the server does not offer SMTPUTF8"
                    .to_owned();
            for address in std::iter::once(from).chain(to.iter().map(String::as_str)).filter(|it| !it.is_ascii()) {
                if let Some(plain) = with_plain_domain(address) {
                    words = format!("{words}; {plain} is the same address as {address}, and needs none");
                }
            }
            all.push(offer("SMTPUTF8", "SMTPUTF8".to_owned(), Some(&words)));
        }
        all
    }
}

/// The address with its domain in ASCII (`xn--…`, RFC 5890), where nothing else of it is beyond that.
fn with_plain_domain(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@').filter(|(local, _)| local.is_ascii())?;
    idna::domain_to_ascii(domain).ok().map(|domain| format!("{local}@{domain}"))
}

/// A fresh identifier of an envelope.
fn fresh(world: &World) -> String {
    format!("{:016x}", u64::from_be_bytes(world.random()))
}

fn one_of(option: &str, value: &str, known: &[&str]) -> Result<String, String> {
    let value = value.trim().to_ascii_uppercase();
    if known.contains(&value.as_str()) {
        return Ok(value);
    }
    Err(format!("{option} takes {}; --mail-parameters sends anything as it is", known.join(" or ")))
}

fn when(text: &str) -> Result<String, String> {
    let words: Vec<_> = text.split(',').map(|word| word.trim().to_ascii_uppercase()).collect();
    let known = |word: &String| matches!(word.as_str(), "SUCCESS" | "FAILURE" | "DELAY");
    if words == ["NEVER"] || (!words.is_empty() && words.iter().all(known)) {
        return Ok(words.join(","));
    }
    Err("--notify takes NEVER alone, or of SUCCESS, FAILURE and DELAY some, such as SUCCESS,FAILURE; \
         --rcpt-parameters sends anything as it is"
        .to_owned())
}

/// The recipient at the beginning of a text, and the parameters behind it. An address may hold blanks.
fn own(text: &str, to: &[String]) -> Result<(String, Vec<String>), String> {
    let found = to.iter().filter_map(|to| Some((to.clone(), behind(text, to)?)));
    let Some((whose, rest)) = found.max_by_key(|(whose, _)| whose.len()) else {
        if let Some(whose) = to.iter().find(|to| behind(&format!("{text} "), to).is_some()) {
            return Err(format!(
                "--parameters-of {whose} has no parameters; they stand behind the address and a blank"
            ));
        }
        return Err(format!(
            "--parameters-of takes the address of a recipient, as --to has it, a blank and parameters, \
             such as 'a@noddy.com NOTIFY=NEVER'; `{}` begins with none",
            for_screen(text.as_bytes())
        ));
    };
    Ok((whose, rest.split_whitespace().map(str::to_owned).collect()))
}

/// What stands behind an address and a blank. In the domain capitals count for nothing (RFC 5321 2.4).
fn behind<'a>(text: &'a str, address: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(address.len())?;
    let at = address.rfind('@').unwrap_or(address.len());
    let same = head.get(..at)? == &address[..at] && head.get(at..)?.eq_ignore_ascii_case(&address[at..]);
    rest.strip_prefix(' ').filter(|_| same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transaction::Body;
    use crate::world::Directories;

    fn world() -> World {
        let nowhere = || std::path::PathBuf::from("/nonexistent");
        let directories = Directories { config: nowhere(), data: nowhere(), state: nowhere() };
        World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1)
    }

    #[test]
    fn a_line_of_the_header_that_is_too_long_is_said() {
        let said = |text: &str| {
            let survey = Survey::of(&Body::AsIs(text.as_bytes().to_vec()), false).expect("octets");
            let offered =
                Parameters { bare_mail: true, ..Parameters::default() }.offered(Some(&survey), "a@b", &[], false);
            offered.into_iter().find(|offered| offered.keyword.is_empty()).and_then(|offered| offered.without)
        };
        let field = |octets: usize| format!("X-Long: {}", "x".repeat(octets - "X-Long: ".len()));
        assert_eq!(said(&format!("A: b\r\n{}\r\n\r\n{}\r\n", field(998), "x".repeat(998))), None);
        assert!(
            said(&format!("A: b\r\n{}\r\n\r\nc\r\n", field(999))).is_some_and(|words| words.contains("999 octets"))
        );
        assert!(said(&field(3009)).is_some_and(|words| words.contains("3009 octets")), "without an end");
    }

    #[test]
    fn what_no_server_has_to_take_is_said() {
        let amiss =
            |text: &[u8], chunked| Survey::of(&Body::AsIs(text.to_vec()), chunked).expect("octets").amiss(chunked);
        let long = [b"A: b\r\n\r\n".to_vec(), vec![b'x'; 5000]].concat();
        assert!(matches!(&amiss(&long, false)[..], [words] if words.contains("body has 5000 octets")));
        assert!(matches!(&amiss(b"A: b\r\n\r\nc\0d\r\n", false)[..], [words] if words.contains("NUL")));
        assert!(amiss(&long, true).is_empty(), "BINARYMIME is another matter");
    }

    #[test]
    fn the_end_that_is_added_counts() {
        let survey = Survey::of(&Body::AsIs(b"a\r\nb".to_vec()), true).expect("octets");
        let size = |chunked| Parameters::default().offered(Some(&survey), "a@b", &[], chunked)[0].parameter.clone();
        assert_eq!((size(false).as_str(), size(true).as_str()), ("SIZE=6", "SIZE=4"));
    }

    #[test]
    fn a_receipt_is_asked_for_in_one_word() {
        let receipt = Parameters { receipt: true, envid: Some("a b".into()), ..Parameters::default() };
        let said = receipt.said(&[], &world()).expect("said");
        assert_eq!(said.mail, ["RET=HDRS", "ENVID=a+20b"]);
        assert_eq!((said.rcpt, said.original), (vec!["NOTIFY=SUCCESS,FAILURE,DELAY".to_owned()], true));
        let own = Parameters {
            notify: Some("never".into()),
            ret: Some("full".into()),
            mail_parameters: vec!["BY=120;R  X".into()],
            ..Parameters::default()
        };
        let said = own.said(&[], &world()).expect("said");
        assert_eq!(
            (said.mail, said.rcpt),
            (vec!["RET=FULL".into(), "BY=120;R".into(), "X".into()], vec!["NOTIFY=NEVER".into()])
        );
        let named = Parameters { orcpt: true, ..Parameters::default() }.said(&[], &world()).expect("said");
        assert_eq!(named, Said { original: true, ..Said::default() });
        let beyond = Parameters { envid: Some("a \u{e9}".into()), ..Parameters::default() };
        assert!(beyond.said(&[], &world()).is_err_and(|words| words.contains("printable ASCII")));
        let none = Parameters { envid: Some(String::new()), ..Parameters::default() };
        assert!(none.said(&[], &world()).is_err_and(|words| words.contains("leave it out")));
        let both = Parameters { receipt: true, notify: Some("never".into()), ..Parameters::default() };
        assert!(both.said(&[], &world()).is_err_and(|words| words.contains("leave out one")));
        for wrong in ["never,success", "", "ALWAYS"] {
            let parameters = Parameters { notify: Some(wrong.into()), ..Parameters::default() };
            assert!(parameters.said(&[], &world()).expect_err(wrong).contains("--rcpt-parameters"));
        }
    }

    #[test]
    fn what_is_said_of_one_recipient_begins_with_its_address() {
        let to = ["a@b", "\"a b\"@c", "\"a"].map(str::to_owned);
        let said = |text: &str| {
            Parameters { parameters_of: vec![text.to_owned()], ..Parameters::default() }.said(&to, &world())
        };
        assert_eq!(said("a@b X=1  Y").expect("said").own, [(to[0].clone(), vec!["X=1".to_owned(), "Y".to_owned()])]);
        assert_eq!(said("\"a b\"@c X").expect("said").own, [(to[1].clone(), vec!["X".to_owned()])]);
        assert_eq!(said("a@B X").expect("said").own, [(to[0].clone(), vec!["X".to_owned()])]);
        assert!(said("a@b").is_err_and(|words| words.contains("--parameters-of a@b has no parameters")));
        for wrong in ["a@bc X", "A@b X", "X=1", ""] {
            assert!(said(wrong).expect_err(wrong).contains("'a@noddy.com NOTIFY=NEVER'"), "{wrong}");
        }
        assert!(said("a@b X\nDATA").is_err_and(|words| words.contains("--parameters-of can't hold a line end")));
    }

    #[test]
    fn what_a_message_needs_is_known() {
        let survey = Survey { size: 9, eight_bit: true, head_beyond_ascii: true, lines: true, ..Survey::default() };
        let named = |parameters: &Parameters, chunked| -> Vec<String> {
            let offered = parameters.offered(Some(&survey), "a@b", &["c@d".into()], chunked);
            offered.into_iter().map(|offered| offered.parameter).filter(|parameter| !parameter.is_empty()).collect()
        };
        assert_eq!(named(&Parameters::default(), false), ["SIZE=9", "BODY=8BITMIME", "SMTPUTF8"]);
        assert!(named(&Parameters { bare_mail: true, ..Parameters::default() }, false).is_empty());
        let binary = Survey { size: 9, ..Survey::default() };
        let offered = Parameters::default().offered(Some(&binary), "\u{e9}@b", &[], true);
        let plain = with_plain_domain("a@b\u{fc}cher.example");
        assert_eq!(plain.as_deref(), Some("a@xn--bcher-kva.example"));
        assert_eq!(with_plain_domain("\u{fc}@b"), None);
        let keywords: Vec<_> = offered.iter().map(|offered| offered.keyword.as_str()).collect();
        assert_eq!(keywords, ["SIZE", "BINARYMIME", "SMTPUTF8"]);
    }
}
