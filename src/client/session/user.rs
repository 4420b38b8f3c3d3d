use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Who is logged in. `Debug` prints the id alone.
///
/// ```
/// use countersign::client::UserInfo;
///
/// let ada = UserInfo::new("ada").with_name("Ada Lovelace").with_field("plan", "pro");
/// assert_eq!(ada.field("plan").unwrap(), "pro");
/// assert!(!format!("{ada:?}").contains("Lovelace"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl UserInfo {
    /// Somebody of whom the id is known.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None, email: None, other: Map::new() }
    }

    /// The same with a name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The same with an address for mail.
    #[must_use]
    pub fn with_email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// The same with a field of its own name. `id`, `name` and `email` set what they are called.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        match (name.into().as_str(), value.into()) {
            ("id", Value::String(id)) => self.id = id,
            ("name", Value::String(name)) => self.name = Some(name),
            ("email", Value::String(email)) => self.email = Some(email),
            ("id" | "name" | "email", _) => {}
            (name, value) => {
                self.other.insert(name.to_owned(), value);
            }
        }
        self
    }

    /// What the server calls this user.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The user's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where mail reaches the user.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// A field of another name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.other.get(name)
    }
}

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserInfo").field("id", &self.id).finish_non_exhaustive()
    }
}
