//! Nothing that a terminal would act on comes out, and what is filed comes back.
#![no_main]

use ehlo::smtp::escape::{for_screen, from_file, is_plain, to_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    assert!(for_screen(bytes).chars().all(is_plain));
    let mut filed = Vec::new();
    to_file(bytes, &mut filed);
    let text = std::str::from_utf8(&filed).expect("the filed form is UTF-8");
    assert!(text.chars().all(is_plain) && !text.contains("{{") && !text.ends_with(' '));
    let mut back = Vec::new();
    from_file(&filed, &mut back).expect("own output is read");
    assert_eq!(back, bytes);
    // A text from elsewhere is read or refused, never more.
    let _ = from_file(bytes, &mut Vec::new());
});
