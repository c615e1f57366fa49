//! A defect of anybody's own making: [`ReplyFault`], one change to the replies of one operation. Written as
//!
//! ```text
//! reply:METHOD /path[WHICH]…:CHANGE
//!
//! reply:POST /mfa/challenge:remove=oob_code
//! reply:POST /oauth/token[grant=mfa-oob][authorization_pending]:status=200
//! reply:GET /mfa/authenticators:retype=*.active>string
//! reply:DELETE /mfa/authenticators/*[204]:drop=cache-control
//! ```
//!
//! `*` in the path is any one segment, in a member any element or member. `WHICH` narrows: a status, an error code, or
//! `grant=` with the last part of a grant type; all must hold, for the reply as it would be without such faults.

mod apply;
mod parse;

use std::fmt;

use http::Method;
use http::header::HeaderName;

/// One change to the replies of one operation. Made by parsing; shown in the form in which it is parsed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReplyFault {
    method: Method,
    /// A path of this tenant; a segment may be `*`.
    path: String,
    which: Vec<Which>,
    change: Change,
}

impl ReplyFault {
    /// How such faults are written: the form, what it does, and an example.
    pub const FORMS: [(&str, &str, &str); 6] = [
        (
            "reply:METHOD /path:remove=MEMBER",
            "A member of the reply is missing.",
            "reply:POST /mfa/challenge:remove=oob_code",
        ),
        (
            "reply:METHOD /path:rename=MEMBER>NAME",
            "A member of the reply has another name.",
            "reply:POST /mfa/associate:rename=oob_channel>oob_channels",
        ),
        (
            "reply:METHOD /path:retype=MEMBER>TYPE",
            "A member of the reply has another type; `*` is every element.",
            "reply:GET /mfa/authenticators:retype=*.active>string",
        ),
        (
            "reply:METHOD /path:status=N",
            "The reply has another status.",
            "reply:DELETE /mfa/authenticators/*:status=200",
        ),
        (
            "reply:METHOD /path:drop=HEADER",
            "A header of the reply is missing.",
            "reply:POST /oauth/token:drop=cache-control",
        ),
        (
            "reply:METHOD /path[WHICH]:CHANGE",
            "Only replies with such a status, error code or grant type are changed.",
            "reply:POST /oauth/token[grant=mfa-oob][authorization_pending]:status=200",
        ),
    ];
}

/// What a reply must be like to be changed.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Which {
    Status(u16),
    Error(String),
    /// The last part of the request's grant type: `mfa-oob`, `password`.
    Grant(String),
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Change {
    Remove(Member),
    Rename(Member, String),
    Retype(Member, Kind),
    Status(u16),
    Drop(HeaderName),
}

/// The way to a member of the body, outermost name first; never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Member(Vec<String>);

/// A type of JSON.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    String,
    Number,
    Boolean,
    Array,
    Object,
    Null,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::String,
        Self::Number,
        Self::Boolean,
        Self::Array,
        Self::Object,
        Self::Null,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Array => "array",
            Self::Object => "object",
            Self::Null => "null",
        }
    }
}

impl fmt::Display for ReplyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reply:{} {}", self.method, self.path)?;
        for which in &self.which {
            write!(f, "[{which}]")?;
        }
        write!(f, ":{}", self.change)
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Error(error) => f.write_str(error),
            Self::Grant(grant) => write!(f, "grant={grant}"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remove(member) => write!(f, "remove={member}"),
            Self::Rename(member, name) => write!(f, "rename={member}>{name}"),
            Self::Retype(member, kind) => write!(f, "retype={member}>{}", kind.name()),
            Self::Status(status) => write!(f, "status={status}"),
            Self::Drop(header) => write!(f, "drop={header}"),
        }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}
