//! Event sequences written by hand: [`Story`], and the failures that reports are read for.

use pushproof_report::{
    ActResult, Binding, CaseHead, Cover, Event, Excerpt, Finding, Level, Place, RequirementHead,
    RunHead, ShownReply, ShownRequest, Verdict,
};

pub(crate) const FILE: &str = "scenarios/auth0/push/enrol.yaml";

/// Events as a runner would make them. Words that a test does not care about are filled in.
#[derive(Default)]
pub(crate) struct Story {
    events: Vec<Event>,
    exchanges: u64,
    case: String,
    step: String,
}

impl Story {
    /// A run that has started, against a dialect of these requirements.
    pub(crate) fn new(requirements: &[(&str, Level, &str)]) -> Self {
        let head = |&(id, level, statement): &(&str, Level, &str)| RequirementHead {
            id: id.to_owned(),
            level,
            statement: statement.to_owned(),
            source: format!("protocol.md, {id}"),
            extended: false,
        };
        let mut story = Self::default();
        story.push(Event::RunStarted {
            run: RunHead {
                id: "k3f9".to_owned(),
                pushproof: "0.1.0".to_owned(),
                seed: 7,
                target: "staging".to_owned(),
                dialect: "auth0".to_owned(),
                profile: "documented".to_owned(),
                started: "2026-11-03T09:00:00Z".to_owned(),
            },
            requirements: requirements.iter().map(head).collect(),
            remarks: Vec::new(),
        });
        story
    }

    pub(crate) fn push(&mut self, event: Event) -> &mut Self {
        self.events.push(event);
        self
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.clone()
    }

    pub(crate) fn remark(&mut self, remark: &str) -> &mut Self {
        let Some(Event::RunStarted { remarks, .. }) = self.events.first_mut() else {
            panic!("a story begins with its run");
        };
        remarks.push(remark.to_owned());
        self
    }

    /// Plans a case. A binding is `step.check: ID ID`, with `ID?` for a SHOULD and `ID~` for a MAY.
    pub(crate) fn plan(&mut self, id: &str, title: &str, bindings: &[&str]) -> &mut Self {
        let case = case_head(id, title, bindings);
        self.push(Event::CasePlanned {
            case,
            not_applicable: None,
        })
    }

    pub(crate) fn plan_without(&mut self, id: &str, feature: &str, bindings: &[&str]) -> &mut Self {
        let case = case_head(id, "Not to be run", bindings);
        self.push(Event::CasePlanned {
            case,
            not_applicable: Some(feature.to_owned()),
        })
    }

    pub(crate) fn start(&mut self, case: &str) -> &mut Self {
        self.case = case.to_owned();
        self.push(Event::CaseStarted {
            case: case.to_owned(),
        })
    }

    pub(crate) fn step(&mut self, step: &str, say: &str) -> &mut Self {
        self.step = step.to_owned();
        let case = self.case.clone();
        self.push(Event::StepStarted {
            case,
            step: step.to_owned(),
            say: say.to_owned(),
        })
    }

    /// A call that was answered: `"tokens 200"`.
    pub(crate) fn call(&mut self, at_ms: u64, operation: &str, answer: &str) -> &mut Self {
        self.exchange(at_ms, None, operation, answer)
    }

    /// A poll that was answered: `"pending 400"`.
    pub(crate) fn poll(&mut self, number: u32, at_ms: u64, answer: &str) -> &mut Self {
        self.exchange(at_ms, Some(number), "token.mfa_oob", answer)
    }

