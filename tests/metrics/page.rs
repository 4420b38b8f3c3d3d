//! The page of a recorder, as Prometheus asks for it.

use countersign::Metrics;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::text_format::{Page, read};

/// A recorder for the thread of one test, and its page.
pub(crate) fn recorder() -> (PrometheusRecorder, PrometheusHandle) {
    let mut builder = PrometheusBuilder::new();
    for (name, bounds) in Metrics::BUCKETS {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), bounds).unwrap();
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    (recorder, handle)
}

/// The page as it stands, read strictly.
pub(crate) fn page(handle: &PrometheusHandle) -> Page {
    let text = handle.render();
    read(&text).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}
