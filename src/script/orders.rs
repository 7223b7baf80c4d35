//! Lines of a plan as the client is asked for them.

use crate::client::{Ending, Request};
use crate::smtp::content;

use super::plan::{Ask, Sending};

/// The requests that send these lines: one by itself, more of them in one write; and what replies are due for then, each
/// with its octets. `in_data` says that DATA was answered by 354: what is not the dot is content.
pub(super) fn requests(lines: Vec<(&Sending, Vec<u8>)>, in_data: bool) -> (Vec<Request>, Vec<(Ask, Vec<u8>)>) {
    let at_once = lines.len() > 1;
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
        if sending.ending == Ending::CrLf || line.ends_with(b"\n") {
            due.push((sending.ask, line.clone()));
        }
        let whole = |payload: &Vec<u8>| payload.ends_with(b"\r\n");
        if at_once && sending.ending == Ending::CrLf && sending.payload.as_ref().is_none_or(whole) {
            block.push(line);
            block.extend(sending.payload.iter().flat_map(|payload| content::lines(payload)).map(<[u8]>::to_vec));
            continue;
        }
        if !block.is_empty() {
            requests.push(Request::Pipeline(std::mem::take(&mut block)));
        }
        requests.push(Request::Line(line, sending.ending));
        requests.extend(sending.payload.clone().filter(|payload| !payload.is_empty()).map(Request::RawContent));
    }
    if !block.is_empty() {
        requests.push(Request::Pipeline(block));
    }
    (requests, due)
}
