//! Whether an answer is what the document says: operation, status, type, and every field.

use countersign::{Config, api};
use http::{Method, header};
use serde_json::Value;

use crate::support::Reply;

pub struct Document(pub Value);

impl Document {
    pub fn of(config: &Config) -> Self {
        Self(serde_json::from_str(&api::openapi(config)).unwrap())
    }

    /// Checks it, and says which operation has answered.
    #[track_caller]
    pub fn check(&self, method: &Method, path: &str, reply: &Reply) -> String {
        let said = format!("{method} {path}: {} {:?} {}", reply.status, reply.headers, reply.body);
        assert_eq!(reply.header(header::CACHE_CONTROL), Some("no-store"), "{said}");
        let needs = match reply.status.as_u16() {
            401 => Some(header::WWW_AUTHENTICATE),
            405 => Some(header::ALLOW),
            429 | 503 => Some(header::RETRY_AFTER),
            _ => None,
        };
        assert!(needs.is_none_or(|name| reply.headers.contains_key(name)), "{said}");
        if reply.status.as_u16() >= 400 {
            let problem = reply.json();
            assert_eq!(problem["status"], reply.status.as_u16(), "{said}");
            assert_eq!(problem["title"], reply.status.canonical_reason().unwrap(), "{said}");
            assert_eq!(problem["type"], "about:blank", "{said}");
        }
        let Some(operation) = self.operation(method, path) else {
            assert!([404, 405].contains(&reply.status.as_u16()), "{said}");
            self.fits(&self.0["components"]["schemas"]["Problem"], &reply.json()).unwrap();
            return String::new();
        };
        let answer = &operation["responses"][reply.status.as_str()];
        assert!(answer.is_object(), "not documented: {said}");
        match answer["content"].as_object().and_then(|content| content.iter().next()) {
            Some((kind, content)) => {
                assert_eq!(reply.header(header::CONTENT_TYPE), Some(kind.as_str()), "{said}");
                self.fits(&content["schema"], &reply.json()).unwrap_or_else(|fault| panic!("{fault}: {said}"));
            }
            None => assert_eq!(reply.body, "", "{said}"),
        }
        operation["operationId"].as_str().unwrap().to_owned()
    }

    fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let path = path.split('?').next().unwrap();
        let template = match path.strip_prefix("/sessions/") {
            Some(id) if !id.contains('/') => "/sessions/{id}",
            _ => path,
        };
        self.0["paths"].get(template)?.get(method.as_str().to_lowercase())
    }

    /// Whether a value is of a schema, and has no field which that does not name.
    fn fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        if let Some(name) = schema["$ref"].as_str() {
            return self.fits(self.0.pointer(name.trim_start_matches('#')).unwrap(), value);
        }
        if let Some(parts) = schema["allOf"].as_array() {
            // The first one is the whole, and the others say more of some of its fields.
            let mut parts = parts.iter();
            self.fits(parts.next().unwrap(), value)?;
            return parts
                .flat_map(|part| part["properties"].as_object().unwrap())
                .try_for_each(|(name, schema)| value.get(name).map_or(Ok(()), |field| self.fits(schema, field)));
        }
        let fault = |what: &str| Err(format!("{what}: {value} against {schema}"));
        let is = |kind: &str| match kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_u64(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("{other} is new here"),
        };
        let right = match &schema["type"] {
            Value::String(kind) => is(kind),
            Value::Array(kinds) => kinds.iter().any(|kind| is(kind.as_str().unwrap())),
            _ => true,
        };
        if !right {
            return fault("of another type");
        }
        if schema["enum"].as_array().is_some_and(|allowed| !allowed.contains(value)) {
            return fault("another value");
        }
        if let Some(items) = value.as_array() {
            items.iter().try_for_each(|item| self.fits(&schema["items"], item))?;
        }
        let (Some(fields), Some(known)) = (value.as_object(), schema["properties"].as_object()) else { return Ok(()) };
        let mut required = schema["required"].as_array().into_iter().flatten();
        if !required.all(|name| fields.contains_key(name.as_str().unwrap())) {
            return fault("a field is missing");
        }
        fields.iter().try_for_each(|(name, field)| match known.get(name) {
            Some(schema) => self.fits(schema, field),
            None => Err(format!("`{name}` is not documented")),
        })
    }
}
