//! `dialect.yaml` and `requirements.yaml`.

use pushproof_polling::{First, Meaning};

use super::{
    COVERS, EMPTY, FORMAT, Key, LEVELS, MATCHER_NAMES, MATCHERS, Map, Names, Others, PATH, Rule,
    Shape, Variants, Words, may, need,
};
use crate::dialect::BodyForm;

/// `dialect.yaml`.
pub static DIALECT: Map = Map {
    name: "dialect",
    what: "the dialect",
    says: "A dialect: which operations a family of endpoints has, what they look like in HTTP, and which reply means what.",
    keys: &[
        &FORMAT,
        &[
            need(
                "dialect",
                Shape::Text,
                "Its name, which is its folder's name too.",
            ),
            need("title", Shape::Text, "Its name for people."),
            may(
                "features",
                Shape::OneOrMany(&Shape::Text),
                "What a target may be able to do; scenarios name these in `needs`.",
            ),
            may(
                "lifetimes",
                Shape::Map(&LIFETIMES),
                "How long things live, unless a target says otherwise.",
            ),
            may(
                "endpoints",
                Shape::Map(&ENDPOINTS),
                "Paths that differ from one server to the next; operations name them as `$endpoint.NAME`.",
            ),
            need(
                "operations",
                Shape::Map(&OPERATIONS),
                "What can be called, each operation under its name.",
            ),
            may(
                "not_fresh",
                Shape::OneOrMany(&Shape::Text),
                "Outcomes by which the endpoint says that a user has been used before.",
            ),
            may(
                "fresh",
                Shape::Text,
                "The fragment, `fragments/NAME`, that looks whether a user who was lent from a pool is fresh. Its one input is `user`; where one of its checks does not hold, the user is not.",
            ),
            may(
                "client_refused",
                Shape::OneOrMany(&Shape::Text),
                "Outcomes by which the endpoint says that it does not take the client: the target file may be at fault.",
            ),
            may(
                "poll",
                Shape::Map(&POLL_RULES),
                "The cadence that clients are told to keep.",
            ),
            may(
                "always",
                Shape::List(&Shape::Map(&ALWAYS)),
                "What must hold for every reply of some operations.",
            ),
            need(
                "profiles",
                Shape::Map(&PROFILES),
                "What is expected: the outcomes of each profile under their names.",
            ),
        ],
    ],
    ..EMPTY
};

static LIFETIMES: Map = Map {
    name: "lifetimes",
    what: "`lifetimes`",
    says: "How long things live, by name.",
    others: Some(Others {
        names: Names::Any,
        shape: &Shape::Duration,
    }),
    ..EMPTY
};

static ENDPOINTS: Map = Map {
    name: "endpoints",
    what: "`endpoints`",
    says: "Paths by name; `target` where only the target knows.",
    others: Some(Others {
        names: Names::Any,
        shape: &Shape::Like("^(target|/.*)$", "/some/path"),
    }),
    ..EMPTY
};

static OPERATIONS: Map = Map {
    name: "operations",
    what: "`operations`",
    says: "Operations by name.",
    others: Some(Others {
        names: Names::Any,
        shape: &Shape::Map(&OPERATION_MAP),
    }),
    ..EMPTY
};

/// One operation.
pub(crate) static OPERATION_MAP: Map = Map {
    name: "operation",
    what: "an operation",
    says: "A call, as HTTP.",
    keys: &[&[
        may(
            "say",
            Shape::Text,
            "What it does, for people, after \"to\".",
        ),
        need(
            "http",
            Shape::Like(r"^[^ ]+ (/|\$endpoint\.).*$", "POST /some/path"),
            "Method and path: `POST /some/path`, `DELETE /some/$name` or `POST $endpoint.NAME`.",
        ),
        may(
            "bearer",
            Shape::Value,
            "The bearer credential that it carries.",
        ),
        may("form", Shape::Map(&BODY), "The fields of a form body."),
        may("json", Shape::Map(&BODY), "The members of a JSON body."),
        may(
            "outcomes",
            Shape::OneOrMany(&Shape::Text),
            "The outcomes that it can have.",
        ),
        may(
            "secrets",
            Shape::OneOrMany(&PATH),
            "Where secrets stand in its replies.",
        ),
        may(
            "hidden",
            Shape::OneOrMany(&PATH),
            "Where a secret would stand that must not be there; `*` is any element or member.",
        ),
        may(
            "variant",
            Shape::OneOrMany(&PATH),
            "The members that tell apart the shapes of its replies.",
        ),
        may(
            "repeatable",
            Shape::Boolean,
            "Whether sending it twice does no more than sending it once.",
        ),
        may(
            "disturbs",
            Shape::Boolean,
            "Whether a call may make somebody's phone ring; a target can limit how many do.",
        ),
    ]],
    ..EMPTY
};

