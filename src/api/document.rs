//! The OpenAPI 3.1 document, made of the operations and of the types that answers are written from.

use std::collections::BTreeMap;

use axum::{
    extract::OriginalUri,
    http::{
        HeaderName, StatusCode,
        header::{LOCATION, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::Response as Answer,
};
use utoipa::{
    PartialSchema,
    openapi::{
        Content, Header, Info, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Required, Response, ResponseBuilder, Server,
        path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{AllOfBuilder, Components, ComponentsBuilder, ObjectBuilder, OneOfBuilder, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    Code, Problem, answer,
    log_in::FirstFactor,
    operation::Operation,
    problem::{self, Details},
    second_factor::SecondFactor,
    view::{DeviceView, Ended, Opened, Owed, SessionView, SessionsView},
    who::Anybody,
};
use crate::config::{Carriers, Config};

pub(super) const PATH: &str = "/openapi.json";

/// `GET /openapi.json`: with the path that the routes are mounted at.
pub(super) async fn serve(OriginalUri(uri): OriginalUri, who: Anybody) -> Result<Answer, Problem> {
    let mount = uri.path().strip_suffix(PATH).filter(|mount| !mount.is_empty()).unwrap_or("/");
    let document = as_json(who.sessions.config(), mount);
    Ok(answer::written(StatusCode::OK, "application/json", document.into_bytes()))
}

pub(super) fn as_json(config: &Config, mount: &str) -> String {
    // Text, numbers and lists of them: nothing that JSON has no words for.
    document(config, mount).to_pretty_json().unwrap_or_default()
}

fn document(config: &Config, mount: &str) -> OpenApi {
    let mut info = Info::new("Sessions", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    let mut paths = Paths::new();
    for operation in Operation::ALL {
        paths.add_path_operation(operation.path(), vec![operation.method().1], describe(operation, config));
    }
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([Server::new(mount)]))
        .paths(paths)
        .components(Some(components(config)))
        .build()
}

fn describe(operation: Operation, config: &Config) -> utoipa::openapi::path::Operation {
    let described = OperationBuilder::new()
        .operation_id(Some(operation.name()))
        .summary(Some(operation.summary()))
        .securities(Some(requirements(operation, config)));
    let described = successes(operation)
        .into_iter()
        .fold(described, |described, (status, success)| described.response(status.as_str(), success));
    let described = refusals(operation)
        .into_iter()
        .fold(described, |described, (status, codes)| described.response(status.to_string(), refusal(status, &codes)));
    match operation {
        Operation::LogIn => {
            let proof = OneOfBuilder::new().item(reference("FirstFactor")).item(reference("SecondFactor"));
            let content = Content::new(Some(RefOr::T(proof.into())));
            let body = RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True));
            described.request_body(Some(body.build())).build()
        }
        Operation::Show | Operation::Refresh | Operation::End => described.parameter(id()).build(),
        Operation::EndAll => described.parameter(all()).build(),
        Operation::List | Operation::Document => described.build(),
    }
}

fn successes(operation: Operation) -> Vec<(StatusCode, Response)> {
    let of = |description: &str, schema: &str| {
        ResponseBuilder::new()
            .description(description)
            .content("application/json", Content::new(Some(reference(schema))))
            .build()
    };
    match operation {
        Operation::LogIn => {
            let mut opened = of("He is logged in", "Opened");
            let location = header("Where the session is, relative to this address", Type::String);
            opened.headers.insert(LOCATION.to_string(), RefOr::T(location));
            vec![(StatusCode::CREATED, opened), (StatusCode::ACCEPTED, of("A second factor is owed", "Owed"))]
        }
        Operation::List => vec![(StatusCode::OK, of("One's own sessions", "Sessions"))],
        Operation::EndAll => vec![(StatusCode::OK, of("These have ended", "Ended"))],
        Operation::Show => vec![(StatusCode::OK, of("The session", "Session"))],
        Operation::Refresh => vec![(StatusCode::OK, of("It goes on under a new secret", "Opened"))],
        Operation::End => vec![(StatusCode::NO_CONTENT, Response::new("It has ended"))],
        Operation::Document => {
            let any = Content::new(Some(RefOr::T(ObjectBuilder::new().schema_type(Type::Object).into())));
            let shown = ResponseBuilder::new().description("The document").content("application/json", any).build();
            vec![(StatusCode::OK, shown)]
        }
    }
}

/// What can go wrong, by status.
fn refusals(operation: Operation) -> BTreeMap<u16, Vec<Code>> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in operation.refusals() {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    by_status
}

/// A problem of which the code is one of these.
fn refusal(status: u16, codes: &[Code]) -> Response {
    let code = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes.iter().map(|code| code.name())));
    let narrowed = ObjectBuilder::new().property("code", code);
    let schema = AllOfBuilder::new().item(reference("Problem")).item(narrowed);
    let details: Vec<String> = codes.iter().map(|code| format!("`{}`: {}", code.name(), code.detail())).collect();
    let mut response = ResponseBuilder::new()
        .description(details.join("; "))
        .content(problem::TYPE, Content::new(Some(RefOr::T(schema.into()))))
        .build();
    let mut says = |name: HeaderName, what: Header| response.headers.insert(name.to_string(), RefOr::T(what));
    match status {
        401 => says(WWW_AUTHENTICATE, header("RFC 6750", Type::String)),
        429 | 503 => says(RETRY_AFTER, header("Seconds", Type::Integer)),
        _ => None,
    };
    response
}

