//! Any text is a TARGET or is refused with words; its address, written as a URI, is read as the same address.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use ehlo::profile::{Endpoint, Profiles, Target, duration};
use libfuzzer_sys::fuzz_target;

static PROFILES: LazyLock<Profiles> = LazyLock::new(Profiles::shipped);

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    if let Ok(time) = duration::parse(&text) {
        // The words are for people, and rounded: what they say is said again.
        let words = duration::words(time);
        assert_eq!(duration::parse(&words).map(duration::words), Ok(words));
    }
    // Files are not for a fuzzer.
    if text.to_ascii_lowercase().trim().ends_with(".smtp") {
        return;
    }
    match Target::read(&text, &PROFILES) {
        Ok(target) => {
            let _ = (target.is_loopback(), &target.reading);
            if let Endpoint::Tcp { port, host } = &target.endpoint {
                assert!(*port > 0 && !host.is_empty());
                let uri = target.uri();
                let again = Target::read(&uri, &PROFILES);
                assert_eq!(again.ok().map(|t| t.endpoint), Some(target.endpoint.clone()), "{uri}");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let _ = Target::read_in_head(&text, Path::new("a.smtp"));
});
