//! The two fields that every session has, packed so that the scripts find at fixed places what they look at, and that
//! a reader has little to take apart.

use crate::{
    clock::Timestamp,
    record::{Pending, Record, Rest, SecretHash, Succession},
    store::StoreError,
};

/// The times, the lengths of user and device, these two, and the rest as JSON.
pub(super) fn what_stays(record: &Record) -> Result<Vec<u8>, StoreError> {
    let (absolute, idle) = record.limits();
    let length = |text: Option<&str>| match text.map(str::len) {
        None => Ok("-".repeat(LENGTH)),
        Some(length @ ..=LONGEST) => Ok(format!("{length:0LENGTH$}")),
        Some(_) => Err(StoreError::corrupt("a name of user or device has more than a million bytes")),
    };
    let (user, device) = (record.user(), record.device_id());
    let mut packed = [digits(record.created_at().as_millis()), digits(idle), digits(absolute.as_millis())].concat();
    packed.push_str(&(length(user)? + &length(device)?));
    packed.push_str(user.unwrap_or_default());
    packed.push_str(device.unwrap_or_default());
    let mut packed = packed.into_bytes();
    serde_json::to_writer(&mut packed, &record.rest()).map_err(StoreError::corrupt)?;
    Ok(packed)
}

/// The last use, the revision, whether it is on its way, the secret, and its neighbours.
pub(super) fn what_changes(record: &Record) -> Vec<u8> {
    let mut packed = instant(record.last_seen_at()) + &revision(record.revision());
    packed.push(if record.in_transit() { '1' } else { '0' });
    let mut packed = packed.into_bytes();
    packed.extend(record.secret().as_bytes());
    if !record.succession().is_empty() {
        packed.extend(neighbours(record.succession()));
    }
    packed
}

/// A revision as the scripts take it.
pub(super) fn revision(number: u32) -> String {
    format!("{number:0REVISION$}")
}

/// What was written when the session began.
pub(super) struct Stays {
    pub(super) created_at: Timestamp,
    pub(super) idle_millis: u64,
    pub(super) absolute_at: Timestamp,
    pub(super) user: Option<Box<str>>,
    pub(super) rest: Rest,
}

impl Stays {
    pub(super) fn read(packed: &[u8]) -> Option<Self> {
        let (created, rest) = packed.split_at_checked(DIGITS)?;
        let (idle, rest) = rest.split_at_checked(DIGITS)?;
        let (absolute, rest) = rest.split_at_checked(DIGITS)?;
        let (user, rest) = rest.split_at_checked(LENGTH)?;
        let (device, rest) = rest.split_at_checked(LENGTH)?;
        let has_user = length(user)?;
        let (user, rest) = rest.split_at_checked(has_user.unwrap_or(0))?;
        // The device stands in the rest as well, with what else is known of it.
        let (_, rest) = rest.split_at_checked(length(device)?.unwrap_or(0))?;
        Some(Self {
            created_at: Timestamp::from_millis(number(created)?),
            idle_millis: number(idle)?,
            absolute_at: Timestamp::from_millis(number(absolute)?),
            user: if has_user.is_some() { Some(str::from_utf8(user).ok()?.into()) } else { None },
            rest: serde_json::from_slice(rest).ok()?,
        })
    }
}

/// What changes touch.
pub(super) struct Changes {
    pub(super) last_seen_at: Timestamp,
    pub(super) revision: u32,
    pub(super) in_transit: bool,
    pub(super) secret: SecretHash,
    pub(super) succession: Succession,
}

impl Changes {
    pub(super) fn read(packed: &[u8]) -> Option<Self> {
        let (seen, rest) = packed.split_at_checked(DIGITS)?;
        let (revision, rest) = rest.split_at_checked(REVISION)?;
        let (on_its_way, rest) = rest.split_first()?;
        let (secret, neighbours) = rest.split_first_chunk()?;
        Some(Self {
            last_seen_at: Timestamp::from_millis(number(seen)?),
            revision: u32::try_from(digits_of(revision)?).ok()?,
            in_transit: *on_its_way == b'1',
            secret: SecretHash::from_bytes(*secret),
            succession: if neighbours.is_empty() { Succession::default() } else { succession(neighbours)? },
        })
    }
}

/// A length, or dashes for what is not there.
fn length(packed: &[u8]) -> Option<Option<usize>> {
    if packed.first() == Some(&b'-') {
        return Some(None);
    }
    Some(Some(usize::try_from(digits_of(packed)?).ok()?))
}

/// Since when the secret is current (or dashes), `-` or `+` with the pending successor, and the previous ones.
fn neighbours(succession: &Succession) -> Vec<u8> {
    let mut packed = succession.current_since().map_or_else(|| "-".repeat(DIGITS), instant).into_bytes();
    match succession.pending() {
        Some(next) => {
            packed.push(b'+');
            packed.extend(pending(next));
        }
        None => packed.push(b'-'),
    }
    for (hash, until) in succession.previous_ones() {
        packed.extend(hash.as_bytes());
        packed.extend(instant(until).as_bytes());
    }
    packed
}

/// A pending successor: the hash, then the nonce.
pub(super) fn pending(pending: &Pending) -> Vec<u8> {
    [&pending.hash.as_bytes()[..], &pending.nonce].concat()
}

fn succession(packed: &[u8]) -> Option<Succession> {
    let (since, rest) = packed.split_at_checked(DIGITS)?;
    let (mark, mut rest) = rest.split_first()?;
    let mut pending = None;
    if *mark == b'+' {
        let (hash, after) = rest.split_first_chunk()?;
        let (nonce, after) = after.split_first_chunk()?;
        pending = Some(Pending { hash: SecretHash::from_bytes(*hash), nonce: *nonce });
        rest = after;
    }
    let previous = rest.chunks(PREVIOUS).map(|one| {
        let (hash, until) = one.split_first_chunk()?;
        Some((SecretHash::from_bytes(*hash), Timestamp::from_millis(number(until)?)))
    });
    let previous: Vec<_> = previous.collect::<Option<_>>()?;
    let since = if since[0] == b'-' { None } else { Some(Timestamp::from_millis(number(since)?)) };
    Some(Succession::from_parts(since, pending, previous.into_iter()))
}

/// An instant as the scripts take it: 20 digits, so that texts compare as the instants do.
pub(super) fn instant(at: Timestamp) -> String {
    digits(at.as_millis())
}

fn digits(number: u64) -> String {
    format!("{number:020}")
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.len() == DIGITS { digits_of(digits) } else { None }
}

fn digits_of(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        sum.checked_mul(10)?.checked_add(digit.into())
    })
}

/// `18446744073709551615`
const DIGITS: usize = 20;
const PREVIOUS: usize = 32 + DIGITS;
const REVISION: usize = 10;
const LENGTH: usize = 6;
const LONGEST: usize = 999_999;
