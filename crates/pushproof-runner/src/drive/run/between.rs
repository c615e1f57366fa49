//! What comes between a request and the endpoint's own word: told, sent again where that does no harm, and never held against the endpoint.

use pushproof_scenario::ActExpect;

use super::*;
use crate::again;
use crate::trouble::is_gateway;

impl Driver<'_> {
    /// What came between, if something did. In a sandbox of this program nothing does.
    pub(super) fn trouble(
        &self,
        flight: Flight,
        result: &Result<Exchanged, Failure>,
    ) -> Option<Trouble> {
        let sent = self.sent.get(&flight).filter(|_| self.place.is_remote())?;
        let exchanged = match result {
            Ok(exchanged) => {
                self.context.weather.answered();
                exchanged
            }
            Err(failure) => {
                if failure.kind() == FailureKind::TimedOut {
                    self.context.weather.silence();
                }
                return Some(Trouble::of_failure(failure));
            }
        };
        let is = self.recognise(sent.operation, &exchanged.response);
        let action = &self.program.steps[usize::from(sent.step)].action;
        let (wants, asks) = (wants_throttled(action), is_about_throttling(action));
        Trouble::of_reply(&exchanged.response, is, wants, asks)
    }

    pub(super) fn recognise(&self, operation: usize, response: &Response<Vec<u8>>) -> Recognition {
        let among = self.program.dialect.operations[operation].outcomes;
        let status = response.status().as_u16();
        let dated = Dated::new(response.headers(), self.ticket.now());
        self.program
            .profile
            .recognise(among, status, &dated, response.body())
    }

    pub(super) fn operation(&self, sent: &Sent) -> &Operation {
        &self.program.dialect.operations[sent.operation]
    }

    pub(super) fn answered_properly(&mut self, flight: Flight, exchanged: Exchanged) {
        self.fronts = 0;
        if let Some(sent) = self.sent.get(&flight) {
            let operation = self.operation(sent);
            if self.place.is_remote() {
                self.context.weather.proper(&operation.name);
            }
            if operation.may_be_repeated() {
                self.safe = Some(Safe {
                    operation: sent.operation,
                    request: sent.request.clone(),
                    answered: sent.number,
                });
            }
        }
        self.replied(flight, exchanged);
    }

    /// Whether a step demands of an act that the endpoint takes it.
    pub(super) fn is_to_be_taken(&self, step: u16, meanwhile: Option<usize>) -> bool {
        let expect = match &self.program.steps[usize::from(step)].action {
            Action::Device { expect, .. } => Some(*expect),
            Action::Poll(poll) => meanwhile.and_then(|at| Some(poll.meanwhile.get(at)?.expect)),
            _ => None,
        };
        expect == Some(ActExpect::Acknowledged)
    }

    /// A phone has sent its request again after an answer was lost. From here on nobody is accused; and a refusal may mean that the first request
    /// was done: where the step demands that it is taken, the case goes on and sees, and otherwise nothing is known.
    pub(super) fn lost_answer(&mut self, flight: Flight, lost: String, acted: &mut Acted) {
        let Some(done) = self.acts.get(&flight) else {
            return;
        };
        let what = format!("the device: {lost}");
        self.tell(Event::Troubled {
            case: self.program.id.clone(),
            step: self.program.steps[usize::from(done.step)].id.clone(),
            exchange: None,
            at_ms: self.told_ms(self.now()),
            what: what.clone(),
            to: Attribution::Environment,
            then: Remedy::SentAgain,
        });
        self.context.weather.trouble(DEVICE);
        if acted.result == ActResult::Refused {
            let detail = acted.detail.take().unwrap_or_default();
            acted.detail = Some(format!(
                "refused after an answer was lost: {detail}; {lost}"
            ));
            // A phone that never read the reply to its enrolment does not know who it is.
            if done.is_to_be_taken && done.action != "enrol" {
                acted.result = ActResult::Acknowledged;
            } else {
                acted.result = ActResult::Unavailable;
                acted.spoilt = true;
            }
        }
        self.unsure.get_or_insert(what);
    }

    /// Whether a request may be sent again although nobody knows what became of it: where the step demands what the endpoint gives nobody from
    /// whom the lost request has taken it, and there is a push left if it is one.
    fn may_ask_again(&self, step: usize) -> bool {
        let step = &self.program.steps[step];
        let Action::Call { exchange, expect } = &step.action else {
            return false;
        };
        let operation = &self.program.dialect.operations[exchange.operation];
        !expect.any_but
            && self.program.profile.shows_nothing_used(expect.outcomes)
            && (!operation.disturbs || self.context.pushes.take(1))
    }

    /// Decides what is done about something that came between.
    pub(super) fn troubled(
        &mut self,
        flight: Flight,
        result: Result<Exchanged, Failure>,
        trouble: Trouble,
    ) {
        let Some(sent) = self.sent.get(&flight) else {
            return;
        };
        let operation = self.operation(sent).name.clone();
        // What an endpoint says in its own words is no weather.
        let is_weather = trouble.kind != TroubleKind::ToldToWait;
        if is_weather {
            self.context.weather.trouble(&operation);
        }
        let (again, step) = (sent.again - sent.throttled, usize::from(sent.step));
        let harmless = trouble.fate == Fate::NotDone || self.operation(sent).may_be_repeated();
        let poll = match &self.program.steps[step].action {
            Action::Poll(poll) => Some(poll),
            _ => None,
        };
        // A step that counts its polls is about how often one may ask: a throttled poll is its answer.
        let counts = counts_polls(&self.program.steps[step].action);
        let is_poll = poll.is_some();
        let polls_max = poll.and_then(|poll| poll.policy.polls_max);
        let is_last = polls_max.is_some_and(|most| self.polls + 1 >= most);
        let is_dead = self.context.weather.is_dead().is_some();
        let may_again = !is_dead && again < self.context.weather.again_max(&operation);
        if is_weather {
            *self.troubles.entry(operation).or_default() += 1;
        }
        match trouble.kind {
            TroubleKind::Throttled | TroubleKind::ToldToWait => {
                let wait = trouble.wait.unwrap_or(self.program.dialect.poll.interval);
                let waits =
                    !is_dead && !counts && sent.throttled < THROTTLED_MAX && wait <= self.patience;
                if waits {
                    self.remember(flight, &result, &trouble, Remedy::Waited);
                    self.patience = self.patience.saturating_sub(wait);
                    if let Some(sent) = self.sent.get_mut(&flight) {
                        sent.throttled += 1;
                    }
                    self.held.push((self.now().saturating_add(wait), flight));
                    return;
                }
                self.throttled.get_or_insert_with(|| match trouble.wait {
                    Some(wait) => format!("{}, and {} s to wait", trouble.what, wait.as_secs()),
                    None => trouble.what.clone(),
                });
            }
            TroubleKind::NoReply | TroubleKind::Front
                if may_again && (harmless || self.may_ask_again(step)) =>
            {
                self.remember(flight, &result, &trouble, Remedy::SentAgain);
                if !harmless {
                    self.unsure.get_or_insert(trouble.what);
                }
                return self.send_again(flight, again::rest(again));
            }
            TroubleKind::NoReply | TroubleKind::Front => {}
        }
        self.lost = Some(trouble.what.clone());
        if !harmless {
            self.unsure.get_or_insert_with(|| trouble.what.clone());
        }
        match result {
            // Nobody asks again after the last poll: what came is judged, like a call's answer, unless a gateway says that it is not the endpoint's.
            Ok(exchanged)
                if is_poll
                    && (!is_last || is_gateway(exchanged.response.status()))
                    && trouble.kind == TroubleKind::Front
                    && self.fronts < FRONTS_MAX =>
            {
                self.fronts += 1;
                self.remember(flight, &Ok(exchanged), &trouble, Remedy::WentOn);
                self.polls += 1;
                let input = Input::Failed {
                    flight,
                    timed_out: false,
                };
                self.session.handle(self.now(), input);
            }
            Ok(exchanged) => {
                if let Some(sent) = self.sent.get_mut(&flight) {
                    sent.trouble = Some(trouble);
                }
                self.replied(flight, exchanged);
            }
            Err(failure) => {
                let then = if is_poll {
                    Remedy::WentOn
                } else {
                    Remedy::GaveUp
                };
                self.tell_trouble(flight, &trouble, then);
                if let Some(sent) = self.sent.get_mut(&flight) {
                    sent.trouble = Some(trouble);
                }
                self.failed(flight, &failure);
            }
        }
    }

    /// Tells an exchange that the session never hears of, and what was done about it.
    pub(super) fn remember(
        &self,
        flight: Flight,
        result: &Result<Exchanged, Failure>,
        trouble: &Trouble,
        then: Remedy,
    ) {
        let Some(sent) = self.sent.get(&flight) else {
            return;
        };
        let poll = self.poll_of(sent.step).map(|polls| polls + 1);
        let event = match result {
            Ok(Exchanged { response, took }) => {
                let is = self.recognise(sent.operation, response);
                let shown = evidence::reply(
                    &self.program.dialect,
                    self.operation(sent),
                    response,
                    &self.context.redactor,
                );
                self.exchanged(sent, poll, Some(shown), None, self.names(is), *took)
            }
            Err(failure) => {
                let (text, took) = (failure.to_string(), failure.took());
                self.exchanged(sent, poll, None, Some(text), Vec::new(), took)
            }
        };
        self.tell(event);
        self.tell_trouble(flight, trouble, then);
    }

    pub(super) fn tell_trouble(&self, flight: Flight, trouble: &Trouble, then: Remedy) {
        let Some(sent) = self.sent.get(&flight) else {
            return;
        };
        let step = &self.program.steps[usize::from(sent.step)].id;
        self.tell(Event::Troubled {
            case: self.program.id.clone(),
            step: step.clone(),
            exchange: Some(sent.number),
            at_ms: self.told_ms(self.now()),
            what: trouble.what.clone(),
            to: Attribution::Environment,
            then,
        });
    }

    /// What came between decides this run.
    pub(super) fn spoil(&mut self, step: usize, what: &str) {
        let reason = format!(
            "environment: step `{}`: {what}",
            self.program.steps[step].id
        );
        self.judge.stand_in_the_way(reason.clone());
        self.spoilt.get_or_insert(reason);
    }

    /// A breach, or what would have held, that is not the endpoint's word.
    pub(super) fn set_aside(&self, step: usize, flight: Flight, what: String) {
        self.tell(Event::Troubled {
            case: self.program.id.clone(),
            step: self.program.steps[step].id.clone(),
            exchange: self.sent.get(&flight).map(|sent| sent.number),
            at_ms: self.told_ms(self.now()),
            what,
            to: Attribution::Environment,
            then: Remedy::SetAside,
        });
    }
}
