//! What the environment asks for.

use flow_testkit::simulator::{Case, Schedule};

/// A number; none when the variable isn't set.
pub(crate) fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number, and not `{text}`")))
}

pub(crate) fn schedule() -> Option<Schedule> {
    let text = std::env::var("FLOW_SIM_SCHEDULE").ok()?;
    let like = "undisturbed, dies-before:3, dies-after:3 or random:3";
    Some(text.parse().unwrap_or_else(|_| panic!("FLOW_SIM_SCHEDULE is like {like}, and not `{text}`")))
}

/// The case of a seed, without the steps that are to be left out one after the other.
pub(crate) fn case(seed: u64) -> Case {
    let Ok(removed) = std::env::var("FLOW_SIM_WITHOUT") else { return Case::of(seed) };
    removed.split(',').fold(Case::of(seed), |case, step| {
        let step =
            step.parse().unwrap_or_else(|_| panic!("FLOW_SIM_WITHOUT is like 3,1, and not `{removed}`"));
        case.without(step).unwrap_or_else(|| panic!("what is left without step {step} is no flow"))
    })
}
