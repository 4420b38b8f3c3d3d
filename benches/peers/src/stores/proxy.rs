//! A way to a server that counts what goes along it.

use std::{
    io,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use countersign_peers::servers::Engine;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    spawn,
};

use super::wire::Wire;

/// What has gone to and fro.
#[derive(Clone, Copy, Default)]
pub struct Traffic {
    /// Commands, as [`Wire`] counts them.
    pub commands: usize,
    /// Bytes in both directions.
    pub bytes: usize,
}

/// Listens on a port of its own, and lets everything through.
pub struct Proxy {
    port: u16,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    commands: AtomicUsize,
    bytes: AtomicUsize,
}

impl Proxy {
    /// In front of a server on this port.
    pub async fn start(engine: Engine, target: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let counts = Arc::<Counts>::default();
        spawn(serve(listener, engine, target, Arc::clone(&counts)));
        Ok(Self { port, counts })
    }

    /// Where to connect instead.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What has gone along since the start.
    pub fn traffic(&self) -> Traffic {
        let Counts { commands, bytes } = &*self.counts;
        Traffic { commands: commands.load(Ordering::SeqCst), bytes: bytes.load(Ordering::SeqCst) }
    }
}

async fn serve(listener: TcpListener, engine: Engine, target: u16, counts: Arc<Counts>) -> io::Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        spawn(pass(from_client, to_server, Some(Wire::new(engine)), Arc::clone(&counts)));
        spawn(pass(from_server, to_client, None, Arc::clone(&counts)));
    }
}

/// Passes on what comes, until the connection ends. Counts it before it is passed on, so that what
/// was answered has been counted.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut wire: Option<Wire>,
    counts: Arc<Counts>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        let commands = wire.as_mut().map_or(0, |wire| wire.follow(&buffer[..length]));
        counts.commands.fetch_add(commands, Ordering::SeqCst);
        counts.bytes.fetch_add(length, Ordering::SeqCst);
        to.write_all(&buffer[..length]).await?;
    }
}
