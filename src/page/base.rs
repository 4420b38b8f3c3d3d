use std::{convert::Infallible, fmt};

use axum::extract::{FromRequestParts, OriginalUri};
use http::request::Parts;

/// Where a router is mounted, as the browser sees it: what all links begin with. Empty at the root.
#[derive(Clone, Debug)]
pub(crate) struct Base(String);

impl Base {
    /// Of the path that the browser asked for, and of what a nested router is shown of it.
    fn of(asked_for: &str, shown: &str) -> Self {
        let base = asked_for.strip_suffix(shown).unwrap_or(asked_for).trim_matches('/');
        // One slash in front, however many came: two would name another host.
        Self(if base.is_empty() { String::new() } else { format!("/{base}") })
    }

    /// The address of the first page.
    pub(crate) fn home(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let OriginalUri(asked_for) = OriginalUri::from_request_parts(parts, state).await?;
        Ok(Self::of(asked_for.path(), parts.uri.path()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_where_the_router_is_mounted() {
        for (asked_for, shown, base, home) in [
            ("/", "/", "", "/"),
            ("/search", "/search", "", "/"),
            ("/operators", "/", "/operators", "/operators"),
            ("/operators/", "/", "/operators", "/operators"),
            ("/a/b/sessions/x", "/sessions/x", "/a/b", "/a/b"),
            ("//evil.example/search", "/search", "/evil.example", "/evil.example"),
        ] {
            let found = Base::of(asked_for, shown);
            assert_eq!((found.to_string().as_str(), found.home()), (base, home), "{asked_for}");
        }
    }
}
