//! Every decoder on the committed corpus, and on mutations of it that a seed gives.

use std::path::Path;

use decoders::DECODERS;

/// Mutations of each file.
const MUTATIONS: u64 = 400;

struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or(0)
    }
}

/// One to four changes: a bit, a byte that means something in CBOR, a cut, a doubled or a foreign piece.
fn mutated(bytes: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        match chance.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            1 if at < bytes.len() => {
                bytes[at] = [0x00, 0x17, 0x18, 0x5f, 0x7f, 0x9f, 0xbf, 0xf6, 0xfb, 0xff][chance.below(10)];
            }
            2 => bytes.truncate(at),
            3 => {
                let piece: Vec<u8> = bytes[at..].iter().take(chance.below(40)).copied().collect();
                drop(bytes.splice(at..at, piece));
            }
            4 => {
                let from = chance.below(other.len());
                let piece: Vec<u8> = other[from..].iter().take(chance.below(40)).copied().collect();
                drop(bytes.splice(at..at, piece));
            }
            _ => bytes.insert(at, u8::try_from(chance.below(256)).unwrap_or(0)),
        }
    }
    bytes
}

#[test]
fn no_decoder_panics_on_the_corpus_or_near_it() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, decode) in DECODERS {
        let mut files: Vec<_> = std::fs::read_dir(corpus.join(name))
            .unwrap_or_else(|error| panic!("{name} has no corpus: {error}"))
            .map(|file| file.expect("it is listed").path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "the corpus of {name} is empty");
        let seeds: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).expect("it can be read")).collect();
        for (place, (file, seed)) in files.iter().zip(&seeds).enumerate() {
            decode(seed);
            for number in 0..MUTATIONS {
                let mut chance = Chance(number);
                let other = &seeds[chance.below(seeds.len()).wrapping_add(place) % seeds.len()];
                let bytes = mutated(seed, other, &mut chance);
                let fine = std::panic::catch_unwind(|| decode(&bytes));
                assert!(fine.is_ok(), "{name}, mutation {number} of {}: {bytes:02x?}", file.display());
            }
        }
    }
}
