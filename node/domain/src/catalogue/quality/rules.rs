//! The rules. `docs/quality.md` has them as a table, which a test holds equal.

mod guide;
mod item;

use super::Severity::{Info, Red, Yellow};
use super::{Rule, Subject, Verdict};

macro_rules! rules {
    ($($id:literal $severity:ident $weight:literal $accuracy:ident $looks_at:literal: $check:path,
        $en:literal, $zh:literal; $remedy_en:literal, $remedy_zh:literal;)*) => {
        /// Every rule, in the order of their ids; their weights add up to 100.
        pub const RULES: &[Rule] = &[$(Rule {
            id: $id,
            severity: $severity,
            weight: $weight,
            accuracy: $accuracy,
            looks_at: $looks_at,
            fault: ($en, $zh),
            remedy: ($remedy_en, $remedy_zh),
            check: $check,
        }),*];
    };
}

/// Of standards §2.4.
const ACCURACY: bool = true;
/// Of §0, of the lists, or of our own.
const OTHER: bool = false;

rules! {
    "Q01" Red 6 OTHER "legal_basis": item::has_basis,
        "the legal basis is missing", "缺少设定依据";
        "cite the law that sets the item up", "填写设定依据";
    "Q02" Yellow 3 ACCURACY "legal_basis": item::basis_form,
        "the basis isn't cited as 《law》 with article", "设定依据未按《法》第X条书写";
        "write each as 《公共场所卫生管理条例》第四条", "逐条写作《公共场所卫生管理条例》第四条";
    "Q03" Red 6 OTHER "name": item::listed_permit,
        "a permit that isn't on the list of permits", "许可不在行政许可事项清单内";
        "map it to its entry by base code, or withdraw it", "按基本编码对应清单条目，或取消该许可";
    "Q04" Red 5 OTHER "department_code": item::credit_code,
        "the department's code is no valid credit code and isn't mapped", "部门代码不是有效的统一社会信用代码，也未映射";
        "tongban authority add NAME --code CODE --maps WRONG", "tongban authority add 名称 --code 正确代码 --maps 错误代码";
    "Q05" Yellow 2 OTHER "entrusted_by": item::delegated,
        "a delegated item that doesn't name who delegated it", "委托事项未写明委托部门";
        "name the delegating authority (entrusted_by); it issues in that name", "填写委托部门，以其名义作出决定";
    "Q06" Red 5 ACCURACY "promised_days": item::promised_within_statutory,
        "the promised time is longer than the statutory", "承诺时限长于法定时限";
        "shorten the promised time", "缩短承诺时限";
    "Q07" Yellow 3 OTHER "promised_days": item::has_promised,
        "no time is promised", "缺少承诺办结时限";
        "promise a time", "填写承诺办结时限";
    "Q08" Yellow 2 OTHER "statutory_days": item::has_statutory,
        "the statutory time is missing", "缺少法定办结时限";
        "give the time that the law allows", "填写法定办结时限";
    "Q09" Yellow 2 OTHER "statutory_explain": item::long_permit,
        "a permit takes longer than 20 working days and no law is named for it (行政许可法 42)", "许可法定时限超过20个工作日而未说明依据（行政许可法第42条）";
        "explain the statutory time with its basis", "填写法定办结时限说明及依据";
    "Q10" Info 1 OTHER "name": item::name_form,
        "the name has blanks or half-width punctuation", "名称含空格或半角标点";
        "remove blanks, use full-width punctuation", "删去空格，改用全角标点";
    "Q11" Info 1 OTHER "base_code": item::has_base_code,
        "it is bound to no base item", "未对应基本目录";
        "claim it, or map it to its base item", "认领或对应基本目录事项";
    "Q12" Red 5 OTHER "ceiling": item::within_ceilings,
        "it exceeds a ceiling or drops what a law asks for", "超过限高或低于法定下限";
        "tongban item ceiling exceeded says which, and until when", "tongban item ceiling exceeded 查看要素和期限";
    "Q13" Yellow 2 OTHER "covered": item::covered,
        "a mode between regions is published without divisions that may collect", "公布了跨域办理方式，却没有可收件区划";
        "publish the divisions that it covers, or take the mode back", "公布通办区划，或取消该办理方式";
    "Q20" Yellow 3 OTHER "guide": guide::exists,
        "there is no guide", "没有办事指南";
        "write the guide", "编写办事指南";
    "Q21" Yellow 3 ACCURACY "case_kind": guide::instant,
        "instant and the promised time contradict each other", "即办件与承诺时限不一致";
        "an instant item promises a day at most; what is promised at once is instant", "即办件承诺不超过1日；当场办结的应为即办件";
    "Q22" Yellow 2 ACCURACY "result": guide::result_kind,
        "name and kind of the result contradict each other", "审批结果名称与类型不一致";
        "…证 and …证书 are licences, …文 and …批复 approvals", "名称以证、证书结尾的为证照，以文、批复结尾的为批文";
    "Q23" Yellow 3 ACCURACY "visits_reason": guide::visits_reason,
        "visits without a reason, or a reason without visits", "到现场次数与原因说明不一致";
        "give the reason why one must come, or take it out where one needn't", "须到现场的说明原因，无须到现场的删去原因";
    "Q24" Yellow 2 ACCURACY "forms": guide::courier,
        "no visit, not online, and no courier", "零到场且非网办，但办理形式没有快递";
        "offer the courier, or handle it online", "增加快递申请，或实行网办";
    "Q25" Yellow 3 ACCURACY "visits": guide::fully_online,
        "fully online, and still visits", "全程网办却要求到现场";
        "set visits to 0, or lower the depth", "到现场次数改为0，或降低网办深度";
    "Q26" Yellow 3 ACCURACY "fees": guide::fees,
        "what is charged isn't whole, or is given though nothing is charged", "收费要素不全，或不收费却有收费内容";
        "name, standard and basis of each fee, and whether it is paid online; nothing where nothing is charged", "收费的填写项目、标准、依据和是否网上支付；不收费的删去";
    "Q27" Yellow 2 ACCURACY "enquiry": guide::telephones,
        "telephones for enquiries and complaints are missing, equal, or without area code", "咨询、投诉电话缺失、相同或无区号";
        "two telephones with area code, as 0826-2345678", "填写两个不同的带区号电话，如 0826-2345678";
    "Q28" Yellow 2 ACCURACY "served": guide::topics,
        "whom it serves and its topics contradict each other", "服务对象与主题分类不一致";
        "topics for persons where it serves persons, for bodies where it serves bodies", "服务自然人的填自然人主题，服务法人的填法人主题";
    "Q29" Info 1 ACCURACY "questions": guide::questions,
        "a permit without a question and its answer", "许可事项没有常见问题";
        "answer at least one question", "至少填写一个常见问题";
    "Q30" Yellow 3 ACCURACY "steps": guide::steps,
        "a permit whose steps aren't acceptance, review, decision, completion, delivery", "许可事项环节少于受理、审核、审批、办结、送达五个";
        "write the five steps", "补齐五个环节";
    "Q31" Yellow 2 ACCURACY "result": guide::sample,
        "a result without a sample", "有审批结果而无样本";
        "add a sample of the result", "上传结果样本";
    "Q40" Yellow 3 OTHER "guide": guide::required_fields,
        "fields that the national table requires are missing", "缺少国家标准必填要素";
        "fill them in", "补齐必填要素";
    "Q41" Yellow 2 OTHER "materials": guide::material_fields,
        "a material without its necessity or source", "材料缺少必要性或来源渠道";
        "say whether it must be there and where it comes from", "填写材料必要性和来源渠道";
    "Q42" Yellow 1 OTHER "materials": guide::conditional,
        "a conditional material that doesn't say when", "非必要材料未说明适用情形";
        "say when it is asked for", "填写非必要时的情形";
    "Q43" Yellow 2 OTHER "materials": guide::catch_all,
        "a catch-all material", "存在“其他材料”等兜底条款";
        "name what is meant, or leave it out", "写明具体材料，或删去";
    "Q44" Info 1 OTHER "materials": guide::repeated,
        "a material comes twice", "材料重复";
        "leave one of them out", "删去重复材料";
    "Q45" Yellow 2 OTHER "bases": guide::bases,
        "a basis of the guide isn't among those of the item", "指南依据与设定依据不一致";
        "cite the same laws in both", "使两处依据一致";
    "Q46" Red 4 OTHER "special_links": guide::clock_stops,
        "the clock stops without a basis, or a permit's ground of 行政许可法 45", "计时中止没有依据，也不是行政许可法第45条的事由";
        "cite the basis, or let the clock run", "填写依据，或不得中止计时";
    "Q47" Yellow 1 OTHER "online_address": guide::online,
        "online without depth or address", "网办但缺少办理深度或地址";
        "give depth and address", "填写网办深度和地址";
    "Q48" Info 1 OTHER "remedies": guide::remedies,
        "no remedies against a refusal", "缺少救济途径";
        "name reconsideration and lawsuit", "填写行政复议、行政诉讼途径";
    "Q60" Yellow 2 OTHER "name": item::listed_power,
        "it isn't on the list of powers, duties or services", "不在权力、责任或公共服务清单内";
        "have it listed, or withdraw it", "列入清单，或取消";
    "Q61" Red 3 OTHER "fees": guide::listed_fees,
        "a fee that isn't on the list", "收费不在收费清单内";
        "don't charge what isn't listed", "不得收取清单外费用";
    "Q62" Yellow 2 OTHER "intermediary": guide::listed_intermediary,
        "an intermediary service that isn't on the list", "中介服务不在清单内";
        "don't ask for it, or have it listed", "不得要求，或列入清单";
    "Q63" Yellow 2 OTHER "visits": guide::listed_presence,
        "it asks for presence and is on no negative list", "要求到现场，但不在网上审批负面清单内";
        "handle it online, or have it listed", "实行网办，或列入负面清单";
    "Q64" Info 1 OTHER "name": item::listed_qualification,
        "a qualification that isn't in the catalogue", "职业资格不在目录内";
        "withdraw it", "取消该资格事项";
    "Q65" Info 1 OTHER "materials": guide::listed_proofs,
        "a proof that isn't on the list", "证明不在证明事项清单内";
        "don't ask for it; look it up or take a promise", "不得索要，改为共享核验或告知承诺";
}
