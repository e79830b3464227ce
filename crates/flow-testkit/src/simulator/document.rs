//! A flow of a plan as a document.

use flow_model::FlowId;
use serde_json::{Map, Value, json};

use super::expression::Expr;
use super::plan::{
    Ask, Block, Call, Does, Each, Event, Expiry, Flow, Kind, OnError, OnExpire, Parallel, Pause, RETRIED,
    Retry, Step, While, Whom, Work,
};

/// An expiry that no simulation reaches.
pub(super) const FAR_MS: u64 = 30 * 24 * 3600 * 1000;

/// The id under which the other flow of that number is published.
pub(super) fn flow_id(number: usize) -> FlowId {
    FlowId::from_bytes((number as u128 + 1).to_be_bytes())
}

/// The name of the events that nobody sends who isn't out of turn.
pub(super) const LATE: &str = "late";

/// The document of a flow.
pub(super) fn document(flow: &Flow) -> Value {
    let mut steps = Vec::new();
    let first = block(&flow.body, None, &mut steps);
    let fields = json!([
        { "name": "n", "type": "number", "required": true },
        { "name": "list", "type": "array", "required": true },
    ]);
    let mut trigger = json!({ "id": "start", "type": "api", "data": { "fields": fields } });
    link(&mut trigger, "nextStepId", first.as_deref());
    let mut settings = Map::new();
    if let Some(handler) = &flow.handler
        && let Some(first) = block(handler, None, &mut steps)
    {
        settings.insert("onError".to_owned(), json!({ "stepId": first }));
    }
    if let Some(ms) = flow.timeout_ms {
        settings.insert("timeoutMs".to_owned(), json!(ms));
    }
    steps.insert(0, trigger);
    json!({ "name": "simulated", "definition": { "steps": steps }, "settings": settings })
}

/// Writes a block's steps, and returns the first one's id: what follows the block when it is empty.
fn block(steps: &Block, follows: Option<&str>, into: &mut Vec<Value>) -> Option<String> {
    for (place, step) in steps.iter().enumerate() {
        let next = steps.get(place + 1).map(|next| next.id.as_str()).or(follows);
        self::step(step, next, into);
    }
    steps.first().map(|step| step.id.clone()).or_else(|| follows.map(str::to_owned))
}

fn step(step: &Step, next: Option<&str>, into: &mut Vec<Value>) {
    // Its own place comes before those of the steps that it leads to, for whoever reads the document.
    let place = into.len();
    into.push(Value::Null);
    let mut beside = Map::new();
    let (kind, data) = kind(&step.kind, next, &mut beside, into);
    let mut written = json!({ "id": step.id, "type": kind, "data": data });
    let members = written.as_object_mut().expect("it was made as an object");
    members.extend(beside);
    if let Some(output) = &step.output {
        members.insert("output".to_owned(), json!(output));
    }
    if let Some(when) = &step.when {
        members.insert("when".to_owned(), json!(when.written()));
    }
    if step.disabled {
        members.insert("disabled".to_owned(), json!(true));
    }
    let ends = match (&step.kind, &step.on_error) {
        (Kind::Final(_), _) | (Kind::Fail(_), OnError::Fail) => true,
        (_, OnError::Fail | OnError::Continue | OnError::GoTo(_)) => false,
    };
    match &step.on_error {
        OnError::Fail => {}
        OnError::Continue => drop(members.insert("onError".to_owned(), json!("continue"))),
        OnError::GoTo(steps) => {
            if let Some(first) = block(steps, next, into) {
                members.insert("onError".to_owned(), json!({ "stepId": first }));
            }
        }
    }
    if !ends {
        link(&mut written, "nextStepId", next);
    }
    into[place] = written;
}

/// A step's type and settings. What stands beside `data` goes into `beside`.
fn kind(
    kind: &Kind,
    next: Option<&str>,
    beside: &mut Map<String, Value>,
    into: &mut Vec<Value>,
) -> (&'static str, Value) {
    match kind {
        Kind::Set(variables) => {
            let row = |(name, value): &(String, Expr)| json!({ "name": name, "value": value.template() });
            ("set-variables", json!({ "variables": variables.iter().map(row).collect::<Vec<_>>() }))
        }
        Kind::Transform(expression) => ("transform", json!({ "expression": expression.written() })),
        Kind::Log(number) => {
            ("log", json!({ "message": format!("at {}", number.template()), "data": number.template() }))
        }
        Kind::Condition { branches, otherwise } => {
            let rows = branches.iter().map(|(name, test, steps)| {
                let mut row = json!({ "name": name, "condition": test.written() });
                link(&mut row, "nextStepId", block(steps, next, into).as_deref());
                row
            });
            let mut data = json!({ "branches": rows.collect::<Vec<_>>() });
            link(&mut data, "elseStepId", block(otherwise, next, into).as_deref());
            ("condition", data)
        }
        Kind::Switch { value, cases, otherwise } => {
            let rows = cases.iter().map(|(equals, steps)| {
                let mut row = json!({ "equals": equals });
                link(&mut row, "nextStepId", block(steps, next, into).as_deref());
                row
            });
            let mut data = json!({ "value": value.template(), "cases": rows.collect::<Vec<_>>() });
            link(&mut data, "defaultStepId", block(otherwise, next, into).as_deref());
            ("switch", data)
        }
        Kind::Fail(code) => ("fail", json!({ "message": "on purpose", "code": code })),
        Kind::Final(outputs) => {
            let row = |(name, output): &(String, Expr)| json!({ "name": name, "output": output.template() });
            ("final", json!({ "outputs": outputs.iter().map(row).collect::<Vec<_>>() }))
        }
        Kind::Work(work) => (super::work::KIND, self::work(work, beside)),
        Kind::Ask(ask) => self::ask(ask, next, beside, into),
        Kind::Pause(Pause::For(ms)) => ("wait", json!({ "durationMs": ms })),
        Kind::Pause(Pause::UntilThePast) => ("wait", json!({ "until": "2020-01-01T00:00:00Z" })),
        Kind::Event(event) => ("wait", self::event(event)),
        Kind::Call(Call { flow, n, waits, retry }) => {
            beside.extend(retry.as_ref().map(|retry| ("retry".to_owned(), self::retry(retry))));
            let inputs = json!({ "n": n.template(), "list": "{{list}}" });
            let data = json!({ "flowId": flow_id(*flow).to_string(), "inputs": inputs, "wait": waits });
            ("run-flow", data)
        }
        Kind::Each(Each { concurrency, stops, body }) => {
            let on_item_error = if *stops { "stop" } else { "continue" };
            let steps = nested(body);
            let data = json!({
                "arrayVariable": "list", "concurrency": concurrency, "onItemError": on_item_error, "steps": steps,
            });
            ("each", data)
        }
        Kind::While(While { counter, below, max_iterations, body }) => {
            let condition = format!("({counter} ?? 0) < {below}");
            let steps = nested(body);
            ("while", json!({ "condition": condition, "maxIterations": max_iterations, "steps": steps }))
        }
        Kind::Parallel(Parallel { join, branches }) => {
            let row = |(name, steps): &(String, Block)| json!({ "name": name, "steps": nested(steps) });
            let branches: Vec<_> = branches.iter().map(row).collect();
            ("parallel", json!({ "join": join.written(), "branches": branches }))
        }
    }
}

