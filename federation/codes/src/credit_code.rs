//! 统一社会信用代码 (GB 32100-2015) and the 组织机构代码 (GB 11714) inside it.

use core::str::FromStr;

use crate::fault::{Charset, Fault, InvalidCode, Kind};
use crate::iso7064;
use crate::text::{Ascii, code_as_text, debug_as_text, exactly, require};

/// A unified social credit code: 18 characters with a valid check character.
///
/// 登记管理部门 (1), 机构类别 (1), 登记机关区划 (6), 主体标识码 (9), 校验码 (1). Official sources hold codes that fail the
/// check; those stay text where they are imported and never become a `CreditCode`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode(Ascii<18>);

impl CreditCode {
    /// The eighteen characters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The code over the first seventeen characters, with its check character computed.
    pub fn from_body(body: &str) -> Result<Self, InvalidCode> {
        let body: Ascii<17> = exactly(Kind::CreditCode, body, "17")?;
        shape(body.bytes())?;
        let check = iso7064::mod_31_3(body.bytes()).expect("the characters were checked");
        format!("{}{check}", body.as_str()).parse()
    }

    /// 登记管理部门 and 机构类别, the first two characters: `11` 机关, `12` 事业单位, `91` 企业.
    pub fn registrar(&self) -> &str {
        &self.as_str()[..2]
    }

    /// 登记机关行政区划码, six digits as GB/T 2260 had them at registration.
    pub fn region(&self) -> &str {
        &self.as_str()[2..8]
    }

    /// 主体标识码, characters 9 to 17: an organisation code where it passes [`OrganisationCode`]'s own check.
    pub fn subject(&self) -> &str {
        &self.as_str()[8..17]
    }

    /// The organisation code inside, when its own check character holds.
    pub fn organisation_code(&self) -> Result<OrganisationCode, InvalidCode> {
        self.subject().parse().map_err(|e: InvalidCode| e.inside(Kind::CreditCode, 8))
    }
}

fn shape(body: &[u8]) -> Result<(), InvalidCode> {
    require(Kind::CreditCode, &body[..2], 0, Charset::CreditCode)?;
    require(Kind::CreditCode, &body[2..8], 2, Charset::Digits)?;
    require(Kind::CreditCode, &body[8..], 8, Charset::CreditCode)
}

impl FromStr for CreditCode {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let text: Ascii<18> = exactly(Kind::CreditCode, s, "18")?;
        shape(text.bytes())?;
        let expected = iso7064::mod_31_3(&text.bytes()[..17]).expect("the characters were checked");
        let found = char::from(text.bytes()[17]);
        if expected != found {
            return Err(InvalidCode::new(Kind::CreditCode, Fault::CheckCharacter { position: 18, found, expected }));
        }
        Ok(Self(text))
    }
}

code_as_text!(CreditCode);
debug_as_text!(CreditCode);

/// An organisation code of GB 11714: eight characters and a check character, without the hyphen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganisationCode(Ascii<9>);

impl OrganisationCode {
    /// The nine characters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for OrganisationCode {
    type Err = InvalidCode;

    /// Reads `00001333-8` or `000013338`.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let plain = match s.split_once('-') {
            Some((body, check)) if body.len() == 8 && check.len() == 1 => format!("{body}{check}"),
            _ => s.to_owned(),
        };
        let text: Ascii<9> = exactly(Kind::OrganisationCode, &plain, "9")?;
        require(Kind::OrganisationCode, &text.bytes()[..8], 0, Charset::Alphanumeric)?;
        require(Kind::OrganisationCode, &text.bytes()[8..], 8, Charset::DigitsAndX)?;
        let expected = iso7064::gb_11714(&text.bytes()[..8]).expect("the characters were checked");
        let found = char::from(text.bytes()[8]);
        if expected != found {
            return Err(InvalidCode::new(
                Kind::OrganisationCode,
                Fault::CheckCharacter { position: 9, found, expected },
            ));
        }
        Ok(Self(text))
    }
}

code_as_text!(OrganisationCode);
debug_as_text!(OrganisationCode);
