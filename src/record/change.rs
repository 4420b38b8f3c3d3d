//! The field-level edits of one request.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    ChangeRefused, SecretHash,
    conditions::Conditions,
    merge::{Decimal, sum_of},
};
use crate::{clock::Timestamp, config::Bounds};

/// The edits of one request. A store applies them as one atomic step, or not at all.
///
/// Edits of one field compose in the order in which they were made: a set after an increment
/// overrides it, an increment after a set adds to what was set.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Ordered by name.
    fields: Vec<(Box<str>, FieldChange)>,
    bounds: Option<Bounds>,
    touch: Option<Timestamp>,
    secret: Option<Box<SecretStep>>,
    pub(super) conditions: Conditions,
    transit: Option<bool>,
    /// See [`Change::set_sealed_origin`].
    sealed_origin: Option<Box<[u8]>>,
}

/// What a change does to one attribute.
#[derive(Clone, PartialEq, Eq)]
pub enum FieldChange {
    /// Replaces the value, or makes it.
    Set(Box<[u8]>),
    /// Removes the attribute if it is there.
    Remove,
    /// Adds to a value that is a decimal integer of 64 bits; an absent one counts as 0.
    Add(i64),
}

/// What a change does to the session's secret. A step that comes too late is passed over in
/// silence: the rest of the change still counts, and the merged record shows who came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretStep {
    /// Proposes a successor. Counts only if `from` is still the current secret and no other
    /// successor has been proposed.
    Propose {
        /// Hash of the secret that proposes.
        from: SecretHash,
        /// The successor.
        pending: Pending,
    },
    /// Makes the proposed successor the current secret, because it has been used. Counts only if
    /// `successor` is the one that was proposed.
    Confirm {
        /// Hash of the successor.
        successor: SecretHash,
        /// When it was used.
        at: Timestamp,
        /// How long after that the old secret is still honoured.
        grace: Duration,
    },
}

/// A successor that has been handed out, but not used yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Hash of the successor.
    pub hash: SecretHash,
    /// Out of this and the current secret, the key ring derives the successor again, so that every
    /// answer which must carry it carries the same.
    pub nonce: [u8; 16],
}

impl Change {
    /// A change that does nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field.
    pub fn set(&mut self, name: &str, value: impl Into<Box<[u8]>>) {
        self.edit(name, FieldChange::Set(value.into()));
    }

    /// Removes a field.
    pub fn remove(&mut self, name: &str) {
        self.edit(name, FieldChange::Remove);
    }

    /// Adds to a field.
    ///
    /// # Errors
    /// If what this change has set there is not an integer, or the sum exceeds 64 bits.
    pub fn add(&mut self, name: &str, by: i64) -> Result<(), ChangeRefused> {
        let sum = match self.field(name) {
            None => FieldChange::Add(by),
            Some(FieldChange::Add(before)) => {
                FieldChange::Add(before.checked_add(by).ok_or_else(|| ChangeRefused::Overflow(name.into()))?)
            }
            Some(FieldChange::Remove) => FieldChange::Set(Decimal::of(by).as_bytes().into()),
            Some(FieldChange::Set(value)) => {
                FieldChange::Set(Decimal::of(sum_of(name, Some(value), by)?).as_bytes().into())
            }
        };
        self.edit(name, sum);
        Ok(())
    }

    fn edit(&mut self, name: &str, change: FieldChange) {
        match self.position(name) {
            Ok(at) => self.fields[at].1 = change,
            Err(at) => self.fields.insert(at, (name.into(), change)),
        }
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.fields.binary_search_by(|(present, _)| (**present).cmp(name))
    }

    /// Moves the sliding window: the session was used at this time.
    pub fn touch(&mut self, now: Timestamp) {
        self.touch = self.touch.max(Some(now));
    }

    /// Takes a step of the secret's rotation.
    pub fn step(&mut self, step: SecretStep) {
        self.secret = Some(Box::new(step));
    }

