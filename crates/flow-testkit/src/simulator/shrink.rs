//! Smaller plans: what is left of a failure without what has nothing to do with it.

use super::plan::{Block, Expiry, Flow, Kind, OnError, OnExpire, Plan, Step};

impl Plan {
    /// The plan without its step of that number, counted as they stand; none when it has fewer steps, or when what is
    /// left isn't a flow any more.
    pub(super) fn without(&self, number: usize) -> Option<Self> {
        let mut plan = self.clone();
        let mut left = number;
        let found = plan.flows_mut().any(|flow| remove_from(flow, &mut left));
        (found && plan.flows_mut().all(is_flow)).then_some(plan)
    }

    fn flows_mut(&mut self) -> impl Iterator<Item = &mut Flow> {
        std::iter::once(&mut self.main).chain(&mut self.others)
    }
}

fn remove_from(flow: &mut Flow, left: &mut usize) -> bool {
    let found =
        remove(&mut flow.body, left) || flow.handler.as_mut().is_some_and(|handler| remove(handler, left));
    flow.handler.take_if(|handler| handler.is_empty());
    found
}

fn is_flow(flow: &mut Flow) -> bool {
    is_whole(&mut flow.body) && flow.handler.as_mut().is_none_or(is_whole)
}

/// Removes the step that comes `left` steps later; whether it was there.
fn remove(block: &mut Block, left: &mut usize) -> bool {
    for place in 0..block.len() {
        if *left == 0 {
            block.remove(place);
            return true;
        }
        *left -= 1;
        if blocks(&mut block[place]).into_iter().any(|(inner, _)| remove(inner, left)) {
            return true;
        }
    }
    false
}

/// Whether no block is empty that must not be.
fn is_whole(block: &mut Block) -> bool {
    block.iter_mut().all(|step| {
        blocks(step)
            .into_iter()
            .all(|(inner, may_be_empty)| (may_be_empty || !inner.is_empty()) && is_whole(inner))
    })
}

/// The blocks that a step leads to or holds, and whether each may be empty.
fn blocks(step: &mut Step) -> Vec<(&mut Block, bool)> {
    let mut blocks = Vec::new();
    match &mut step.kind {
        Kind::Condition { branches, otherwise } => {
            blocks.extend(branches.iter_mut().map(|(_, _, block)| (block, true)));
            blocks.push((otherwise, true));
        }
        Kind::Switch { cases, otherwise, .. } => {
            blocks.extend(cases.iter_mut().map(|(_, block)| (block, true)));
            blocks.push((otherwise, true));
        }
        Kind::Ask(ask) => {
            if let Expiry::Soon { then: OnExpire::GoTo(block), .. } = &mut ask.expiry {
                blocks.push((block, false));
            }
            blocks.extend(ask.reject.iter_mut().map(|block| (block, false)));
        }
        Kind::Each(each) => blocks.push((&mut each.body, false)),
        Kind::While(looped) => blocks.push((&mut looped.body, false)),
        Kind::Parallel(parallel) => {
            blocks.extend(parallel.branches.iter_mut().map(|(_, block)| (block, false)));
        }
        Kind::Set(_)
        | Kind::Transform(_)
        | Kind::Log(_)
        | Kind::Fail(_)
        | Kind::Final(_)
        | Kind::Work(_)
        | Kind::Pause(_)
        | Kind::Event(_)
        | Kind::Call(_) => {}
    }
    if let OnError::GoTo(block) = &mut step.on_error {
        blocks.push((block, false));
    }
    blocks
}
