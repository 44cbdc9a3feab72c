use super::*;
use crate::{CertificateRefusal, PeerIdentity, Revocation, Standing, Verifier};

fn judge(trust: &Trust, own: &str, chain: &[Vec<u8>]) -> Result<PeerIdentity, CertificateRefusal> {
    Verifier::listening(trust.clone(), division(own)).judge(chain)
}

fn code(result: Result<PeerIdentity, CertificateRefusal>) -> &'static str {
    result.map_or_else(|refusal| refusal.code(), |_| "accepted")
}

#[test]
fn every_level_of_the_tree_is_accepted() {
    let tree = Tree::new();
    for node in [&tree.province, &tree.city, &tree.county, &tree.township] {
        let peer = judge(&tree.trust(), "51", &node.chain).unwrap();
        assert_eq!(peer.standing, Standing::Valid);
        assert_eq!((peer.node, peer.division), (node.id, node.division));
        assert_eq!(peer.key_hash, node.key_hash());
        assert_eq!(peer.chain, node.chain);
    }
}

#[test]
fn the_division_rule() {
    let tree = Tree::new();
    for (issuer, digits) in [
        (&tree.county, "511603"),    // a foreign county
        (&tree.county, "511603100"), // a township of a foreign county
        (&tree.county, "511602"),    // an equal
        (&tree.township, "511602"),  // the one above
        (&tree.county, "51"),        // the root
    ] {
        let node = issuer.lawlessly_below(9, digits);
        let refusal = judge(&tree.trust(), "51", &node.chain).unwrap_err();
        let expected = CertificateRefusal::DivisionRule { issuer: issuer.division, subject: node.division };
        assert_eq!(refusal, expected);
        // Nor does it help further below.
        if digits == "511603" {
            let below = node.below(10, "511603100");
            assert_eq!(code(judge(&tree.trust(), "51", &below.chain)), "division-rule");
        }
    }
}

#[test]
fn an_anchor_speaks_for_its_division_alone() {
    let tree = Tree::new();
    let neighbour = Node::root(20, "52");
    let usurper = Node { division: division("51"), ..Node::root(20, "51") };
    let trust = trust_at(NOW, [tree.province.anchor(), neighbour.anchor()]);
    assert_eq!(code(judge(&trust, "51", &neighbour.below(21, "5201").chain)), "accepted");
    assert_eq!(code(judge(&trust, "51", &usurper.below(21, "5101").chain)), "certificate-of-another-tree");
}

#[test]
fn a_superior_is_trusted_by_its_key_under_a_new_root() {
    // The county was a root of its own when the township joined it, and joins the city later.
    let county = Node::root(3, "511602");
    let township = county.below(4, "511602103");
    let sibling = county.below(5, "511602104");
    let tree = Tree::new();
    let trust = trust_at(NOW, [county.anchor()]);
    for chain in [&county.chain, &tree.county.chain, &sibling.chain, &township.chain] {
        assert_eq!(code(judge(&trust, "511602103", chain)), "accepted");
    }
    // A sibling with a chain under the new root is anchored at the county too.
    let renewed = tree.county.below(5, "511602104");
    assert_eq!(code(judge(&trust, "511602103", &renewed.chain)), "accepted");
    assert_eq!(code(judge(&trust, "511602103", &tree.city.chain)), "certificate-of-another-tree");
}

#[test]
fn expiry_is_no_cliff() {
    let tree = Tree::new();
    let end = days_after(NOW, 90);
    let later = |days, millis| Timestamp::from_millis(days_after(end, days).as_millis() + millis);
    let grace = Ok(Standing::ExpiredGrace { since: end });
    let kin = Ok(Standing::ExpiredKin { since: end });
    let expired = Err(CertificateRefusal::Expired { since: end });
    let (city, county) = (&tree.city.chain, &tree.county.chain);
    for (row, (now, own, chain, expected)) in [
        (end, "5117", county, Ok(Standing::Valid)),
        (later(0, 1), "5117", county, grace.clone()),
        (later(0, 1), "51", county, grace.clone()),
        (later(90, 0), "5117", county, grace.clone()),
        (later(90, 1), "5117", county, expired.clone()),
        (later(90, 1), "511602", county, expired.clone()), // an equal is not above
        (later(90, 1), "511602103", county, expired.clone()),
        (later(90, 1), "5116", county, kin.clone()),
        (later(90, 1), "51", county, kin.clone()),
        (later(3_000, 0), "51", city, kin),
        (later(3_000, 0), "5116", city, expired),
    ]
    .into_iter()
    .enumerate()
    {
        let trust = trust_at(now, [tree.province.anchor()]);
        let standing = judge(&trust, own, chain).map(|peer| peer.standing);
        assert_eq!(standing, expected, "row {row}");
    }
    // A peer that is trusted by its own key is never cut off.
    let trust = trust_at(later(3_000, 0), [tree.county.anchor()]);
    let standing = judge(&trust, "511602103", county).map(|peer| peer.standing);
    assert_eq!(standing, grace);
}

#[test]
fn an_expired_link_of_the_chain_counts_like_the_leaf() {
    let tree = Tree::new();
    let later = days_after(NOW, 85);
    let township =
        certificate::issue(&tree.county.key, &tree.county.chain, &tree.township.subject(), later, 90).unwrap();
    let trust = trust_at(days_after(NOW, 100), [tree.province.anchor()]);
    let standing = judge(&trust, "5117", &township).unwrap().standing;
    let since = days_after(NOW, 90);
    assert_eq!(standing, Standing::ExpiredGrace { since });
}