static BODY: Map = Map {
    name: "body",
    what: "a body",
    says: "Fields with their values: literals, `$input`, or `{ of: $input, optional: true }`.",
    others: Some(Others {
        names: Names::Any,
        shape: &Shape::Unless(&[("of", &BODY_MEMBER)]),
    }),
    ..EMPTY
};

/// A field that says more than its value.
pub(crate) static BODY_MEMBER: Map = Map {
    name: "body_member",
    what: "a body member",
    says: "A field that may be left out.",
    keys: &[&[
        need("of", Shape::Value, "Its value."),
        may(
            "optional",
            Shape::Boolean,
            "Whether it is left out when its value is not given.",
        ),
    ]],
    ..EMPTY
};

pub(crate) static POLL_RULES: Map = Map {
    name: "poll_rules",
    what: "`poll`",
    says: "How clients are told to poll.",
    keys: &[&[
        may(
            "interval",
            Shape::OneOrMany(&HINTED),
            "The least time between two polls: where the endpoint says it, `challenge.body.interval`, and what holds when it does not.",
        ),
        may(
            "expires",
            Shape::OneOrMany(&HINTED),
            "How long a transaction lives, said in the same way.",
        ),
        may(
            "slow_down_adds",
            Shape::Duration,
            "What being told to slow down adds to the interval.",
        ),
        may(
            "deadline",
            Shape::Duration,
            "After how long a client gives up.",
        ),
        may("first", Shape::Word(&FIRSTS), "When the first poll leaves."),
    ]],
    ..EMPTY
};

/// Where a time is said, or the time.
const HINTED: Shape = Shape::Either(&[
    Shape::Like(
        r"^challenge\.(body(\.[^.]+)*|header\.[^.]+)$",
        "challenge.body.interval",
    ),
    Shape::Duration,
]);

pub(crate) static FIRSTS: Words<First> = Words(&[
    (
        "after_interval",
        First::AfterInterval,
        "When an interval has passed.",
    ),
    ("at_once", First::AtOnce, "At once."),
]);

pub(crate) static ALWAYS: Map = Map {
    name: "always",
    what: "a condition in `always`",
    says: "What must hold for every reply of some operations.",
    keys: &[
        &[
            need(
                "of",
                Shape::Text,
                "The operation, or the beginning of several with a `*`: `token.*`.",
            ),
            may(
                "when",
                Shape::OneOrMany(&Shape::Text),
                "Only replies that are taken for one of these outcomes.",
            ),
            may(
                "from_status",
                Shape::Count(0, u32::MAX),
                "Only replies whose status is not below this.",
            ),
            may(
                "to_status",
                Shape::Count(0, u32::MAX),
                "Only replies whose status is not above this.",
            ),
            need("that", PATH, "Where the value stands in the reply."),
        ],
        &MATCHERS,
        &super::OPTIONAL,
        &COVERS,
    ],
    rules: &[Rule::One(MATCHER_NAMES), Rule::With("level", "covers")],
    ..EMPTY
};

static PROFILES: Map = Map {
    name: "profiles",
    what: "`profiles`",
    says: "Profiles by name.",
    others: Some(Others {
        names: Names::Any,
        shape: &Shape::Map(&PROFILE),
    }),
    ..EMPTY
};

static PROFILE: Map = Map {
    name: "profile",
    what: "a profile",
    says: "Outcomes by name, each with the replies that are taken for it.",
    keys: &[&[may(
        "extends",
        Shape::Text,
        "A profile defined before it, whose outcomes hold unless this one gives them anew.",
    )]],
    others: Some(Others {
        names: Names::Any,
        shape: &Shape::Map(&OUTCOME),
    }),
    ..EMPTY
};

static MEANING: [Key; 2] = [
    may(
        "means",
        Shape::Word(&MEANINGS),
        "What a client that polls takes it for.",
    ),
    may(
        "wait",
        Shape::OneOrMany(&Shape::Like(
            r"^(header\.[^.]+|body\.[^.]+)$",
            "header.retry-after",
        )),
        "Where the endpoint says how long to wait: `header.NAME` or `body.NAME`.",
    ),
];

