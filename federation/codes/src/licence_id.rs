//! 电子证照标识 and 证照类型代码 (GB/T 36904-2018).

use core::str::FromStr;

use crate::credit_code::CreditCode;
use crate::fault::{Charset, Fault, InvalidCode, Kind};
use crate::iso7064;
use crate::text::{Ascii, code_as_text, debug_as_text, exactly, number, require, require_ascii};

/// What every licence identifier begins with: the object identifier of GB/T 36904 and a dot.
pub const PREFIX: &str = "1.2.156.3005.2.";

const SERIAL_MAX: usize = 64;
const ISSUER_MAX: usize = 32;

/// 证照类型代码: 21 characters, the credit code of the authority that defines the type (18) and a serial (3).
///
/// Official type codes exist whose credit code fails its check, so that is asked for separately.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LicenceTypeCode(Ascii<21>);

impl LicenceTypeCode {
    /// Type number `serial` (1 to 999) of `authority`; `None` for another number.
    pub fn new(authority: CreditCode, serial: u16) -> Option<Self> {
        (1..=999).contains(&serial).then(|| Ascii::new(&format!("{authority}{serial:03}")).map(Self)).flatten()
    }

    /// The 21 characters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The credit code of the authority that defines the type, or what is wrong with it.
    pub fn authority(&self) -> Result<CreditCode, InvalidCode> {
        self.as_str()[..18].parse().map_err(|e: InvalidCode| e.inside(Kind::LicenceType, 0))
    }

    /// The authority's serial of the type, three digits.
    pub fn serial(&self) -> &str {
        &self.as_str()[18..]
    }
}

impl FromStr for LicenceTypeCode {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let text: Ascii<21> = exactly(Kind::LicenceType, s, "21")?;
        require(Kind::LicenceType, &text.bytes()[..18], 0, Charset::Alphanumeric)?;
        require(Kind::LicenceType, &text.bytes()[18..], 18, Charset::Digits)?;
        Ok(Self(text))
    }
}

code_as_text!(LicenceTypeCode);
debug_as_text!(LicenceTypeCode);

/// A licence identifier: `1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>`.
///
/// The check character is ISO 7064 MOD 37,36 over type, issuer, serial and version without the dots. Issuers of
/// imported licences may be something other than a credit code, for example a division; those made by
/// [`LicenceId::new`] are credit codes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LicenceId(String);

impl LicenceId {
    /// The identifier of version `version` (1 to 999) of licence `serial` (1 to 64 of `0-9A-Z`) of `issuer`.
    pub fn new(
        licence_type: LicenceTypeCode,
        issuer: CreditCode,
        serial: &str,
        version: u16,
    ) -> Result<Self, InvalidCode> {
        if !(1..=999).contains(&version) {
            return Err(structure("the version is 001 to 999", "版本号应为001至999"));
        }
        let version = format!("{version:03}");
        let offset = PREFIX.len() + 21 + 1 + 18 + 1;
        require_serial(serial, offset)?;
        let check = check_of([licence_type.as_str(), issuer.as_str(), serial, &version]);
        Ok(Self(format!("{PREFIX}{licence_type}.{issuer}.{serial}.{version}.{check}")))
    }

    /// The whole identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn part(&self, n: usize) -> &str {
        self.0[PREFIX.len()..].split('.').nth(n).expect("five parts, checked when the identifier was read")
    }

    /// 证照类型代码.
    pub fn licence_type(&self) -> LicenceTypeCode {
        self.part(0).parse().expect("checked when the identifier was read")
    }

    /// 证照颁发机构代码, as written.
    pub fn issuer(&self) -> &str {
        self.part(1)
    }

    /// The issuer's credit code, or what is wrong with it.
    pub fn issuer_credit_code(&self) -> Result<CreditCode, InvalidCode> {
        self.issuer().parse().map_err(|e: InvalidCode| e.inside(Kind::LicenceId, PREFIX.len() + 22))
    }

    /// 流水号: the issuer's own number of the licence.
    pub fn serial(&self) -> &str {
        self.part(2)
    }

    /// 版本号: increases with each re-issue or change.
    pub fn version(&self) -> u16 {
        u16::try_from(number(self.part(3).as_bytes())).expect("three digits")
    }

    /// The identifier of the next version of the same licence; `None` after version 999.
    pub fn next_version(&self) -> Option<Self> {
        let version = self.version() + 1;
        if version > 999 {
            return None;
        }
        let version = format!("{version:03}");
        let check = check_of([self.part(0), self.part(1), self.part(2), &version]);
        Some(Self(format!("{PREFIX}{}.{}.{}.{version}.{check}", self.part(0), self.part(1), self.part(2))))
    }
}

fn check_of(parts: [&str; 4]) -> char {
    iso7064::mod_37_36(parts.concat().as_bytes()).expect("the characters were checked")
}

fn structure(en: &'static str, zh: &'static str) -> InvalidCode {
    InvalidCode::new(Kind::LicenceId, Fault::Structure { en, zh })
}

fn require_serial(serial: &str, offset: usize) -> Result<(), InvalidCode> {
    if serial.is_empty() || serial.len() > SERIAL_MAX {
        return Err(structure("the serial has 1 to 64 characters", "流水号应为1至64位"));
    }
    require_ascii(Kind::LicenceId, serial)?;
    require(Kind::LicenceId, serial.as_bytes(), offset, Charset::Alphanumeric)
}

impl FromStr for LicenceId {
    type Err = InvalidCode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        require_ascii(Kind::LicenceId, s)?;
        let Some(rest) = s.strip_prefix(PREFIX) else {
            return Err(structure("it does not begin with 1.2.156.3005.2.", "开头应为“1.2.156.3005.2.”"));
        };
        let mut parts = rest.splitn(6, '.');
        let [Some(licence_type), Some(issuer), Some(serial), Some(version), Some(check), None] =
            [(); 6].map(|()| parts.next())
        else {
            return Err(structure(
                "after the prefix it does not have five parts: type, issuer, serial, version, check",
                "前缀之后应有类型、颁发机构、流水号、版本号、校验位五段",
            ));
        };
        let mut offset = PREFIX.len();
        let _: LicenceTypeCode = licence_type.parse().map_err(|e: InvalidCode| e.inside(Kind::LicenceId, offset))?;
        offset += licence_type.len() + 1;
        if issuer.is_empty() || issuer.len() > ISSUER_MAX {
            return Err(structure("the issuer has 1 to 32 characters", "颁发机构代码应为1至32位"));
        }
        require(Kind::LicenceId, issuer.as_bytes(), offset, Charset::Alphanumeric)?;
        offset += issuer.len() + 1;
        require_serial(serial, offset)?;
        offset += serial.len() + 1;
        if version.len() != 3 {
            return Err(structure("the version has three digits", "版本号应为3位数字"));
        }
        require(Kind::LicenceId, version.as_bytes(), offset, Charset::Digits)?;
        offset += 4;
        let &[found] = check.as_bytes() else {
            return Err(structure("it does not end with one check character", "末段应为1位校验位"));
        };
        require(Kind::LicenceId, &[found], offset, Charset::Alphanumeric)?;
        let expected = check_of([licence_type, issuer, serial, version]);
        if expected != char::from(found) {
            return Err(InvalidCode::new(
                Kind::LicenceId,
                Fault::CheckCharacter { position: offset + 1, found: char::from(found), expected },
            ));
        }
        Ok(Self(s.to_owned()))
    }
}

code_as_text!(LicenceId);
debug_as_text!(LicenceId);
