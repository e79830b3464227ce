//! Where the model is, as the operator says.

use reqwest::header::HeaderValue;
use serde::{Deserialize, Serialize};
use url::Url;

/// The endpoint of the language model: anything that speaks OpenAI's chat completions.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LlmOptions {
    /// The address that `/chat/completions` is appended to, such as `https://api.openai.com/v1`. Steps that ask a
    /// model fail when it is empty.
    pub base_url: String,
    /// The key that is sent as a bearer token; none is when it is empty, as local endpoints like it.
    pub api_key: String,
    /// The model of steps that name none.
    pub default_model: String,
}

/// What is wrong with the options. It never shows the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLlmOptions {
    /// The address can't be used.
    #[error("`base_url` is `{base_url}`: {reason}; write it like https://host/v1")]
    BaseUrl {
        /// The address.
        base_url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A name and password stand in the address.
    #[error("`base_url` holds a name or a password; give the key as `api_key`")]
    Credentials,
    /// A header can't carry the key.
    #[error("`api_key` must be visible ASCII characters without spaces or line breaks")]
    ApiKey,
}

impl LlmOptions {
    /// Whether an endpoint is given and can be used, if one is given.
    ///
    /// # Errors
    /// The address or the key can't be used.
    pub fn validate(&self) -> Result<(), InvalidLlmOptions> {
        self.completions().and(self.authorization()).map(drop)
    }

    /// The address that is asked; none when no endpoint is given.
    pub(super) fn completions(&self) -> Result<Option<Url>, InvalidLlmOptions> {
        if self.base_url.is_empty() {
            return Ok(None);
        }
        let invalid = |reason: String| InvalidLlmOptions::BaseUrl { base_url: self.base_url.clone(), reason };
        let mut url = Url::parse(&self.base_url).map_err(|error| invalid(error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidLlmOptions::Credentials);
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid("it is neither http nor https".to_owned()));
        }
        match url.path_segments_mut() {
            Ok(mut path) => path.pop_if_empty().extend(["chat", "completions"]),
            Err(()) => return Err(invalid("it has no path".to_owned())),
        };
        Ok(Some(url))
    }

    /// The header that shows the key; none without one.
    pub(super) fn authorization(&self) -> Result<Option<HeaderValue>, InvalidLlmOptions> {
        if self.api_key.is_empty() {
            return Ok(None);
        }
        if !self.api_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidLlmOptions::ApiKey);
        }
        let header = HeaderValue::from_str(&format!("Bearer {}", self.api_key));
        let mut header = header.map_err(|_| InvalidLlmOptions::ApiKey)?;
        header.set_sensitive(true);
        Ok(Some(header))
    }
}

impl std::fmt::Debug for LlmOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let api_key = if self.api_key.is_empty() { "" } else { "***" };
        f.debug_struct("LlmOptions")
            .field("base_url", &self.base_url)
            .field("api_key", &api_key)
            .field("default_model", &self.default_model)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(base_url: &str) -> LlmOptions {
        LlmOptions { base_url: base_url.to_owned(), ..LlmOptions::default() }
    }

    #[test]
    fn the_path_is_appended_and_a_query_stays() {
        for (base_url, asked) in [
            ("https://host/v1", "https://host/v1/chat/completions"),
            ("https://host/v1/", "https://host/v1/chat/completions"),
            ("http://host:11434", "http://host:11434/chat/completions"),
            ("https://host/x?api-version=1", "https://host/x/chat/completions?api-version=1"),
        ] {
            assert_eq!(at(base_url).completions().unwrap().unwrap().as_str(), asked);
        }
        assert_eq!(at("").completions(), Ok(None));
    }

    #[test]
    fn what_cant_be_used_is_told_of_without_the_key() {
        for base_url in ["host/v1", "ftp://host/v1", "data:x", "http://"] {
            assert!(matches!(at(base_url).validate(), Err(InvalidLlmOptions::BaseUrl { .. })), "{base_url}");
        }
        assert_eq!(at("https://me:word@host/v1").validate(), Err(InvalidLlmOptions::Credentials));
        let options = LlmOptions { api_key: "sk-verysecret\n".to_owned(), ..at("https://host/v1") };
        assert_eq!(options.validate(), Err(InvalidLlmOptions::ApiKey));
        assert!(!format!("{options:?}{}", InvalidLlmOptions::ApiKey).contains("verysecret"));
    }
}
