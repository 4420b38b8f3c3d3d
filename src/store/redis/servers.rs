//! Where a command goes, and what happens when that fails: one place for one server, for Sentinel and for Cluster.
//!
//! What surely was not done is sent again, within a deadline: the connection had ended before, or the server said that
//! it is not in charge, not ready, or does not know the script. What may have been done is sent again only if doing it
//! twice is the same as doing it once.

use std::{sync::Arc, time::Duration};

use redis::{Cmd, Value};
use tokio::time::{sleep, timeout};

use super::{
    cluster::Cluster,
    fault::Fault,
    keys::slot,
    node::{Manner, Node, Request, Settings, introduce},
    place::{Address, Mode, Place},
    script::Call,
    sentinel::Sentinels,
};
use crate::store::{StoreError, StoreErrorKind};

/// A master and, in a cluster, its slots.
pub(super) type Master = (Vec<(u16, u16)>, Arc<Node>);

/// The servers that sessions are kept on.
pub(super) struct Servers {
    kind: Kind,
    /// How long it is tried.
    patience: Duration,
}

enum Kind {
    One(Arc<Node>),
    Cluster(Arc<Cluster>),
    Sentinel(Arc<Sentinels>),
}

impl Servers {
    /// Connects, and makes sure that the servers can do what is asked of them.
    pub(super) async fn open(place: &Place, settings: Settings, to_sentinels: Settings) -> Result<Self, StoreError> {
        let patience = settings.connect + settings.command;
        let settings = Arc::new(settings);
        let kind = match &place.mode {
            Mode::One => {
                let address = place.hosts[0].clone();
                suits(&address, &settings, "standalone", "is a node of a cluster: open it as redis+cluster://").await?;
                Kind::One(Node::new(address, &settings)?)
            }
            Mode::Cluster => {
                first_that_suits(&place.hosts, &settings).await?;
                Kind::Cluster(Cluster::open(place.hosts.clone(), settings).await?)
            }
            Mode::Sentinel(master) => {
                let found = Sentinels::new(place.hosts.clone(), to_sentinels, master.clone(), Arc::clone(&settings));
                let address = found.find().await?.address.clone();
                suits(&address, &settings, "standalone", "is a node of a cluster, which no sentinel watches").await?;
                Kind::Sentinel(found)
            }
        };
        Ok(Self { kind, patience })
    }

    /// Whether two tags can be in one script.
    pub(super) fn together(&self, one: u16, other: u16) -> bool {
        !matches!(self.kind, Kind::Cluster(_)) || slot(one) == slot(other)
    }

    /// Asks what changes nothing, or nothing the second time: it may be asked again.
    pub(super) async fn read(&self, tag: u16, command: &Cmd) -> Result<Value, StoreError> {
        self.ask(tag, &Request::Command(command), true).await
    }

    /// The same, by a script.
    pub(super) async fn read_by(&self, tag: u16, call: &Call) -> Result<Value, StoreError> {
        self.ask(tag, &Request::Reading(call), true).await
    }

    /// Runs a script that writes, and which is the same if it runs twice.
    pub(super) async fn repeat(&self, tag: u16, call: &Call) -> Result<Value, StoreError> {
        self.ask(tag, &Request::Writing(call), true).await
    }

    /// Runs a script that writes. It never runs twice.
    pub(super) async fn write(&self, tag: u16, call: &Call) -> Result<Value, StoreError> {
        self.ask(tag, &Request::Writing(call), false).await
    }

    /// All masters.
    pub(super) async fn masters(&self) -> Result<Vec<Master>, StoreError> {
        Ok(match &self.kind {
            Kind::One(node) => vec![(vec![], Arc::clone(node))],
            Kind::Cluster(cluster) => cluster.masters(),
            Kind::Sentinel(sentinels) => vec![(vec![], sentinels.master().await?)],
        })
    }

    /// Asks again who is in charge.
    pub(super) async fn refresh(&self) -> Result<(), StoreError> {
        match &self.kind {
            Kind::One(_) => Ok(()),
            Kind::Cluster(cluster) => cluster.refresh().await,
            Kind::Sentinel(sentinels) => sentinels.find().await.map(drop),
        }
    }

    async fn ask(&self, tag: u16, request: &Request<'_>, repeat: bool) -> Result<Value, StoreError> {
        // Nearly always the first try is the last.
        let first = match self.in_charge(tag).await {
            Ok(node) => match node.send(request, Manner::default()).await {
                Ok(value) => return Ok(value),
                Err(fault) => Trial { fault, node: Some(node), manner: Manner::default() },
            },
            Err(error) => Trial { fault: Fault::Unsent(error), node: None, manner: Manner::default() },
        };
        match timeout(self.patience, self.ask_again(tag, request, repeat, first)).await {
            Ok(result) => result,
            Err(_) => Err(StoreError::of(StoreErrorKind::Timeout)),
        }
    }

