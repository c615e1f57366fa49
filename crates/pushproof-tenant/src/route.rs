//! Which path means what: [`Route`].

use crate::reply::Voice;

/// The paths of the tenant, `*` for a name, the device API by its longer address.
pub(crate) const PATHS: &[&str] = &[
    "/oauth/token",
    "/mfa/associate",
    "/mfa/challenge",
    "/mfa/authenticators",
    "/mfa/authenticators/*",
    "/userinfo",
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/appliance-mfa/api/enroll",
    "/appliance-mfa/api/resolve-transaction",
    "/appliance-mfa/api/device-accounts/*",
    "/api/v2/users",
    "/api/v2/users/*",
    "/api/v2/users/*/recovery-code-regeneration",
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Route<'p> {
    Token,
    Associate,
    Challenge,
    Authenticators,
    /// The id as it stands in the path, not decoded.
    Authenticator(&'p str),
    Userinfo,
    Jwks,
    Configuration,
    Enrol,
    Resolve,
    DeviceAccount(&'p str),
    Users,
    User(&'p str),
    RecoveryRegeneration(&'p str),
    ControlInbox(&'p str),
    ControlMessages(&'p str),
    ControlDevice,
    ControlSettings,
    ControlState,
    Page,
}

impl<'p> Route<'p> {
    pub(crate) fn find(path: &'p str) -> Option<Self> {
        Self::fixed(path).or_else(|| Self::with_name(path))
    }

    fn fixed(path: &'p str) -> Option<Self> {
        Some(match path {
            "/oauth/token" => Self::Token,
            "/mfa/associate" => Self::Associate,
            "/mfa/challenge" => Self::Challenge,
            "/mfa/authenticators" => Self::Authenticators,
            "/userinfo" => Self::Userinfo,
            "/.well-known/jwks.json" => Self::Jwks,
            "/.well-known/openid-configuration" => Self::Configuration,
            "/api/enroll" | "/appliance-mfa/api/enroll" => Self::Enrol,
            "/api/resolve-transaction" | "/appliance-mfa/api/resolve-transaction" => Self::Resolve,
            "/api/v2/users" => Self::Users,
            "/__control/device" => Self::ControlDevice,
            "/__control/settings" => Self::ControlSettings,
            "/__control/state" => Self::ControlState,
            "/" => Self::Page,
            _ => return None,
        })
    }

    fn with_name(path: &'p str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').filter(|(_, name)| !name.is_empty())?;
        Some(match folder {
            "/mfa/authenticators" => Self::Authenticator(name),
            "/api/device-accounts" | "/appliance-mfa/api/device-accounts" => {
                Self::DeviceAccount(name)
            }
            "/api/v2/users" => Self::User(name),
            "/__control/inbox" => Self::ControlInbox(name),
            "/__control/messages" => Self::ControlMessages(name),
            _ => {
                let user = folder
                    .strip_prefix("/api/v2/users/")
                    .filter(|user| !user.contains('/'))?;
                return (name == "recovery-code-regeneration")
                    .then_some(Self::RecoveryRegeneration(user));
            }
        })
    }

    /// The methods that are served, as the `Allow` header lists them.
    pub(crate) fn allow(self) -> &'static str {
        match self {
            Self::Token
            | Self::Associate
            | Self::Challenge
            | Self::Enrol
            | Self::Resolve
            | Self::Users
            | Self::RecoveryRegeneration(_)
            | Self::ControlDevice
            | Self::ControlSettings => "POST",
            Self::Authenticators
            | Self::Jwks
            | Self::Configuration
            | Self::ControlInbox(_)
            | Self::ControlMessages(_)
            | Self::ControlState
            | Self::Page => "GET",
            Self::Userinfo => "GET, POST",
            Self::Authenticator(_) => "DELETE",
            Self::User(_) => "GET, PATCH, DELETE",
            Self::DeviceAccount(_) => "PATCH, DELETE",
        }
    }

    pub(crate) fn voice(self) -> Voice {
        match self {
            Self::Token => Voice::Token,
            Self::Associate | Self::Challenge | Self::Authenticators | Self::Authenticator(_) => {
                Voice::Mfa
            }
            Self::Enrol
            | Self::Resolve
            | Self::DeviceAccount(_)
            | Self::Users
            | Self::User(_)
            | Self::RecoveryRegeneration(_) => Voice::Platform,
            Self::Userinfo
            | Self::Jwks
            | Self::Configuration
            | Self::ControlInbox(_)
            | Self::ControlMessages(_)
            | Self::ControlDevice
            | Self::ControlSettings
            | Self::ControlState
            | Self::Page => Voice::Plain,
        }
    }
}
