//! Closed-loop rounds: each client sends its next act when the last is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde::Serialize;

/// What the clients of a round saw.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Latency {
    /// Acts done.
    pub(crate) acts: usize,
    /// From the first request to the last answer.
    pub(crate) seconds: f64,
    /// Acts in one of these seconds.
    pub(crate) per_second: f64,
    /// Half of the answers came within so many milliseconds.
    pub(crate) p50_ms: f64,
    /// 99 of 100 did.
    pub(crate) p99_ms: f64,
}

/// Numbers the acts of a round, so that each is done once whichever client is free.
#[derive(Clone)]
pub(crate) struct Acts {
    next: Arc<AtomicUsize>,
    count: usize,
}

impl Acts {
    /// As many acts.
    pub(crate) fn new(count: usize) -> Self {
        Self { next: Arc::default(), count }
    }

    /// The number of the next act to do.
    pub(crate) fn take(&self) -> Option<usize> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.count).then_some(number)
    }
}

/// Waits for the clients of a round that began at `began`; each gives the microseconds of its acts.
pub(crate) async fn gather(
    began: Instant,
    clients: Vec<tokio::task::JoinHandle<anyhow::Result<Vec<u32>>>>,
) -> anyhow::Result<Latency> {
    let mut micros = Vec::new();
    for client in clients {
        micros.extend(client.await??);
    }
    let seconds = began.elapsed().as_secs_f64();
    micros.sort_unstable();
    let quantile = |share: usize| micros.get((micros.len() * share / 100).min(micros.len().saturating_sub(1)));
    let millis = |share| f64::from(quantile(share).copied().unwrap_or(0)) / 1000.0;
    Ok(Latency {
        acts: micros.len(),
        seconds,
        per_second: rate(micros.len(), seconds),
        p50_ms: millis(50),
        p99_ms: millis(99),
    })
}

/// Microseconds since a moment.
pub(crate) fn micros_since(moment: Instant) -> u32 {
    u32::try_from(moment.elapsed().as_micros()).unwrap_or(u32::MAX)
}

/// So many in one second.
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
pub(crate) fn rate(count: usize, seconds: f64) -> f64 {
    count as f64 / seconds.max(1e-9)
}
