//! A UDP relay before each node, so that the demo can cut a node's links as a pulled cable would, and heal them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::net::UdpSocket;
use tokio::runtime::Handle;

/// Peers that one relay serves; further ones are not answered.
const PEERS_MAX: usize = 64;

/// The largest UDP datagram.
const DATAGRAM_BYTES_MAX: usize = 65_536;

/// The relays of all nodes. A node is known by the address on which it listens; it dials from there too, so that a relay recognises
/// who sends and drops what comes from, or goes to, a node that is cut off.
pub(super) struct Relays {
    cut: Arc<RwLock<BTreeSet<SocketAddr>>>,
    runtime: Handle,
}

impl Relays {
    /// No relay yet; those to come run on `runtime`.
    pub(super) fn new(runtime: Handle) -> Self {
        Self { cut: Arc::default(), runtime }
    }

    /// Puts a relay before the node that listens on `node`; answers with the address that peers dial.
    pub(super) fn front(&self, node: SocketAddr) -> io::Result<SocketAddr> {
        let front = self.runtime.block_on(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = front.local_addr()?;
        self.runtime.spawn(forward(Arc::new(front), node, Arc::clone(&self.cut)));
        Ok(address)
    }

    /// Cuts every link of a node.
    pub(super) fn cut(&self, node: SocketAddr) {
        self.cut.write().unwrap_or_else(PoisonError::into_inner).insert(node);
    }

    /// Heals them.
    pub(super) fn heal(&self, node: SocketAddr) {
        self.cut.write().unwrap_or_else(PoisonError::into_inner).remove(&node);
    }
}

fn passes(cut: &RwLock<BTreeSet<SocketAddr>>, peer: SocketAddr, node: SocketAddr) -> bool {
    let cut = cut.read().unwrap_or_else(PoisonError::into_inner);
    !cut.contains(&peer) && !cut.contains(&node)
}

/// Takes datagrams of peers to the node, each peer through a socket of its own by which its answers are told apart.
async fn forward(front: Arc<UdpSocket>, node: SocketAddr, cut: Arc<RwLock<BTreeSet<SocketAddr>>>) {
    let mut backs: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
    let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        let Ok((length, peer)) = front.recv_from(&mut datagram).await else {
            tokio::task::yield_now().await;
            continue;
        };
        if !passes(&cut, peer, node) {
            continue;
        }
        let back = match backs.get(&peer) {
            Some(back) => Arc::clone(back),
            None if backs.len() < PEERS_MAX => {
                let Ok(back) = towards(node).await else { continue };
                let back = Arc::new(back);
                backs.insert(peer, Arc::clone(&back));
                tokio::spawn(backward(Arc::clone(&back), Arc::clone(&front), peer, node, Arc::clone(&cut)));
                back
            }
            None => continue,
        };
        // A node that doesn't run refuses; the sender notices the silence.
        let _sent = back.send(&datagram[..length]).await;
    }
}

async fn towards(node: SocketAddr) -> io::Result<UdpSocket> {
    let back = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    back.connect(node).await?;
    Ok(back)
}

/// Takes the node's answers to one peer.
async fn backward(
    back: Arc<UdpSocket>,
    front: Arc<UdpSocket>,
    peer: SocketAddr,
    node: SocketAddr,
    cut: Arc<RwLock<BTreeSet<SocketAddr>>>,
) {
    let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        // The system reports once for each datagram that nobody listened; the node may be starting again.
        let Ok(length) = back.recv(&mut datagram).await else {
            tokio::task::yield_now().await;
            continue;
        };
        if passes(&cut, peer, node) {
            let _sent = front.send_to(&datagram[..length], peer).await;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::net::UdpSocket;
    use std::time::Duration;

    use super::*;

    fn socket() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    #[test]
    fn a_cut_node_neither_hears_nor_is_heard() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let relays = Relays::new(runtime.handle().clone());
        let ((node, at), (peer, peer_at)) = (socket(), socket());
        let front = relays.front(at).unwrap();
        let mut heard = [0; 16];

        peer.send_to(b"one", front).unwrap();
        let (length, back) = node.recv_from(&mut heard).unwrap();
        assert_eq!(&heard[..length], b"one");
        node.send_to(b"two", back).unwrap();
        let (length, from) = peer.recv_from(&mut heard).unwrap();
        assert_eq!((&heard[..length], from), (&b"two"[..], front));

        for cut in [at, peer_at] {
            relays.cut(cut);
            peer.send_to(b"lost", front).unwrap();
            node.send_to(b"lost", back).unwrap();
            // What the relay read before the cut was healed is gone; the next that arrives was sent after it.
            for reader in [&node, &peer] {
                reader.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
                assert!(reader.recv_from(&mut heard).is_err());
                reader.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            }
            relays.heal(cut);
            peer.send_to(b"three", front).unwrap();
            let (length, same) = node.recv_from(&mut heard).unwrap();
            assert_eq!((&heard[..length], same), (&b"three"[..], back));
        }
    }
}
