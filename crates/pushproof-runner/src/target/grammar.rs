//! The keys of a target file: the table from which it is read, and from which its schema is made.

use pushproof_scenario::grammar::{
    EMPTY, FORMAT, Fact, Key, Map, Names, Others, Rule, Shape, Variants, Words, may, need,
};

use super::ClientAuth;

/// A target file.
pub static TARGET: Map = Map {
    name: "target",
    what: "a target",
    says: "A target: where requests go, as whom, and what may be done there.",
    keys: &[
        &FORMAT,
        &[
            need(
                "target",
                Shape::Text,
                "Its name in reports and lists of known deviations.",
            ),
            need(
                "base_url",
                BASE_URL,
                "Where its endpoints are: scheme, host, perhaps a port and a path; no query.",
            ),
            need("dialect", Shape::Text, "The dialect it speaks."),
            may(
                "endpoints",
                Shape::Map(&ENDPOINTS),
                "The paths of its endpoints, where servers differ.",
            ),
            may(
                "inputs",
                Shape::Map(&INPUTS),
                "What operations get that take an input of this name, where a step gives none.",
            ),
            may(
                "profile",
                Shape::Name(Fact::Profile),
                "What is expected of it; without it, what the command line says, or the dialect's first.",
            ),
            may(
                "client",
                Shape::Map(&CLIENT),
                "The application that most requirements are tested as.",
            ),
            may(
                "clients",
                Shape::Map(&CLIENTS),
                "Further applications that single requirements need.",
            ),
            may(
                "features",
                Shape::List(&Shape::Name(Fact::Feature)),
                "What it can do; without it, all that the rest of the file makes possible.",
            ),
            may("users", Shape::Map(&USERS), "Where fresh users come from."),
            may("devices", Shape::Map(&DEVICES), "How phones act."),
            may(
                "messages",
                Shape::Map(&MESSAGES),
                "Where text messages, calls and e-mails are read.",
            ),
            may(
                "settings",
                Shape::Map(&SETTINGS),
                "Where switches of the tenant are set.",
            ),
            may(
                "clock",
                Shape::Map(&CLOCK),
                "Where the tenant's clock is moved; without it, time is real.",
            ),
            may(
                "lifetimes",
                Shape::Map(&LIFETIMES),
                "How long things live here, where that differs from the dialect's defaults.",
            ),
            may("tls", Shape::Map(&TLS), "Whom to trust."),
            may(
                "proxy",
                Shape::Like(r"^(none|https?://[^@#{} ]+)$", "http://proxy.example:3128"),
                "The proxy for everything, or `none`; the environment is not asked.",
            ),
            may("limits", Shape::Map(&LIMITS), "What a run may do to it."),
            may("load", Shape::Map(&LOAD), "What load may be applied to it."),
        ],
    ],
    ..EMPTY
};

const BASE_URL: Shape = Shape::Like(r"^https?://[^@#?{} ]+$", "https://tenant.example.com");
/// A URL, perhaps with `{holes}`.
const URL: Shape = Shape::Like(r"^https?://[^@# ]+$", "http://127.0.0.1:4010/path");

pub(super) static ENDPOINTS: Map = Map {
    name: "endpoints",
    what: "`endpoints`",
    says: "Paths under the dialect's names for them.",
    others: Some(Others {
        names: Names::Of(Fact::Endpoint),
        shape: &Shape::Like(r"^/[^?# ]*$", "/some/path"),
    }),
    ..EMPTY
};

static INPUTS: Map = Map {
    name: "inputs",
    what: "`inputs`",
    says: "Values under the names of inputs.",
    others: Some(Others {
        names: Names::Of(Fact::Input),
        shape: &Shape::Text,
    }),
    ..EMPTY
};

pub(super) static CLIENT: Map = Map {
    name: "client",
    what: "a client",
    says: "An application.",
    keys: &[&[
        need("id", Shape::Text, "Its client id."),
        may(
            "secret",
            Shape::Map(&SECRET),
            "Its secret, by reference; a public application has none.",
        ),
        may("auth", Shape::Word(&AUTHS), "Where its secret is sent."),
    ]],
    ..EMPTY
};

pub(super) static AUTHS: Words<ClientAuth> = Words(&[
    (
        "body",
        ClientAuth::Body,
        "In the body, where the dialect puts it.",
    ),
    (
        "basic",
        ClientAuth::Basic,
        "In an `Authorization: Basic` header, and not in the body.",
    ),
]);

