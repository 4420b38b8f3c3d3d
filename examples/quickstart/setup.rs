//! Sessions out of the environment: where they are kept, and the keys that sign their tokens.

use std::{
    env,
    error::Error,
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
};

use countersign::{Config, KeyErrorKind, KeyRing, Sessions, store};

/// For production, take `Sessions::new(KeyRing::from_env("COUNTERSIGN_KEYS")?, store)`: its
/// cookie travels over https only.
pub(crate) async fn sessions() -> Result<Sessions, Box<dyn Error>> {
    let place = env::var("SESSION_STORE").unwrap_or_else(|_| "sqlite:quickstart.db".to_owned());
    let store = store::open(&place).await.map_err(|error| format!("SESSION_STORE: {error}"))?;
    let mut config = Config::development();
    config.login_url = Some("/".to_owned()); // there is the form to log in
    let config = config.with_env("SESSIONS")?;
    Ok(Sessions::builder(keys(&place)?, store).config(config).build()?)
}

/// The keys of the environment, or else one for development.
fn keys(place: &str) -> Result<KeyRing, Box<dyn Error>> {
    match KeyRing::from_env("COUNTERSIGN_KEYS") {
        Err(error) if error.kind() == KeyErrorKind::Missing && place == "memory:" => {
            tracing::warn!("COUNTERSIGN_KEYS is not set: signing with a key that is lost with this process");
            Ok(KeyRing::generate()?)
        }
        Err(error) if error.kind() == KeyErrorKind::Missing => {
            let path = format!("{}.key", place.strip_prefix("sqlite:").unwrap_or("quickstart"));
            development_key(&path).map_err(|error| format!("development key {path}: {error}").into())
        }
        keys => Ok(keys?),
    }
}

/// A key that is made once and kept in a file, so that a restart logs nobody out.
fn development_key(path: &str) -> Result<KeyRing, Box<dyn Error>> {
    tracing::warn!("COUNTERSIGN_KEYS is not set: signing with the development key in {path}");
    match private_file().write(true).create_new(true).open(path) {
        Ok(mut file) => {
            let ring = KeyRing::generate()?;
            file.write_all(ring.dangerous_export_current().as_bytes())?;
            Ok(ring)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let mut file = File::open(path)?;
            if others_can_read(&file)? {
                return Err(format!("others can read it; make it private by `chmod 600 {path}`").into());
            }
            let mut key = String::new();
            file.read_to_string(&mut key)?;
            Ok(key.parse()?)
        }
        Err(error) => Err(error.into()),
    }
}

/// A file that is its owner's alone from the moment it is there.
fn private_file() -> OpenOptions {
    #[allow(unused_mut, reason = "where there are no modes, there is nothing to set")]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn others_can_read(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_: &File) -> io::Result<bool> {
    Ok(false)
}
