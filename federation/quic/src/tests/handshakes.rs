use super::*;
use crate::{CertificateRefusal, PeerReason, Revocation, Standing};

#[tokio::test]
async fn four_levels_meet_in_both_directions() {
    let tree = Tree::new();
    let trust = tree.trust();
    let nodes = [&tree.province, &tree.city, &tree.county, &tree.township];
    let endpoints = nodes.map(|node| node.listen(&trust));
    for (a, dialling) in endpoints.iter().enumerate() {
        for (b, listening) in endpoints.iter().enumerate().filter(|(b, _)| *b != a) {
            let (dialled, received) = meet(dialling, listening, Expect::Node(nodes[b].id)).await;
            let (dialled, received) = (dialled.unwrap(), received.unwrap());
            assert_eq!(dialled.peer().node, nodes[b].id);
            assert_eq!(received.peer().node, nodes[a].id);
            assert_eq!(received.peer().division, nodes[a].division);
            assert_eq!(received.peer().chain, nodes[a].chain);
            assert_eq!(dialled.peer().standing, Standing::Valid);
        }
    }
}

#[tokio::test]
async fn another_tree_is_refused_on_either_side() {
    let tree = Tree::new();
    let foreign = Node::root(50, "52");
    let ours = tree.county.listen(&tree.trust());
    // The foreign node trusts us, we don't trust it.
    let theirs = foreign.listen(&trust_at(NOW, [tree.province.anchor(), foreign.anchor()]));

    let (dialled, received) = meet(&theirs, &ours, Expect::Node(tree.county.id)).await;
    let error = dialled.unwrap_err();
    assert_eq!(error, QuicError::RefusedByPeer(PeerReason::OtherTree));
    assert_eq!(received.unwrap_err().error.code(), "certificate-of-another-tree");

    let (dialled, received) = meet(&ours, &theirs, Expect::Node(foreign.id)).await;
    assert_eq!(dialled.unwrap_err().code(), "certificate-of-another-tree");
    let error = received.unwrap_err().error;
    assert_eq!(error, QuicError::RefusedByPeer(PeerReason::OtherTree));
}

#[tokio::test]
async fn the_division_rule_holds_in_the_handshake() {
    let tree = Tree::new();
    let listening = tree.province.listen(&tree.trust());
    for (issuer, digits) in [(&tree.county, "511603"), (&tree.township, "511602"), (&tree.county, "511602")] {
        let node = issuer.lawlessly_below(9, digits);
        let dialling = node.listen(&tree.trust());
        let (dialled, received) = meet(&dialling, &listening, Expect::Node(tree.province.id)).await;
        let error = dialled.unwrap_err();
        assert_eq!(error, QuicError::RefusedByPeer(PeerReason::DivisionRule));
        assert_eq!(error.code(), "refused-by-peer");
        let refusal = CertificateRefusal::DivisionRule { issuer: issuer.division, subject: node.division };
        assert_eq!(received.unwrap_err().error, refusal.into());
    }
}

#[tokio::test]
async fn a_chain_without_its_key_is_worth_nothing() {
    let tree = Tree::new();
    let trust = tree.trust();
    let listening = tree.province.listen(&trust);
    let identity = Identity::stolen(&key(66), tree.county.chain.clone());
    let impostor = Endpoint::bind(loopback(), identity, trust.clone(), limits()).unwrap();
    let (dialled, received) = meet(&impostor, &listening, Expect::Node(tree.province.id)).await;
    assert_eq!(dialled.unwrap_err(), QuicError::RefusedByPeer(PeerReason::Malformed));
    let refused = received.unwrap_err().error;
    assert_eq!(refused, CertificateRefusal::WithoutKey.into());
    assert_eq!(refused.code(), "certificate-without-key");

    let (dialled, _) = meet(&listening, &impostor, Expect::Node(tree.county.id)).await;
    assert_eq!(dialled.unwrap_err(), CertificateRefusal::WithoutKey.into());
}

#[tokio::test]
async fn a_wrong_peer_is_refused_before_anything_is_sent() {
    let tree = Tree::new();
    let (dialling, listening) = (tree.city.listen(&tree.trust()), tree.county.listen(&tree.trust()));
    for expect in [
        Expect::Node(tree.township.id),
        Expect::Division(tree.township.division),
        Expect::Pinned(tree.township.key_hash()),
    ] {
        let (dialled, received) = meet(&dialling, &listening, expect).await;
        assert_eq!(dialled.unwrap_err().code(), "wrong-peer");
        let error = received.unwrap_err().error;
        assert_eq!(error, QuicError::RefusedByPeer(PeerReason::WrongPeer));
    }
}

