//! The polling machine against its laws, against machines that break them, and as transcripts.

mod driver;
mod edges;
mod histories;
mod laws;
mod sketch;
mod transcripts;
