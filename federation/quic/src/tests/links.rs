use super::*;
use crate::close_code;

async fn pair(limits: Limits) -> (Endpoint, Endpoint, Link, Link) {
    let tree = Tree::new();
    let trust = tree.trust();
    let below = tree.county.listen_within(&trust, limits.clone());
    let above = tree.city.listen_within(&trust, limits);
    let (dialled, received) = meet(&below, &above, Expect::Node(tree.city.id)).await;
    (below, above, dialled.unwrap(), received.unwrap())
}

#[tokio::test]
async fn frames_of_every_size_keep_their_order() {
    let (_below, _above, there, here) = pair(limits()).await;
    let sizes = [0_usize, 1, 3, 4, 5, 1_200, 65_536, 1 << 20, 7];
    let send = async {
        for size in sizes {
            there.send(&vec![0xa5; size]).await.unwrap();
        }
    };
    let receive = async {
        for size in sizes {
            assert_eq!(here.receive().await.unwrap(), vec![0xa5; size]);
        }
    };
    guard(async { tokio::join!(send, receive) }).await;
    assert!(there.stats().rtt > Duration::ZERO);
    assert!(there.stats().sent_bytes > 1 << 20);
}

#[tokio::test]
async fn an_oversize_frame_is_refused_on_both_sides() {
    let (_below, _above, there, here) = pair(Limits { frame_bytes_max: 100, ..limits() }).await;
    let too_large = |length| QuicError::FrameTooLarge { length, max: 100 };
    assert_eq!(there.send(&[0; 101]).await.unwrap_err(), too_large(101));
    there.send(&[7; 100]).await.unwrap();
    assert_eq!(guard(here.receive()).await.unwrap(), [7; 100]);

    // Only the announcement arrives: it is refused without its four gigabytes.
    there.write_raw(&u32::MAX.to_be_bytes()).await.unwrap();
    let error = guard(here.receive()).await.unwrap_err();
    assert_eq!(error, too_large(u64::from(u32::MAX)));
    let QuicError::Closed { code, .. } = guard(there.closed()).await else {
        panic!("closed by the peer");
    };
    assert_eq!(code, close_code::FRAME_TOO_LARGE);
}

#[tokio::test]
async fn a_cancelled_receive_loses_nothing() {
    let (_below, _above, there, here) = pair(limits()).await;
    let frame = b"\0\0\0\x05hello";
    for byte in frame {
        // Polls once, with what has arrived so far, and drops the call.
        let _ = futures_poll_once(here.receive()).await;
        there.write_raw(&[*byte]).await.unwrap();
    }
    assert_eq!(guard(here.receive()).await.unwrap(), b"hello");
}