pub(super) static CLIENTS: Map = Map {
    name: "clients",
    what: "`clients`",
    says: "Further applications by their part.",
    keys: &[&[
        may(
            "other",
            Shape::Map(&CLIENT),
            "A second application with the same rights.",
        ),
        may(
            "public",
            Shape::Map(&CLIENT),
            "An application without a secret.",
        ),
        may(
            "restricted",
            Shape::Map(&CLIENT),
            "An application without the rights that the dialect is about.",
        ),
    ]],
    ..EMPTY
};

/// A secret is never written out.
pub(super) static SECRET: Map = Map {
    name: "secret",
    what: "a secret",
    says: "Where a secret stands: `{ env: NAME }` or `{ file: PATH }`; it is never written out.",
    keys: &[&[
        may("env", Shape::Text, "In this variable of the environment."),
        may(
            "file",
            Shape::Text,
            "In this file, relative to the target file, without the line break at its end.",
        ),
    ]],
    rules: &[Rule::One(&["env", "file"])],
    ..EMPTY
};

static PROVIDER: [Key; 1] = [need(
    "provider",
    Shape::Word(&PROVIDERS),
    "Where users come from.",
)];

/// Where users come from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Provider {
    ManagementApi,
    Pool,
    Hook,
}

pub(super) static PROVIDERS: Words<Provider> = Words(&[
    (
        "management-api",
        Provider::ManagementApi,
        "Made and deleted through the Management API.",
    ),
    (
        "pool",
        Provider::Pool,
        "Taken from a CSV file, each once in a run.",
    ),
    (
        "hook",
        Provider::Hook,
        "Made and deleted by an endpoint of your own.",
    ),
]);

pub(super) static USERS: Map = Map {
    name: "users",
    what: "`users`",
    says: "Where fresh users come from.",
    keys: &[&PROVIDER],
    variants: Variants::ByWord(
        "provider",
        &[
            ("management-api", &MANAGED_USERS),
            ("pool", &POOLED_USERS),
            ("hook", &HOOKED_USERS),
        ],
    ),
    ..EMPTY
};

static MANAGED_USERS: Map = Map {
    name: "managed_users",
    what: "`users`",
    says: "Users that are made and deleted through the Management API.",
    keys: &[
        &PROVIDER,
        &[
            may(
                "token",
                Shape::Map(&SECRET),
                "A token for the Management API.",
            ),
            may(
                "client",
                Shape::Map(&CLIENT),
                "An application that gets such tokens by client credentials.",
            ),
            need(
                "connection",
                Shape::Text,
                "The database connection in which users are made.",
            ),
        ],
    ],
    rules: &[Rule::One(&["token", "client"])],
    ..EMPTY
};

static POOLED_USERS: Map = Map {
    name: "pooled_users",
    what: "`users`",
    says: "Users from a file.",
    keys: &[
        &PROVIDER,
        &[need(
            "file",
            Shape::Text,
            "A CSV file whose first line is `username,password`, perhaps with `email`, `email_verified` and `phone`.",
        )],
    ],
    ..EMPTY
};

static HOOKED_USERS: Map = Map {
    name: "hooked_users",
    what: "`users`",
    says: "Users that an endpoint of your own makes and deletes.",
    keys: &[
        &PROVIDER,
        &[need(
            "url",
            URL,
            "Gets `{\"action\": \"create\", \"want\": {…}}` and `{\"action\": \"delete\", \"user\": {…}}` by POST.",
        )],
    ],
    ..EMPTY
};

static DRIVER: [Key; 1] = [need("driver", Shape::Word(&DRIVERS), "How phones act.")];

/// How phones act.
#[derive(Clone, Copy, Debug)]
pub(super) enum Driver {
    Guardian,
    Hook,
    Command,
    Human,
}

pub(super) static DRIVERS: Words<Driver> = Words(&[
    (
        "guardian",
        Driver::Guardian,
        "A virtual Guardian phone, which enrols and answers by itself.",
    ),
    (
        "hook",
        Driver::Hook,
        "An endpoint of your own, told by POST what to do.",
    ),
    (
        "command",
        Driver::Command,
        "A program of your own, told by its environment what to do.",
    ),
    ("human", Driver::Human, "A person, asked on the terminal."),
]);

pub(super) static DEVICES: Map = Map {
    name: "devices",
    what: "`devices`",
    says: "How phones act.",
    keys: &[&DRIVER],
    variants: Variants::ByWord(
        "driver",
        &[
            ("guardian", &GUARDIAN),
            ("hook", &HOOKED_DEVICES),
            ("command", &COMMANDED_DEVICES),
            ("human", &HUMAN),
        ],
    ),
    ..EMPTY
};

