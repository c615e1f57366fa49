//! Steps: one table for each kind, made of groups that kinds share.

use super::{
    ACT, ACT_EXPECT, CAPTURE, CHECK, CLIENTS, CONTROL, COUNTS, EMPTY, EXPECT, Fact, HTTP, Key,
    MEANWHILE, Map, Names, Others, Rule, SEND, SETTLES, Shape, Variants, WITH, Words, may, need,
};
use crate::ast::Every;
use crate::expr::At;

/// Most requests that one step sends at the same moment; a session keeps a number for each.
pub(crate) const AT_ONCE_MAX: u32 = 200;
/// Most requests that one step sends one after the other.
pub(crate) const TIMES_MAX: u32 = 200;

/// Which requirements a step or a check judges.
pub(crate) static COVERS: [Key; 2] = [
    may(
        "covers",
        Shape::OneOrMany(&Shape::Name(Fact::Requirement)),
        "The requirements that are judged here; what covers nothing is setup, and accuses nobody.",
    ),
    may(
        "level",
        Shape::Word(&LEVELS),
        "How strictly, where that is less than the requirement itself says.",
    ),
];

pub(crate) static LEVELS: Words<pushproof_report::Level> = Words(&[
    (
        "must",
        pushproof_report::Level::Must,
        "A breach is a failure.",
    ),
    (
        "should",
        pushproof_report::Level::Should,
        "A breach is a warning, with --strict a failure.",
    ),
    (
        "may",
        pushproof_report::Level::May,
        "Only reported as seen or not.",
    ),
]);

static HEAD: [Key; 2] = [
    need(
        "id",
        Shape::Text,
        "The step's name in the file: reports, `control` and lists of known deviations use it.",
    ),
    may(
        "say",
        Shape::Text,
        "What happens, in a sentence for the report.",
    ),
];

static KINDS: [Key; 8] = [
    may(
        "call",
        Shape::Name(Fact::Operation),
        "Send one operation of the dialect once.",
    ),
    may(
        "poll",
        Shape::Name(Fact::Operation),
        "Send an operation again and again until an outcome is final or a limit is reached.",
    ),
    may(
        "use",
        Shape::Name(Fact::Fragment),
        "Do the steps of a fragment.",
    ),
    may(
        "wait",
        Shape::Either(&[Shape::Duration, Shape::Map(&PAST)]),
        "Let time pass; in the sandbox that takes none.",
    ),
    may(
        "device",
        Shape::Text,
        "Let a device, or whoever holds it, do something.",
    ),
    may(
        "together",
        Shape::Several(2, &Shape::Map(&STEP)),
        "Send several calls at the same moment.",
    ),
    may("set", Shape::Map(&SET), "Turn switches of the tenant."),
    may(
        "http",
        Shape::Map(&HTTP),
        "Send a request that is written out, where no operation says what is meant.",
    ),
];

/// A step.
pub(crate) static STEP: Map = Map {
    name: "step",
    what: "a step",
    says: "A step: one of `call`, `poll`, `use`, `wait`, `device`, `together`, `set` or `http`, and what belongs to it.",
    keys: &[&HEAD, &KINDS],
    rules: &[Rule::Some(&[
        "call", "poll", "use", "wait", "device", "together", "set", "http",
    ])],
    variants: Variants::ByKey(&[
        ("call", &CALL),
        ("poll", &POLL),
        ("use", &USE),
        ("wait", &WAIT),
        ("device", &DEVICE),
        ("together", &TOGETHER),
        ("set", &TURN),
        ("http", &HTTP_STEP),
    ]),
    ..EMPTY
};

const LEVEL_NEEDS_COVERS: Rule = Rule::With("level", "covers");

static OPERATION: [Key; 3] = [
    may(
        "with",
        Shape::Map(&WITH),
        "What the operation is given; values are literals or `$name`.",
    ),
    may(
        "client",
        Shape::Word(&CLIENTS),
        "Another application than the target's first in whose name it is sent.",
    ),
    may(
        "send",
        Shape::Map(&SEND),
        "What is changed on the wire while the operation stays what it is.",
    ),
];

