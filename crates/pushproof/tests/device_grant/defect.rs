//! What can be wrong with the [`Stub`](crate::stub::Stub): each defect once, with the requirement that must find it.

macro_rules! defects {
    ($($name:ident => $requirement:literal $verdict:literal),* $(,)?) => {
        /// One thing that is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Defect { $($name),* }

        impl Defect {
            /// All of them.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// The requirement that it breaks, and what becomes of it.
            pub(crate) const fn breaks(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($requirement, $verdict)),* }
            }
        }
    };
}

defects! {
    CodesWith201 => "DEV-AUTH-001" "fail",
    CodesAsText => "DEV-AUTH-002" "fail",
    RelativeUri => "DEV-AUTH-005" "fail",
    NoUri => "DEV-AUTH-005" "fail",
    NoLifetime => "DEV-AUTH-006" "fail",
    LifetimeAsText => "DEV-AUTH-006" "fail",
    IntervalOfNothing => "DEV-AUTH-007" "fail",
    OneUserCodeForAll => "DEV-AUTH-008" "fail",
    ShortDeviceCode => "DEV-AUTH-009" "warn",
    ShortUserCode => "DEV-AUTH-010" "warn",
    UserCodeInTwoCases => "DEV-AUTH-011" "warn",
    UserCodeInTheUri => "DEV-AUTH-012" "warn",
    UserCodeInTheUriByAnotherName => "DEV-AUTH-012" "warn",
    CodesInCaches => "DEV-AUTH-013" "warn",
    CompleteUriIsRelative => "DEV-AUTH-014" "fail",
    StrangersGetCodes => "DEV-AUTH-016" "fail",
    NobodyGetsCodes => "DEV-AUTH-017" "fail",
    UnknownParameterRefused => "DEV-AUTH-018" "fail",
    EmptyScopeRefused => "DEV-AUTH-019" "fail",
    CodesWithoutSecret => "DEV-AUTH-020" "fail",
    PendingIs403 => "POLL-001" "fail",
    DenialIs403 => "POLL-003" "fail",
    ExpiredIs410 => "POLL-006" "fail",
    NeverApproved => "POLL-002" "fail",
    DenialIsPending => "POLL-003" "fail",
    DenialFades => "POLL-004" "fail",
    LateTokens => "POLL-005" "fail",
    ExpiredIsUnknown => "POLL-006" "fail",
    IntervalCountsDouble => "POLL-007" "warn",
    HasteIsFatal => "POLL-009" "fail",
    SlowDownForgetsApproval => "POLL-010" "fail",
    AnyCodeBuys => "GRANT-001" "fail",
    ForeignClientBuys => "GRANT-002" "fail",
    CodeBuysTwice => "GRANT-003" "warn",
    NoCodeIsServerError => "GRANT-004" "fail",
    NoCodeIsServerPage => "GRANT-004" "fail",
    TokensWithoutSecret => "GRANT-005" "fail",
    ApprovalCountsForAll => "GRANT-006" "fail",
    ApprovalCountsForLatest => "GRANT-006" "fail",
    AnotherWordForUnknown => "GRANT-007" "warn",
    UserCodeBuys => "GRANT-010" "fail",
    AnyGrantType => "GRANT-009" "fail",
    TokensUnasked => "GRANT-011" "fail",
    EmptyAccessToken => "TOKEN-001" "fail",
    TokensWithoutType => "TOKEN-001" "fail",
    TokensWith201 => "TOKEN-001" "fail",
    TokensAsText => "TOKEN-003" "fail",
    TokensInCaches => "TOKEN-004" "fail",
    TokenLifetimeAsText => "TOKEN-006" "fail",
    ErrorsAsPage => "ERROR-001" "fail",
    QuotesInDescription => "ERROR-002" "fail",
    CodeInDescription => "ERROR-003" "warn",
    RefusalIs403 => "ERROR-004" "warn",
    UnknownIs404 => "ERROR-004" "warn",
    MetadataIsRelative => "META-002" "fail",
}
