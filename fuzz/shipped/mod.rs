//! Texts that look like the files that are shipped: lines of theirs among lines of the fuzzer's own.

/// Makes a text of an input: a line that begins with an octet above 127 stands for a line of the shipped files, any
/// other is taken as it is.
pub fn text(input: &[u8], lines: &[&str]) -> String {
    let mut text = String::new();
    for line in input.split(|octet| *octet == b'\n') {
        match line {
            [first @ 128..=255, rest @ ..] => {
                let number = usize::from(first & 127) * 256 + usize::from(rest.first().copied().unwrap_or_default());
                text.push_str(lines[number % lines.len()]);
                text.push_str(&String::from_utf8_lossy(rest.get(1..).unwrap_or_default()));
            }
            _ => text.push_str(&String::from_utf8_lossy(line)),
        }
        text.push('\n');
    }
    text
}

/// The lines of the shipped files of one folder, or of one file, of `assets/`.
pub fn lines(place: &str) -> Vec<&'static str> {
    let assets = &ehlo::assets::ASSETS;
    let files: Vec<_> = match assets.get_file(place) {
        Some(file) => vec![file],
        None => assets.get_dir(place).expect("a place of assets/").files().collect(),
    };
    files.iter().filter_map(|file| file.contents_utf8()).flat_map(str::lines).filter(|line| !line.is_empty()).collect()
}