static REPLY: [Key; 4] = [
    may(
        "shape",
        Shape::Text,
        "The name of the reply's shape, instead of `<operation>/<outcome>`.",
    ),
    may(
        "check",
        Shape::List(&Shape::Map(&CHECK)),
        "What must hold for the reply, each condition with the requirements it judges.",
    ),
    may(
        "capture",
        Shape::Map(&CAPTURES),
        "Values that are kept under a name for later steps, each with its path in the reply.",
    ),
    may(
        "control",
        Shape::Map(&CONTROL),
        "The step that shows that a refusal here means what it seems to mean.",
    ),
];

/// What a reply may be.
static ONE_EXPECTED: [Key; 1] = [need(
    "expect",
    Shape::Either(&[
        Shape::SomeOf(&Shape::Name(Fact::Outcome)),
        Shape::Map(&EXPECT),
    ]),
    "The outcome that must come, a list of acceptable ones, or `{ any_but: […] }`.",
)];

/// What several replies may be.
static COUNTED: [Key; 1] = [need(
    "expect",
    Shape::Either(&[
        Shape::SomeOf(&Shape::Name(Fact::Outcome)),
        Shape::Map(&COUNTS),
    ]),
    "What each reply must be, or how many of which there may be: `{ tokens: { at_most: 1 }, else: [refused] }`.",
)];

static SEQUENCE: [Key; 1] = [need(
    "outcomes",
    Shape::SomeOf(&Shape::Name(Fact::Pattern)),
    "What may come, in order: `[pending+, tokens]`; `+`, `*`, `?`, `\"{3}\"` or `\"{1,3}\"` say how often, `a|b` gives alternatives.",
)];

static CALL_KEY: [Key; 1] = [need(
    "call",
    Shape::Name(Fact::Operation),
    "The operation that is sent.",
)];

static SEVERAL: [Key; 2] = [
    may(
        "at_once",
        Shape::Count(2, AT_ONCE_MAX),
        "Send it so often at the same moment; `expect` may then count.",
    ),
    may(
        "times",
        Shape::Count(2, TIMES_MAX),
        "Send it so often, one after the other; `outcomes` then takes the place of `expect`.",
    ),
];

/// A single call.
pub(crate) static CALL: Map = Map {
    name: "call",
    what: "a step",
    says: "A step that sends one operation.",
    keys: &[
        &HEAD,
        &CALL_KEY,
        &OPERATION,
        &SEVERAL,
        &ONE_EXPECTED,
        &REPLY,
        &COVERS,
    ],
    rules: &[LEVEL_NEEDS_COVERS],
    variants: Variants::ByKey(&[("at_once", &CALL_AT_ONCE), ("times", &CALL_TIMES)]),
    ..EMPTY
};

pub(crate) static CALL_AT_ONCE: Map = Map {
    name: "call_at_once",
    what: "a step",
    says: "A step that sends one operation several times at the same moment.",
    keys: &[
        &HEAD, &CALL_KEY, &OPERATION, &SEVERAL, &COUNTED, &REPLY, &COVERS,
    ],
    rules: &[
        Rule::Never(&["times", "check", "capture", "control"]),
        LEVEL_NEEDS_COVERS,
    ],
    ..EMPTY
};

pub(crate) static CALL_TIMES: Map = Map {
    name: "call_times",
    what: "a step",
    says: "A step that sends one operation several times, one after the other.",
    keys: &[
        &HEAD, &CALL_KEY, &OPERATION, &SEVERAL, &SEQUENCE, &REPLY, &COVERS,
    ],
    rules: &[Rule::Never(&["at_once"]), LEVEL_NEEDS_COVERS],
    ..EMPTY
};

static HTTP_KEYS: [Key; 2] = [
    need("http", Shape::Map(&HTTP), "The request, written out."),
    need(
        "why",
        Shape::Text,
        "Why no operation of the dialect will do.",
    ),
];

/// A request written out.
pub(crate) static HTTP_STEP: Map = Map {
    name: "http_step",
    what: "a step",
    says: "A step that sends a request that is written out.",
    keys: &[
        &HEAD,
        &HTTP_KEYS,
        &OPERATION,
        &SEVERAL,
        &ONE_EXPECTED,
        &REPLY,
        &COVERS,
    ],
    rules: &[Rule::Never(&["with", "send", "client"]), LEVEL_NEEDS_COVERS],
    variants: Variants::ByKey(&[("at_once", &HTTP_AT_ONCE), ("times", &HTTP_TIMES)]),
    ..EMPTY
};

