//! Whether a request can be sent once more.

use http::Request;

/// How a body is copied before it is sent, so that the request can be sent once more.
///
/// [`CloneBody`] for bodies that can be cloned, [`NoReplay`] for all others, or any function from a reference to
/// a body to an optional copy of it. reqwest's are copied, unless they stream, by
/// `|body: &reqwest::Body| body.as_bytes().map(|bytes| bytes.to_vec().into())`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot copy a body of type `{B}`",
    label = "a request with such a body cannot be sent once more",
    note = "for bodies that are not `Clone`, give the layer `.replay_with(NoReplay)`, or a function from `&{B}` to \
            `Option<{B}>` that copies those that can be copied"
)]
pub trait Replay<B> {
    /// A copy of the body; `None` if it cannot be copied. A copy is all of the body, or the server would get
    /// half a request.
    fn copy(&self, body: &B) -> Option<B>;
}

/// Copies a body by `Clone`. Right for bodies that are whole in memory: `http_body_util::Full`, `Empty`, `String`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CloneBody;

impl<B: Clone> Replay<B> for CloneBody {
    fn copy(&self, body: &B) -> Option<B> {
        Some(body.clone())
    }
}

/// Copies nothing: no request is ever sent once more. For bodies that come from somewhere else while they are sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoReplay;

impl<B> Replay<B> for NoReplay {
    fn copy(&self, _: &B) -> Option<B> {
        None
    }
}

impl<B, F> Replay<B> for F
where
    F: Fn(&B) -> Option<B>,
{
    fn copy(&self, body: &B) -> Option<B> {
        self(body)
    }
}

/// The request as it came, before anything is added to it.
pub(super) fn copy<B>(replay: &impl Replay<B>, request: &Request<B>) -> Option<Request<B>> {
    let mut copy = Request::new(replay.copy(request.body())?);
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    *copy.version_mut() = request.version();
    copy.headers_mut().clone_from(request.headers());
    copy.extensions_mut().clone_from(request.extensions());
    Some(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_the_whole_request() {
        let request = Request::put("https://api.example.com/notes?new")
            .version(http::Version::HTTP_2)
            .header("x-note", "1")
            .extension(7_u8)
            .body("body".to_owned())
            .unwrap();
        let copy = copy(&CloneBody, &request).unwrap();
        assert_eq!((copy.method(), copy.uri(), copy.version()), (request.method(), request.uri(), request.version()));
        assert_eq!((copy.headers(), copy.body()), (request.headers(), request.body()));
        assert_eq!(copy.extensions().get::<u8>(), Some(&7));
    }

    #[test]
    fn a_body_that_cannot_be_copied_leaves_no_copy() {
        let request = Request::new("body".to_owned());
        assert!(copy(&NoReplay, &request).is_none());
        let short = |body: &String| (body.len() < 3).then(|| body.clone());
        assert!(copy(&short, &request).is_none());
        assert!(copy(&short, &Request::new("b".to_owned())).is_some());
    }
}
