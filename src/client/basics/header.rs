//! Values of headers that hold a secret.

use bytes::Bytes;
use http::{HeaderValue, header::InvalidHeaderValue};
use zeroize::Zeroizing;

/// A header's value that is marked as sensitive, and cloned without a copy. The text is wiped with the last clone.
pub(crate) fn secret_header(text: Zeroizing<Vec<u8>>) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(text))?;
    header.set_sensitive(true);
    Ok(header)
}
