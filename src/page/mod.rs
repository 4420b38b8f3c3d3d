//! What all pages have in common: one frame around them, one style sheet, and one place that sets their headers, turns refusals into
//! pages and instants into words. All text is escaped by `maud`; none is made by hand.

mod base;
mod files;
mod finish;
mod frame;
mod query;
mod session;
mod words;

pub(crate) use base::Base;
pub(crate) use files::{script, style_sheet};
pub(crate) use finish::finish;
pub(crate) use frame::{Frame, Look};
pub(crate) use query::in_query;
pub(crate) use session::{end, facts, hidden_token, plural};
pub(crate) use words::{ago, left, moment};
