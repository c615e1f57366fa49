//! A [`ReplyFault`] from its text. What cannot be understood is told with advice.

use std::str::FromStr;

use http::Method;
use http::header::HeaderName;

use super::{Change, Kind, Member, ReplyFault, Which};
use crate::any_fault::{FaultError, nearest};
use crate::route::{PATHS, Route};

const FORM: &str =
    "write `reply:METHOD /path:CHANGE`, as in `reply:POST /mfa/challenge:remove=oob_code`";
const CHANGES: &str = "a change is `remove=MEMBER`, `rename=MEMBER>NAME`, `retype=MEMBER>TYPE`, `status=N` or `drop=HEADER`";
/// Headers that the server or the connection adds; what the tenant does not send it cannot drop.
const NOT_OURS: [&str; 4] = ["connection", "content-length", "date", "transfer-encoding"];

impl FromStr for ReplyFault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let rest = text
            .strip_prefix("reply:")
            .ok_or_else(|| FaultError::new("a fault of replies begins with `reply:`", FORM))?;
        let (place, change) = rest
            .split_once(':')
            .ok_or_else(|| FaultError::new(format!("`{text}` says no change"), FORM))?;
        let (operation, which) = place.find('[').map_or((place, ""), |at| place.split_at(at));
        let (method, path) = read_operation(operation.trim())?;
        Ok(Self {
            which: read_which(which.trim(), &path)?,
            change: read_change(change.trim())?,
            method,
            path,
        })
    }
}

fn read_operation(text: &str) -> Result<(Method, String), FaultError> {
    let (method, path) = text
        .split_once(' ')
        .ok_or_else(|| FaultError::new(format!("`{text}` is no method and path"), FORM))?;
    let path = path.trim();
    let route = Route::find(path).ok_or_else(|| {
        let hint = nearest(path, PATHS).map_or_else(
            || format!("the tenant serves {}", PATHS.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        FaultError::new(format!("the tenant serves no `{path}`"), hint)
    })?;
    let allow = route.allow();
    let method = method.to_ascii_uppercase();
    let served = allow.split(", ").find(|served| *served == method);
    let served = served.and_then(|method| method.parse().ok());
    let method = served.ok_or_else(|| {
        FaultError::new(
            format!("`{path}` is not served by `{method}`"),
            format!("it is served by {allow}"),
        )
    })?;
    Ok((method, path.to_owned()))
}

/// Any number of `[…]`.
fn read_which(text: &str, path: &str) -> Result<Vec<Which>, FaultError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let inner = inner.ok_or_else(|| {
        let hint = "a narrowing is written `[400]`, `[authorization_pending]` or `[grant=mfa-oob]`";
        FaultError::new(format!("`{text}` is not closed"), hint)
    })?;
    inner.split("][").map(|one| read_one(one, path)).collect()
}

fn read_one(text: &str, path: &str) -> Result<Which, FaultError> {
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|octet| octet.is_ascii_lowercase() || b"_-".contains(&octet))
    };
    if let Some(grant) = text.strip_prefix("grant=").filter(|grant| is_name(grant)) {
        return if path == "/oauth/token" {
            Ok(Which::Grant(grant.to_owned()))
        } else {
            let what = format!("`{path}` has no grants");
            Err(FaultError::new(
                what,
                "only `/oauth/token` is narrowed by `grant=`",
            ))
        };
    }
    match text.parse() {
        Ok(status) if (200..600).contains(&status) => Ok(Which::Status(status)),
        Err(_) if is_name(text) => Ok(Which::Error(text.to_owned())),
        _ => {
            let hint = "it is a status (`400`), an error code (`authorization_pending`) or `grant=mfa-oob`";
            Err(FaultError::new(format!("`{text}` narrows nothing"), hint))
        }
    }
}

fn read_change(text: &str) -> Result<Change, FaultError> {
    let unknown = || {
        let word = text.split('=').next().unwrap_or_default();
        let near = nearest(word, &["remove", "rename", "retype", "status", "drop"]);
        let near = near
            .filter(|near| *near != word)
            .map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        FaultError::new(format!("`{text}` is no change"), format!("{near}{CHANGES}"))
    };
    let (word, of) = text.split_once('=').ok_or_else(unknown)?;
    let parts = || {
        of.split_once('>').ok_or_else(|| {
            FaultError::new(format!("`{text}` does not say what to make of it"), CHANGES)
        })
    };
    match word {
        "remove" => read_member(of).map(Change::Remove),
        "rename" => {
            let (member, name) = parts()?;
            let name = read_member(name)?.to_string();
            read_member(member).map(|member| Change::Rename(member, name))
        }
        "retype" => {
            let (member, kind) = parts()?;
            Ok(Change::Retype(read_member(member)?, read_kind(kind)?))
        }
        "status" => match of.parse() {
            Ok(status) if (200..600).contains(&status) => Ok(Change::Status(status)),
            _ => Err(FaultError::new(
                format!("`{of}` is no status"),
                "a status is a number from 200 to 599",
            )),
        },
        "drop" => read_header(of).map(Change::Drop),
        _ => Err(unknown()),
    }
}

fn read_member(text: &str) -> Result<Member, FaultError> {
    let names: Vec<_> = text.split('.').map(str::to_owned).collect();
    if names.iter().any(String::is_empty) || text.contains(['>', ':', '[', ']']) {
        let hint = "members are named from the outermost, with dots between, `*` for any: `oob_code`, `*.active`";
        return Err(FaultError::new(format!("`{text}` names no member"), hint));
    }
    Ok(Member(names))
}

fn read_kind(text: &str) -> Result<Kind, FaultError> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == text);
    kind.ok_or_else(|| {
        let names = Kind::ALL.map(Kind::name).join(", ");
        FaultError::new(format!("`{text}` is no type"), format!("types are {names}"))
    })
}

fn read_header(text: &str) -> Result<HeaderName, FaultError> {
    let name: HeaderName = text
        .parse()
        .map_err(|_| FaultError::new(format!("`{text}` is no header"), CHANGES))?;
    if NOT_OURS.contains(&name.as_str()) {
        let hint = "headers that the server itself adds cannot be dropped";
        return Err(FaultError::new(
            format!("`{name}` is not the tenant's"),
            hint,
        ));
    }
    Ok(name)
}
