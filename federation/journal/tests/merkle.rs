//! The tree against the vectors of Certificate Transparency and against its own definition at every small size.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use tongban_codes::cbor;
use tongban_codes::ids::Digest;
use tongban_journal::merkle::{
    MemoryTree, ProofError, consistency_proof, empty_root, inclusion_proof, leaf_hash, node_hash, root_at, root_of,
    verify_consistency, verify_inclusion,
};
use tongban_journal::{Frontier, NodeSource};

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The eight leaves that Certificate Transparency's own tests use.
fn vector_leaves() -> Vec<Digest> {
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
        .map(|leaf| leaf_hash(&unhex(leaf)))
        .to_vec()
}

fn digest(text: &str) -> Digest {
    text.parse().unwrap()
}

fn leaves(count: u64) -> Vec<Digest> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

#[test]
fn roots_of_the_certificate_transparency_vectors() {
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    assert_eq!(empty_root(), digest("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    assert_eq!(root_of(&[]), empty_root());
    let leaves = vector_leaves();
    for (size, root) in (1..).zip(roots) {
        assert_eq!(root_of(&leaves[..size]), digest(root), "size {size}");
    }
}

#[test]
fn proofs_of_the_certificate_transparency_vectors() {
    let tree = MemoryTree::from_leaves(vector_leaves());
    let path = |texts: &[&str]| texts.iter().map(|text| digest(text)).collect::<Vec<_>>();
    assert_eq!(
        inclusion_proof(&tree, 5, 8).unwrap(),
        path(&[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ])
    );
    assert_eq!(
        inclusion_proof(&tree, 2, 3).unwrap(),
        path(&["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"])
    );
    assert_eq!(
        consistency_proof(&tree, 6, 8).unwrap(),
        path(&[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ])
    );
    assert_eq!(
        consistency_proof(&tree, 2, 5).unwrap(),
        path(&[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ])
    );
}

#[test]
fn every_proof_up_to_64_leaves_holds_and_only_for_its_place() {
    let all = leaves(64);
    let tree = MemoryTree::from_leaves(all.iter().copied());
    for size in 1..=64 {
        let root = root_of(&all[..usize::try_from(size).unwrap()]);
        assert_eq!(root_at(&tree, size).unwrap(), root);
        for index in 0..size {
            let leaf = &all[usize::try_from(index).unwrap()];
            let path = inclusion_proof(&tree, index, size).unwrap();
            assert_eq!(verify_inclusion(leaf, index, size, &path, &root), Ok(()));
            for other in (0..size).filter(|other| *other != index) {
                assert!(verify_inclusion(leaf, other, size, &path, &root).is_err(), "{index} as {other} of {size}");
            }
            if let Some((_, short)) = path.split_last() {
                assert_eq!(verify_inclusion(leaf, index, size, short, &root), Err(ProofError::Length));
            }
            let long = [path.as_slice(), &[root]].concat();
            assert_eq!(verify_inclusion(leaf, index, size, &long, &root), Err(ProofError::Length));
        }
        for old in 0..=size {
            let old_root = root_of(&all[..usize::try_from(old).unwrap()]);
            let proof = consistency_proof(&tree, old, size).unwrap();
            assert_eq!(verify_consistency(old, &old_root, size, &root, &proof), Ok(()), "{old} of {size}");
            let long = [proof.as_slice(), &[root]].concat();
            assert!(verify_consistency(old, &old_root, size, &root, &long).is_err(), "{old} of {size}, longer");
            for at in 0..proof.len() {
                let mut bent = proof.clone();
                bent[at] = empty_root();
                assert!(verify_consistency(old, &old_root, size, &root, &bent).is_err(), "{old} of {size}, bent");
                let mut short = proof.clone();
                short.remove(at);
                assert!(verify_consistency(old, &old_root, size, &root, &short).is_err(), "{old} of {size}, shorter");
            }
            assert!(verify_consistency(old, &leaf_hash(b"?"), size, &root, &proof).is_err());
            assert!(old == 0 || verify_consistency(old, &old_root, size, &leaf_hash(b"?"), &proof).is_err());
        }
    }
}

#[test]
fn what_lies_outside_is_refused_and_what_is_missing_is_named() {
    let tree = MemoryTree::from_leaves(leaves(5));
    assert_eq!(inclusion_proof(&tree, 5, 5), Err(ProofError::OutOfRange { index: 5, size: 5 }));
    assert_eq!(consistency_proof(&tree, 6, 5), Err(ProofError::OutOfRange { index: 6, size: 5 }));
    assert_eq!(root_at(&tree, 6), Err(ProofError::Missing { level: 1, index: 2 }));
    assert!(root_at(&tree, u64::MAX).is_err());
    let root = tree.root();
    assert!(verify_inclusion(&root, u64::MAX - 1, u64::MAX, &[], &root).is_err());
    assert!(verify_consistency(1, &root, u64::MAX, &root, &[]).is_err());
    assert!(verify_inclusion(&root, 0, 0, &[], &root).is_err());
}

#[test]
fn a_frontier_has_the_tree_s_root_and_completes_its_nodes() {
    let all = leaves(130);
    let (mut frontier, mut tree) = (Frontier::new(), MemoryTree::default());
    assert_eq!(frontier.root(), empty_root());
    for (count, leaf) in (1..).zip(&all) {
        let nodes = frontier.append(*leaf);
        tree.push(*leaf);
        assert_eq!(nodes.len(), frontier.size().trailing_zeros() as usize + 1);
        for node in nodes {
            assert_eq!(tree.node(node.level, node.index), Some(node.hash));
        }
        assert_eq!(frontier.root(), root_of(&all[..count]));
        assert_eq!(frontier.root(), tree.root());
    }
}

#[test]
fn a_frontier_s_peaks_must_fit_its_size() {
    let mut frontier = Frontier::new();
    assert_eq!(cbor::to_vec(&frontier), unhex("a2000001 80".replace(' ', "").as_str()));
    leaves(3).into_iter().for_each(|leaf| drop(frontier.append(leaf)));
    let mut bytes = cbor::to_vec(&frontier);
    assert_eq!(cbor::from_slice::<Frontier>(&bytes).unwrap(), frontier);
    bytes[2] = 4;
    assert!(cbor::from_slice::<Frontier>(&bytes).is_err());
    assert!(cbor::from_slice::<Frontier>(&unhex("a20000f680")).is_err());
    assert!(cbor::from_slice::<Frontier>(&unhex("a10000")).is_err());
}

proptest! {
    #[test]
    fn large_trees_prove_themselves(new in 1_u64..3000, share in 0.0_f64..1.0, pick in any::<prop::sample::Index>()) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
            reason = "a share of a small number")]
        let old = (new as f64 * share) as u64;
        let all = leaves(new);
        let tree = MemoryTree::from_leaves(all.iter().copied());
        let mut frontier = Frontier::new();
        for leaf in &all {
            frontier.append(*leaf);
        }
        let decoded: Frontier = cbor::from_slice(&cbor::to_vec(&frontier)).unwrap();
        prop_assert_eq!(decoded.root(), tree.root());
        let index = pick.index(all.len());
        let path = inclusion_proof(&tree, index as u64, new).unwrap();
        prop_assert_eq!(verify_inclusion(&all[index], index as u64, new, &path, &tree.root()), Ok(()));
        let old_root = root_at(&tree, old).unwrap();
        let proof = consistency_proof(&tree, old, new).unwrap();
        prop_assert_eq!(verify_consistency(old, &old_root, new, &tree.root(), &proof), Ok(()));
    }

    #[test]
    fn bytes_from_outside_never_make_a_frontier_that_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(mut frontier) = cbor::from_slice::<Frontier>(&bytes) {
            frontier.append(node_hash(&empty_root(), &empty_root()));
            let _ = frontier.root();
        }
    }
}
