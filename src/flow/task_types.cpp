#include <array>

#include "flow/care_keys.hpp"
#include "flow/connection_keys.hpp"
#include "flow/container_keys.hpp"
#include "flow/contract_keys.hpp"
#include "flow/guard_keys.hpp"
#include "flow/http_keys.hpp"
#include "flow/invoke_keys.hpp"
#include "flow/key_spec.hpp"
#include "flow/kubernetes_keys.hpp"
#include "flow/notify_keys.hpp"
#include "flow/python_keys.hpp"
#include "flow/remote_keys.hpp"
#include "flow/share_keys.hpp"
#include "flow/shell_keys.hpp"
#include "flow/sql_keys.hpp"
#include "flow/store_keys.hpp"
#include "flow/subflow_keys.hpp"

// The task types and their keys.
namespace cordyna::flow {
namespace {

using K = ValueKind;
using Word = std::string_view;
using remote_detail::kAuthFields;
using remote_detail::kTransfer;
using store_detail::kFiles;
using store_detail::kFrom;
using store_detail::kGcs;
using store_detail::kS3;

using care_detail::kCare;
using connection_detail::kConnection;
using connection_detail::mode_key;
using connection_detail::share_key;
using contract_detail::kContractKeys;
using contract_detail::kRejectFields;
using contract_detail::kSeverities;
using guard_detail::kOnTrips;
using guard_detail::kOnTripText;
using guard_detail::kSeason;
using guard_detail::kSeries;
using guard_detail::kShareGuardFields;
using guard_detail::kWatches;

constexpr KeySpec kTextItem{.kind = K::kText};
constexpr KeySpec kTemplateItem{.kind = K::kTemplate};
constexpr KeySpec kColumnItem{.kind = K::kText};
constexpr KeySpec kDataTaskItem{.kind = K::kDataTask};

constexpr KeySpec kMemory{.name = "memory",
                          .kind = K::kSize,
                          .description =
                              "What the step's database may use: 256MB, 1GB; at least "
                              "32MiB.",
                          .shared = true,
                          .least = std::int64_t{32} << 20};
constexpr KeySpec kThreads{.name = "threads",
                           .kind = K::kInt,
                           .description = "Threads of the step's database.",
                           .shared = true,
                           .least = 1,
                           .most = 1024};

constexpr KeySpec kKeepPii{.name = "keep_pii",
                           .kind = K::kBool,
                           .description =
                               "Whether the step's data, with columns that tell about persons, "
                               "stays in the state folder when the run has ended well; "
                               "without it, no.",
                           .shared = true};

constexpr std::int64_t kDurationMost = std::int64_t{36'500} * 86'400'000;

constexpr std::array kLevels{Word("debug"), Word("info"), Word("warn"), Word("error")};
constexpr std::array kFormats{Word("csv"), Word("json"), Word("parquet")};
constexpr std::array kHows{Word("inner"), Word("left"), Word("full")};
constexpr std::array kExpects{Word("one_to_one"), Word("many_to_one"), Word("one_to_many"),
                              Word("any")};
constexpr std::array kLog{
    KeySpec{
        .name = "message", .kind = K::kTemplate, .description = "What is said.", .required = true},
    KeySpec{.name = "level",
            .kind = K::kEnum,
            .description = "How much it matters.",
            .preset = "\"info\"",
            .words = kLevels},
};

constexpr std::array kFail{
    KeySpec{.name = "message",
            .kind = K::kTemplate,
            .description = "Why the flow fails here.",
            .required = true},
};

constexpr KeySpec kTasksItem{.kind = K::kTasks};

constexpr std::array kSwitch{
    KeySpec{.name = "value",
            .kind = K::kTemplate,
            .description = "What is compared with the names of `cases`.",
            .required = true},
    KeySpec{.name = "cases",
            .kind = K::kMap,
            .description = "Tasks by the value that they are for; those of the other cases are "
                           "skipped. A task is CASE's own, and its path is SWITCH/ID: inside it is "
                           "named by its id, from elsewhere by its path, as outputs['SWITCH/ID'].",
            .required = true,
            .item = &kTasksItem,
            .least = 1},
    KeySpec{.name = "default",
            .kind = K::kTasks,
            .description = "Tasks for every other value; an empty list for nothing at all. Without "
                           "it another value is an error."},
};

constexpr std::array kForeach{
    KeySpec{.name = "items",
            .kind = K::kAny,
            .description = "A list; a template that gives one, as \"{{ inputs.names }}\"; or a "
                           "range, {from: 1, to: 10, step: 2}, with both ends. At most 1,000,000 "
                           "items.",
            .required = true},
    KeySpec{.name = "parallel",
            .kind = K::kInt,
            .description = "So many items at a time; without it, as many as there are slots.",
            .least = 1,
            .most = 1000},
    KeySpec{.name = "tasks",
            .kind = K::kTasks,
            .description =
                "What runs for each item. Templates know `item`, and `loop` with index (from 1), "
                "index0, length and, in a foreach inside of another, parent (its item, index …). "
                "The path of a task is FOREACH[INDEX0]/ID; inside it is named by its id. What its "
                "tasks need from outside, the foreach needs.",
            .required = true},
};

constexpr std::array kOnTimeouts{Word("fail"), Word("continue")};

constexpr std::array kPause{
    KeySpec{.name = "for",
            .kind = K::kDuration,
            .description = "How long it waits; without it, until a person approves (`dyna approve` "
                           "or `dyna reject`).",
            .least = 1,
            .most = kDurationMost},
    KeySpec{.name = "message",
            .kind = K::kTemplate,
            .description = "What the person is asked. Without it, that somebody should approve."},
    KeySpec{.name = "on_timeout",
            .kind = K::kEnum,
            .description = "What happens when nobody decided within `timeout`. Without it: fail. "
                           "Outputs are approved (true, false), by, note, and the inputs.",
            .words = kOnTimeouts},
    KeySpec{.name = "inputs",
            .kind = K::kList,
            .description = "Values that the person who approves gives (`dyna approve RUN --with "
                           "KEY=VALUE`): as a flow's inputs. They become outputs of the task.",
            .least = 1},
};

constexpr std::array kWaitFor{
    KeySpec{.name = "script",
            .kind = K::kShell,
            .description = "Looks whether it holds: it does when the script ends with exit code 0, "
                           "and its outputs are the task's. Where it does not, it is run again "
                           "after `interval`. It has a slot only while it runs."},
    KeySpec{.name = "until",
            .kind = K::kCondition,
            .description = "Instead of `script`: a template over `now` (2026-11-21T07:50:00.123Z) "
                           "that gives true when the task may end."},
    KeySpec{.name = "interval",
            .kind = K::kDuration,
            .description = "From one look to the next. Without it, 30s.",
            .least = 100,
            .most = kDurationMost},
    KeySpec{.name = "interpreter",
            .kind = K::kList,
            .description = "Of `script`: the program and its options; one string is parted at "
                           "blanks. Without it, /bin/sh -e.",
            .one_or_list = true,
            .splits = true,
            .item = &kTextItem,
            .least = 1},
};

constexpr std::array kLoad{
    kFrom,
    kFiles,
    KeySpec{.name = "headers",
            .kind = K::kMap,
            .description = "Headers of the request to a web server, as \"Bearer {{ "
                           "secret('TOKEN') }}\". Another server that it redirects to gets none.",
            .item = &kTemplateItem},
    KeySpec{.name = "auth",
            .kind = K::kObject,
            .description = "User and password for a web server (Basic).",
            .fields = kAuthFields},
    KeySpec{.name = "sha256",
            .kind = K::kTemplate,
            .description = "The file's SHA-256; another one fails the task."},
    kTransfer,
    kS3,
    kGcs,
    kConnection,
    KeySpec{.name = "table",
            .kind = K::kTemplate,
            .description = "The table of the connection that is read, schema.table: names as they "
                           "are, in double quotes where a point is part of one."},
    KeySpec{.name = "sql",
            .kind = K::kSql,
            .description = "Instead of `table`: one query, in the SQL of the connection's server."},
    KeySpec{.name = "statement_timeout",
            .kind = K::kDuration,
            .description = "How long the query may take, instead of what the connection says.",
            .least = 1},
    KeySpec{.name = "format",
            .kind = K::kEnum,
            .description = "csv, json (lines) or parquet; without it, by the file's name.",
            .words = kFormats},
    KeySpec{.name = "delimiter",
            .kind = K::kText,
            .description = "What stands between columns of CSV: 1 to 4 characters."},
    KeySpec{
        .name = "quote", .kind = K::kText, .description = "The character around values of CSV."},
    KeySpec{.name = "encoding", .kind = K::kText, .description = "The encoding of CSV: utf-8."},
    KeySpec{.name = "header",
            .kind = K::kBool,
            .description = "Whether the first line of CSV names the columns.",
            .preset = "true"},
    KeySpec{.name = "nulls",
            .kind = K::kList,
            .description = "Texts of CSV that mean: no value.",
            .one_or_list = true,
            .item = &kTextItem},
    KeySpec{.name = "contract",
            .kind = K::kObject,
            .description = "What the source must look like: a file, or the contract itself.",
            .fields = kContractKeys},
    KeySpec{.name = "rejects",
            .kind = K::kObject,
            .description = "Lines that cannot be read.",
            .fields = kRejectFields},
    kKeepPii,
    kMemory,
    kThreads,
};

constexpr std::array kRuleFields{
    KeySpec{.name = "name",
            .kind = K::kText,
            .description = "What the report calls the rule.",
            .required = true},
    KeySpec{.name = "sql",
            .kind = K::kSql,
            .description = "An expression that is true for each good row.",
            .required = true},
    KeySpec{.name = "severity",
            .kind = K::kEnum,
            .description = "What bad rows do: fail the task, warn, or go into quarantine.",
            .preset = "\"fail\"",
            .words = kSeverities},
    KeySpec{.name = "max_bad", .kind = K::kInt, .description = "So many bad rows are allowed."},
    KeySpec{.name = "max_bad_percent",
            .kind = K::kNumber,
            .description = "So many bad rows of a hundred are allowed.",
            .most = 100},
};
constexpr KeySpec kRule{.kind = K::kObject, .fields = kRuleFields};

constexpr std::array kCheck{
    KeySpec{.name = "of",
            .kind = K::kDataTask,
            .description = "The task whose data is checked.",
            .required = true},
    KeySpec{.name = "rules",
            .kind = K::kList,
            .description = "What must hold.",
            .required = true,
            .item = &kRule,
            .least = 1},
    kKeepPii,
    kMemory,
    kThreads,
};

constexpr std::array kDedupes{Word("exact")};
constexpr std::array kOnLost{Word("fail"), Word("warn"), Word("quarantine"), Word("ignore")};
constexpr KeySpec kSqlItem{.kind = K::kSql};

constexpr std::array kStandardize{
    KeySpec{.name = "of",
            .kind = K::kDataTask,
            .description = "The task whose data is brought into one form.",
            .required = true},
    KeySpec{.name = "set",
            .kind = K::kMap,
            .description = "Columns, each with an expression over the row as it was. Beside "
                           "DuckDB's functions: digits, pad, squeeze, title, plain, street, "
                           "date_as, time_as, whole, number, yes_no, ft2_to_m2, miles_to_km.",
            .keeps_order = true,
            .item = &kSqlItem},
    KeySpec{.name = "rename",
            .kind = K::kMap,
            .description = "Columns with their new names.",
            .item = &kColumnItem},
    KeySpec{.name = "drop",
            .kind = K::kList,
            .description = "Columns that are left out.",
            .one_or_list = true,
            .item = &kColumnItem},
    KeySpec{.name = "dedupe",
            .kind = K::kEnum,
            .description = "exact: of rows that are equal in every column, the first stays.",
            .words = kDedupes},
    KeySpec{.name = "on_lost",
            .kind = K::kEnum,
            .description = "What happens where a column of `set` had a value and has none after.",
            .preset = "\"fail\"",
            .words = kOnLost},
    kKeepPii,
    kMemory,
    kThreads,
};

constexpr std::array kSecure{
    KeySpec{.name = "of",
            .kind = K::kDataTask,
            .description = "The task whose data is made harmless.",
            .required = true},
    KeySpec{.name = "columns",
            .kind = K::kMap,
            .description = "Columns, each with what happens to it.",
            .required = true,
            .item = &kCare,
            .least = 1},
    kKeepPii,
    kMemory,
    kThreads,
};

constexpr std::array kDedupeFields{
    KeySpec{.name = "by",
            .kind = K::kList,
            .description = "Columns that make two rows the same.",
            .required = true,
            .one_or_list = true,
            .item = &kColumnItem,
            .least = 1},
    KeySpec{.name = "keep",
            .kind = K::kSql,
            .description = "Which one stays: the first in this order (price desc, sale_id).",
            .required = true},
};
constexpr KeySpec kDedupe{.kind = K::kObject, .fields = kDedupeFields};

constexpr std::array kMerge{
    KeySpec{.name = "of",
            .kind = K::kList,
            .description = "The tasks whose data is merged, at least two.",
            .required = true,
            .item = &kDataTaskItem,
            .least = 2},
    KeySpec{.name = "on",
            .kind = K::kList,
            .description = "The columns that must be equal.",
            .required = true,
            .one_or_list = true,
            .item = &kColumnItem,
            .least = 1},
    KeySpec{.name = "how",
            .kind = K::kEnum,
            .description = "Which rows stay.",
            .preset = "\"inner\"",
            .words = kHows},
    KeySpec{.name = "expect",
            .kind = K::kEnum,
            .description = "How many rows may share a key on each side.",
            .preset = "\"any\"",
            .words = kExpects},
    KeySpec{.name = "prefer",
            .kind = K::kMap,
            .description =
                "Whose value stays where several have a column: a column (or `default`) "
                "with a task, whose value goes first; or with non_null (the first in the "
                "order of `of`), max, min, or newest(column), the value of the row with "
                "the latest value of that column.",
            .item = &kTextItem},
    KeySpec{.name = "dedupe",
            .kind = K::kMap,
            .description = "Tasks whose rows are made unique before.",
            .item = &kDedupe},
    kKeepPii,
    kMemory,
    kThreads,
};

constexpr std::array kTransform{
    KeySpec{.name = "sql",
            .kind = K::kSql,
            .description = "One SELECT; ids of data tasks are tables.",
            .required = true},
    KeySpec{.name = "declassify",
            .kind = K::kList,
            .description = "Columns of the result that tell about nobody any more, though a "
                           "column with `pii` has their name.",
            .one_or_list = true,
            .item = &kColumnItem},
    kKeepPii,
    kMemory,
    kThreads,
};

constexpr std::array kGuard{
    KeySpec{.name = "of",
            .kind = K::kDataTask,
            .description = "The task whose data is compared with its history.",
            .required = true},
    kSeries,
    kWatches,
    KeySpec{.name = "on_trip", .kind = K::kEnum, .description = kOnTripText, .words = kOnTrips},
    kSeason,
    kMemory,
    kThreads,
};

constexpr std::array kShare{
    KeySpec{.name = "of",
            .kind = K::kDataTask,
            .description = "The task whose data is shared.",
            .required = true},
    share_detail::kTo,
    KeySpec{.name = "guard",
            .kind = K::kObject,
            .description = "The guard before it, where the flow has none for the same data: off, "
                           "or as in a guard task.",
            .fields = kShareGuardFields,
            .short_field = "on_trip"},
    share_detail::kFormulas,
    kTransfer,
    kS3,
    kGcs,
    mode_key(
        "What happens to the rows that a table has: replace them all, append to them, or "
        "upsert, which replaces those with the same `key`. Without it, replace; files always are.",
        ""),
    share_key("The columns that tell which row is which: for upsert, and as the primary key of a "
              "table that is made."),
    kMemory,
    kThreads,
};

constexpr TaskType later(Word name, Word description) {
  return {.name = name, .description = description, .not_yet = true};
}

constexpr std::array kTypes{
    TaskType{.name = "shell",
             .description =
                 "Runs a script: in a shell, by any other interpreter, or compiled, from "
                 "C, Rust, Go or Java.",
             .keys = shell_detail::kShell},
    TaskType{.name = "python",
             .description =
                 "Runs a Python script, or a function. The last line of an exception is the "
                 "error's message, with the place in the user's own code: ValueError: "
                 "no such county (prices.py:12 in load). An exit code stays one.",
             .keys = python_detail::kPython},
    TaskType{.name = "log", .description = "Says something.", .keys = kLog, .engine = true},
    TaskType{.name = "fail", .description = "Ends in error.", .keys = kFail, .engine = true},
    TaskType{.name = "pause",
             .description = "Waits for a person or a time.",
             .keys = kPause,
             .engine = true},
    TaskType{.name = "switch",
             .description = "Runs the tasks of one of several cases, and ends when they have. Its "
                            "outputs are case and value.",
             .keys = kSwitch,
             .engine = true},
    TaskType{.name = "foreach",
             .description =
                 "Runs its tasks for each item, and ends when all have; in error, where one did "
                 "not complete. Its outputs are items, completed, failed, and results: for each "
                 "item an object of its tasks' outputs, at most 1 MiB together.",
             .keys = kForeach,
             .engine = true},
    TaskType{.name = "wait_for",
             .description = "Waits until something holds. It waits as long as `timeout` says.",
             .keys = kWaitFor},
    TaskType{.name = "load",
             .description = "Reads a file, of this machine or of a server.",
             .keys = kLoad,
             .data = true},
    TaskType{.name = "check", .description = "Tests each row.", .keys = kCheck, .data = true},
    TaskType{.name = "standardize",
             .description = "Brings values into one form.",
             .keys = kStandardize,
             .data = true},
    TaskType{.name = "secure",
             .description = "Hides what tells about people.",
             .keys = kSecure,
             .data = true},
    TaskType{.name = "merge", .description = "Joins data.", .keys = kMerge, .data = true},
    TaskType{
        .name = "transform", .description = "Computes data.", .keys = kTransform, .data = true},
    TaskType{.name = "guard",
             .description = "Holds data that differs from its history.",
             .keys = kGuard,
             .data = true},
    TaskType{.name = "share", .description = "Writes data out.", .keys = kShare},
    TaskType{.name = "container",
             .description = "Runs a container of the Docker daemon of this machine. It finds "
                            "$DYNA_OUTPUTS and $DYNA_ARTIFACTS as every task does.",
             .keys = container_detail::kContainer},
    TaskType{.name = "http",
             .description = "Calls a web service. Its outputs are status, headers (names in lower "
                            "case), and json, where the answer is JSON, else body; what is too "
                            "large for outputs, or no text, becomes an artifact that body_file "
                            "names. A request that changes something has an Idempotency-Key, the "
                            "same for all attempts of the task in its run.",
             .keys = http_detail::kHttp},
    TaskType{.name = "kubernetes",
             .description = "Runs a container as a Job of a Kubernetes cluster. What it writes to "
                            "$DYNA_OUTPUTS, less than 4096 bytes, are its outputs; it has no "
                            "$DYNA_ARTIFACTS. The Job goes on while Cordyna is restarted.",
             .keys = kubernetes_detail::kKubernetes},
    TaskType{.name = "sql",
             .description =
                 "Runs SQL in PostgreSQL, SQLite or DuckDB. Its outputs are affected (rows "
                 "that were changed), and of the last statement that gives rows: rows, "
                 "row_count and columns with name and type. Numbers and booleans are "
                 "such, json, arrays and nested values what they hold, times ISO 8601, "
                 "the rest is text; a number that JSON cannot hold is an error.",
             .keys = sql_detail::kSqlTask},
    TaskType{.name = "notify",
             .description = "Tells people by channels of teams.yaml: chats, webhooks, PagerDuty, "
                            "e-mail. At least once, each time with the same id. It fails where one "
                            "of them cannot be told. Its outputs are id and channels.",
             .keys = notify_detail::kNotify},
    later("task", "Runs a task of a task server."),
    TaskType{.name = "invoke",
             .description = "Runs a task on a task server of the flow's own team. Cerebro writes "
                            "such a flow for each task that a server declares.",
             .keys = invoke_detail::kInvoke},
    TaskType{.name = "flow",
             .description = "Runs another flow, as a run of its own. Its outputs are those of "
                            "that run, and run with id, number and state.",
             .keys = subflow_detail::kSubflow},
};

}  // namespace

std::span<const KeySpec> contract_keys() {
  return kContractKeys;
}
std::span<const TaskType> task_types() {
  return kTypes;
}

const TaskType* find_task_type(std::string_view name) {
  for (const TaskType& type : kTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

}  // namespace cordyna::flow
