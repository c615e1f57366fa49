//! What a case wants of its users, read off its program: [`want`].

use pushproof_scenario::{Action, ActorKind, Channel, Program, Step};

use crate::providers::users::Want;

/// Features whose messages go to a telephone.
const BY_PHONE: [&str; 2] = ["factor.sms", "factor.voice"];
/// And to an address.
const BY_EMAIL: &str = "factor.email";

/// What the actor at this position needs, if it is a person.
pub(super) fn want(program: &Program, actor: usize) -> Want {
    let needs = |feature: &str| program.needs.iter().any(|need| need == feature);
    let ActorKind::User { phone, .. } = program.actors[actor].kind else {
        return Want::default();
    };
    let reads = |by_email: bool| {
        program.actors.iter().any(|other| match other.kind {
            ActorKind::Messages { channel, owner } => {
                owner == actor && by_email == (channel == Channel::Email)
            }
            _ => false,
        })
    };
    Want {
        email_verified: needs(BY_EMAIL) || reads(true),
        phone: BY_PHONE.into_iter().any(needs)
            || reads(false)
            || program.steps.iter().any(|step| uses(step, phone)),
    }
}

/// Whether a step sends what stands in a slot, or gives it to a phone.
fn uses(step: &Step, slot: usize) -> bool {
    let sent = step
        .action
        .exchange()
        .is_some_and(|exchange| exchange.template.slots().contains(&slot));
    let given = match &step.action {
        Action::Device { act, .. } => act
            .with
            .iter()
            .any(|(_, operand)| operand.slots().contains(&slot)),
        Action::Poll(poll) => poll.meanwhile.iter().any(|one| {
            one.act
                .with
                .iter()
                .any(|(_, operand)| operand.slots().contains(&slot))
        }),
        _ => false,
    };
    sent || given
}
