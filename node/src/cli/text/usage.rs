//! Texts about arguments that aren't understood.

use super::{Fault, Text};

faults! {
    ARGUMENT_UNKNOWN = "argument-unknown", "": "{1} takes no argument {0}", "{1} 不接受参数 {0}";
        "see {1} --help{2}", "查看 {1} --help{3}";
    ARGUMENT_MISSING = "argument-missing", "": "{0} is missing", "缺少参数 {0}"; "see {1} --help", "查看 {1} --help";
    ARGUMENT_EMPTY = "argument-value", "": "{0} has no value", "参数 {0} 没有值"; "see {1} --help", "查看 {1} --help";
    ARGUMENT_OTHER = "argument-value", "": "{1} is no value of {0}, which is one of {2}", "{0} 不能是 {1}，可以是 {2}";
        "choose one of them; see {3} --help", "请选用其中之一；查看 {3} --help";
    ARGUMENT_UNREAD = "argument-value", "": "{1} is no value of {0}: {2~}", "{0} 不能是 {1}：{2~}";
        "see {3} --help", "查看 {3} --help";
    ARGUMENT_REPEATED = "argument-repeated", "": "{0} is given more than once", "参数 {0} 重复";
        "give it once; see {1} --help", "只写一次；查看 {1} --help";
    ARGUMENT_CONFLICT = "argument-conflict", "": "{0} and {1} don't go together", "{0} 与 {1} 不能同时使用";
        "leave one of them out; see {2} --help", "去掉其中之一；查看 {2} --help";
    ARGUMENT_COUNT = "argument-count", "": "{0} has too many or too few values", "{0} 的值过多或过少";
        "see {1} --help", "查看 {1} --help";
    ARGUMENT_NOT_TEXT = "argument-not-text", "": "an argument is not UTF-8", "参数不是 UTF-8";
        "write it in UTF-8; see {0} --help", "请使用 UTF-8；查看 {0} --help";
    COMMAND_UNKNOWN = "command-unknown", "": "{1} has no command {0}", "{1} 没有命令 {0}";
        "see {1} --help{2}", "查看 {1} --help{3}";
    COMMAND_MISSING = "command-missing", "": "{0} needs a command", "{0} 之后须写明命令";
        "see {0} --help", "查看 {0} --help";
}
