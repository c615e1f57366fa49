//! The refusals that have a name, with status, code and text as `protocol.md` tables them (§1.3, §2.4, §4.3, §5.4).
//! Where the profiles differ (§5.5), the function takes the profile.

use crate::bucket::Level;
use crate::reply::{Refusal, whole_seconds};
use crate::settings::{Profile, Statuses};

pub(crate) fn not_found() -> Refusal {
    Refusal::new(404, "not_found", "Not found.")
}

/// What only faults answer.
pub(crate) fn server_error() -> Refusal {
    Refusal::new(500, "server_error", "An internal error has occurred.")
}

pub(crate) fn method_not_allowed(allow: &'static str) -> Refusal {
    let mut refusal = Refusal::new(405, "method_not_allowed", "The method is not allowed here.");
    refusal.more.allow = Some(allow);
    refusal
}

pub(crate) fn invalid_request(description: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(400, "invalid_request", description)
}

pub(crate) fn missing(name: &'static str) -> Refusal {
    invalid_request(format!("Missing required parameter: {name}"))
}

pub(crate) fn must_be(name: &'static str, kind: &'static str) -> Refusal {
    invalid_request(format!("{name} must be {kind}"))
}

pub(crate) fn invalid_client(by_header: bool) -> Refusal {
    let refusal = Refusal::new(401, "invalid_client", "Client authentication failed.");
    if by_header {
        refusal.with_challenge("Basic realm=\"oauth\"")
    } else {
        refusal
    }
}

pub(crate) fn grant_not_allowed() -> Refusal {
    Refusal::new(
        403,
        "unauthorized_client",
        "Grant type is not allowed for the client.",
    )
}

pub(crate) fn unsupported_grant_type() -> Refusal {
    Refusal::new(
        400,
        "unsupported_grant_type",
        "The grant type is not supported.",
    )
}

pub(crate) fn wrong_credentials() -> Refusal {
    Refusal::new(403, "invalid_grant", "Wrong email or password.")
}

pub(crate) fn mfa_required(statuses: Statuses, mfa_token: String) -> Refusal {
    let text = "Multifactor authentication required";
    Refusal::new(statuses.mfa_required, "mfa_required", text).with_member("mfa_token", mfa_token)
}

pub(crate) fn user_blocked() -> Refusal {
    Refusal::new(403, "invalid_grant", "user is blocked")
}

/// Too many wrong passwords in a row.
pub(crate) fn account_blocked(level: Level) -> Refusal {
    let text = "Your account has been blocked after multiple consecutive login attempts.";
    Refusal::new(429, "too_many_attempts", text).throttled(level)
}

pub(crate) fn too_many_logins(level: Level) -> Refusal {
    let text = "Rate limit exceeded. Wait before logging in again.";
    Refusal::new(429, "too_many_requests", text).throttled(level)
}

pub(crate) fn unknown_refresh_token() -> Refusal {
    Refusal::new(403, "invalid_grant", "Unknown or invalid refresh token.")
}

pub(crate) fn invalid_scope() -> Refusal {
    let text = "The scope is wider than the one that was granted.";
    Refusal::new(400, "invalid_scope", text)
}

/// A bearer that cannot be used on `/mfa/*`; RFC 6750 §3 wants the challenge.
pub(crate) fn invalid_bearer() -> Refusal {
    Refusal::new(
        401,
        "invalid_grant",
        "The mfa_token provided is invalid. Try getting a new token.",
    )
    .with_challenge("Bearer error=\"invalid_token\"")
}

pub(crate) fn insufficient_scope(scope: &'static str) -> Refusal {
    Refusal::new(
        403,
        "insufficient_scope",
        format!("Insufficient scope, expected: {scope}"),
    )
    .with_challenge(format!(
        "Bearer error=\"insufficient_scope\", scope=\"{scope}\""
    ))
}

pub(crate) fn malformed_mfa_token(profile: Profile) -> Refusal {
    Refusal::new(
        malformed_status(profile),
        "invalid_grant",
        "Malformed mfa_token",
    )
}

