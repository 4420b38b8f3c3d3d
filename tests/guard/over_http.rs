//! A guard on the wire: a real server of Hyper's, a real client.

use std::convert::Infallible;

use countersign::{Require, Session, SessionLayer};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::ServiceBuilder;

use crate::help::Site;

#[tokio::test]
async fn a_refusal_arrives_whole_and_so_does_what_passes() {
    let site = Site::with(|config| config.login_url = Some("/login".to_owned()));
    let (ada, grace) = (site.ada().await, site.grace().await);
    let service = ServiceBuilder::new()
        .layer(SessionLayer::new(site.sessions.clone()))
        .layer(Require::role("admin").and(Require::second_factor()))
        .service_fn(|request: Request<Incoming>| async move {
            let user = Session::of(&request).user().unwrap_or_default();
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(user)))
        });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let ask = |path: &str, name: header::HeaderName, value: String| {
        let request = Request::get(format!("{origin}{path}")).header(name, value).body(Full::default()).unwrap();
        let answer = client.request(request);
        async move {
            let (parts, body) = answer.await.unwrap().into_parts();
            let header = |name| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            let known = (header(header::WWW_AUTHENTICATE), header(header::LOCATION));
            let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
            (parts.status, known, body)
        }
    };
    let bearer = |issued: &countersign::Issued| format!("Bearer {}", *issued.token().reveal());
    let (status, _, body) = ask("/", header::AUTHORIZATION, bearer(&grace)).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "grace"));
    let (status, (challenge, _), body) = ask("/", header::AUTHORIZATION, bearer(&ada)).await;
    assert_eq!((status, challenge.as_deref()), (StatusCode::FORBIDDEN, Some(r#"Bearer error="insufficient_scope""#)));
    assert!(body.contains("forbidden"), "{body}");
    let (status, (_, page), body) = ask("/users?a=b", header::ACCEPT, "text/html".to_owned()).await;
    assert_eq!((status, page.as_deref()), (StatusCode::SEE_OTHER, Some("/login?return_to=%2Fusers%3Fa%3Db")));
    assert_eq!(body, "");
    server.abort();
}
