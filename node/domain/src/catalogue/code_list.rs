//! Code lists: symbolic values, with the number that each source gives them.
//!
//! The sources contradict each other (办件类型 1 is 即办件 nationally and 承诺件 in older local systems), so that what is stored is
//! always the symbol, and a number means something only together with its [`Source`].

use std::fmt::Debug;

/// Whose numbers a file or a table uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The exchange tables of the national platform (ZWFW C 0109.2).
    National,
    /// GB/T 39046-2020, annex A.
    Gbt39046,
    /// Local systems from before 2018, with 1 承诺 and 2 即办.
    Older,
    /// 广东省 and others that count 全省, 全市, 全县.
    Guangdong,
}

impl Source {
    /// Every source, in order.
    pub const ALL: [Source; 4] = [Source::National, Source::Gbt39046, Source::Older, Source::Guangdong];

    /// The stable English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Source::National => "national",
            Source::Gbt39046 => "gbt39046",
            Source::Older => "older",
            Source::Guangdong => "guangdong",
        }
    }
}

impl std::str::FromStr for Source {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Source::ALL
            .into_iter()
            .find(|source| source.name() == text)
            .ok_or_else(|| format!("{text} is no source; sources are national, gbt39046, older, guangdong"))
    }
}

/// A closed list of values.
pub trait CodeList: Copy + Debug + Ord + 'static {
    /// The list's Chinese name.
    const TITLE: &'static str;
    /// Every value, in the order of the symbols' numbers in storage.
    const ALL: &'static [Self];
    /// The stable English name of a value.
    fn name(self) -> &'static str;
    /// Its Chinese name.
    fn zh(self) -> &'static str;
    /// The numbers that sources give it.
    fn numbers(self) -> &'static [(Source, &'static str)];

    /// The number that a source gives it; none when the source doesn't know the value.
    fn number(self, source: Source) -> Option<&'static str> {
        self.numbers().iter().find(|(of, _)| *of == source).map(|(_, number)| *number)
    }

    /// The value to which a source gives a number. Where a source has one number for two values, the first one of [`CodeList::ALL`].
    fn numbered(source: Source, number: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.number(source) == Some(number))
    }

    /// The value of an English or Chinese name.
    fn named(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.name() == text || value.zh() == text)
    }
}

