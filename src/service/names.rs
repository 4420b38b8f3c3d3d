//! What a service and a permission may be called.

use crate::sessions::{Error, ErrorKind, check_name};

/// Refuses a name that is empty, too long, or would break a line of a log.
pub(super) fn check_service(name: &str) -> Result<(), Error> {
    check_name("a service's name", name, LONGEST)
}

/// Permissions as they are kept: each once. Their names are those of scopes (RFC 6749, section 3.3), as they stand in challenges.
pub(super) fn permissions<P: Into<String>>(names: impl IntoIterator<Item = P>) -> Result<Vec<Box<str>>, Error> {
    let mut permissions: Vec<Box<str>> = Vec::new();
    for name in names {
        let name: String = name.into();
        check_name("a permission", &name, LONGEST)?;
        if !name.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
            let problem = format!(
                "a permission is written in printable ASCII without spaces, quotes and backslashes, as `session.read`; \
                 `{name}` is not"
            );
            return Err(Error::because(ErrorKind::InvalidName, problem));
        }
        if !permissions.iter().any(|known| **known == *name) {
            permissions.push(name.into());
        }
    }
    if permissions.len() > MOST {
        let problem = format!("a service has at most {MOST} permissions, this one {}: grant fewer", permissions.len());
        return Err(Error::because(ErrorKind::InvalidName, problem));
    }
    Ok(permissions)
}

/// Bytes.
const LONGEST: usize = 128;
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_a_scope_and_counts_once() {
        let kept = permissions(["session.read", "orders:write", "session.read"]).unwrap();
        assert_eq!(kept.iter().map(|name| &**name).collect::<Vec<_>>(), ["session.read", "orders:write"]);
        for bad in ["", "two words", "quo\"te", "back\\slash", "lines\n", "größe", &"x".repeat(129)] {
            let error = permissions([bad]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidName, "{bad:?}");
            assert!(error.to_string().contains("a permission"), "{error}");
        }
        assert!(permissions((0..65).map(|number| format!("p{number}"))).is_err());
        assert_eq!(permissions([""; 0]).unwrap().len(), 0);
    }
}
