//! What reports to a front database say.

use super::Text;

texts! {
    REPORT_SENT = "Batch {0}: {1} {1|row|rows} new, {2} changed, {3} withdrawn; {4} {4|stands as it was|stand as they were} sent; {5} {5|item|items} can't be reported.",
        "批次 {0}：新增 {1} 行，变更 {2} 行，撤销 {3} 行；{4} 行未变；{5} 个事项无法上报。";
    REPORT_PLANNED = "Nothing was sent. To be sent: {1} {1|row|rows} new, {2} changed, {3} withdrawn; {4} {4|stands as it was|stand as they were} sent; {5} {5|item|items} can't be reported.",
        "未发送。待发送：新增 {1} 行，变更 {2} 行，撤销 {3} 行；{4} 行未变；{5} 个事项无法上报。";
    REPORT_NOTHING = "Nothing to report: {4} {4|row stands as it was|rows stand as they were} sent; {5} {5|item|items} can't be reported.",
        "无须上报：{4} 行与上次相同；{5} 个事项无法上报。";
    CASES_SENT = "Batch {0}: {1} {1|row|rows} new, {2} changed, {3} withdrawn; {4} {4|stands as it was|stand as they were} sent; {5} {5|case|cases} can't be reported.",
        "批次 {0}：新增 {1} 行，变更 {2} 行，撤销 {3} 行；{4} 行未变；{5} 个办件无法上报。";
    CASES_PLANNED = "Nothing was sent. To be sent: {1} {1|row|rows} new, {2} changed, {3} withdrawn; {4} {4|stands as it was|stand as they were} sent; {5} {5|case|cases} can't be reported.",
        "未发送。待发送：新增 {1} 行，变更 {2} 行，撤销 {3} 行；{4} 行未变；{5} 个办件无法上报。";
    CASES_NOTHING = "Nothing to report of cases: {5} {5|case|cases} can't be reported.", "无须上报办件；{5} 个办件无法上报。";
    REPORT_MORE = "More cases are due: run the script there, then report again.", "尚有办件待上报：请先在前置库执行该脚本，再次上报。";
    REPORT_THERE = "{0} {0|row|rows} lay there already.", "其中 {0} 行前置库已有。";
    REPORT_FILES = "The files are in {0}.", "文件已写入 {0}。";
    RECONCILED = "{0} accepted, {1} rejected, {2} without an answer, {3} never arrived, {4} unknown here.",
        "已接收 {0} 行，被退回 {1} 行，未答复 {2} 行，未到达 {3} 行，本节点未发送过 {4} 行。";
    RECONCILED_REJECTED = "rejected", "被退回";
    RECONCILED_MISSING = "never arrived", "未到达";
    RECONCILED_UNKNOWN = "unknown here", "本节点未发送过";
    REMEDY_COLUMN = "correct {0} ({1}) of the item, publish it, report again", "更正该事项的“{0}”（{1}），重新发布后再次上报";
    REMEDY_CASE_COLUMN = "correct {0} ({1}) of the case or of what it is made of, report again; see: tongban case show",
        "更正该办件的“{0}”（{1}）或其来源后再次上报；查看：tongban case show";
    REMEDY_CASE_ASK = "ask who runs the front database; when it is mended there: tongban case report --again",
        "向前置库管理方核实；对方处理后执行 tongban case report --again";
    REMEDY_ASK = "ask who runs the front database; when it is mended there: tongban item report --again",
        "向前置库管理方核实；对方处理后执行 tongban item report --again";
}
