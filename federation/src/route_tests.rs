use super::*;
use crate::directory::tests::{certification, id, record, signed, tree};

fn route(me: u8, destination: u8, from: Option<u8>, linked: &[u8]) -> Hop {
    let journey = Journey { destination: id(destination), came_from: from.map(id), hops: 8 };
    let policy = Policy { unreachable: (0..=9).map(id).collect(), dial_any: false };
    next_hop(&tree(), id(me), &journey, &linked.iter().map(|n| id(*n)).collect(), &policy)
}

/// 四川省 1 over 广安市 2 over 广安区 3 and 前锋区 4, the latter over 代市镇 5; and 重庆市 8.
#[test]
fn along_the_tree_and_straight() {
    let via = |n| Hop::Via(id(n));
    let none = Hop::None;
    for (me, destination, from, linked, hop) in [
        (3, 4, None, &[2, 4][..], Hop::Direct(id(4))),
        (3, 4, None, &[2], via(2)),
        (3, 5, None, &[2, 4], via(4)),
        (3, 5, None, &[1, 2], via(2)),
        (3, 5, None, &[1], via(1)),
        (5, 3, None, &[4], via(4)),
        (4, 3, Some(5), &[2, 5], via(2)),
        (2, 3, Some(4), &[3, 4], Hop::Direct(id(3))),
        (2, 5, Some(3), &[3, 4], via(4)),
        (2, 5, Some(4), &[3, 4], none(NoHop::WayBack)),
        (2, 5, None, &[3], none(NoHop::NotLinked(id(4)))),
        (4, 5, None, &[2], none(NoHop::NotLinked(id(5)))),
        (5, 3, None, &[], none(NoHop::NotLinked(id(4)))),
        (3, 8, None, &[2], via(2)),
        (1, 8, Some(2), &[2, 8], Hop::Direct(id(8))),
        (1, 8, Some(2), &[2], none(NoHop::NotLinked(id(8)))),
        (8, 5, None, &[1], via(1)),
        (3, 9, None, &[2], via(2)),
        (1, 9, None, &[2], none(NoHop::UnknownDestination)),
        (3, 3, None, &[2], none(NoHop::Here)),
    ] {
        assert_eq!(
            route(me, destination, from, linked),
            hop,
            "from {me} to {destination}, came from {from:?}, linked {linked:?}"
        );
    }
}

#[test]
fn ways_through_a_third_node() {
    for (from, to, through) in [
        (3, 5, &[2, 4][..]),
        (5, 3, &[4, 2]),
        (2, 5, &[4]),
        (5, 2, &[4]),
        (5, 1, &[4, 2]),
        (1, 5, &[2, 4]),
        (3, 4, &[2]),
        (3, 2, &[]),
        (5, 8, &[4, 2, 1]),
        (8, 5, &[1, 2, 4]),
    ] {
        for node in [1, 2, 3, 4, 5, 8] {
            let leads = leads_through(&tree(), id(from), id(to), id(node));
            assert_eq!(leads, through.contains(&node), "from {from} to {to} through {node}");
        }
    }
}

/// Whoever is on the way never leads back through whose envelope it is: nothing that is on its way is dropped.
#[test]
fn no_way_leads_back_through_where_it_began() {
    let directory = tree();
    for (start, end) in [1, 2, 3, 4, 5, 8].into_iter().flat_map(|start| [1, 2, 3, 4, 5, 8].map(|end| (start, end))) {
        let on_the_way = [1, 2, 3, 4, 5, 8].map(id);
        let on_the_way = on_the_way.iter().filter(|node| leads_through(&directory, id(start), id(end), **node));
        for node in on_the_way.filter(|_| start != end) {
            assert!(!leads_through(&directory, *node, id(end), id(start)), "from {start} to {end} by {node}");
        }
    }
}

#[test]
fn dialling_hops_and_revocation() {
    let mut directory = tree();
    let journey = Journey { destination: id(3), came_from: None, hops: 8 };
    let linked = [id(4)].into();
    let any = Policy { dial_any: true, ..Policy::default() };
    let addresses = |n: u8| vec![format!("10.0.0.{n}:7400")];
    assert_eq!(
        next_hop(&directory, id(5), &journey, &linked, &any),
        Hop::Dial { node: id(3), addresses: addresses(3) }
    );
    let none_left = Journey { hops: 0, ..journey };
    assert_eq!(next_hop(&directory, id(5), &none_left, &linked, &any), Hop::None(NoHop::HopLimit));
    let superior = Hop::Dial { node: id(4), addresses: addresses(4) };
    assert_eq!(next_hop(&directory, id(5), &journey, &BTreeSet::new(), &Policy::default()), superior);
    let mut gone = certification(3, "511602", Some(2));
    (gone.serial, gone.revoked) = (2, Some(gone.at));
    assert!(directory.merge(&signed(&gone, &record(3), 2, 3), gone.at).is_ok());
    assert_eq!(next_hop(&directory, id(5), &journey, &linked, &any), Hop::None(NoHop::Revoked));
}

#[test]
fn from_everywhere_to_everywhere_in_few_steps() {
    let neighbours = |n: u8| -> &[u8] {
        match n {
            1 => &[2, 8],
            2 => &[1, 3, 4],
            3 => &[2],
            4 => &[2, 5],
            5 => &[4],
            _ => &[1],
        }
    };
    for (start, end) in [1, 2, 3, 4, 5, 8]
        .into_iter()
        .flat_map(|start| [1, 2, 3, 4, 5, 8].map(|end| (start, end)))
        .filter(|(a, b)| a != b)
    {
        let (mut at, mut from, mut steps) = (start, None, 0);
        while at != end {
            let (Hop::Direct(next) | Hop::Via(next)) = route(at, end, from, neighbours(at)) else {
                panic!("stuck at {at} from {start} to {end}")
            };
            (from, at, steps) = (Some(at), next.as_bytes()[0], steps + 1);
            assert!(steps < 8, "in circles from {start} to {end}");
        }
    }
}
