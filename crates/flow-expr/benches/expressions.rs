//! What paths, conditions and templates cost when a run carries a megabyte: time, and bytes that are allocated.
//!
//! `cargo bench -p flow-expr`

#![expect(clippy::unwrap_used, reason = "a benchmark has nobody to tell")]

use std::sync::Arc;

use divan::{AllocProfiler, Bencher, black_box};
use flow_expr::{Ambient, ChanceSource, Expression, JsonTemplate, Lookup, Scope, Template};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A run that has read a customer with a megabyte of orders.
struct Run {
    customer: Arc<Value>,
    ambient: Ambient,
}

impl Run {
    fn new() -> Self {
        let order = |n: usize| json!({ "id": n, "total": n as f64 * 1.5, "currency": "EUR", "lines": ["keyboard, black", "cable, 2 m"] });
        let orders: Vec<_> = (0..10_000).map(order).collect();
        let customer = json!({ "body": { "name": "Ada Lovelace", "risk": 71, "orders": orders } });
        assert!(customer.to_string().len() > 800_000);
        let chance = ChanceSource { seed: 7, place: "it".to_owned() };
        let ambient = Ambient::new(1_700_000_000_123, "2023-11-14T22:13:20.123Z", chance);
        Self { customer: Arc::new(customer), ambient }
    }
}

impl Scope for Run {
    fn lookup(&self, name: &str) -> Lookup<'_> {
        if name == "customer" { Lookup::Value(&self.customer) } else { Lookup::Unknown }
    }

    fn names(&self) -> Vec<String> {
        vec!["customer".to_owned()]
    }

    fn ambient(&self) -> Option<&Ambient> {
        Some(&self.ambient)
    }
}

#[divan::bench(args = [
    "customer.body.risk > 70",
    "customer.body.orders.length > 100 && customer.body.name !== ''",
    "customer.body.orders[9999].total >= 10 || customer?.vip",
    "customer.body.name.startsWith('Ada')",
    "customer.body.orders.at(-1).currency === 'EUR'",
])]
fn condition(bencher: Bencher<'_, '_>, source: &str) {
    let (run, expression) = (Run::new(), Expression::parse(source).unwrap());
    bencher.bench_local(|| expression.is_truthy(black_box(&run)).unwrap());
}

#[divan::bench(args = ["customer", "customer.body.name", "customer.body.orders[5000]", "customer.body.risk + 1"])]
fn value(bencher: Bencher<'_, '_>, source: &str) {
    let (run, expression) = (Run::new(), Expression::parse(source).unwrap());
    bencher.bench_local(|| expression.evaluate(black_box(&run)).unwrap());
}

#[divan::bench(args = [
    "Dear {{customer.body.name}}, you have {{customer.body.orders.length}} orders.",
    "{{customer.body.name.toUpperCase()}}: {{uuid()}}",
    "{{customer.body.risk > 70 ? 'call' : 'mail'}}",
])]
fn template(bencher: Bencher<'_, '_>, text: &str) {
    let (run, template) = (Run::new(), Template::parse(text).unwrap());
    bencher.bench_local(|| template.render_text(black_box(&run)).unwrap());
}

#[divan::bench]
fn settings_of_a_request(bencher: Bencher<'_, '_>) {
    let settings = json!({
        "method": "POST",
        "url": "https://crm.example/customers/{{customer.body.name}}/orders",
        "headers": { "X-Risk": "{{customer.body.risk}}", "Accept": "application/json" },
        "body": { "name": "{{customer.body.name}}", "first": "{{customer.body.orders[0]}}", "fixed": [1, 2, 3] },
    });
    let (run, template) = (Run::new(), JsonTemplate::parse(&settings).unwrap());
    bencher.bench_local(|| template.evaluate(black_box(&run)).unwrap());
}

#[divan::bench(args = ["customer.body.risk > 70", "customer.body.orders.filter(o => o.total > 5).map(o => o.id)"])]
fn parse(source: &str) -> Expression {
    Expression::parse(black_box(source)).unwrap()
}
