//! A UDP relay before each node, so that a test can cut a node's links as a pulled cable would, heal them, and make of every link a bad
//! line: delay, jitter, loss and reordering from a seed.
//!
//! A node dials from the address on which it listens, so a relay recognises who sends, and drops what comes from a node that is cut off
//! as well as what goes to it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BinaryHeap};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// How long a thread waits for a datagram before it looks whether the test is over.
const LISTEN: Duration = Duration::from_millis(200);

/// The largest UDP datagram.
const DATAGRAM_BYTES_MAX: usize = 65_536;

/// What a line does to each datagram, in either direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The shortest time on the way.
    pub delay: Duration,
    /// What is added at most, another for each; as on a real line a datagram waits for the one before it all the same.
    pub jitter: Duration,
    /// How many of a hundred thousand are lost.
    pub lost: u32,
    /// How many of a hundred thousand wait a jitter longer alone, so that later ones overtake them.
    pub overtaken: u32,
}

impl Quality {
    /// 20 to 80 ms there and as much back, two lost in a hundred, five in a hundred overtaken.
    pub const BAD: Self =
        Self { delay: Duration::from_millis(20), jitter: Duration::from_millis(60), lost: 2_000, overtaken: 5_000 };
}

/// The relays of all nodes of a cluster; dropped, their threads end.
pub struct Relays {
    shared: Arc<Shared>,
}

/// A datagram on its way; the heap gives the earliest first.
struct Travelling {
    at: Instant,
    number: u64,
    bytes: Vec<u8>,
    socket: Arc<UdpSocket>,
    /// Whom it is for; none for a connected socket.
    to: Option<SocketAddr>,
}

impl PartialEq for Travelling {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Travelling {}

impl PartialOrd for Travelling {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Travelling {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

/// What all lines share while they are bad.
struct Line {
    quality: Option<Quality>,
    random: StdRng,
    travelling: BinaryHeap<Travelling>,
    /// When the last one arrives that keeps its place, by sender and receiver.
    last: BTreeMap<(SocketAddr, Option<SocketAddr>), Instant>,
    numbers: u64,
    lost: u64,
}

struct Shared {
    /// Bytes of datagrams that passed.
    carried: AtomicU64,
    /// The nodes whose links are cut, and until when where that is known.
    cut: Mutex<BTreeMap<SocketAddr, Option<Instant>>>,
    line: Mutex<Line>,
    departed: Condvar,
    over: AtomicBool,
}

impl Drop for Relays {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        self.shared.departed.notify_all();
    }
}

impl Default for Relays {
    fn default() -> Self {
        let line = Line {
            quality: None,
            random: StdRng::seed_from_u64(0),
            travelling: BinaryHeap::new(),
            last: BTreeMap::new(),
            numbers: 0,
            lost: 0,
        };
        let shared = Shared {
            carried: AtomicU64::new(0),
            cut: Mutex::default(),
            line: Mutex::new(line),
            departed: Condvar::new(),
            over: AtomicBool::new(false),
        };
        let shared = Arc::new(shared);
        let carrying = Arc::clone(&shared);
        std::thread::spawn(move || carrying.carry());
        Self { shared }
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

    /// Cuts every link of the node that listens on `node`, until `end` or until they are healed.
    pub fn cut(&self, node: SocketAddr, end: Option<Instant>) {
        self.shared.cut.lock().unwrap_or_else(PoisonError::into_inner).insert(node, end);
    }

    /// Heals them.
    pub fn heal(&self, node: SocketAddr) {
        self.shared.cut.lock().unwrap_or_else(PoisonError::into_inner).remove(&node);
    }

    /// From now on every line has this quality, with chance from `seed`; `None` makes them good again.
    pub fn quality(&self, quality: Option<Quality>, seed: u64) {
        let mut line = self.shared.line();
        (line.quality, line.random) = (quality, StdRng::seed_from_u64(seed));
    }

    /// How many bytes the lines have carried, in all directions; a datagram that crosses two counts twice.
    #[must_use]
    pub fn carried(&self) -> u64 {
        self.shared.carried.load(Ordering::Relaxed)
    }

    /// How many datagrams bad lines have lost.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.shared.line().lost
    }
}

impl Shared {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn passes(&self, peer: SocketAddr, node: SocketAddr) -> bool {
        let cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        let is_cut = |place| cut.get(place).is_some_and(|end| end.is_none_or(|end| Instant::now() < end));
        !is_cut(&peer) && !is_cut(&node)
    }

