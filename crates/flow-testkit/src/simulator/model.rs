//! What a plan should do, worked out without the engine.
//!
//! The model walks through the plan as its author would: no events, no commits, no time. What depends on time or
//! on a race is unknown to it, and everything that follows from that too; where even the course of the run
//! depends on such a value, it gives up (`is_wild`). A run that its flow's `timeoutMs` may cut short
//! can end anywhere.

mod calls;
mod containers;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::document::orders;
use super::expression::{Names, Wild, is_unknown, unknown};
use super::outside::{Reply, Topic, reply, returned};
use super::plan::{Ask, Block, Does, Expiry, Flow, Kind, OnError, OnExpire, Plan, RETRIED, Step, Whom, Work};

/// What a run of a plan comes to.
#[derive(Debug, Default)]
pub(super) struct Prediction {
    /// How it ends; none when that depends on time.
    pub(super) end: Option<End>,
    /// Whether its course depends on what isn't known: nothing else holds then.
    pub(super) is_wild: bool,
    /// The calls of the world that may happen, by visit. One of a run that a step started has the path to that run
    /// before it (see `family`); that holds for all visits here.
    pub(super) effects: BTreeMap<String, Effect>,
    /// The questions that may be asked, by visit.
    pub(super) asked: BTreeMap<String, Whom>,
    /// The events that may be waited for, by visit, as far as they are known.
    pub(super) awaited: BTreeMap<String, Topic>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum End {
    Completed(Value),
    /// With that code.
    Failed(Value),
}

/// A visit of a step that touches the world.
#[derive(Debug, Clone)]
pub(super) struct Effect {
    pub(super) input: Value,
    /// How often it is called when nothing disturbs the run.
    pub(super) calls: u32,
    /// Whether it happens in every run: nothing else can close its branch first.
    pub(super) is_sure: bool,
}

impl Prediction {
    pub(super) fn of(plan: &Plan, seed: u64) -> Self {
        let names = plan.inputs.as_object().into_iter().flatten();
        let names = names.map(|(name, value)| (name.clone(), value.clone())).collect();
        let (made, place) = (Self::default(), String::new());
        let mut model = Model { seed, others: &plan.others, names, made, place, last: Value::Null };
        let end = model.flow(&plan.main);
        let mut made = model.made;
        made.is_wild = end.is_err();
        made.end = end.ok();
        if plan.main.timeout_ms.is_some() {
            made.end = None;
            made.effects.values_mut().for_each(|effect| effect.is_sure = false);
        }
        made
    }
}

/// Whether a value is what was expected, as far as that is known.
pub(super) fn fits(expected: &Value, actual: &Value) -> bool {
    if is_unknown(expected) {
        return true;
    }
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            expected.len() == actual.len()
                && expected
                    .iter()
                    .all(|(key, value)| actual.get(key).is_some_and(|actual| fits(value, actual)))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len()
                && expected.iter().zip(actual).all(|(expected, actual)| fits(expected, actual))
        }
        (expected, actual) => expected == actual,
    }
}

impl End {
    pub(super) fn fits(&self, actual: &Self) -> bool {
        match (self, actual) {
            (Self::Completed(expected), Self::Completed(actual))
            | (Self::Failed(expected), Self::Failed(actual)) => fits(expected, actual),
            (Self::Completed(_), Self::Failed(_)) | (Self::Failed(_), Self::Completed(_)) => false,
        }
    }
}

struct Model<'a> {
    seed: u64,
    others: &'a [Flow],
    names: Names,
    made: Prediction,
    /// The path to the present run, and of the scopes that lead to the present block, as visits are named.
    place: String,
    /// The result of the last step that ended.
    last: Value,
}

/// Where a block or a step leaves its path.
#[derive(Debug)]
enum Left {
    GoesOn,
    Final(Value),
    /// With that code, and nobody took care of it.
    Failed(Value),
}

/// How a step ended, before its `onError` is looked at.
enum Ended {
    /// Its path goes on as said.
    Well(Left),
    Badly(Value),
}

