//! What the command line makes of a message.

use super::super::parts::Parts;
use std::path::PathBuf;

use super::*;
use crate::world::Directories;

fn world() -> World {
    let nowhere = || PathBuf::from("/nonexistent");
    let directories = Directories { config: nowhere(), data: nowhere(), state: nowhere() };
    World::fixed(directories, jiff::Timestamp::UNIX_EPOCH, 1)
}

fn made(content: &Content) -> Result<String, String> {
    let to = ["c@d".to_owned(), "e@f".to_owned()];
    match super::made(content, &Envelope { from: "a@b", to: &to }, false, &Place::default(), &world())?.body {
        Body::Lines(octets) | Body::AsIs(octets) => Ok(String::from_utf8(octets).expect("UTF-8")),
        Body::File { path, .. } => Ok(path.display().to_string()),
    }
}

fn data(text: &str) -> Content {
    Content { data: Some(text.to_owned()), ..Content::default() }
}

#[test]
fn data_is_mended_as_swaks_does() {
    let text =
        "From a@b Mon\\nFrom: %FROM_ADDRESS%\\nTo: %TO_ADDRESS%\\nDate: %DATE%\\n%NEW_HEADERS%\\n\\n%BODY%.\\n.\\n";
    let content = Content {
        add_header: vec!["X-A: 1\\nX-B: 2".into()],
        header: vec!["To: g@h".into()],
        body: Some("Hello".into()),
        ..data(text)
    };
    let want = "From: a@b\nTo: g@h\r\nDate: Thu, 01 Jan 1970 00:00:00 +0000\nX-A: 1\nX-B: 2\n\nHello.\n";
    assert_eq!(made(&content).as_deref(), Ok(want));
    let own = Content { add_header: vec!["X-A: 1".into()], ..data("A: b\\n%NEW_HEADERS%\\n%BODY%\\n") };
    assert_eq!(made(&own).as_deref(), Ok(&*format!("A: b\nX-A: 1\n\n{TEXT}\n")));
    let raw = Content { no_data_fixup: true, ..data("From a\\n%BODY%") };
    assert_eq!(made(&raw).as_deref(), Ok("From a\\n%BODY%"));
    let kept = Content { no_strip_from: true, ..data("From a\\nX: y\\n\\nz") };
    assert_eq!(made(&kept).as_deref(), Ok("From a\nX: y\n\nz"));
    assert_eq!(made(&data("@@x\\n\\n")).as_deref(), Ok("@x\n\n"));
}

#[test]
fn tokens_are_filled_in_texts_and_fields() {
    let content = Content {
        body: Some("from %FROM_ADDRESS% at %DATE%".into()),
        header: vec!["Subject: for %TO_ADDRESS%".into()],
        add_header: vec!["X-Id: %MESSAGEID%%NEWLINE%X-B: 2".into()],
        parts: attached("%DATE%", false),
        ..Content::default()
    };
    let message = made(&content).expect("made");
    for want in ["from a@b at Thu, 01 Jan 1970", "Subject: for c@d, e@f\r\n", "X-B: 2\r\n", "JURBVEUl"] {
        assert!(message.contains(want), "{want}: {message}");
    }
    let id = header::get(message.as_bytes(), "Message-ID").expect("one");
    assert_eq!(header::get(message.as_bytes(), "X-Id"), Some(id.trim_matches(['<', '>']).to_owned()));
    let whole = Content { body: content.body, add_header: content.add_header, ..data("A: b\\n\\n%NEW_HEADERS%%BODY%") };
    let message = made(&whole).expect("made");
    assert!(message.starts_with("A: b\r\nX-Id: ") || message.starts_with("A: b\nX-Id: "), "{message}");
    assert!(message.ends_with("\n\n%NEW_HEADERS%from a@b at Thu, 01 Jan 1970 00:00:00 +0000"), "{message}");
}

fn attached(text: &str, body: bool) -> Parts {
    Parts(vec![Part { content: text.into(), media_type: None, name: Some("a.bin".into()), body }])
}

#[test]
fn a_message_that_is_given_whole_takes_what_is_attached() {
    let whole = [data("Subject: x\\n\\nHello"), Content { sample: Some("plain".into()), ..Content::default() }];
    for content in whole {
        let message = made(&Content { parts: attached("octets", false), ..content }).expect("made");
        assert!(message.contains("multipart/mixed") && message.contains("b2N0ZXRz"), "{message}");
    }
    let encoded = made(&Content { encoding: Encoding::Base64, ..data("Subject: x\\n\\nHello") }).expect("made");
    assert!(encoded.contains("base64") && encoded.contains("SGVsbG8"), "{encoded}");
}

