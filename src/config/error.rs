use std::{error::Error, fmt};

/// A setting that is unknown, unreadable, or contradicts another. Names the field and says what
/// would be right.
pub struct ConfigError {
    field: String,
    problem: String,
    line: Option<usize>,
    file: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ConfigError {
    pub(crate) fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into(), line: None, file: None, source: None }
    }

    #[cfg(feature = "toml")]
    pub(super) fn at_line(self, line: Option<usize>) -> Self {
        Self { line: self.line.or(line), ..self }
    }

    #[cfg(feature = "toml")]
    pub(super) fn in_file(self, file: Option<&str>) -> Self {
        Self { file: file.map(str::to_owned).or(self.file), ..self }
    }

    #[cfg(feature = "toml")]
    pub(super) fn problem(&self) -> &str {
        &self.problem
    }

    pub(super) fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The path of the setting, as in `cookie.same_site`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The line of the file in which it stands, or its group; or the setting that it contradicts. The first is 1.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{file}, line {line}: ")?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        write!(f, "setting `{}`: {}", self.field, self.problem)
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The same text: this is what a `main` that returns the error prints.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