#[tokio::test]
async fn a_join_between_strangers() {
    let tree = Tree::new();
    let superiors_trust = tree.trust();
    let superior = tree.county.listen(&superiors_trust);
    let joiner = Node::root(60, "511602105");
    let joining = joiner.listen(&trust_at(NOW, [joiner.anchor()]));
    let right = Expect::Pinned(tree.county.key_hash());

    // Without an open invitation nobody knocks.
    let (dialled, _) = meet(&joining, &superior, right).await;
    assert_eq!(dialled.unwrap_err(), QuicError::RefusedByPeer(PeerReason::OtherTree));

    superiors_trust.admit_strangers(true);
    let wrong = Expect::Pinned(tree.city.key_hash());
    let (dialled, _) = meet(&joining, &superior, wrong).await;
    assert_eq!(dialled.unwrap_err().code(), "wrong-peer");

    let (dialled, received) = meet(&joining, &superior, right).await;
    let (dialled, received) = (dialled.unwrap(), received.unwrap());
    assert_eq!(dialled.peer().standing, Standing::Pinned);
    assert_eq!(received.peer().standing, Standing::Stranger);
    assert_eq!(received.peer().key_hash, joiner.key_hash());

    // The superior issues a chain on what the handshake has proven; with it the node is no stranger.
    let knocker = certificate::parse(&received.peer().chain[0]).unwrap();
    let subject = Subject { spki: knocker.spki, node: knocker.node, division: knocker.division };
    let chain = certificate::issue(&tree.county.key, &tree.county.chain, &subject, NOW, 90).unwrap();
    superiors_trust.admit_strangers(false);
    joining.replace_identity(Identity::new(&joiner.key, chain).unwrap());
    let (dialled, received) = meet(&joining, &superior, right).await;
    dialled.unwrap();
    assert_eq!(received.unwrap().peer().standing, Standing::Valid);
}

#[tokio::test]
async fn a_node_of_a_tree_joins_another_with_a_certificate_of_its_own() {
    let tree = Tree::new();
    let trust = tree.trust();
    trust.admit_strangers(true);
    let superior = tree.county.listen(&trust);
    let member = Node::root(70, "52").below(71, "5201");
    let endpoint = member.listen(&trust_at(NOW, []));
    let alone = Node::root(71, "5201");
    let address = superior.local_address().unwrap();
    let expect = Expect::Pinned(tree.county.key_hash());
    let identity = alone.identity();
    let (dialled, received) =
        guard(async { tokio::join!(endpoint.connect_as(&identity, address, expect), superior.accept()) }).await;
    dialled.unwrap();
    let peer = received.unwrap().unwrap();
    assert_eq!(peer.peer().standing, Standing::Stranger);
    assert_eq!(peer.peer().key_hash, member.key_hash());
}

#[tokio::test]
async fn the_standing_travels_with_the_link_and_is_judged_again() {
    let tree = Tree::new();
    let (trust, hand) = settable_trust([tree.province.anchor()]);
    let (above, below) = (tree.city.listen(&trust), tree.county.listen(&trust));
    hand.store(days_after(NOW, 100).as_millis(), Ordering::SeqCst);
    let since = days_after(NOW, 90);
    let (dialled, received) = meet(&below, &above, Expect::Node(tree.city.id)).await;
    let (dialled, received) = (dialled.unwrap(), received.unwrap());
    assert_eq!(received.peer().standing, Standing::ExpiredGrace { since });
    assert_eq!(dialled.peer().standing, Standing::ExpiredGrace { since });

    hand.store(days_after(NOW, 300).as_millis(), Ordering::SeqCst);
    assert_eq!(received.judge_again(), Ok(Standing::ExpiredKin { since }));
    assert_eq!(dialled.judge_again(), Err(CertificateRefusal::Expired { since }));

    // With the superior's key as an anchor it dials up again, and is let in for its renewal.
    trust.replace_anchors([tree.province.anchor(), tree.city.anchor()]);
    let (dialled, received) = meet(&below, &above, Expect::Node(tree.city.id)).await;
    assert_eq!(dialled.unwrap().peer().standing, Standing::ExpiredGrace { since });
    let standing = received.unwrap().peer().standing;
    assert_eq!(standing, Standing::ExpiredKin { since });
}

