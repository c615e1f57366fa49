//! The dialects as data, embedded for the installed binary.
