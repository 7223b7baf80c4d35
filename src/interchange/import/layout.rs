//! How a terminal or a mail program lays lines out: colours, blanks up to the window's edge, an empty line after each.

use super::lines::lines;

/// Lines below which nothing is told of a layout.
const FEW: usize = 4;

/// The text without colours, where a good part of its lines has them: what sets them stands around a line's own text.
pub(super) fn uncoloured(octets: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(0x1b, octets)?;
    let full = || lines(octets).filter(|(_, line)| !line.trim_ascii().is_empty());
    let coloured = full().filter(|(_, line)| find(line).is_some()).count();
    if coloured * 3 < full().count() {
        return None;
    }
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((from, to)) = find(rest) {
        out.extend_from_slice(&rest[..from]);
        rest = &rest[to..];
    }
    out.extend_from_slice(rest);
    Some(out)
}

/// Where the next sequence that sets colours, or clears to the line's end, stands (ECMA-48 SGR and EL).
fn find(text: &[u8]) -> Option<(usize, usize)> {
    memchr::memmem::find_iter(text, b"\x1b[").find_map(|from| {
        let tail = &text[from + 2..];
        let end = tail.iter().position(|octet| !octet.is_ascii_digit() && !matches!(octet, b';' | b':'))?;
        matches!(tail[end], b'm' | b'K').then_some((from, from + 2 + end + 1))
    })
}

/// The text without the blanks at line ends, where nearly all lines have them.
pub(super) fn trimmed(octets: &[u8]) -> Option<Vec<u8>> {
    let full = || lines(octets).filter(|(_, line)| !line.trim_ascii().is_empty());
    let blank = full().filter(|(_, line)| matches!(line.last(), Some(b' ' | b'\t'))).count();
    if blank < FEW || blank * 4 < full().count() * 3 {
        return None;
    }
    Some(lines(octets).flat_map(|(_, line)| [line.trim_ascii_end(), b"\n"].concat()).collect())
}

/// The text without the empty lines, where there is one after each line.
pub(super) fn single_spaced(octets: &[u8]) -> Option<Vec<u8>> {
    let all: Vec<&[u8]> = lines(octets).map(|(_, line)| line).collect();
    let between = |all: &[&[u8]]| all.iter().skip(1).step_by(2).all(|line| line.trim_ascii().is_empty());
    let full = all.iter().step_by(2).filter(|line| !line.trim_ascii().is_empty()).count();
    if full < FEW || !between(&all) {
        return None;
    }
    Some(all.iter().step_by(2).flat_map(|line| [line, b"\n".as_slice()].concat()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(octets: Option<Vec<u8>>) -> Option<String> {
        octets.map(|octets| String::from_utf8_lossy(&octets).into_owned())
    }

    #[test]
    fn a_layout_is_taken_off_where_all_lines_have_it() {
        let plain = "220 mx\nQUIT\n221 bye\nx\n\ny\n";
        let each = |by: &dyn Fn(&str) -> String| plain.lines().fold(String::new(), |all, line| all + &by(line) + "\n");
        let coloured = each(&|line| format!("\x1b[1;32m{line}\x1b[0m"));
        assert_eq!(text(uncoloured(coloured.as_bytes())).as_deref(), Some(plain));
        let padded = each(&|line| format!("{line:<20}"));
        assert_eq!(text(trimmed(padded.as_bytes())).as_deref(), Some(plain));
        let doubled = each(&|line| format!("{line}\n"));
        assert_eq!(text(single_spaced(doubled.as_bytes())).as_deref(), Some(plain));
        let one = "220 mx\n\nQUIT\n221 bye\n\x1b[1mx\n \ny \n\nz\n";
        for by in [uncoloured, trimmed, single_spaced] {
            assert_eq!(text(by(one.as_bytes())), None);
        }
    }
}
