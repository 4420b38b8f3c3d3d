//! What a change makes of a record: the one place where its edits are given their meaning.

use std::io::Write;

use super::{Attributes, Change, ChangeRefused, FieldChange, Record, SecretStep, attributes::Packer};

impl Record {
    /// Applies a change: all of it, or, on an error, nothing. This is the one place where a change
    /// is given its meaning; a store calls it inside its atomic step.
    ///
    /// # Errors
    /// As [`Change::merged`].
    pub fn apply(&mut self, change: &Change) -> Result<(), ChangeRefused> {
        if change.expected().is_some_and(|revision| revision != self.revision) {
            return Err(ChangeRefused::Outdated);
        }
        if self.in_transit && change.transit().is_none() {
            return Err(ChangeRefused::InTransit);
        }
        if change.is_empty() {
            return Ok(());
        }
        if !change.has_no_fields() {
            self.attributes = change.merged(&self.attributes)?;
        }
        if let Some(now) = change.touched() {
            self.last_seen_at = self.last_seen_at.max(now);
        }
        match change.secret_step() {
            Some(SecretStep::Propose { from, pending }) => self.succession.propose(self.secret, from, pending),
            Some(SecretStep::Confirm { successor, at, grace }) => self.confirm(successor, at, grace),
            None => {}
        }
        if let Some(sealed) = change.sealed_origin() {
            self.set_sealed_origin(sealed);
        }
        self.in_transit = change.transit().unwrap_or(self.in_transit);
        self.revision = self.revision.wrapping_add(1);
        Ok(())
    }
}

impl Change {
    /// What the edits make of `before`.
    ///
    /// # Errors
    /// If an increment meets something that is not an integer, or the result exceeds the bounds.
    pub fn merged(&self, before: &Attributes) -> Result<Attributes, ChangeRefused> {
        let (fields, bytes) = self.at_most();
        let mut after = Packer::with_capacity(before.footprint() + bytes + fields * Attributes::HEADER);
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
        let Some(bounds) = self.bounds() else { return Ok(()) };
        let (fields, uncounted) = (after.len(), self.uncounted());
        let bytes = after.bytes().saturating_sub(fields * uncounted);
        if fields > bounds.fields && fields > before.len() {
            return Err(ChangeRefused::TooManyFields { most: bounds.fields });
        }
        if bytes > bounds.bytes && bytes > before.bytes().saturating_sub(before.len() * uncounted) {
            return Err(ChangeRefused::TooLarge { bytes, most: bounds.bytes });
        }
        Ok(())
    }
}

impl FieldChange {
    /// Packs what this edit makes of a value, if anything.
    fn pack(&self, name: &str, before: Option<&[u8]>, after: &mut Packer) -> Result<(), ChangeRefused> {
        if name.len() > LONGEST_NAME {
            return Err(ChangeRefused::NameTooLong(name.into()));
        }
        match self {
            Self::Set(value) => after.push(name, value),
            Self::Remove => {}
            Self::Add(by) => after.push(name, Decimal::of(sum_of(name, before, *by)?).as_bytes()),
        }
        Ok(())
    }
}

/// The sum of an increment and the value that it meets.
pub(super) fn sum_of(name: &str, value: Option<&[u8]>, by: i64) -> Result<i64, ChangeRefused> {
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
pub(super) struct Decimal {
    text: [u8; Self::LONGEST],
    length: usize,
}

impl Decimal {
    /// `-9223372036854775808`
    pub(super) const LONGEST: usize = 20;

    pub(super) fn of(number: i64) -> Self {
        let mut text = [0; Self::LONGEST];
        let mut rest = &mut text[..];
        // It is long enough for every number of 64 bits.
        let _ = write!(rest, "{number}");
        let length = Self::LONGEST - rest.len();
        Self { text, length }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

/// What one byte of length can say.
const LONGEST_NAME: usize = 255;
