//! The check characters of ISO 7064 (GB/T 17710) and of GB 32100, which national codes end with.

/// The 36 characters `0-9A-Z` in order of value.
pub const ALPHANUMERIC: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The 31 characters of GB 32100 in order of value: no I, O, S, V, Z.
pub const CREDIT_CODE: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The value of `0-9A-Z`.
pub(crate) const fn value(b: u8) -> Option<u32> {
    match b {
        b'0'..=b'9' => Some((b - b'0') as u32),
        b'A'..=b'Z' => Some((b - b'A') as u32 + 10),
        _ => None,
    }
}

/// The check character of ISO 7064 MOD 11-2 over decimal digits: `0-9` or `X`.
///
/// `None` when a byte is not a digit. GB 11643 uses it over 17 digits.
pub fn mod_11_2(digits: &[u8]) -> Option<char> {
    let mut p = 0_u32;
    for b in digits {
        let d = value(*b).filter(|v| *v < 10)?;
        p = (p + d) * 2 % 11;
    }
    char::from_digit((12 - p) % 11, 11).map(|c| if c == 'a' { 'X' } else { c })
}

/// The check character of ISO 7064 MOD 37,36 over `0-9A-Z`.
///
/// `None` when a byte is not in the alphabet. GB/T 36904 uses it.
pub fn mod_37_36(body: &[u8]) -> Option<char> {
    let mut p = 36_u32;
    for b in body {
        p = (p + value(*b)?) % 36;
        if p == 0 {
            p = 36;
        }
        p = p * 2 % 37;
    }
    let check = (37 - p) % 36;
    ALPHANUMERIC.get(check as usize).map(|b| char::from(*b))
}

/// The check character of GB 32100 (MOD 31-3) over the first characters of a credit code.
///
/// The weight of position i is 3^(i−1) mod 31. `None` when a byte is not in [`CREDIT_CODE`].
pub fn mod_31_3(body: &[u8]) -> Option<char> {
    let mut weight = 1_usize;
    let mut sum = 0_usize;
    for b in body {
        let v = CREDIT_CODE.iter().position(|c| c == b)?;
        sum = (sum + v * weight) % 31;
        weight = weight * 3 % 31;
    }
    CREDIT_CODE.get((31 - sum) % 31).map(|b| char::from(*b))
}

/// The check character of GB 11714 over the first eight characters of an organisation code.
///
/// Weights 3 7 9 10 5 8 4 2, `11 − Σ mod 11`, where 10 is `X` and 11 is `0`. `None` when there are not eight
/// characters of `0-9A-Z`.
pub fn gb_11714(body: &[u8]) -> Option<char> {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    if body.len() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (b, weight) in body.iter().zip(WEIGHTS) {
        sum += value(*b)? * weight;
    }
    match 11 - sum % 11 {
        10 => Some('X'),
        11 => Some('0'),
        d => char::from_digit(d, 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_the_standards() {
        for (body, check) in
            [("11010519491231002", 'X'), ("44052418800101001", '4'), ("11010119900307001", '1'), ("079", 'X')]
        {
            assert_eq!(mod_11_2(body.as_bytes()), Some(check), "{body}");
        }
        for (body, check) in [
            ("A12425GABC1234002", 'M'),
            ("79462", 'G'),
            ("11100000000013338W00211320482014138860P201807250201001", 'M'),
        ] {
            assert_eq!(mod_37_36(body.as_bytes()), Some(check), "{body}");
        }
        assert_eq!(mod_31_3(b"91310115MA1H8R7C6"), Some('7'));
        assert_eq!(mod_31_3(b"91350100M000100Y4"), Some('3'));
        assert_eq!(gb_11714(b"00001333"), Some('8'));
    }

    #[test]
    fn a_character_outside_the_alphabet_has_no_check() {
        assert_eq!(mod_11_2(b"12X"), None);
        assert_eq!(mod_37_36(b"ab"), None);
        assert_eq!(mod_31_3(b"I"), None);
        assert_eq!(gb_11714(b"1234567"), None);
    }
}
