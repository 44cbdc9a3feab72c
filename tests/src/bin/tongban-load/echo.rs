//! A bare quinn echo: what the transport alone can do with messages of the same size, in one stream with as many unanswered as
//! the protocol allows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use quinn::Endpoint;
use serde::Serialize;
use system_tests::bare_ends;
use tokio::sync::Semaphore;

use crate::latency::rate;

/// Envelopes of one flow that may be unanswered, as in the protocol.
const WINDOW: usize = 256;

/// What the echo did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Echo {
    pub(crate) message_bytes: usize,
    pub(crate) answer_bytes: usize,
    pub(crate) window: usize,
    pub(crate) messages: usize,
    pub(crate) per_second: f64,
}

/// Sends messages of one size and awaits answers of another for so long. Both ends run in this process.
pub(crate) async fn echo(message_bytes: usize, answer_bytes: usize, seconds: u64) -> anyhow::Result<Echo> {
    let (listening, dialling) = bare_ends()?;
    let address = listening.local_addr()?;
    let serving = tokio::spawn(answer(listening, message_bytes, answer_bytes));
    let connection = dialling.connect(address, "localhost")?.await?;
    let (mut sending, mut receiving) = connection.open_bi().await?;

    let window = Arc::new(Semaphore::new(WINDOW));
    let began = Instant::now();
    let room = Arc::clone(&window);
    let sender = tokio::spawn(async move {
        let message = vec![0x5a; message_bytes];
        while began.elapsed() < Duration::from_secs(seconds) {
            room.acquire().await?.forget();
            sending.write_all(&message).await?;
        }
        sending.finish()?;
        anyhow::Ok(())
    });
    let mut messages = 0;
    let mut buffer = vec![0; answer_bytes];
    while receiving.read_exact(&mut buffer).await.is_ok() {
        messages += 1;
        window.add_permits(1);
    }
    let per_second = rate(messages, began.elapsed().as_secs_f64());
    sender.await??;
    connection.close(0_u32.into(), b"");
    serving.await??;
    Ok(Echo { message_bytes, answer_bytes, window: WINDOW, messages, per_second })
}

async fn answer(listening: Endpoint, message_bytes: usize, answer_bytes: usize) -> anyhow::Result<()> {
    let connection = listening.accept().await.context("nobody dialled")?.await?;
    let (mut sending, mut receiving) = connection.accept_bi().await?;
    let mut buffer = vec![0; message_bytes];
    let answer = vec![0xa5; answer_bytes];
    while receiving.read_exact(&mut buffer).await.is_ok() {
        sending.write_all(&answer).await?;
    }
    sending.finish()?;
    let _closed = connection.closed().await;
    Ok(())
}
