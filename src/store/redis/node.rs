//! One server, and the connections to it: opened when they are needed, and anew when they have broken.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use redis::{
    Client, Cmd, ConnectionAddr, IntoConnectionInfo, Pipeline, ProtocolVersion, RedisConnectionInfo, TlsCertificates,
    Value, aio::PubSub,
};
use tokio::time::timeout;

use super::{
    fault::{Fault, answer, broken},
    lane::{Lane, Open},
    place::{Address, Place},
    script::Call,
    version::Server,
};
use crate::store::{StoreError, StoreErrorKind};

/// How servers are talked to.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) tls: bool,
    pub(super) root_certificates: Option<Vec<u8>>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: i64,
    pub(super) connect: Duration,
    pub(super) command: Duration,
    pub(super) replicas: Option<Replicas>,
}

/// How many replicas must have acknowledged a write, and how long that may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replicas {
    pub(super) number: usize,
    pub(super) within: Duration,
}

impl Settings {
    /// The same, with what a URL says of the way in.
    pub(super) fn at(mut self, place: &Place) -> Self {
        self.tls = place.tls;
        self.user.clone_from(&place.user);
        self.password.clone_from(&place.password);
        self.database = place.database;
        self
    }
}

/// What is asked of a server.
pub(super) enum Request<'a> {
    /// A command.
    Command(&'a Cmd),
    /// A script that only reads.
    Reading(&'a Call),
    /// A script; replicas are waited for, if that is asked of this store.
    Writing(&'a Call),
}

/// How it is sent.
#[derive(Clone, Copy, Default)]
pub(super) struct Manner {
    /// The script's text and not its hash.
    pub(super) by_text: bool,
    /// Although another server is in charge of the slot still.
    pub(super) asking: bool,
}

/// One server.
pub(super) struct Node {
    pub(super) address: Address,
    client: Client,
    settings: Arc<Settings>,
    lane: Arc<Lane>,
    /// Those on which replicas are waited for: who waits stops the whole connection, so these are for nothing else.
    waiting: Vec<Arc<Lane>>,
    turn: AtomicUsize,
}

impl Node {
    pub(super) fn new(address: Address, settings: &Arc<Settings>) -> Result<Arc<Self>, StoreError> {
        let client = client(&address, settings, ProtocolVersion::RESP3)?;
        let lanes = if settings.replicas.is_some() { WAITING_LANES } else { 0 };
        Ok(Arc::new(Self {
            address,
            client,
            settings: Arc::clone(settings),
            lane: Arc::default(),
            waiting: (0..lanes).map(|_| Arc::default()).collect(),
            turn: AtomicUsize::new(0),
        }))
    }

    /// Whether it is connected, as far as is known.
    pub(super) fn is_connected(&self) -> bool {
        self.lane.present().is_some()
    }

    /// Forgets the connections. Commands that are under way on them are answered still.
    pub(super) fn disconnect(&self) {
        self.waiting.iter().chain([&self.lane]).for_each(|lane| lane.clear());
    }

    /// Sends what is asked, and waits for the answer.
    pub(super) async fn send(&self, request: &Request<'_>, manner: Manner) -> Result<Value, Fault> {
        let built;
        let (command, wait) = match request {
            Request::Command(command) => (*command, None),
            Request::Reading(call) | Request::Writing(call) => {
                built = call.command(manner.by_text);
                (&built, self.settings.replicas.filter(|_| matches!(request, Request::Writing(_))))
            }
        };
        let lane = match wait {
            Some(_) => &self.waiting[self.turn.fetch_add(1, Ordering::Relaxed) % self.waiting.len()],
            None => &self.lane,
        };
        let deadline = self.settings.command + wait.map_or(Duration::ZERO, |replicas| replicas.within);
        let open = lane.open(&self.client, self.settings.connect, deadline).await?;
        let result = match (wait, manner.asking) {
            (None, false) => self.single(open, command).await,
            (wait, asking) => self.several(open, command, asking, wait).await,
        };
        if let Err(Fault::Unknown(_)) = &result {
            // Whatever comes next begins on a new connection.
            lane.clear();
        }
        result
    }

    async fn single(&self, mut open: Open, command: &Cmd) -> Result<Value, Fault> {
        let value = open.connection.send_packed_command(command).await;
        answer(value.map_err(|error| Fault::of(error, &self.address))?, &self.address)
    }

    /// The command between others, which have to be on the same connection.
    async fn several(
        &self,
        mut open: Open,
        command: &Cmd,
        asking: bool,
        wait: Option<Replicas>,
    ) -> Result<Value, Fault> {
        let mut commands = Pipeline::new();
        if asking {
            commands.add_command(redis::cmd("ASKING"));
        }
        commands.add_command(command.clone());
        if let Some(replicas) = wait {
            let millis = u64::try_from(replicas.within.as_millis()).unwrap_or(u64::MAX);
            // Zero would be for ever.
            commands.cmd("WAIT").arg(replicas.number).arg(millis.max(1));
        }
        let count = usize::from(asking) + 1 + usize::from(wait.is_some());
        let values = open.connection.send_packed_commands(&commands, 0, count).await;
        let mut values = values.map_err(|error| Fault::of(error, &self.address))?.into_iter().skip(usize::from(asking));
        let value = answer(values.next().unwrap_or_default(), &self.address)?;
        if let Some(replicas) = wait {
            let acknowledged = answer(values.next().unwrap_or_default(), &self.address)?;
            held_by(&acknowledged, replicas)?;
        }
        Ok(value)
    }

    /// Asks several things at once, and nothing twice.
    pub(super) async fn ask_all(&self, commands: &[Cmd]) -> Result<Vec<Value>, Fault> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let mut open = self.lane.open(&self.client, self.settings.connect, self.settings.command).await?;
        let mut pipeline = Pipeline::with_capacity(commands.len());
        for command in commands {
            pipeline.add_command(command.clone());
        }
        let values = open.connection.send_packed_commands(&pipeline, 0, commands.len()).await;
        values.map_err(|error| Fault::of(error, &self.address))
    }

    /// A connection for listening alone.
    pub(super) async fn listener(&self) -> Result<PubSub, StoreError> {
        match timeout(self.settings.connect, self.client.get_async_pubsub()).await {
            Ok(opened) => opened.map_err(broken),
            Err(_) => Err(StoreError::of(StoreErrorKind::Timeout)),
        }
    }
}

/// What a server says of itself, on a connection that also the oldest understands.
pub(super) async fn introduce(address: &Address, settings: &Settings) -> Result<Server, StoreError> {
    let info = ask_once(address, settings, redis::cmd("INFO").arg("server")).await?;
    let info: String = redis::from_redis_value(info).map_err(StoreError::unavailable)?;
    Ok(Server::read(&info))
}

/// Asks a server one thing, on a connection for that alone.
pub(super) async fn ask_once(address: &Address, settings: &Settings, command: &Cmd) -> Result<Value, StoreError> {
    let client = client(address, settings, ProtocolVersion::RESP2)?;
    let lane = Lane::default();
    let opened = Arc::new(lane).open_plainly(&client, settings.connect, settings.command).await;
    let mut connection = opened.map_err(Fault::into_error)?;
    let value = connection.send_packed_command(command).await.map_err(broken)?;
    answer(value, address).map_err(Fault::into_error)
}

fn client(address: &Address, settings: &Settings, protocol: ProtocolVersion) -> Result<Client, StoreError> {
    let (host, port) = (address.host.clone(), address.port);
    let mut login = RedisConnectionInfo::default().set_protocol(protocol).set_db(settings.database);
    if let Some(user) = &settings.user {
        login = login.set_username(user);
    }
    if let Some(password) = &settings.password {
        login = login.set_password(password);
    }
    let at = if settings.tls {
        ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host, port)
    };
    let info = at.into_connection_info().map_err(StoreError::unavailable)?.set_redis_settings(login);
    let client = match (&settings.root_certificates, settings.tls) {
        (Some(pem), true) => {
            Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: Some(pem.clone()) })
        }
        _ => Client::open(info),
    };
    client.map_err(StoreError::unavailable)
}

/// Whether enough replicas have it.
fn held_by(acknowledged: &Value, replicas: Replicas) -> Result<(), Fault> {
    let number = match acknowledged {
        Value::Int(number) => usize::try_from(*number).unwrap_or(0),
        _ => 0,
    };
    if number >= replicas.number {
        return Ok(());
    }
    Err(Fault::Refused(StoreError::unavailable(format!(
        "{number} of {} replicas have acknowledged the write within {:?}: it is done on the master, and lost if that is",
        replicas.number, replicas.within
    ))))
}

/// How many callers may wait for replicas at the same time without waiting for each other.
const WAITING_LANES: usize = 8;