pub(crate) fn malformed_oob_code(profile: Profile) -> Refusal {
    Refusal::new(
        malformed_status(profile),
        "invalid_grant",
        "Malformed oob_code",
    )
}

/// Row 31 of §5.5: the reference says 401, SDK fixtures 403.
fn malformed_status(profile: Profile) -> u16 {
    match profile {
        Profile::Documented => 401,
        Profile::Observed => 403,
    }
}

pub(crate) fn mfa_token_expired() -> Refusal {
    Refusal::new(401, "expired_token", "mfa_token is expired")
}

pub(crate) fn other_clients_mfa_token() -> Refusal {
    invalid_request("mfa_token not issued to this client")
}

pub(crate) fn already_enrolled() -> Refusal {
    Refusal::new(403, "access_denied", "User is already enrolled.")
}

pub(crate) fn factor_disabled() -> Refusal {
    Refusal::new(
        403,
        "access_denied",
        "The factor is not enabled for the tenant.",
    )
}

/// Row 11 of §5.5: the draft and the reference name `association_required`, SDK fixtures the other.
pub(crate) fn nothing_enrolled(profile: Profile) -> Refusal {
    let text = "User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator.";
    match profile {
        Profile::Documented => Refusal::new(400, "association_required", text),
        Profile::Observed => Refusal::new(401, "unsupported_challenge_type", text),
    }
}

pub(crate) fn unsupported_challenge_type() -> Refusal {
    let text = "The user does not support the requested challenge type(s).";
    Refusal::new(400, "unsupported_challenge_type", text)
}

pub(crate) fn invalid_authenticator() -> Refusal {
    Refusal::new(
        400,
        "invalid_authenticator",
        "The authenticator cannot be challenged.",
    )
}

pub(crate) fn authorization_pending(statuses: Statuses) -> Refusal {
    let text = "Authorization pending: please repeat the request in a few seconds.";
    Refusal::new(statuses.pending, "authorization_pending", text)
}

/// Row 5 of §5.5: both kinds of hint. `interval` is what the client must keep from now on.
pub(crate) fn slow_down(statuses: Statuses, level: Level, interval_s: u64) -> Refusal {
    let wait = whole_seconds(level.wait);
    let text = format!("You are polling faster than allowed. Try again in {wait} seconds.");
    Refusal::new(statuses.slow_down, "slow_down", text)
        .with_member("interval", interval_s)
        .throttled(level)
}

/// Row 1 of §5.5.
pub(crate) fn rejected(profile: Profile) -> Refusal {
    let (status, error) = match profile {
        Profile::Documented => (403, "invalid_grant"),
        Profile::Observed => (400, "access_denied"),
    };
    Refusal::new(status, error, "MFA Authorization rejected.")
}

pub(crate) fn oob_code_expired() -> Refusal {
    Refusal::new(403, "expired_token", "oob_code is expired")
}

pub(crate) fn oob_code_used() -> Refusal {
    Refusal::new(403, "invalid_grant", "oob_code has already been used")
}

pub(crate) fn oob_code_mismatch() -> Refusal {
    invalid_request("The oob_code doesn't match the mfa_token")
}

pub(crate) fn wrong_binding_code() -> Refusal {
    Refusal::new(403, "invalid_grant", "Invalid binding_code.")
}

pub(crate) fn wrong_otp() -> Refusal {
    Refusal::new(403, "invalid_grant", "Invalid otp_code.")
}

/// The same for a wrong code, an old one, and a user who has none (SEC-002).
pub(crate) fn wrong_recovery_code() -> Refusal {
    Refusal::new(403, "invalid_grant", "MFA Authorization rejected.")
}

pub(crate) fn too_many_failures(level: Level) -> Refusal {
    let text = "Too many failed codes. Wait for some minutes before retrying.";
    Refusal::new(429, "too_many_attempts", text).throttled(level)
}

pub(crate) fn too_many_messages(level: Level) -> Refusal {
    let text = "Rate limit exceeded. Wait before asking for another message.";
    Refusal::new(429, "too_many_requests", text).throttled(level)
}
