//! What the expressions of a step see of their run.
//!
//! Everything is looked up where it stands in the run's state: no context object is built, so a step costs
//! the same however much the steps before it returned.

mod files;
mod loops;

use std::cell::OnceCell;
use std::sync::Arc;

use flow_expr::{Ambient, ChanceSource, Lookup, Object, Scope, Scripts};
use flow_model::{Container, RunState, StepId, Timestamp, VisitPath};
use serde_json::{Map, Value, json};

use crate::ResumeLinks;
use crate::flow::{Action, Flow, MESSAGE_NAMES, MESSAGE_TRIGGER};
use crate::ports::RunRecord;
use files::GivenFiles;
pub(crate) use files::{FilePart, MetFiles, WantedFiles};
use loops::{Item, Pass};

/// The scope of one visit.
pub(crate) struct RunScope<'a> {
    record: &'a RunRecord,
    flow: &'a Flow,
    state: &'a RunState,
    visit: &'a VisitPath,
    steps: Steps<'a>,
    /// When the evaluation began, and the scripts that it has met.
    moment: Option<Timestamp>,
    scripts: Option<&'a Scripts>,
    /// The files that the evaluation has met; without them `files` is undefined.
    met: Option<&'a MetFiles>,
    files: OnceCell<GivenFiles<'a>>,
    links: Option<&'a ResumeLinks>,
    ambient: OnceCell<Ambient>,
    /// Whether it is for the condition of a `while`, which speaks of the pass that it decides on.
    decides_on_pass: bool,
    /// The item and the pass that the visit is in, of which `item` and `iteration` speak.
    item: OnceCell<Option<Item<'a>>>,
    pass: OnceCell<Option<Pass>>,
    /// The small groups, made when an expression first names them.
    trigger_group: OnceCell<Arc<Value>>,
    flow_group: OnceCell<Arc<Value>>,
    step_group: OnceCell<Arc<Value>>,
    current_date: OnceCell<Arc<Value>>,
}

impl<'a> RunScope<'a> {
    pub(crate) fn new(
        record: &'a RunRecord,
        flow: &'a Flow,
        state: &'a RunState,
        visit: &'a VisitPath,
    ) -> Self {
        Self {
            record,
            flow,
            state,
            visit,
            steps: Steps { flow, state, visit },
            moment: None,
            scripts: None,
            met: None,
            files: OnceCell::new(),
            links: None,
            ambient: OnceCell::new(),
            decides_on_pass: false,
            item: OnceCell::new(),
            pass: OnceCell::new(),
            trigger_group: OnceCell::new(),
            flow_group: OnceCell::new(),
            step_group: OnceCell::new(),
            current_date: OnceCell::new(),
        }
    }

    /// The scope of an evaluation that began at that moment and may meet scripts and files.
    pub(crate) fn evaluating(self, began: Timestamp, scripts: &'a Scripts, met: &'a MetFiles) -> Self {
        Self { moment: Some(began), scripts: Some(scripts), met: Some(met), ..self }
    }

    /// The scope of an evaluation that may make links.
    pub(crate) fn linking(self, links: Option<&'a ResumeLinks>) -> Self {
        Self { links, ..self }
    }

    /// The scope of a `while`'s own condition.
    pub(crate) fn of_condition(self) -> Self {
        Self { decides_on_pass: true, pass: OnceCell::new(), ..self }
    }

    /// The condition of a `while` is evaluated for every pass, each of which has a chance of its own.
    fn make_ambient(&self, moment: Timestamp) -> Ambient {
        let place = match self.decides_on_pass {
            true => format!(
                "{}#{}",
                self.visit,
                self.state.container(self.visit.as_str()).map_or(0, Container::entered)
            ),
            false => self.visit.to_string(),
        };
        let seed = self.state.start().map_or(0, |(_, start)| start.seed);
        Ambient::new(moment.millis(), moment.to_string(), ChanceSource { seed, place })
    }

    fn title(&self, visit: Option<&VisitPath>) -> Option<&str> {
        visit.and_then(|visit| self.flow.step(visit)).map(|step| &*step.title)
    }

    fn next_title(&self) -> Option<&str> {
        let next = self.flow.step(self.visit).and_then(|step| step.next.as_ref());
        next.and_then(|next| self.flow.index.get(next)).map(|index| &*self.flow.steps[*index].title)
    }

    fn make_trigger(&self) -> Arc<Value> {
        let trigger = self.state.start().map(|(_, start)| &start.trigger);
        Arc::new(json!({
            "type": trigger.map(|trigger| &trigger.kind),
            "data": trigger.map(|trigger| &*trigger.data),
        }))
    }

    fn make_flow(&self) -> Arc<Value> {
        Arc::new(json!({
            "id": self.record.flow.map(|id| id.to_string()),
            "executionId": self.record.id.to_string(),
            "name": self.flow.name(),
            "version": self.record.version,
            "currentStepName": self.title(Some(self.visit)),
            "nextStepName": self.next_title(),
            "triggerType": self.record.trigger,
        }))
    }

    fn make_step(&self) -> Arc<Value> {
        // The condition of a loop is asked again behind the last step of a pass.
        let latest = || self.state.visits().rev().map(|(visit, _)| visit).find(|visit| *visit != self.visit);
        let is_ready = self.state.is_ready(self.visit.as_str());
        let previous = if is_ready { self.state.before(self.visit.as_str()) } else { latest() };
        Arc::new(json!({
            "currentId": self.visit.step(),
            "currentName": self.title(Some(self.visit)),
            "previousName": self.title(previous),
            "nextName": self.next_title(),
        }))
    }

