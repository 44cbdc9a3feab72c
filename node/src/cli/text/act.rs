//! What can be wrong with an act file as a whole, and what is said of one.

use super::{Fault, Text};

faults! {
    ACT_HEAD_UNKNOWN = "head-unknown", "file": "no row names columns that are known", "没有找到可识别的表头";
        "an empty file with all columns: tongban case batch --template FILE.xlsx", "空白模板：tongban case batch --template FILE.xlsx";
    ACT_COLUMN_MISSING = "column-missing", "file": "the column {0} is missing", "缺少列 {1}（{0}）";
        "add it; an empty file with all columns: tongban case batch --template FILE.xlsx",
        "请补上；空白模板：tongban case batch --template FILE.xlsx";
    ACT_ROWS_MANY = "batch-too-long", "file": "the file has more than {0} acts", "文件超过 {0} 行操作";
        "split it", "请拆分";
    BATCH_BROKEN_OFF = "batch-broken-off", "file": "row {0} and those after it weren't answered: {1}", "自第 {0} 行起未获答复：{2}";
        "run the same file again as the same operator: what was done isn't done twice", "请以同一经办人再次运行同一文件：已办的不会重办";
}

texts! {
    BATCH_CONFIRM = "{0} {0|act|acts} on {1} {1|case|cases}.", "将对 {1} 件办件执行 {0} 项操作。";
    BATCH_DONE = "{0} {0|act|acts} done, {1} refused, {2} not tried.", "已办 {0} 项，被拒绝 {1} 项，未办 {2} 项。";
    BATCH_CHECKED = "{0} {0|act|acts} on {1} {1|case|cases} can be read; nothing was done.", "可读取 {0} 项操作，涉及 {1} 件办件；未办理任何操作。";
    BATCH_FAULTY = "{0} {0|row is|rows are} wrong; nothing was done.", "{0} 行有误；未办理任何操作。";
    BATCH_ERRORS = "The rows that weren't done are in {0}; correct it and run it.", "未办的行已写入 {0}，更正后可直接使用。";
    BATCH_HIDDEN = "{0} hidden {0|row was|rows were} left out.", "已略过 {0} 个隐藏行。";
}
