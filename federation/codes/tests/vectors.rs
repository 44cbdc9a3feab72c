//! The vectors of the standards: every code, valid and invalid, as the parsers and `check` see it.
#![expect(clippy::unwrap_used, reason = "tests")]

use tongban_codes::check::LENGTH_MAX;
use tongban_codes::citizen_id::Sex;
use tongban_codes::{
    BasicCode, CitizenId, CreditCode, Date, ExerciseLevel, Fault, ImplementationCode, ItemCode, ItemType, Kind,
    LicenceId, LicenceTypeCode, LocalItemCode, OrganisationCode, PermitItemCode, check, check_on,
};

fn check_fault(fault: &Fault) -> (usize, char) {
    match fault {
        Fault::CheckCharacter { position, expected, .. } => (*position, *expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn citizen_ids() {
    for id in ["11010519491231002X", "440524188001010014", "110101199003070011"] {
        let parsed: CitizenId = id.parse().unwrap();
        assert_eq!(parsed.to_string(), id);
    }
    let id: CitizenId = "11010519491231002x".parse().unwrap();
    assert_eq!(id.as_str(), "11010519491231002X");
    assert_eq!(id.birth_date().to_string(), "1949-12-31");
    assert_eq!(id.sex(), Sex::Female);
    assert_eq!(id.region(), "110105");
    assert_eq!(id.age_on("1963-12-30".parse().unwrap()), 13);
    assert_eq!(id.age_on("1963-12-31".parse().unwrap()), 14);
    assert_eq!(format!("{id:?}"), "CitizenId(110105************)");

    let error = "110105194912310021".parse::<CitizenId>().unwrap_err();
    assert_eq!(check_fault(&error.fault), (18, 'X'));
    assert_eq!(error.to_string(), "not a valid citizen id: check character 18 is '1', it should be 'X'");
    assert_eq!(error.zh(), "不是有效的公民身份号码：第18位校验码为“1”，应为“X”");
    let error = "110101199002300011".parse::<CitizenId>().unwrap_err();
    assert_eq!(error.fault, Fault::Date { position: 7 });
    let error = "1101011990O3070011".parse::<CitizenId>().unwrap_err();
    assert!(matches!(error.fault, Fault::Character { position: 11, found: 'O', .. }));
}

#[test]
fn credit_codes() {
    for code in [
        "11650000010183859F",
        "11450000007565194H",
        "12441500196720244T",
        "11100000000013338W",
        "11110000000021135M",
        "11430000006122244L",
        "11370800MB28559184",
        "91350100M000100Y43",
    ] {
        let parsed: CreditCode = code.parse().unwrap();
        assert_eq!(parsed.to_string(), code);
        assert_eq!(CreditCode::from_body(&code[..17]).unwrap(), parsed);
        let organisation = parsed.organisation_code().unwrap();
        assert_eq!(organisation.as_str(), &code[8..17]);
        let hyphen = format!("{}-{}", &code[8..16], &code[16..17]);
        assert_eq!(hyphen.parse::<OrganisationCode>().unwrap(), organisation);
    }
    let error = "91310115MA1H8R7C6D".parse::<CreditCode>().unwrap_err();
    assert_eq!(check_fault(&error.fault), (18, '7'));
    let error = "1165000001018385IF".parse::<CreditCode>().unwrap_err();
    assert!(matches!(error.fault, Fault::Character { position: 17, found: 'I', .. }));
    assert_eq!("00001333-7".parse::<OrganisationCode>().unwrap_err().code(), "wrong-check-character");
}

#[test]
fn national_item_codes() {
    let rows = [
        ("11650000010183859F2650116013001", 2, "65", "01", "16013", "001", None),
        ("11450000007565194H200011501500504", 2, "00", "01", "15015", "005", Some(4)),
        ("12441500196720244T3442199806003", 3, "44", "21", "99806", "003", None),
        ("11440100007482575H3440118009000", 3, "44", "01", "18009", "000", None),
        ("11440000MB2D0164XH2440289876000", 2, "44", "02", "89876", "000", None),
        ("11370800MB285591843370118009001", 3, "37", "01", "18009", "001", None),
        ("11370800MB28559184337011800900411", 3, "37", "01", "18009", "004", Some(11)),
        ("11370800MB28559184300011711200001", 3, "00", "01", "17112", "000", Some(1)),
        ("11370800MB285591843371073014000", 3, "37", "10", "73014", "000", None),
        ("11370800MB23415709400011513300501", 4, "00", "01", "15133", "005", Some(1)),
    ];
    for (text, level, province, kind, main, sub, item) in rows {
        let code: ImplementationCode = text.parse().unwrap();
        let basic = code.basic();
        assert_eq!(code.to_string(), text);
        assert_eq!(code.authority().as_str(), &text[..18]);
        assert_eq!(code.level().number(), level);
        assert_eq!(basic.as_str(), &text[19..31]);
        assert_eq!(basic.is_national(), province == "00");
        assert_eq!(basic.province().map_or("00".into(), |p| p.short()), province);
        assert_eq!(basic.item_type().to_string(), kind);
        assert_eq!(basic.main_item(), main);
        assert_eq!(basic.sub_item(), Some(sub).filter(|s| *s != "000"));
        assert_eq!(code.handling_item(), item);
        assert_eq!(code.implementation().as_str(), &text[..31]);
        let rebuilt = ImplementationCode::new(code.authority(), code.level(), basic);
        assert_eq!(item.map_or(Some(rebuilt), |n| rebuilt.with_handling_item(n)), Some(code));
        assert_eq!(text.parse::<ItemCode>().unwrap(), ItemCode::Implementation(code));

        let result = check(text);
        let expected = if item.is_some() { Kind::HandlingItemCode } else { Kind::ImplementationCode };
        assert_eq!((result.valid, result.kinds), (true, vec![expected]));
    }
    let fault = |text: &str| text.parse::<ImplementationCode>().unwrap_err();
    let error = fault("11650000010183859G2650116013001");
    assert_eq!((error.part, check_fault(&error.fault)), (Some(Kind::CreditCode), (18, 'F')));
    assert!(matches!(fault("11650000010183859F8650116013001").fault, Fault::Character { position: 19, .. }));
    assert!(matches!(fault("11650000010183859F265011601300A").fault, Fault::Character { position: 31, .. }));
    assert_eq!(fault("11370800MB28559184300011711200000").code(), "wrong-structure");
    assert_eq!(fault("11370800MB2855918430001171120000").code(), "wrong-length");
    assert_eq!("010101234000".parse::<BasicCode>().unwrap_err().code(), "wrong-structure");
}

#[test]
fn item_types_and_levels() {
    let on_application: Vec<u8> =
        ItemType::STANDARD.into_iter().filter(|t| t.on_application()).map(ItemType::number).collect();
    assert_eq!(on_application, [1, 5, 7, 8, 9, 10, 20]);
    for n in 0..=99 {
        let kind = ItemType::from_number(n).unwrap();
        assert_eq!(kind.number(), n);
        assert_eq!(kind.to_string().parse::<ItemType>().unwrap(), kind);
    }
    assert_eq!(ItemType::from_number(100), None);
    assert_eq!("21".parse::<ItemType>().unwrap().zh(), "公共服务（扩展）");
    assert_eq!("05".parse::<ItemType>().unwrap().zh(), "行政给付");
    assert_eq!(ExerciseLevel::from_number(4).unwrap().zh(), "县级");
    assert_eq!((ExerciseLevel::from_number(0), ExerciseLevel::from_number(8)), (None, None));
}

#[test]
fn permit_item_codes() {
    let code: PermitItemCode = "XK0010100Y".parse().unwrap();
    assert_eq!((code.category(), code.main_item(), code.sub_item()), ("XK", "00101", Some("00Y")));
    assert_eq!((code.division(), code.authority()), (None, None));
    let code: PermitItemCode = "XK001010003520100ABC1234".parse().unwrap();
    assert_eq!((code.sub_item(), code.division().unwrap().short()), (None, "5201".into()));
    assert_eq!((code.basic(), code.authority()), ("XK00101000", Some("ABC1234")));
    for wrong in ["XK0010100Z", "X00010100Y", "XK0010100", "XK00101000912345", "XK001010009520100"] {
        assert!(wrong.parse::<PermitItemCode>().is_err(), "{wrong}");
    }
    assert_eq!(check("XK0010100Y").kinds, [Kind::PermitItemCode]);
}

/// Codes that 广安市广安区 published in 2025: base, group and tail as printed, and whether the credit code holds.
#[test]
fn local_item_codes() {
    let rows = [
        ("511Z07001006", "511602000000", "11511301008778183N", 1, true),
        ("511A0138000000", "511602000000", "115113010833722043", 1, true),
        ("G-000007-001", "511602000000", "115113010833722043", 1, true),
        ("512C0053300008", "511602000000", "115113010833722043", 1, true),
        ("511Z0613600000", "511602000000", "11511301MB1D685275", 2, true),
        ("511A0126800000", "511602000000", "76726532-X", 1, false),
        ("512B0053300006", "511602000000", "083372204", 1, false),
        ("511A0014100002", "511602000000", "2222222222222", 1, false),
        ("512C0107400001", "511602000000", "00877868-5", 1, false),
        ("511F0045400001", "511602000000", "11511301452259996u", 1, false),
        ("511F0167300000", "511602000000", "45225901-3", 2, false),
        ("A-005818-5818", "511602000000", "115113010087787000", 1, false),
    ];
    for (base, division, authority, delegation, valid) in rows {
        let text = format!("{base}-{division}-000-{authority}-{delegation}-00");
        let code: LocalItemCode = text.parse().unwrap();
        assert_eq!(code.to_string(), text);
        assert_eq!((code.base(), code.group(), code.suffix()), (base, "000", "00"));
        assert_eq!(code.division().to_string(), division);
        assert_eq!((code.authority(), code.delegation()), (authority, delegation));
        assert_eq!(code.credit_code().is_ok(), valid, "{text}");
        assert_eq!(text.parse::<ItemCode>().unwrap(), ItemCode::Local(code));
        let result = check(&text);
        assert_eq!((result.valid, result.kinds), (valid, vec![Kind::LocalItemCode]));
    }
    // The same file holds codes without a division.
    for wrong in [
        "E-000004-001-11511301008778386B",
        "H-000185-001-4444444444",
        "511A0138000000-511602000000-000-115113010833722043-1",
        "511A0138000000-511602000000-000--1-00",
        "-511602000000-000-115113010833722043-1-00",
        "511A0138000000-001602000000-000-115113010833722043-1-00",
    ] {
        assert!(wrong.parse::<LocalItemCode>().is_err(), "{wrong}");
        assert!(!check(wrong).valid, "{wrong}");
    }
    let reason = check("511A0138000000-511602000000-000-115113010833722044-1-00").reason.unwrap();
    assert_eq!(
        reason.en,
        "not a valid local item code: in its unified social credit code, check character 50 is '4', it should be '3'"
    );
}

#[test]
fn licence_ids() {
    let valid = [
        "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
        "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
        "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
        "1.2.156.3005.2.11100000000013338W002.11320482014138860P.201807250201.001.M",
    ];
    for text in valid {
        let id: LicenceId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert!(id.licence_type().authority().is_ok());
        assert_eq!(id.issuer_credit_code().is_ok(), id.issuer() != "340100");
        let result = check(text);
        assert_eq!((result.valid, result.kinds), (true, vec![Kind::LicenceId]));
        let next = id.next_version().unwrap();
        assert_eq!(next.to_string().parse::<LicenceId>().unwrap(), next);
        assert_eq!(next.version(), id.version() + 1);
        if let Ok(issuer) = id.issuer_credit_code() {
            let made = LicenceId::new(id.licence_type(), issuer, id.serial(), id.version()).unwrap();
            assert_eq!(made, id);
        }
    }
    let sample = "1.2.156.3005.2.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M";
    let error = sample.parse::<LicenceId>().unwrap_err();
    assert_eq!(check_fault(&error.fault), (sample.len(), 'D'));

    let kind: LicenceTypeCode = "11100000000013338W011".parse().unwrap();
    assert_eq!(LicenceTypeCode::new(kind.authority().unwrap(), 11), Some(kind));
    assert_eq!(check("11100000000013338W011").kinds, [Kind::LicenceType]);
    assert!(!check("11100000000013338X011").valid);
    let issuer: CreditCode = "11430000006122244L".parse().unwrap();
    assert!(LicenceId::new(kind, issuer, "", 1).is_err());
    assert!(LicenceId::new(kind, issuer, "a", 1).is_err());
    assert!(LicenceId::new(kind, issuer, "1", 0).is_err());
    assert!(LicenceId::new(kind, issuer, "1", 1000).is_err());
    for wrong in ["1.2.156.3005.2.", "1.2.156.3005.2.a.b.c.d.e", "1.2.156.3005.3.x", "1.2.156.3005.2.1.2.3.4.5.6"] {
        assert!(wrong.parse::<LicenceId>().is_err(), "{wrong}");
    }
}

#[test]
fn check_names_the_kind_and_the_fault() {
    let valid: [(&str, &[&str]); 11] = [
        ("51", &["division"]),
        ("511602", &["division"]),
        ("511600000000", &["division"]),
        ("511602000000", &["division", "basic-code"]),
        ("441900003", &["division"]),
        ("110101001001", &["division", "basic-code"]),
        ("000117112000", &["basic-code"]),
        ("440118009000", &["basic-code"]),
        ("110101199003070011", &["citizen-id"]),
        ("00001333-8", &["organisation-code"]),
        ("000013338", &["organisation-code"]),
    ];
    for (value, kinds) in valid {
        let result = check(value);
        let names: Vec<&str> = result.kinds.iter().map(|k| k.name()).collect();
        assert_eq!((result.valid, names.as_slice(), result.reason), (true, kinds, None), "{value}");
    }
    let huge = "1".repeat(1_000_000);
    let edge = "1".repeat(LENGTH_MAX);
    let invalid: [(&str, &[&str], &str); 15] = [
        ("", &[], "empty"),
        (&huge, &[], "too-long"),
        (&edge, &[], "unknown-shape"),
        ("５１１６０２", &[], "not-ascii"),
        ("511602\n", &[], "control-character"),
        ("511602 ", &[], "space"),
        ("hello,world", &[], "unknown-shape"),
        ("110105491231002", &[], "first-generation-citizen-id"),
        ("519999", &["division"], "unknown-division"),
        ("001602", &["division"], "wrong-structure"),
        ("110105194912310021", &["citizen-id", "credit-code"], "wrong-check-character"),
        ("110105194902300021", &["credit-code", "citizen-id"], "wrong-check-character"),
        ("91310115MA1H8R7C6D", &["credit-code"], "wrong-check-character"),
        ("91350100m000100y43", &["credit-code"], "wrong-character"),
        ("00001333-7", &["organisation-code"], "wrong-check-character"),
    ];
    for (value, kinds, code) in invalid {
        let result = check(value);
        let names: Vec<&str> = result.kinds.iter().map(|k| k.name()).collect();
        let shown: String = value.chars().take(20).collect();
        assert_eq!((result.valid, names.as_slice()), (false, kinds), "{shown}");
        let reason = result.reason.unwrap();
        assert_eq!(reason.code, code, "{shown}");
        assert!(!reason.en.is_empty() && !reason.zh.is_ascii(), "{shown}");
    }
    let today: Date = "1990-03-06".parse().unwrap();
    assert_eq!(check_on("110101199003070011", today).reason.unwrap().code, "born-later");
    assert!(check_on("110101199003070011", today.next_day()).valid);
}

#[test]
fn check_serialises_as_the_command_line_prints_it() {
    let json = serde_json::to_string(&check("91310115MA1H8R7C6D")).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"value":"91310115MA1H8R7C6D","kinds":["credit-code"],"valid":false,"#,
            r#""reason":{"code":"wrong-check-character","#,
            r#""en":"not a valid unified social credit code: check character 18 is 'D', it should be '7'","#,
            r#""zh":"不是有效的统一社会信用代码：第18位校验码为“D”，应为“7”"}}"#
        )
    );
}