/// The steps that stand inside of another one.
fn nested(steps: &Block) -> Vec<Value> {
    let mut inside = Vec::new();
    block(steps, None, &mut inside);
    inside
}

fn work(work: &Work, beside: &mut Map<String, Value>) -> Value {
    let mut data: Map<String, Value> =
        work.input.iter().map(|(name, value)| (name.clone(), json!(value.template()))).collect();
    data.extend(orders(work));
    beside.extend(work.retry.as_ref().map(|retry| ("retry".to_owned(), self::retry(retry))));
    if let Some(ms) = work.timeout_ms {
        beside.insert("timeoutMs".to_owned(), json!(ms));
    }
    Value::Object(data)
}

fn retry(retry: &Retry) -> Value {
    let Retry { max_attempts, delay_ms, exponential, jitter } = retry;
    let backoff = if *exponential { "exponential" } else { "fixed" };
    json!({
        "maxAttempts": max_attempts, "initialDelayMs": delay_ms, "backoff": backoff, "jitter": jitter,
        "retryOn": RETRIED,
    })
}

fn event(event: &Event) -> Value {
    let mut topic = json!({ "name": event.name() });
    if let Some(key) = &event.key {
        topic["key"] = json!(format!("k{}", key.template()));
    }
    let mut data = json!({ "event": topic });
    if let Some(ms) = event.expiry.millis() {
        data["expiresInMs"] = json!(ms);
    }
    data
}

/// What a call tells the world to do, as a part of its input.
pub(super) fn orders(work: &Work) -> Map<String, Value> {
    let mut orders = Map::new();
    match &work.does {
        Does::Return => {}
        Does::Fail(code) => drop(orders.insert("fail".to_owned(), json!(code))),
        Does::Flaky(times) => drop(orders.insert("flaky".to_owned(), json!(times))),
        Does::Hang => drop(orders.insert("hang".to_owned(), json!(true))),
    }
    if work.latency_ms > 0 {
        orders.insert("ms".to_owned(), json!(work.latency_ms));
    }
    orders
}

fn ask(
    ask: &Ask,
    next: Option<&str>,
    beside: &mut Map<String, Value>,
    into: &mut Vec<Value>,
) -> (&'static str, Value) {
    let about = ask.about.template();
    let (kind, mut data) = match ask.whom {
        Whom::Approval => ("user-approval", json!({ "message": format!("Go on with {about}?") })),
        Whom::Tool => ("client-tool", json!({ "toolName": "look-up", "parameters": { "about": about } })),
        Whom::Form => {
            let fields = json!([{ "name": "n", "type": "number", "required": true }]);
            ("show-form", json!({ "title": format!("About {about}"), "fields": fields }))
        }
    };
    if let Some(ms) = ask.expiry.millis() {
        data["expiresInMs"] = json!(ms);
    }
    if let (Whom::Approval, Expiry::Soon { then, .. }) = (ask.whom, &ask.expiry) {
        match then {
            OnExpire::Fail => {}
            OnExpire::Reject => data["onExpire"] = json!("reject"),
            OnExpire::GoTo(steps) => {
                if let Some(first) = block(steps, next, into) {
                    data["onExpire"] = json!(first);
                }
            }
        }
    }
    if let Some(steps) = &ask.reject
        && let Some(first) = block(steps, next, into)
    {
        beside.insert("rejectNextStepId".to_owned(), json!(first));
    }
    (kind, data)
}

fn link(step: &mut Value, key: &str, target: Option<&str>) {
    if let Some(target) = target {
        step[key] = json!(target);
    }
}

impl Event {
    pub(super) const fn name(&self) -> &'static str {
        match self.expiry {
            Expiry::Never | Expiry::Far => "paid",
            Expiry::Soon { .. } => LATE,
        }
    }
}

impl Expiry {
    const fn millis(&self) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::Far => Some(FAR_MS),
            Self::Soon { ms, .. } => Some(*ms),
        }
    }
}

impl super::plan::Join {
    pub(super) const fn written(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Any => "any",
            Self::Settled => "settled",
        }
    }
}