    fn variable(&self, name: &str) -> Option<Lookup<'_>> {
        let variable = self.state.variable(self.visit, name)?;
        let output = self.state.output(variable.visit.as_str())?;
        Some(match &variable.member {
            None => Lookup::Value(output),
            Some(member) => output.get(&**member).map_or(Lookup::Undefined, Lookup::Part),
        })
    }

    /// The names of the loops that the visit is in, which win over all others.
    fn of_loops(&self, name: &str) -> Option<Lookup<'_>> {
        match name {
            "item" => self.item().map(|item| Lookup::Part(item.item)),
            "index" => self.item().map(|item| Lookup::Part(&item.index)),
            "_each" => self.item().map(|item| Lookup::Value(item.group())),
            "iteration" => self.pass().map(|pass| Lookup::Part(&pass.iteration)),
            "_while" => self.pass().map(|pass| Lookup::Value(&pass.group)),
            _ => None,
        }
    }

    fn item(&self) -> Option<&Item<'a>> {
        self.item.get_or_init(|| Item::of(self.state, self.visit)).as_ref()
    }

    fn pass(&self) -> Option<&Pass> {
        let found = || match self.decides_on_pass {
            true => Some(Pass::next_of(self.state, self.visit)),
            false => Pass::of(self.visit),
        };
        self.pass.get_or_init(found).as_ref()
    }

    fn input(&self, name: &str) -> Option<Lookup<'_>> {
        let (_, start) = self.state.start().filter(|_| self.flow.names.is_input(name))?;
        start.inputs.get(name).map(Lookup::Part)
    }
}

impl RunScope<'_> {
    /// What an assistant's message brought under a name of its own, if one started the run.
    fn message(&self, name: &str) -> Option<Lookup<'_>> {
        let (_, start) = self.state.start()?;
        let brought = start.trigger.data.get(name).filter(|_| MESSAGE_NAMES.contains(&name))?;
        (start.trigger.kind == MESSAGE_TRIGGER).then_some(Lookup::Part(brought))
    }
}

impl Scope for RunScope<'_> {
    fn lookup(&self, name: &str) -> Lookup<'_> {
        let start = self.state.start();
        match name {
            "inputs" => start.map_or(Lookup::Undefined, |(_, start)| Lookup::Value(&start.inputs)),
            "steps" => Lookup::Object(&self.steps),
            "_trigger" => Lookup::Value(self.trigger_group.get_or_init(|| self.make_trigger())),
            "flow" => Lookup::Value(self.flow_group.get_or_init(|| self.make_flow())),
            "step" => Lookup::Value(self.step_group.get_or_init(|| self.make_step())),
            "approval" => {
                let visit = self.state.approval(self.visit).map(VisitPath::as_str);
                visit.and_then(|visit| self.state.output(visit)).map_or(Lookup::Undefined, Lookup::Value)
            }
            "currentDate" => start.map_or(Lookup::Undefined, |(at, _)| {
                Lookup::Value(self.current_date.get_or_init(|| Arc::new(Value::String(at.to_string()))))
            }),
            "currentUser" => start.map_or(Lookup::Undefined, |(_, start)| Lookup::Value(&start.current_user)),
            "error" => self.state.error(self.visit).map_or(Lookup::Undefined, Lookup::Value),
            "files" => self.met.map_or(Lookup::Undefined, |met| {
                Lookup::Object(self.files.get_or_init(|| GivenFiles::of(self.flow, self.state, met)))
            }),
            "messages" => self.message(name).unwrap_or(Lookup::Undefined),
            "_resumeData" | "secrets" => Lookup::Undefined,
            _ => {
                let found = self.of_loops(name).or_else(|| self.variable(name)).or_else(|| self.input(name));
                match found.or_else(|| self.message(name)) {
                    Some(found) => found,
                    None if self.flow.names.knows(name) => Lookup::Undefined,
                    None => Lookup::Unknown,
                }
            }
        }
    }

    fn names(&self) -> Vec<String> {
        self.flow.names.all().map(str::to_owned).collect()
    }

    fn ambient(&self) -> Option<&Ambient> {
        let moment = self.moment.or_else(|| Some(self.state.start()?.0))?;
        Some(self.ambient.get_or_init(|| self.make_ambient(moment)))
    }

    fn resume_url(&self, step: &str) -> Option<String> {
        let step = self.flow.names.step(step)?;
        let visit = self.flow.visit_near(self.visit, step)?;
        let asks =
            matches!(&self.flow.step(&visit)?.action, Action::Control(control) if control.asks_someone());
        asks.then_some(self.links?.url(self.record.id, &visit))
    }

    fn resumable(&self) -> Vec<Arc<str>> {
        self.flow.names.steps().map(|(name, _)| Arc::from(name)).collect()
    }

    fn scripts(&self) -> Option<&Scripts> {
        self.scripts
    }
}

/// `steps`: the results of the steps before, by id or name.
struct Steps<'a> {
    flow: &'a Flow,
    state: &'a RunState,
    visit: &'a VisitPath,
}

impl Steps<'_> {
    fn output(&self, step: &StepId) -> Option<&Arc<Value>> {
        self.state.step_output(self.visit, step.as_str())
    }
}

impl Object for Steps<'_> {
    fn member(&self, key: &str) -> Lookup<'_> {
        match self.flow.names.step(key) {
            None => Lookup::Unknown,
            Some(step) => self.output(step).map_or(Lookup::Undefined, Lookup::Value),
        }
    }

    fn to_value(&self) -> Value {
        let outputs = self.flow.names.steps().filter_map(|(name, step)| {
            let output = self.output(step)?;
            Some((name.to_owned(), (**output).clone()))
        });
        Value::Object(outputs.collect::<Map<_, _>>())
    }

    fn names(&self) -> Vec<String> {
        self.flow.names.steps().map(|(name, _)| name.to_owned()).collect()
    }
}