macro_rules! code_list {
    (
        $(#[$doc:meta])*
        $list:ident: $title:literal {
            $($(#[$value_doc:meta])* $value:ident = $n:literal, $name:literal, $zh:literal, [$($source:ident $number:literal),* $(,)?];)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, minicbor::Encode, minicbor::Decode)]
        #[cbor(index_only)]
        pub enum $list {
            $($(#[$value_doc])* #[n($n)] $value,)+
        }

        impl $crate::catalogue::CodeList for $list {
            const TITLE: &'static str = $title;
            const ALL: &'static [Self] = &[$(Self::$value),+];
            fn name(self) -> &'static str {
                match self { $(Self::$value => $name),+ }
            }
            fn zh(self) -> &'static str {
                match self { $(Self::$value => $zh),+ }
            }
            fn numbers(self) -> &'static [($crate::catalogue::Source, &'static str)] {
                match self { $(Self::$value => &[$(($crate::catalogue::Source::$source, $number)),*]),+ }
            }
        }

        impl std::str::FromStr for $list {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                <Self as $crate::catalogue::CodeList>::named(text)
                    .ok_or_else(|| {
                        let values = [$(concat!($name, " ", $zh)),+].join("; ");
                        format!(concat!("{} is no value of ", $title, "; values are {}"), text, values)
                    })
            }
        }

        impl serde::Serialize for $list {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::catalogue::CodeList::name(*self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $list {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use code_list;

code_list! {
    /// 办件类型: whether a case is done at once.
    CaseKind: "办件类型" {
        /// 即办件: decided while the applicant waits.
        Instant = 0, "instant", "即办件", [National "1", Gbt39046 "1", Older "2"];
        /// 承诺件: decided within the promised time.
        Promised = 1, "promised", "承诺件", [National "2", Gbt39046 "2", Older "1"];
        /// 上报件: handed on to a superior.
        Forwarded = 2, "forwarded", "上报件", [National "9", Gbt39046 "9", Older "3"];
        /// 联办件: handled with others.
        Joint = 3, "joint", "联办件", [National "9", Gbt39046 "9", Older "4"];
        /// 其他.
        Other = 4, "other", "其他", [National "9", Gbt39046 "9"];
    }
}

code_list! {
    /// 实施主体性质: by what right a body exercises a power.
    AuthorityKind: "实施主体性质" {
        /// 法定机关.
        Statutory = 0, "statutory", "法定机关", [National "1", Gbt39046 "1"];
        /// 授权组织.
        Authorised = 1, "authorised", "授权组织", [National "2", Gbt39046 "2"];
        /// 受委托组织: acts in the name of who delegated (行政许可法 24).
        Delegated = 2, "delegated", "受委托组织", [National "3", Gbt39046 "3"];
        /// 其他.
        Other = 3, "other", "其他", [National "9", Gbt39046 "9"];
    }
}

code_list! {
    /// 服务对象: whom an item serves.
    Served: "服务对象" {
        /// 自然人.
        Person = 0, "person", "自然人", [National "1", Gbt39046 "1"];
        /// 企业法人.
        Company = 1, "company", "企业法人", [National "2", Gbt39046 "2"];
        /// 事业法人.
        Institution = 2, "institution", "事业法人", [National "3", Gbt39046 "3"];
        /// 社会组织法人.
        Association = 3, "association", "社会组织法人", [National "4", Gbt39046 "4"];
        /// 非法人企业.
        Unincorporated = 4, "unincorporated", "非法人企业", [National "5"];
        /// 行政机关.
        Agency = 5, "agency", "行政机关", [National "6", Gbt39046 "5"];
        /// 其他组织.
        Other = 6, "other", "其他组织", [National "9", Gbt39046 "6"];
    }
}

code_list! {
    /// 办理形式: how one may apply.
    Form: "办理形式" {
        /// 窗口办理.
        Window = 0, "window", "窗口办理", [National "1", Gbt39046 "1"];
        /// 网上办理, on a computer.
        Online = 1, "online", "网上办理", [National "2", Gbt39046 "2"];
        /// 移动端办理.
        Mobile = 2, "mobile", "移动端办理", [National "2", Gbt39046 "3"];
        /// 快递申请.
        Courier = 3, "courier", "快递申请", [National "3", Gbt39046 "4"];
        /// 其他.
        Other = 4, "other", "其他", [Gbt39046 "9"];
    }
}

code_list! {
    /// 权力来源: where a power comes from.
    PowerSource: "权力来源" {
        /// 法定本级行使.
        Own = 0, "own", "法定本级行使", [National "1"];
        /// 上级下放.
        Devolved = 1, "devolved", "上级下放", [National "2"];
        /// 上级授权.
        AuthorisedAbove = 2, "authorised-above", "上级授权", [National "3"];
        /// 同级授权.
        AuthorisedBeside = 3, "authorised-beside", "同级授权", [National "4"];
        /// 上级委托.
        DelegatedAbove = 4, "delegated-above", "上级委托", [National "5"];
        /// 同级委托.
        DelegatedBeside = 5, "delegated-beside", "同级委托", [National "6"];
    }
}

code_list! {
    /// 行使层级 (GB/T 39046 A.2): at which levels an item is exercised.
    UseLevel: "行使层级" {
        /// 国家级.
        Nation = 0, "nation", "国家级", [National "1", Gbt39046 "1"];
        /// 省级.
        Province = 1, "province", "省级", [National "2", Gbt39046 "2"];
        /// 市级.
        City = 2, "city", "市级", [National "3", Gbt39046 "3"];
        /// 县级.
        County = 3, "county", "县级", [National "4", Gbt39046 "4"];
        /// 镇（乡、街道）.
        Township = 4, "township", "乡镇级", [National "5", Gbt39046 "5"];
        /// 村（社区）.
        Village = 5, "village", "村级", [National "6", Gbt39046 "6"];
        /// 分级管理.
        Graded = 6, "graded", "分级管理", [National "7", Gbt39046 "7"];
    }
}

code_list! {
    /// 网上办理深度: how far an item can be done online.
    OnlineDepth: "网上办理深度" {
        /// 互联网咨询.
        Enquiry = 0, "enquiry", "互联网咨询", [National "1", Gbt39046 "1"];
        /// 互联网收件.
        Collection = 1, "collection", "互联网收件", [National "2", Gbt39046 "2"];
        /// 互联网预审.
        PreReview = 2, "pre-review", "互联网预审", [National "3", Gbt39046 "3"];
        /// 互联网受理.
        Acceptance = 3, "acceptance", "互联网受理", [National "4", Gbt39046 "4"];
        /// 互联网办理.
        Decision = 4, "decision", "互联网办理", [National "5", Gbt39046 "5"];
        /// 办理结果信息反馈.
        Result = 5, "result", "办理结果信息反馈", [National "6", Gbt39046 "6"];
        /// 电子证照反馈.
        Licence = 6, "licence", "电子证照反馈", [National "7", Gbt39046 "7"];
        /// 其他.
        Other = 7, "other", "其他", [National "8", Gbt39046 "9"];
    }
}

code_list! {
    /// 通办范围: how far apart applicant and authority may be.
    Range: "通办范围" {
        /// 全国.
        Nation = 0, "nation", "全国", [National "1", Guangdong "1"];
        /// 跨省.
        BetweenProvinces = 1, "between-provinces", "跨省", [National "2"];
        /// 跨市; 全省 in other sources.
        BetweenCities = 2, "between-cities", "跨市", [National "3", Guangdong "2"];
        /// 跨县; 全市 in other sources.
        BetweenCounties = 3, "between-counties", "跨县", [National "4", Guangdong "3"];
        /// 全县.
        County = 4, "county", "全县", [Guangdong "4"];
        /// 全镇.
        Township = 5, "township", "全镇", [Guangdong "5"];
        /// 跨村.
        BetweenVillages = 6, "between-villages", "跨村", [Guangdong "6"];
    }
}

code_list! {
    /// 审批结果类型: what the applicant gets.
    ResultKind: "审批结果类型" {
        /// 证照.
        Licence = 0, "licence", "证照", [National "10"];
        /// 批文.
        Approval = 1, "approval", "批文", [National "20"];
        /// 其他.
        Other = 2, "other", "其他", [National "30"];
        /// 无.
        Nothing = 3, "nothing", "无", [National "99"];
    }
}

code_list! {
    /// 环节办理角色.
    StepRole: "环节办理角色" {
        /// 审查.
        Reviewer = 0, "reviewer", "审查", [];
        /// 决定.
        Decider = 1, "decider", "决定", [];
    }
}

code_list! {
    /// 环节办理规则.
    StepRule: "环节办理规则" {
        /// One person does it.
        Single = 0, "single", "一人办理", [];
        /// 会签: as many as the step names have to agree.
        Countersign = 1, "countersign", "会签", [];
        /// 或签: any one of the role, without claiming it.
        AnyOne = 2, "any-one", "或签", [];
        /// 表决: more than half of as many as the step names.
        Vote = 3, "vote", "表决", [];
    }
}

code_list! {
    /// 缴费时点: before what a fee has to be paid.
    FeeDue: "缴费时点" {
        /// 出证前: before the result is handed out.
        BeforeResult = 0, "before-result", "出证前", [];
    }
}

code_list! {
    /// 数量限制周期.
    LimitPeriod: "数量限制周期" {
        /// 每年: so many in each calendar year.
        Year = 0, "year", "每年", [];
        /// 总量: so many at any time.
        Total = 1, "total", "总量", [];
    }
}

code_list! {
    /// 数量限制准予顺序 (行政许可法 57).
    LimitOrder: "数量限制准予顺序" {
        /// 受理先后.
        Acceptance = 0, "acceptance", "受理先后", [];
        /// 其他方式: as another provision of a law or regulation has it: tender, auction, examination, lot.
        Other = 1, "other", "其他方式", [];
    }
}

code_list! {
    /// 材料必要性.
    Necessity: "材料必要性" {
        /// 必要.
        Required = 0, "required", "必要", [National "1"];
        /// 非必要: in the cases that the material names.
        Conditional = 1, "conditional", "非必要", [National "2"];
        /// 容缺后补: may follow.
        MayFollow = 2, "may-follow", "容缺后补", [National "3"];
    }
}

code_list! {
    /// 材料来源渠道.
    MaterialSource: "来源渠道" {
        /// 申请人自备.
        Applicant = 0, "applicant", "申请人自备", [National "10"];
        /// 政府部门核发.
        Government = 1, "government", "政府部门核发", [National "20"];
        /// 其他.
        Other = 2, "other", "其他", [National "99"];
    }
}

code_list! {
    /// 材料形式.
    MaterialForm: "材料形式" {
        /// 纸质.
        Paper = 0, "paper", "纸质", [National "1"];
        /// 电子化.
        Electronic = 1, "electronic", "电子化", [National "2"];
        /// 纸质和电子化.
        Both = 2, "both", "纸质和电子化", [National "3"];
    }
}

code_list! {
    /// 材料类型.
    MaterialKind: "材料类型" {
        /// 原件.
        Original = 0, "original", "原件", [National "1"];
        /// 复印件.
        Copy = 1, "copy", "复印件", [National "2"];
        /// 原件和复印件.
        Both = 2, "both", "原件和复印件", [National "3"];
    }
}

code_list! {
    /// 主项、子项、办理项: where an item stands in its family (standards §0.15).
    Tier: "事项层级" {
        /// 主项.
        Main = 0, "main", "主项", [];
        /// 子项.
        Sub = 1, "sub", "子项", [];
        /// 办理项: what a hall offers; bound by its sub-item's core, may have a name of its own.
        Handled = 2, "handled", "办理项", [];
    }
}

code_list! {
    /// 事项来源: where an implementation item came from.
    Origin: "事项来源" {
        /// 自建.
        Own = 0, "own", "自建", [National "1"];
        /// 认领.
        Claimed = 1, "claimed", "认领", [National "2"];
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn holds<L: CodeList + PartialEq + serde::Serialize + for<'de> serde::Deserialize<'de>>() {
        for value in L::ALL.iter().copied() {
            assert_eq!(L::named(value.name()), Some(value));
            assert_eq!(L::named(value.zh()), Some(value), "{} {}", L::TITLE, value.zh());
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<L>(&json).unwrap(), value);
            for (source, number) in value.numbers() {
                let found = L::numbered(*source, number).unwrap();
                assert_eq!(found.number(*source), Some(*number), "{} {number}", L::TITLE);
            }
        }
        assert_eq!(L::named("没有"), None);
    }

    #[test]
    fn names_and_numbers_lead_back_to_their_values() {
        holds::<CaseKind>();
        holds::<AuthorityKind>();
        holds::<Served>();
        holds::<Form>();
        holds::<PowerSource>();
        holds::<UseLevel>();
        holds::<OnlineDepth>();
        holds::<Range>();
        holds::<ResultKind>();
        holds::<StepRole>();
        holds::<StepRule>();
        holds::<FeeDue>();
        holds::<LimitPeriod>();
        holds::<LimitOrder>();
        holds::<Necessity>();
        holds::<MaterialSource>();
        holds::<MaterialForm>();
        holds::<MaterialKind>();
        holds::<Tier>();
        holds::<Origin>();
    }

    /// The traps of standards §2.3.
    #[test]
    fn sources_contradict_each_other() {
        assert_eq!(CaseKind::numbered(Source::National, "1"), Some(CaseKind::Instant));
        assert_eq!(CaseKind::numbered(Source::Older, "1"), Some(CaseKind::Promised));
        assert_eq!(Served::numbered(Source::National, "5"), Some(Served::Unincorporated));
        assert_eq!(Served::numbered(Source::Gbt39046, "5"), Some(Served::Agency));
        assert_eq!(Served::numbered(Source::Gbt39046, "6"), Some(Served::Other));
        assert_eq!(OnlineDepth::Other.number(Source::National), Some("8"));
        assert_eq!(OnlineDepth::Other.number(Source::Gbt39046), Some("9"));
        assert_eq!(Range::numbered(Source::Guangdong, "2"), Some(Range::BetweenCities));
        assert_eq!(Range::numbered(Source::National, "2"), Some(Range::BetweenProvinces));
        assert_eq!(Range::numbered(Source::Older, "2"), None);
    }
}
