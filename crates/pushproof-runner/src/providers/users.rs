//! Users for the actors of a scenario: made for the purpose, or leased from a pool, and never shared.

mod csv;
mod management;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use pushproof_report::Secret;
use serde_json::{Value, json};

use self::management::Management;
use super::hook::{Hook, HookError};
use crate::target;
use crate::transport::Transport;

/// What a scenario wants of a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Want {
    /// Whether the address counts as proven to be the user's.
    pub email_verified: bool,
    /// Whether a telephone number is needed.
    pub phone: bool,
}

/// Somebody who can log in.
#[derive(Clone, PartialEq, Debug)]
pub struct User {
    /// The tenant's id, where it is known.
    pub id: Option<String>,
    /// What is typed at login.
    pub username: String,
    /// And with it.
    pub password: Secret,
    /// Where e-mail arrives.
    pub email: Option<String>,
    /// Where messages and calls arrive.
    pub phone: Option<String>,
    /// Whether the address counts as proven to be the user's, where the provider says so.
    pub email_verified: Option<bool>,
    /// Taken from a pool: others may have had it before this run.
    pub is_leased: bool,
    /// What the users hook answered, to be given back to it.
    created: Option<Secret>,
}

/// What came of making a user.
#[derive(Debug)]
pub struct Made {
    /// The user, or why there is none.
    pub user: Result<User, Unavailable>,
    /// Who may have been made besides: the answer to these tries was lost.
    pub maybe_made: Vec<String>,
}

/// Why there is no user: the case could not run.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The target names no provider.
    #[error("the target has no `users`")]
    NoProvider,
    /// The pool file cannot be used.
    #[error("user pool `{}`: {problem}", .file.display())]
    Pool {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Everybody in the pool has been leased in this run.
    #[error("user pool `{}`: all {users} users are leased", .file.display())]
    PoolEmpty {
        /// The file.
        file: PathBuf,
        /// How many there are.
        users: usize,
    },
    /// Nobody in the rest of the pool has a telephone number.
    #[error("user pool `{}`: no user with a telephone number is left", .file.display())]
    NoPhone {
        /// The file.
        file: PathBuf,
    },
    /// Nobody in the rest of the pool is what a case wants.
    #[error(
        "user pool `{}`: no user with `email_verified` {wanted} is left", .file.display()
    )]
    NoneFits {
        /// The file.
        file: PathBuf,
        /// What `email_verified` must be.
        wanted: bool,
    },
    /// The endpoint that makes users failed.
    #[error(transparent)]
    Hook(#[from] HookError),
}

/// Where users come from in a run.
pub struct Users {
    source: Source,
    luck: Mutex<Luck>,
}

/// What has come of asking so far.
#[derive(Default)]
struct Luck {
    somebody_came: bool,
    /// How often in a row nobody came.
    in_vain: u32,
}

impl Luck {
    /// Whether nobody is expected any more: sooner if nobody has ever come.
    fn is_out(&self) -> bool {
        self.in_vain >= if self.somebody_came { 16 } else { 6 }
    }
}

enum Source {
    Nowhere,
    Management(Box<Management>),
    Pool(Pool),
    Hook(Hook),
}

impl Users {
    /// The provider that a target names. `base_url` is the tenant's, and `run` a word that no other run uses: it is part of the names of
    /// users that are made.
    ///
    /// # Errors
    /// [`Unavailable`] if a pool cannot be read.
    pub fn new(
        users: Option<&target::Users>,
        base_url: &str,
        hooks: &Transport,
        run: &str,
    ) -> Result<Self, Unavailable> {
        let source = match users {
            None => Source::Nowhere,
            Some(target::Users::ManagementApi {
                authority,
                connection,
            }) => Source::Management(Box::new(Management::new(
                base_url, authority, connection, hooks, run,
            ))),
            Some(target::Users::Pool { file }) => Source::Pool(Pool::read(file)?),
            Some(target::Users::Hook { url }) => Source::Hook(Hook::new("users", hooks, url)),
        };
        Ok(Self {
            source,
            luck: Mutex::default(),
        })
    }

