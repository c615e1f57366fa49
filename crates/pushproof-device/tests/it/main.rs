//! The phone seen from outside: requests as text, published vectors, forgeries before a strict judge, hostile replies.

#![expect(clippy::unwrap_used, reason = "tests")]

mod forgeries;
mod hostile;
mod judge;
mod pushes;
mod secrets;
mod transcript;
mod vectors;
mod world;