#[test]
fn fields_are_divided_and_the_null_path_has_a_field() {
    let two = Content { header: vec!["Subject: y\\nX-A: 1".into()], ..data("Subject: x\\n\\nz") };
    assert_eq!(made(&two).as_deref(), Ok("Subject: y\r\nX-A: 1\r\n\nz"));
    let null = Envelope { from: "", to: &["c@d".to_owned()] };
    for content in [Content::default(), data("From: %FROM_ADDRESS%\\n\\nx")] {
        let Ok(Made { body: Body::Lines(octets), .. }) =
            super::made(&content, &null, false, &Place::default(), &world())
        else {
            panic!("lines")
        };
        assert!(String::from_utf8_lossy(&octets).contains("From: <>"));
    }
}

#[test]
fn what_would_fill_memory_is_refused() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("large");
    // It takes no room on the disk, and is not read.
    std::fs::File::create(&path).and_then(|file| file.set_len(HELD + 1)).expect("made");
    let words = made(&Content { body: Some(format!("@{}", path.display())), ..Content::default() });
    let words = words.expect_err("too much");
    assert!(words.contains(&format!("{} MiB of text", HELD >> 20)) && words.contains("--attach"), "{words}");
}

#[test]
fn what_is_attached_from_a_large_file_goes_by_the_disk() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("large");
    std::fs::write(&path, vec![b'x'; 2 << 20]).expect("written");
    let large = || attached(&format!("@{}", path.display()), false);
    for content in [Content::default(), data("Subject: x\\n\\nHello")] {
        let content = Content { parts: large(), ..content };
        let envelope = Envelope { from: "a@b", to: &[] };
        let made = super::made(&content, &envelope, false, &Place::default(), &world()).expect("made");
        let Body::File { path, fields } = &made.body else { panic!("a file") };
        let message = std::fs::read_to_string(path).expect("read");
        assert!(fields.is_empty() && message.contains("eHh4eHh4") && message.len() > 2 << 20);
        assert!(message.split("\r\n").all(|line| line.len() <= 998 && !line.contains('\n')));
        assert_eq!(message.matches("a.bin").count(), 2, "its name in two fields");
        #[cfg(unix)]
        for (path, mode) in [(path.as_path(), 0o600), (path.parent().expect("a folder"), 0o700)] {
            let about = std::fs::metadata(path).expect("there");
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o777, mode, "{path:?}");
        }
        let gone = path.clone();
        drop(made);
        assert!(!gone.exists());
        // A script is to hold it.
        assert!(matches!(
            super::made(&content, &envelope, true, &Place::default(), &world()).expect("made").body,
            Body::Lines(_)
        ));
    }
}

#[test]
fn what_can_not_go_into_a_message_is_refused() {
    let raw = || Content { no_data_fixup: true, ..data("x") };
    let sample = |name: &str| Content { sample: Some(name.into()), ..Content::default() };
    for (content, want) in [
        (Content { body: Some("x".into()), ..raw() }, "leave out --body"),
        (Content { header: vec!["X: y".into()], ..raw() }, "leave out --header"),
        (Content { add_header: vec!["X: y".into()], ..sample("bare-lf") }, "leave out --add-header"),
        (Content { parts: attached("x", false), ..raw() }, "leave out --attach"),
        (Content { encoding: Encoding::Base64, ..sample("bare-lf") }, "leave out --encoding"),
        (Content { body: Some("x".into()), ..sample("plain") }, "leave out --body"),
        (Content { parts: attached("x", true), ..data("S: x\\n\\ny") }, "leave out --attach-body"),
        (Content { parts: attached("x", false), ..data("x") }, "give its text by --body"),
        (Content { body: Some("-".into()), parts: attached("-", false), ..Content::default() }, "read once only"),
    ] {
        let words = made(&content).expect_err(want);
        assert!(words.contains(want), "{words}");
    }
}

#[test]
fn what_can_not_be_made_is_said() {
    for (content, want) in [
        (data("@/nonexistent/x"), "can't be read"),
        (Content { sample: Some("none".into()), ..Content::default() }, "one of plain"),
        (Content { header: vec!["no colon".into()], ..Content::default() }, "Name: value"),
        (Content { add_header: vec!["X: a\nBcc: b".into()], ..Content::default() }, "line end"),
        (Content { template: Some("/nonexistent".into()), ..Content::default() }, "can't be read"),
    ] {
        let words = made(&content).expect_err(want);
        assert!(words.contains(want), "{words}");
    }
}

#[test]
fn a_template_is_filled() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("t.eml");
    std::fs::write(&path, "From: {{from}}\nTo: {{to}}\nSubject: {{what}}\n\nDear {{who}}\n").expect("written");
    let variables = vec![("what".to_owned(), "x".to_owned()), ("who".to_owned(), "Noddy".to_owned())];
    let content = Content { template: Some(path), variables, ..Content::default() };
    assert_eq!(made(&content).as_deref(), Ok("From: a@b\nTo: c@d, e@f\nSubject: x\n\nDear Noddy\n"));
    let missing = Content { variables: Vec::new(), ..content };
    assert!(made(&missing).expect_err("no value").contains("line 3: {{what}} has no value"));
}
