//! TLS as a profile asks for it and as a scenario has it: every key of `[tls]` on both sides, and what is said where it
//! goes wrong. The built binary against a lab in this process.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

use std::process::{Command, Stdio};

use ehlo::lab::scenario::Scenario;
use ehlo::lab::{self, Lab, ListenerKind};
use ehlo::world::{Directories, World};
use tokio::runtime::Runtime;

mod support {
    #[expect(dead_code, reason = "a part of it is enough here")]
    pub(crate) mod terminal;
}

use support::terminal::Home;

const STARTTLS: &str = "> EHLO noddy.com\n> STARTTLS\n< 220\n> EHLO noddy.com\n< 250\n> QUIT\n";

/// A lab whose scenario has these keys in `[tls]`, and a home for who talks to it.
struct Site {
    home: Home,
    lab: Lab,
    _runtime: Runtime,
}

impl Site {
    fn new(tls: &str) -> Self {
        let home = Home::new();
        let place = |name: &str| home.path().join(name);
        let directories = Directories { config: place("config"), data: place("data"), state: place("lab-state") };
        let shipped = ehlo::assets::text("scenarios/logins.toml").unwrap();
        let before = "certificate = \"good\"\nmin_version = \"1.2\"\nclient_cert = \"request\"\n";
        assert!(shipped.contains(before));
        let text = shipped.replace(before, tls);
        let scenario = Scenario::parse(&place("scenario.toml").display().to_string(), &text).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let lab = runtime.block_on(lab::start_with(scenario, listen, &World::real(directories))).unwrap();
        Self { home, lab, _runtime: runtime }
    }

    /// Runs a script with a profile that has these keys in `[tls]`; gives the exit status and what was said and recorded.
    fn run(&self, tls: &str, script: &str) -> (Option<i32>, String) {
        let kind = if tls.contains("implicit") { ListenerKind::Smtps } else { ListenerKind::Smtp };
        let port = self.lab.address(kind).unwrap().port();
        let ca = self.lab.ca_path.as_ref().unwrap().display().to_string();
        let ca = if tls.contains("ca =") { String::new() } else { format!("ca = \"{ca}\"\n") };
        let auth = "[auth]\nuser = \"dude\"\nmechanism = \"PLAIN\"\npassword = { env = \"SECRET\" }\n";
        let profile = format!("host = \"127.0.0.1\"\nport = {port}\n[tls]\n{ca}{tls}\n{auth}");
        self.home.put("config/profiles/mine.toml", &profile);
        let script = self.home.put("script.smtp", script);
        let output = Command::new(env!("CARGO_BIN_EXE_ehlo"))
            .args(["run", "--reply-timeout", "2s", "--target", "mine", "--config"])
            .arg(self.home.path().join("config"))
            .arg("--state")
            .arg(self.home.state())
            .arg(script)
            .envs([("SECRET", "noddy"), ("OPENS", "Open-Sesame-4714")])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].map(|octets| String::from_utf8(octets).unwrap()).concat();
        let kept: String = self.home.transcripts().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
        (output.status.code(), format!("{said}{kept}"))
    }
}

#[track_caller]
fn meets(server: &str, client: &str, script: &str, code: i32, words: &[&str]) {
    let (status, said) = Site::new(server).run(client, script);
    assert_eq!(status, Some(code), "{server} {client}: {said}");
    for word in words {
        assert!(said.contains(word), "{server} {client}: no {word:?} in {said}");
    }
}

#[test]
fn every_kind_of_certificate_is_taken_or_refused_in_words() {
    meets("certificate = \"good\"", "", STARTTLS, 0, &["verified=yes", "certificate n=0"]);
    for (kind, words) in [
        ("self-signed", "self-signed"),
        ("expired", "has expired"),
        ("not-yet-valid", "is not valid yet"),
        ("wrong-name", "is not for the name 127.0.0.1"),
    ] {
        meets(&format!("certificate = \"{kind}\""), "", STARTTLS, 4, &[words]);
    }
    #[cfg(target_os = "linux")]
    meets("certificate = \"weak-key\"", "", STARTTLS, 4, &["too short to be trusted"]);
}

