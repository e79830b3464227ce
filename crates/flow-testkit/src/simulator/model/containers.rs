//! What loops and parallel branches should do.

use serde_json::{Value, json};

use super::super::expression::{Wild, unknown};
use super::super::plan::{Block, Each, Join, Parallel, Step, While};
use super::{Ended, Left, Model};

impl Model<'_> {
    pub(super) fn each(&mut self, step: &Step, each: &Each) -> Result<Ended, Wild> {
        let items = self.names.get("list").and_then(Value::as_array).cloned().unwrap_or_default();
        let is_isolated = each.concurrency > 1;
        let outside = self.place.clone();
        let restored = ["item", "index"].map(|name| (name, self.names.get(name).cloned()));
        let before = self.names.clone();
        let (mut well, mut badly) = (0, 0);
        let mut is_cut = false;
        for (index, item) in items.iter().enumerate() {
            if is_isolated {
                self.names.clone_from(&before);
            }
            self.names.insert("item".to_owned(), item.clone());
            self.names.insert("index".to_owned(), json!(index));
            self.place = format!("{outside}{}[{index}]/", step.id);
            match self.block(&each.body)? {
                Left::GoesOn => well += 1,
                Left::Final(_) => unreachable!("a `final` stands in the top graph"),
                Left::Failed(_) => {
                    badly += 1;
                    is_cut = each.stops;
                }
            }
            if is_cut && !is_isolated {
                break;
            }
        }
        let is_race = is_cut && is_isolated;
        if is_race {
            self.doubt(&format!("{outside}{}[", step.id));
        }
        if is_isolated {
            self.names = before;
        } else {
            for (name, value) in restored {
                match value {
                    Some(value) => self.names.insert(name.to_owned(), value),
                    None => self.names.remove(name),
                };
            }
        }
        self.place = outside;
        let count = |number: usize| if is_race { unknown() } else { json!(number) };
        let output = json!({
            "item": unknown(), "items": unknown(), "results": unknown(), "errors": unknown(),
            "successfulItems": count(well), "failedItems": count(badly), "totalItems": items.len(),
            "processedItems": count(well + badly),
        });
        Ok(Ended::Well(self.done(step, output)))
    }

    pub(super) fn while_loop(&mut self, step: &Step, looped: &While) -> Result<Ended, Wild> {
        let outside = self.place.clone();
        let restored = self.names.get("iteration").cloned();
        let mut pass = 0;
        while pass < looped.max_iterations {
            let counter = self.names.get(&looped.counter).and_then(Value::as_i64).unwrap_or(0);
            if counter >= looped.below {
                break;
            }
            self.names.insert("iteration".to_owned(), json!(pass));
            self.place = format!("{outside}{}#{pass}/", step.id);
            pass += 1;
            match self.block(&looped.body)? {
                Left::GoesOn => {}
                Left::Final(_) => unreachable!("a `final` stands in the top graph"),
                Left::Failed(_) => break,
            }
        }
        match restored {
            Some(value) => self.names.insert("iteration".to_owned(), value),
            None => self.names.remove("iteration"),
        };
        self.place = outside;
        let output = json!({
            "iterations": pass, "results": unknown(), "errors": unknown(), "lastIteration": unknown(),
        });
        Ok(Ended::Well(self.done(step, output)))
    }

    pub(super) fn parallel(&mut self, step: &Step, parallel: &Parallel) -> Result<Ended, Wild> {
        let (outside, before) = (self.place.clone(), self.names.clone());
        let mut ends = Vec::new();
        for (name, block) in &parallel.branches {
            self.names.clone_from(&before);
            self.place = format!("{outside}{}:{name}/", step.id);
            ends.push((name, self.branch(block)?));
        }
        self.names = before;
        self.place = outside;
        let inside = format!("{}{}:", self.place, step.id);
        let failed: Vec<_> = ends.iter().filter_map(|(_, end)| end.as_ref().err()).collect();
        let output = match parallel.join {
            Join::All => match failed[..] {
                [] => ends
                    .iter()
                    .map(|(name, end)| ((*name).clone(), end.clone().unwrap_or_default()))
                    .collect(),
                [code] => {
                    let code = code.clone();
                    self.doubt(&inside);
                    return Ok(Ended::Badly(code));
                }
                [_, ..] => {
                    self.doubt(&inside);
                    return Ok(Ended::Badly(unknown()));
                }
            },
            Join::Any => {
                let mut well = ends.iter().filter_map(|(name, end)| Some((*name, end.as_ref().ok()?)));
                match (well.next(), well.next()) {
                    (None, _) => return Ok(Ended::Badly(json!("all_branches_failed"))),
                    (Some((name, output)), None) => {
                        let output = json!({ (name.clone()): output.clone() });
                        self.doubt(&inside);
                        return Ok(Ended::Well(self.done(step, output)));
                    }
                    (Some(_), Some(_)) => {
                        self.doubt(&inside);
                        return Ok(Ended::Well(self.done(step, unknown())));
                    }
                }
            }
            Join::Settled => {
                let told = |(name, end): &(&String, Result<Value, Value>)| {
                    let told = match end {
                        Ok(value) => json!({ "status": "completed", "value": value }),
                        Err(_) => json!({ "status": "failed", "error": unknown() }),
                    };
                    ((*name).clone(), told)
                };
                ends.iter().map(told).collect()
            }
        };
        Ok(Ended::Well(self.done(step, Value::Object(output))))
    }

    /// The result of a branch's last step, or the code that it failed with.
    fn branch(&mut self, block: &Block) -> Result<Result<Value, Value>, Wild> {
        self.last = Value::Null;
        Ok(match self.block(block)? {
            Left::GoesOn => Ok(self.last.clone()),
            Left::Final(_) => unreachable!("a `final` stands in the top graph"),
            Left::Failed(code) => Err(code),
        })
    }

    /// What happens in those scopes may be cut short by what happens beside it.
    pub(super) fn doubt(&mut self, inside: &str) {
        for (_, effect) in self.made.effects.iter_mut().filter(|(visit, _)| visit.starts_with(inside)) {
            effect.is_sure = false;
        }
    }
}
