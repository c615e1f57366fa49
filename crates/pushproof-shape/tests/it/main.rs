//! The laws of shapes, their notation, and the replies of the MFA API as shapes.
#![expect(clippy::unwrap_used, reason = "tests")]

mod generate;

mod laws;

mod broken;

mod replies;

mod drifts;

mod notation;

mod secrets;

mod hostile;