#[test]
fn a_clock_that_is_behind_is_a_finding() {
    let tree = Tree::new();
    let trust = trust_at(days_after(NOW, -400), [tree.province.anchor()]);
    let from = Timestamp::from_millis(NOW.as_millis() - 300_000);
    assert_eq!(judge(&trust, "5117", &tree.county.chain).unwrap().standing, Standing::NotYetValid { from });
}

#[test]
fn a_revoked_key_ends_its_whole_branch() {
    let tree = Tree::new();
    let trust = tree.trust();
    let revoke = |node: &Node, since| {
        trust.replace_revocations([Revocation { key_hash: node.key_hash(), since }]);
    };
    for node in [&tree.province, &tree.city, &tree.county] {
        revoke(node, NOW);
        assert_eq!(code(judge(&trust, "51", &tree.county.chain)), "certificate-revoked");
        revoke(node, days_after(NOW, 1));
        assert_eq!(code(judge(&trust, "51", &tree.county.chain)), "accepted");
    }
    revoke(&tree.township, NOW);
    assert_eq!(code(judge(&trust, "51", &tree.county.chain)), "accepted");
    // Of two dates the earlier counts.
    let revocation = |since| Revocation { key_hash: tree.county.key_hash(), since };
    trust.replace_revocations([revocation(NOW), revocation(days_after(NOW, 1))]);
    assert_eq!(code(judge(&trust, "51", &tree.county.chain)), "certificate-revoked");
}

#[test]
fn strangers_knock_only_where_they_may() {
    let tree = Tree::new();
    let stranger = Node::root(30, "511602104");
    let trust = tree.trust();
    let refused = "certificate-of-another-tree";
    assert_eq!(code(judge(&trust, "511602", &stranger.chain)), refused);
    trust.admit_strangers(true);
    let peer = judge(&trust, "511602", &stranger.chain).unwrap();
    assert_eq!(peer.standing, Standing::Stranger);
    // Not with a chain of another tree, and not where this node dials.
    let foreign = Node::root(31, "52").below(30, "5201");
    assert_eq!(code(judge(&trust, "511602", &foreign.chain)), refused);
    let dialling = Verifier::dialling(trust, division("511602"), Expect::Node(stranger.id));
    assert_eq!(code(dialling.judge(&stranger.chain)), refused);
    // Nor with the top of a chain alone, which is not self-signed.
    let trust = tree.trust();
    trust.admit_strangers(true);
    assert_eq!(code(judge(&trust, "511602", &foreign.chain[..1])), refused);
}

#[test]
fn the_dialling_side_gets_whom_it_wants() {
    let tree = Tree::new();
    let county = &tree.county;
    for (expect, expected) in [
        (Expect::Node(county.id), "accepted"),
        (Expect::Node(tree.city.id), "wrong-peer"),
        (Expect::Division(county.division), "accepted"),
        (Expect::Division(tree.city.division), "wrong-peer"),
        (Expect::Pinned(county.key_hash()), "accepted"),
        (Expect::Pinned(tree.city.key_hash()), "wrong-peer"),
    ] {
        let verifier = Verifier::dialling(tree.trust(), division("5117"), expect);
        assert_eq!(code(verifier.judge(&county.chain)), expected, "{expect:?}");
    }
    // A pinned peer needs no tree, but must not be revoked.
    let trust = trust_at(NOW, []);
    let expect = Expect::Pinned(county.key_hash());
    let verifier = Verifier::dialling(trust.clone(), division("5117"), expect);
    let peer = verifier.judge(&county.chain).unwrap();
    assert_eq!(peer.standing, Standing::Pinned);
    trust.replace_revocations([Revocation { key_hash: county.key_hash(), since: NOW }]);
    assert_eq!(code(verifier.judge(&county.chain)), "certificate-revoked");
}

#[test]
fn chains_that_do_not_hang_together_are_refused() {
    let tree = Tree::new();
    let trust = tree.trust();
    let [leaf, city, root] = tree.county.chain.as_slice() else {
        panic!("three certificates");
    };
    let other_city = tree.province.below(40, "5116").chain;
    for (chain, expected) in [
        (vec![], "certificate-malformed"),
        (vec![leaf.clone()], "certificate-of-another-tree"),
        (vec![leaf.clone(), city.clone()], "certificate-of-another-tree"),
        (vec![leaf.clone(), root.clone()], "certificate-malformed"),
        (vec![leaf.clone(), other_city[0].clone(), root.clone()], "certificate-malformed"),
        (vec![leaf.clone(); 7], "certificate-malformed"),
        (vec![leaf.clone(), b"junk".to_vec()], "certificate-malformed"),
    ] {
        assert_eq!(code(judge(&trust, "51", &chain)), expected);
    }
}

#[test]
fn no_byte_of_a_certificate_can_be_changed() {
    let tree = Tree::new();
    let trust = tree.trust();
    for position in 0..tree.city.chain[0].len() {
        let mut chain = tree.city.chain.clone();
        chain[0][position] ^= 0x01;
        assert!(judge(&trust, "51", &chain).is_err(), "byte {position}");
    }
}
