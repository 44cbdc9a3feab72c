//! What can be wrong with an item file as a whole, and what is said of one.

use super::{Fault, Text};

faults! {
    FILE_KIND = "file-kind", "file": "the file is {0}, which isn't read", "不支持该文件格式：{0}";
        "open it in a spreadsheet and save it as .xlsx; .xlsx, .xls, CSV and JSON are read",
        "请在电子表格软件中打开并另存为 .xlsx；支持 .xlsx、.xls、CSV 和 JSON";
    TEXT_ENCODING = "csv-encoding", "file": "line {0} is neither UTF-8 nor GB18030", "第 {0} 行不是 UTF-8，也不是 GB18030 编码";
        "save it as \"CSV UTF-8\" or as .xlsx", "请另存为“CSV UTF-8”或 .xlsx";
    CSV_MALFORMED = "csv-malformed", "file": "line {0}: {1~}", "第 {0} 行：{2~}";
        "correct the line, nothing was sent; fields with commas, quotes or line breaks stand in quotes (RFC 4180)",
        "请更正该行，尚未导入任何内容；含逗号、引号或换行的字段须加引号（RFC 4180）";
    WORKBOOK_ENCRYPTED = "workbook-encrypted", "file": "the workbook is encrypted", "工作簿已加密";
        "open it with its password and save it without one", "请用密码打开后，去掉密码另存";
    WORKBOOK_DAMAGED = "workbook-damaged", "file": "the workbook is damaged: {0~}", "工作簿已损坏：{0~}";
        "open it in a spreadsheet and save it again", "请在电子表格软件中打开后重新保存";
    WORKBOOK_TOO_LARGE = "workbook-too-large", "file": "the workbook is too large: {0}", "工作簿过大：{1}";
        "split it, or export it as CSV", "请拆分，或导出为 CSV";
    SHEET_UNKNOWN = "sheet-unknown", "sheet": "there is no sheet {0}; the sheets are: {1}", "没有工作表 {0}；现有：{1}";
        "name one of them with --sheet", "请用 --sheet 指定其中之一";
    SHEETS_NONE = "sheet-unknown", "sheet": "there is no sheet {0}; the file is no workbook and has none", "没有工作表 {0}；该文件不是工作簿";
        "leave --sheet out", "请去掉 --sheet";
    SHEET_EMPTY = "sheet-empty", "file": "the file has no rows", "文件没有数据行";
        "a head names the columns, one entry follows on each further row; a list in JSON has one at least. An empty file for items: tongban item columns --template FILE.xlsx",
        "表头为列名，其后每行一条；JSON 列表至少一条。事项的空白模板：tongban item columns --template FILE.xlsx";
    HEAD_UNKNOWN = "head-unknown", "file": "no row names columns that are known", "没有找到可识别的表头";
        "tongban item columns lists the names; a mapping gives other titles a meaning: --map FILE.toml",
        "列名见 tongban item columns；其他列名可用映射指定：--map FILE.toml";
    COLUMN_MISSING = "column-missing", "file": "the column {0} is missing{2}", "缺少列 {1}（{0}）{3}";
        "add it, or give it in a mapping: --map FILE.toml", "请补上，或在映射中指定：--map FILE.toml";
    COLUMN_REPEATED = "column-repeated", "file": "{1} and {2} both mean the column {0}", "“{1}”和“{2}”都对应列 {0}";
        "leave one of them out, or pass it over in a mapping: \"{2}\" = \"\"", "请删去其中一列，或在映射中忽略：\"{2}\" = \"\"";
    MAPPING_INVALID = "mapping-invalid", "map": "the mapping isn't valid: {0}", "映射无效：{0}";
        "tongban item columns lists the names; docs/operating shows a mapping", "列名见 tongban item columns；映射示例见 docs/operating";
    EXPORT_KIND = "export-kind", "output-file": "the file's ending says how it is written", "文件扩展名决定格式";
        "end it in .xlsx, .csv or .json", "请使用 .xlsx、.csv 或 .json";
    MAPPING_NAME = "mapping-name", "map": "a mapping is a name of letters, digits, - and _ in the node's directory, or a file .toml",
        "映射应为节点目录中的名称（文字、数字、- 和 _），或 .toml 文件";
        "give --dir for a name, or a file", "使用名称须指定 --dir，或改用文件";
}

texts! {
    READ_AS = "Read as {0}, sheet {1}, head in rows {2} to {3}.", "按 {0} 读取，工作表“{1}”，表头第 {2} 至 {3} 行。";
    READ_ENCODING = "The file is in {0}.", "文件编码为 {0}。";
    COLUMNS_UNKNOWN = "Columns passed over: {0}.", "未识别的列已忽略：{0}。";
    HIDDEN_READ = "{0} hidden {0|row was|rows were} read too; --skip-hidden leaves {0|it|them} out.", "另有 {0} 个隐藏行一并读取；--skip-hidden 可略过。";
    HIDDEN_SKIPPED = "{0} hidden {0|row was|rows were} left out.", "已略过 {0} 个隐藏行。";
    DRY_RUN = "Dry run: nothing was written.", "试运行：未写入任何内容。";
    SKIPPED = "{0} {0|stands already and was left as it is|stand already and were left as they are}.", "{0} 项已存在，保持原样。";
    ERRORS_WRITTEN = "The rows with findings are in {0}; correct and import it.", "有问题的行已写入 {0}，更正后可直接导入。";
    MAPPING_WRITTEN = "The mapping is in {0}.", "映射已保存至 {0}。";
    TEMPLATE_WRITTEN = "The template is in {0}.", "模板已写入 {0}。";
    EXPORTED = "{0} {0|item is|items are} in {1}.", "{0} 个事项已写入 {1}。";
}
