//! The barrier under every clock that jumps: time moves only while all tickets wait, to the earliest instant waited for.
//!
//! Invariant: `waiting` holds exactly the tickets that wait. Whoever moves the time takes the tickets that are due out of it under the same
//! lock, so they count as running before time can move again, whether or not their tasks have been scheduled yet.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::ClockError;

type Waker = oneshot::Sender<Result<(), ClockError>>;

/// Protocol time, and who waits for which instant of it.
#[derive(Default)]
pub(super) struct Barrier {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    at: Duration,
    entered: usize,
    tickets: u64,
    waiting: BTreeMap<(Duration, u64), Waker>,
    /// Whether somebody is about to move the time, in more than one step.
    moving: watch::Sender<bool>,
    failed: Option<ClockError>,
}

impl Barrier {
    fn state(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements that can panic, so a poisoned lock is still good.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn at(&self) -> Duration {
        self.state().at
    }

    pub(super) fn enter(&self) -> u64 {
        let mut state = self.state();
        state.entered += 1;
        state.tickets += 1;
        state.tickets
    }

    /// One ticket less to wait for; the caller then moves the time if that was the last one running.
    pub(super) fn leave(&self) {
        let mut state = self.state();
        assert!(
            state.entered > state.waiting.len(),
            "a ticket that waits is borrowed and cannot be dropped"
        );
        state.entered -= 1;
    }

    /// Waits until time is `at`, calling `try_move` once the wait is registered.
    pub(super) async fn wait_until(
        &self,
        ticket: u64,
        at: Duration,
        try_move: impl FnOnce(),
    ) -> Result<(), ClockError> {
        let (waker, woken) = oneshot::channel();
        {
            let mut state = self.state();
            if let Some(error) = &state.failed {
                return Err(error.clone());
            }
            if at <= state.at {
                return Ok(());
            }
            let before = state.waiting.insert((at, ticket), waker);
            assert!(before.is_none(), "a ticket waits for one instant at a time");
        }
        let _wait = Wait {
            barrier: self,
            key: (at, ticket),
        };
        try_move();
        woken
            .await
            .expect("a waker leaves the barrier only by being used, or with the wait that owns it")
    }

    /// The time now and the instant to move it to, if every ticket waits and nobody is moving it yet: the caller is then to do so.
    pub(super) fn start_move(&self) -> Option<(Duration, Duration)> {
        let state = self.state();
        let due = state.due().filter(|_| !*state.moving.borrow())?;
        state.moving.send_replace(true);
        Some((state.at, due))
    }

    /// The next move for whoever has made one, or none, and then the move is over. One step under the lock: a ticket that begins to wait
    /// comes either before it and is seen, or after it and can start a move.
    pub(super) fn next_move(&self) -> Option<(Duration, Duration)> {
        let state = self.state();
        let due = state.due();
        state.moving.send_replace(due.is_some());
        due.map(|due| (state.at, due))
    }

    /// Waits for a move that is under way to end.
    pub(super) async fn settled(&self) -> Result<(), ClockError> {
        let mut moving = self.state().moving.subscribe();
        // The sender is a field of self and outlives this call.
        let _ = moving.wait_for(|moving| !moving).await;
        self.state().failed.clone().map_or(Ok(()), Err)
    }

    /// Jumps if every ticket waits.
    pub(super) fn jump(&self) {
        let mut state = self.state();
        if let Some(due) = state.due() {
            state.move_to(due);
        }
    }

    /// Moves the time to `at` and wakes the tickets that are due.
    pub(super) fn move_to(&self, at: Duration) {
        self.state().move_to(at);
    }

    /// Wakes every ticket, and all that will ever wait, with `error`.
    pub(super) fn fail(&self, error: &ClockError) {
        let mut state = self.state();
        state.failed = Some(error.clone());
        for (_, waker) in std::mem::take(&mut state.waiting) {
            // A receiver that is gone is a wait that was cancelled: nobody to tell.
            let _ = waker.send(Err(error.clone()));
        }
    }
}

impl State {
    fn due(&self) -> Option<Duration> {
        if self.waiting.len() < self.entered {
            return None;
        }
        self.waiting.first_key_value().map(|(&(at, _), _)| at)
    }

    fn move_to(&mut self, at: Duration) {
        assert!(at >= self.at, "protocol time never goes back");
        self.at = at;
        while let Some(entry) = self.waiting.first_entry() {
            if entry.key().0 > at {
                break;
            }
            // As in `fail`: a cancelled wait needs no waking.
            let _ = entry.remove().send(Ok(()));
        }
    }
}

/// Takes a wait out of the barrier when its future is dropped before it was woken.
struct Wait<'a> {
    barrier: &'a Barrier,
    key: (Duration, u64),
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        // Nothing needs to move now: the ticket that waited is running again.
        self.barrier.state().waiting.remove(&self.key);
    }
}
