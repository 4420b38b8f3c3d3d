//! All that was said, in a log or otherwise, to be searched for secrets.

use std::{
    fmt::Debug,
    io,
    sync::{Arc, Mutex},
};

use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;

/// Everything that was said. Clones are one.
#[derive(Clone, Default)]
pub struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    /// Takes down what is logged, at every level.
    pub fn subscriber(&self) -> impl Subscriber + Send + Sync + 'static {
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        subscriber.with_writer(self.clone()).finish()
    }

    pub fn debug(&self, what: &dyn Debug) {
        self.note(&format!("{what:?} {what:#?}\n"));
    }

    pub fn error(&self, error: &dyn std::error::Error) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.note(&format!("{error} {error:?}\n"));
            next = error.source();
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn note(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }
}

impl io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Said {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
