//! The states of a transaction (§11.2) against a model of twenty lines: whatever approvers and clients do, in whatever
//! order, tokens are given once, only for an approval, and only in time.

use proptest::prelude::*;
use pushproof_tenant::{Buckets, Rate, Settings};
use serde_json::Value;

use crate::world::{World, settings};

#[derive(Clone, Copy, Debug)]
enum Act {
    Wait(u64),
    Poll(usize),
    Answer(usize, bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0_u64..150_000).prop_map(Act::Wait),
        (0_usize..3).prop_map(Act::Poll),
        (0_usize..3, any::<bool>()).prop_map(|(push, accepted)| Act::Answer(push, accepted)),
    ]
}

/// A transaction as the fact sheet has it.
#[derive(Clone, Copy, Default)]
struct Model {
    decided: Option<bool>,
    redeemed: bool,
}

impl Model {
    /// What a poll must say; redeems.
    fn poll(&mut self, age_ms: u64) -> &'static str {
        match self.decided {
            Some(false) => "400 access_denied",
            _ if self.redeemed => "403 invalid_grant",
            _ if age_ms >= 300_000 => "403 expired_token",
            None => "400 authorization_pending",
            Some(true) => {
                self.redeemed = true;
                "200 tokens"
            }
        }
    }

    /// What an answer of the phone must get.
    fn answer(&mut self, age_ms: u64, accepted: bool) -> &'static str {
        match self.decided {
            None if age_ms < 300_000 => {
                self.decided = Some(accepted);
                "204"
            }
            Some(true) if !self.redeemed && age_ms >= 300_000 => "404 transaction_expired",
            None => "404 transaction_expired",
            Some(_) => "404 login_transaction_not_found",
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn transactions_do_as_the_model_says(acts in prop::collection::vec(act(), 1..40)) {
        let buckets = Buckets { poll: Rate::new(1_000, 1), ..Buckets::default() };
        let mut world = World::new(Settings { buckets, ..settings() });
        let phone = world.enrolled("ada").phone;
        let login = world.login("ada");
        let codes = [(); 3].map(|()| world.push(&login));
        let Value::Array(pushes) = world.get(&format!("/__control/inbox/{}", phone.push_token), None).body else {
            unreachable!("the inbox is a list");
        };
        let (mut models, mut age_ms) = ([Model::default(); 3], 0);
        for act in acts {
            let (said, expected) = match act {
                Act::Wait(ms) if age_ms + ms < 600_000 => {
                    world.wait(ms);
                    age_ms += ms;
                    continue;
                }
                Act::Wait(_) => continue,
                Act::Poll(i) => (world.poll(&login, &codes[i]).brief(), models[i].poll(age_ms)),
                Act::Answer(i, accepted) => {
                    let now = world.unix_time();
                    (world.send(phone.answer(&pushes[i], accepted, now)).brief(), models[i].answer(age_ms, accepted))
                }
            };
            prop_assert_eq!(said, expected, "{:?} after {} ms", act, age_ms);
        }
    }
}
