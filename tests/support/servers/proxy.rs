//! A network between a test and a server that can be cut, frozen and slowed down.

use std::{
    io,
    net::Ipv4Addr,
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    runtime::{Builder, Handle},
    sync::{oneshot, watch},
    task::yield_now,
    time::sleep,
};

/// What the network does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// Bytes go through.
    Pass,
    /// Connections are closed, new ones at once.
    Cut,
    /// A black hole: connections are taken and kept, and no byte moves, in neither direction. What was
    /// sent meanwhile arrives when the bytes move again.
    Freeze,
    /// Bytes go through, each chunk this much later.
    Slow(Duration),
}

/// Listens on a port of its own, and connects to another for each connection that it takes.
///
/// Runs on a thread of its own, so that neither a test that blocks nor one with a clock of its own stops it.
pub struct Proxy {
    port: u16,
    state: watch::Sender<State>,
    runtime: Handle,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy)]
struct State {
    mode: Mode,
    /// How many cuts there were: a connection that outlived one must close, however short it was.
    cuts: u64,
}

impl Proxy {
    /// In front of this port of the loopback interface.
    pub fn to(target: u16) -> Self {
        let (state, seen) = watch::channel(State { mode: Mode::Pass, cuts: 0 });
        let (end, ended) = oneshot::channel::<()>();
        let (started, start) = mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                started.send((listener.local_addr().unwrap().port(), Handle::current())).unwrap();
                tokio::select! {
                    () = serve(listener, target, seen) => {}
                    _ = ended => {}
                }
            });
        });
        let (port, runtime) = start.recv().unwrap();
        Self { port, state, runtime, end: Some(end), thread: Some(thread) }
    }

    /// Where to connect instead.
    pub const fn port(&self) -> u16 {
        self.port
    }

    pub fn pass(&self) {
        self.set(Mode::Pass);
    }

    pub fn cut(&self) {
        self.set(Mode::Cut);
    }

    pub fn freeze(&self) {
        self.set(Mode::Freeze);
    }

    pub fn slow(&self, by: Duration) {
        self.set(Mode::Slow(by));
    }

    /// From when this returns not one byte moves against the new mode, and what is cut is closed.
    ///
    /// The change is made on the proxy's one thread, where nothing else runs meanwhile.
    pub fn set(&self, mode: Mode) {
        let (done, wait) = mpsc::channel();
        let state = self.state.clone();
        self.runtime.spawn(async move {
            state.send_modify(|state| {
                state.mode = mode;
                state.cuts += u64::from(mode == Mode::Cut);
            });
            // All but the listener have gone when their receivers have.
            while mode == Mode::Cut && state.receiver_count() > 1 {
                yield_now().await;
            }
            let _ = done.send(());
        });
        wait.recv().unwrap();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, target: u16, state: watch::Receiver<State>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        if state.borrow().mode != Mode::Cut {
            let cuts = state.borrow().cuts;
            let (mut cut, link) = (state.clone(), link(client, target, state.clone()));
            tokio::spawn(async move {
                tokio::select! {
                    _ = cut.wait_for(|state| state.cuts != cuts) => {}
                    _ = link => {}
                }
            });
        }
    }
}

async fn link(client: TcpStream, target: u16, mut state: watch::Receiver<State>) -> io::Result<()> {
    thawed(&mut state).await;
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::try_join!(pump(from_client, to_server, state.clone()), pump(from_server, to_client, state))?;
    Ok(())
}

/// Moves bytes one way until that way's end. An error ends the other way too.
async fn pump(from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = step(&mut state, || from.readable(), || from.try_read(&mut chunk)).await?;
        if length == 0 {
            break;
        }
        let mode = state.borrow().mode;
        if let Mode::Slow(by) = mode {
            sleep(by).await;
        }
        let mut rest = &chunk[..length];
        while !rest.is_empty() {
            let written = step(&mut state, || to.writable(), || to.try_write(rest)).await?;
            rest = &rest[written..];
        }
    }
    thawed(&mut state).await;
    to.shutdown().await
}

/// One read or write, as soon as the socket is ready and the network is not frozen.
async fn step<F: Future<Output = io::Result<()>>>(
    state: &mut watch::Receiver<State>,
    ready: impl Fn() -> F,
    mut attempt: impl FnMut() -> io::Result<usize>,
) -> io::Result<usize> {
    loop {
        thawed(state).await;
        ready().await?;
        if state.borrow().mode == Mode::Freeze {
            continue;
        }
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return done,
        }
    }
}

/// Waits until the network is not frozen.
async fn thawed(state: &mut watch::Receiver<State>) {
    // An error says that the proxy is gone, and this task with it.
    let _ = state.wait_for(|state| state.mode != Mode::Freeze).await;
}

const CHUNK: usize = 16 * 1024;
