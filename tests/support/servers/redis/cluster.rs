//! A cluster of three masters, each with a replica.

use super::super::process::{free_port, wait_until};
use super::{Node, Reply, field};

/// Three masters and three replicas. A master that dies is replaced after two or three seconds.
pub struct Cluster {
    nodes: Vec<Node>,
}

impl Cluster {
    pub fn start() -> Self {
        let cluster = Self { nodes: Node::start_all(2 * MASTERS, |_| Node::start(settings)) };
        cluster.assign_slots();
        cluster.introduce();
        cluster.replicate();
        cluster.wait_until_well();
        cluster
    }

    /// All nodes that were started; who is master among them changes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Node::url).collect()
    }

    /// The node that is master of this key's slot now, as most of the nodes that answer say.
    ///
    /// `None` while they are at odds, or while none answers.
    pub fn master(&self, key: &str) -> Option<&Node> {
        let ports: Vec<u16> = self.nodes.iter().filter_map(|node| master_of(node, key)).collect();
        let votes = |port: u16| ports.iter().filter(|&&other| other == port).count();
        let port = ports.iter().copied().find(|&port| 2 * votes(port) > ports.len())?;
        self.nodes.iter().find(|node| node.port() == port)
    }

    /// The node that follows this key's master now.
    pub fn replica(&self, key: &str) -> Option<&Node> {
        let master = self.master(key)?.port().to_string();
        self.nodes.iter().find(|node| node.is("role", "slave") && node.is("master_port", &master))
    }

    /// Waits until every node runs, knows a master and a replica for every slot, and has what its master has.
    pub fn wait_until_well(&self) {
        wait_until("every node of the cluster is well", || self.nodes.iter().all(is_well));
    }

    /// All slots in equal parts; a version each, so that no two masters have to settle whose comes first.
    fn assign_slots(&self) {
        for (index, node) in self.nodes[..MASTERS].iter().enumerate() {
            let slots: Vec<String> =
                (0..SLOTS).filter(|slot| slot * MASTERS / SLOTS == index).map(|s| s.to_string()).collect();
            let words: Vec<&str> =
                ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
            node.say(&words).unwrap();
            node.say(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()]).unwrap();
        }
    }

    /// Each meets each: quicker than waiting for word to get about.
    fn introduce(&self) {
        for (index, node) in self.nodes.iter().enumerate() {
            for other in &self.nodes[..index] {
                let bus = other.say(&["CONFIG", "GET", "cluster-port"]).unwrap().value("cluster-port").unwrap();
                node.say(&["CLUSTER", "MEET", "127.0.0.1", &other.port().to_string(), &bus]).unwrap();
            }
        }
        wait_until("every node knows every other", || {
            let lines = |node: &Node| node.say(&["CLUSTER", "NODES"]).unwrap().text();
            let all_known = |text: &str| text.lines().count() == self.nodes.len() && !text.contains("handshake");
            self.nodes.iter().all(|node| all_known(&lines(node)))
        });
    }

    fn replicate(&self) {
        let (masters, replicas) = self.nodes.split_at(MASTERS);
        for (master, replica) in masters.iter().zip(replicas) {
            let id = master.say(&["CLUSTER", "MYID"]).unwrap().text();
            replica.say(&["CLUSTER", "REPLICATE", &id]).unwrap();
        }
    }
}

/// Of this key, as this node sees it.
fn master_of(node: &Node, key: &str) -> Option<u16> {
    let Reply::Number(slot) = node.say(&["CLUSTER", "KEYSLOT", key]).ok()? else { return None };
    let slots = node.say(&["CLUSTER", "SLOTS"]).ok()?;
    slots.list().iter().find_map(|range| match range.list() {
        [Reply::Number(first), Reply::Number(last), master, ..] if (*first..=*last).contains(&slot) => {
            master.list().get(1)?.text().parse().ok()
        }
        _ => None,
    })
}

fn is_well(node: &Node) -> bool {
    let Ok(cluster) = node.say(&["CLUSTER", "INFO"]) else { return false };
    let Ok(slots) = node.say(&["CLUSTER", "SLOTS"]) else { return false };
    let linked = match node.info("role").as_deref() {
        Some("slave") => node.is("master_link_status", "up"),
        Some("master") => node.info("slave0").is_some_and(|replica| replica.contains("state=online")),
        _ => false,
    };
    // First slot, last slot, master, replica.
    let covered = slots.list().len() == MASTERS && slots.list().iter().all(|range| range.list().len() == 4);
    linked && covered && field(&cluster.text(), "cluster_state").as_deref() == Some("ok")
}

/// A node names no replica to clients before that has got a byte of its master's: with no writes the first is a ping.
fn settings(_: u16) -> Vec<String> {
    let bus = free_port().to_string();
    let cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", &bus];
    cluster.into_iter().chain(["--repl-ping-replica-period", "1"]).map(str::to_owned).collect()
}

const MASTERS: usize = 3;

const SLOTS: usize = 16384;
