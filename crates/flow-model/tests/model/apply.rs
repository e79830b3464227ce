//! The fold of events into a state is total, and what it gives is of a piece.

use flow_model::{EventKind, RunEvent, RunState, RunStatus, Timestamp, Visit, VisitPath, VisitStatus, apply};
use proptest::prelude::*;

use crate::strategies::event;

/// What the visits say of the run, counted anew.
fn status_by_visits(state: &RunState) -> RunStatus {
    if let Some((_, end)) = state.end() {
        return match end {
            flow_model::RunEnd::Completed { .. } => RunStatus::Completed,
            flow_model::RunEnd::Failed { .. } => RunStatus::Failed,
            flow_model::RunEnd::Cancelled => RunStatus::Cancelled,
        };
    }
    let (mut active, mut waiting) = (state.ready().count(), 0);
    for (_, visit) in state.visits() {
        match visit.status {
            VisitStatus::Running | VisitStatus::Resolved | VisitStatus::BackingOff { .. } => active += 1,
            VisitStatus::Waiting => waiting += 1,
            VisitStatus::Entered
            | VisitStatus::Completed { .. }
            | VisitStatus::Failed { .. }
            | VisitStatus::Skipped { .. }
            | VisitStatus::Cancelled => {}
        }
    }
    match (state.visits().next(), active, waiting) {
        (None, ..) => RunStatus::Queued,
        (Some(_), 0, 1..) => RunStatus::Waiting,
        (Some(_), ..) => RunStatus::Running,
    }
}

fn check(state: &RunState) {
    assert_eq!(state.status(), status_by_visits(state));
    assert_eq!(state.start().is_some(), state.seq() > 0);
    assert_eq!(state.end().is_some(), state.status().is_finished());
    for (path, visit) in state.visits() {
        let is_open = !visit.status.has_ended();
        assert_eq!(visit.ended_at.is_none(), is_open, "{path}");
        assert!(!(is_open && state.end().is_some()), "{path} is open in a finished run");
        assert!(!state.is_ready(path.as_str()), "{path} has started and is ready");
        let has_output = match &visit.status {
            VisitStatus::Completed { .. } | VisitStatus::Skipped { .. } => true,
            VisitStatus::Failed { output, .. } => output.is_some(),
            _ => false,
        };
        assert_eq!(state.output(path.as_str()).is_some(), has_output);
    }
    let backs_off = |visit: &Visit| matches!(visit.status, VisitStatus::BackingOff { .. });
    assert_eq!(state.backing_off().count(), state.visits().filter(|(_, visit)| backs_off(visit)).count());
    // A failure that a handler takes care of is also the one that expressions see, or an earlier one was.
    let top = VisitPath::from_stored("top");
    assert!(state.failing().is_none() || state.error(&top).is_some());
    let is_open = |(_, visit): &(&VisitPath, &Visit)| !visit.status.has_ended();
    assert!(state.open().eq(state.visits().filter(is_open)), "the open ones, in the order of their starts");
    for (path, visit) in state.visits() {
        let container = state.container(path.as_str());
        assert!(
            container.is_none() || !visit.status.has_ended(),
            "{path} has ended, and its scopes are kept"
        );
        let is_entered = visit.status == VisitStatus::Entered;
        assert_eq!(container.is_some_and(|container| container.open() > 0), is_entered, "{path}");
        if let Some((outer, _)) = path.container() {
            let outer = state.visit(outer).unwrap();
            assert!(visit.status.has_ended() || outer.status == VisitStatus::Entered, "{path} is orphaned");
        }
    }
    let open = state.visits().filter(|(_, visit)| visit.status == VisitStatus::Waiting).count();
    assert_eq!(state.open_waits().count(), open);
    for (name, variable) in state.variables() {
        let output = state.output(variable.visit.as_str());
        let output = output.unwrap_or_else(|| panic!("{name} shows what isn't there"));
        if let Some(member) = &variable.member {
            assert!(output.get(&**member).is_some(), "{name} shows a member that isn't there");
        }
    }
    assert!(state.approval(&top).is_none_or(|visit| state.output(visit.as_str()).is_some()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_events_apply_or_change_nothing(
        kinds in proptest::collection::vec((event(), 0_u8..20), 0..60),
        // Most sequences begin as a log does, or nothing would ever apply.
        begins_well in prop::bool::weighted(0.9),
    ) {
        let mut state = RunState::new();
        let mut kinds = kinds;
        if begins_well {
            let is_start = |(kind, _): &(EventKind, u8)| matches!(kind, EventKind::RunStarted(_));
            if let Some(at) = kinds.iter().position(is_start) {
                kinds.swap(0, at);
            }
        }
        for (index, (kind, chance)) in kinds.into_iter().enumerate() {
            let seq = match chance {
                0 => 0,
                1 => state.seq(),
                2 => state.seq() + 2,
                3 => u64::MAX,
                _ => state.seq() + 1,
            };
            let event = RunEvent { seq, time: Timestamp::from_millis(index as i64), kind };
            let before = state.clone();
            let waited = before.status() == RunStatus::Waiting;
            let was_finished = before.status().is_finished();
            match apply(&mut state, &event) {
                Ok(()) => {
                    prop_assert!(!was_finished, "a finished run accepts nothing");
                    prop_assert_eq!(state.seq(), before.seq() + 1);
                    prop_assert_eq!(state.updated_at(), Some(event.time));
                    // Times are those of the index, so one millisecond goes by from event to event at least.
                    let passed = event.time.since(before.updated_at().unwrap_or(event.time));
                    let counted = state.active_time(event.time) - before.active_time(before.updated_at().unwrap_or(event.time));
                    prop_assert_eq!(counted, if waited { std::time::Duration::ZERO } else { passed });
                }
                Err(refused) => {
                    prop_assert_eq!(&state, &before);
                    prop_assert!(refused.to_string().contains(event.kind.name()));
                }
            }
            check(&state);
        }
    }

    #[test]
    fn folding_is_the_same_however_the_events_were_stored(
        kinds in proptest::collection::vec(event(), 0..40),
    ) {
        let (mut live, mut stored) = (RunState::new(), Vec::new());
        for kind in kinds {
            let event = RunEvent { seq: live.seq() + 1, time: Timestamp::from_millis(5), kind };
            if apply(&mut live, &event).is_ok() {
                stored.push(serde_json::to_string(&event).unwrap());
            }
        }
        let mut folded = RunState::new();
        for text in stored {
            apply(&mut folded, &serde_json::from_str(&text).unwrap()).unwrap();
        }
        prop_assert_eq!(folded, live);
    }

    #[test]
    fn a_state_survives_its_json_and_goes_on_as_before(
        kinds in proptest::collection::vec(event(), 0..60), cut in 0_usize..60,
    ) {
        let (mut live, mut restored) = (RunState::new(), RunState::new());
        for (index, kind) in kinds.into_iter().enumerate() {
            if index == cut {
                restored = serde_json::from_str(&serde_json::to_string(&restored).unwrap()).unwrap();
                prop_assert_eq!(&restored, &live);
            }
            let event = RunEvent { seq: live.seq() + 1, time: Timestamp::from_millis(5), kind };
            prop_assert_eq!(apply(&mut live, &event), apply(&mut restored, &event));
        }
        prop_assert_eq!(restored, live);
    }
}
