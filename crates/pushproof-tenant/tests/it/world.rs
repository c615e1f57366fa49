//! A tenant with a clock in the hand: [`World`].

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use http::Request;
use pushproof_tenant::{
    Fault, Keys, Profile, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, SANDBOX_CONNECTION, Settings,
    Tenant,
};
use serde_json::{Value, json};

use crate::phone::Phone;

static KEYS: LazyLock<Arc<Keys>> = LazyLock::new(Keys::generate);

pub(crate) const OOB: &str = "http://auth0.com/oauth/grant-type/mfa-oob";
pub(crate) const OTP: &str = "http://auth0.com/oauth/grant-type/mfa-otp";
pub(crate) const RECOVERY: &str = "http://auth0.com/oauth/grant-type/mfa-recovery-code";
pub(crate) const ORIGIN: &str = "https://tenant.example";

pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) now: SystemTime,
    manager: String,
}

/// A user with an enrolled phone.
pub(crate) struct Enrolled {
    pub(crate) phone: Phone,
    pub(crate) recovery_code: Option<String>,
}

pub(crate) fn settings() -> Settings {
    Settings {
        issuer: Some(format!("{ORIGIN}/")),
        ..Settings::default()
    }
}

impl World {
    /// A tenant at 2026-01-01, as the fact sheet has it.
    pub(crate) fn new(settings: Settings) -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let mut world = Self {
            tenant: Tenant::new(settings, KEYS.clone()),
            now,
            manager: String::new(),
        };
        let audience = format!("{ORIGIN}/api/v2/");
        let reply = world.grant("client_credentials", &[("audience", &audience)]);
        world.manager = reply.text("access_token");
        world
    }

    pub(crate) fn honest() -> Self {
        Self::new(settings())
    }

    pub(crate) fn with_profile(profile: Profile) -> Self {
        Self::new(Settings {
            profile,
            ..settings()
        })
    }

    pub(crate) fn with_fault(fault: Fault) -> Self {
        let mut world = Self::honest();
        let reply = world.json(
            "/__control/settings",
            None,
            &json!({ "faults": [fault.id()] }),
        );
        assert_eq!(reply.status, 200);
        world
    }

    pub(crate) fn wait(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
    }

    pub(crate) fn unix_time(&self) -> u64 {
        self.now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs()
    }

    pub(crate) fn send(&mut self, request: Request<Vec<u8>>) -> Reply {
        let response = self.tenant.handle(self.now, request);
        let (parts, body) = response.into_parts();
        let raw = String::from_utf8(body).unwrap();
        let body = serde_json::from_str(&raw).unwrap_or(Value::Null);
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            raw,
        }
    }

    pub(crate) fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "tenant.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap())
    }

    pub(crate) fn json(&mut self, path: &str, bearer: Option<&str>, body: &Value) -> Reply {
        self.with_bearer(
            "POST",
            path,
            bearer,
            &[("content-type", "application/json")],
            body.to_string(),
        )
    }

    pub(crate) fn get(&mut self, path: &str, bearer: Option<&str>) -> Reply {
        self.with_bearer("GET", path, bearer, &[], "")
    }

    pub(crate) fn delete(&mut self, path: &str, bearer: Option<&str>) -> Reply {
        self.with_bearer("DELETE", path, bearer, &[], "")
    }

    fn with_bearer(
        &mut self,
        method: &str,
        path: &str,
        bearer: Option<&str>,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Reply {
        let authorization = bearer.map(|bearer| format!("Bearer {bearer}"));
        let mut headers = headers.to_vec();
        headers.extend(
            authorization
                .as_deref()
                .map(|value| ("authorization", value)),
        );
        self.call(method, path, &headers, body)
    }

    pub(crate) fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.call("POST", path, &headers, encode(fields))
    }

    /// A grant of the sandbox's client.
    pub(crate) fn grant(&mut self, grant_type: &str, fields: &[(&str, &str)]) -> Reply {
        self.grant_as(
            (SANDBOX_CLIENT_ID, Some(SANDBOX_CLIENT_SECRET)),
            grant_type,
            fields,
        )
    }

    pub(crate) fn grant_as(
        &mut self,
        (id, secret): (&str, Option<&str>),
        grant_type: &str,
        fields: &[(&str, &str)],
    ) -> Reply {
        let mut all = vec![("grant_type", grant_type), ("client_id", id)];
        all.extend(secret.map(|secret| ("client_secret", secret)));
        all.extend_from_slice(fields);
        self.form("/oauth/token", &all)
    }

    /// Makes a user; gives the `user_id`.
    pub(crate) fn user(&mut self, name: &str) -> String {
        self.make_user(name, false)
    }

    pub(crate) fn make_user(&mut self, name: &str, email_verified: bool) -> String {
        let manager = self.manager.clone();
        let body = json!({ "connection": SANDBOX_CONNECTION, "email": address(name),
            "password": password(name), "email_verified": email_verified });
        self.json("/api/v2/users", Some(&manager), &body)
            .text("user_id")
    }

    pub(crate) fn remove_user(&mut self, id: &str) -> Reply {
        let manager = self.manager.clone();
        self.delete(
            &format!("/api/v2/users/{}", id.replace('|', "%7C")),
            Some(&manager),
        )
    }

    pub(crate) fn manager(&self) -> String {
        self.manager.clone()
    }

    /// The `mfa_token` of a fresh login.
    pub(crate) fn login(&mut self, name: &str) -> String {
        self.login_for(name, &[("scope", "openid profile")])
            .text("mfa_token")
    }

    pub(crate) fn login_for(&mut self, name: &str, wish: &[(&str, &str)]) -> Reply {
        let (address, password) = (address(name), password(name));
        let mut fields = vec![("username", &*address), ("password", &*password)];
        fields.extend_from_slice(wish);
        self.grant("password", &fields)
    }

    pub(crate) fn associate(&mut self, bearer: &str, body: &Value) -> Reply {
        self.json("/mfa/associate", Some(bearer), body)
    }

    pub(crate) fn associate_push(&mut self, bearer: &str) -> Reply {
        self.associate(
            bearer,
            &json!({ "authenticator_types": ["oob"], "oob_channels": ["auth0"] }),
        )
    }

    pub(crate) fn associate_otp(&mut self, bearer: &str) -> Reply {
        self.associate(bearer, &json!({ "authenticator_types": ["otp"] }))
    }

    pub(crate) fn poll(&mut self, mfa_token: &str, oob_code: &str) -> Reply {
        self.grant(OOB, &[("mfa_token", mfa_token), ("oob_code", oob_code)])
    }

    pub(crate) fn otp(&mut self, mfa_token: &str, otp: &str) -> Reply {
        self.grant(OTP, &[("mfa_token", mfa_token), ("otp", otp)])
    }

    pub(crate) fn recover(&mut self, mfa_token: &str, code: &str) -> Reply {
        self.grant(
            RECOVERY,
            &[("mfa_token", mfa_token), ("recovery_code", code)],
        )
    }

    pub(crate) fn list(&mut self, bearer: &str) -> Reply {
        self.get("/mfa/authenticators", Some(bearer))
    }

    pub(crate) fn challenge(&mut self, mfa_token: &str, more: &Value) -> Reply {
        let mut body = json!({ "client_id": SANDBOX_CLIENT_ID, "client_secret": SANDBOX_CLIENT_SECRET,
            "mfa_token": mfa_token });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.json("/mfa/challenge", None, &body)
    }

    /// The `oob_code` of a fresh push challenge.
    pub(crate) fn push(&mut self, mfa_token: &str) -> String {
        self.challenge(mfa_token, &json!({ "challenge_type": "oob" }))
            .text("oob_code")
    }

    /// Lets a phone scan the code of an association.
    pub(crate) fn scan(&mut self, phone: &mut Phone, barcode_uri: &str) -> Reply {
        let request = phone.enrol(barcode_uri);
        let reply = self.send(request);
        if reply.status == 200 {
            phone.enrolled(&reply.body);
        }
        reply
    }

    /// The newest push that a phone got, if any.
    pub(crate) fn read_push(&mut self, phone: &Phone) -> Option<Value> {
        let path = format!("/__control/inbox/{}", phone.push_token);
        self.get(&path, None)
            .body
            .as_array()
            .unwrap()
            .last()
            .cloned()
    }

    /// Lets the phone approve or reject the newest push.
    pub(crate) fn decide(&mut self, phone: &Phone, accepted: bool) -> Reply {
        let push = self.read_push(phone).unwrap();
        self.send(phone.answer(&push, accepted, self.unix_time()))
    }

    /// A user who has enrolled a phone by push and confirmed it.
    pub(crate) fn enrolled(&mut self, name: &str) -> Enrolled {
        self.user(name);
        self.enrol_phone(name)
    }

    pub(crate) fn enrol_phone(&mut self, name: &str) -> Enrolled {
        let mfa_token = self.login(name);
        let begun = self.associate_push(&mfa_token);
        let mut phone = Phone::new(name);
        let scanned = self.scan(&mut phone, &begun.text("barcode_uri"));
        assert_eq!(scanned.status, 200, "{}", scanned.raw);
        self.poll(&mfa_token, &begun.text("oob_code"));
        Enrolled {
            phone,
            recovery_code: begun.body["recovery_codes"][0].as_str().map(Into::into),
        }
    }

    /// Lets a phone give its account up.
    pub(crate) fn delete_phone(&mut self, phone: &Phone) -> Reply {
        self.delete(
            &format!("/appliance-mfa/api/device-accounts/{}", phone.id),
            Some(&phone.account_token),
        )
    }

    /// An access token of the MFA API, for a user without factors.
    pub(crate) fn management_token(&mut self, name: &str, scope: &str) -> String {
        let audience = format!("{ORIGIN}/mfa/");
        self.login_for(name, &[("audience", &audience), ("scope", scope)])
            .text("access_token")
    }
}

