//! A UDP relay before each node, so that a test can cut a node's links as a pulled cable would, and heal them.
//!
//! A node dials from the address on which it listens, so a relay recognises who sends, and drops what comes from a node that is cut off
//! as well as what goes to it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a thread waits for a datagram before it looks whether the test is over.
const LISTEN: Duration = Duration::from_millis(200);

/// The largest UDP datagram.
const DATAGRAM_BYTES_MAX: usize = 65_536;

/// The relays of all nodes of a cluster; dropped, their threads end.
#[derive(Default)]
pub struct Relays {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    cut: Mutex<BTreeSet<SocketAddr>>,
    over: AtomicBool,
}

impl Drop for Relays {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
    }
}

impl Relays {
    /// Puts a relay before the node that listens on `node`; answers with the address that peers dial.
    ///
    /// # Errors
    ///
    /// When no socket can be had.
    pub fn front(&self, node: SocketAddr) -> io::Result<SocketAddr> {
        let front = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        front.set_read_timeout(Some(LISTEN))?;
        let address = front.local_addr()?;
        let shared = Arc::clone(&self.shared);
        std::thread::spawn(move || shared.forward(&Arc::new(front), node));
        Ok(address)
    }

    /// Cuts every link of the node that listens on `node`.
    pub fn cut(&self, node: SocketAddr) {
        self.shared.cut.lock().unwrap_or_else(PoisonError::into_inner).insert(node);
    }

    /// Heals them.
    pub fn heal(&self, node: SocketAddr) {
        self.shared.cut.lock().unwrap_or_else(PoisonError::into_inner).remove(&node);
    }
}

impl Shared {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    fn passes(&self, peer: SocketAddr, node: SocketAddr) -> bool {
        let cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        !cut.contains(&peer) && !cut.contains(&node)
    }

    /// Takes datagrams of peers to the node, each peer through a socket of its own by which its answers are told apart.
    fn forward(self: &Arc<Self>, front: &Arc<UdpSocket>, node: SocketAddr) {
        let mut backs: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
        let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
        while !self.is_over() {
            let Ok((length, peer)) = front.recv_from(&mut datagram) else { continue };
            if !self.passes(peer, node) {
                continue;
            }
            let back = match backs.entry(peer) {
                Entry::Occupied(known) => Arc::clone(known.get()),
                Entry::Vacant(free) => {
                    let Ok(back) = towards(node) else { continue };
                    let back = Arc::new(back);
                    free.insert(Arc::clone(&back));
                    let (shared, front, back_too) = (Arc::clone(self), Arc::clone(front), Arc::clone(&back));
                    std::thread::spawn(move || shared.backward(&back_too, &front, peer, node));
                    back
                }
            };
            // A node that doesn't run refuses; the sender notices the silence.
            let _sent = back.send(&datagram[..length]);
        }
    }

    /// Takes the node's answers to one peer.
    fn backward(&self, back: &UdpSocket, front: &UdpSocket, peer: SocketAddr, node: SocketAddr) {
        let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
        while !self.is_over() {
            if let Ok(length) = back.recv(&mut datagram)
                && self.passes(peer, node)
            {
                let _sent = front.send_to(&datagram[..length], peer);
            }
        }
    }
}

fn towards(node: SocketAddr) -> io::Result<UdpSocket> {
    let back = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    back.set_read_timeout(Some(LISTEN))?;
    back.connect(node)?;
    Ok(back)
}
