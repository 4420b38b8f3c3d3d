//! Metrics for Prometheus, and the same figures as a page of one's own would read them.
//!
//! ```sh
//! cargo run --example metrics --features metrics
//! curl -X POST localhost:3000/login/ada && curl localhost:3000/metrics && curl localhost:3000/snapshot
//! ```

#![allow(clippy::print_stdout, reason = "it says where it listens")]

use std::{env, error::Error};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{get, post},
};
use countersign::{Config, Issued, KeyRing, LoggedIn, MemoryStore, Metrics, Sample, Session, SessionLayer, Sessions};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The recorder first: it is told what each metric means when the sessions are built.
    let mut recorder = PrometheusBuilder::new();
    for (name, bounds) in Metrics::BUCKETS {
        recorder = recorder.set_buckets_for_metric(Matcher::Full(name.to_owned()), bounds)?;
    }
    let prometheus = recorder.install_recorder()?;

    let sessions =
        Sessions::builder(KeyRing::generate()?, MemoryStore::new()).config(Config::development()).metrics().build()?;
    let metrics = sessions.metrics().ok_or("the builder was told to measure")?;
    metrics.spawn();
    sessions.spawn_maintenance();

    let app = Router::new()
        .route("/login/{user}", post(log_in))
        .route("/me", get(|who: LoggedIn| async move { who.user().to_owned() }))
        .route("/logout", post(|session: Session| async move { session.log_out().await }))
        .layer(SessionLayer::new(sessions));
    // Not for everybody: to be served on another port, or behind a guard.
    let figures = Router::new()
        .route("/metrics", get(|State(prometheus): State<PrometheusHandle>| async move { prometheus.render() }))
        .with_state(prometheus)
        .merge(Router::new().route("/snapshot", get(snapshot)).route("/history", get(history)).with_state(metrics));

    let address = env::args().nth(1).unwrap_or("127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}/metrics", listener.local_addr()?);
    axum::serve(listener, app.merge(figures)).await?;
    Ok(())
}

async fn log_in(session: Session, Path(user): Path<String>) -> Result<Json<Issued>, countersign::Error> {
    Ok(Json(session.log_in(user).await?))
}

async fn snapshot(State(metrics): State<Metrics>) -> Result<Json<countersign::Snapshot>, countersign::Error> {
    metrics.snapshot().await.map(Json)
}

async fn history(State(metrics): State<Metrics>) -> Json<Vec<Sample>> {
    Json(metrics.history())
}
