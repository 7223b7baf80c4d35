//! Lines of a plan as the client is asked for them.

use std::ops::Range;

use crate::client::{Ending, Request};
use crate::smtp::content;

use super::filled::Filled;
use super::plan::{Ask, Content, Sending};

/// The requests that send these lines: one by itself, more of them in one write; and what replies are due for then, each
/// with its octets. `in_data` says that DATA was answered by 354: what comes before the dot is content.
pub(super) fn requests(lines: Vec<(&Sending, Vec<u8>)>, in_data: bool) -> (Vec<Request>, Vec<(Ask, Vec<u8>)>) {
    let at_once = lines.len() > 1;
    let mut in_data = in_data;
    let (mut block, mut requests, mut due) = (Block::default(), Vec::new(), Vec::new());
    for (sending, line) in lines {
        let places = Filled::of(&sending.pieces).places();
        if in_data && !sending.dot {
            // As written: the client would stuff its dots.
            let mut content = line;
            if sending.ending == Ending::CrLf {
                content.extend_from_slice(b"\r\n");
            }
            requests.extend(hidden(places, Request::RawContent(content)));
            continue;
        }
        // What follows the dot in the same write is a command again.
        in_data = false;
        if sending.ending == Ending::CrLf || line.ends_with(b"\n") {
            due.push((sending.ask, line.clone()));
        }
        let whole = |payload: &Content| payload.octets().is_some_and(|octets| octets.ends_with(b"\r\n"));
        if at_once && sending.ending == Ending::CrLf && sending.payload.iter().all(whole) {
            block.add(line, places);
            for payload in &sending.payload {
                block.add_content(payload);
            }
            continue;
        }
        requests.extend(std::mem::take(&mut block).requests());
        requests.extend(hidden(places, Request::Line(line, sending.ending)));
        let payload = sending.payload.iter().filter(|content| content.size() != Some(0));
        requests.extend(payload.cloned().flat_map(Content::requests));
    }
    requests.extend(block.requests());
    (requests, due)
}

/// A request, and before it what of its octets is a secret.
fn hidden(places: Vec<Range<usize>>, request: Request) -> impl Iterator<Item = Request> {
    let hide = Some(places).filter(|places| !places.is_empty()).map(Request::Hide);
    hide.into_iter().chain([request])
}

/// Lines that go out in one write.
#[derive(Default)]
struct Block {
    lines: Vec<Vec<u8>>,
    /// Octets that they come to.
    octets: usize,
    places: Vec<Range<usize>>,
}

impl Block {
    fn hide(&mut self, places: Vec<Range<usize>>) {
        let octets = self.octets;
        self.places.extend(places.into_iter().map(|place| place.start + octets..place.end + octets));
    }

    fn add(&mut self, line: Vec<u8>, places: Vec<Range<usize>>) {
        self.hide(places);
        self.octets += line.len() + b"\r\n".len();
        self.lines.push(line);
    }

    /// Adds what follows a BDAT, in whole lines.
    fn add_content(&mut self, content: &Content) {
        let Content::Octets(filled) = content else { return };
        self.hide(filled.places());
        self.octets += filled.octets().len();
        self.lines.extend(content::lines(filled.octets()).map(<[u8]>::to_vec));
    }

    fn requests(self) -> impl Iterator<Item = Request> {
        let pipeline = Some(self.lines).filter(|lines| !lines.is_empty()).map(Request::Pipeline);
        pipeline.into_iter().flat_map(move |pipeline| hidden(self.places.clone(), pipeline))
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Act, plan};
    use super::super::values::{Piece, Values};
    use super::*;
    use crate::profile::{Profiles, Target};
    use crate::script::files::Folders;

    /// The requests for a block, each as it is asked, with what is hidden in it.
    fn asked(script: &str) -> Vec<String> {
        let world = crate::script::tests::world().with_variables(|_| Some("secret".to_owned()));
        let target = Target::read("lab:", &Profiles::shipped()).expect("a target");
        let allowed = ["A_KEY".to_owned()];
        let values = Values::new(&[], None, &target, &allowed, &world);
        let document = crate::conversation::file::read(script.as_bytes()).expect("a script");
        let plan = plan(&document, "s.smtp", &values, &Folders::default()).expect("a plan");
        let Some(Act::Send(lines)) = plan.steps.first().map(|step| &step.act) else { panic!("no lines") };
        let filled = |line: &Sending| line.pieces.iter().filter_map(Piece::octets).collect::<Vec<_>>().concat();
        let (requests, _) = requests(lines.iter().map(|line| (line, filled(line))).collect(), false);
        requests.iter().map(|request| format!("{request:?}")).collect()
    }

    #[test]
    fn before_what_holds_a_secret_its_places_are_said() {
        assert_eq!(asked("> X {{env.A_KEY}}{{env.A_KEY}}\n")[0], "Hide([2..8, 8..14])");
        assert_eq!(asked("> X\n").len(), 1);
        let block = asked("* pipeline\n> NOOP\n> X {{env.A_KEY}}\n> BDAT 8\n| {{env.A_KEY}}\n> QUIT\n* end\n");
        assert_eq!(block[0], "Hide([8..14, 24..30])");
        assert!(block[1].starts_with("Pipeline(") && block.len() == 2, "{block:?}");
        let chunk = asked("> BDAT 8\n| {{env.A_KEY}}\n");
        assert!(chunk[0].starts_with("Line(") && chunk[1] == "Hide([0..6])", "{chunk:?}");
    }
}
