//! What can go wrong between a phone and its world, in words that hold nothing secret and nothing foreign.

use thiserror::Error;

/// Why a phone could not make a request, or could make no sense of what it was given.
///
/// None of these is a statement about a decision: a refusal is [`Reading::Refused`](crate::Reading::Refused).
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The base URL that the phone was made with cannot be used.
    #[error("the phone's base URL {why}")]
    BaseUrl {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The scanned code is no enrolment code.
    #[error("`barcode_uri` {why}")]
    Barcode {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A request of a phone that has no enrolment yet.
    #[error("the phone is not enrolled")]
    NotEnrolled,
    /// There is no push to answer.
    #[error("the phone has received no push")]
    NoPush,
    /// No push with the challenge asked for has arrived.
    #[error("the phone has received no push with that challenge")]
    UnknownChallenge,
    /// A replay was asked for, and this phone has answered nothing yet.
    #[error("the phone has no earlier answer to replay")]
    NothingToReplay,
    /// A part of the request cannot travel by HTTP.
    #[error("{what} cannot be sent by HTTP")]
    Unsendable {
        /// The part.
        what: &'static str,
    },
    /// A status that neither acknowledges nor refuses: 1xx, 3xx, 408, 429, 5xx.
    #[error("the reply's status {status} says nothing about the request")]
    Status {
        /// The status.
        status: u16,
    },
    /// More than a phone reads.
    #[error("{what} has {bytes} bytes, more than the {bytes_max} that a phone reads")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// A success whose media type is not `application/json`, which a phone does not accept unless the status is 204.
    #[error("the reply's media type is not `application/json`")]
    MediaType,
    /// Not JSON, or not the kind of value that stands at its top.
    #[error("{what} is not {wanted}")]
    NotJson {
        /// What was read.
        what: &'static str,
        /// What it should have been.
        wanted: &'static str,
    },
    /// A member that a phone needs is missing or of no use.
    #[error("`{member}` of {what} {why}")]
    Member {
        /// What was read.
        what: &'static str,
        /// The member's name.
        member: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// More pushes than a phone keeps.
    #[error("more than {pushes_max} pushes for one phone")]
    TooManyPushes {
        /// The limit.
        pushes_max: usize,
    },
    /// The seed or the numbers of a one-time code are unusable.
    #[error("{what} of the one-time code {why}")]
    OneTimeCode {
        /// The part.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
}