static GUARDIAN: Map = Map {
    name: "guardian",
    what: "`devices`",
    says: "A virtual Guardian phone.",
    keys: &[
        &DRIVER,
        &[need(
            "inbox",
            URL,
            "Where its pushes are fetched; `{push_token}` stands for what it registered.",
        )],
    ],
    ..EMPTY
};

static HOOKED_DEVICES: Map = Map {
    name: "hooked_devices",
    what: "`devices`",
    says: "Devices behind an endpoint of your own.",
    keys: &[
        &DRIVER,
        &[need(
            "url",
            URL,
            "Gets `{\"action\", \"user\", \"with\"}` by POST, or has `{action}`, `{user}` and `{with.NAME}` in it. 2xx is acknowledged, 4xx refused; `code` is answered by JSON `{\"code\": \"123456\"}`.",
        )],
    ],
    ..EMPTY
};

static COMMANDED_DEVICES: Map = Map {
    name: "commanded_devices",
    what: "`devices`",
    says: "Devices behind a program of your own.",
    keys: &[
        &DRIVER,
        &[need(
            "command",
            Shape::Several(1, &Shape::Text),
            "The program and its arguments; `PUSHPROOF_ACTION`, `PUSHPROOF_USER` and `PUSHPROOF_WITH_…` tell it what to do. It ends with 0 for acknowledged, 1 for refused; for `code` it prints JSON `{\"code\": \"123456\"}`.",
        )],
    ],
    ..EMPTY
};

static HUMAN: Map = Map {
    name: "human",
    what: "`devices`",
    says: "A person at the terminal.",
    keys: &[&DRIVER],
    ..EMPTY
};

pub(super) static MESSAGES: Map = Map {
    name: "messages",
    what: "`messages`",
    says: "Where messages are read.",
    keys: &[&[need(
        "inbox",
        URL,
        "Answers a GET with `[{\"channel\": \"sms\", \"code\": \"123456\"}]`, each once; `{address}` stands for the receiver.",
    )]],
    ..EMPTY
};

pub(super) static SETTINGS: Map = Map {
    name: "settings",
    what: "`settings`",
    says: "Where switches of the tenant are set.",
    keys: &[&[
        need(
            "url",
            URL,
            "Gets the switches by POST: `{\"recovery_codes\": false}`.",
        ),
        may(
            "switches",
            Shape::OneOrMany(&Shape::Text),
            "The switches that can be set there, without `switch.`; `recovery_codes` alone if nothing is said.",
        ),
    ]],
    ..EMPTY
};

pub(super) static CLOCK: Map = Map {
    name: "clock",
    what: "`clock`",
    says: "Where the tenant's clock is moved.",
    keys: &[&[need(
        "advance",
        URL,
        "Gets `{\"advance_ms\": N}` by POST and answers `{\"now_ms\": …}`.",
    )]],
    ..EMPTY
};

static LIFETIMES: Map = Map {
    name: "lifetimes",
    what: "`lifetimes`",
    says: "How long things live here.",
    others: Some(Others {
        names: Names::Of(Fact::Lifetime),
        shape: &Shape::Duration,
    }),
    ..EMPTY
};

pub(super) static TLS: Map = Map {
    name: "tls",
    what: "`tls`",
    says: "Whom to trust.",
    keys: &[&[
        may(
            "ca",
            Shape::Text,
            "A PEM file of authorities that are trusted instead of the platform's, relative to the target file.",
        ),
        may(
            "insecure",
            Shape::Boolean,
            "Trust anybody; the report says so.",
        ),
    ]],
    ..EMPTY
};

pub(super) static LIMITS: Map = Map {
    name: "limits",
    what: "`limits`",
    says: "What a run may do.",
    keys: &[&[
        may(
            "requests_per_second",
            POSITIVE,
            "The most requests in a second.",
        ),
        may("concurrency", POSITIVE, "The most cases at the same time."),
        may(
            "pushes",
            Shape::Count(0, u32::MAX),
            "The most pushes in a run: each may make somebody's phone ring.",
        ),
        may(
            "wait",
            Shape::Duration,
            "The longest that a case may wait in real time; a case that needs more is not applicable.",
        ),
        may(
            "timeout",
            Shape::Duration,
            "The longest that one exchange may take.",
        ),
    ]],
    ..EMPTY
};

const POSITIVE: Shape = Shape::Count(1, u32::MAX);

pub(super) static LOAD: Map = Map {
    name: "load",
    what: "`load`",
    says: "What load may be applied.",
    keys: &[&[
        may(
            "allow",
            Shape::Boolean,
            "Whether load is allowed although the target is not on this machine.",
        ),
        may(
            "max_rps",
            POSITIVE,
            "The highest rate that is allowed, in requests a second.",
        ),
    ]],
    ..EMPTY
};