async fn futures_poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match future.as_mut().poll(context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// Two nodes, each in a runtime of its own; `theirs` can die like a machine, without a last word.
struct Machines {
    tree: Tree,
    ours: tokio::runtime::Runtime,
    theirs: tokio::runtime::Runtime,
    listening: Endpoint,
    here: Link,
    /// What their runtime held; it stays behind when the runtime dies.
    remains: (Endpoint, Link),
}

impl Machines {
    /// Links them, and lets them send the beginning of a frame that arrives before the answer to a request.
    fn linked(limits: &Limits) -> Self {
        let tree = Tree::new();
        let trust = tree.trust();
        let (ours, theirs) = (runtime(), runtime());
        let listening = {
            let _entered = ours.enter();
            tree.city.listen_within(&trust, limits.clone())
        };
        let accepting = listening.clone();
        let accepted = ours.spawn(async move {
            let here = guard(accepting.accept()).await.unwrap().unwrap();
            let (_, responder) = guard(here.accept_request()).await.unwrap();
            responder.respond(b"!".to_vec()).await.unwrap();
            here
        });
        let address = listening.local_address().unwrap();
        let expect = Expect::Node(tree.city.id);
        let remains = theirs.block_on(async {
            let endpoint = tree.county.listen_within(&trust, limits.clone());
            let link = guard(endpoint.connect(address, expect)).await.unwrap();
            let beginning = b"\0\0\0\x64only the beginning";
            link.write_raw(beginning).await.unwrap();
            guard(link.open_request(b"?")).await.unwrap();
            (endpoint, link)
        });
        let here = ours.block_on(accepted).unwrap();
        Self { tree, ours, theirs, listening, here, remains }
    }
}

#[test]
fn a_peer_killed_in_the_middle_of_a_frame_is_noticed() {
    let machines = Machines::linked(&limits().with_idle_timeout(Duration::from_millis(600)));
    machines.theirs.shutdown_background();
    let (ours, here) = (machines.ours, machines.here);
    let error = ours.block_on(guard(here.receive())).unwrap_err();
    assert_eq!(error, QuicError::Timeout);
    assert_eq!(error.code(), "timeout");
    let error = ours.block_on(guard(here.open_request(b"?"))).unwrap_err();
    assert_eq!(error, QuicError::Timeout);
    drop(machines.remains);
}

#[test]
fn a_restarted_peer_is_noticed_before_the_timeout() {
    // Nothing but the answer of the restarted node can end the link within the guard's time.
    let minutes = limits().with_idle_timeout(Duration::from_secs(600));
    let machines = Machines::linked(&minutes);
    let address = machines.remains.0.local_address().unwrap();
    machines.theirs.shutdown_timeout(Duration::from_secs(10));
    // Frees the port; with the runtime dead, nothing is sent any more.
    drop(machines.remains);
    let (ours, here, tree) = (machines.ours, machines.here, machines.tree);
    let _restarted = {
        let _entered = ours.enter();
        Endpoint::bind(address, tree.county.identity(), tree.trust(), minutes).unwrap()
    };
    let error = ours.block_on(guard(async {
        here.send(b"are you there, and do you know me").await.unwrap();
        here.receive().await.unwrap_err()
    }));
    assert_eq!(error, QuicError::PeerRestarted);
    drop(machines.listening);
}

#[tokio::test]
async fn a_stream_that_ends_within_a_frame_is_truncated() {
    let (_below, _above, there, here) = pair(limits()).await;
    // A request stream, by hand.
    let (mut send, mut receive) = there.connection().open_bi().await.unwrap();
    send.write_all(b"\0\0\0\x64only the beginning").await.unwrap();
    send.finish().unwrap();
    let reset = guard(receive.read_to_end(10)).await.unwrap_err();
    let quinn::ReadToEndError::Read(quinn::ReadError::Reset(code)) = reset else {
        panic!("reset");
    };
    assert_eq!(code, close_code::PROTOCOL.into());
    // The link lives on.
    there.send(b"next").await.unwrap();
    assert_eq!(guard(here.receive()).await.unwrap(), b"next");
}

#[tokio::test]
async fn requests_flow_both_ways_beside_the_frames() {
    let (_below, _above, there, here) = pair(limits()).await;
    async fn serve(link: &Link, count: u32) {
        for _ in 0..count {
            let (request, responder) = link.accept_request().await.unwrap();
            responder.respond([request, b"!".to_vec()].concat()).await.unwrap();
        }
    }
    async fn ask(link: &Link, count: u32) {
        let mut asked = tokio::task::JoinSet::new();
        for number in 0..count {
            let link = link.clone();
            asked.spawn(async move {
                let request = vec![u8::try_from(number % 251).unwrap(); 1 + number as usize * 37];
                let response = link.open_request(&request).await.unwrap();
                assert_eq!(response, [request, b"!".to_vec()].concat());
            });
        }
        while let Some(result) = asked.join_next().await {
            result.unwrap();
        }
    }
    async fn stream(link: &Link, count: u32) {
        for number in 0..count {
            link.send(&number.to_be_bytes()).await.unwrap();
        }
    }
    async fn read(link: &Link, count: u32) {
        for number in 0..count {
            assert_eq!(link.receive().await.unwrap(), number.to_be_bytes());
        }
    }
    let (asks, frames) = (200, 2_000);
    guard(async {
        tokio::join!(
            serve(&here, asks),
            serve(&there, asks),
            ask(&here, asks),
            ask(&there, asks),
            stream(&here, frames),
            stream(&there, frames),
            read(&here, frames),
            read(&there, frames),
        )
    })
    .await;
}

#[tokio::test]
async fn requests_that_get_no_answer_say_why() {
    let (_below, _above, there, here) =
        pair(Limits { request_bytes_max: 10, response_bytes_max: 20, ..limits() }).await;
    let error = there.open_request(&[0; 11]).await.unwrap_err();
    assert_eq!(error, QuicError::FrameTooLarge { length: 11, max: 10 });

    let refused = |code| QuicError::RequestRefused { code };
    let (answer, ()) = guard(async {
        tokio::join!(there.open_request(b"a"), async {
            drop(here.accept_request().await.unwrap());
        })
    })
    .await;
    assert_eq!(answer.unwrap_err(), refused(close_code::NO_ANSWER));

    let (answer, ()) = guard(async {
        tokio::join!(there.open_request(b"b"), async {
            here.accept_request().await.unwrap().1.refuse(42);
        })
    })
    .await;
    assert_eq!(answer.unwrap_err(), refused(42));

    let (answer, answered) = guard(async {
        tokio::join!(there.open_request(b"c"), async {
            here.accept_request().await.unwrap().1.respond(vec![0; 21]).await
        })
    })
    .await;
    assert_eq!(answer.unwrap_err(), refused(close_code::NO_ANSWER));
    assert_eq!(answered.unwrap_err().code(), "frame-too-large");

    // An announcement beyond the limit, by hand.
    let (mut send, mut receive) = there.connection().open_bi().await.unwrap();
    send.write_all(&u32::MAX.to_be_bytes()).await.unwrap();
    let reset = guard(receive.read_to_end(10)).await.unwrap_err();
    let quinn::ReadToEndError::Read(quinn::ReadError::Reset(code)) = reset else {
        panic!("reset");
    };
    assert_eq!(code, close_code::FRAME_TOO_LARGE.into());
}

#[tokio::test]
async fn a_stalled_request_is_broken_off() {
    let (_below, _above, there, here) =
        pair(Limits { requests_max: 1, request_timeout: Duration::from_millis(100), ..limits() }).await;
    let (mut send, mut receive) = there.connection().open_bi().await.unwrap();
    send.write_all(b"\0\0\0").await.unwrap();
    let reset = guard(receive.read_to_end(10)).await.unwrap_err();
    let quinn::ReadToEndError::Read(quinn::ReadError::Reset(code)) = reset else {
        panic!("reset");
    };
    assert_eq!(code, close_code::TOO_SLOW.into());
    // When the peer gives the stream up as well, its place is free.
    send.reset(0_u32.into()).unwrap();
    let (answer, ()) = guard(async {
        tokio::join!(there.open_request(b"next"), async {
            let (request, responder) = here.accept_request().await.unwrap();
            responder.respond(request).await.unwrap();
        })
    })
    .await;
    assert_eq!(answer.unwrap(), b"next");
}

#[tokio::test]
async fn closing_tells_the_peer_and_ends_every_wait() {
    let (_below, above, there, here) = pair(limits()).await;
    here.close(16, "有新版本");
    let closed = QuicError::Closed { code: 16, text: "有新版本".to_owned() };
    let (received, accepted, answered) =
        guard(async { tokio::join!(there.receive(), there.accept_request(), there.open_request(b"?")) }).await;
    assert_eq!(received.unwrap_err(), closed);
    assert_eq!(accepted.unwrap_err(), closed);
    assert_eq!(answered.unwrap_err(), closed);
    assert_eq!(there.send(b"?").await.unwrap_err(), closed);
    assert_eq!(guard(here.receive()).await.unwrap_err(), QuicError::ClosedHere);

    above.close(17, "stop");
    assert!(guard(above.accept()).await.is_none());
    guard(above.wait_idle()).await;
}

#[tokio::test]
async fn dropping_the_last_handle_closes() {
    let (below, _above, there, here) = pair(limits()).await;
    let second = there.clone();
    drop(there);
    second.send(b"alive").await.unwrap();
    assert_eq!(guard(here.receive()).await.unwrap(), b"alive");
    drop(second);
    let QuicError::Closed { code, .. } = guard(here.closed()).await else {
        panic!("closed by the peer");
    };
    assert_eq!(code, close_code::DONE);
    drop(below);
}

#[tokio::test]
async fn another_program_on_the_main_stream_is_turned_away() {
    let tree = Tree::new();
    let trust = tree.trust();
    let listening = tree.city.listen(&trust);
    let verifier = crate::Verifier::dialling(trust.clone(), tree.county.division, Expect::Node(tree.city.id));
    let tls = tree.county.identity().client_tls(verifier).unwrap();
    let raw = quinn::Endpoint::client(loopback()).unwrap();
    let config = quinn::ClientConfig::new(Arc::new(tls));
    let address = listening.local_address().unwrap();
    let connection = guard(raw.connect_with(config, address, "x").unwrap()).await.unwrap();
    let (mut send, _receive) = connection.open_bi().await.unwrap();
    send.write_all(b"GET / HT").await.unwrap();
    let refused = guard(listening.accept()).await.unwrap().unwrap_err();
    assert_eq!(refused.error.code(), "protocol-mismatch");
    let closed = QuicError::from(guard(connection.closed()).await);
    assert_eq!(closed.code(), "closed");
}

/// A stranger that never reads or ends what it sends gets room for a join and no more; a node of the tree gets its due.
#[tokio::test]
async fn a_stranger_has_little_room() {
    let tree = Tree::new();
    let trust = tree.trust();
    trust.admit_strangers(true);
    let listening = tree.county.listen(&trust);
    let stranger = Node::root(60, "511602105");
    let joining = stranger.listen(&trust_at(NOW, [stranger.anchor()]));
    let (knocks, known) = (Expect::Pinned(tree.county.key_hash()), Expect::Node(tree.county.id));
    let Limits { stranger_window_bytes, stranger_requests_max, receive_window_bytes, requests_max, .. } = limits();
    for (dialling, expect, streams, bytes) in [
        (joining, knocks, stranger_requests_max, stranger_window_bytes),
        (tree.township.listen(&trust), known, requests_max, receive_window_bytes),
    ] {
        let (dialled, received) = meet(&dialling, &listening, expect).await;
        let (there, _here) = (dialled.unwrap(), received.unwrap());
        // One request after the other, each but for its end; the main stream beside them counts for eight bytes.
        let (mut opened, mut sent) = (Vec::new(), 0);
        let patience = Duration::from_millis(300);
        while let Ok(Ok((mut send, receive))) = tokio::time::timeout(patience, there.connection().open_bi()).await {
            send.write_all(&(64_u32 << 10).to_be_bytes()).await.unwrap();
            opened.push((send, receive));
        }
        assert_eq!(opened.len(), usize::from(streams));
        while tokio::time::timeout(patience, there.write_raw(&[0; 1 << 10])).await.is_ok() {
            sent += 1 << 10;
        }
        let window = usize::try_from(bytes).unwrap();
        // The main stream has a window of its own within that of the link.
        let stream = usize::try_from(limits().stream_window_bytes).unwrap();
        assert!(sent <= window.min(stream), "{sent} bytes that nobody read");
        assert!(sent + (2 << 10) + 4 * opened.len() > window.min(stream), "{sent} bytes alone");
    }
}