#[tokio::test]
async fn no_session_is_resumed_past_a_revocation() {
    let tree = Tree::new();
    let servers = tree.trust();
    let (dialling, listening) = (tree.county.listen(&tree.trust()), tree.city.listen(&servers));
    let (dialled, received) = meet(&dialling, &listening, Expect::Node(tree.city.id)).await;
    let (dialled, received) = (dialled.unwrap(), received.unwrap());
    // A round trip, so that a ticket, were there one, has come.
    dialled.send(b"there").await.unwrap();
    guard(received.receive()).await.unwrap();
    received.send(b"back").await.unwrap();
    guard(dialled.receive()).await.unwrap();

    servers.replace_revocations([Revocation { key_hash: tree.county.key_hash(), since: NOW }]);
    assert_eq!(received.judge_again().unwrap_err().code(), "certificate-revoked");
    drop((dialled, received));
    let (dialled, received) = meet(&dialling, &listening, Expect::Node(tree.city.id)).await;
    assert_eq!(dialled.unwrap_err(), QuicError::RefusedByPeer(PeerReason::Revoked));
    assert_eq!(received.unwrap_err().error.code(), "certificate-revoked");
}

#[tokio::test]
async fn an_identity_is_replaced_under_a_living_link() {
    let tree = Tree::new();
    let trust = tree.trust();
    let (dialling, listening) = (tree.county.listen(&trust), tree.city.listen(&trust));
    let (old_there, old_here) = meet(&dialling, &listening, Expect::Node(tree.city.id)).await;
    let (old_there, old_here) = (old_there.unwrap(), old_here.unwrap());

    let renewed = |issuer: &Node, node: &Node| {
        let later = days_after(NOW, 30);
        certificate::issue(&issuer.key, &issuer.chain, &node.subject(), later, 90).unwrap()
    };
    let (county, city) = (renewed(&tree.city, &tree.county), renewed(&tree.province, &tree.city));
    dialling.replace_identity(Identity::new(&tree.county.key, county.clone()).unwrap());
    listening.replace_identity(Identity::new(&tree.city.key, city.clone()).unwrap());
    let (new_there, new_here) = meet(&dialling, &listening, Expect::Node(tree.city.id)).await;
    let (new_there, new_here) = (new_there.unwrap(), new_here.unwrap());
    assert_eq!(new_there.peer().chain, city);
    assert_eq!(new_here.peer().chain, county);
    let from = Timestamp::from_millis(days_after(NOW, 30).as_millis() - 300_000);
    assert_eq!(new_here.peer().standing, Standing::NotYetValid { from });

    assert_eq!(old_here.peer().chain, tree.county.chain);
    old_there.send(b"still here").await.unwrap();
    assert_eq!(guard(old_here.receive()).await.unwrap(), b"still here");
}

#[tokio::test]
async fn nobody_answers() {
    let tree = Tree::new();
    let silent = std::net::UdpSocket::bind(loopback()).unwrap();
    let dialling =
        tree.county.listen_within(&tree.trust(), Limits { handshake_timeout: Duration::from_millis(300), ..limits() });
    let address = silent.local_addr().unwrap();
    let error = guard(dialling.connect(address, Expect::Node(tree.city.id))).await.unwrap_err();
    assert_eq!(error.code(), "unreachable");
    let port_zero = SocketAddr::from(([127, 0, 0, 1], 0));
    let error = dialling.connect(port_zero, Expect::Node(tree.city.id)).await.unwrap_err();
    assert_eq!(error.code(), "unreachable");
}

#[tokio::test]
async fn a_full_gate_sends_newcomers_away_and_opens_again() {
    let tree = Tree::new();
    let trust = tree.trust();
    trust.admit_strangers(true);
    let listening = tree.county.listen_within(&trust, Limits { unauthenticated_per_address_max: 2, ..limits() });
    let stranger = Node::root(80, "511602106");
    let dialling = stranger.listen(&trust_at(NOW, []));
    let expect = Expect::Pinned(tree.county.key_hash());
    // The second has to prove its address (retry) and still gets in.
    let (first, here_first) = meet(&dialling, &listening, expect).await;
    let (second, here_second) = meet(&dialling, &listening, expect).await;
    let (first, _second) = (first.unwrap(), second.unwrap());
    let (gone, _here) = (here_first.unwrap(), here_second.unwrap());
    let address = listening.local_address().unwrap();
    let error = guard(dialling.connect(address, expect)).await.unwrap_err();
    assert_eq!(error, QuicError::PeerBusy);

    drop(first);
    guard(gone.closed()).await;
    drop(gone);
    let (third, _) = meet(&dialling, &listening, expect).await;
    third.unwrap();
}
