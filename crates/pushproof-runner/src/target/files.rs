//! The files that a target names, looked into before anything is sent: [`Target::look_into_files`].

use std::path::Path;

use super::{Target, Users};
use crate::providers::users;
use crate::transport;

/// A file that a target names and that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileProblem {
    /// The section and the key that name it.
    pub at: [&'static str; 2],
    /// What is wrong, with the file's name.
    pub message: String,
    /// What to do about it.
    pub help: &'static str,
}

/// What a pool has not got, and the features that are not possible without.
const NO_NUMBERS: &str = "the pool has no telephone numbers";
const NO_ADDRESS: &str = "the pool has nobody whose `email_verified` is `true`";

impl Target {
    /// Looks into the files that the target names. What a pool of users does not hold is not possible: see [`Target::features`].
    ///
    /// # Errors
    /// Every file that cannot be used.
    pub fn look_into_files(&mut self) -> Result<(), Vec<FileProblem>> {
        let mut problems = Vec::new();
        if let Some(ca) = &self.tls.ca
            && let Err(problem) = authorities(ca)
        {
            problems.push(FileProblem {
                at: ["tls", "ca"],
                message: format!("`{}`: {problem}", ca.display()),
                help: "it names a PEM file of certificate authorities; a relative path begins at the target file",
            });
        }
        if let Some(Users::Pool { file }) = &self.users {
            match users::pool_holds(file) {
                Ok(holds) => {
                    let lacks = [
                        ("factor.sms", holds.numbers, NO_NUMBERS),
                        ("factor.voice", holds.numbers, NO_NUMBERS),
                        ("factor.email", holds.verified, NO_ADDRESS),
                    ];
                    let lacks = lacks.into_iter().filter(|(_, holds, _)| !holds);
                    self.lacks
                        .extend(lacks.map(|(feature, _, why)| (feature.to_owned(), why.to_owned())));
                }
                Err(problem) => problems.push(FileProblem {
                    at: ["users", "file"],
                    message: format!("`{}`: {problem}", file.display()),
                    help: "it names a CSV file of users, `username,password[,email,email_verified,phone]`; a relative path begins at the target file",
                }),
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }
}

fn authorities(ca: &Path) -> Result<(), String> {
    let pem = std::fs::read(ca).map_err(|error| error.to_string())?;
    transport::check_bundle(&pem).map_err(|error| error.to_string())
}