    fn exchange(
        &mut self,
        at_ms: u64,
        poll: Option<u32>,
        operation: &str,
        answer: &str,
    ) -> &mut Self {
        self.exchanges += 1;
        let (outcomes, status) = answer.split_once(' ').unwrap_or((answer, ""));
        let reply = status.parse().ok().map(|status| ShownReply {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: format!(r#"{{"error":"{outcomes}"}}"#),
        });
        let failure = reply.is_none().then(|| answer.to_owned());
        let outcomes = outcomes
            .split('|')
            .filter(|_| failure.is_none())
            .map(str::to_owned)
            .collect();
        let event = Event::Exchanged {
            case: self.case.clone(),
            step: self.step.clone(),
            exchange: self.exchanges,
            poll,
            at_ms,
            operation: operation.to_owned(),
            request: shown_request(),
            reply,
            failure,
            outcomes,
            took_us: 830,
        };
        self.push(event)
    }

    pub(crate) fn act(&mut self, at_ms: u64, action: &str, result: ActResult) -> &mut Self {
        let event = Event::Acted {
            case: self.case.clone(),
            step: self.step.clone(),
            at_ms,
            actor: "phone".to_owned(),
            action: action.to_owned(),
            after_poll: Some(2),
            result,
            detail: None,
        };
        self.push(event)
    }

    pub(crate) fn wait(&mut self, from_ms: u64, until_ms: u64, why: &str) -> &mut Self {
        let (case, step) = (self.case.clone(), self.step.clone());
        self.push(Event::Waited {
            case,
            step,
            from_ms,
            until_ms,
            why: why.to_owned(),
        })
    }

    /// A check of the current step that came to a verdict without a finding. Covers as in [`Story::plan`].
    pub(crate) fn judged(
        &mut self,
        check: &str,
        covers_: &str,
        verdict: Verdict,
        reason: Option<&str>,
    ) -> &mut Self {
        let event = Event::Judged {
            case: self.case.clone(),
            step: self.step.clone(),
            check: check.to_owned(),
            verdict,
            covers: covers(covers_),
            reason: reason.map(str::to_owned),
            finding: None,
        };
        self.push(event)
    }

    pub(crate) fn held(&mut self, check: &str, covers: &str) -> &mut Self {
        self.judged(check, covers, Verdict::Pass, None)
    }

    /// A breach shown by the latest exchange.
    pub(crate) fn breached(
        &mut self,
        check: &str,
        covers_: &str,
        verdict: Verdict,
        seen: Seen<'_>,
    ) -> &mut Self {
        let covers = covers(covers_);
        let levels = covers.iter().map(|cover| cover.level);
        let finding = Finding {
            level: Level::strongest(levels).unwrap_or(Level::Must),
            requirements: covers.clone(),
            case: self.case.clone(),
            step: self.step.clone(),
            check: check.to_owned(),
            verdict,
            expected: seen.expected.to_owned(),
            actual: seen.actual.to_owned(),
            place: Place {
                file: FILE.to_owned(),
                line: 41,
                column: 5,
            },
            excerpt: seen.excerpt(41),
            exchange: (self.exchanges > 0).then_some(self.exchanges),
        };
        let event = Event::Judged {
            case: self.case.clone(),
            step: self.step.clone(),
            check: check.to_owned(),
            verdict,
            covers,
            reason: None,
            finding: Some(Box::new(finding)),
        };
        self.push(event)
    }

    pub(crate) fn finish(&mut self, verdict: Verdict, reason: Option<&str>) -> &mut Self {
        let (case, reason) = (self.case.clone(), reason.map(str::to_owned));
        self.push(Event::CaseFinished {
            case,
            verdict,
            reason,
            took_ms: 12,
        })
    }

    pub(crate) fn end(&mut self, exit: u8) -> &mut Self {
        self.push(Event::RunFinished {
            exit,
            complete: true,
            took_ms: 812,
        })
    }
}

/// What was expected, what was seen, and the source line with the element between `«` and `»`.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) expected: &'a str,
    pub(crate) actual: &'a str,
    pub(crate) source: &'a str,
    pub(crate) label: &'a str,
}

impl Seen<'_> {
    fn excerpt(&self, line: u32) -> Option<Excerpt> {
        let (before, rest) = self.source.split_once('«')?;
        let (element, after) = rest.split_once('»')?;
        let chars = |text: &str| text.chars().count() as u32;
        Some(Excerpt {
            line,
            text: format!("{before}{element}{after}"),
            column: chars(before) + 1,
            width: chars(element),
            label: self.label.to_owned(),
        })
    }
}

fn covers(text: &str) -> Vec<Cover> {
    let cover = |word: &str| {
        let (requirement, level) = match word.strip_suffix(['?', '~']) {
            Some(requirement) if word.ends_with('?') => (requirement, Level::Should),
            Some(requirement) => (requirement, Level::May),
            None => (word, Level::Must),
        };
        Cover {
            requirement: requirement.to_owned(),
            level,
        }
    };
    text.split_whitespace().map(cover).collect()
}

fn case_head(id: &str, title: &str, bindings: &[&str]) -> CaseHead {
    let binding = |text: &&str| {
        let (place, ids) = text.split_once(": ").unwrap();
        let (step, check) = place.split_once('.').unwrap();
        Binding {
            step: step.to_owned(),
            check: check.to_owned(),
            covers: covers(ids),
        }
    };
    CaseHead {
        id: id.to_owned(),
        title: title.to_owned(),
        file: FILE.to_owned(),
        line: 3,
        tags: vec!["push".to_owned()],
        bindings: bindings.iter().map(binding).collect(),
    }
}

fn shown_request() -> ShownRequest {
    ShownRequest {
        method: "POST".to_owned(),
        url: "https://tenant.example.com/oauth/token".to_owned(),
        headers: Vec::new(),
        body: "oob_code=‹oob_code: 43 chars, #03aa›".to_owned(),
        curl: "curl -sS https://tenant.example.com/oauth/token \\\n  -d oob_code=$OOB_CODE"
            .to_owned(),
    }
}

