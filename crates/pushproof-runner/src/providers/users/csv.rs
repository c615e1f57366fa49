//! The pool file: CSV (RFC 4180) with a header line `username,password[,email,email_verified,phone]`, the columns in any
//! order. `email_verified` is `true`, `false`, or nothing where it is not known.

use pushproof_report::Secret;

use super::User;

const COLUMNS: [&str; 5] = ["username", "password", "email", "email_verified", "phone"];

/// Reads the users of a pool. Errors name the line and never show its text, which may be a password.
pub(super) fn users(text: &str) -> Result<Vec<User>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut records = records(text)?.into_iter();
    let (_, header) = records.next().ok_or("file is empty")?;
    let columns = columns(&header)?;
    let users: Vec<User> = records
        .map(|(line, record)| user(line, &record, &columns))
        .collect::<Result<_, _>>()?;
    for (n, user) in users.iter().enumerate() {
        if users[..n]
            .iter()
            .any(|earlier| earlier.username == user.username)
        {
            return Err(format!("user `{}` stands there twice", user.username));
        }
    }
    Ok(users)
}

/// Which known column stands where.
fn columns(header: &[String]) -> Result<Vec<&'static str>, String> {
    let known = |name: &String| COLUMNS.into_iter().find(|column| *column == name.trim());
    let columns: Vec<_> = header
        .iter()
        .map(|name| {
            known(name).ok_or_else(|| {
                "line 1: the header must be `username,password[,email,email_verified,phone]`"
                    .to_owned()
            })
        })
        .collect::<Result<_, _>>()?;
    for needed in ["username", "password"] {
        if columns.iter().filter(|column| **column == needed).count() != 1 {
            return Err(format!("line 1: the header must name `{needed}` once"));
        }
    }
    Ok(columns)
}

fn user(line: usize, record: &[String], columns: &[&str]) -> Result<User, String> {
    if record.len() != columns.len() {
        return Err(format!(
            "line {line}: {} values for {} columns",
            record.len(),
            columns.len()
        ));
    }
    let value = |name: &str| {
        let at = columns.iter().position(|column| *column == name)?;
        (!record[at].is_empty()).then(|| record[at].clone())
    };
    let email_verified = match value("email_verified").as_deref().map(str::trim) {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => {
            return Err(format!(
                "line {line}: `email_verified` must be `true`, `false` or nothing"
            ));
        }
    };
    Ok(User {
        id: None,
        username: value("username").ok_or_else(|| format!("line {line}: no username"))?,
        password: Secret::new(
            value("password").ok_or_else(|| format!("line {line}: no password"))?,
        ),
        email: value("email"),
        phone: value("phone"),
        email_verified,
        is_leased: true,
        created: None,
    })
}

/// The records with the lines they begin on; empty lines are none.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let mut records = Vec::new();
    let (mut record, mut value) = (Vec::new(), String::new());
    let (mut line, mut began) = (1, 1);
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                value.push('"');
            }
            '"' if quoted || value.is_empty() => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut value)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                finish(&mut records, began, &mut record, &mut value);
                line += 1;
                began = line;
            }
            _ => {
                line += usize::from(char == '\n');
                value.push(char);
            }
        }
    }
    if quoted {
        return Err(format!("line {began}: a quote is not closed"));
    }
    finish(&mut records, began, &mut record, &mut value);
    Ok(records)
}

fn finish(
    records: &mut Vec<(usize, Vec<String>)>,
    line: usize,
    record: &mut Vec<String>,
    value: &mut String,
) {
    if !record.is_empty() || !value.is_empty() {
        record.push(std::mem::take(value));
        records.push((line, std::mem::take(record)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match users(text) {
            Err(error) => error,
            Ok(users) => users
                .iter()
                .map(|user| {
                    format!(
                        "{} / {} / {:?} / {:?}",
                        user.username,
                        user.password.reveal(),
                        user.email,
                        user.phone
                    )
                })
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }

    #[test]
    fn pools_as_people_write_them() {
        insta::assert_snapshot!(shown("username,password\nada,secret\n\nbob,\"with \"\"quotes\"\", and comma\"\r\n"), @r#"
        ada / secret / None / None
        bob / with "quotes", and comma / None / None
        "#);
        insta::assert_snapshot!(shown("\u{feff}phone,username,email,password\n+12025550100,ada,ada@example.com,secret\n,bob,,\"two\nlines\"\n"), @r#"
        ada / secret / Some("ada@example.com") / Some("+12025550100")
        bob / two
        lines / None / None
        "#);
    }

    #[test]
    fn what_is_wrong_with_a_pool_is_told_without_its_text() {
        insta::assert_snapshot!(shown(""), @"file is empty");
        insta::assert_snapshot!(shown("ada,secret\n"), @"line 1: the header must be `username,password[,email,email_verified,phone]`");
        insta::assert_snapshot!(shown("username,password,email_verified\nada,secret,yes\n"), @"line 2: `email_verified` must be `true`, `false` or nothing");
        insta::assert_snapshot!(shown("username,email\nada,secret\n"), @"line 1: the header must name `password` once");
        insta::assert_snapshot!(shown("username,password\nada\n"), @"line 2: 1 values for 2 columns");
        insta::assert_snapshot!(shown("username,password\nada,\n"), @"line 2: no password");
        insta::assert_snapshot!(shown("username,password\nada,\"secret\n"), @"line 2: a quote is not closed");
        insta::assert_snapshot!(shown("username,password\nada,1\nada,2\n"), @"user `ada` stands there twice");
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in "[a-z,\"\r\n\u{feff}]{0,60}") {
            let _ = users(&text);
            let _ = users(&format!("username,password\n{text}"));
        }
    }
}
