//! What a session costs: nothing on the heap for a pending poll, and less than a kilobyte beside its secrets while it waits.

use crate::waiting::{Waiting, environment, program};

/// What a waiting session may take beside its secrets.
const BYTES_MAX: usize = 1_024;

#[test]
fn a_pending_poll_allocates_nothing() {
    let mut waiting = Waiting::new(&program(), &environment());
    // The reused buffer grows once, and so does the cache of regular expressions.
    let sent = waiting.poll();
    assert!(
        (2_700..3_300).contains(&sent),
        "a poll of {sent} bytes is not like a real one"
    );
    let counted = allocation_counter::measure(|| {
        for _ in 0..100 {
            waiting.poll();
        }
    });
    assert_eq!(counted.count_total, 0, "{counted:?}");
}

#[test]
fn a_waiting_session_is_small() {
    let (program, environment) = (program(), environment());
    let Waiting { session, .. } = Waiting::new(&program, &environment);
    let secrets: usize = session.secrets().map(|(_, secret)| secret.len()).sum();
    let (inline, told) = (std::mem::size_of_val(&session), session.bytes());
    let freed = allocation_counter::measure(|| drop(session)).bytes_current;
    let heap = usize::try_from(-freed).expect("a session holds something");
    let bytes = inline + heap - secrets;
    assert!(
        bytes <= BYTES_MAX,
        "{bytes} bytes, {inline} of them inline, {told} by its own account"
    );
    assert_eq!(
        told, bytes,
        "{inline} inline, {heap} on the heap, {secrets} of secrets"
    );
}
