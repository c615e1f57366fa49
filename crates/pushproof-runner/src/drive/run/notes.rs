//! What a session notes, as events and as things to judge, each with its evidence.

use super::*;

impl Driver<'_> {
    /// A fact of the session, with its evidence, as an event or as something to judge.
    pub(super) fn note(&mut self, note: Note) {
        let step = usize::from(note.step);
        match note.fact {
            Fact::Entered => {
                self.history.clear();
                (self.polls, self.recognition, self.over, self.fronts) = (0, None, None, 0);
                let entered = &self.program.steps[step];
                self.tell(Event::StepStarted {
                    case: self.program.id.clone(),
                    step: entered.id.clone(),
                    say: entered.say.clone(),
                });
            }
            Fact::Answered {
                flight,
                poll,
                recognition,
            } => self.answered(flight, poll, recognition),
            Fact::Judged {
                check,
                held,
                flight,
            } => self.judged(step, check, held, flight),
            Fact::Acted(flight, _) => self.tell_act(step, flight),
            Fact::Waits { from, until } => {
                let why = match &self.program.steps[step].action {
                    Action::Wait { why, .. } => why.clone(),
                    _ => String::new(),
                };
                self.tell(Event::Waited {
                    case: self.program.id.clone(),
                    step: self.program.steps[step].id.clone(),
                    from_ms: self.told_ms(from),
                    until_ms: self.told_ms(until),
                    why,
                });
            }
            Fact::PollingOver(because) => self.over = Some(because),
            Fact::Left => {}
            Fact::Stopped(stop) => self.stopped(step, stop),
        }
    }

    pub(super) fn answered(&mut self, flight: Flight, poll: u32, recognition: Recognition) {
        self.history.push(recognition.outcomes);
        self.recognition = Some(recognition);
        self.told = self.told.max(recognition.wait.unwrap_or_default());
        self.polls = poll;
        let Some(sent) = self.sent.get(&flight) else {
            return;
        };
        let Some((response, took)) = &sent.response else {
            return;
        };
        let names = self.names(recognition);
        let reply = evidence::reply(
            &self.program.dialect,
            self.operation(sent),
            response,
            &self.context.redactor,
        );
        let event = self.exchanged(
            sent,
            (poll > 0).then_some(poll),
            Some(reply),
            None,
            names,
            *took,
        );
        self.learn_captures();
        self.tell(event);
    }

    pub(super) fn names(&self, recognition: Recognition) -> Vec<String> {
        let outcomes = recognition.outcomes.with(recognition.near);
        let names = self.program.dialect.names(outcomes);
        names.into_iter().map(str::to_owned).collect()
    }

    pub(super) fn exchanged(
        &self,
        sent: &Sent,
        poll: Option<u32>,
        reply: Option<pushproof_report::ShownReply>,
        failure: Option<String>,
        outcomes: Vec<String>,
        took: Duration,
    ) -> Event {
        Event::Exchanged {
            case: self.program.id.clone(),
            step: self.program.steps[usize::from(sent.step)].id.clone(),
            exchange: sent.number,
            poll,
            at_ms: self.told_ms(sent.at),
            operation: self.operation(sent).name.clone(),
            request: sent.shown.clone(),
            reply,
            failure,
            outcomes,
            took_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        }
    }

    pub(super) fn tell_act(&self, step: usize, flight: Flight) {
        let Some(done) = self.acts.get(&flight) else {
            return;
        };
        self.tell(Event::Acted {
            case: self.program.id.clone(),
            step: self.program.steps[step].id.clone(),
            at_ms: self.told_ms(done.at),
            actor: done.actor.clone(),
            action: done.action.clone(),
            after_poll: done.after_poll,
            result: done.result,
            detail: done.detail.clone(),
        });
    }

    pub(super) fn judged(&mut self, step: usize, check: CheckRef, held: Held, flight: Flight) {
        if let CheckRef::Always(position) = check
            && self.judge.knows_always(position, held)
        {
            return;
        }
        self.learn_client(step, check, held, flight);
        let words = self.words(step, check, flight);
        if step >= self.program.finally && words.covers.is_empty() {
            // It judges nobody; if it does not hold, the step ends and that is told.
            return;
        }
        self.take(step, check, held, words, flight);
    }

    /// Takes a decided check in, unless what it rests on is not the endpoint's word.
    pub(super) fn take(
        &mut self,
        step: usize,
        check: CheckRef,
        held: Held,
        words: Words,
        flight: Flight,
    ) {
        let sent = self.sent.get(&flight);
        let trouble = sent.and_then(|sent| sent.trouble.clone());
        let number = sent.map(|sent| sent.number);
        let contrast = format!("got {}, expected {}", words.actual, words.expected);
        let always = matches!(check, CheckRef::Always(_));
        let anyones = always && held == Held::No && self.is_anyones_word();
        // Of many at the same moment none can be told from the next run's. What all of them come to is judged by the step.
        let at_once = matches!(self.program.steps[step].action, Action::AtOnce(_));
        if at_once && (anyones || always && trouble.is_some()) {
            return;
        }
        match (&trouble, held) {
            (Some(_), Held::Yes | Held::Weakly | Held::Absent | Held::Unknown) if always => return,
            (Some(trouble), Held::Yes | Held::Weakly | Held::Absent | Held::Unknown) => {
                self.set_aside(
                    step,
                    flight,
                    format!("`{}` held by {}", words.check, trouble.what),
                );
                return self.spoil(step, &trouble.what.clone());
            }
            // Throttling says nothing about the rest, except where a step is about how often one may ask.
            (Some(trouble), Held::No)
                if words.covers.is_empty()
                    || trouble.kind.is_throttling()
                        && !counts_polls(&self.program.steps[step].action) =>
            {
                if always {
                    return;
                }
                self.tell_trouble(flight, trouble, Remedy::GaveUp);
                return self.spoil(step, &trouble.what.clone());
            }
            (Some(_), Held::No)
            | (None, Held::Yes | Held::Weakly | Held::Absent | Held::Unknown) => {}
            (None, Held::No) if self.is_used(check) => {
                let users = self.leased.join(", ");
                let reason = format!("{users} of the pool is not fresh: {contrast}");
                return self.blame_the_target_file(step, number, reason);
            }
            (None, Held::No) if !always && self.refused_client(step).is_some() => {
                return self.refuse_client(step, flight, &words.actual);
            }
            (None, Held::No) if !always && self.waited_for(flight) => {
                let what = format!("{contrast}, after a wait because it had been throttled");
                self.set_aside(step, flight, format!("`{}`: {what}", words.check));
                return self.spoil(step, &what);
            }
            (None, Held::No) => {
                if let Some(unsure) = self.unsure.clone() {
                    self.set_aside(
                        step,
                        flight,
                        format!("`{}`: {contrast}, after {unsure}", words.check),
                    );
                    return self.spoil(
                        step,
                        &format!("{contrast}, but an earlier answer was lost: {unsure}"),
                    );
                }
            }
        }
        let grounds = Grounds {
            silent: self.is_silent(step, check),
            trouble: anyones
                .then(|| format!("throttled on poll {}", self.polls))
                .or(trouble.map(|trouble| match trouble.kind {
                    TroubleKind::Throttled | TroubleKind::ToldToWait => {
                        format!("{} on poll {}", trouble.what, self.polls)
                    }
                    TroubleKind::NoReply | TroubleKind::Front => trouble.what,
                })),
            operation: sent_operation(&self.program, self.sent.get(&flight)),
        };
        self.judge.take(step, check, held, words, number, grounds);
    }

    /// Whether the reply that is judged says only that there are too many requests, which anybody on the way may say. Where a step takes that for
    /// its answer, what such a reply lacks is the endpoint's doing if it lacks it every time in the same place.
    fn is_anyones_word(&self) -> bool {
        let is = self.recognition.filter(|_| self.place.is_remote());
        is.is_some_and(|is| is.meaning == Meaning::Throttled)
    }

    /// Whether a call was answered only after a wait for a throttling endpoint. What it sent may have grown old meanwhile, such as a code that is
    /// good for half a minute.
    fn waited_for(&self, flight: Flight) -> bool {
        let sent = self.sent.get(&flight).filter(|sent| sent.throttled > 0);
        sent.is_some_and(|sent| {
            let action = &self.program.steps[usize::from(sent.step)].action;
            matches!(action, Action::Call { .. })
        })
    }

    /// Whether a reply says that a user was used before, who was not made for this run.
    pub(super) fn is_used(&self, check: CheckRef) -> bool {
        let says = |is: Recognition| is.outcomes.meets(self.program.dialect.not_fresh);
        let demanded = matches!(check, CheckRef::Expect | CheckRef::Outcomes);
        demanded && !self.leased.is_empty() && self.recognition.is_some_and(says)
    }

    /// The case could not run, and the target file may be at fault.
    fn blame_the_target_file(&mut self, step: usize, exchange: Option<u64>, reason: String) {
        self.tell(Event::Troubled {
            case: self.program.id.clone(),
            step: self.program.steps[step].id.clone(),
            exchange,
            at_ms: self.told_ms(self.now()),
            what: reason.clone(),
            to: Attribution::TargetFile,
            then: Remedy::GaveUp,
        });
        self.judge.stand_in_the_way(reason);
    }

    /// Remembers a client to whom the endpoint gave what it asked for: a success, or something that the case keeps.
    fn learn_client(&self, step: usize, check: CheckRef, held: Held, flight: Flight) {
        if held == Held::No || !matches!(check, CheckRef::Expect | CheckRef::Outcomes) {
            return;
        }
        let exchange = self.program.steps[step].action.exchange();
        let sent = self.sent.get(&flight).filter(|sent| sent.trouble.is_none());
        let response = sent.and_then(|sent| sent.response.as_ref());
        let (Some(exchange), Some((response, _))) = (exchange, response) else {
            return;
        };
        let keeps = exchange.captures.iter().any(|capture| !capture.optional);
        if let Some(client) = exchange.template.proves_client()
            && (response.status().is_success() || keeps)
        {
            self.context.taken.take(client);
        }
    }

    /// The client that was refused although the step does not demand it, if the endpoint has never taken it.
    fn refused_client(&self, step: usize) -> Option<usize> {
        let is = self.recognition.filter(|_| self.place.is_remote())?;
        let says = is.outcomes.with(is.near);
        let action = &self.program.steps[step].action;
        // An impostor is to be refused; no target names one.
        let client = action.exchange()?.template.proves_client();
        let client = client.filter(|client| *client != pushproof_scenario::IMPOSTOR)?;
        let refused = says.meets(self.program.dialect.client_refused) && !action.may_bring(says);
        (refused && !self.context.taken.has(client)).then_some(client)
    }

    /// The client of the target file was refused.
    fn refuse_client(&mut self, step: usize, flight: Flight, actual: &str) {
        let Some(position) = self.refused_client(step) else {
            return;
        };
        let reason = self.place.refusal(position, actual);
        let exchange = self.sent.get(&flight).map(|sent| sent.number);
        self.blame_the_target_file(step, exchange, reason);
    }

    /// Whether a check rests on silence or slowness.
    pub(super) fn is_silent(&self, step: usize, check: CheckRef) -> bool {
        let pending = self
            .recognition
            .is_some_and(|is| is.meaning == Meaning::Pending);
        match check {
            CheckRef::Settles => true,
            CheckRef::Outcomes => pending,
            CheckRef::Check(at) => {
                let exchange = self.program.steps[step].action.exchange();
                let check = exchange.and_then(|exchange| exchange.checks.get(usize::from(at)));
                check.is_some_and(|check| check.that.root == Root::Elapsed)
            }
            CheckRef::Expect | CheckRef::Meanwhile(_) | CheckRef::Always(_) => false,
        }
    }

    pub(super) fn words(&self, step: usize, check: CheckRef, flight: Flight) -> Words {
        let redactor: &Redactor = &self.context.redactor;
        let hide = |label: &str, secret: &str| redactor.placeholder(label, secret);
        let response = self
            .sent
            .get(&flight)
            .and_then(|sent| sent.response.as_ref());
        let reply = response.map(|(response, took)| Reply {
            status: response.status().as_u16(),
            headers: response.headers(),
            body: response.body(),
            elapsed: *took,
        });
        let answer = self.acts.get(&flight).map(|done| {
            let result = match done.result {
                ActResult::Acknowledged => "acknowledged",
                ActResult::Refused => "refused",
                ActResult::Unavailable => "unavailable",
            };
            done.detail.as_ref().map_or_else(
                || result.to_owned(),
                |detail| format!("{result} ({detail})"),
            )
        });
        self.program.words(
            step,
            check,
            Evidence {
                session: &self.session,
                reply: reply.as_ref(),
                recognition: self.recognition,
                history: &self.history,
                over: self.over,
                answer: answer.as_deref(),
                hide: &hide,
            },
        )
    }

    /// The case ended before its last step.
    pub(super) fn stopped(&mut self, step: usize, stop: Stop) {
        // What could not be put back says nothing of the endpoint, and whoever runs the target must know.
        if step >= self.program.finally {
            let stopped = &self.program.steps[step];
            let detail = match stop {
                Stop::Device(flight) => self.acts.get(&flight),
                _ => None,
            };
            let detail = detail.and_then(|done| done.detail.clone());
            let why = detail.map_or_else(String::new, |detail| format!(": {detail}"));
            return self.tell(Event::LeftBehind {
                case: self.program.id.clone(),
                what: format!("what step `{}` undoes ({}){why}", stopped.id, stopped.say),
            });
        }
        let id = &self.program.steps[step].id;
        match stop {
            // A breach of a judging check is told by the check; one of setup has been noted as an obstacle.
            Stop::Breached => {}
            Stop::Missing { capture, flight } => {
                let label = &self.program.slots[usize::from(capture)].label;
                let check = format!("capture.{label}");
                let mut words = self.words(step, CheckRef::Expect, flight);
                if words.covers.is_empty() {
                    words.covers.clone_from(&self.program.steps[step].covers);
                }
                words.check = check;
                words.expected = format!("a value for `{label}`");
                words.actual = "nothing there".to_owned();
                // Under a reference of its own, so that it is no second verdict on what the step demands.
                self.take(step, CheckRef::Check(u16::MAX), Held::No, words, flight);
            }
            Stop::Transport(flight) | Stop::Unanswered(flight) if self.place.is_remote() => {
                let trouble = self
                    .sent
                    .get(&flight)
                    .and_then(|sent| sent.trouble.as_ref());
                let what = trouble
                    .map(|trouble| trouble.what.clone())
                    .or_else(|| self.unsure.clone().or_else(|| self.lost.clone()));
                match what {
                    Some(what) => self.spoil(step, &what),
                    None => self
                        .judge
                        .stand_in_the_way(format!("step `{id}` got no answer to judge")),
                }
            }
            Stop::Transport(_) => self
                .judge
                .stand_in_the_way(format!("step `{id}` got no reply from the endpoint")),
            Stop::Unanswered(_) => {
                self.judge.stand_in_the_way(format!(
                    "step `{id}` got too many polls in a row without a readable reply"
                ));
            }
            Stop::Late(flight) => {
                let done = self.acts.get(&flight);
                let done = done.map(|done| format!("`{}` of `{}`", done.action, done.actor));
                self.judge.stand_in_the_way(format!(
                    "step `{id}`: the device had not acted when polling was over: {} came too late",
                    done.unwrap_or_default()
                ));
            }
            Stop::RanOut { lost_ms } => self.judge.stand_in_the_way(format!(
                "step `{id}` ran out of time: replies and devices took {} s of it, so not every poll could be made that it allows; this accuses nobody",
                f64::from(lost_ms / 100) / 10.0
            )),
            Stop::Device(flight) => {
                let done = self.acts.get(&flight);
                let detail = done.and_then(|done| done.detail.clone());
                let detail = detail.unwrap_or_else(|| "no reason given".to_owned());
                if done.is_some_and(|done| done.spoilt) && self.place.is_remote() {
                    self.context.weather.trouble(DEVICE);
                    self.spoil(step, &format!("the device: {detail}"));
                } else {
                    self.judge.stand_in_the_way(format!(
                        "step `{id}` could not use the device: {detail}"
                    ));
                }
            }
        }
    }
}
