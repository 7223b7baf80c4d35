//! What is asked of the connection, and what comes back of it where its queue is full.

use tokio::sync::mpsc::error::TrySendError;

use crate::client::Request;
use crate::smtp::Secret;

use super::{Alive, Dialler, Message};

/// Said of what the queue of a connection has no room for.
const BUSY: &str = "Too much is under way; try again in a moment.";

impl Dialler {
    /// Asks something of the connection. What could not be taken comes back as a message.
    pub(in crate::tui) fn ask(&mut self, request: Request) -> Option<Message> {
        if let Request::KeepAlive(every) = &request {
            self.alive = Alive::Chosen(*every);
        }
        if let Some(secret) = of_secret(&request)
            && !self.taught.iter().any(|known| is_same(known, &secret))
        {
            self.taught.push(secret);
        }
        let hides = self.hides;
        // Other requests may come between what hides a line and the line.
        self.hides = is_before_what_is_not_typed(&request) || (hides && !goes_out(&request));
        let refused = self.put(request);
        if refused.as_ref().is_some_and(goes_out) {
            // These places were those of a line that does not go out.
            self.untaught.retain(|request| !matches!(request, Request::Hide(_)));
        }
        match refused {
            Some(Request::Line(line, _)) if !hides => {
                Some(Message::NotSent(String::from_utf8_lossy(&line).into_owned()))
            }
            Some(secret @ (Request::Learn(_) | Request::LearnName(_) | Request::Hide(_))) => {
                self.untaught.extend(Some(secret).filter(|_| self.connection.is_some()));
                Some(Message::Notice(BUSY.to_owned()))
            }
            Some(_) => Some(Message::Notice(BUSY.to_owned())),
            None => None,
        }
    }

    /// Has a secret masked from now on, in this conversation and in those after it.
    pub(in crate::tui) fn mask(&mut self, secret: Secret) -> Option<Message> {
        self.marked.push(secret.clone());
        let refused = self.ask(Request::LearnName(secret));
        self.next_is_typed();
        refused.filter(|_| self.connection.is_some())
    }

    /// Puts a request into the queue, and before it what must not be recorded; gives back what has no room.
    fn put(&mut self, request: Request) -> Option<Request> {
        let Some(connection) = &self.connection else { return Some(request) };
        while let Some(secret) = self.untaught.pop_front() {
            if let Err(error) = connection.requests.try_send(secret) {
                self.untaught.push_front(error.into_inner());
                return Some(request);
            }
        }
        connection.requests.try_send(request).err().map(TrySendError::into_inner)
    }

    /// What was told of secrets so far was not for the line that comes next.
    pub(in crate::tui) fn next_is_typed(&mut self) {
        self.hides = false;
    }
}

/// A request that tells of a secret, once more.
fn of_secret(request: &Request) -> Option<Request> {
    match request {
        Request::Learn(secret) => Some(Request::Learn(secret.clone())),
        Request::LearnName(secret) => Some(Request::LearnName(secret.clone())),
        _ => None,
    }
}

fn is_same(a: &Request, b: &Request) -> bool {
    match (a, b) {
        (Request::Learn(a), Request::Learn(b)) | (Request::LearnName(a), Request::LearnName(b)) => a == b,
        _ => false,
    }
}

/// Whether this is what goes to the server.
fn goes_out(request: &Request) -> bool {
    matches!(
        request,
        Request::Line(..) | Request::Pipeline(_) | Request::Content(_) | Request::RawContent(_) | Request::File(_)
    )
}

/// Whether the line that is asked for next holds a secret, or is one that ehlo made: it was not typed as it goes out.
fn is_before_what_is_not_typed(request: &Request) -> bool {
    match request {
        Request::Hide(_) | Request::Learn(_) | Request::LearnName(_) => true,
        Request::Remark(remark) => remark.word == "auto",
        _ => false,
    }
}
