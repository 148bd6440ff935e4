#include <array>

#include "flow/key_spec.hpp"
#include "flow/place_keys.hpp"
#include "flow/subflow_keys.hpp"

// The keys of a flow, of its inputs, and those that tasks of every type have.
namespace cordyna::flow {
namespace {

using K = ValueKind;
using Word = std::string_view;

constexpr std::int64_t kDurationMost = std::int64_t{36'500} * 86'400'000;

constexpr std::array kBackoffs{Word("constant"), Word("exponential"), Word("random")};
constexpr std::array kRules{Word("all_completed"), Word("all_done"), Word("any_completed"),
                            Word("any_error"), Word("all_error")};
// In the order of WhenFull.
constexpr std::array kWhenFull{Word("queue"), Word("skip"), Word("cancel")};
// In the order of InputType; the first ones are single values, which a list may hold.
constexpr std::array kInputTypes{
    Word("string"),   Word("int"),      Word("float"), Word("bool"),   Word("date"),
    Word("datetime"), Word("duration"), Word("json"),  Word("select"), Word("multiselect"),
    Word("array"),    Word("file"),     Word("secret")};
constexpr std::size_t kSingleTypes = 7;
constexpr std::array kChosenTypes{Word("select"), Word("multiselect")};
constexpr std::array kListTypes{Word("array"), Word("multiselect")};
constexpr std::array kOrderedTypes{Word("int"), Word("float"), Word("date"), Word("datetime"),
                                   Word("duration")};
constexpr std::array kArrayType{Word("array")};
constexpr std::array kStringType{Word("string")};

constexpr KeySpec kTextItem{.kind = K::kText};
constexpr KeySpec kTemplateItem{.kind = K::kTemplate};
constexpr KeySpec kAnyItem{.kind = K::kAny};
constexpr KeySpec kNeedItem{.kind = K::kNeed, .fields = subflow_detail::kNeed};
constexpr KeySpec kRetryOnItem{.kind = K::kRetryOn};

constexpr std::array kRetryFields{
    KeySpec{.name = "attempts",
            .kind = K::kInt,
            .description = "How often it is tried, with the first time.",
            .preset = "1",
            .least = 1,
            .most = 1000},
    KeySpec{.name = "delay",
            .kind = K::kDuration,
            .description = "Time between two attempts.",
            .preset = "\"0s\"",
            .most = kDurationMost},
    KeySpec{.name = "backoff",
            .kind = K::kEnum,
            .description = "How the delay grows: constant, doubled each time, or drawn between 0 "
                           "and the doubled one.",
            .preset = "\"constant\"",
            .words = kBackoffs},
    KeySpec{.name = "max_delay",
            .kind = K::kDuration,
            .description = "The delay grows no further; without it there is no bound.",
            .least = 1,
            .most = kDurationMost},
    KeySpec{.name = "jitter",
            .kind = K::kBool,
            .description = "Adds up to half of the delay by chance.",
            .preset = "false"},
    KeySpec{.name = "on",
            .kind = K::kList,
            .description = "Exit codes (75), kinds (error, timeout, lost, rejected) or codes "
                           "(EXIT_NONZERO) that are retried; without it, whatever is retryable.",
            .one_or_list = true,
            .item = &kRetryOnItem,
            .least = 1},
};

constexpr std::array kTimeoutFields{
    KeySpec{.name = "acknowledge",
            .kind = K::kDuration,
            .description = "From handing the attempt out until it is acknowledged.",
            .least = 1,
            .most = kDurationMost},
    KeySpec{.name = "start",
            .kind = K::kDuration,
            .description = "From then until it has started.",
            .least = 1,
            .most = kDurationMost},
    KeySpec{.name = "complete",
            .kind = K::kDuration,
            .description = "From then until it has ended.",
            .least = 1,
            .most = kDurationMost},
};

constexpr std::array kResourceFields{
    KeySpec{.name = "cpu",
            .kind = K::kCpu,
            .description = "Cores, as 0.5 or 2; at least 0.01. Held to where control groups are.",
            .most = 4096},
    KeySpec{.name = "memory",
            .kind = K::kSize,
            .description = "Of all its processes, as 512MB; at least 1MiB. Without control groups, "
                           "of each process by itself.",
            .least = std::int64_t{1} << 20},
    KeySpec{.name = "disk",
            .kind = K::kSize,
            .description = "Of each file that it writes, as 1GB; at least 1MiB.",
            .least = std::int64_t{1} << 20},
    KeySpec{.name = "time",
            .kind = K::kDuration,
            .description = "CPU time of each process, as 10m, in whole seconds.",
            .least = 1000,
            .most = kDurationMost},
};

constexpr std::array kCacheFields{
    KeySpec{.name = "key",
            .kind = K::kTemplate,
            .description = "What the work depends on, as {{ hash(inputs, files('src/**')) }}: "
                           "files('…') is the hash of the files that match, from the flow's "
                           "folder. The task's own keys, rendered, always belong to it.",
            .required = true},
    KeySpec{.name = "for",
            .kind = K::kDuration,
            .description = "How old the work may be. Without it, as old as the cache keeps it.",
            .least = 1,
            .most = kDurationMost},
};

constexpr KeySpec kRetry{.name = "retry",
                         .kind = K::kObject,
                         .description =
                             "Whether and how a failed attempt is tried again. A task's "
                             "keys go before the flow's.",
                         .fields = kRetryFields};
constexpr KeySpec kTimeouts{.name = "timeouts",
                            .kind = K::kObject,
                            .description =
                                "Limits of one attempt, each counted from the step "
                                "before. A task's keys go before the flow's.",
                            .fields = kTimeoutFields};
constexpr KeySpec kResources{.name = "resources",
                             .kind = K::kObject,
                             .description =
                                 "What one attempt may use; `dyna doctor` says how far this "
                                 "machine can hold it to that. A task's keys go before the "
                                 "flow's.",
                             .fields = kResourceFields};
constexpr KeySpec kEnv{.name = "env",
                       .kind = K::kMap,
                       .description = "Environment variables. A task's go before the flow's.",
                       .env_names = true,
                       .item = &kTemplateItem};

constexpr KeySpec kPriority{.name = "priority",
                            .kind = K::kInt,
                            .description =
                                "Who waits for a slot: the task with the greater number goes "
                                "first, of equals who came first; without it 0. A task's goes "
                                "before the flow's. One that runs is never stopped for another.",
                            .least = -1000,
                            .most = 1000};

constexpr KeySpec kPool{
    .name = "pool",
    .kind = K::kId,
    .description =
        "A pool of cordyna.yaml: each attempt takes a slot of it too, and waits "
        "while it is full. A task's goes before the flow's."};

constexpr KeySpec kPlace{
    .name = "place",
    .kind = K::kObject,
    .description =
        "Which place of cordyna.yaml its attempts run at: its name, or {labels: {gpu: "
        "a100}} for any that has them. Without it, any that its type and `resources` "
        "fit.",
    .fields = place_detail::kNeedFields,
    .short_field = "name"};

constexpr std::array kConcurrencyFields{
    KeySpec{.name = "limit",
            .kind = K::kInt,
            .description = "How many.",
            .required = true,
            .least = 1,
            .most = 10'000},
    KeySpec{.name = "key",
            .kind = K::kTemplate,
            .description = "A template over inputs, run, flow, labels, vars and trigger: runs for "
                           "which it gives different texts do not count against each other."},
    KeySpec{.name = "when_full",
            .kind = K::kEnum,
            .description = "What becomes of a run that comes while there are as many. queue: it is "
                           "pending until it is its turn, in order of arrival. skip: it ends at "
                           "once as cancelled. cancel: those before it are cancelled, the oldest "
                           "first, as many as needed, and it begins when they have ended.",
            .preset = "\"queue\"",
            .words = kWhenFull},
};

constexpr KeySpec kLateAfter{
    .name = "late_after",
    .kind = K::kDuration,
    .description =
        "A run that has not ended so long after it was made is late: its owner is told, "
        "and it goes on. Without it never.",
    .least = 1000,
    .most = kDurationMost};
constexpr KeySpec kStuckAfter{
    .name = "stuck_after",
    .kind = K::kDuration,
    .description =
        "A task that may run and has not begun for so long (no slot, a full pool, a "
        "task server that does not take it) is stuck: its owner is told, and it goes "
        "on waiting. Without it never.",
    .least = 1000,
    .most = kDurationMost};

constexpr KeySpec kConcurrency{.name = "concurrency",
                               .kind = K::kObject,
                               .description =
                                   "How many of its runs there may be at a time, however they "
                                   "begin; one that is paused counts. A number alone is the limit.",
                               .fields = kConcurrencyFields,
                               .short_field = "limit"};

constexpr KeySpec later(Word name, Word description) {
  return {.name = name, .kind = K::kAny, .description = description, .not_yet = true};
}

constexpr std::array kFlowKeys{
    KeySpec{.name = "id",
            .kind = K::kId,
            .description = "Names the flow within its namespace.",
            .required = true},
    KeySpec{.name = "namespace",
            .kind = K::kNamespace,
            .description = "Dotted ids: the team and area the flow belongs to."},
    KeySpec{.name = "description", .kind = K::kText, .description = "What the flow is for."},
    KeySpec{.name = "owner",
            .kind = K::kText,
            .description = "Who is responsible: told when it fails. Without it \"flow:<id>\"."},
    KeySpec{.name = "labels",
            .kind = K::kMap,
            .description = "Words to find the flow by.",
            .item = &kTextItem},
    KeySpec{.name = "inputs",
            .kind = K::kList,
            .description = "Values that are given at the start of a run."},
    KeySpec{.name = "vars",
            .kind = K::kMap,
            .description = "Values that several templates use, as {{ vars.name }}.",
            .item = &kAnyItem},
    KeySpec{.name = "env",
            .kind = K::kMap,
            .description = "Environment variables of all tasks.",
            .env_names = true,
            .item = &kTemplateItem},
    kRetry,
    kTimeouts,
    kResources,
    KeySpec{.name = "timeout",
            .kind = K::kDuration,
            .description = "Limit of a whole run, from when it begins.",
            .least = 1,
            .most = kDurationMost},
    kLateAfter,
    kStuckAfter,
    kConcurrency,
    kPool,
    kPriority,
    KeySpec{.name = "tasks",
            .kind = K::kList,
            .description = "The work. The order follows from `needs` and references, not from the "
                           "place in the file.",
            .required = true,
            .least = 1},
    KeySpec{.name = "errors",
            .kind = K::kList,
            .description = "Tasks that run after the others if any ended in error."},
    KeySpec{.name = "finally",
            .kind = K::kList,
            .description = "Tasks that run last, always, also after a cancel."},
    KeySpec{.name = "outputs",
            .kind = K::kMap,
            .description = "What a run gives to who asked for it: templates over the tasks' "
                           "outputs.",
            .item = &kAnyItem},
    KeySpec{.name = "triggers",
            .kind = K::kList,
            .description = "What starts runs while `dyna up` is there."},
    later("cache", "Work that is not done twice."),
    later("contracts", "Contracts that several tasks use."),
    later("connections", "Places that tasks name."),
};

constexpr KeySpec kDefaultsItem{.kind = K::kAny};

constexpr std::array kDefaultsKeys{
    KeySpec{.name = "owner",
            .kind = K::kText,
            .description = "Who is responsible for flows that do not say."},
    KeySpec{.name = "labels",
            .kind = K::kMap,
            .description = "Labels that each flow has too. A flow's own go before.",
            .item = &kTextItem},
    KeySpec{.name = "env",
            .kind = K::kMap,
            .description = "Environment variables of all tasks. A flow's and a task's go before.",
            .env_names = true,
            .item = &kTemplateItem},
    kRetry,
    kTimeouts,
    kResources,
    kPool,
    kPriority,
    KeySpec{.name = "timeout",
            .kind = K::kDuration,
            .description = "Limit of a whole run, of flows that have none.",
            .least = 1,
            .most = kDurationMost},
    kLateAfter,
    kStuckAfter,
    KeySpec{.name = "tasks",
            .kind = K::kMap,
            .description = "Keys by the type of task, as {shell: {interpreter: bash}}: what a "
                           "task of the type does not say itself. Only: interpreter, python, "
                           "memory, threads, keep_pii and transfer.",
            .item = &kDefaultsItem},
    KeySpec{.name = "namespaces",
            .kind = K::kMap,
            .description = "The same keys by namespace, for it and those below it; the nearest "
                           "goes before.",
            .item = &kDefaultsItem},
};

constexpr std::array kInputKeys{
    KeySpec{.name = "id",
            .kind = K::kId,
            .description = "Its name: {{ inputs.id }}.",
            .required = true},
    KeySpec{.name = "type",
            .kind = K::kEnum,
            .description =
                "What values it takes. file: a path, from the working folder on a command line, "
                "from the file's own folder elsewhere; templates get the absolute path of a file "
                "that can be read. secret: the name of a secret, for secret(inputs.id); never its "
                "value.",
            .preset = "\"string\"",
            .words = kInputTypes},
    KeySpec{.name = "values",
            .kind = K::kList,
            .description = "What may be chosen.",
            .item = &kTextItem,
            .least = 1},
    KeySpec{.name = "items",
            .kind = K::kEnum,
            .description = "The type of each item.",
            .preset = "\"string\"",
            .words = std::span(kInputTypes).first(kSingleTypes)},
    KeySpec{.name = "min", .kind = K::kScalar, .description = "The least value."},
    KeySpec{.name = "max", .kind = K::kScalar, .description = "The largest value."},
    KeySpec{.name = "min_length", .kind = K::kInt, .description = "The fewest characters."},
    KeySpec{.name = "max_length", .kind = K::kInt, .description = "The most characters."},
    KeySpec{.name = "min_items", .kind = K::kInt, .description = "The fewest items."},
    KeySpec{.name = "max_items", .kind = K::kInt, .description = "The most items."},
    KeySpec{.name = "match",
            .kind = K::kText,
            .description = "A regular expression that the whole value matches, as [A-Z]{3}-[0-9]+. "
                           "Syntax of Rust's `regex`: no look-around, no back-references; \\d and "
                           "\\w are of ASCII."},
    KeySpec{.name = "default",
            .kind = K::kAny,
            .description = "Used where a run gives none; may be a template over `run`. Of a list: "
                           "a list, or one text a,b,c."},
    KeySpec{.name = "required",
            .kind = K::kBool,
            .description = "Whether a run must give it. Without this key: where it has no "
                           "default. An input that is neither given nor required is null."},
    KeySpec{.name = "description", .kind = K::kText, .description = "What it means."},
};

constexpr std::array kInputKeyRules{
    InputKeyRule{"values", kChosenTypes, true}, InputKeyRule{"items", kArrayType},
    InputKeyRule{"min", kOrderedTypes},         InputKeyRule{"max", kOrderedTypes},
    InputKeyRule{"min_length", kStringType},    InputKeyRule{"max_length", kStringType},
    InputKeyRule{"min_items", kListTypes},      InputKeyRule{"max_items", kListTypes},
    InputKeyRule{"match", kStringType},
};

constexpr std::array kTaskKeys{
    KeySpec{.name = "id",
            .kind = K::kId,
            .description = "Names the task within the flow.",
            .required = true},
    KeySpec{.name = "type",
            .kind = K::kEnum,
            .description = "What kind of task it is.",
            .required = true},
    KeySpec{.name = "description", .kind = K::kText, .description = "What it does."},
    KeySpec{.name = "owner",
            .kind = K::kText,
            .description = "Who is responsible, if not the flow's owner."},
    KeySpec{.name = "needs",
            .kind = K::kList,
            .description = "Tasks that must have ended before, and other flows, as {flow: "
                           "acme.orders/load, within: 1h}: such a need is a task of its own, "
                           "flow:acme.orders/load. Tasks whose outputs or data it names are added "
                           "by themselves.",
            .one_or_list = true,
            .item = &kNeedItem},
    KeySpec{.name = "run_if",
            .kind = K::kCondition,
            .description = "A template that gives true or false; where false, the task is "
                           "skipped."},
    KeySpec{.name = "trigger_rule",
            .kind = K::kEnum,
            .description = "How the tasks it needs must have ended.",
            .preset = "\"all_completed\"",
            .words = kRules},
    kRetry,
    kTimeouts,
    kResources,
    KeySpec{.name = "timeout",
            .kind = K::kDuration,
            .description = "Limit of the whole task, with its retries.",
            .least = 1,
            .most = kDurationMost},
    KeySpec{.name = "allow_failure",
            .kind = K::kBool,
            .description = "Its error makes the run end as `warning`, not as `error`.",
            .preset = "false"},
    KeySpec{.name = "disabled",
            .kind = K::kBool,
            .description = "The task is skipped.",
            .preset = "false"},
    kEnv,
    KeySpec{.name = "cache",
            .kind = K::kObject,
            .description = "Skips work that was done before with the same key, and takes its "
                           "outputs and artifacts. Of tasks that run as a process, but for "
                           "guard, share and wait_for.",
            .fields = kCacheFields},
    kPool,
    kPlace,
    kPriority,
    later("inputs", "Values for a task of a server."),
    later("outputs", "Outputs that the task declares."),
    later("produces", "Data sets that others may consume."),
    later("consumes", "Data sets of others."),
    later("labels", "Words to find the task by."),
};

constexpr std::array kRenamedFlowKeys{
    Renamed{"name", "id"},         Renamed{"steps", "tasks"},     Renamed{"jobs", "tasks"},
    Renamed{"variables", "vars"},  Renamed{"params", "inputs"},   Renamed{"parameters", "inputs"},
    Renamed{"environment", "env"}, Renamed{"on_error", "errors"}, Renamed{"on_failure", "errors"},
    Renamed{"always", "finally"},  Renamed{"retries", "retry"},   Renamed{"schedule", "triggers"},
};

constexpr std::array kRenamedTaskKeys{
    Renamed{"if", "run_if"},
    Renamed{"when", "trigger_rule"},
    Renamed{"name", "id"},
    Renamed{"depends_on", "needs"},
    Renamed{"dependsOn", "needs"},
    Renamed{"depends", "needs"},
    Renamed{"requires", "needs"},
    Renamed{"after", "needs"},
    Renamed{"retries", "retry"},
    Renamed{"environment", "env"},
    Renamed{"allowFailure", "allow_failure"},
    Renamed{"continue_on_error", "allow_failure"},
};

}  // namespace

std::span<const KeySpec> flow_keys() {
  return kFlowKeys;
}
std::span<const KeySpec> defaults_keys() {
  return kDefaultsKeys;
}
std::span<const KeySpec> input_keys() {
  return kInputKeys;
}
std::span<const InputKeyRule> input_key_rules() {
  return kInputKeyRules;
}
std::span<const KeySpec> task_keys() {
  return kTaskKeys;
}
std::span<const Renamed> renamed_flow_keys() {
  return kRenamedFlowKeys;
}
std::span<const Renamed> renamed_task_keys() {
  return kRenamedTaskKeys;
}

const KeySpec* find_key(std::span<const KeySpec> keys, std::string_view name) {
  for (const KeySpec& key : keys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

}  // namespace cordyna::flow
