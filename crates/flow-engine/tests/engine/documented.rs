//! The flows in the documentation can be published, and do what it says.

use flow_engine::Registry;
use serde_json::{Value, json};

use crate::world::{World, output};

/// The blocks of JSON in the description of flows.
fn blocks() -> Vec<Value> {
    let text = include_str!("../../../../docs/FLOWS.md");
    let blocks = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(|block| serde_json::from_str(block).unwrap()).collect()
}

#[tokio::test]
async fn every_flow_in_the_documentation_can_be_published() {
    let engine = World::new().engine(Registry::new()).await;
    let flows: Vec<_> = blocks().into_iter().filter(|block| block.get("definition").is_some()).collect();
    assert!(flows.len() >= 2);
    for flow in flows {
        assert_eq!(engine.flows().validate(&flow), [], "{}", flow["name"]);
    }
}

#[tokio::test]
async fn the_loops_and_branches_of_the_documentation_return_what_it_says() {
    let blocks = blocks();
    let at = blocks.iter().position(|block| block["name"] == "Order check").unwrap();
    let orders = json!([
        { "name": "pen", "price": 2, "count": 3 },
        { "name": "desk", "price": 300, "count": 1 },
    ]);
    let view = World::new().run_alone(&blocks[at], json!({ "orders": orders })).await;
    assert_eq!(output(&view), blocks[at + 1]);
}
