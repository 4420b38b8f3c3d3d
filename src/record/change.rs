//! The field-level edits of one request, and what they make of a record.

use std::{error::Error, fmt, io::Write, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Attributes, Record, SecretHash, attributes::Packer};
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

    /// Whether no field is edited.
    #[must_use]
    pub fn has_no_fields(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether it does nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.touch.is_none() && self.secret.is_none()
    }

    /// What the edits make of `before`.
    ///
    /// # Errors
    /// If an increment meets something that is not an integer, or the result exceeds the bounds.
    pub fn merged(&self, before: &Attributes) -> Result<Attributes, ChangeRefused> {
        let (_, at_most) = self.at_most();
        let mut after = Packer::with_capacity(before.footprint() + at_most + self.fields.len() * Attributes::HEADER);
        let (mut old, mut new) = (before.iter().peekable(), self.fields().peekable());
        // Both are ordered by name: whichever comes first goes first.
        loop {
            match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some((name, _)), Some((edited, _))) if name == edited => {
                    let (Some((name, value)), Some((_, change))) = (old.next(), new.next()) else { break };
                    change.pack(name, Some(value), &mut after)?;
                }
                (Some((name, _)), edit) if edit.is_none_or(|(edited, _)| name < edited) => {
                    let Some((name, value)) = old.next() else { break };
                    after.push(name, value);
                }
                _ => {
                    let Some((name, change)) = new.next() else { break };
                    change.pack(name, None, &mut after)?;
                }
            }
        }
        let after = after.finish();
        self.hold_to_bounds(before, &after)?;
        Ok(after)
    }

    /// A change that makes a session smaller is welcome even where it stays too large.
    fn hold_to_bounds(&self, before: &Attributes, after: &Attributes) -> Result<(), ChangeRefused> {
        let Some(bounds) = self.bounds else { return Ok(()) };
        let (fields, bytes) = (after.len(), after.bytes());
        if fields > bounds.fields && fields > before.len() {
            return Err(ChangeRefused::TooManyFields { most: bounds.fields });
        }
        if bytes > bounds.bytes && bytes > before.bytes() {
            return Err(ChangeRefused::TooLarge { bytes, most: bounds.bytes });
        }
        Ok(())
    }
}

impl FieldChange {
    /// Packs what this edit makes of a value, if anything.
    fn pack(&self, name: &str, before: Option<&[u8]>, after: &mut Packer) -> Result<(), ChangeRefused> {
        match self {
            Self::Set(value) => after.push(name, value),
            Self::Remove => {}
            Self::Add(by) => after.push(name, Decimal::of(sum_of(name, before, *by)?).as_bytes()),
        }
        Ok(())
    }
}

impl Record {
    /// Applies a change: all of it, or, on an error, nothing. This is the one place where a change
    /// is given its meaning; a store calls it inside its atomic step.
    ///
    /// # Errors
    /// As [`Change::merged`].
    pub fn apply(&mut self, change: &Change) -> Result<(), ChangeRefused> {
        if !change.has_no_fields() {
            self.attributes = change.merged(&self.attributes)?;
        }
        if let Some(now) = change.touch {
            self.last_seen_at = self.last_seen_at.max(now);
        }
        match change.secret_step() {
            Some(SecretStep::Propose { from, pending }) => self.succession.propose(self.secret, from, pending),
            Some(SecretStep::Confirm { successor, at, grace }) => self.confirm(successor, at, grace),
            None => {}
        }
        Ok(())
    }
}

/// Why a change was refused as a whole. The session is as it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeRefused {
    /// The field of this name was to be incremented, but is not a decimal integer of 64 bits.
    NotAnInteger(Box<str>),
    /// The sum would not fit into 64 bits.
    Overflow(Box<str>),
    /// The session would hold more fields than allowed.
    TooManyFields {
        /// The greatest number allowed.
        most: usize,
    },
    /// The session would hold more bytes than allowed.
    TooLarge {
        /// What it would have held.
        bytes: usize,
        /// The greatest number allowed.
        most: usize,
    },
}

impl fmt::Display for ChangeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnInteger(name) => {
                write!(
                    f,
                    "attribute `{name}` is not an integer: only what increments or integers made can be incremented"
                )
            }
            Self::Overflow(name) => write!(f, "attribute `{name}` would exceed 64 bits: increment by less"),
            Self::TooManyFields { most } => {
                write!(
                    f,
                    "a session holds at most {most} attributes (attributes.fields): remove some or raise the limit"
                )
            }
            Self::TooLarge { bytes, most } => {
                write!(f, "a session holds at most {most} bytes (attributes.bytes), this would be {bytes}: store less")
            }
        }
    }
}

impl Error for ChangeRefused {}

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

fn sum_of(name: &str, value: Option<&[u8]>, by: i64) -> Result<i64, ChangeRefused> {
    let before = match value {
        None => 0,
        Some(value) => str::from_utf8(value)
            .ok()
            .and_then(|text| text.parse::<i64>().ok())
            .ok_or_else(|| ChangeRefused::NotAnInteger(name.into()))?,
    };
    before.checked_add(by).ok_or_else(|| ChangeRefused::Overflow(name.into()))
}

/// An integer as text, without an allocation.
struct Decimal {
    text: [u8; Self::LONGEST],
    length: usize,
}

impl Decimal {
    /// `-9223372036854775808`
    const LONGEST: usize = 20;

    fn of(number: i64) -> Self {
        let mut text = [0; Self::LONGEST];
        let mut rest = &mut text[..];
        // It is long enough for every number of 64 bits.
        let _ = write!(rest, "{number}");
        let length = Self::LONGEST - rest.len();
        Self { text, length }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }
}
