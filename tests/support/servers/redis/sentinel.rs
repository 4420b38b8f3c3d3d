//! A master with replicas, under sentinels that replace it when it dies.

use std::{fs, io};

use super::{
    super::process::{Kind, Server, wait_until},
    Node, Reply, program,
};

/// A master, two replicas and three sentinels. A master that dies is replaced after two or three seconds.
pub struct Sentinel {
    nodes: Vec<Node>,
    sentinels: Vec<Node>,
}

impl Sentinel {
    /// What the sentinels call the master.
    pub const SERVICE: &str = "mymaster";

    pub fn start() -> Self {
        let mut nodes = vec![Node::start(|_| Vec::new())];
        let master = nodes[0].port();
        nodes.extend(Node::start_all(REPLICAS, |_| Node::start(|_| replica_of(master))));
        // A sentinel asks the master for its replicas when it starts, and not again for ten seconds.
        wait_until("the replicas follow the master", || nodes[0].is("connected_slaves", &REPLICAS.to_string()));
        let sentinels = Node::start_all(SENTINELS, |_| sentinel_of(master));
        let started = Self { nodes, sentinels };
        started.wait_until_well();
        started
    }

    /// The nodes that hold data; who is master among them changes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub fn sentinels(&self) -> &[Node] {
        &self.sentinels
    }

    /// The sentinels' addresses: what a client is given.
    pub fn urls(&self) -> Vec<String> {
        self.sentinels.iter().map(Node::url).collect()
    }

    /// The node that is master now, as most of the sentinels that answer say. `None` while they are at odds.
    pub fn master(&self) -> Option<&Node> {
        let ports: Vec<u16> = self.sentinels.iter().filter_map(master_by).collect();
        let votes = |port: u16| ports.iter().filter(|&&other| other == port).count();
        let port = ports.iter().copied().find(|&port| 2 * votes(port) > ports.len())?;
        self.nodes.iter().find(|node| node.port() == port)
    }

    /// Waits until all nodes run and follow one master, and every sentinel knows them and the other sentinels.
    ///
    /// After a master that was replaced is back this takes ten seconds or more: sentinels are slow to demote it.
    pub fn wait_until_well(&self) {
        wait_until("nodes and sentinels are well", || {
            let linked = self.master().is_some_and(|master| {
                let follows = |node: &&Node| node.is("role", "slave") && node.is("master_link_status", "up");
                master.is("role", "master") && self.nodes.iter().filter(follows).count() == REPLICAS
            });
            linked && self.sentinels.iter().all(is_well)
        });
    }
}

fn sentinel_of(master: u16) -> Node {
    let server = Server::start(&KIND, |folder, port| {
        let file = folder.join("sentinel.conf");
        fs::write(&file, settings(port, master)).unwrap();
        let folder = folder.display().to_string();
        vec![program(), file.display().to_string(), "--sentinel".to_owned(), "--dir".to_owned(), folder]
    });
    Node { server }
}

fn replica_of(master: u16) -> Vec<String> {
    vec!["--replicaof".to_owned(), "127.0.0.1".to_owned(), master.to_string()]
}

fn master_by(sentinel: &Node) -> Option<u16> {
    let address = sentinel.say(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", Sentinel::SERVICE]).ok()?;
    address.list().get(1)?.text().parse().ok()
}

fn is_well(sentinel: &Node) -> bool {
    let Ok(master) = sentinel.say(&["SENTINEL", "MASTER", Sentinel::SERVICE]) else { return false };
    let is = |name: &str, value: &str| master.value(name).is_some_and(|found| found == value);
    is("flags", "master")
        && is("num-slaves", &REPLICAS.to_string())
        && is("num-other-sentinels", &(SENTINELS - 1).to_string())
        && sentinel.say(&["SENTINEL", "CKQUORUM", Sentinel::SERVICE]).is_ok()
        && replicas_are_well(sentinel).unwrap_or(false)
}

fn replicas_are_well(sentinel: &Node) -> io::Result<bool> {
    let replicas = sentinel.say(&["SENTINEL", "REPLICAS", Sentinel::SERVICE])?;
    let is_well = |replica: &Reply| {
        replica.value("flags").as_deref() == Some("slave")
            && replica.value("master-link-status").as_deref() == Some("ok")
    };
    Ok(replicas.list().iter().all(is_well))
}

fn settings(port: u16, master: u16) -> String {
    let name = Sentinel::SERVICE;
    format!(
        "port {port}\n\
         bind 127.0.0.1\n\
         protected-mode no\n\
         sentinel monitor {name} 127.0.0.1 {master} 2\n\
         sentinel down-after-milliseconds {name} 1000\n\
         sentinel failover-timeout {name} 3000\n\
         sentinel parallel-syncs {name} {REPLICAS}\n"
    )
}

const KIND: Kind = Kind { end: "TERM", ready: "+monitor master", accounts: &[] };

const REPLICAS: usize = 2;

const SENTINELS: usize = 3;
