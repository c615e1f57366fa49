//! Who takes part, what kinds of device there are, and what fragments take and give.

use super::{EMPTY, Key, Map, Rule, Shape, Variants, Words, may, need};
use crate::ast::{Channel, InputKind};

/// The kinds of device that an actor can be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DeviceKind {
    Push,
    Approver,
    Messages(Channel),
}

pub(crate) static DEVICES: Words<DeviceKind> = Words(&[
    (
        "push",
        DeviceKind::Push,
        "A phone that gets pushes and answers them.",
    ),
    (
        "approver",
        DeviceKind::Approver,
        "Somebody who decides, by whatever means the target has; needs no owner.",
    ),
    (
        "sms",
        DeviceKind::Messages(Channel::Sms),
        "The text messages that its owner receives.",
    ),
    (
        "voice",
        DeviceKind::Messages(Channel::Voice),
        "The calls that its owner receives.",
    ),
    (
        "email",
        DeviceKind::Messages(Channel::Email),
        "The e-mails that its owner receives.",
    ),
]);

pub(crate) static USERS: Words<()> = Words(&[(
    "fresh",
    (),
    "A user whom nobody has used before and who has no factor.",
)]);

const IS_USER: Key = need(
    "user",
    Shape::Word(&USERS),
    "A person, and where the target gets one from.",
);
const IS_DEVICE: Key = need(
    "device",
    Shape::Word(&DEVICES),
    "A device, and of which kind.",
);

pub(crate) static ACTOR: Map = Map {
    name: "actor",
    what: "an actor",
    says: "A person, `{ user: fresh }`, or a device, `{ device: push, owner: alice }`.",
    keys: &[&[
        may(
            "user",
            Shape::Word(&USERS),
            "A person, and where the target gets one from.",
        ),
        may(
            "device",
            Shape::Word(&DEVICES),
            "A device, and of which kind.",
        ),
        may("owner", Shape::Text, "The person to whom a device belongs."),
    ]],
    rules: &[Rule::Some(&["user", "device"])],
    variants: Variants::ByKey(&[("user", &PERSON), ("device", &OWNED)]),
    ..EMPTY
};

static PERSON: Map = Map {
    name: "person",
    what: "an actor",
    says: "A person.",
    keys: &[&[IS_USER]],
    ..EMPTY
};

static OWNED: Map = Map {
    name: "owned_device",
    what: "an actor",
    says: "A device that belongs to somebody.",
    keys: &[&[
        IS_DEVICE,
        need("owner", Shape::Text, "The person to whom it belongs."),
    ]],
    variants: Variants::ByWord("device", &[("approver", &APPROVER)]),
    ..EMPTY
};

static APPROVER: Map = Map {
    name: "approver",
    what: "an actor",
    says: "Somebody who decides.",
    keys: &[&[
        IS_DEVICE,
        may(
            "owner",
            Shape::Text,
            "The person for whom is decided, if that is known.",
        ),
    ]],
    ..EMPTY
};

pub(crate) static INPUT_KINDS: Words<InputKind> = Words(&[
    ("user", InputKind::User, "A person, given by name."),
    (
        "device.push",
        InputKind::Device,
        "A phone that gets pushes, given by name.",
    ),
    (
        "device.approver",
        InputKind::Device,
        "Somebody who decides, given by name.",
    ),
    (
        "device.sms",
        InputKind::Messages,
        "Somebody's text messages, given by name.",
    ),
    (
        "device.voice",
        InputKind::Messages,
        "Somebody's calls, given by name.",
    ),
    (
        "device.email",
        InputKind::Messages,
        "Somebody's e-mails, given by name.",
    ),
    ("text", InputKind::Value, "A text."),
    ("secret", InputKind::Value, "A text that no report shows."),
    ("number", InputKind::Value, "A number."),
]);

pub(crate) static OUTPUT_KINDS: Words<()> = Words(&[
    ("text", (), "A text."),
    ("secret", (), "A text that no report shows."),
    ("number", (), "A number."),
]);

pub(crate) static OUTPUT: Map = Map {
    name: "output",
    what: "an output",
    says: "An output of a fragment with its kind.",
    keys: &[&[
        need(
            "type",
            Shape::Word(&OUTPUT_KINDS),
            "What kind of value it is.",
        ),
        may(
            "optional",
            Shape::Boolean,
            "Whether it may be missing; without it a missing value fails the step that captures it.",
        ),
    ]],
    ..EMPTY
};
