//! `parallel`: takes several branches at the same time.

use flow_model::{Fields, Step, StepId};

/// The branches, and what they come to together.
#[derive(Debug)]
pub(crate) struct Parallel {
    pub(crate) branches: Vec<Branch>,
    pub(crate) join: Join,
}

/// A branch and where it begins.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) name: StepId,
    pub(crate) first: StepId,
}

/// When a `parallel` ends, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    /// With the last branch; the first failure fails it.
    All,
    /// With the first branch that ends well; it fails when all of them fail.
    Any,
    /// With the last branch, whatever they come to.
    Settled,
}

impl Parallel {
    pub(super) fn compile(step: &Step, data: &Fields<'_>) -> Option<Self> {
        data.value("branches"); // read with the document
        let join = match data.string("join") {
            None | Some("all") => Join::All,
            Some("any") => Join::Any,
            Some("settled") => Join::Settled,
            Some(_) => {
                data.faults().error(
                    data.at("join"),
                    "value_unknown",
                    r#"this must be "all", "any" or "settled""#,
                );
                Join::All
            }
        };
        let branches = step
            .graphs
            .iter()
            .map(|graph| Some(Branch { name: graph.name.clone()?, first: graph.steps.first()?.id.clone() }));
        let branches: Vec<_> = branches.collect::<Option<_>>()?;
        (!branches.is_empty()).then_some(Self { branches, join })
    }
}