pub(crate) static HTTP_AT_ONCE: Map = Map {
    name: "http_at_once",
    what: "a step",
    says: "A step that sends a request that is written out several times at the same moment.",
    keys: &[
        &HEAD, &HTTP_KEYS, &OPERATION, &SEVERAL, &COUNTED, &REPLY, &COVERS,
    ],
    rules: &[
        Rule::Never(&[
            "times", "check", "capture", "control", "with", "send", "client",
        ]),
        LEVEL_NEEDS_COVERS,
    ],
    ..EMPTY
};

pub(crate) static HTTP_TIMES: Map = Map {
    name: "http_times",
    what: "a step",
    says: "A step that sends a request that is written out several times, one after the other.",
    keys: &[
        &HEAD, &HTTP_KEYS, &OPERATION, &SEVERAL, &SEQUENCE, &REPLY, &COVERS,
    ],
    rules: &[
        Rule::Never(&["at_once", "with", "send", "client"]),
        LEVEL_NEEDS_COVERS,
    ],
    ..EMPTY
};

/// Polling.
pub(crate) static POLL: Map = Map {
    name: "poll",
    what: "a step",
    says: "A step that sends an operation again and again.",
    keys: &[
        &HEAD,
        &[need(
            "poll",
            Shape::Name(Fact::Operation),
            "The operation that is sent again and again.",
        )],
        &OPERATION,
        &[
            need(
                "every",
                Shape::Either(&[
                    Shape::Word(&CADENCES),
                    Shape::Duration,
                    Shape::Several(
                        1,
                        &Shape::Either(&[Shape::Word(&LAST_GAPS), Shape::Duration]),
                    ),
                ]),
                "How long to rest between polls: `profile`, `server`, a duration, or a list of gaps of which the last repeats; where that is `profile`, the app obeys from there on.",
            ),
            need(
                "give_up_after",
                Shape::Duration,
                "The longest that polling may take; reaching it without a final outcome is a failure, unless `outcomes` allows it.",
            ),
            may(
                "max_polls",
                Shape::Count(0, u32::MAX),
                "The most polls that are sent.",
            ),
            may(
                "insist",
                Shape::Boolean,
                "Go on after a final outcome, as a wrong client would.",
            ),
        ],
        &SEQUENCE,
        &[
            may(
                "meanwhile",
                Shape::List(&Shape::Map(&MEANWHILE)),
                "What people do with their devices while the app is polling.",
            ),
            may(
                "settles_within",
                Shape::Map(&SETTLES),
                "How soon after a decision it must show.",
            ),
        ],
        &REPLY,
        &COVERS,
    ],
    rules: &[LEVEL_NEEDS_COVERS],
    ..EMPTY
};

/// The cadences that have a name.
pub(crate) static CADENCES: Words<EveryWord> = Words(&[
    (
        "profile",
        EveryWord::Profile,
        "As the dialect tells clients to poll.",
    ),
    ("server", EveryWord::Server, "As the endpoint itself says."),
]);

/// What may end a list of gaps instead of a gap.
pub(crate) static LAST_GAPS: Words<EveryWord> = Words(&[(
    "profile",
    EveryWord::Profile,
    "From here on as the dialect tells clients to poll, and as the endpoint asks.",
)]);

/// A cadence by its name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EveryWord {
    Profile,
    Server,
}

impl From<EveryWord> for Every {
    fn from(word: EveryWord) -> Self {
        match word {
            EveryWord::Profile => Self::Profile,
            EveryWord::Server => Self::Server,
        }
    }
}

/// A fragment in its place.
pub(crate) static USE: Map = Map {
    name: "use",
    what: "a step",
    says: "A step that does the steps of a fragment.",
    keys: &[
        &HEAD,
        &[
            need(
                "use",
                Shape::Name(Fact::Fragment),
                "The fragment: `fragments/NAME`.",
            ),
            may(
                "with",
                Shape::Map(&WITH),
                "The fragment's inputs; actors are written bare.",
            ),
            may(
                "capture",
                Shape::Map(&OUTPUT_CAPTURES),
                "Outputs of the fragment that are kept, each under a name.",
            ),
        ],
        &COVERS,
    ],
    rules: &[LEVEL_NEEDS_COVERS],
    ..EMPTY
};

