//! The control surface under `/__control/` (`design.md` §5): what a test needs and a tenant does not offer. The clock
//! is not here, because the tenant has none.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::any_fault::AnyFault;
use crate::body::percent_decode;
use crate::call::Call;
use crate::refusals;
use crate::reply::{Answer, Refusal, Reply};
use crate::settings::{Factor, Profile, Settings};
use crate::tenant::Tenant;

impl Tenant {
    /// Push payloads not yet fetched, oldest first.
    pub(crate) fn control_inbox(&mut self, push_token: &str) -> Answer {
        let push_token = percent_decode(push_token).ok_or_else(refusals::not_found)?;
        Ok(Reply::ok(Value::Array(self.pushes.fetch(&push_token))))
    }

    /// Messages to a phone number or e-mail address not yet fetched, oldest first.
    pub(crate) fn control_messages(&mut self, address: &str) -> Answer {
        let address = percent_decode(address).ok_or_else(refusals::not_found)?;
        Ok(Reply::ok(Value::Array(self.messages.fetch(&address))))
    }

    /// Changes the tenant's switches, all that are named or none; answers with all switches as they then stand.
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
                .ok_or_else(|| refusals::must_be("factors", "a list of factors"))?
        }
        "faults" => {
            let faults = value
                .as_array()
                .and_then(|list| list.iter().map(fault).collect::<Option<Vec<_>>>());
            settings.faults.clear();
            settings.reply_faults.clear();
            faults
                .ok_or_else(|| refusals::must_be("faults", "a list of faults"))?
                .into_iter()
                .for_each(|fault| settings.switch_on(fault));
        }
        _ => return Err(refusals::invalid_request("There is no such switch.")),
    }
    Ok(())
}

fn fault(text: &Value) -> Option<AnyFault> {
    text.as_str()?.parse().ok()
}

fn factor(name: &str) -> Option<Factor> {
    Factor::ALL.into_iter().find(|factor| factor.name() == name)
}

fn texts<T: Ord>(list: &Value, read: impl Fn(&str) -> Option<T>) -> Option<BTreeSet<T>> {
    list.as_array()?
        .iter()
        .map(|item| item.as_str().and_then(&read))
        .collect()
}

fn switches(settings: &Settings) -> Map<String, Value> {
    let profile = match settings.profile {
        Profile::Documented => "documented",
        Profile::Observed => "observed",
    };
    let factors: Vec<_> = settings
        .factors
        .iter()
        .map(|factor| factor.name())
        .collect();
    let known = settings.faults.iter().map(|fault| fault.id().to_owned());
    let of_replies = settings.reply_faults.iter().map(ToString::to_string);
    let faults: Vec<_> = known.chain(of_replies).collect();
    [
        ("recovery_codes", json!(settings.recovery_codes)),
        ("profile", json!(profile)),
        ("factors", json!(factors)),
        ("faults", json!(faults)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}