    /// How many users a pool has; `None` where users are made.
    pub fn pool_size(&self) -> Option<usize> {
        match &self.source {
            Source::Pool(pool) => Some(pool.size),
            Source::Nowhere | Source::Management(_) | Source::Hook(_) => None,
        }
    }

    /// A user whom nobody else in this run gets.
    ///
    /// # Errors
    /// [`Unavailable`], which says why.
    pub async fn create(&self, want: Want) -> Result<User, Unavailable> {
        match &self.source {
            Source::Nowhere => Err(Unavailable::NoProvider),
            Source::Management(management) => Ok(management.create(want).await?),
            Source::Pool(pool) => pool.lease(want),
            Source::Hook(hook) => Ok(create_by_hook(hook, want).await?),
        }
    }

    /// A user whom nobody else in this run gets; tried again where the next try may do better, each time for another name.
    pub async fn make(&self, want: Want) -> Made {
        let mut maybe_made = Vec::new();
        for again in 0.. {
            let (user, name) = match &self.source {
                Source::Management(management) => {
                    let (user, name) = management.create_named(want).await;
                    (user.map_err(Unavailable::Hook), Some(name))
                }
                Source::Nowhere | Source::Pool(_) | Source::Hook(_) => {
                    (self.create(want).await, None)
                }
            };
            if let Err(Unavailable::Hook(error)) = &user {
                // Nobody else takes our names: it was made by a request that went on twice.
                let is_there = name.is_some() && error.status() == Some(StatusCode::CONFLICT);
                if may_be_made(error) || is_there {
                    let name =
                        name.map_or_else(|| "a user".to_owned(), |name| format!("user `{name}`"));
                    maybe_made.push(format!("{name}, if it was made: {error}"));
                }
                if (error.may_pass() || is_there)
                    && again < error.again_max()
                    && !self.luck().is_out()
                {
                    tokio::time::sleep(error.rest(again)).await;
                    continue;
                }
            }
            let mut luck = self.luck();
            match user {
                Ok(_) => (luck.somebody_came, luck.in_vain) = (true, 0),
                Err(_) => luck.in_vain = luck.in_vain.saturating_add(1),
            }
            drop(luck);
            return Made { user, maybe_made };
        }
        unreachable!("the loop ends at the latest after `AGAIN_MAX` tries")
    }

    /// Whether somebody may come the next time: the provider has made users before, and what keeps it from doing so may pass.
    pub(crate) fn may_pass(&self, why: &Unavailable) -> bool {
        let luck = self.luck();
        let passes = match why {
            Unavailable::Hook(error) => {
                error.may_pass()
                    || error.is_silence()
                    || error.status() == Some(StatusCode::CONFLICT)
            }
            _ => false,
        };
        passes && luck.somebody_came && !luck.is_out()
    }

    fn luck(&self) -> MutexGuard<'_, Luck> {
        self.luck.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this program proves itself with at the provider, with labels, for whoever keeps it out of what is written. A token that is
    /// fetched is among them from then on.
    pub async fn secrets(&self) -> Vec<(&'static str, Secret)> {
        match &self.source {
            Source::Management(management) => management.secrets().await,
            Source::Nowhere | Source::Pool(_) | Source::Hook(_) => Vec::new(),
        }
    }

    /// Undoes what [`Users::create`] has done. A leased user is not given back: after a case it is not as it was.
    ///
    /// # Errors
    /// What was left behind, and why.
    pub async fn delete(&self, user: &User) -> Result<(), String> {
        let mut again = 0;
        loop {
            let deleted = match &self.source {
                Source::Nowhere | Source::Pool(_) => Ok(()),
                Source::Management(management) => management.delete(user).await,
                Source::Hook(hook) => delete_by_hook(hook, user).await,
            };
            match deleted {
                Err(error) if error.may_pass() && again < error.again_max() => {
                    tokio::time::sleep(error.rest(again)).await;
                    again += 1;
                }
                deleted => {
                    return deleted.map_err(|error| format!("user `{}`: {error}", user.username));
                }
            }
        }
    }
}

