//! The arrows between the workspace's packages, as `cargo metadata` sees them.
//!
//! What may depend on what is decided here and nowhere else: a package that the table doesn't know fails
//! the test until somebody gives it its place. Dev-dependencies are exempt: tests may look anywhere.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Each package of the workspace, and the other ones that it may depend on.
const ARROWS: [(&str, &[&str]); 10] = [
    ("flow-model", &[]),
    ("flow-expr", &[]),
    ("flow-engine", &["flow-expr", "flow-model"]),
    ("flow-script", &["flow-engine", "flow-expr", "flow-model"]),
    ("flow-steps", &["flow-engine", "flow-model"]),
    ("flow-store", &["flow-engine", "flow-model"]),
    ("flow-http", &["flow-engine", "flow-model"]),
    ("flow-testkit", &["flow-engine", "flow-expr", "flow-model"]),
    ("flow-server", ALL_BUT_TESTKIT),
    ("flow-bench", ALL_BUT_TESTKIT),
];

const ALL_BUT_TESTKIT: &[&str] =
    &["flow-model", "flow-expr", "flow-engine", "flow-script", "flow-steps", "flow-store", "flow-http"];

/// What a package must not reach, however far down: embedders of the engine build neither a server, nor a
/// database, nor TLS, nor a JavaScript engine, and the HTTP layer sees the database through ports alone.
const OUT_OF_REACH: [(&str, &[&str]); 2] = [
    ("flow-engine", &["actix-web", "diesel", "reqwest", "rustls", "libsqlite3-sys", "pq-sys", "rquickjs"]),
    ("flow-http", &["diesel"]),
];

/// Names of packages, and of those each one depends on outside its tests.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// For this platform only: those of the others aren't downloaded, and cargo is told to stay offline.
fn metadata() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let mut command = MetadataCommand::new();
    let options = ["--offline", "--filter-platform", "host-tuple"].map(str::to_owned);
    command.manifest_path(manifest).other_options(options);
    command.exec().expect("cargo reads the workspace")
}

/// The resolved graph. Versions of one package count as one: none of them is wanted where its name isn't.
fn graph(metadata: &Metadata, kinds: &[DependencyKind]) -> Graph {
    let name = |id| metadata[id].name.to_string();
    let resolve = metadata.resolve.as_ref().expect("cargo resolves the workspace");
    let mut graph = Graph::new();
    for node in &resolve.nodes {
        let deps = node.deps.iter().filter(|dep| dep.dep_kinds.iter().any(|kind| kinds.contains(&kind.kind)));
        graph.entry(name(&node.id)).or_default().extend(deps.map(|dep| name(&dep.pkg)));
    }
    graph
}

/// The shortest path of packages from one to another.
fn path(graph: &Graph, from: &str, to: &str) -> Option<String> {
    let mut seen = BTreeSet::from([from]);
    let mut queue = VecDeque::from([vec![from]]);
    while let Some(path) = queue.pop_front() {
        let last = *path.last()?;
        if last == to {
            return Some(path.join(" -> "));
        }
        for next in graph.get(last).into_iter().flatten().map(String::as_str) {
            if seen.insert(next) {
                queue.push_back([path.as_slice(), &[next]].concat());
            }
        }
    }
    None
}

/// Everything wrong with the arrows among the workspace's members.
fn wrong_arrows(graph: &Graph, members: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for member in members {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| name == member) else {
            wrong.push(format!("{member} has no place in the table of arrows"));
            continue;
        };
        let inside = graph.get(member).into_iter().flatten().filter(|name| members.contains(*name));
        let forbidden = inside.filter(|name| !allowed.contains(&name.as_str()));
        wrong.extend(forbidden.map(|name| format!("{member} -> {name}")));
    }
    wrong
}

/// Every path to what is out of reach.
fn wrong_reaches(graph: &Graph) -> Vec<String> {
    let pairs = OUT_OF_REACH.iter().flat_map(|(from, names)| names.iter().map(move |to| (from, to)));
    pairs.filter_map(|(from, to)| path(graph, from, to)).collect()
}

#[test]
fn arrows_point_one_way() {
    let metadata = metadata();
    let members = metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let graph = graph(&metadata, &[DependencyKind::Normal, DependencyKind::Build]);
    assert_eq!(wrong_arrows(&graph, &members), Vec::<String>::new(), "these arrows run the wrong way");
}

#[test]
fn heavy_packages_are_out_of_reach() {
    let graph = graph(&metadata(), &[DependencyKind::Normal]);
    for (from, _) in OUT_OF_REACH {
        assert!(graph.contains_key(from), "{from} is gone: the rule about it checks nothing");
    }
    assert_eq!(wrong_reaches(&graph), Vec::<String>::new(), "these packages must not be reached");
}

#[test]
fn a_failure_names_the_path() {
    let edges = [
        ("flow-engine", "a"),
        ("a", "b"),
        ("a", "flow-engine"),
        ("b", "diesel"),
        ("flow-http", "flow-store"),
    ];
    let mut graph = Graph::new();
    for (from, to) in edges {
        graph.entry(from.to_owned()).or_default().insert(to.to_owned());
    }
    assert_eq!(wrong_reaches(&graph), ["flow-engine -> a -> b -> diesel"]);
    let members = ["flow-engine", "flow-http", "flow-store", "flow-new"].map(str::to_owned).into();
    let expected = ["flow-http -> flow-store", "flow-new has no place in the table of arrows"];
    assert_eq!(wrong_arrows(&graph, &members), expected);
}
