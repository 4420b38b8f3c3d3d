//! All operations: the router and the document are both made of this list, so that neither has what the other has not.

use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa::openapi::HttpMethod;

use super::{Api, Code, document, log_in, own};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    LogIn,
    List,
    EndAll,
    Show,
    Refresh,
    End,
    Document,
}

impl Operation {
    pub(super) const ALL: [Self; 7] =
        [Self::LogIn, Self::List, Self::EndAll, Self::Show, Self::Refresh, Self::End, Self::Document];

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::LogIn | Self::List | Self::EndAll => "/sessions",
            Self::Show | Self::Refresh | Self::End => "/sessions/{id}",
            Self::Document => document::PATH,
        }
    }

    /// How it is asked for, in the words of the router and of the document.
    pub(super) const fn method(self) -> (MethodFilter, HttpMethod) {
        match self {
            Self::LogIn => (MethodFilter::POST, HttpMethod::Post),
            Self::List | Self::Show | Self::Document => (MethodFilter::GET, HttpMethod::Get),
            Self::Refresh => (MethodFilter::PUT, HttpMethod::Put),
            Self::End | Self::EndAll => (MethodFilter::DELETE, HttpMethod::Delete),
        }
    }

    /// What answers it.
    pub(super) fn handler(self) -> MethodRouter<Api> {
        let (method, _) = self.method();
        match self {
            Self::LogIn => on(method, log_in::log_in),
            Self::List => on(method, own::list),
            Self::EndAll => on(method, own::end_all),
            Self::Show => on(method, own::show),
            Self::Refresh => on(method, own::refresh),
            Self::End => on(method, own::end),
            Self::Document => on(method, document::serve),
        }
    }

    /// Its name for programs that are generated from the document.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::LogIn => "logIn",
            Self::List => "listSessions",
            Self::EndAll => "endSessions",
            Self::Show => "showSession",
            Self::Refresh => "refreshSession",
            Self::End => "endSession",
            Self::Document => "showDocument",
        }
    }

    pub(super) const fn summary(self) -> &'static str {
        match self {
            Self::LogIn => {
                "Logs in: by name and password, or by the second factor that is owed after them, sent with the credential \
                 that the first one was answered by"
            }
            Self::List => "Lists one's own sessions, the current one in front",
            Self::EndAll => "Ends all of one's sessions but the current one, or with `all` that one too",
            Self::Show => "Shows one of one's own sessions, with the time that it has left",
            Self::Refresh => "Exchanges the secret of the current session, and moves its window",
            Self::End => "Ends one of one's own sessions",
            Self::Document => "Shows this document",
        }
    }

    /// What can go wrong with it.
    pub(super) fn refusals(self) -> Vec<Code> {
        let own: &[Code] = match self {
            Self::LogIn => &LOG_IN,
            Self::List | Self::Document => &[],
            Self::EndAll => &[Code::Invalid],
            Self::Show | Self::End => &[Code::NotFound],
            Self::Refresh => &[Code::NotFound, Code::Superseded, Code::NotCurrent],
        };
        let of_members: &[Code] = if matches!(self, Self::LogIn | Self::Document) { &[] } else { &MEMBERS };
        // Another site may make a browser ask, but not do anything.
        let reads = matches!(self, Self::List | Self::Show | Self::Document);
        let foreign: &[Code] = if reads { &[] } else { &[Code::CrossSite] };
        [of_members, own, foreign, &ANYWHERE].concat()
    }
}

/// What a log-in can meet with.
const LOG_IN: [Code; 14] = [
    Code::Malformed,
    Code::LoginRequired,
    Code::WrongCredentials,
    Code::StepUpRequired,
    Code::LogInAgain,
    Code::WrongFactor,
    Code::NothingPending,
    Code::Superseded,
    Code::TooManySessions,
    Code::TooLarge,
    Code::UnsupportedMediaType,
    Code::Invalid,
    Code::Unacceptable,
    Code::TooManyAttempts,
];

/// What those meet with who are not logged in.
const MEMBERS: [Code; 3] = [Code::LoginRequired, Code::SecondFactorRequired, Code::StepUpRequired];

/// What the layer refuses whatever is asked for; and what the application or its store has broken.
const ANYWHERE: [Code; 5] = [Code::BadRequest, Code::Forbidden, Code::Internal, Code::MissingLayer, Code::Unavailable];