/// Time that passes.
pub(crate) static WAIT: Map = Map {
    name: "wait",
    what: "a step",
    says: "A step that lets time pass.",
    keys: &[
        &HEAD,
        &[
            need(
                "wait",
                Shape::Either(&[Shape::Duration, Shape::Map(&PAST)]),
                "How long, `30s`, or what must be over, `{ past: mfa_token }`, or nearly so, `{ short_of: mfa_token }`.",
            ),
            need(
                "why",
                Shape::Text,
                "Why the scenario waits; a wait without a reason hides one.",
            ),
        ],
        &COVERS,
    ],
    rules: &[LEVEL_NEEDS_COVERS],
    ..EMPTY
};

pub(crate) static PAST: Map = Map {
    name: "past",
    what: "`wait`",
    says: "A wait until something has expired, or nearly so.",
    keys: &[&[
        may(
            "past",
            Shape::Name(Fact::Lifetime),
            "What must have expired; how long it lives, the dialect and the target say.",
        ),
        may(
            "short_of",
            Shape::Name(Fact::Lifetime),
            "What must be about to expire, in ten seconds if it lives that long; whoever began it just now waits, does something, and then `wait: 20s`.",
        ),
        may(
            "told",
            Shape::Value,
            "How long it lives by the endpoint's own word, such as a captured `expires_in`, in seconds.",
        ),
        may(
            "announced",
            Shape::True,
            "Wait until the time that the endpoint itself named when it last slowed this case down; where it named none, as without this.",
        ),
    ]],
    rules: &[
        Rule::One(&["past", "short_of"]),
        Rule::With("told", "past"),
        Rule::With("announced", "past"),
    ],
    ..EMPTY
};

/// Something done with a device.
pub(crate) static DEVICE: Map = Map {
    name: "device",
    what: "a step",
    says: "A step in which a device, or whoever holds it, does something.",
    keys: &[
        &HEAD,
        &ACT,
        &ACT_EXPECT,
        &[may(
            "capture",
            Shape::Map(&READ_CAPTURES),
            "What was read or made and is kept, each under a name: `{ code: code }`.",
        )],
        &COVERS,
    ],
    rules: &[LEVEL_NEEDS_COVERS],
    ..EMPTY
};

/// Calls at the same moment.
pub(crate) static TOGETHER: Map = Map {
    name: "together",
    what: "a step",
    says: "A step that sends several calls at the same moment.",
    keys: &[
        &HEAD,
        &[need(
            "together",
            Shape::Several(2, &Shape::Map(&STEP)),
            "The calls, each a step of its own.",
        )],
        &COVERS,
    ],
    rules: &[LEVEL_NEEDS_COVERS],
    ..EMPTY
};

/// Switches of the tenant.
pub(crate) static TURN: Map = Map {
    name: "turn",
    what: "a step",
    says: "A step that turns switches of the tenant.",
    keys: &[
        &HEAD,
        &[need(
            "set",
            Shape::Map(&SET),
            "The switches, each with the value it gets.",
        )],
        &COVERS,
    ],
    rules: &[LEVEL_NEEDS_COVERS],
    ..EMPTY
};

static SET: Map = Map {
    name: "set",
    what: "`set`",
    says: "Switches of the tenant with their values.",
    others: Some(Others {
        names: Names::Of(Fact::Switch),
        shape: &Shape::Value,
    }),
    rules: &[Rule::NotEmpty],
    ..EMPTY
};

/// Where a text is altered.
pub(crate) static PLACES: Words<At> = Words(&[
    ("first", At::First, "Its first letter or digit."),
    ("middle", At::Middle, "One in the middle."),
    (
        "last",
        At::Last,
        "One near the end; the very last are spared, since not all their bits may count.",
    ),
]);

static CAPTURES: Map = Map {
    name: "captures",
    what: "`capture`",
    says: "Names with the paths of their values: `mfa_token: body.mfa_token`.",
    others: Some(Others {
        names: Names::Own,
        shape: &Shape::Either(&[super::PATH, Shape::Map(&CAPTURE)]),
    }),
    ..EMPTY
};

static OUTPUT_CAPTURES: Map = Map {
    name: "output_captures",
    what: "`capture`",
    says: "Names with the outputs whose values they get: `token: mfa_token`.",
    others: Some(Others {
        names: Names::Own,
        shape: &Shape::Text,
    }),
    ..EMPTY
};

static READ_CAPTURES: Map = Map {
    name: "read_captures",
    what: "`capture`",
    says: "Names with what was read: `code: code`.",
    others: Some(Others {
        names: Names::Own,
        shape: &Shape::Text,
    }),
    ..EMPTY
};
