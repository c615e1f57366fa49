//! Devices in the hands of a person, who is asked and answers. One question at a time, whatever runs side by side.

use std::fmt::Write as _;
use std::sync::Arc;

use pushproof_report::{Secret, sanitize};
use tokio::sync::{Mutex, oneshot};

use super::{Act, Acted};

/// Shows a text to the person at the terminal and gives their answer; `None` once nobody answers any more. It may block as long as it takes.
///
/// The text may hold secrets, such as the code to scan: it is for the terminal and nothing else.
pub type Ask = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// How often a person is asked who mistypes.
const ASKED_MAX: usize = 3;
/// Characters of a value that are shown; the codes to scan are shorter.
const VALUE_MAX: usize = 4000;

/// The person at the terminal.
pub struct Person {
    ask: Ask,
    turn: Mutex<()>,
}

impl Person {
    /// Somebody who is asked by `ask`.
    pub fn new(ask: Ask) -> Arc<Self> {
        Arc::new(Self {
            ask,
            turn: Mutex::default(),
        })
    }

    pub(super) async fn act(&self, act: &Act) -> Acted {
        let _turn = self.turn.lock().await;
        let mut text = question(act);
        for _ in 0..ASKED_MAX {
            let ask = Arc::clone(&self.ask);
            // A thread of its own, which nobody waits for: a run that is stopped must not hang on an answer that never comes.
            let (answers, answer) = oneshot::channel();
            std::thread::spawn(move || answers.send(ask(&text)));
            let acted = match answer.await {
                Ok(Some(answer)) => understood(act, answer.trim()),
                Ok(None) => Some(Acted::unavailable("nobody answers at the terminal")),
                Err(_) => Some(Acted::unavailable("the terminal cannot be asked")),
            };
            if let Some(acted) = acted {
                return acted;
            }
            text = format!("that is none of the answers; {}: ", how(act));
        }
        Acted::unavailable("the person's answer is none of those offered")
    }
}

/// Whether the person is to bring something to light.
fn reads(act: &Act) -> bool {
    matches!(act.action.as_str(), "read" | "code")
}

fn question(act: &Act) -> String {
    let mut text = format!(
        "{} of `{}`: please {}",
        act.actor, act.owner_username, act.action
    );
    for (name, value) in &act.with {
        // What an endpoint says may hold escapes for the terminal.
        let _ = write!(text, "\n  {name}: {}", sanitize(value, VALUE_MAX));
    }
    let _ = write!(text, "\n{}: ", how(act));
    text
}

/// How to answer.
fn how(act: &Act) -> &'static str {
    if reads(act) {
        "type what it shows; `r` if that was refused, `n` if it cannot be done"
    } else {
        "Enter when it was accepted, `r` if it was refused, `n` if it cannot be done"
    }
}

/// What an answer says; `None` if it is none of those offered.
fn understood(act: &Act, answer: &str) -> Option<Acted> {
    Some(match answer.to_lowercase().as_str() {
        "r" | "refused" => Acted::refused("so the person says"),
        "n" | "no" => Acted::unavailable("the person says that it cannot be done"),
        "" if reads(act) => Acted::unavailable("the person typed nothing"),
        _ if reads(act) => Acted {
            values: vec![("code".to_owned(), Secret::new(answer))],
            ..Acted::acknowledged()
        },
        "" | "y" | "yes" | "ok" => Acted::acknowledged(),
        _ => return None,
    })
}
