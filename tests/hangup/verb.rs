use http::Method;

/// A request that changes something, and who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Begin,
    LogIn,
    LogInOneTooMany,
    LogInFromAnonymous,
    LogInAgain,
    Write,
    Commit,
    Slide,
    SlideRotateAndWrite,
    Confirm,
    Rotate,
    RotateSuccessor,
    ChangeRoles,
    LogOut,
    LogOutEverywhere,
    RevokeOne,
    RevokeOthers,
    UseStolenSecret,
}

/// Who the client is before the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// It has no session.
    Nobody,
    /// It has a session without a user.
    Anonymous,
    /// It is logged in.
    User,
    /// It is logged in, and has been handed a successor that it has not used yet.
    UserWithSuccessor,
    /// It is logged in with a secret that was replaced too long ago.
    Thief,
}

impl Verb {
    pub(crate) const ALL: [Self; 18] = [
        Self::Begin,
        Self::LogIn,
        Self::LogInOneTooMany,
        Self::LogInFromAnonymous,
        Self::LogInAgain,
        Self::Write,
        Self::Commit,
        Self::Slide,
        Self::SlideRotateAndWrite,
        Self::Confirm,
        Self::Rotate,
        Self::RotateSuccessor,
        Self::ChangeRoles,
        Self::LogOut,
        Self::LogOutEverywhere,
        Self::RevokeOne,
        Self::RevokeOthers,
        Self::UseStolenSecret,
    ];

    pub(crate) const fn client(self) -> Client {
        match self {
            Self::Begin | Self::LogIn | Self::LogInOneTooMany => Client::Nobody,
            Self::LogInFromAnonymous => Client::Anonymous,
            Self::Confirm | Self::RotateSuccessor => Client::UserWithSuccessor,
            Self::UseStolenSecret => Client::Thief,
            _ => Client::User,
        }
    }

    /// How many other sessions the user has: as many as he may, where the next is one too many.
    pub(crate) const fn others(self) -> usize {
        if matches!(self, Self::LogInOneTooMany) { LIMIT } else { 1 }
    }

    /// How many minutes pass before the request.
    pub(crate) const fn minutes(self) -> u64 {
        match self {
            Self::Slide => 1,
            Self::SlideRotateAndWrite => 15,
            _ => 0,
        }
    }

    /// The request; `other` is one of the user's other sessions.
    pub(crate) fn request(self, other: impl ToString) -> (Method, String) {
        let path = match self {
            Self::Begin | Self::Write | Self::SlideRotateAndWrite => "/several",
            Self::Commit => "/several/commit",
            Self::LogIn | Self::LogInOneTooMany | Self::LogInAgain => "/login/ada",
            Self::LogInFromAnonymous => "/login/ada/keep/co",
            Self::Slide | Self::Confirm | Self::UseStolenSecret => return (Method::GET, "/me".to_owned()),
            Self::Rotate | Self::RotateSuccessor => "/rotate",
            Self::ChangeRoles => "/role/admin",
            Self::LogOut => "/logout",
            Self::LogOutEverywhere => "/logout/everywhere",
            Self::RevokeOne => return (Method::DELETE, format!("/sessions/{}", other.to_string())),
            Self::RevokeOthers => return (Method::DELETE, "/sessions".to_owned()),
        };
        (Method::POST, path.to_owned())
    }
}

/// Sessions that a user may have.
pub(crate) const LIMIT: usize = 3;