    /// Sends a datagram as the line is: at once, later, or not at all.
    fn send(&self, socket: &Arc<UdpSocket>, bytes: &[u8], to: Option<SocketAddr>) {
        self.carried.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let mut line = self.line();
        let Some(quality) = line.quality else {
            drop(line);
            return send_now(socket, bytes, to);
        };
        let mut chance = |of: u32| line.random.random_range(0..100_000) < of;
        let (is_lost, is_overtaken) = (chance(quality.lost), chance(quality.overtaken));
        if is_lost {
            line.lost += 1;
            return;
        }
        let Ok(from) = socket.local_addr() else { return };
        let mut at = Instant::now() + quality.delay + quality.jitter.mul_f64(line.random.random::<f64>());
        if is_overtaken {
            at += quality.jitter;
        } else {
            at = line.last.get(&(from, to)).map_or(at, |last| at.max(*last));
            line.last.insert((from, to), at);
        }
        line.numbers += 1;
        let travelling = Travelling { at, number: line.numbers, bytes: bytes.to_vec(), socket: Arc::clone(socket), to };
        line.travelling.push(travelling);
        drop(line);
        self.departed.notify_one();
    }

    /// Lets what travels arrive in its time.
    fn carry(&self) {
        let mut line = self.line();
        while !self.is_over() {
            let now = Instant::now();
            let wait = match line.travelling.peek() {
                None => LISTEN,
                Some(first) if first.at > now => first.at - now,
                Some(_) => {
                    let Some(Travelling { bytes, socket, to, .. }) = line.travelling.pop() else { continue };
                    drop(line);
                    send_now(&socket, &bytes, to);
                    line = self.line();
                    continue;
                }
            };
            let waited = self.departed.wait_timeout(line, wait.min(LISTEN));
            (line, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
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
            self.send(&back, &datagram[..length], None);
        }
    }

    /// Takes the node's answers to one peer.
    fn backward(&self, back: &UdpSocket, front: &Arc<UdpSocket>, peer: SocketAddr, node: SocketAddr) {
        let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
        while !self.is_over() {
            if let Ok(length) = back.recv(&mut datagram)
                && self.passes(peer, node)
            {
                self.send(front, &datagram[..length], Some(peer));
            }
        }
    }
}

fn send_now(socket: &UdpSocket, bytes: &[u8], to: Option<SocketAddr>) {
    // A node that doesn't run refuses; the sender notices the silence.
    let _sent = match to {
        Some(to) => socket.send_to(bytes, to),
        None => socket.send(bytes),
    };
}

fn towards(node: SocketAddr) -> io::Result<UdpSocket> {
    let back = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    back.set_read_timeout(Some(LISTEN))?;
    back.connect(node)?;
    Ok(back)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a hundred numbers through a relay and gives those that arrive, in their order.
    fn through(quality: Option<Quality>, seed: u64) -> Vec<u8> {
        let relays = Relays::default();
        relays.quality(quality, seed);
        let node = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        node.set_read_timeout(Some(Duration::from_millis(500))).expect("a socket has timeouts");
        let front = relays.front(node.local_addr().expect("it is bound")).expect("a port is free");
        let peer = towards(front).expect("a port is free");
        for number in 0..100 {
            peer.send(&[number]).expect("loopback takes it");
        }
        let mut datagram = [0];
        std::iter::from_fn(|| node.recv(&mut datagram).ok().map(|_| datagram[0])).collect()
    }

    #[test]
    fn a_good_line_carries_all_in_order_and_a_bad_one_does_not() {
        assert_eq!(through(None, 0), (0..100).collect::<Vec<u8>>());
        let arrived = through(Some(Quality { lost: 20_000, ..Quality::BAD }), 7);
        assert!((60..95).contains(&arrived.len()), "{} of 100 arrived", arrived.len());
        assert!(!arrived.is_sorted(), "nothing was overtaken");
        let mut unique = arrived.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), arrived.len(), "a datagram arrived twice");
    }
}
