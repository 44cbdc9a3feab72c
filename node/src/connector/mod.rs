//! Connectors: signed webhooks to outside systems that take orders, and from them (`docs/connectors.md`).
//!
//! ```text
//!   order placed ──▶ log ──▶ state: it waits ──▶ sender ──signed POST──▶ other side
//!                                  ▲               │ 2xx, 4xx: one more log entry; else again, later each time
//!                                  └── killed here: it waits still
//!   listener ◀──signed POST── other side:   signature, time, size ──▶ log ──▶ 200
//! ```
//!
//! Both ways a message has one id, however often it is sent. Nothing is answered, or held to be acknowledged, before its log entry is
//! committed.

mod body;
mod client;
mod listener;
mod said;
mod secret;
mod sender;
mod tries;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tongban_domain::connector::{ConnectorKind, Word};
use tongban_storage::keyspace::connector;
use tongban_storage::{Read, StorageError};

use crate::config::{Config, Connector as Setting};
use crate::exchange::Shared;
use client::Client;
pub(crate) use said::Said;
use secret::{SecretError, Secrets};
use tries::Tries;
pub(crate) use tries::Try;

/// How long the tasks may take to end.
const END_TIME: Duration = Duration::from_secs(5);

/// A connector as the node runs it.
pub(crate) struct Connector {
    /// Name by which orders name it.
    pub(crate) name: String,
    /// What it does.
    pub(crate) kind: ConnectorKind,
    secrets: PathBuf,
    /// None, and why, where the authorities of its certificate can't be read.
    client: Result<Client, Said>,
    tries: Tries,
    wake: Notify,
    admitted: listener::Rate,
    warned: listener::Rate,
}

impl Connector {
    fn new(setting: &Setting, directory: &Path) -> Self {
        let roots = setting.ca_file.as_ref().map(|file| directory.join(file));
        let client = match setting.uri() {
            Some(uri) => Client::new(uri, roots.as_deref()),
            None => Err(Said::new(format!("{} is no address", setting.url), format!("{} 不是地址", setting.url))),
        };
        let connector = Self {
            name: setting.name.clone(),
            kind: setting.kind.into(),
            secrets: secret::place(directory, &setting.name, &setting.secret_file),
            client,
            tries: Tries::default(),
            wake: Notify::new(),
            admitted: listener::Rate::of_messages(),
            warned: listener::Rate::of_warnings(),
        };
        if let Some(problem) = connector.problem() {
            tracing::error!(connector = connector.name, %problem, "a connector can't be used; its orders wait");
        }
        connector
    }

    /// Why it can't be used, if it can't.
    fn problem(&self) -> Option<Said> {
        let secrets = self.secrets().err().map(|error| error.said());
        secrets.or_else(|| self.client.as_ref().err().cloned())
    }

    /// Its secrets as they are now.
    fn secrets(&self) -> Result<Secrets, SecretError> {
        Secrets::load(&self.secrets)
    }

    /// How a word of an order was tried, since the node began.
    pub(crate) fn tried(&self, order: &str, word: &Word) -> Option<Try> {
        self.tries.of(&(order.to_owned(), word.number))
    }
}

/// The connectors of a node, by name.
#[derive(Clone, Default)]
pub(crate) struct Connectors(Arc<BTreeMap<String, Arc<Connector>>>);

impl Connectors {
    /// Those of a configuration. One that can't be used stops no window: its orders wait, and the log and `doctor` say why.
    pub(crate) fn new(config: &Config, directory: &Path) -> Self {
        let one = |setting: &Setting| (setting.name.clone(), Arc::new(Connector::new(setting, directory)));
        Self(Arc::new(config.connector.iter().map(one).collect()))
    }

    /// What can't be used: connector and reason.
    pub(crate) fn problems(&self) -> Vec<(String, Said)> {
        let one = |connector: &Arc<Connector>| Some((connector.name.clone(), connector.problem()?));
        self.0.values().filter_map(one).collect()
    }