fn header(description: &str, kind: Type) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(kind));
    header.description = Some(description.to_owned());
    header
}

fn id() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9_-]{24}$"));
    let id = ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path).required(Required::True);
    id.description(Some("The id of a session")).schema(Some(schema)).build()
}

fn all() -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::Boolean).default(Some(false.into()));
    let all = ParameterBuilder::new().name("all").parameter_in(ParameterIn::Query).required(Required::False);
    all.description(Some("Whether the current session ends as well")).schema(Some(schema)).build()
}

/// Each alone is enough. To log in, none is needed; the second factor comes with one.
fn requirements(operation: Operation, config: &Config) -> Vec<SecurityRequirement> {
    let scopes = || Vec::<String>::new();
    let schemes = schemes(config).into_iter().map(|(name, _)| SecurityRequirement::new(name, scopes()));
    match operation {
        Operation::Document => Vec::new(),
        Operation::LogIn => [SecurityRequirement::default()].into_iter().chain(schemes).collect(),
        _ => schemes.collect(),
    }
}

fn schemes(config: &Config) -> Vec<(&'static str, SecurityScheme)> {
    let cookie = || SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(&*config.cookie.name)));
    let bearer = || SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    match config.carriers {
        Carriers::CookieAndBearer => vec![("bearer", bearer()), ("cookie", cookie())],
        Carriers::CookieOnly => vec![("cookie", cookie())],
        Carriers::BearerOnly => vec![("bearer", bearer())],
    }
}

fn components(config: &Config) -> Components {
    let mut components = ComponentsBuilder::new()
        .schema("FirstFactor", FirstFactor::schema())
        .schema("SecondFactor", SecondFactor::schema())
        .schema("Opened", Opened::schema())
        .schema("Owed", Owed::schema())
        .schema("Session", SessionView::schema())
        .schema("Device", DeviceView::schema())
        .schema("Sessions", SessionsView::schema())
        .schema("Ended", Ended::schema())
        .schema("Problem", Details::schema())
        .build();
    components.add_security_schemes_from_iter(schemes(config));
    components
}

fn reference(schema: &str) -> Ref {
    Ref::from_schema_name(schema)
}

const ABOUT: &str = "Log in, list, refresh and end sessions. What is refused is answered by problem details (RFC 9457): \
    `code` says what is wrong. Beside what stands at each operation, a path that is not here is answered by 404 `not_found`, \
    and a method that is not by 405 `method_not_allowed`.";
