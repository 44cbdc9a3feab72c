//! What differs between two versions of an item, field by field, its guide and the lists in it included: materials, fees and steps are
//! compared by name, not by place.

use serde::Serialize;
use serde_json::Value;

use super::{BaseItem, Guide, ServiceItem};

/// What happened to a field or to a member of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// There was none before.
    Added,
    /// There is none any more.
    Removed,
    /// It has another value.
    Changed,
    /// The members of a list are the same in another order.
    Reordered,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The field, as the API names it.
    pub field: &'static str,
    /// The field's Chinese name.
    pub zh: &'static str,
    /// Of a list: which member, by name.
    pub member: Option<String>,
    /// Of a member: which of its fields.
    pub part: Option<String>,
    /// What happened.
    pub kind: FieldKind,
    /// The value before.
    pub from: Option<String>,
    /// The value after.
    pub to: Option<String>,
}

/// Fields in the order in which people read them: path, Chinese name, and of lists of records the field that names a member.
const FIELDS: [(&str, &str, Option<&str>); 78] = [
    ("core.name", "事项名称", None),
    ("core.base_code", "基本编码", None),
    ("core.item_type", "事项类型", None),
    ("core.legal_basis", "设定依据", None),
    ("main_item", "主项", None),
    ("tier", "事项层级", None),
    ("above", "上级目录项", None),
    ("department", "部门", None),
    ("department_code", "部门代码", None),
    ("division", "行政区划", None),
    ("codes.national", "国家实施编码", None),
    ("codes.first_generation", "第一代编码", None),
    ("codes.local_base", "地方基本编码", None),
    ("codes.local", "地方实施编码", None),
    ("codes.national_base", "国家基本编码", None),
    ("statutory", "法定时限", None),
    ("statutory_days", "法定时限（工作日）", None),
    ("promised", "承诺时限", None),
    ("promised_days", "承诺时限限高（工作日）", None),
    ("modes", "办理方式", None),
    ("covered", "可收件区划", None),
    ("locks", "锁定要素", None),
    ("levels", "应认领层级", None),
    ("origin", "事项来源", None),
    ("external", "办理系统", None),
    ("effective", "生效日期", None),
    ("cancel", "取消日期", None),
    ("difference", "与上级的差异", None),
    ("successor", "后继事项", None),
    ("guide.bases", "设定依据条文", Some("law")),
    ("guide.power_source", "权力来源", None),
    ("guide.levels", "行使层级", None),
    ("guide.authority_kind", "实施主体性质", None),
    ("guide.entrusted_by", "委托部门", None),
    ("guide.case_kind", "办件类型", None),
    ("guide.forms", "办理形式", None),
    ("guide.served", "服务对象", None),
    ("guide.visits", "到办事现场次数", None),
    ("guide.visits_reason", "必须现场办理原因", None),
    ("guide.conditions", "受理条件", None),
    ("guide.statutory_explain", "法定时限说明", None),
    ("guide.promised_explain", "承诺时限说明", None),
    ("guide.materials", "申请材料", Some("name")),
    ("guide.charged", "是否收费", None),
    ("guide.fees", "收费", Some("name")),
    ("guide.flow", "办理流程", None),
    ("guide.steps", "流程环节", Some("name")),
    ("guide.special_links", "特殊环节", Some("name")),
    ("guide.questions", "常见问题", Some("question")),
    ("guide.places", "办理地点", Some("name")),
    ("guide.enquiry", "咨询电话", None),
    ("guide.complaint", "监督投诉电话", None),
    ("guide.online", "是否网办", None),
    ("guide.online_depth", "网上办理深度", None),
    ("guide.online_address", "在线办理地址", None),
    ("guide.mobile_address", "移动端办理地址", None),
    ("guide.single_login", "单点登录", None),
    ("guide.mobile_single_login", "移动端单点登录", None),
    ("guide.pays_online", "网上支付", None),
    ("guide.courier", "物流快递", None),
    ("guide.appointments", "预约办理", None),
    ("guide.terminals", "自助终端办理", None),
    ("guide.in_hall", "进驻政务大厅", None),
    ("guide.scopes", "通办范围", Some("range")),
    ("guide.joint_departments", "联办机构", None),
    ("guide.intermediary", "中介服务", None),
    ("guide.quantity_limit", "数量限制", None),
    ("guide.limit", "数量限制规则", None),
    ("guide.pledge", "告知承诺规则", None),
    ("guide.result", "审批结果", None),
    ("guide.person_topics", "自然人主题", None),
    ("guide.corporate_topics", "法人主题", None),
    ("guide.publicity_days", "公示天数", None),
    ("guide.remedies", "复议诉讼", None),
    ("guide.also_called", "别称", None),
    ("guide.further", "其他栏目", None),
    // Of who stands where, not of what is offered.
    ("authority", "实施主体", None),
    ("node", "节点", None),
];