    async fn ask_again(
        &self,
        tag: u16,
        request: &Request<'_>,
        repeat: bool,
        mut trial: Trial,
    ) -> Result<Value, StoreError> {
        for attempt in 0..ATTEMPTS {
            let mut manner = Manner { asking: false, ..trial.manner };
            let next = match trial.fault {
                Fault::Refused(error) => return Err(error),
                Fault::Unknown(error) if !repeat || error.kind() == StoreErrorKind::Timeout => return Err(error),
                Fault::Unsent(error) if self.is_alone() => return Err(error),
                Fault::NoScript => {
                    manner = Manner { by_text: true, ..trial.manner };
                    trial.node.ok_or_else(|| Fault::NoScript.into_error())?
                }
                Fault::Moved(Some(to)) => self.redirect(&to)?,
                Fault::Ask(Some(to)) => {
                    manner.asking = true;
                    self.node(&to)?
                }
                fault => match self.elsewhere(tag, trial.node.as_deref(), &fault, attempt).await {
                    Ok(node) => node,
                    // Whatever keeps others from being found, this is why they were looked for.
                    Err(_) if attempt + 1 == ATTEMPTS => return Err(fault.into_error()),
                    Err(error) => {
                        trial = Trial { fault: Fault::Unsent(error), node: None, manner };
                        continue;
                    }
                },
            };
            match next.send(request, manner).await {
                Ok(value) => return Ok(value),
                Err(fault) => trial = Trial { fault, node: Some(next), manner },
            }
        }
        Err(trial.fault.into_error())
    }

    /// Who is in charge, asked again after a pause.
    async fn elsewhere(
        &self,
        tag: u16,
        was: Option<&Node>,
        fault: &Fault,
        attempt: u32,
    ) -> Result<Arc<Node>, StoreError> {
        if attempt > 0 || matches!(fault, Fault::NotNow(_)) {
            sleep(PAUSE * (attempt + 1)).await;
        }
        if let (Fault::NotNow(_), Kind::Sentinel(_), Some(node)) = (fault, &self.kind, was) {
            // It may be none any more although the sentinels do not know yet: then they are asked with every try.
            node.disconnect();
        }
        self.refresh().await?;
        self.in_charge(tag).await
    }

    async fn in_charge(&self, tag: u16) -> Result<Arc<Node>, StoreError> {
        match &self.kind {
            Kind::One(node) => Ok(Arc::clone(node)),
            Kind::Cluster(cluster) => {
                let slot = slot(tag);
                let missing = || StoreError::unavailable(format!("no master of the cluster has the slot {slot}"));
                cluster.master_of(slot).ok_or_else(missing)
            }
            Kind::Sentinel(sentinels) => sentinels.master().await,
        }
    }

    fn node(&self, address: &Address) -> Result<Arc<Node>, StoreError> {
        match &self.kind {
            Kind::Cluster(cluster) => cluster.node(address),
            _ => Err(StoreError::unavailable("the server belongs to a cluster: open it as redis+cluster://")),
        }
    }

    /// Goes where a node of a cluster points, while the others are asked in the background what else has moved.
    fn redirect(&self, to: &Address) -> Result<Arc<Node>, StoreError> {
        if let Kind::Cluster(cluster) = &self.kind {
            let cluster = Arc::clone(cluster);
            tokio::spawn(async move { cluster.refresh().await });
        }
        self.node(to)
    }

    fn is_alone(&self) -> bool {
        matches!(self.kind, Kind::One(_))
    }
}

/// How the last try went.
struct Trial {
    fault: Fault,
    node: Option<Arc<Node>>,
    manner: Manner,
}

async fn suits(address: &Address, settings: &Settings, mode: &str, otherwise: &str) -> Result<(), StoreError> {
    let server = introduce(address, settings).await?;
    server.check().map_err(StoreError::unavailable)?;
    if server.mode == "sentinel" {
        let hint = "is a sentinel: open it as redis+sentinel:// with the name of its master";
        return Err(StoreError::unavailable(format!("the server {address} {hint}")));
    }
    // A server that does not say is taken at our word.
    if !server.mode.is_empty() && server.mode != mode {
        return Err(StoreError::unavailable(format!("the server {address} {otherwise}")));
    }
    Ok(())
}

/// One that answers speaks for all: they are of one version, but for the hour in which they are upgraded.
async fn first_that_suits(hosts: &[Address], settings: &Settings) -> Result<(), StoreError> {
    let mut last = StoreError::unavailable("no host is named");
    for host in hosts {
        match suits(host, settings, "cluster", "belongs to no cluster: open it as redis://").await {
            Ok(()) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

const ATTEMPTS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(20);
