//! A Guardian phone as a value: enrol, answer, one-time codes; makes requests, reads replies.
