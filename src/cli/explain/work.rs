//! What `ehlo explain` does with a text: replies, a message, or what is neither.

use super::output::Output;
use super::{
    Arguments, Exit, Style, bounce, complain, explained, instead, offer, to_json, to_text, told_apart, with_offer,
};
use crate::conversation::{exam, file};
use crate::decode::{Context, Knowledge, explain_reported, reported};
use crate::smtp::escape;

/// Lines that are no reply, of which so many are told one by one.
const TOLD: usize = 3;

/// What is explained, and what is not.
pub(super) struct Work<'a> {
    arguments: &'a Arguments,
    style: Style,
    out: Output,
    explained: bool,
    others: usize,
    refused: bool,
}

impl<'a> Work<'a> {
    pub(super) fn new(arguments: &'a Arguments, style: Style) -> Self {
        Self { arguments, style, out: Output::new(arguments.json), explained: false, others: 0, refused: false }
    }

    /// Explains a text; whether there is any use in more.
    pub(super) fn explain(&mut self, text: &str, knowledge: &Knowledge) -> bool {
        if let Some(class) = file::read(text.as_bytes()).ok().and_then(|it| it.header.exam().map(str::to_owned)) {
            complain(&format!("a transcript is not explained here: {}", exam::refusal(&class)));
            self.refused = true;
            return false;
        }
        let (arguments, style) = (self.arguments, self.style);
        let context = Context { asked: arguments.verb, ..Context::default() };
        let reports = reported(text);
        if reports.is_empty() {
            return self.replies(text, &context, knowledge);
        }
        self.explained = true;
        reports.iter().all(|report| {
            let explanation = explain_reported(report, &context, knowledge);
            let json = || bounce::as_json(report, &explanation);
            self.out.add(json, || bounce::as_text(report, &explanation, style))
        })
    }

    fn replies(&mut self, text: &str, context: &Context, knowledge: &Knowledge) -> bool {
        let body = bounce::body(text);
        let (subjects, others) = told_apart(body.unwrap_or(text), self.arguments, knowledge);
        if body.is_some() {
            let found = if subjects.is_empty() { "" } else { "; the replies in its text are explained" };
            complain(&format!("this is a message, but none that tells what became of another{found}"));
            self.refused |= subjects.is_empty();
        } else {
            self.tell(&others);
        }
        let (arguments, style) = (self.arguments, self.style);
        for (subject, asked) in subjects {
            self.explained = true;
            let answering = Context { asked: arguments.verb.or(asked), ..Context::default() };
            let e = explained(&subject, &answering, knowledge);
            let json = || with_offer(&subject, to_json(&e), context, knowledge);
            let offer = || subject.offer(context, knowledge);
            let offered = || offer().map(|it| offer::to_text(&it, knowledge, style)).unwrap_or_default();
            if !self.out.add(json, || to_text(&subject, &e, style) + &offered()) {
                return false;
            }
        }
        true
    }

    /// Says of the first lines that they are no reply; the others are counted.
    fn tell(&mut self, others: &[String]) {
        for line in others {
            self.others += 1;
            if self.others <= TOLD {
                let line = escape::for_screen(line.as_bytes());
                complain(&format!(
                    "{line:?} is no reply: it begins neither with a reply code (three digits, such as 550) nor with an enhanced status code (such as 5.1.1), and quotes none{}",
                    instead(&self.arguments.reply)
                ));
            }
        }
    }

    pub(super) fn end(self) -> Exit {
        if self.others > TOLD {
            let more = self.others - TOLD;
            let lines = if more == 1 { "line is" } else { "lines are" };
            complain(&format!("{more} more {lines} no reply"));
        }
        if !self.explained {
            if self.others == 0 && !self.refused {
                complain("no reply was given; a reply begins with three digits, as in: ehlo explain 550 5.1.1");
            }
            return Exit::Usage;
        }
        match self.out.end() {
            Exit::Done if self.others > 0 || self.refused => Exit::Usage,
            exit => exit,
        }
    }
}
