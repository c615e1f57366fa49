//! Devices in the hands of a person, who is asked and answers. One question at a time, whatever runs side by side.

use std::fmt::Write as _;
use std::sync::Arc;

use pushproof_report::Secret;
use tokio::sync::Mutex;

use super::{Act, Acted};

/// Shows a text to the person at the terminal and gives their answer; `None` once nobody answers any more. It may block as long as it takes.
///
/// The text may hold secrets, such as the code to scan: it is for the terminal and nothing else.
pub type Ask = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

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
        let (ask, text) = (Arc::clone(&self.ask), question(act));
        match tokio::task::spawn_blocking(move || ask(&text)).await {
            Ok(Some(answer)) => understood(act, answer.trim()),
            Ok(None) => Acted::unavailable("nobody answers at the terminal"),
            Err(_) => Acted::unavailable("the terminal cannot be asked"),
        }
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
        let _ = write!(text, "\n  {name}: {value}");
    }
    let how = if reads(act) {
        "type what it shows; `r` if that was refused, `n` if it cannot be done"
    } else {
        "Enter when it was accepted, `r` if it was refused, `n` if it cannot be done"
    };
    let _ = write!(text, "\n{how}: ");
    text
}

fn understood(act: &Act, answer: &str) -> Acted {
    match answer.to_lowercase().as_str() {
        "r" | "refused" => Acted::refused("so the person says"),
        "n" | "no" => Acted::unavailable("the person says that it cannot be done"),
        "" if reads(act) => Acted::unavailable("the person typed nothing"),
        _ if reads(act) => Acted {
            values: vec![("code".to_owned(), Secret::new(answer))],
            ..Acted::acknowledged()
        },
        "" | "y" | "yes" | "ok" => Acted::acknowledged(),
        _ => Acted::unavailable("the person's answer is none of those offered"),
    }
}
