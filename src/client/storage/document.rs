//! What a storage keeps: tokens in the fields of old, and beside them whatever else belongs to the session.

use std::{error, fmt};

use serde::{Serialize, Serializer, de::DeserializeOwned, ser::SerializeMap};
use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::client::tokens::{TokenSet, WireTokens};

/// What a storage keeps.
///
/// As JSON it is an object with `access_token`, `refresh_token` and `expires_at` (RFC 3339), and one field for
/// each further part. Fields that nobody here knows are kept as they are. All of it is wiped when dropped, and
/// `Debug` prints no values.
#[derive(Clone, Default, PartialEq)]
pub struct Document {
    tokens: Option<TokenSet>,
    parts: Parts,
}

impl Document {
    /// The tokens, if there are any.
    #[must_use]
    pub const fn tokens(&self) -> Option<&TokenSet> {
        self.tokens.as_ref()
    }

    /// Puts other tokens, or none, in the place of those that are here.
    pub fn set_tokens(&mut self, tokens: Option<TokenSet>) {
        self.tokens = tokens;
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The part of this name.
    ///
    /// # Errors
    /// If it is not of the shape that is asked for.
    pub(crate) fn part<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, MalformedDocument> {
        let Some(value) = self.parts.0.get(name) else { return Ok(None) };
        T::deserialize(value)
            .map(Some)
            .map_err(|_| MalformedDocument::new(format!("its field `{name}` has another shape")))
    }

    /// Puts a part in the place of the one that is here; a null takes it away.
    pub(crate) fn set_part(&mut self, name: &str, part: impl Serialize) -> Result<(), MalformedDocument> {
        let value = serde_json::to_value(part)
            .map_err(|_| MalformedDocument::new(format!("its field `{name}` is not JSON")))?;
        let mut old = match value {
            Value::Null => self.parts.0.remove(name),
            value => self.parts.0.insert(name.to_owned(), value),
        };
        old.iter_mut().for_each(wipe);
        Ok(())
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_none() && self.parts.0.is_empty()
    }

    /// Reads it from JSON.
    ///
    /// # Errors
    /// If it is not an object, or its tokens are none. The text says where, and quotes nothing.
    pub fn from_json(json: &[u8]) -> Result<Self, MalformedDocument> {
        let mut fields: Map<String, Value> = serde_json::from_slice(json).map_err(|error| {
            MalformedDocument::new(format!("it is no JSON object: line {}, column {}", error.line(), error.column()))
        })?;
        let mut own = Map::new();
        for name in TOKEN_FIELDS {
            own.extend(fields.remove_entry(name));
        }
        let parts = Parts(fields);
        let tokens: WireTokens = serde_json::from_value(Value::Object(own))
            .map_err(|_| MalformedDocument::new(format!("one of {} has another shape", TOKEN_FIELDS.join(", "))))?;
        let tokens = tokens.tokens().map_err(|error| MalformedDocument::new(error.to_string()))?;
        Ok(Self { tokens, parts })
    }

    /// It as JSON.
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let mut json = Zeroizing::new(Vec::with_capacity(ROOM));
        serde_json::to_writer_pretty(&mut *json, self).expect("strings, numbers and lists are always JSON");
        json.push(b'\n');
        json
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Whole<'a> {
            #[serde(flatten)]
            tokens: WireTokens,
            #[serde(flatten)]
            parts: &'a Parts,
        }
        Whole { tokens: WireTokens::of(self.tokens.as_ref()), parts: &self.parts }.serialize(serializer)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&String> = self.parts.0.keys().collect();
        f.debug_struct("Document").field("tokens", &self.tokens).field("parts", &parts).finish()
    }
}

/// Further fields, wiped when dropped.
#[derive(Clone, Default, PartialEq)]
struct Parts(Map<String, Value>);

impl Serialize for Parts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

/// Overwrites all texts in it.
pub(crate) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Why something is not a [`Document`]. Quotes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedDocument {
    reason: String,
}

impl MalformedDocument {
    const fn new(reason: String) -> Self {
        Self { reason }
    }
}

impl fmt::Display for MalformedDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is not a kept session: {}", self.reason)
    }
}

impl error::Error for MalformedDocument {}

const TOKEN_FIELDS: [&str; 4] = ["access_token", "refresh_token", "expires_at", "received_at"];
/// Enough for most: a buffer that grows leaves its older copies behind, unwiped.
const ROOM: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: &str = r#"{"access_token":"a","refresh_token":"r","expires_at":"2024-01-15T10:30:00Z","theirs":[1]}"#;

    #[test]
    fn the_fields_of_old_are_read_and_unknown_ones_are_kept() {
        let document = Document::from_json(KEPT.as_bytes()).unwrap();
        let tokens = document.tokens().unwrap();
        assert_eq!(tokens.access_token().reveal(), "a");
        assert_eq!(tokens.expires_at().unwrap().to_string(), "2024-01-15T10:30:00.000Z");
        let again = Document::from_json(&document.to_json()).unwrap();
        assert!(again == document);
        assert_eq!(again.part::<Vec<u8>>("theirs").unwrap(), Some(vec![1]));
    }

    #[test]
    fn what_is_cut_off_anywhere_is_no_document() {
        for end in 0..KEPT.len() {
            let error = Document::from_json(&KEPT.as_bytes()[..end]).unwrap_err();
            assert!(!error.to_string().contains("\"r\""), "{error}");
        }
    }

    #[test]
    fn a_token_of_another_shape_is_an_error_and_not_a_missing_one() {
        for json in [r#"{"access_token":7}"#, r#"{"access_token":"a","expires_at":"soon"}"#, r#"{"access_token":""}"#] {
            assert!(Document::from_json(json.as_bytes()).is_err(), "{json}");
        }
    }

    #[test]
    fn an_empty_part_is_no_part() {
        let mut document = Document::default();
        document.set_part("cookies", ["a"]).unwrap();
        assert!(!document.is_empty() && !format!("{document:?}").contains("\"a\""));
        document.set_part("cookies", ()).unwrap();
        assert!(document.is_empty());
    }
}
