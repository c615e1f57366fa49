//! A value that a case holds. What is secret by its origin stays a secret wherever it is used.

use std::borrow::Cow;

use serde_json::Value as Json;

/// A value in a slot.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// A text that may be shown.
    Text(Box<str>),
    /// A text that may not.
    Secret(Box<str>),
    /// Anything else.
    Json(Box<Json>),
}

impl Value {
    /// Takes a value from a reply; a text below a secret path is a secret.
    #[must_use]
    pub fn from_json(value: Cow<'_, Json>, secret: bool) -> Self {
        match (value.into_owned(), secret) {
            (Json::String(text), true) => Self::Secret(text.into()),
            (Json::String(text), false) => Self::Text(text.into()),
            (value, true) => Self::Secret(value.to_string().into()),
            (value, false) => Self::Json(Box::new(value)),
        }
    }

    /// The value as JSON, secrets included: for comparing and sending, never for showing.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Text(text) | Self::Secret(text) => text.to_string().into(),
            Self::Json(value) => (**value).clone(),
        }
    }

    /// The text of a secret.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::Secret(text) => Some(text),
            Self::Text(_) | Self::Json(_) => None,
        }
    }

    /// Bytes it holds on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Text(text) | Self::Secret(text) => text.len(),
            Self::Json(value) => std::mem::size_of_val(&**value),
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Secret(_) => f.write_str("‹secret›"),
            Self::Json(value) => write!(f, "{value}"),
        }
    }
}
