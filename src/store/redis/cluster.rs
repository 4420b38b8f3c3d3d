//! Which node of a cluster is in charge of which slots.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use redis::Value;
use tokio::sync::Mutex;

use super::{
    fault::Fault,
    fields::bytes,
    keys::SLOTS,
    node::{Manner, Node, Request, Settings},
    place::Address,
    servers::Master,
};
use crate::store::StoreError;

/// The masters of a cluster, as they are known now.
pub(super) struct Cluster {
    seeds: Vec<Address>,
    settings: Arc<Settings>,
    map: RwLock<Arc<Vec<Range>>>,
    nodes: RwLock<HashMap<Address, Arc<Node>>>,
    asking: Mutex<()>,
    asked: AtomicU64,
}

/// A master, and slots that it is in charge of.
#[derive(Clone)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) master: Arc<Node>,
}

impl Cluster {
    /// Finds out who is in charge of what.
    pub(super) async fn open(seeds: Vec<Address>, settings: Arc<Settings>) -> Result<Arc<Self>, StoreError> {
        let cluster = Arc::new(Self {
            seeds,
            settings,
            map: RwLock::default(),
            nodes: RwLock::default(),
            asking: Mutex::default(),
            asked: AtomicU64::new(0),
        });
        cluster.refresh().await?;
        Ok(cluster)
    }

    fn map(&self) -> Arc<Vec<Range>> {
        Arc::clone(&self.map.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The master of a slot, if one is known.
    pub(super) fn master_of(&self, slot: u16) -> Option<Arc<Node>> {
        let map = self.map();
        let at = map.partition_point(|range| range.last < slot);
        map.get(at).filter(|range| range.first <= slot).map(|range| Arc::clone(&range.master))
    }

    /// All masters, each once with all its slots, by the first of these.
    pub(super) fn masters(&self) -> Vec<Master> {
        let mut masters: Vec<Master> = Vec::new();
        for range in self.map().iter() {
            let slots = (range.first, range.last);
            match masters.iter_mut().find(|(_, master)| master.address == range.master.address) {
                Some((all, _)) => all.push(slots),
                None => masters.push((vec![slots], Arc::clone(&range.master))),
            }
        }
        masters
    }

    /// The node at an address; known from now on.
    pub(super) fn node(&self, address: &Address) -> Result<Arc<Node>, StoreError> {
        if let Some(node) = self.nodes.read().unwrap_or_else(PoisonError::into_inner).get(address) {
            return Ok(Arc::clone(node));
        }
        let node = Node::new(address.clone(), &self.settings)?;
        let mut nodes = self.nodes.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(nodes.entry(address.clone()).or_insert(node)))
    }

    /// Asks the nodes who is in charge of what, until one of them answers. Whoever comes while somebody asks already
    /// waits for that answer.
    pub(super) async fn refresh(self: &Arc<Self>) -> Result<(), StoreError> {
        let asked = self.asked.load(Ordering::Acquire);
        let cluster = Arc::clone(self);
        let asking = tokio::spawn(async move {
            let _turn = cluster.asking.lock().await;
            if cluster.asked.load(Ordering::Acquire) != asked {
                return Ok(());
            }
            let result = cluster.ask_around().await;
            cluster.asked.fetch_add(1, Ordering::AcqRel);
            result
        });
        asking.await.map_err(StoreError::unavailable)?
    }

    async fn ask_around(&self) -> Result<(), StoreError> {
        let mut last = StoreError::unavailable("no node of the cluster is known");
        let known = self.nodes.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect::<Vec<_>>();
        // Who is connected answers at once; who is not may be dead.
        let (near, far): (Vec<_>, Vec<_>) = known.into_iter().partition(|node| node.is_connected());
        let seeds = self.seeds.iter().filter_map(|address| self.node(address).ok());
        for node in near.into_iter().chain(seeds).chain(far) {
            match self.ask(&node).await {
                Ok(map) => {
                    self.keep(map);
                    return Ok(());
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn ask(&self, node: &Arc<Node>) -> Result<Vec<Range>, StoreError> {
        let slots = redis::cmd("CLUSTER").arg("SLOTS").to_owned();
        let answer = node.send(&Request::Command(&slots), Manner::default()).await.map_err(Fault::into_error)?;
        let found =
            read(&answer, &node.address).ok_or_else(|| StoreError::unavailable("CLUSTER SLOTS reads strange"))?;
        if found.is_empty() {
            return Err(StoreError::unavailable(format!("the cluster at {} has no slots", node.address)));
        }
        let ranges =
            found.into_iter().map(|(first, last, address)| Ok(Range { first, last, master: self.node(&address)? }));
        let mut ranges: Vec<Range> = ranges.collect::<Result<_, StoreError>>()?;
        ranges.sort_by_key(|range| range.first);
        Ok(ranges)
    }

    /// Keeps what was found, and forgets nodes that are in charge of nothing any more: they are asked no more.
    fn keep(&self, map: Vec<Range>) {
        let mut nodes = self.nodes.write().unwrap_or_else(PoisonError::into_inner);
        nodes.retain(|address, _| map.iter().any(|range| range.master.address == *address));
        drop(nodes);
        *self.map.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(map);
    }
}

/// First and last slot and the master, of each range in an answer to `CLUSTER SLOTS`.
fn read(answer: &Value, asked: &Address) -> Option<Vec<(u16, u16, Address)>> {
    let slot = |value: &Value| match value {
        Value::Int(slot) => u16::try_from(*slot).ok().filter(|slot| *slot < SLOTS),
        _ => None,
    };
    let Value::Array(ranges) = answer else { return None };
    let read_one = |range: &Value| {
        let Value::Array(parts) = range else { return None };
        let [first, last, Value::Array(master), ..] = &parts[..] else { return None };
        let [host, Value::Int(port), ..] = &master[..] else { return None };
        // A node that does not know its own name is called as it was for the question.
        let host = bytes(host).ok().and_then(|host| str::from_utf8(host).ok()).unwrap_or_default();
        let host = if host.is_empty() || host == "?" { &asked.host } else { host };
        Some((slot(first)?, slot(last)?, Address { host: host.to_owned(), port: u16::try_from(*port).ok()? }))
    };
    ranges.iter().map(read_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_nonsense_is_not() {
        let asked = Address { host: "seed".into(), port: 1 };
        let master = |host: Value| Value::Array(vec![host, Value::Int(7_000), Value::BulkString(b"id".to_vec())]);
        let range = |last, host| Value::Array(vec![Value::Int(0), Value::Int(last), master(host)]);
        let read = |range: Value| read(&Value::Array(vec![range]), &asked);
        let found = |host: &str| Some(vec![(0, 5, Address { host: host.into(), port: 7_000 })]);
        assert_eq!(read(range(5, Value::BulkString(b"a".to_vec()))), found("a"));
        assert_eq!(read(range(5, Value::BulkString(vec![]))), found("seed"));
        assert_eq!(read(range(5, Value::Nil)), found("seed"));
        assert_eq!(read(range(16_384, Value::BulkString(b"a".to_vec()))), None);
        assert_eq!(read(Value::Nil), None);
    }
}
