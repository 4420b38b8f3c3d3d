//! What roles may do: a table that the application fills when it starts, and nobody changes after.

use std::collections::{BTreeMap, BTreeSet};

use super::{SessionInfo, Sessions};

/// Which role has which permissions. A role that is not named has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Permissions {
    of_roles: BTreeMap<Box<str>, BTreeSet<Box<str>>>,
}

impl Permissions {
    pub(crate) fn grant(&mut self, role: Box<str>, permissions: impl IntoIterator<Item = Box<str>>) {
        self.of_roles.entry(role).or_default().extend(permissions);
    }

    /// Whether one of the roles has the permission.
    pub(crate) fn permit<'a>(&self, mut roles: impl Iterator<Item = &'a str>, permission: &str) -> bool {
        roles.any(|role| self.of_roles.get(role).is_some_and(|permissions| permissions.contains(permission)))
    }
}

impl Sessions {
    /// Whether one of a session's roles has this permission, by what was [granted](crate::SessionsBuilder::grant). Without a
    /// user it has none.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use countersign::{KeyRing, MemoryStore, Sessions};
    ///
    /// let sessions = Sessions::builder(KeyRing::generate()?, MemoryStore::new())
    ///     .grant("editor", ["posts.read", "posts.write"])
    ///     .build()?;
    /// let issued = sessions.log_in("ada").roles(["editor"]).await?;
    /// let ada = sessions.authenticate(issued.token()).await?.info();
    /// assert!(sessions.permits(&ada, "posts.write"));
    /// assert!(!sessions.permits(&ada, "posts.delete"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn permits(&self, session: &SessionInfo, permission: &str) -> bool {
        !session.user().is_empty() && self.permissions().permit(session.roles(), permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_granted_is_denied() {
        let mut permissions = Permissions::default();
        permissions.grant("editor".into(), ["posts.read".into(), "posts.write".into()]);
        permissions.grant("admin".into(), ["*".into()]);
        permissions.grant("editor".into(), ["media.write".into()]);
        let permit = |roles: &[&str], permission: &str| permissions.permit(roles.iter().copied(), permission);
        assert!(permit(&["reader", "editor"], "posts.write"));
        assert!(permit(&["editor"], "media.write"), "what is granted later is added");
        assert!(!permit(&["reader"], "posts.read"));
        assert!(!permit(&[], "posts.read"));
        assert!(!permit(&["editor"], "posts"), "a part of a name is another name");
        assert!(!permit(&["editor"], "posts.*") && !permit(&["editor"], ""));
        assert!(!permit(&["admin"], "posts.read"), "`*` is a name like any other");
        assert!(!permit(&["Editor"], "posts.read"));
    }
}
