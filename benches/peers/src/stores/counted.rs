//! What goes over the wire for a request: counted by a proxy, in a run of its own.

use countersign_peers::servers::Servers;

use super::{
    entrant::{Entrant, Kind, SESSIONS},
    entrants::ENTRANTS,
    proxy::{Proxy, Traffic},
};

/// What one request makes of traffic, on average: reading, and writing.
pub type PerRequest = [Average; 2];

/// Per request.
#[derive(Clone, Copy)]
pub struct Average {
    /// Commands to the server.
    pub commands: f64,
    /// Bytes in both directions.
    pub bytes: f64,
}

/// For each entrant, what one of its requests sends and is sent; `None` where there is no wire.
pub async fn traffic(servers: &Servers) -> Vec<Option<PerRequest>> {
    let mut all = Vec::new();
    for entrant in ENTRANTS {
        all.push(match servers.port(entrant.engine) {
            Some(port) => Some(of(entrant, servers, port).await),
            None => None,
        });
    }
    all
}

async fn of(entrant: &Entrant, servers: &Servers, port: u16) -> PerRequest {
    eprintln!("counting {:?}: {}", entrant.engine, entrant.name);
    let proxy = Proxy::start(entrant.engine, port).await.expect("the loopback interface is there");
    let workload = (entrant.open)(servers.url(entrant.engine, Some(proxy.port()), "")).await;
    let mut averages = Vec::with_capacity(2);
    for kind in [Kind::Read, Kind::Write] {
        // Statements are prepared once a connection, not once a request.
        for session in 0..WARM_UP {
            workload.answer(kind, session).await;
        }
        let Traffic { commands, bytes } = proxy.traffic();
        for session in 0..REQUESTS {
            workload.answer(kind, session).await;
        }
        let after = proxy.traffic();
        averages.push(Average {
            commands: (after.commands - commands) as f64 / REQUESTS as f64,
            bytes: (after.bytes - bytes) as f64 / REQUESTS as f64,
        });
    }
    [averages[0], averages[1]]
}

const WARM_UP: usize = SESSIONS;
const REQUESTS: usize = 500;