/// Whether somebody may have been made although the answer does not say so. Nobody is where the request was never sent, for want of a token, or was
/// turned away at the door.
fn may_be_made(error: &HookError) -> bool {
    let turned_away = matches!(
        error.status(),
        Some(StatusCode::SERVICE_UNAVAILABLE | StatusCode::NOT_IMPLEMENTED)
    );
    error.may_be_done() && !turned_away && !error.is_of(management::TOKENS)
}

async fn create_by_hook(hook: &Hook, want: Want) -> Result<User, HookError> {
    let want = json!({ "email_verified": want.email_verified, "phone": want.phone });
    let response = hook
        .post(&json!({ "action": "create", "want": want }))
        .await?;
    let answer = hook.json(&Method::POST, &response)?;
    user_of(&answer).map_err(|missing| {
        hook.nonsense(
            &Method::POST,
            format!("answered a user without `{missing}`"),
        )
    })
}

fn user_of(answer: &Value) -> Result<User, &'static str> {
    let text = |name: &str| {
        let text = answer.get(name)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    Ok(User {
        id: text("id"),
        username: text("username").ok_or("username")?,
        password: Secret::new(text("password").ok_or("password")?),
        email: text("email"),
        phone: text("phone"),
        email_verified: answer.get("email_verified").and_then(Value::as_bool),
        is_leased: false,
        created: Some(Secret::new(answer.to_string())),
    })
}

async fn delete_by_hook(hook: &Hook, user: &User) -> Result<(), HookError> {
    let created = user
        .created
        .as_ref()
        .map(|created| serde_json::from_str(created.reveal()));
    let created: Value = created.and_then(Result::ok).unwrap_or_default();
    hook.post(&json!({ "action": "delete", "user": created }))
        .await
        .map(drop)
}

/// What somebody in a pool has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolHolds {
    /// A telephone number.
    pub(crate) numbers: bool,
    /// An address that is known to be verified.
    pub(crate) verified: bool,
}

/// What a pool file holds, or what is wrong with it.
pub(crate) fn pool_holds(file: &Path) -> Result<PoolHolds, String> {
    let users = read_pool(file)?;
    Ok(PoolHolds {
        numbers: users.iter().any(|user| user.phone.is_some()),
        verified: users.iter().any(|user| user.email_verified == Some(true)),
    })
}

fn read_pool(file: &Path) -> Result<Vec<User>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    csv::users(&text)
}

/// Users in a file, each leased at most once.
struct Pool {
    file: PathBuf,
    size: usize,
    free: Mutex<VecDeque<User>>,
}

impl Pool {
    fn read(file: &Path) -> Result<Self, Unavailable> {
        let users = read_pool(file).map_err(|problem| Unavailable::Pool {
            file: file.to_owned(),
            problem,
        })?;
        Ok(Self {
            file: file.to_owned(),
            size: users.len(),
            free: Mutex::new(users.into()),
        })
    }

    fn lease(&self, want: Want) -> Result<User, Unavailable> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.is_empty() {
            return Err(Unavailable::PoolEmpty {
                file: self.file.clone(),
                users: self.size,
            });
        }
        // That an address is proven is not guessed; that it is not shows in what the endpoint lists.
        let may = |user: &User| match want.email_verified {
            true => user.email_verified == Some(true),
            false => user.email_verified != Some(true),
        };
        if !free.iter().any(may) {
            return Err(Unavailable::NoneFits {
                file: self.file.clone(),
                wanted: want.email_verified,
            });
        }
        // A number is left for the actors that need one, as far as the file has users without; who is known to fit comes first.
        let phone = |user: &User| user.phone.is_some() == want.phone;
        let known = |user: &User| user.email_verified == Some(want.email_verified);
        let first = |fits: &dyn Fn(&User) -> bool| free.iter().position(fits);
        let at = first(&|user| may(user) && known(user) && phone(user))
            .or_else(|| first(&|user| may(user) && phone(user)))
            .or_else(|| first(&|user| may(user) && !want.phone));
        at.and_then(|at| free.remove(at))
            .ok_or_else(|| Unavailable::NoPhone {
                file: self.file.clone(),
            })
    }
}
