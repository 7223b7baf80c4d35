//! The class that this workbench's student is in: what it gives is begun, and it is joined again where it has gone.

use std::sync::Arc;
use std::time::Duration;

use crate::class::attend::{self, Down, Given, Joining, Up};
use crate::lab::ListenerKind;
use crate::lesson::Lesson;
use crate::profile::{Profiles, Target};
use crate::tui::attending::of_class;
use crate::tui::message::Message;
use crate::tui::pane::lesson::{Begins, Come, LessonNews};

use super::Dialler;
use super::peer::welcome;

/// How long a class that is gone may take to answer: nothing else is done meanwhile.
const AGAIN: Duration = Duration::from_secs(3);

impl Dialler {
    /// Begins what the class gives: a connection through the door into the student's world, in a new conversation.
    pub(in crate::tui) async fn attend(&mut self, given: Given) -> Vec<Message> {
        let notice = |words: String| vec![Message::Notice(crate::smtp::escape::for_screen(words.as_bytes()))];
        let Some(class) = &self.class else { return Vec::new() };
        let lesson = match Lesson::parse(&given.name, &given.text) {
            Ok(lesson) => Arc::new(lesson),
            Err(error) => return notice(format!("this ehlo can't read the lesson: {error}")),
        };
        let mut target = match Target::read("lab:", &Profiles::shipped()) {
            Ok(target) => target,
            Err(error) => return notice(error.to_string()),
        };
        target.lab_listens(class.door);
        class.lead_to(&given.listener);
        let hello = &class.hello;
        let first = self.attended.is_empty();
        let welcome = match given.why.as_str() {
            "" if first => welcome(hello, class.door),
            "" => String::new(),
            why => of_class(why),
        };
        target.name = format!("class {} · {}", hello.class, hello.name);
        let news = first.then(|| Message::Lesson(LessonNews::Class(Box::new(Down::Hello(hello.clone())))));
        if let Some(kind) = ListenerKind::from_word(&given.listener) {
            kind.is_spoken_by(&mut target);
        }
        let address = target.endpoint.to_string();
        let roots = vec![class.hello.ca.clone()];
        given.name.clone_into(&mut self.attended);
        let mut messages = self.begin(target, "lab:", roots).await;
        let seed = u64::from_le_bytes(self.world.random());
        let begins = Begins::InClass(Come {
            steps: given.ticked,
            hints: given.hints,
            helped: given.helped,
            wrong: given.wrong,
            answered: given.answered,
            spoilt: given.spoilt,
        });
        messages.push(Message::Lesson(LessonNews::Begun { lesson, address, seed, begins }));
        messages.extend(news);
        if !welcome.is_empty() {
            messages.extend(notice(welcome));
        }
        messages
    }

    /// Says something to the class.
    pub(in crate::tui) fn to_class(&self, up: Up) {
        if let Some(class) = &self.class {
            class.say(up);
        }
    }

    /// Joins a class again that has gone; what comes of it comes as its news.
    pub(super) async fn rejoin(&mut self, joining: &Joining) -> Message {
        let joined = tokio::time::timeout(AGAIN, attend::join(joining)).await;
        match joined.unwrap_or_else(|_| Err(format!("{} does not answer", joining.server))) {
            Ok(attendance) => {
                self.class = Some(attendance);
                self.attended.clear();
                Message::Notice("You are in the class again.".to_owned())
            }
            Err(why) => {
                let words = format!("The class can't be joined again: {why}");
                Message::Notice(crate::smtp::escape::for_screen(words.as_bytes()))
            }
        }
    }
}
