//! Calls, as `tonic-build` would write them.

use http::uri::PathAndQuery;
use prost::Message;
use tonic::{
    Code, Request, Status, Streaming,
    client::Grpc,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};
use tonic_prost::ProstCodec;

use crate::service::{Count, Note, Nothing, Token, User};

/// A client of the notes, with a token or without.
#[derive(Clone, Debug)]
pub(crate) struct NotesClient {
    grpc: Grpc<Channel>,
    bearer: Option<MetadataValue<Ascii>>,
}

impl NotesClient {
    pub(crate) fn new(channel: Channel) -> Self {
        Self { grpc: Grpc::new(channel), bearer: None }
    }

    /// The same, whose calls carry a token as metadata.
    pub(crate) fn with_token(self, token: &str) -> Result<Self, Status> {
        let bearer = format!("Bearer {token}").parse().map_err(|_| Status::invalid_argument("no token"))?;
        Ok(Self { bearer: Some(bearer), ..self })
    }

    pub(crate) async fn log_in(&mut self, name: &str) -> Result<Token, Status> {
        self.call("LogIn", User { name: name.to_owned() }).await
    }

    pub(crate) async fn who_am_i(&mut self) -> Result<User, Status> {
        self.call("WhoAmI", Nothing {}).await
    }

    pub(crate) async fn add(&mut self, text: &str) -> Result<Count, Status> {
        self.call("Add", Note { text: text.to_owned() }).await
    }

    pub(crate) async fn watch(&mut self) -> Result<Streaming<Note>, Status> {
        self.ready().await?;
        let request = self.request(Nothing {});
        let answer = self.grpc.server_streaming(request, path("Watch")?, ProstCodec::<Nothing, Note>::default());
        answer.await.map(tonic::Response::into_inner)
    }

    async fn call<Q, A>(&mut self, method: &str, message: Q) -> Result<A, Status>
    where
        Q: Message + Default + 'static,
        A: Message + Default + 'static,
    {
        self.ready().await?;
        let request = self.request(message);
        let answer = self.grpc.unary(request, path(method)?, ProstCodec::<Q, A>::default()).await;
        answer.map(tonic::Response::into_inner)
    }

    async fn ready(&mut self) -> Result<(), Status> {
        self.grpc.ready().await.map_err(|error| Status::new(Code::Unavailable, error.to_string()))
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(bearer) = &self.bearer {
            request.metadata_mut().insert("authorization", bearer.clone());
        }
        request
    }
}

fn path(method: &str) -> Result<PathAndQuery, Status> {
    let path = format!("/countersign.example.Notes/{method}");
    path.parse().map_err(|_| Status::internal("no path"))
}
