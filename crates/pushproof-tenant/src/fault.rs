//! The defects a tenant can be given, to test a suite against: [`Fault`]. Each is asked for in one place of the code.
//!
//! `DEF-…` ids and what they break are those of the catalogue, `protocol.md` §10.3. The catalogue leaves some MUSTs
//! whole; for each of these there is one fault more, called `REQ-` and the requirement, and so are further ways to break
//! one. A number of our own would collide with the catalogue when that grows; and as each is here for one requirement's
//! sake, its name can say so.

use std::fmt;
use std::str::FromStr;

macro_rules! faults {
    ($($variant:ident $id:literal $says:literal [$($breaks:literal),+];)+) => {
        /// One switchable defect.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Fault {
            $(#[doc = $says] $variant,)+
        }

        impl Fault {
            /// Every fault, in the order of its id.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The id, `DEF-001` or `REQ-PWD-004`.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }

            /// What goes wrong, in one line.
            #[must_use]
            pub fn says(self) -> &'static str {
                match self { $(Self::$variant => $says),+ }
            }

            /// The requirements that the fault breaks.
            #[must_use]
            pub fn breaks(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($breaks),+]),+ }
            }
        }
    };
}

faults! {
    RecoveryCodeReusable "DEF-001" "a recovery code can be used twice" ["RECOV-003"];
    NoReplacementCode "DEF-002" "the recovery grant returns no replacement code" ["RECOV-002"];
    ReplacementCodeEqual "DEF-003" "the replacement recovery code equals the used one" ["RECOV-002"];
    ReplacementCodeDead "DEF-004" "the replacement recovery code does not work" ["RECOV-004"];
    WrongCodeBurnsGoodOne "DEF-005" "a wrong recovery code burns the good one" ["RECOV-005"];
    RecoveryRace "DEF-006" "two uses of one recovery code at the same moment both succeed" ["RECOV-009"];
    RecoveryCodeOfAnyone "DEF-007" "a recovery code of one user is accepted for another" ["RECOV-006"];
    RecoveryNotThrottled "DEF-008" "wrong recovery codes are not throttled" ["RECOV-007"];
    RecoveryBeforeConfirmation "DEF-009" "a recovery code is usable before any factor is confirmed" ["ASSOC-008", "PUSH-ENROLL-013"];
    RecoveryCodesEveryTime "DEF-010" "recovery codes are returned on every association" ["ASSOC-013"];
    RecoveryCodesThoughDisabled "DEF-011" "recovery codes are returned although disabled" ["ASSOC-014"];
    RecoveryCodesMissing "DEF-012" "no recovery code is returned on the first association" ["ASSOC-012"];
    ActiveBeforeConfirmation "DEF-013" "an authenticator is active before confirmation" ["ASSOC-007", "PUSH-ENROLL-008"];
    UnconfirmedChallenged "DEF-014" "an unconfirmed authenticator can be challenged" ["ASSOC-008", "CHAL-006"];
    NeverActive "DEF-015" "an authenticator never becomes active after confirmation" ["PUSH-ENROLL-008"];
    TokensBeforeEnrolment "DEF-016" "tokens are issued before the device enrolled" ["PUSH-ENROLL-006", "PUSH-ENROLL-009"];
    PendingAfterEnrolment "DEF-017" "the poll stays pending after the device enrolled" ["PUSH-ENROLL-007"];
    TicketNeverExpires "DEF-018" "an enrolment ticket works after its window" ["PUSH-ENROLL-010"];
    TicketReusable "DEF-019" "an enrolment ticket works more than once" ["PUSH-ENROLL-011"];
    NoOtpSibling "DEF-020" "the OTP sibling is missing after a push enrolment" ["PUSH-ENROLL-008"];
    PushBindingMethod "DEF-021" "push answers carry a binding method" ["PUSH-ENROLL-003", "CHAL-001"];
    PluralChannel "DEF-022" "the associate answer says `oob_channels`" ["PUSH-ENROLL-001", "PUSH-ENROLL-005"];
    OobCodeRepeats "DEF-023" "every `oob_code` of a user is the same" ["PUSH-ENROLL-004", "CHAL-004"];
    EnrolledMayAssociate "DEF-024" "an enrolled user may associate again with a login token" ["ASSOC-004"];
    SecondAssociationRefused "DEF-025" "a second association is refused though nothing is active" ["ASSOC-006"];
    RefusedAssociationCreates "DEF-026" "a refused association still creates an entry" ["ASSOC-004", "ASSOC-009"];
    TokensAfterRejection "DEF-027" "tokens are issued after a rejection" ["OOB-POLL-005"];
    RejectedStaysPending "DEF-028" "a rejection is reported as pending" ["OOB-POLL-006", "OOB-POLL-007"];
    RejectedFlips "DEF-029" "a rejected transaction turns approved on a second device answer" ["OOB-POLL-016"];
    ErrorsAre200 "DEF-030" "errors of the token endpoint have status 200" ["OOB-POLL-002", "PWD-002", "HTTP-002"];
    PollsNotThrottled "DEF-031" "polling is never throttled" ["OOB-POLL-019"];
    ThrottledTooEarly "DEF-032" "polling at the documented rate is throttled" ["RATE-001"];
    SlowDownKills "DEF-033" "a `slow_down` ends the transaction" ["OOB-POLL-020"];
    ThrottledTogether "DEF-034" "throttling one user throttles all" ["RATE-004"];
    NoWaitHint "DEF-035" "throttled answers do not say how long to wait" ["RATE-002"];
    ThrottledForEver "DEF-036" "a throttle never lifts" ["RATE-005"];
    OobCodeOfAnyone "DEF-037" "an `oob_code` of one user is usable with the `mfa_token` of another" ["OOB-POLL-008", "MTK-006"];
    OobCodesMixedUp "DEF-038" "every `oob_code` of a user stands for the newest transaction" ["OOB-POLL-009", "OOB-POLL-017"];
    RedeemableTwice "DEF-039" "an approved `oob_code` can be redeemed twice" ["OOB-POLL-012"];
    RedeemRace "DEF-040" "two polls at the same moment both get tokens" ["OOB-POLL-015"];
    OobCodeNeverExpires "DEF-041" "an expired `oob_code` stays usable" ["OOB-POLL-011"];
    MfaTokenNeverExpires "DEF-042" "an expired `mfa_token` is accepted" ["MTK-003"];
    MfaTokenOfAnyClient "DEF-043" "an `mfa_token` of another client is accepted" ["MTK-005"];
    TamperedTokenIs500 "DEF-044" "a tampered `mfa_token` is answered 500" ["MTK-002"];
    MfaTokenOpensUserinfo "DEF-045" "an `mfa_token` works as an access token" ["MTK-008"];
    MfaTokenDeletes "DEF-046" "a login `mfa_token` can delete authenticators" ["MTK-012"];
    ScopesUnchecked "DEF-047" "scope and audience of management tokens are not checked" ["MTK-010", "MTK-013"];
    BindingCodeUnchecked "DEF-048" "a prompted code is not required" ["SMS-003", "OOB-POLL-013"];
    OtpReusable "DEF-049" "a one-time code is accepted twice" ["OTP-VERIFY-003"];
    OtpOtherPeriod "DEF-050" "one-time codes are computed with a period of 60 s" ["OTP-ENROLL-001", "OTP-VERIFY-001"];
    OldOtpAccepted "DEF-051" "a one-time code ten minutes old is accepted" ["OTP-VERIFY-005", "OTP-VERIFY-004"];
    OtpNotThrottled "DEF-052" "guessing one-time codes is not throttled" ["OTP-VERIFY-006"];
    ListOfEveryone "DEF-053" "the list shows authenticators of other users" ["LIST-006"];
    ListLeaks "DEF-054" "the list shows secrets" ["LIST-005"];
    UnmaskedName "DEF-055" "the list shows phone numbers and e-mail addresses in full" ["SMS-004"];
    DeleteDoesNothing "DEF-056" "a delete answers 200 with a body and deletes nothing" ["DEL-001", "DEL-002"];
    PathNotDecoded "DEF-057" "`%7C` in the path is not decoded" ["DEL-004"];
    OthersAuthenticators "DEF-058" "authenticators of other users can be deleted and challenged" ["DEL-003", "CHAL-005"];
    SiblingLeft "DEF-059" "deleting push leaves its OTP sibling" ["DEL-005"];
    ChallengeIssuesToken "DEF-060" "the challenge answer carries an access token" ["CHAL-014"];
    NothingEnrolledChallenged "DEF-061" "a challenge for a user with nothing enrolled is answered 200" ["CHAL-007"];
    ChallengeFormIgnored "DEF-062" "the form body of a challenge is ignored" ["CHAL-011", "CHAL-012"];
    BearerOnPollRefused "DEF-063" "a poll with an Authorization header is refused" ["PUSH-ENROLL-012"];
    RawGrantRefused "DEF-064" "a grant URI that is not percent-encoded is refused" ["HTTP-006"];
    TokensCacheable "DEF-065" "token answers may be cached" ["HTTP-003"];
    HtmlErrors "DEF-066" "errors are HTML pages" ["HTTP-001", "HTTP-002", "RATE-006"];
    PushGoesAstray "DEF-067" "a push goes to a device of another user" ["CHAL-015", "DEV-004"];
    SignatureUnchecked "DEF-068" "the signature of a device answer is not checked" ["DEV-003"];
    SubjectUnchecked "DEF-069" "a device answer for another transaction is accepted" ["DEV-003", "OOB-POLL-017"];
    DeviceExpiryUnchecked "DEF-070" "an expired device answer is accepted" ["DEV-003"];
    ApprovesAll "DEF-071" "approving one transaction approves all of the user" ["OOB-POLL-017"];
    WrongPasswordMfaToken "DEF-072" "a wrong password still yields an `mfa_token`" ["PWD-005"];
    PasswordIsEnough "DEF-073" "the password grant returns tokens although MFA is required" ["PWD-001"];
    TokensForAnother "DEF-074" "tokens are issued for a user other than the first-factor user" ["SEC-003"];
    MalformedJsonIs500 "DEF-075" "malformed JSON is answered 500" ["ASSOC-010"];
    ErrorsEchoSecrets "DEF-076" "error texts echo the code that was sent" ["SEC-001"];

    BadBearerIs400 "REQ-ASSOC-001" "an association with a bad bearer is answered 400" ["ASSOC-001"];
    AssociationSilent "REQ-ASSOC-003" "the associate answer does not say which type was chosen" ["ASSOC-003"];
    DisabledFactorEnrols "REQ-ASSOC-015" "a factor that is switched off can be enrolled" ["ASSOC-015"];
    OtpChallengeHasCode "REQ-CHAL-002" "the challenge of a one-time code has an `oob_code`" ["CHAL-002"];
    PromptUnannounced "REQ-CHAL-003" "the challenge of a sent code has no binding method" ["CHAL-003"];
    DeviceApiAtRootOnly "REQ-DEV-001" "the device API is not found under `/appliance-mfa`" ["DEV-001"];
    AnyTicketEnrols "REQ-DEV-002" "a made-up ticket stands for the newest one that waits" ["DEV-002"];
    AnyPhoneAnswers "REQ-DEV-004" "any enrolled phone can answer any push" ["DEV-004"];
    OwnPhonesAnswer "REQ-DEV-004-OWN" "any phone of a user can answer any push of that user" ["DEV-004"];
    PhoneHabitsRefused "REQ-DEV-005" "dates with a fraction, and a modulus that starts with a zero byte, are refused" ["DEV-005"];
    WrongMethodIs500 "REQ-HTTP-004" "a wrong method is answered 500" ["HTTP-004"];
    FirstOfTwoCounts "REQ-HTTP-005" "of a parameter that is given twice the first counts" ["HTTP-005"];
    GrantNotDecoded "REQ-HTTP-006" "a grant URI that is percent-encoded is refused" ["HTTP-006"];
    UnknownMemberRefused "REQ-HTTP-007" "a member that nobody knows is refused" ["HTTP-007"];
    HeaderUnchallenged "REQ-HTTP-009" "wrong credentials in the Authorization header are refused without `WWW-Authenticate`" ["HTTP-009"];
    ListIsObject "REQ-LIST-001" "the list is wrapped in an object" ["LIST-001"];
    ActiveIsText "REQ-LIST-002" "the list says `active` by a text" ["LIST-002"];
    ChannelUnlisted "REQ-LIST-003" "the list does not say the channel" ["LIST-003"];
    PrefixOfAnother "REQ-LIST-004" "the list gives one-time-code factors the prefix of a push" ["LIST-004"];
    ListOfNobody "REQ-LIST-007" "the list without a token is empty instead of refused" ["LIST-007"];
    LabelledListRefused "REQ-LIST-008" "the list is refused when the request has a media type" ["LIST-008"];
    MfaTokenCannotList "REQ-MTK-001" "a fresh `mfa_token` cannot list" ["MTK-001"];
    MfaTokenGuessed "REQ-MTK-009" "a missing `mfa_token` stands for the latest login" ["MTK-009"];
    UnansweredIsRefused "REQ-OOB-POLL-001" "a push that nobody answered is reported as rejected" ["OOB-POLL-001"];
    ExpiresInIsText "REQ-OOB-POLL-004" "tokens got by polling say `expires_in` by a text" ["OOB-POLL-004"];
    TamperedCodePends "REQ-OOB-POLL-010" "a tampered `oob_code` is reported as pending" ["OOB-POLL-010"];
    RightOtpConfirmsNothing "REQ-OTP-ENROLL-003" "the first right one-time code gets tokens and activates nothing" ["OTP-ENROLL-003"];
    WrongOtpConfirms "REQ-OTP-ENROLL-004" "a wrong one-time code activates a new factor" ["OTP-ENROLL-004"];
    OneSeedForAll "REQ-OTP-ENROLL-005" "all one-time-code factors have the same secret" ["OTP-ENROLL-005"];
    WrongOtpPends "REQ-OTP-VERIFY-002" "a wrong one-time code is reported as pending" ["OTP-VERIFY-002"];
    OtpOfAnyone "REQ-OTP-VERIFY-002-ANYONE" "a one-time code of one user is accepted for another" ["OTP-VERIFY-002"];
    BarcodeWithoutBase "REQ-PUSH-ENROLL-002" "the barcode of a push has no `base_url`" ["PUSH-ENROLL-002"];
    CodesCountUp "REQ-PUSH-ENROLL-004" "each `oob_code` is the last one, counted up" ["PUSH-ENROLL-004"];
    MfaTokenMissing "REQ-PWD-004" "the answer that asks for a second factor has no `mfa_token`" ["PWD-004"];
    LoginReadsFormsOnly "REQ-PWD-008" "a login that is sent as JSON is not read" ["PWD-008"];
    MfaTokenRepeats "REQ-PWD-009" "every login of a user gets the same `mfa_token`" ["PWD-009"];
    RequirementsSwapped "REQ-PWD-011" "who has enrolled nothing is told what to be asked by, and the rest what to enrol" ["PWD-011"];
    WrongSecretIs403 "REQ-PWD-012" "a wrong client secret is answered 403" ["PWD-012"];
    MoreLeftThanThereIs "REQ-RATE-003" "the headers say that more polls are left than there can be" ["RATE-003"];
    GoodRecoveryRefused "REQ-RECOV-001" "a good recovery code is refused" ["RECOV-001"];
    AnyNumberTaken "REQ-SMS-001" "a phone number is taken whatever it looks like" ["SMS-001"];
    TextEnrolmentUnannounced "REQ-SMS-002" "the associate answer of a sent code has no binding method" ["SMS-002"];
    TextWithoutVoice "REQ-SMS-005" "a number enrolled for text messages cannot be called" ["SMS-005"];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// No fault has this id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownFault(String);

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown fault `{}`", self.0)
    }
}

impl std::error::Error for UnknownFault {}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(id: &str) -> Result<Self, UnknownFault> {
        let fault = Self::ALL
            .iter()
            .find(|fault| fault.id().eq_ignore_ascii_case(id));
        fault.copied().ok_or_else(|| UnknownFault(id.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_and_found_again() {
        assert!(Fault::ALL.is_sorted_by(|a, b| a.id() < b.id()));
        for fault in Fault::ALL {
            assert_eq!(fault.id().to_lowercase().parse(), Ok(*fault));
            assert!(!fault.breaks().is_empty() && !fault.says().contains('\n'));
        }
        assert_eq!(
            "DEF-999".parse::<Fault>().map_err(|e| e.to_string()),
            Err("unknown fault `DEF-999`".into())
        );
    }
}
