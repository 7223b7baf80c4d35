//! What the runner sends, and how it ends a connection.

use tokio::time::Instant;

use super::{Arrived, GOODBYE, Wire};
use crate::client::{Ending, Request};
use crate::conversation::event::Remark;
use crate::script::orders::requests;
use crate::script::plan::{Ask, Content, Sending};
use crate::smtp::Phase;

impl Wire<'_> {
    /// Writes lines: one by itself, more of them in one write.
    pub(in crate::script::runner) async fn write(&mut self, lines: Vec<(&Sending, Vec<u8>)>) -> Arrived {
        let (requests, due) = requests(lines, self.phase() == Phase::Data);
        for (ask, _) in due {
            self.ties.await_reply(ask, None);
        }
        for request in requests {
            if self.request(request).await == Arrived::Stopped {
                return Arrived::Stopped;
            }
        }
        Arrived::Yes
    }

    pub(in crate::script::runner) async fn content(&mut self, content: &Content) -> Arrived {
        for request in content.clone().requests() {
            if self.request(request).await == Arrived::Stopped {
                return Arrived::Stopped;
            }
        }
        Arrived::Yes
    }

    /// Hands a request to the client, and takes in what happens until it has room for it.
    pub(in crate::script::runner) async fn request(&mut self, request: Request) -> Arrived {
        let Some(requests) = self.connection.as_ref().map(|c| c.requests.clone()) else { return Arrived::Closed };
        loop {
            tokio::select! {
                biased;
                permit = requests.reserve() => {
                    // A connection that has just ended says so among its events.
                    if let Ok(permit) = permit {
                        permit.send(request);
                    }
                    return Arrived::Yes;
                }
                arrived = self.happen(None) => match arrived {
                    Arrived::Yes => {}
                    other => return other,
                },
            }
        }
    }

    /// Sends a line of the runner's own, marked as such; gives what its reply is known by.
    pub(in crate::script::runner) async fn send_by_itself(&mut self, line: impl Into<Vec<u8>>) -> Ask {
        let ask = self.ties.further_ask();
        self.request(Request::Remark(Remark::new("auto"))).await;
        self.ties.await_reply(ask, None);
        self.request(Request::Line(line.into(), Ending::CrLf)).await;
        ask
    }

    /// Closes without QUIT, and takes in what still comes.
    pub(in crate::script::runner) async fn close(&mut self) {
        let Some(connection) = &self.connection else { return };
        connection.cancel.cancel();
        // What happens on the way out is taken in even when the user has stopped the run.
        let stop = std::mem::take(&mut self.stop);
        while self.happen(Some(Instant::now() + GOODBYE)).await == Arrived::Yes {}
        self.stop = stop;
        self.connection = None;
    }

    /// Closes without QUIT once everything has gone out, and takes in what still comes.
    pub(in crate::script::runner) async fn close_after_sending(&mut self) -> Arrived {
        let mut arrived = self.request(Request::Close).await;
        while arrived == Arrived::Yes {
            arrived = self.happen(None).await;
        }
        arrived
    }
}
