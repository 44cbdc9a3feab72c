//! 地方实施编码, in the form 四川 publishes.

use core::str::FromStr;

use crate::credit_code::CreditCode;
use crate::division::DivisionCode;
use crate::fault::{Charset, Fault, InvalidCode, Kind};
use crate::text::{code_as_text, debug_as_text, require, require_ascii};

const LENGTH_MAX: usize = 128;

/// A local item code such as `511A0108100001-510100000000-000-<credit code>-1-00`.
///
/// Its parts, from the left: local base code (which may itself hold hyphens, as `G-000007-001`), division (12),
/// a group (3), the authority, the delegation digit, a suffix (2). One code in seven of a real district names
/// an authority by something that is no valid credit code, so that part stays text: ask [`Self::credit_code`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalItemCode {
    text: String,
    /// Characters of the local base code.
    base: usize,
}

/// Characters after the base code: `-dddddddddddd-ddd-`.
const MIDDLE: usize = 18;
/// Characters after the authority: `-d-dd`.
const TAIL: usize = 5;

impl LocalItemCode {
    /// The code as published.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// 地方基本编码, without the division and the authority.
    pub fn base(&self) -> &str {
        &self.text[..self.base]
    }

    /// The division the item is exercised in or taken over from.
    pub fn division(&self) -> DivisionCode {
        self.text[self.base + 1..self.base + 13].parse().expect("checked when the code was read")
    }

    /// The three digits after the division, `000` in every code seen.
    pub fn group(&self) -> &str {
        &self.text[self.base + 14..self.base + 17]
    }

    /// The authority as the source names it, which need not be a valid credit code.
    pub fn authority(&self) -> &str {
        &self.text[self.base + MIDDLE..self.text.len() - TAIL]
    }

    /// The authority's credit code, or what is wrong with it; positions count from the start of this code.
    pub fn credit_code(&self) -> Result<CreditCode, InvalidCode> {
        self.authority().parse().map_err(|e: InvalidCode| e.inside(Kind::LocalItemCode, self.base + MIDDLE))
    }

    /// The digit after the authority: 1, or 2 for what are probably delegated items.
    pub fn delegation(&self) -> u8 {
        self.text.as_bytes()[self.text.len() - 4] - b'0'
    }

    /// The last two digits, `00` in every code seen.
    pub fn suffix(&self) -> &str {
        &self.text[self.text.len() - 2..]
    }
}

fn is_middle(b: &[u8]) -> bool {
    let digits = |r: core::ops::Range<usize>| b[r].iter().all(u8::is_ascii_digit);
    b.len() == MIDDLE && b[0] == b'-' && b[13] == b'-' && b[17] == b'-' && digits(1..13) && digits(14..17)
}

impl FromStr for LocalItemCode {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        const KIND: Kind = Kind::LocalItemCode;
        let wrong = |en, zh| Err(InvalidCode::new(KIND, Fault::Structure { en, zh }));
        require_ascii(KIND, s)?;
        if s.len() > LENGTH_MAX {
            return Err(InvalidCode::new(KIND, Fault::Length { expected: "at most 128", found: s.len() }));
        }
        let plain = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
        if let Some(at) = s.bytes().position(|b| !plain(&b)) {
            require(KIND, &s.as_bytes()[at..=at], at, Charset::Alphanumeric)?;
        }
        let Some(base) = s.as_bytes().windows(MIDDLE).position(is_middle).filter(|base| *base > 0) else {
            return wrong(
                "after its base code it has no division of 12 digits and group of 3 digits",
                "地方基本编码之后缺少12位区划代码和3位序号",
            );
        };
        let ends_well = match &s.as_bytes()[base + MIDDLE..] {
            [authority @ .., b'-', d, b'-', x, y] => {
                !authority.is_empty() && [d, x, y].iter().all(|b| b.is_ascii_digit())
            }
            _ => false,
        };
        if !ends_well {
            return wrong(
                "it does not end with an authority, one digit and two digits",
                "末尾应为实施主体代码、1位数字和2位数字",
            );
        }
        let _: DivisionCode = s[base + 1..base + 13].parse().map_err(|e: InvalidCode| e.inside(KIND, base + 1))?;
        Ok(Self { text: s.to_owned(), base })
    }
}

code_as_text!(LocalItemCode);
debug_as_text!(LocalItemCode);