pub(crate) fn address(name: &str) -> String {
    format!("{name}@example.com")
}

fn password(name: &str) -> String {
    format!("correct horse {name}")
}

pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        text.bytes()
            .map(|octet| match octet {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                    char::from(octet).to_string()
                }
                octet => format!("%{octet:02X}"),
            })
            .collect::<String>()
    };
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The same token with one character of its middle changed.
pub(crate) fn altered(token: &str) -> String {
    let mut octets = token.as_bytes().to_vec();
    let middle = octets.len() / 2;
    octets[middle] = if octets[middle] == b'A' { b'B' } else { b'A' };
    String::from_utf8(octets).unwrap()
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Value,
    pub(crate) raw: String,
}

impl Reply {
    pub(crate) fn text(&self, member: &str) -> String {
        self.body[member]
            .as_str()
            .unwrap_or_else(|| panic!("no `{member}` in {}", self.raw))
            .into()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("-", |value| value.to_str().unwrap())
    }

    /// Status and meaning: the error, or what the body is.
    pub(crate) fn brief(&self) -> String {
        let meaning = match &self.body {
            Value::Object(body) if body.contains_key("errorCode") => self.text("errorCode"),
            Value::Object(body) if body.contains_key("error") => self.text("error"),
            Value::Object(body) if body.contains_key("access_token") => "tokens".into(),
            Value::Object(body) => body
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" "),
            Value::Array(entries) => format!("list of {}", entries.len()),
            _ => self.raw.clone(),
        };
        format!("{} {meaning}", self.status).trim_end().into()
    }

    /// The same with the text of an error.
    pub(crate) fn full(&self) -> String {
        let description = self.body["error_description"]
            .as_str()
            .or(self.body["message"].as_str());
        description.map_or_else(
            || self.brief(),
            |text| format!("{} \"{text}\"", self.brief()),
        )
    }

    /// The entries of a list, each as `prefix:active`, with the name where there is one.
    pub(crate) fn entries(&self) -> String {
        let entry = |entry: &Value| {
            let prefix = entry["id"].as_str().unwrap().split('|').next().unwrap();
            let state = if entry["active"].as_bool().unwrap() {
                "active"
            } else {
                "inactive"
            };
            let name = entry["name"]
                .as_str()
                .map(|name| format!(" \"{name}\""))
                .unwrap_or_default();
            format!("{prefix} {state}{name}")
        };
        self.body
            .as_array()
            .unwrap()
            .iter()
            .map(entry)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The id of the first entry with a prefix.
    pub(crate) fn id_of(&self, prefix: &str) -> String {
        let ids = self
            .body
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|entry| entry["id"].as_str());
        ids.into_iter()
            .find(|id| id.starts_with(prefix))
            .unwrap_or_else(|| panic!("{}", self.raw))
            .into()
    }

    /// The claims of a token in the body, unverified.
    pub(crate) fn claims(&self, member: &str) -> Value {
        let token = self.text(member);
        let part = token.split('.').nth(1).unwrap();
        serde_json::from_slice(
            &data_encoding::BASE64URL_NOPAD
                .decode(part.as_bytes())
                .unwrap(),
        )
        .unwrap()
    }
}
