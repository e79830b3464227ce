//! Whose turn it is: workspaces take turns, and so do the flows of one.
//!
//! Whoever keeps the workers busy makes others wait for the script that runs, and not for all those that wait.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use flow_expr::ScriptOwner;
use tokio::sync::oneshot;

/// The turns of a number of workers.
pub(crate) struct Turns(Mutex<State>);

struct State {
    free: usize,
    /// Those who wait. The first workspace is the next one, and so is the first flow of each; none of them is empty.
    workspaces: VecDeque<(String, VecDeque<(String, Waiting)>)>,
}

/// The scripts of one flow, in the order in which they came.
type Waiting = VecDeque<oneshot::Sender<Turn>>;

/// A worker's turn, which passes on to whoever is next when it is dropped.
pub(crate) struct Turn(Option<Arc<Turns>>);

impl Turns {
    pub(crate) fn new(workers: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { free: workers, workspaces: VecDeque::new() })))
    }

    /// Waits for a turn.
    pub(crate) async fn next(self: &Arc<Self>, owner: &ScriptOwner) -> Turn {
        let receiver = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return Turn(Some(self.clone()));
            }
            let (sender, receiver) = oneshot::channel();
            state.waits(owner, sender);
            receiver
        };
        // A sender is dropped only when the last turn is, and with it all of this.
        receiver.await.unwrap_or(Turn(None))
    }

    /// Gives a turn on to the next one who still wants it.
    fn pass_on(self: Arc<Self>) {
        loop {
            let Some(next) = self.state().next() else { return };
            match next.send(Turn(Some(self.clone()))) {
                Ok(()) => return,
                // Nobody waits for it any more: it isn't to pass itself on.
                Err(mut turn) => turn.0 = None,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.pass_on();
        }
    }
}

impl State {
    fn waits(&mut self, owner: &ScriptOwner, sender: oneshot::Sender<Turn>) {
        let flows = entry(&mut self.workspaces, &owner.workspace);
        entry(flows, &owner.flow).push_back(sender);
    }

    /// Takes the next one out; when there is none, the turn is free.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let Some((workspace, mut flows)) = self.workspaces.pop_front() else {
            self.free += 1;
            return None;
        };
        let (flow, mut waiting) = flows.pop_front()?;
        let next = waiting.pop_front();
        if !waiting.is_empty() {
            flows.push_back((flow, waiting));
        }
        if !flows.is_empty() {
            self.workspaces.push_back((workspace, flows));
        }
        next
    }
}

fn entry<'q, T: Default>(queue: &'q mut VecDeque<(String, T)>, name: &str) -> &'q mut T {
    let at = queue.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
        queue.push_back((name.to_owned(), T::default()));
        queue.len() - 1
    });
    &mut queue[at].1
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn owner(workspace: &str, flow: &str) -> ScriptOwner {
        ScriptOwner { workspace: workspace.to_owned(), flow: flow.to_owned() }
    }

    #[tokio::test]
    async fn workspaces_take_turns_and_so_do_the_flows_of_one() {
        let turns = Turns::new(1);
        let mut turn = turns.next(&owner("a", "1")).await;
        let order = [("a", "1"), ("a", "1"), ("a", "2"), ("b", "1"), ("b", "1"), ("c", "1"), ("a", "1")];
        let mut waiting: Vec<_> = order
            .iter()
            .map(|(workspace, flow)| {
                let owner = owner(workspace, flow);
                let turns = turns.clone();
                Some(Box::pin(async move { (turns.next(&owner).await, owner) }))
            })
            .collect();
        // All of them wait.
        for one in waiting.iter_mut().flatten() {
            assert!(one.now_or_never().is_none());
        }
        let mut came = Vec::new();
        for _ in 0..order.len() {
            drop(turn);
            let (at, (next, owner)) = waiting
                .iter_mut()
                .enumerate()
                .find_map(|(at, one)| Some((at, one.as_mut()?.now_or_never()?)))
                .expect("somebody has the turn");
            waiting[at] = None;
            came.push(format!("{}{}", owner.workspace, owner.flow));
            turn = next;
        }
        assert_eq!(came, ["a1", "b1", "c1", "a2", "b1", "a1", "a1"]);
    }

    #[tokio::test]
    async fn whoever_went_away_is_passed_over_and_a_turn_comes_back() {
        let turns = Turns::new(1);
        let owner = owner("a", "1");
        let turn = turns.next(&owner).await;
        let mut gone: Vec<_> = (0..1_000).map(|_| Box::pin(turns.next(&owner))).collect();
        assert!(gone.iter_mut().all(|one| one.now_or_never().is_none()));
        let mut last = Box::pin(turns.next(&owner));
        assert!((&mut last).now_or_never().is_none());
        drop(gone);
        drop(turn);
        drop((&mut last).now_or_never().expect("it is the next"));
        assert!(turns.next(&owner).now_or_never().is_some(), "the turn is free");
        // One who went away with the turn in hand hands it on.
        let turn = turns.next(&owner).await;
        let mut gone = Box::pin(turns.next(&owner));
        assert!((&mut gone).now_or_never().is_none());
        drop(turn);
        drop(gone);
        assert!(turns.next(&owner).now_or_never().is_some());
    }
}
