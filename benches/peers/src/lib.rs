//! What the programs of this package share. Each is described in `README.md`.
//!
//! | program | what it measures |
//! |---|---|
//! | `countersign-peers` | a session middleware over a bare router, in memory |
//! | `stores` | the same behind servers, beside a bare command to that server |
//! | `users` | what a user with many sessions costs, and what the sessions of others cost him |

pub mod app;
pub mod credential;
#[cfg(feature = "servers")]
pub mod servers;
pub mod table;

/// The value in the middle, of at least one.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value that this share of the values lies below, of at least one value.
///
/// # Panics
/// If there are no values.
pub fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    assert!(!values.is_empty(), "something was measured");
    let rank = ((values.len() as f64 * share) as usize).min(values.len() - 1);
    *values.select_nth_unstable_by(rank, f64::total_cmp).1
}
