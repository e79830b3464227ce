//! Built-in steps that touch the world.
//!
//! Apart from the engine, so that an embedder who doesn't need them builds no HTTP client and no TLS.
//! What a flow wants to reach goes through [`Outbound`], which keeps it away from private addresses. What the operator
//! chose, the endpoint of the language model, is asked through [`Llm`].
#![warn(missing_docs)]

mod ask_to_llm;
mod extract_data;
mod files;
mod http_request;
mod llm;
mod outbound;

pub use ask_to_llm::AskToLlm;
pub use extract_data::ExtractData;
pub use http_request::HttpRequest;
pub use llm::{InvalidLlmOptions, Llm, LlmError, LlmLimits, LlmOptions};
pub use outbound::{Allow, InvalidAllow, Outbound, OutboundError};
