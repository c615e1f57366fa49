//! The people of the tenant: [`User`], and where they are found: [`Users`].

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::authenticator::{Authenticator, BegunWith, Channel, DeviceId, Kind, Phone};
use crate::bucket::Bucket;
use crate::seal::SealId;
use crate::settings::Buckets;

/// So many removed users may at least stand in the queue of those who will leave.
const REMOVED_MAX: usize = 64;
/// So many of a user's newest transactions are kept at hand.
const RECENT_MAX: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct UserKey(u64);

pub(crate) struct User {
    /// The `user_id`, and the `sub` of tokens.
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) email_verified: bool,
    pub(crate) password: String,
    /// Whether somebody has shut the user out through the Management API.
    pub(crate) blocked: bool,
    /// When the user was made or has logged in last.
    pub(crate) seen: Duration,
    /// In the order of creation; a verified e-mail address is not among them unless somebody enrolled it.
    pub(crate) authenticators: Vec<Authenticator>,
    /// Names the implicit e-mail factor.
    pub(crate) email_device: DeviceId,
    /// The newest transactions, oldest first.
    pub(crate) recent: VecDeque<SealId>,
    /// The recovery code used last and when, for [`crate::Fault::RecoveryRace`].
    pub(crate) used_recovery: Option<(String, Duration)>,
    pub(crate) pushes: Bucket,
    pub(crate) texts: Bucket,
    pub(crate) emails: Bucket,
    pub(crate) otp_failures: Bucket,
    pub(crate) recovery_failures: Bucket,
}

/// What a new user is made of.
pub(crate) struct Registration {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) email_verified: bool,
    pub(crate) password: String,
    pub(crate) email_device: DeviceId,
}

impl User {
    pub(crate) fn new(now: Duration, buckets: &Buckets, registration: Registration) -> Self {
        let Registration {
            id,
            email,
            email_verified,
            password,
            email_device,
        } = registration;
        Self {
            id,
            email,
            email_verified,
            password,
            blocked: false,
            seen: now,
            authenticators: Vec::new(),
            email_device,
            recent: VecDeque::new(),
            used_recovery: None,
            pushes: Bucket::full(buckets.push, now),
            texts: Bucket::full(buckets.sms, now),
            emails: Bucket::full(buckets.email, now),
            otp_failures: Bucket::full(buckets.otp, now),
            recovery_failures: Bucket::full(buckets.recovery, now),
        }
    }

    /// A name made of the user's id alone, for faults by which what should be fresh repeats.
    pub(crate) fn seal_name(&self) -> SealId {
        let mix = |name: u128, octet: u8| name << 5 ^ u128::from(octet);
        SealId(self.id.bytes().fold(0, mix))
    }

    /// Whether a factor that was enrolled on purpose is active. The implicit e-mail does not count (`protocol.md` §1.2).
    pub(crate) fn is_enrolled(&self) -> bool {
        self.authenticators
            .iter()
            .any(|authenticator| authenticator.is_factor() && authenticator.active)
    }

    /// The factor that a verified e-mail address is without enrolment (EMAIL-001).
    pub(crate) fn implicit_email(&self) -> Option<Authenticator> {
        let is_email = |one: &Authenticator| {
            matches!(
                one.kind,
                Kind::Prompt {
                    channel: Channel::Email,
                    ..
                }
            )
        };
        let is_enrolled = self
            .authenticators
            .iter()
            .any(|one| one.active && is_email(one));
        (self.email_verified && !is_enrolled).then(|| Authenticator {
            device: self.email_device.clone(),
            kind: Kind::Prompt {
                channel: Channel::Email,
                address: self.email.clone(),
            },
            active: true,
            sibling: None,
            begun_with: BegunWith::Management,
        })
    }

    pub(crate) fn recovery(&self) -> Option<&Authenticator> {
        self.authenticators
            .iter()
            .find(|authenticator| !authenticator.is_factor())
    }

    pub(crate) fn recovery_mut(&mut self) -> Option<&mut Authenticator> {
        self.authenticators
            .iter_mut()
            .find(|authenticator| !authenticator.is_factor())
    }

    pub(crate) fn on_device(&self, device: &DeviceId) -> Option<&Authenticator> {
        self.authenticators
            .iter()
            .find(|authenticator| authenticator.device == *device)
    }

    /// The enrolled phone behind a device id.
    pub(crate) fn phone(&self, device: &DeviceId) -> Option<&Phone> {
        self.authenticators
            .iter()
            .find_map(|authenticator| match &authenticator.kind {
                Kind::Push(phone) if authenticator.device == *device => phone.as_ref(),
                _ => None,
            })
    }

    pub(crate) fn phone_mut(&mut self, device: &DeviceId) -> Option<&mut Phone> {
        self.authenticators
            .iter_mut()
            .find_map(|authenticator| match &mut authenticator.kind {
                Kind::Push(phone) if authenticator.device == *device => phone.as_mut(),
                _ => None,
            })
    }

    /// Removes what stands on a device id, and its sibling if told so; gives the ids of what went.
    pub(crate) fn remove(&mut self, device: &DeviceId, with_sibling: bool) -> Vec<DeviceId> {
        let sibling = self
            .on_device(device)
            .and_then(|authenticator| authenticator.sibling.clone());
        let sibling = sibling.filter(|_| with_sibling);
        let goes = |other: &mut Authenticator| {
            other.device == *device || Some(&other.device) == sibling.as_ref()
        };
        self.authenticators
            .extract_if(.., goes)
            .map(|gone| gone.device)
            .collect()
    }

