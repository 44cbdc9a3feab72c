//! A desk whose chance is a seed and whose ciphers hide nothing.

use std::cell::Cell;

use tongban_codes::ids::{AuthorityId, CaseId, Digest};
use tongban_domain::Desk;
use tongban_domain::case::Personal;

/// A desk whose chance is a seed and whose ciphers hide nothing.
#[derive(Clone, Debug)]
pub(crate) struct SeededDesk {
    state: u64,
    /// How many keys of cases were drawn.
    keys: u32,
    /// How often something was decrypted.
    pub(crate) opened: Cell<u32>,
}

impl SeededDesk {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed, keys: 0, opened: Cell::new(0) }
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Desk for SeededDesk {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let random = self.next().to_be_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    }

    fn authority_key(&mut self, authority: &AuthorityId) -> Vec<u8> {
        Digest::of(authority.as_bytes()).as_bytes().to_vec()
    }

    fn seal(&mut self, authority: &AuthorityId, content_type: &str, payload: &[u8]) -> Vec<u8> {
        [authority.as_bytes(), content_type.as_bytes(), payload].concat()
    }

    fn encrypt(&mut self, case: &CaseId, name: &str, identity: &str) -> Personal {
        self.keys += 1;
        Personal {
            wrapped_key: [case.as_bytes().as_slice(), &self.keys.to_be_bytes()].concat(),
            name: name.as_bytes().to_vec(),
            identity: identity.as_bytes().to_vec(),
            forgotten_at: None,
        }
    }

    fn encrypt_under(&mut self, case: &CaseId, known: &Personal, name: &str, identity: &str) -> Option<Personal> {
        let wrapped_key = known.wrapped_key.clone();
        let opens = wrapped_key.starts_with(case.as_bytes());
        opens.then(|| Personal {
            wrapped_key,
            name: name.as_bytes().to_vec(),
            identity: identity.as_bytes().to_vec(),
            forgotten_at: None,
        })
    }

    fn decrypt(&self, case: &CaseId, personal: &Personal) -> Option<(String, String)> {
        self.opened.set(self.opened.get() + 1);
        let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).ok();
        if !personal.wrapped_key.starts_with(case.as_bytes()) {
            return None;
        }
        Some((text(&personal.name)?, text(&personal.identity)?))
    }

    fn index(&self, identity: &str) -> [u8; 32] {
        *Digest::of(identity.as_bytes()).as_bytes()
    }
}
