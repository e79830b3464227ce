//! What is asked, in the words of the wire.

use serde::Serialize;
use serde_json::Value;

/// A request for one chat completion.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Request {
    pub(crate) model: String,
    pub(crate) messages: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_format: Option<Value>,
}

/// One turn of the conversation.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Message {
    role: Role,
    content: Content,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    System,
    User,
    Assistant,
}

/// Text alone is sent as a string, which every endpoint understands.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part {
    Text { text: String },
    ImageUrl { image_url: ImageUrl },
}

#[derive(Debug, Clone, Serialize)]
struct ImageUrl {
    url: String,
}

impl Message {
    pub(crate) fn system(text: String) -> Self {
        Self { role: Role::System, content: Content::Text(text) }
    }

    pub(crate) fn user(text: String) -> Self {
        Self { role: Role::User, content: Content::Text(text) }
    }

    pub(crate) fn user_with_images(text: String, images: Vec<String>) -> Self {
        if images.is_empty() {
            return Self::user(text);
        }
        let images = images.into_iter().map(|url| Part::ImageUrl { image_url: ImageUrl { url } });
        let parts = std::iter::once(Part::Text { text }).chain(images);
        Self { role: Role::User, content: Content::Parts(parts.collect()) }
    }

    pub(crate) fn assistant(text: String) -> Self {
        Self { role: Role::Assistant, content: Content::Text(text) }
    }
}

/// The request as it is sent: the answer is to be streamed, its usage included.
#[derive(Debug, Serialize)]
pub(super) struct Streamed<'a> {
    #[serde(flatten)]
    request: &'a Request,
    stream: bool,
    stream_options: StreamOptions,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

impl<'a> From<&'a Request> for Streamed<'a> {
    fn from(request: &'a Request) -> Self {
        Self { request, stream: true, stream_options: StreamOptions { include_usage: true } }
    }
}
