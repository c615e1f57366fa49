//! The room that cases of one tenant share: [`Seat`].
//!
//! What one case does can be felt by another, where the tenant is not as it should be: a bucket that all users share is emptied by whoever asks
//! too often. A case that is about such things runs, or is looked at again, while nobody else does.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The place of one case in the room.
pub(crate) struct Seat {
    room: Arc<Semaphore>,
    size: u32,
    permit: Option<OwnedSemaphorePermit>,
    is_alone: bool,
}

impl Seat {
    /// A place among others, or the whole room; waits for it.
    pub(crate) async fn take(room: &Arc<Semaphore>, size: u32, alone: bool) -> Self {
        let mut seat = Self {
            room: Arc::clone(room),
            size,
            permit: None,
            is_alone: size == 1,
        };
        if alone {
            seat.alone().await;
        } else {
            seat.permit = Arc::clone(room).acquire_owned().await.ok();
        }
        seat
    }

    /// Whether nobody else is in the room.
    pub(crate) const fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// Leaves, and comes back once the room is empty: whoever waited for that on their own place would wait for each other.
    pub(crate) async fn alone(&mut self) {
        if self.is_alone && self.permit.is_some() {
            return;
        }
        self.permit = None;
        let room = Arc::clone(&self.room);
        self.permit = room.acquire_many_owned(self.size).await.ok();
        self.is_alone = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_who_both_want_to_be_alone_do_not_wait_for_each_other() {
        let room = Arc::new(Semaphore::new(3));
        let mut one = Seat::take(&room, 3, false).await;
        let mut other = Seat::take(&room, 3, false).await;
        assert!(!one.is_alone() && !other.is_alone());
        let first = async {
            one.alone().await;
            let free = room.available_permits();
            drop(one);
            free
        };
        let second = async {
            other.alone().await;
            let free = room.available_permits();
            drop(other);
            free
        };
        assert_eq!(tokio::join!(first, second), (0, 0));
        assert_eq!(room.available_permits(), 3);
    }

    #[tokio::test]
    async fn who_has_the_whole_room_is_alone_from_the_start() {
        let room = Arc::new(Semaphore::new(1));
        let mut only = Seat::take(&room, 1, false).await;
        assert!(only.is_alone());
        only.alone().await;
        assert_eq!(room.available_permits(), 0);
    }
}