/// One outcome.
pub(crate) static OUTCOME: Map = Map {
    name: "outcome",
    what: "an outcome",
    says: "Which replies are taken for this outcome.",
    keys: &[
        &[may(
            "any",
            Shape::List(&Shape::Map(&FORM)),
            "Several forms; the first that fits counts.",
        )],
        &REPLY_FORM,
        &MEANING,
    ],
    variants: Variants::ByKey(&[("any", &OUTCOME_FORMS)]),
    ..EMPTY
};

/// An outcome of several forms.
pub(crate) static OUTCOME_FORMS: Map = Map {
    name: "outcome_forms",
    what: "an outcome",
    says: "Which replies are taken for this outcome, in several forms.",
    keys: &[
        &[need(
            "any",
            Shape::List(&Shape::Map(&FORM)),
            "The forms; the first that fits counts.",
        )],
        &MEANING,
    ],
    ..EMPTY
};

pub(crate) static MEANINGS: Words<Meaning> = Words(&[
    (
        "pending",
        Meaning::Pending,
        "Nothing is decided: poll again.",
    ),
    (
        "slow_down",
        Meaning::SlowDown,
        "Nothing is decided: poll again, and less often.",
    ),
    (
        "throttled",
        Meaning::Throttled,
        "Too much was sent: back off.",
    ),
    ("final", Meaning::Final, "Polling is over."),
]);

static REPLY_FORM: [Key; 5] = [
    may(
        "status",
        Shape::OneOrMany(&Shape::Count(100, 599)),
        "The HTTP status, or several.",
    ),
    may("error", Shape::Text, "The text of the body's `error`."),
    may("body", Shape::Word(&BODIES), "What the body is."),
    may(
        "has",
        Shape::OneOrMany(&Shape::Text),
        "Members that the body has.",
    ),
    may(
        "level",
        Shape::Word(&TOLERANCES),
        "Whether this form is right or only tolerated.",
    ),
];

/// One form of an outcome.
pub(crate) static FORM: Map = Map {
    name: "form",
    what: "a form of an outcome",
    says: "One form that replies of this outcome have.",
    keys: &[&REPLY_FORM],
    ..EMPTY
};

pub(crate) static BODIES: Words<BodyForm> = Words(&[
    ("empty", BodyForm::Empty, "No body at all."),
    ("list", BodyForm::List, "A JSON list."),
    ("object", BodyForm::Object, "A JSON object."),
]);

/// Whether a form is only tolerated.
pub(crate) static TOLERANCES: Words<bool> = Words(&[
    ("must", false, "The right form."),
    (
        "should",
        true,
        "Another form is right; this one is a warning.",
    ),
]);

/// `requirements.yaml`.
pub static REQUIREMENTS: Map = Map {
    name: "requirements",
    what: "the file",
    says: "What an endpoint of this dialect must, should and may do.",
    keys: &[
        &FORMAT,
        &[
            may(
                "sources",
                Shape::Map(&SOURCES),
                "What the keys in `source` stand for.",
            ),
            need(
                "requirements",
                Shape::List(&Shape::Map(&REQUIREMENT)),
                "The statements, in the order in which reports show them.",
            ),
        ],
    ],
    ..EMPTY
};

static SOURCES: Map = Map {
    name: "sources",
    what: "`sources`",
    says: "Keys with what they stand for; one that ends in `*` stands for all that begin so.",
    others: Some(Others {
        names: Names::Any,
        shape: &Shape::Text,
    }),
    ..EMPTY
};

pub(crate) static REQUIREMENT: Map = Map {
    name: "requirement",
    what: "a requirement",
    says: "One statement about the endpoint.",
    keys: &[&[
        need(
            "id",
            Shape::Text,
            "Its id, by which scenarios name it in `covers`.",
        ),
        need("level", Shape::Word(&LEVELS), "How binding it is."),
        need(
            "statement",
            Shape::Text,
            "What the endpoint must do, in one plain sentence.",
        ),
        may(
            "why",
            Shape::Text,
            "Why it matters, where that is not obvious.",
        ),
        need(
            "source",
            Shape::Text,
            "Where the fact comes from, by the keys of `sources`.",
        ),
        may(
            "extended",
            Shape::Boolean,
            "Whether it rests mostly on inference; such ones are reported apart.",
        ),
    ]],
    ..EMPTY
};
