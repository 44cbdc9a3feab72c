//! What `tongban doctor` finds, well or not.

use super::{Fault, Text};

faults! {
    DIRECTORY_OK = "directory", "": "{0}, {1}, node {2}", "{0}，{1}，节点 {2}"; "-", "-";
    CONFIG_OK = "config", "": "valid, listens on {0}", "有效，监听 {0}"; "-", "-";
    NOT_DIALLED = "not-dialled", "advertise": "no address is advertised: peers can't dial this node, it can only dial them",
        "未填写可拨入的地址：其他节点无法拨入，本节点只能向外拨号";
        "fill in advertise in {0}, unless this node sits behind NAT on purpose", "请在 {0} 填写 advertise；有意置于 NAT 之后的除外";
    KEYS_OK = "keys", "": "they open, seal key {0}", "可用，签章密钥 {0}"; "-", "-";
    MODES_OK = "permissions", "": "only the owner reads the keys", "仅属主可读密钥"; "-", "-";
    MODE_LOOSE = "permissions-loose", "": "others may read {0}", "其他用户可读取 {0}"; "chmod go-rwx {0}", "chmod go-rwx {0}";
    MODE_UNREADABLE = "permissions-unreadable", "": "the permissions of {0} can't be read: {1~}", "无法读取 {0} 的权限：{1~}";
        "run doctor as the owner of the directory", "请以目录属主身份运行 doctor";
    CONNECTORS_OK = "connectors", "": "{0} {0|outside system|outside systems} with secrets that can be read", "{0} 个对接系统，密钥可读"; "-", "-";
    CONNECTOR_UNUSABLE = "connector-unusable", "connector": "the connector {0} can't be used: {1}", "对接系统 {0} 无法使用：{2}";
        "mend its secret_file or ca_file; its orders wait until then", "请修正其 secret_file 或 ca_file；在此之前委托单等待";
    CONNECTOR_GONE = "connector-gone", "connector": "{1} {1|order waits|orders wait} for the connector {0}, which isn't configured",
        "对接系统 {0} 已不在配置中，尚有 {1} 张委托单未完成";
        "add it to config.toml again, or enter what came of each: tongban order list --open", "请在 config.toml 中恢复，或逐单录入结果：tongban order list --open";
    DISK_OK = "disk", "": "{0} MiB of disk {0|is|are} free", "磁盘余量 {0} MiB"; "-", "-";
    DISK_NEAR = "disk-near-low-water", "": "only {0} MiB of disk {0|is|are} free; below {1} nothing new is admitted",
        "磁盘余量仅 {0} MiB；低于 {1} 将停止收件";
        "free or add disk", "请清理或扩充磁盘";
    DISK_LOW = "disk-low-water", "": "only {0} MiB of disk {0|is|are} free, below the mark of {1}: nothing new is admitted",
        "磁盘余量仅 {0} MiB，低于 {1}：已停止收件";
        "free or add disk; what was admitted is safe", "请清理或扩充磁盘；已收办件不受影响";
    DISK_UNKNOWN = "disk-unknown", "": "the free disk can't be read: {0~}", "无法读取磁盘余量：{0~}";
        "check the file system of the directory", "请检查目录所在文件系统";
    CLOCK_OK = "clock", "": "this machine's clock says {0}", "本机时钟 {0}"; "-", "-";
    CLOCK_ABSURD = "clock-absurd", "": "this machine's clock says {0}, before this release was made",
        "本机时钟 {0}，早于本版本发布";
        "set the clock, then keep it by NTP", "请校准时钟并启用 NTP";
    CLOCK_BEHIND = "clock-behind", "": "this machine's clock is {0} {0|second|seconds} behind the node's last act",
        "本机时钟比节点最近一次办理慢 {0} 秒";
        "set the clock by NTP; until it has caught up, acts carry the later time", "请用 NTP 校准；追上之前，办理时间按较晚者记录";
    CALENDAR_OK = "calendar", "": "working days are known up to {0}", "工作日历已公布至 {0} 年"; "-", "-";
    CALENDAR_ENDS = "calendar-ends", "": "working days are known up to {0} only; deadlines in {1} are provisional",
        "工作日历仅公布至 {0} 年；{1} 年的期限为暂定";
        "install the release that has the State Council's calendar of {1}", "请安装含国务院办公厅 {1} 年放假安排的版本";
    CALENDAR_ENDED = "calendar-ended", "": "working days are known up to {0} only; every deadline is provisional",
        "工作日历仅公布至 {0} 年；所有期限均为暂定";
        "install the release that has the State Council's calendar of {1}", "请安装含国务院办公厅 {1} 年放假安排的版本";
    LISTEN_OK = "listen", "": "the address {0} is free", "地址 {0} 可用"; "-", "-";
    LISTEN_TAKEN = "listen-taken", "listen": "the address {0} can't be used: {1~}", "地址 {0} 无法使用：{1~}";
        "stop what uses it, or change listen in the configuration", "请停止占用者，或修改配置中的 listen";
    SOCKET_LONG = "socket-long", "socket": "the path of the socket has {0} bytes, the system takes 107",
        "套接字路径长 {0} 字节，系统上限 107";
        "set socket to a shorter path in the configuration", "请在配置中将 socket 改为较短的路径";
    NODE_OK = "node", "": "the node is running and ready, release {0}", "节点正在运行且已就绪，版本 {0}"; "-", "-";
    NODE_UNREADY = "node-not-ready", "": "the node is running but not ready", "节点正在运行但未就绪";
        "see the findings below and the node's log", "请查看以下问题及节点日志";
    NODE_STOPPED = "node-not-running", "": "the node is not running", "节点没有运行";
        "tongban run --dir {0}", "tongban run --dir {0}";
    STATE_OK = "state", "": "it opens and holds the log up to entry {0}", "可打开，已含日志至第 {0} 条"; "-", "-";
    STATE_COPY_OPENS_LOG = "state-damaged", "": "{0} doesn't open: {1~}. A repaired copy has {2} {2|case|cases}, says that it holds the log up to entry {3}, \
and what can't be read of it is: {4}. The log is whole from entry {5} to {6}",
        "{0} 无法打开：{1~}。修复后的副本有 {2} 件办件，自称含日志至第 {3} 条，读不出的部分：{4}。日志完整，第 {5} 至 {6} 条";
        "delete nothing. Put back your newest copy of this state that holds entry {7} or later: the node applies the rest from the log. \
A repaired copy may lack rows, so it is no state to go on with",
        "不要删除任何文件。放回含第 {7} 条或更晚的最新状态副本，节点会从日志补上其后内容。修复后的副本可能缺少内容，不能直接使用";
    STATE_COPY_OPENS = "state-damaged", "": "{0} doesn't open: {1~}. A repaired copy has {2} {2|case|cases}, says that it holds the log up to entry {3}, \
and what can't be read of it is: {4}",
        "{0} 无法打开：{1~}。修复后的副本有 {2} 件办件，自称含日志至第 {3} 条，读不出的部分：{4}";
        "delete nothing, check the disk, put back the last copy of the whole directory", "不要删除任何文件，检查磁盘，放回整个目录的最近副本";
    STATE_COPY_CLOSED = "state-damaged", "": "{0} doesn't open: {1~}. A copy can't be repaired either: {2~}", "{0} 无法打开：{1~}。副本也无法修复：{2~}";
        "delete nothing, check the disk, put back the last copy of the whole directory", "不要删除任何文件，检查磁盘，放回整个目录的最近副本";
    COPY_ROOM = "state-damaged", "": "{0} doesn't open: {1~}. There is no room to examine a copy: it takes {2} MiB twice, {3} are free",
        "{0} 无法打开：{1~}。空间不足，无法检查副本：需 {2} MiB 的两倍，剩余 {3} MiB";
        "delete nothing; free disk and run doctor again", "不要删除任何文件；腾出空间后再运行 doctor";
    COPY_IMPOSSIBLE = "state-damaged", "": "{0} doesn't open: {1~}. It can't be copied: {2~}", "{0} 无法打开：{1~}。也无法复制：{2~}";
        "delete nothing, check the disk, run doctor as the owner of the directory", "不要删除任何文件，检查磁盘，以目录属主身份运行 doctor";
    LOG_DAMAGED = "log-damaged", "": "{0} doesn't open: {1~}", "{0} 无法打开：{1~}";
        "delete nothing, check the disk, put back the last copy of the whole directory", "不要删除任何文件，检查磁盘，放回整个目录的最近副本";
    PEER_DOWN = "peer-down", "": "no link to {0} ({1}): {2}", "与 {0}（{1}）的连接中断：{3}"; "{4}", "{4}";
}

/// The names of the checks.
pub(crate) const CHECKS: &[(&str, Text)] = &[
    ("directory", Text { en: "directory", zh: "目录" }),
    ("config", Text { en: "configuration", zh: "配置" }),
    ("keys", Text { en: "keys", zh: "密钥" }),
    ("permissions", Text { en: "permissions", zh: "权限" }),
    ("connectors", Text { en: "outside systems", zh: "对接系统" }),
    ("disk", Text { en: "disk", zh: "磁盘" }),
    ("clock", Text { en: "clock", zh: "时钟" }),
    ("calendar", Text { en: "calendar", zh: "工作日历" }),
    ("listen", Text { en: "address", zh: "监听地址" }),
    ("socket", Text { en: "socket", zh: "套接字" }),
    ("state", Text { en: "state", zh: "状态库" }),
    ("log", Text { en: "log", zh: "日志" }),
    ("node", Text { en: "node", zh: "节点" }),
    ("peer", Text { en: "peers", zh: "关联节点" }),
];