    /// Holds the result to these bounds: where the change makes it exceed them, it is refused.
    #[must_use]
    pub const fn within(mut self, bounds: Bounds) -> Self {
        self.bounds = Some(bounds);
        self
    }

    /// Says that the session is on its way to another store, or has arrived.
    pub const fn set_transit(&mut self, in_transit: bool) {
        self.transit = Some(in_transit);
    }

    /// Replaces the sealed bytes of where the session was started from: for [`Sealed`](crate::Sealed),
    /// when its key has changed.
    pub fn set_sealed_origin(&mut self, sealed: impl Into<Box<[u8]>>) {
        self.sealed_origin = Some(sealed.into());
    }

    /// The edits, field by field, ordered by name.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &FieldChange)> {
        self.fields.iter().map(|(name, change)| (&**name, change))
    }

    /// The edit of one field, if there is one.
    pub(crate) fn field(&self, name: &str) -> Option<&FieldChange> {
        self.position(name).ok().map(|at| &self.fields[at].1)
    }

    /// Puts the edit of one field back to what it was.
    pub(crate) fn restore(&mut self, name: &str, before: Option<FieldChange>) {
        match (before, self.position(name)) {
            (Some(before), _) => self.edit(name, before),
            (None, Ok(at)) => drop(self.fields.remove(at)),
            (None, Err(_)) => {}
        }
    }

    /// How many fields, and how many bytes, these edits can add at most.
    pub(crate) fn at_most(&self) -> (usize, usize) {
        let bytes = |(name, change): (&str, &FieldChange)| match change {
            FieldChange::Set(value) => name.len() + value.len(),
            FieldChange::Add(_) => name.len() + Decimal::LONGEST,
            FieldChange::Remove => 0,
        };
        (self.fields.len(), self.fields().map(bytes).sum())
    }

    /// Whether an increment fits the value that it meets.
    ///
    /// # Errors
    /// As [`sum`](Self::sum).
    pub(crate) fn check_sum(name: &str, before: Option<&[u8]>, by: i64) -> Result<(), ChangeRefused> {
        sum_of(name, before, by).map(drop)
    }

    /// What an increment of this field makes of the value that it meets.
    ///
    /// # Errors
    /// If that is not an integer, or the sum exceeds 64 bits.
    pub(crate) fn sum(name: &str, before: Option<&[u8]>, by: i64) -> Result<Box<[u8]>, ChangeRefused> {
        Ok(Decimal::of(sum_of(name, before, by)?).as_bytes().into())
    }

    /// When the session was used, if the window is to move.
    #[must_use]
    pub const fn touched(&self) -> Option<Timestamp> {
        self.touch
    }

    /// The step of the secret's rotation, if there is one.
    #[must_use]
    pub fn secret_step(&self) -> Option<SecretStep> {
        self.secret.as_deref().copied()
    }

    /// The bounds that the result must keep, if there are any.
    #[must_use]
    pub const fn bounds(&self) -> Option<Bounds> {
        self.bounds
    }

    /// Whether it takes the session on its way to another store, or off it.
    #[must_use]
    pub const fn transit(&self) -> Option<bool> {
        self.transit
    }

    /// The new sealed bytes of where the session was started from, if there are any.
    #[must_use]
    pub fn sealed_origin(&self) -> Option<&[u8]> {
        self.sealed_origin.as_deref()
    }

    /// Whether no field is edited.
    #[must_use]
    pub fn has_no_fields(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether a session that holds nothing would hold nothing after it either.
    #[must_use]
    pub fn leaves_nothing(&self) -> bool {
        self.fields.iter().all(|(_, change)| *change == FieldChange::Remove)
    }

    /// Whether it does nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
            && self.touch.is_none()
            && self.secret.is_none()
            && self.transit.is_none()
            && self.sealed_origin.is_none()
    }
}

/// Lengths only: a value may be a secret of the application.
impl fmt::Debug for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(value) => write!(f, "Set({} bytes)", value.len()),
            Self::Remove => f.write_str("Remove"),
            Self::Add(by) => write!(f, "Add({by})"),
        }
    }
}
