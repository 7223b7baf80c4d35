//! Lines of a plan as the client is asked for them.

use crate::client::{Ending, Request};
use crate::smtp::content;

use super::plan::{Ask, Content, Sending};

/// The requests that send these lines: one by itself, more of them in one write; and what replies are due for then, each
/// with its octets. `in_data` says that DATA was answered by 354: what comes before the dot is content.
pub(super) fn requests(lines: Vec<(&Sending, Vec<u8>)>, in_data: bool) -> (Vec<Request>, Vec<(Ask, Vec<u8>)>) {
    let at_once = lines.len() > 1;
    let mut in_data = in_data;
    let (mut block, mut requests, mut due) = (Vec::new(), Vec::new(), Vec::new());
    for (sending, line) in lines {
        if in_data && !sending.dot {
            // As written: the client would stuff its dots.
            let mut content = line;
            if sending.ending == Ending::CrLf {
                content.extend_from_slice(b"\r\n");
            }
            requests.push(Request::RawContent(content));
            continue;
        }
        // What follows the dot in the same write is a command again.
        in_data = false;
        if sending.ending == Ending::CrLf || line.ends_with(b"\n") {
            due.push((sending.ask, line.clone()));
        }
        let whole = |payload: &Content| payload.octets().is_some_and(|octets| octets.ends_with(b"\r\n"));
        if at_once && sending.ending == Ending::CrLf && sending.payload.iter().all(whole) {
            block.push(line);
            let payload = sending.payload.iter().filter_map(Content::octets);
            block.extend(payload.flat_map(content::lines).map(<[u8]>::to_vec));
            continue;
        }
        if !block.is_empty() {
            requests.push(Request::Pipeline(std::mem::take(&mut block)));
        }
        requests.push(Request::Line(line, sending.ending));
        let payload = sending.payload.iter().filter(|content| content.size() != Some(0));
        requests.extend(payload.cloned().map(Content::request));
    }
    if !block.is_empty() {
        requests.push(Request::Pipeline(block));
    }
    (requests, due)
}