#[test]
fn every_fault_of_tls_is_said() {
    let fault = |fault: &str| format!("fault = \"{fault}\"");
    meets(&fault("refuse"), "", "> EHLO a\n> STARTTLS\n> QUIT\n", 1, &["454 4.7.0"]);
    meets(&fault("refuse"), "mode = \"implicit\"", "< 220\n", 4, &["no common ground"]);
    meets(&fault("garbage-after-220"), "", STARTTLS, 4, &["it answered in clear text: \\x07garbage"]);
    meets(&fault("inject-after-220"), "", STARTTLS, 0, &["injected bytes=", "verified=yes"]);
    meets(&fault("hang"), "", STARTTLS, 6, &["the TLS handshake was not done within 2 s"]);
    meets(&fault("close"), "", STARTTLS, 4, &["closed the connection in the middle of the TLS handshake"]);
    meets(&fault("plaintext-on-465"), "mode = \"implicit\"", "< 220\n", 4, &["clear text"]);
}

#[test]
fn versions_that_do_not_meet_are_said_with_the_keys_that_say_which() {
    let keys = "min_version and max_version";
    meets("max_version = \"1.2\"", "min_version = \"1.3\"", STARTTLS, 4, &[keys]);
    meets("min_version = \"1.3\"", "max_version = \"1.2\"", STARTTLS, 4, &[keys]);
    meets("max_version = \"1.2\"", "", STARTTLS, 0, &["version=TLSv1.2"]);
}

#[test]
fn another_name_may_be_asked_for_and_another_verified() {
    let good = Site::new("certificate = \"good\"");
    let (status, said) = good.run("sni = \"mx.target.local\"", STARTTLS);
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = good.run("sni = \"elsewhere.example\"\nverify_name = \"mx.target.local\"", STARTTLS);
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = good.run("verify_name = \"other.example\"", STARTTLS);
    assert!(status == Some(4) && said.contains("it is not for other.example: it is for mx.target.local"), "{said}");
}

#[test]
fn a_certificate_of_a_file_is_shown() {
    let key = rcgen::KeyPair::generate().unwrap();
    let cert = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.pem");
    std::fs::write(&file, format!("{}{}", cert.pem(), key.serialize_pem())).unwrap();
    let (server, client) = (format!("certificate = {file:?}"), format!("ca = {file:?}"));
    meets(&server, &client, STARTTLS, 0, &["verified=yes"]);
}

#[test]
fn a_client_certificate_is_asked_for_shown_and_refused() {
    for version in ["1.2", "1.3"] {
        let tls = format!("client_cert = \"require\"\nmin_version = \"{version}\"\nmax_version = \"{version}\"");
        let site = Site::new(&tls);
        let (status, said) = site.run("", STARTTLS);
        assert_eq!(status, Some(4), "{version}: {said}");
        if version == "1.3" {
            assert!(said.contains("it wants a certificate of the client (alert 116); client_cert"), "{said}");
        }
        let (_, certificate, key) = site.lab.client_certificates.first().unwrap();
        let own = format!("client_cert = {certificate:?}\nclient_key = {key:?}");
        let (status, said) = site.run(&own, STARTTLS);
        assert_eq!(status, Some(0), "{version}: {said}");
        let stranger = rcgen::KeyPair::generate().unwrap();
        let other = rcgen::CertificateParams::new(vec!["dude".to_owned()]).unwrap().self_signed(&stranger).unwrap();
        let file = site.home.put("other.pem", &format!("{}{}", other.pem(), stranger.serialize_pem()));
        let (status, said) = site.run(&format!("client_cert = {file:?}"), STARTTLS);
        assert!(status == Some(4) && said.contains("it did not take the certificate that was shown to it"), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_client_certificate_comes_from_pkcs12_and_opens_with_its_password() {
    let site = Site::new("client_cert = \"require\"");
    site.home.secret("Open-Sesame-4714");
    let (_, certificate, key) = site.lab.client_certificates.first().unwrap();
    let own = openssl::x509::X509::from_pem(&std::fs::read(certificate).unwrap()).unwrap();
    let key = openssl::pkey::PKey::private_key_from_pem(&std::fs::read(key).unwrap()).unwrap();
    let file =
        openssl::pkcs12::Pkcs12::builder().name("dude").pkey(&key).cert(&own).build2("Open-Sesame-4714").unwrap();
    let path = site.home.put("me.p12", "");
    std::fs::write(&path, file.to_der().unwrap()).unwrap();
    let with = |password: &str| site.run(&format!("client_cert = {path:?}\n{password}"), STARTTLS);
    let (status, said) = with("client_password = { env = \"OPENS\" }");
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = with("client_password = { env = \"SECRET\" }");
    assert!(status == Some(2) && said.contains("does not open"), "{said}");
    let (status, said) = with("");
    assert!(status == Some(2) && said.contains("client_password"), "{said}");
}
