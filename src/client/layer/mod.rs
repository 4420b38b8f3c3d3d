//! The layer for outgoing requests.
