//! What an attempt was charged, as clients see it.

use flow_model::{Charged, Credits};
use serde::Serialize;
use serde_json::Number;

/// How much, what for, and the price that was asked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Charge<'a> {
    credits: Number,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum What<'a> {
    Step {
        price: Number,
    },
    Model {
        model: &'a str,
        input_tokens: u64,
        output_tokens: u64,
        #[serde(rename = "inputPer1k")]
        input_per_1k: Number,
        #[serde(rename = "outputPer1k")]
        output_per_1k: Number,
    },
}

impl<'a> Charge<'a> {
    pub(super) fn of(credits: Credits, charged: &'a Charged) -> Self {
        let what = match charged {
            Charged::Step { price } => What::Step { price: price.number() },
            Charged::Model { model, input_tokens, output_tokens, price } => What::Model {
                model,
                input_tokens: *input_tokens,
                output_tokens: *output_tokens,
                input_per_1k: price.input_per_1k.number(),
                output_per_1k: price.output_per_1k.number(),
            },
        };
        Self { credits: credits.number(), what }
    }
}
