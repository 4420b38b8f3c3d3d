//! Going through all sessions, master by master, as Redis goes through its keys.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use redis::{Cmd, Value};

use super::{
    Inner,
    fault::{Fault, answer},
    fields::decode,
    node::Node,
    servers::Master,
    version::Server,
};
use crate::{
    clock::Timestamp,
    record::Record,
    store::{Cursor, Scanned, StoreError},
};

/// How far a scan has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Position {
    /// How slots were spread over masters: where that has changed, all begins again.
    layout: u64,
    /// The first slot of the master that is gone through.
    slot: u16,
    /// Which start of which server the cursor is of: to another it means nothing, and its part begins again.
    run: u64,
    cursor: u64,
}

impl Inner {
    pub(super) async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        let mut position = match from {
            Some(cursor) => Position::read(&cursor).ok_or_else(|| StoreError::corrupt("not a cursor of ours"))?,
            None => Position::default(),
        };
        let masters = self.servers.masters().await?;
        let layout = layout(&masters);
        if position.layout != layout {
            position = Position { layout, ..Position::default() };
        }
        let at = masters.iter().position(|(slots, _)| first_of(slots) == position.slot).unwrap_or_default();
        let Some((slots, node)) = masters.get(at) else {
            return Err(StoreError::unavailable("no master is known"));
        };
        let (keys, run, cursor) = self.keys_of(node, position, size).await?;
        let records = self.read_all(node, &keys, now).await?;
        let share = 1.0 / masters.len() as f64;
        let behind = at as f64 * share;
        if cursor != 0 {
            position = Position { layout, slot: first_of(slots), run, cursor };
            let done = behind + share * cursor.reverse_bits() as f64 / u64::MAX as f64;
            return Ok(Scanned { records, next: Some(position.cursor()), done: done.min(1.0) });
        }
        let next = masters
            .get(at + 1)
            .map(|(slots, _)| Position { layout, slot: first_of(slots), ..Position::default() }.cursor());
        Ok(Scanned { records, next, done: behind + share })
    }

    /// Some keys of sessions, the run of the server, and its cursor.
    async fn keys_of(&self, node: &Node, from: Position, size: usize) -> Result<(Vec<Vec<u8>>, u64, u64), StoreError> {
        let mut cursor = from.cursor;
        for _ in 0..2 {
            let info = redis::cmd("INFO").arg("server").to_owned();
            let scan = redis::cmd("SCAN")
                .arg(cursor)
                .arg("MATCH")
                .arg(self.keys.all_sessions())
                .arg("COUNT")
                .arg(size.clamp(1, LARGEST))
                .to_owned();
            let mut answers = node.ask_all(&[info, scan]).await.map_err(Fault::into_error)?.into_iter();
            let mut next = || answer(answers.next().unwrap_or_default(), &node.address).map_err(Fault::into_error);
            let (info, page) = (next()?, next()?);
            let info: String = redis::from_redis_value(info).map_err(StoreError::unavailable)?;
            let run = u64::from_str_radix(Server::read(&info).run.get(..16).unwrap_or("0"), 16).unwrap_or(0);
            if cursor != 0 && run != from.run {
                // The server is another, or another start of it: its part begins again.
                cursor = 0;
                continue;
            }
            let (cursor, keys): (u64, Vec<Vec<u8>>) = redis::from_redis_value(page).map_err(StoreError::unavailable)?;
            return Ok((keys, run, cursor));
        }
        Err(StoreError::unavailable("the server starts again and again"))
    }

    /// The sessions of these keys that are alive. What cannot be read is left out: it is nobody's session.
    async fn read_all(&self, node: &Node, keys: &[Vec<u8>], now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        let found: Vec<_> = keys.iter().filter_map(|key| self.keys.id_in(key)).collect();
        let commands: Vec<Cmd> =
            found.iter().map(|id| redis::cmd("HGETALL").arg(self.keys.session(*id)).to_owned()).collect();
        let answers = node.ask_all(&commands).await.map_err(Fault::into_error)?;
        let mut records = Vec::with_capacity(found.len());
        for (id, fields) in found.into_iter().zip(answers) {
            // A slot that is just moving: wherever the session is now, it is asked for there.
            let fields = if let Value::ServerError(_) = fields { self.read_session(id).await? } else { fields };
            if let Ok(Some(record)) = decode(id, &fields)
                && !record.is_expired(now)
            {
                records.push(record.into());
            }
        }
        Ok(records)
    }
}

impl Position {
    fn read(cursor: &Cursor) -> Option<Self> {
        let (layout, rest) = cursor.as_bytes().split_first_chunk()?;
        let (slot, rest) = rest.split_first_chunk()?;
        let (run, rest) = rest.split_first_chunk()?;
        Some(Self {
            layout: u64::from_be_bytes(*layout),
            slot: u16::from_be_bytes(*slot),
            run: u64::from_be_bytes(*run),
            cursor: u64::from_be_bytes(rest.try_into().ok()?),
        })
    }

    fn cursor(self) -> Cursor {
        let [layout, run, cursor] = [self.layout, self.run, self.cursor].map(u64::to_be_bytes);
        Cursor::new([&layout[..], &self.slot.to_be_bytes(), &run, &cursor].concat())
    }
}

fn first_of(slots: &[(u16, u16)]) -> u16 {
    slots.first().map_or(0, |(first, _)| *first)
}

fn layout(masters: &[Master]) -> u64 {
    let mut hasher = DefaultHasher::new();
    masters.iter().for_each(|(slots, node)| (slots, &node.address).hash(&mut hasher));
    hasher.finish()
}

/// How many keys a server is asked to look at in one go, at most: it does nothing else meanwhile.
const LARGEST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_go_round_and_nonsense_is_refused() {
        let position = Position { layout: 7, slot: 5_461, run: u64::MAX, cursor: 1 << 63 };
        assert_eq!(Position::read(&position.cursor()), Some(position));
        assert_eq!(Position::read(&Cursor::new([1, 2, 3])), None);
        assert_eq!(Position::read(&Cursor::new([0; 27])), None);
    }
}
