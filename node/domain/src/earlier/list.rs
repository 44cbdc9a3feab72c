//! The lists of values of an earlier case.

use crate::catalogue::code_list::code_list;

code_list! {
    /// Who had applied.
    ApplicantKind: "申请人类型" {
        /// 自然人.
        Person = 0, "person", "自然人", [];
        /// 企业法人.
        Enterprise = 1, "enterprise", "企业法人", [];
        /// 事业法人.
        Institution = 2, "institution", "事业法人", [];
        /// 社会组织法人.
        Association = 3, "association", "社会组织法人", [];
        /// 非法人企业、其他组织.
        OtherBody = 4, "other-body", "其他组织", [];
        /// 行政机关.
        Authority = 5, "authority", "行政机关", [];
    }
}

code_list! {
    /// By what he was identified. The check digits of the first two are held; the others are kept as they were written.
    IdKind: "证件类型" {
        /// 居民身份证.
        CitizenId = 0, "citizen-id", "居民身份证", [];
        /// 统一社会信用代码.
        CreditCode = 1, "credit-code", "统一社会信用代码", [];
        /// 护照.
        Passport = 2, "passport", "护照", [];
        /// 港澳居民来往内地通行证.
        HongKongMacao = 3, "hk-macao-permit", "港澳居民来往内地通行证", [];
        /// 台湾居民来往大陆通行证.
        Taiwan = 4, "taiwan-permit", "台湾居民来往大陆通行证", [];
        /// 港澳台居民居住证.
        Residence = 5, "residence-permit", "港澳台居民居住证", [];
        /// 外国人永久居留身份证.
        Foreigner = 6, "foreigner-id", "外国人永久居留身份证", [];
        /// 组织机构代码, of before 2015.
        OrganisationCode = 7, "organisation-code", "组织机构代码", [];
        /// 工商注册号, of before 2015.
        RegistrationNumber = 8, "registration-number", "工商注册号", [];
        /// 其他证件, and what was kept as a text because its check digit doesn't hold.
        Other = 9, "other", "其他证件", [];
    }
}
