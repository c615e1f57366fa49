//! The habits in which real phones differ, all of them allowed by the protocol (requirement DEV-005).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// Whose habits a phone has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Platform {
    /// None in particular: Google's push service, whole seconds, a modulus without a leading zero.
    #[default]
    Plain,
    /// As the Android SDK: the public key's modulus has a leading zero octet, and the media type names a charset.
    Android,
    /// As the Swift SDK: Apple's push service, and dates with a fraction.
    Ios,
}

impl Platform {
    /// The platform of a name in scenarios: `android` or `ios`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "android" => Some(Self::Android),
            "ios" => Some(Self::Ios),
            _ => None,
        }
    }

    pub(crate) fn push_service(self) -> &'static str {
        match self {
            Self::Plain | Self::Android => "GCM",
            Self::Ios => "APNS",
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Plain | Self::Ios => "application/json",
            Self::Android => "application/json; charset=utf-8",
        }
    }

    /// Whether the modulus is encoded as a signed integer would be.
    pub(crate) fn pads_modulus(self) -> bool {
        self == Self::Android
    }

    /// A JWT's NumericDate (RFC 7519 §2): seconds since the epoch, 0 for what came before it.
    pub(crate) fn numeric_date(self, at: SystemTime) -> Value {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        match self {
            Self::Plain | Self::Android => json!(since.as_secs()),
            Self::Ios => json!(since.as_secs_f64()),
        }
    }
}