pub(crate) const REQUIREMENTS: [(&str, Level, &str); 6] = [
    (
        "PUSH-ENROLL-006",
        Level::Must,
        "While the user has not confirmed, the tenant answers `authorization_pending`",
    ),
    (
        "PUSH-ENROLL-007",
        Level::Must,
        "Once the user has confirmed, one of the next two polls is answered with tokens",
    ),
    (
        "OOB-POLL-012",
        Level::Must,
        "An oob_code that has bought tokens buys nothing more, whoever asks and however often",
    ),
    (
        "OOB-POLL-018",
        Level::Should,
        "A rejected login is answered with the form that is documented",
    ),
    (
        "OOB-POLL-030",
        Level::May,
        "The tenant accepts a longer interval than it asked for",
    ),
    (
        "SMS-003",
        Level::Must,
        "The code from the message buys tokens",
    ),
];

/// The pattern of a poll is breached: a final answer where only `pending` may stand.
pub(crate) fn pattern_breached(story: &mut Story) {
    story
        .start("push.enrol.confirmed-while-polling")
        .step(
            "password",
            "Alice gives her password and the tenant asks for a second factor",
        )
        .call(0, "token.password", "mfa_required 403")
        .step(
            "wait",
            "The app keeps asking; after the second answer the phone scans the code and confirms",
        )
        .poll(1, 5_000, "pending 400")
        .poll(2, 10_000, "pending 400")
        .act(10_000, "enrol", ActResult::Acknowledged)
        .poll(3, 15_000, "rejected|invalid_grant 403")
        .breached(
            "outcomes",
            "PUSH-ENROLL-006 PUSH-ENROLL-007",
            Verdict::Fail,
            Seen {
                expected: "pending or tokens",
                actual: "rejected (403 invalid_grant)",
                source: "    outcomes: [pending+, «tokens»]",
                label: "poll 3 was answered with rejected",
            },
        )
        .finish(Verdict::Fail, None);
}

/// The decision comes too late.
pub(crate) fn settles_late(story: &mut Story) {
    story
        .start("push.challenge.rejected[decide_after=1]")
        .step("wait", "Alice taps Deny while the app is polling");
    for number in 1..=12 {
        story.poll(number, u64::from(number) * 5_000, "pending 400");
        if number == 1 {
            story.act(5_250, "reject", ActResult::Acknowledged);
        }
    }
    story
        .poll(13, 65_000, "rejected 400")
        .breached(
            "settles_within",
            "PUSH-ENROLL-007",
            Verdict::Fail,
            Seen {
                expected: "a final outcome within 2 polls of the device's action",
                actual: "12 polls",
                source: "    settles_within: «{ polls: 2 }»",
                label: "poll 13 was the first to settle",
            },
        )
        .finish(Verdict::Fail, None);
}

/// A code buys tokens twice.
pub(crate) fn replay_accepted(story: &mut Story) {
    story
        .start("push.enrol.replay")
        .step("wait", "The phone confirms")
        .poll(1, 5_000, "tokens 200")
        .step("replay", "The same code buys nothing a second time")
        .call(5_000, "token.mfa_oob", "tokens 200")
        .breached(
            "expect",
            "OOB-POLL-012",
            Verdict::Fail,
            Seen {
                expected: "refused",
                actual: "tokens (200)",
                source: "    expect: «refused»",
                label: "the replay was accepted",
            },
        )
        .finish(Verdict::Fail, None);
}

/// A run with three instructive failures, and one of each other kind.
pub(crate) fn instructive() -> Story {
    let mut story = Story::new(&REQUIREMENTS);
    story
        .remark("TLS is not verified: the target says `insecure: true`")
        .plan(
            "push.enrol.confirmed-while-polling",
            "Alice enrols her phone by push and is signed in once the phone confirms",
            &[
                "wait.outcomes: PUSH-ENROLL-006 PUSH-ENROLL-007",
                "replay.expect: OOB-POLL-012",
            ],
        )
        .plan(
            "push.challenge.rejected[decide_after=1]",
            "A push that the user rejects ends the login, at once and for good",
            &["wait.settles_within: PUSH-ENROLL-007"],
        )
        .plan(
            "push.enrol.replay",
            "A code buys tokens once",
            &["replay.expect: OOB-POLL-012"],
        )
        .plan(
            "push.challenge.form",
            "A rejected login is told in the documented form",
            &[
                "wait.outcomes: OOB-POLL-018?",
                "wait.check.1: OOB-POLL-030~",
            ],
        )
        .plan_without("sms.verify", "factor.sms", &["verify.expect: SMS-003"]);
    pattern_breached(&mut story);
    settles_late(&mut story);
    replay_accepted(&mut story);
    story
        .start("push.challenge.form")
        .step("wait", "Alice taps Deny")
        .poll(1, 5_000, "rejected 403")
        .breached(
            "outcomes",
            "OOB-POLL-018?",
            Verdict::Warn,
            Seen {
                expected: "400 access_denied",
                actual: "403 invalid_grant",
                source: "    outcomes: [«rejected»]",
                label: "the form that is only tolerated",
            },
        )
        .held("check.1", "OOB-POLL-030~")
        .finish(Verdict::Warn, None);
    story
}
