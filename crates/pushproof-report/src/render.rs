//! One format, one file: each is a pure fold of a [`Run`](crate::Run) into text. Adding a format is adding a file.

pub mod json;
pub mod junit;
pub mod terminal;
