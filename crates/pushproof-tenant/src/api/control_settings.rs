//! `POST /__control/settings`: the tenant's switches and knobs (`protocol.md` §11.3), changed while it runs. All that a
//! body names is changed or nothing is; the answer tells all as they then stand.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::any_fault::AnyFault;
use crate::call::Call;
use crate::refusals;
use crate::reply::{Answer, Refusal, Reply};
use crate::settings::{
    Buckets, Factor, Lifetimes, MfaRequirements, Profile, Rate, Settings, Statuses,
};
use crate::tenant::Tenant;

/// A knob of a group: its name, and the way to it.
type Knob<G, T> = (&'static str, fn(&mut G) -> &mut T);

const LIFETIMES: [Knob<Lifetimes, Duration>; 9] = [
    ("mfa_token", |of| &mut of.mfa_token),
    ("oob_code", |of| &mut of.oob_code),
    ("enrolment", |of| &mut of.enrolment),
    ("management_token", |of| &mut of.management_token),
    ("access_token", |of| &mut of.access_token),
    ("refresh_token", |of| &mut of.refresh_token),
    ("remembered", |of| &mut of.remembered),
    ("block", |of| &mut of.block),
    ("user", |of| &mut of.user),
];

const BUCKETS: [Knob<Buckets, Rate>; 7] = [
    ("poll", |of| &mut of.poll),
    ("push", |of| &mut of.push),
    ("otp", |of| &mut of.otp),
    ("recovery", |of| &mut of.recovery),
    ("sms", |of| &mut of.sms),
    ("email", |of| &mut of.email),
    ("login", |of| &mut of.login),
];

const STATUSES: [Knob<Statuses, u16>; 3] = [
    ("mfa_required", |of| &mut of.mfa_required),
    ("pending", |of| &mut of.pending),
    ("slow_down", |of| &mut of.slow_down),
];

/// A year. Longer lives are no use, and sums of instants must not overflow.
const LIFETIME_MAX_MS: u64 = 365 * 86_400_000;

impl Tenant {
    pub(crate) fn control_settings(&mut self, call: &Call<'_>) -> Answer {
        let fields = self.fields(call)?;
        let mut settings = self.settings.clone();
        for (name, value) in fields.members() {
            set(&mut settings, name, value)?;
        }
        self.settings = settings;
        Ok(Reply::ok(switches(&self.settings)))
    }
}

fn set(settings: &mut Settings, name: &str, value: &Value) -> Result<(), Refusal> {
    let number = |name| {
        value
            .as_u64()
            .ok_or_else(|| refusals::must_be(name, "a number"))
    };
    match name {
        "recovery_codes" => {
            settings.recovery_codes = value
                .as_bool()
                .ok_or_else(|| refusals::must_be("recovery_codes", "a boolean"))?;
        }
        "profile" => {
            settings.profile = match value.as_str() {
                Some("documented") => Profile::Documented,
                Some("observed") => Profile::Observed,
                _ => return Err(refusals::must_be("profile", "documented or observed")),
            };
        }
        "factors" => {
            settings.factors = texts(value, factor)
                .ok_or_else(|| refusals::must_be("factors", "a list of factors"))?;
        }
        "faults" => {
            let list = texts_of(value, |text| text.parse::<AnyFault>().ok());
            let faults = list.ok_or_else(|| refusals::must_be("faults", "a list of faults"))?;
            settings.faults.clear();
            settings.reply_faults.clear();
            faults
                .into_iter()
                .for_each(|fault| settings.switch_on(fault));
        }
        "mfa_requirements" => {
            let named = MfaRequirements::ALL
                .into_iter()
                .find(|one| value.as_str() == Some(one.name()));
            settings.mfa_requirements = named.ok_or_else(|| {
                refusals::must_be("mfa_requirements", "absent, types or challenge_types")
            })?;
        }
        "statuses" => {
            let wrong = || refusals::must_be("statuses", "an object of statuses from 400 to 599");
            turn(&mut settings.statuses, &STATUSES, value, status).ok_or_else(wrong)?;
        }
        "lifetimes_ms" => {
            let wrong = || refusals::must_be("lifetimes_ms", "an object of milliseconds");
            turn(&mut settings.lifetimes, &LIFETIMES, value, lifetime).ok_or_else(wrong)?;
        }
        "buckets" => {
            let wrong = || refusals::must_be("buckets", "an object of {burst, refill_ms}");
            turn(&mut settings.buckets, &BUCKETS, value, rate).ok_or_else(wrong)?;
        }
        "login_failures_max" => {
            let most = number("login_failures_max")?;
            settings.login_failures_max = u32::try_from(most).unwrap_or(u32::MAX);
        }
        "users_max" => {
            settings.users_max = usize::try_from(number("users_max")?).unwrap_or(usize::MAX);
        }
        name => {
            let factor = name.strip_prefix("factor.").and_then(factor);
            let factor =
                factor.ok_or_else(|| refusals::invalid_request("There is no such switch."))?;
            match value.as_bool() {
                Some(true) => settings.factors.insert(factor),
                Some(false) => settings.factors.remove(&factor),
                None => return Err(refusals::must_be("a factor's switch", "a boolean")),
            };
        }
    }
    Ok(())
}

/// Turns the knobs of a group that an object names; `None` when a name or a value is strange.
fn turn<G, T>(
    group: &mut G,
    knobs: &[Knob<G, T>],
    value: &Value,
    read: impl Fn(&Value) -> Option<T>,
) -> Option<()> {
    for (name, value) in value.as_object()? {
        let (_, knob) = knobs.iter().find(|(known, _)| known == name)?;
        *knob(group) = read(value)?;
    }
    Some(())
}

fn status(value: &Value) -> Option<u16> {
    let status = u16::try_from(value.as_u64()?).ok()?;
    (400..600).contains(&status).then_some(status)
}

fn lifetime(value: &Value) -> Option<Duration> {
    let ms = value.as_u64().filter(|ms| *ms <= LIFETIME_MAX_MS)?;
    Some(Duration::from_millis(ms))
}

fn rate(value: &Value) -> Option<Rate> {
    Some(Rate {
        burst: u32::try_from(value["burst"].as_u64()?).ok()?,
        refill: lifetime(&value["refill_ms"])?,
    })
}

fn factor(name: &str) -> Option<Factor> {
    Factor::ALL.into_iter().find(|factor| factor.name() == name)
}

fn texts<T: Ord>(list: &Value, read: impl Fn(&str) -> Option<T>) -> Option<BTreeSet<T>> {
    texts_of(list, read).map(|list| list.into_iter().collect())
}

fn texts_of<T>(list: &Value, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    list.as_array()?
        .iter()
        .map(|item| item.as_str().and_then(&read))
        .collect()
}

fn switches(settings: &Settings) -> Map<String, Value> {
    let factors: Vec<_> = settings
        .factors
        .iter()
        .map(|factor| factor.name())
        .collect();
    [
        ("recovery_codes", json!(settings.recovery_codes)),
        ("profile", json!(settings.profile.name())),
        ("factors", json!(factors)),
        ("faults", json!(settings.fault_texts())),
        ("mfa_requirements", json!(settings.mfa_requirements.name())),
        (
            "statuses",
            shown(settings.statuses, &STATUSES, |status| json!(status)),
        ),
        ("lifetimes_ms", shown(settings.lifetimes, &LIFETIMES, ms)),
        (
            "buckets",
            shown(
                settings.buckets,
                &BUCKETS,
                |rate| json!({ "burst": rate.burst, "refill_ms": ms(&rate.refill) }),
            ),
        ),
        ("login_failures_max", json!(settings.login_failures_max)),
        ("users_max", json!(settings.users_max)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

fn shown<G, T>(mut group: G, knobs: &[Knob<G, T>], show: impl Fn(&T) -> Value) -> Value {
    let knobs = knobs
        .iter()
        .map(|(name, knob)| ((*name).to_owned(), show(knob(&mut group))));
    Value::Object(knobs.collect())
}

fn ms(duration: &Duration) -> Value {
    json!(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