impl Model<'_> {
    fn flow(&mut self, flow: &Flow) -> Result<End, Wild> {
        Ok(match self.block(&flow.body)? {
            Left::GoesOn => End::Completed(json!({})),
            Left::Final(output) => End::Completed(output),
            Left::Failed(code) => match &flow.handler {
                None => End::Failed(code),
                Some(handler) => {
                    self.names.insert("error".to_owned(), json!({ "code": code }));
                    match self.block(handler)? {
                        Left::Final(output) => End::Completed(output),
                        Left::GoesOn | Left::Failed(_) => End::Failed(code),
                    }
                }
            },
        })
    }

    fn block(&mut self, block: &Block) -> Result<Left, Wild> {
        for step in block {
            match self.step(step)? {
                Left::GoesOn => {}
                left @ (Left::Final(_) | Left::Failed(_)) => return Ok(left),
            }
        }
        Ok(Left::GoesOn)
    }

    fn step(&mut self, step: &Step) -> Result<Left, Wild> {
        let is_skipped =
            step.disabled || step.when.as_ref().map_or(Ok(false), |when| Ok(!when.holds(&self.names)?))?;
        if is_skipped {
            self.bind(step, Value::Null);
            return Ok(Left::GoesOn);
        }
        let last = self.last.clone();
        let code = match self.kind(step)? {
            Ended::Well(left) => return Ok(left),
            Ended::Badly(code) => code,
        };
        // Of what a container had inside, nothing is left.
        self.last = last;
        match &step.on_error {
            OnError::Fail => Ok(Left::Failed(code)),
            OnError::Continue => {
                self.bind(step, json!({ "error": { "code": code } }));
                Ok(Left::GoesOn)
            }
            OnError::GoTo(steps) => {
                self.names.insert("error".to_owned(), json!({ "code": code }));
                self.block(steps)
            }
        }
    }

    fn kind(&mut self, step: &Step) -> Result<Ended, Wild> {
        Ok(Ended::Well(match &step.kind {
            Kind::Set(variables) => {
                let mut set = Map::new();
                for (name, value) in variables {
                    let value = value.value(&self.names)?;
                    self.names.insert(name.clone(), value.clone());
                    set.insert(name.clone(), value);
                }
                self.done(step, Value::Object(set))
            }
            Kind::Transform(expression) => {
                let value = expression.value(&self.names)?;
                self.done(step, value)
            }
            Kind::Log(_) => self.done(step, Value::Null),
            Kind::Condition { branches, otherwise } => {
                let mut taken = (Value::Null, otherwise);
                for (name, test, steps) in branches {
                    if test.holds(&self.names)? {
                        taken = (json!(name), steps);
                        break;
                    }
                }
                self.bind(step, json!({ "branch": taken.0 }));
                self.block(taken.1)?
            }
            Kind::Switch { value, cases, otherwise } => {
                let value = value.value(&self.names)?;
                if is_unknown(&value) {
                    return Err(Wild);
                }
                let case = cases.iter().find(|(equals, _)| value == json!(equals));
                let (case, steps) =
                    case.map_or((Value::Null, otherwise), |(equals, steps)| (json!(equals), steps));
                self.bind(step, json!({ "case": case }));
                self.block(steps)?
            }
            Kind::Fail(code) => return Ok(Ended::Badly(json!(code))),
            Kind::Final(outputs) => {
                let outputs =
                    outputs.iter().map(|(name, output)| Ok((name.clone(), output.value(&self.names)?)));
                Left::Final(Value::Object(outputs.collect::<Result<_, Wild>>()?))
            }
            Kind::Work(work) => return self.work(step, work),
            Kind::Ask(ask) => return self.ask(step, ask),
            Kind::Pause(_) => self.done(step, json!({ "until": unknown() })),
            Kind::Event(event) => return self.event(step, event),
            Kind::Call(call) => return self.call(step, call),
            Kind::Each(each) => return self.each(step, each),
            Kind::While(looped) => return self.while_loop(step, looped),
            Kind::Parallel(parallel) => return self.parallel(step, parallel),
        }))
    }

    fn work(&mut self, step: &Step, work: &Work) -> Result<Ended, Wild> {
        let input = work.input.iter().map(|(name, value)| Ok((name.clone(), value.value(&self.names)?)));
        let mut input = input.collect::<Result<Map<_, _>, Wild>>()?;
        input.extend(orders(work));
        let is_known = !input.values().any(is_unknown);
        let input = Value::Object(input);
        let attempts = work.retry.as_ref().map_or(1, |retry| retry.max_attempts);
        let visit = self.visit(step);
        let output = if is_known { returned(self.seed, &visit, &input) } else { unknown() };
        let (calls, ended) = match &work.does {
            Does::Return => (1, Ok(output)),
            Does::Flaky(times) if *times < attempts => (times + 1, Ok(output)),
            Does::Flaky(_) => (attempts, Err("network")),
            Does::Fail(code) if RETRIED.contains(code) => (attempts, Err(*code)),
            Does::Fail(code) => (1, Err(*code)),
            Does::Hang => (attempts, Err("timeout")),
        };
        self.made.effects.insert(visit, Effect { input, calls, is_sure: true });
        Ok(match ended {
            Ok(output) => Ended::Well(self.done(step, output)),
            Err(code) => Ended::Badly(json!(code)),
        })
    }

    fn ask(&mut self, step: &Step, ask: &Ask) -> Result<Ended, Wild> {
        let visit = self.visit(step);
        self.made.asked.insert(visit.clone(), ask.whom);
        if let Expiry::Soon { then, .. } = &ask.expiry {
            return match (ask.whom, then) {
                (Whom::Approval, OnExpire::Reject) => Ok(Ended::Well(self.decided(step, ask, "reject")?)),
                (Whom::Approval, OnExpire::GoTo(steps)) => {
                    self.approved(step, json!(null));
                    Ok(Ended::Well(self.block(steps)?))
                }
                (Whom::Approval | Whom::Tool | Whom::Form, _) => Ok(Ended::Badly(json!("wait_expired"))),
            };
        }
        Ok(Ended::Well(match reply(self.seed, &visit, ask.whom) {
            Reply::Approve => self.decided(step, ask, "approve")?,
            Reply::Reject => self.decided(step, ask, "reject")?,
            Reply::ToolFails => return Ok(Ended::Badly(json!("tool_failed"))),
            Reply::Tool(number) | Reply::Form(number) => {
                self.done(step, json!({ "n": number, "by": super::client::NAME }))
            }
        }))
    }

    fn decided(&mut self, step: &Step, ask: &Ask, decision: &str) -> Result<Left, Wild> {
        self.approved(step, json!(decision));
        match &ask.reject {
            Some(steps) if decision == "reject" => self.block(steps),
            Some(_) | None => Ok(Left::GoesOn),
        }
    }

    fn approved(&mut self, step: &Step, decision: Value) {
        let output = json!({
            "decision": decision, "decidedAt": unknown(), "decidedBy": unknown(), "message": unknown(),
        });
        self.names.insert("approval".to_owned(), output.clone());
        self.bind(step, output);
    }

    fn done(&mut self, step: &Step, output: Value) -> Left {
        self.bind(step, output);
        Left::GoesOn
    }

    fn bind(&mut self, step: &Step, output: Value) {
        self.last = output.clone();
        self.names.insert(step.variable().to_owned(), output);
    }

    fn visit(&self, step: &Step) -> String {
        format!("{}{}", self.place, step.id)
    }
}
