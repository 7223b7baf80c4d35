//! Whatever a file of another program holds, it is read, and what was read is written and read again.
#![no_main]

use ehlo::conversation::file::{read, write_document};
use ehlo::interchange::anonymise::anonymise;
use ehlo::interchange::import::import;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(imported) = import(input) else { return };
    for words in imported.unread.words() {
        assert!(words.chars().all(ehlo::smtp::escape::is_plain), "{words:?}");
    }
    for document in &imported.conversations {
        for document in [document, &anonymise(document)] {
            let mut text = Vec::new();
            write_document(document, &mut text);
            let again = read(&text).expect("what is written can be read");
            assert_eq!(again.log.len(), document.log.len());
        }
    }
});