    pub(crate) fn remember(&mut self, transaction: SealId) {
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(transaction);
    }
}

/// All users, by key, by e-mail address in lower case, by id, and by enrolled device.
#[derive(Default)]
pub(crate) struct Users {
    /// Boxed, so that finding one among very many looks at few lines of memory.
    users: BTreeMap<UserKey, Box<User>>,
    by_email: BTreeMap<String, UserKey>,
    by_id: BTreeMap<String, UserKey>,
    by_device: BTreeMap<DeviceId, UserKey>,
    /// Each user once, with an instant at or before the one when he was seen last; those seen long ago stand in front.
    by_age: VecDeque<(Duration, UserKey)>,
    created: u64,
}

impl Users {
    /// Lets users go until there is room for one more: those not seen since an instant, and others who were not seen
    /// for the longest time as long as there are too many. Somebody due may stay for a while behind one who is not.
    pub(crate) fn make_room(&mut self, unseen_since: Duration, len_max: usize) {
        while let Some((counted, key)) = self.by_age.pop_front() {
            let Some(user) = self.users.get(&key) else {
                continue;
            };
            if user.seen > counted {
                self.by_age.push_back((user.seen, key));
            } else if user.seen < unseen_since || self.users.len() >= len_max {
                self.remove(key);
            } else {
                self.by_age.push_front((counted, key));
                break;
            }
        }
    }

    pub(crate) fn add(&mut self, user: User) -> UserKey {
        self.created += 1;
        let key = UserKey(self.created);
        self.by_email.insert(user.email.to_lowercase(), key);
        self.by_id.insert(user.id.clone(), key);
        self.by_age.push_back((user.seen, key));
        self.users.insert(key, Box::new(user));
        key
    }

    pub(crate) fn remove(&mut self, key: UserKey) {
        let Some(user) = self.users.remove(&key) else {
            return;
        };
        self.by_email.remove(&user.email.to_lowercase());
        self.by_id.remove(&user.id);
        for authenticator in &user.authenticators {
            self.by_device.remove(&authenticator.device);
        }
        // Those who were removed stay in the queue until they outnumber the others.
        if self.by_age.len() > 2 * self.users.len() + REMOVED_MAX {
            let users = &self.users;
            self.by_age.retain(|(_, key)| users.contains_key(key));
        }
    }

    pub(crate) fn get(&self, key: UserKey) -> Option<&User> {
        self.users.get(&key).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, key: UserKey) -> Option<&mut User> {
        self.users.get_mut(&key).map(Box::as_mut)
    }

    pub(crate) fn named(&self, email: &str) -> Option<UserKey> {
        self.by_email.get(&email.to_lowercase()).copied()
    }

    pub(crate) fn with_id(&self, id: &str) -> Option<UserKey> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn with_device(&self, device: &DeviceId) -> Option<UserKey> {
        self.by_device.get(device).copied()
    }

    /// Lets a device be found by its id from now on.
    pub(crate) fn note_device(&mut self, device: DeviceId, owner: UserKey) {
        self.by_device.insert(device, owner);
    }

    /// Removes a factor of a user, with its sibling if told so.
    pub(crate) fn remove_device(&mut self, owner: UserKey, device: &DeviceId, with_sibling: bool) {
        let Some(user) = self.users.get_mut(&owner) else {
            return;
        };
        for gone in user.remove(device, with_sibling) {
            self.by_device.remove(&gone);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.users.len()
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &User> {
        self.users.values().rev().map(Box::as_ref)
    }

    /// All users in the order of their creation.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (UserKey, &User)> {
        self.users.iter().map(|(key, user)| (*key, user.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(n: u64, seen: u64) -> User {
        let registration = Registration {
            id: format!("auth0|{n}"),
            email: format!("{n}@example.com"),
            email_verified: false,
            password: String::new(),
            email_device: DeviceId("dev_x".into()),
        };
        User::new(Duration::from_secs(seen), &Buckets::default(), registration)
    }

    /// Users that come and go leave nothing behind, though somebody older stays.
    #[test]
    fn the_queue_is_as_long_as_there_are_users() {
        let mut users = Users::default();
        users.add(user(0, 0));
        for n in 1..1_000 {
            users.make_room(Duration::ZERO, 10);
            let key = users.add(user(n, n));
            users.remove(key);
            assert!(users.by_age.len() <= 2 * users.len() + REMOVED_MAX);
        }
        assert_eq!(users.len(), 1);
    }

    #[test]
    fn who_was_seen_since_stays_for_another_turn() {
        let mut users = Users::default();
        let keys: Vec<_> = (0..4).map(|n| users.add(user(n, n))).collect();
        users.get_mut(keys[0]).expect("it was added").seen = Duration::from_secs(50);
        users.make_room(Duration::ZERO, 3);
        let left: Vec<_> = keys.iter().map(|key| users.get(*key).is_some()).collect();
        assert_eq!(left, [true, false, false, true]);
        users.make_room(Duration::from_secs(40), 3);
        assert_eq!(users.len(), 1);
    }
}
