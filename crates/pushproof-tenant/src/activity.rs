//! The last polls, for a person who looks on: [`Activity`]. It holds no secret and nothing that a client sent.

use std::collections::VecDeque;
use std::time::Duration;

use crate::reply::Answer;
use crate::user::UserKey;

/// So many polls are remembered.
const POLLS_MAX: usize = 40;

/// One call with a second factor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Poll {
    /// Counts all polls of the tenant, from 1.
    pub(crate) number: u64,
    pub(crate) at: Duration,
    /// The last part of the grant type.
    pub(crate) operation: &'static str,
    /// The user whose login the `mfa_token` claimed to be.
    pub(crate) user: Option<UserKey>,
    /// `tokens`, or the error code.
    pub(crate) outcome: &'static str,
}

#[derive(Debug, Default)]
pub(crate) struct Activity {
    polls: VecDeque<Poll>,
    seen: u64,
}

impl Activity {
    pub(crate) fn note(
        &mut self,
        at: Duration,
        operation: &'static str,
        user: Option<UserKey>,
        answer: &Answer,
    ) {
        self.seen += 1;
        let outcome = answer
            .as_ref()
            .map_or_else(|refusal| refusal.error, |_| "tokens");
        if self.polls.len() == POLLS_MAX {
            self.polls.pop_front();
        }
        self.polls.push_back(Poll {
            number: self.seen,
            at,
            operation,
            user,
            outcome,
        });
    }

    /// How many there were.
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Poll> {
        self.polls.iter().rev()
    }
}
