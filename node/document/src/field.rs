//! What a template can speak of: a closed list of fields, and the values that one document has for them.

use std::collections::BTreeMap;

macro_rules! fields {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal;)*) => {
        /// A field that a template may name between braces.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $($(#[doc = $doc])* $variant,)* }

        impl Field {
            /// Every field.
            pub const ALL: &[Field] = &[$(Field::$variant,)*];

            /// The name as templates write it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Field::$variant => $name,)* }
            }

            /// What it is, in Chinese and English.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Field::$variant => concat!($($doc),*).trim_ascii(),)* }
            }
        }
    };
}

fields! {
    /// 机关全称，含行政区划 / the authority with its division.
    Authority = "authority";
    /// 机关名称 / the authority's name alone.
    Department = "department";
    /// 行政区划全称 / the division of the authority in charge.
    Division = "division";
    /// 复议机关 / the body to which a review is applied for (行政复议法 24).
    ReviewBody = "review_body";
    /// 申请人姓名或名称 / the applicant.
    Applicant = "applicant";
    /// 事项名称 / the item's name.
    ItemName = "item_name";
    /// 事项编码 / the item's code.
    ItemCode = "item_code";
    /// 事项类型，如“行政许可” / the type of the item in words.
    Matter = "matter";
    /// 设定依据 / the legal basis of the item.
    Basis = "basis";
    /// 是行政许可时有值 / set where the item is a permit.
    Permit = "permit";
    /// 办件编号 / number of the case.
    CaseNo = "case_no";
    /// 收件编号 / number of the collection.
    CollectionNo = "collection_no";
    /// 查询码 / query code.
    QueryCode = "query_code";
    /// 文书编号 / number of the document.
    DocumentNo = "document_no";
    /// 文书日期 / day of the document.
    Date = "date";
    /// 文书时间 / moment of the document.
    Time = "time";
    /// 经办人 / who did the act.
    Operator = "operator";
    /// 理由 / reason or text of the act.
    Text = "text";
    /// 受理日 / day of acceptance.
    AcceptedOn = "accepted_on";
    /// 法定到期日 / last lawful day.
    StatutoryDue = "statutory_due";
    /// 承诺到期日 / last promised day.
    PromisedDue = "promised_due";
    /// 到期日为暂定时有值 / set where a deadline lies beyond the published calendar.
    Provisional = "provisional";
    /// 逾期未告知而视为受理时有值 / set where the case was deemed accepted.
    Deemed = "deemed";
    /// 准予时有值 / set where it was granted.
    Granted = "granted";
    /// 不予时有值 / set where it was denied.
    Denied = "denied";
    /// 不予受理（不属职权）时有值 / set where another authority is competent.
    NotCompetent = "not_competent";
    /// 不受理（依法不需要）时有值 / set where nothing needs to be applied for.
    NotRequired = "not_required";
    /// 文书所列各项 / what the document lists.
    Items = "items";
    /// 文书所列各项的英文 / what the document lists, in English.
    Translations = "translations";
    /// 补正期限 / the day until which what a notice lists is to be brought.
    Until = "until";
    /// 所交材料 / materials brought.
    Materials = "materials";
    /// 承接的原系统办件编号 / number under which another system had the case that goes on.
    GoesOn = "goes_on";
    /// 跨域通办协议编号 / number of the agreement between the authorities under which it was collected.
    Agreement = "agreement";
    /// 协议约定的收到方式 / what counts as receipt by it.
    ReceiptRule = "receipt_rule";
    /// 作出决定的业务系统 / the other system whose decision was entered.
    OutsideSystem = "outside_system";
    /// 在该系统的业务编号 / its number there.
    OutsideNo = "outside_no";
    /// 在该系统作出决定的人 / who decided there.
    OutsideDecider = "outside_decider";
    /// 该系统的决定文号 / number of its document.
    OutsideDocument = "outside_document";
    /// 该系统作出决定的日期 / the day of its decision.
    DecidedOn = "decided_on";
    /// 代行说明：依何协议代何机关办理 / the line that says in whose place, and by which agreement, the authority decides.
    InsteadOf = "instead_of";
    /// 收件大厅 / the division that collected.
    Collecting = "collecting";
    /// 第几次补打 / set on the second and later prints, with the number of the reprint.
    Reprint = "reprint";
    /// 打印时间 / when it was printed.
    PrintedAt = "printed_at";
    /// 打印人 / who printed it.
    PrintedBy = "printed_by";
    /// 补打事由 / why it was printed again.
    PrintReason = "print_reason";
    /// 文书摘要（SHA-256） / digest of what was sealed, 64 digits.
    Digest = "digest";
    /// 文书摘要前十六位 / the first 16 digits of it.
    DigestShort = "digest_short";
    /// 演示节点时有值 / set where the node is a demonstration.
    Demo = "demo";
}

impl Field {
    /// The field of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }
}

/// The values of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    values: BTreeMap<Field, Vec<String>>,
}

impl Content {
    /// Sets a field to a text; a blank text leaves it absent.
    pub fn set(&mut self, field: Field, text: impl Into<String>) {
        let text = text.into();
        if text.trim().is_empty() {
            self.values.remove(&field);
        } else {
            self.values.insert(field, vec![text]);
        }
    }

    /// Sets a field to several texts in order; none leaves it absent.
    pub fn list(&mut self, field: Field, texts: Vec<String>) {
        if texts.is_empty() {
            self.values.remove(&field);
        } else {
            self.values.insert(field, texts);
        }
    }

    /// Marks a field that is a yes.
    pub fn flag(&mut self, field: Field, is_set: bool) {
        self.set(field, if is_set { "是" } else { "" });
    }

    /// Whether a field has a value.
    #[must_use]
    pub fn has(&self, field: Field) -> bool {
        self.values.contains_key(&field)
    }

    /// The texts of a field, empty where it is absent.
    #[must_use]
    pub fn all(&self, field: Field) -> &[String] {
        self.values.get(&field).map_or(&[], Vec::as_slice)
    }

    /// The text of a field; of several, joined by 、.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<String> {
        self.values.get(&field).map(|texts| texts.join("、"))
    }
}