    /// The connector of a name.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Connector>> {
        self.0.get(name)
    }

    /// Those of a kind.
    pub(crate) fn of_kind(&self, kind: ConnectorKind) -> impl Iterator<Item = &Arc<Connector>> {
        self.0.values().filter(move |connector| connector.kind == kind)
    }

    /// Orders that aren't over of connectors which the configuration doesn't name any more: nothing is sent of them, and nothing heard.
    pub(crate) fn orphans(&self, state: &dyn Read) -> Result<BTreeMap<String, usize>, StorageError> {
        let mut found = BTreeMap::new();
        connector::ORDER.visit(state, &[], None, false, |_, order| {
            let is_open = !order.state.is_over() || order.waiting.is_some();
            if is_open && !self.0.contains_key(&order.connector) {
                *found.entry(order.connector).or_default() += 1;
            }
            std::ops::ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// Says in the log whose orders nobody sends.
    fn warn_of_orphans(&self, state: &dyn Read) {
        match self.orphans(state) {
            Ok(orphans) => {
                for (connector, orders) in orphans {
                    tracing::warn!(connector, orders, "orders wait for a connector that isn't configured any more");
                }
            }
            Err(error) => tracing::error!(%error, "orders can't be read"),
        }
    }

    /// Something waits to be told: those who send look now.
    pub(crate) fn wake(&self) {
        self.0.values().for_each(|connector| connector.wake.notify_one());
    }

    /// Sends what waits, and hears what is told, until told to stop: one task a connector, so that none waits for another.
    pub(crate) fn start(
        &self,
        listen: Option<SocketAddr>,
        shared: &Arc<Shared>,
        stopped: &watch::Receiver<bool>,
    ) -> Running {
        let mut tasks = JoinSet::new();
        let (all, looking) = (self.clone(), Arc::clone(shared));
        tasks.spawn_blocking(move || all.warn_of_orphans(&*looking.parts.backend));
        for connector in self.0.values() {
            tasks.spawn(sender::run(Arc::clone(connector), Arc::clone(shared), stopped.clone()));
        }
        if let Some(address) = listen {
            tasks.spawn(listener::run(address, self.clone(), Arc::clone(shared), stopped.clone()));
        }
        Running(tasks)
    }
}

/// The tasks of the connectors.
pub(crate) struct Running(JoinSet<()>);

impl Running {
    /// Waits until they have let go of the state, after they were told to stop; then ends them.
    pub(crate) async fn end(mut self) {
        let _ended = tokio::time::timeout(END_TIME, async { while self.0.join_next().await.is_some() {} }).await;
        self.0.shutdown().await;
    }
}

/// Seconds since 1970 by the machine's clock: signatures are of the real time, also at a demo node whose clock is moved.
fn unix_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(since).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use tongban_domain::connector::{Order, OrderDeed, OrderState};
    use tongban_storage::{Backend as _, MemoryBackend, WriteBatch};

    use super::*;
    use crate::engine::sample_order;

    #[test]
    fn open_orders_of_a_connector_that_is_gone_are_found() {
        const CONFIG: &str = "listen = \"127.0.0.1:7511\"\n[[connector]]\nname = \"pay\"\nkind = \"payment\"\n\
                              url = \"http://127.0.0.1:9/\"\nsecret_file = \"pay.secret\"\n";
        let config = Config::parse(CONFIG).expect("it is a configuration");
        let connectors = Connectors::new(&config, Path::new("/nowhere"));
        let state = MemoryBackend::new();
        let mut batch = WriteBatch::new();
        for (index, (name, at)) in [
            ("pay", OrderState::Taken),
            ("bank", OrderState::Paid),
            ("bank", OrderState::Taken),
            ("bank", OrderState::Disputed),
            ("post", OrderState::Delivered),
        ]
        .into_iter()
        .enumerate()
        {
            let order = sample_order(OrderDeed::Placed);
            let number = format!("{}{index}", order.number);
            let mut over = tongban_storage::keyspace::Overlay::new(&state, &mut batch);
            let order = Order { number, connector: name.to_owned(), state: at, ..order };
            connector::store(&mut over, &order).expect("it is read");
        }
        state.write(batch).expect("it is written");
        let found = connectors.orphans(&state).expect("it reads");
        assert_eq!(found, BTreeMap::from([("bank".to_owned(), 2)]));
    }
}