/// Compares two versions of an item with their guides.
#[must_use]
pub fn compare(old: (&ServiceItem, &Guide), new: (&ServiceItem, &Guide)) -> Vec<FieldChange> {
    changes(&whole(old.0, old.1), &whole(new.0, new.1))
}

/// Compares two versions of a base item with the guides that they prescribe.
#[must_use]
pub fn compare_base(old: (&BaseItem, &Guide), new: (&BaseItem, &Guide)) -> Vec<FieldChange> {
    changes(&whole(old.0, old.1), &whole(new.0, new.1))
}

fn whole(item: &impl Serialize, guide: &Guide) -> Value {
    // Neither has a map whose keys aren't text, which alone could fail.
    let mut value = serde_json::to_value(item).unwrap_or_default();
    value["guide"] = serde_json::to_value(guide).unwrap_or_default();
    value
}

fn changes(old: &Value, new: &Value) -> Vec<FieldChange> {
    let mut found = Vec::new();
    for (field, zh, named) in FIELDS {
        let (before, after) = (at(old, field), at(new, field));
        if before == after {
            continue;
        }
        let mut add = |member: Option<String>, part: Option<String>, kind, from, to| {
            found.push(FieldChange { field, zh, member, part, kind, from, to });
        };
        match (before, after) {
            (Value::Array(before), Value::Array(after)) => list(before, after, named, &mut add),
            (Value::Object(before), Value::Object(after)) => {
                let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
                keys.sort();
                keys.dedup();
                for key in keys {
                    let none = Value::Null;
                    let (from, to) = (before.get(key).unwrap_or(&none), after.get(key).unwrap_or(&none));
                    if from != to {
                        add(None, Some(key.clone()), kind(from, to), text(from), text(to));
                    }
                }
            }
            (before, after) => add(None, None, kind(before, after), text(before), text(after)),
        }
    }
    found
}

type Add<'a> = dyn FnMut(Option<String>, Option<String>, FieldKind, Option<String>, Option<String>) + 'a;

/// Members by name; those without a name, and plain values, by their text. Of several with one name the first goes with the first.
fn list(before: &[Value], after: &[Value], named: Option<&str>, add: &mut Add<'_>) {
    let name =
        |value: &Value| named.and_then(|key| value.get(key)).and_then(text).or_else(|| text(value)).unwrap_or_default();
    let keyed = |values: &[Value]| {
        let mut seen = std::collections::BTreeMap::new();
        let mut keyed = Vec::new();
        for value in values {
            let count: &mut u32 = seen.entry(name(value)).or_default();
            *count += 1;
            keyed.push(((name(value), *count), value.clone()));
        }
        keyed
    };
    let (before, after) = (keyed(before), keyed(after));
    let find = |list: &[((String, u32), Value)], key: &(String, u32)| {
        list.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
    };
    let mut same_members = before.len() == after.len();
    for (key, from) in &before {
        let Some(to) = find(&after, key) else {
            same_members = false;
            add(Some(key.0.clone()), None, FieldKind::Removed, text(from), None);
            continue;
        };
        if let (Value::Object(from), Value::Object(to)) = (from, &to) {
            for (part, from) in from {
                let to = to.get(part).unwrap_or(&Value::Null);
                if from != to {
                    same_members = false;
                    add(Some(key.0.clone()), Some(part.clone()), kind(from, to), text(from), text(to));
                }
            }
        }
    }
    for (key, to) in &after {
        if find(&before, key).is_none() {
            same_members = false;
            add(Some(key.0.clone()), None, FieldKind::Added, None, text(to));
        }
    }
    if same_members {
        let names = |list: &[((String, u32), Value)]| {
            Some(list.iter().map(|((name, _), _)| name.as_str()).collect::<Vec<_>>().join("、"))
        };
        add(None, None, FieldKind::Reordered, names(&before), names(&after));
    }
}

fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('.').try_fold(value, |value, key| value.get(key)).unwrap_or(&Value::Null)
}

fn kind(from: &Value, to: &Value) -> FieldKind {
    match (is_nothing(from), is_nothing(to)) {
        (true, _) => FieldKind::Added,
        (_, true) => FieldKind::Removed,
        _ => FieldKind::Changed,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// A value as text; what is empty is none.
fn text(value: &Value) -> Option<String> {
    if is_nothing(value) {
        return None;
    }
    Some(match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().filter_map(text).collect::<Vec<_>>().join("、"),
        Value::Object(fields) => fields.values().filter_map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::catalogue::{Fee, RequiredMaterial};

    fn guide() -> Guide {
        let material = |name: &str| RequiredMaterial { name: name.to_owned(), ..RequiredMaterial::default() };
        Guide { materials: vec![material("申请表"), material("身份证")], ..Guide::default() }
    }

    fn of(old: &Guide, new: &Guide) -> Vec<FieldChange> {
        changes(&serde_json::json!({ "guide": old }), &serde_json::json!({ "guide": new }))
    }

    /// Every field of a guide is compared, so that none added later is forgotten.
    #[test]
    fn no_field_of_a_guide_is_forgotten() {
        let value = serde_json::to_value(Guide::default()).unwrap();
        for key in value.as_object().unwrap().keys() {
            assert!(FIELDS.iter().any(|(field, ..)| *field == format!("guide.{key}")), "{key}");
        }
        let shown = |path: &str| FIELDS.iter().filter(|(field, ..)| *field == path).count();
        assert!(FIELDS.iter().all(|(field, zh, _)| shown(field) == 1 && !zh.is_ascii()));
    }

    #[test]
    fn members_of_lists_are_compared_by_name() {
        let old = guide();
        assert_eq!(of(&old, &old), []);
        let mut new = old.clone();
        new.materials.swap(0, 1);
        let changes = of(&old, &new);
        assert_eq!((changes.len(), changes[0].kind, changes[0].zh), (1, FieldKind::Reordered, "申请材料"));

        new.materials[0].copies = Some(2);
        new.materials.push(RequiredMaterial { name: "照片".into(), ..RequiredMaterial::default() });
        new.materials.remove(1);
        new.fees.push(Fee { name: "工本费".into(), fen: Some(500), ..Fee::default() });
        let found = of(&old, &new);
        let seen: Vec<_> = found
            .iter()
            .map(|change| (change.member.as_deref(), change.part.as_deref(), change.kind, change.to.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                (Some("申请表"), None, FieldKind::Removed, None),
                (Some("身份证"), Some("copies"), FieldKind::Added, Some("2")),
                (Some("照片"), None, FieldKind::Added, Some("照片")),
                (Some("工本费"), None, FieldKind::Added, Some("500 工本费")),
            ]
        );
    }

    #[test]
    fn plain_fields_say_what_they_were() {
        let old = Guide { conditions: Some("年满十八".into()), visits: Some(2), ..Guide::default() };
        let new = Guide { conditions: None, visits: Some(1), enquiry: Some("0826-2220000".into()), ..Guide::default() };
        let seen: Vec<_> =
            of(&old, &new).into_iter().map(|change| (change.zh, change.kind, change.from, change.to)).collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            seen,
            [
                ("到办事现场次数", FieldKind::Changed, text("2"), text("1")),
                ("受理条件", FieldKind::Removed, text("年满十八"), None),
                ("咨询电话", FieldKind::Added, None, text("0826-2220000")),
            ]
        );
    }
}
