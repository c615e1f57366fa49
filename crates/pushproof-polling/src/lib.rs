//! The polling state machine: interval, slow-down, back-off, deadline, final outcomes.
