/// What may stand behind a key: rows of the tables from which parser, JSON Schema and reference are
/// made.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace cordyna::flow {

enum class ValueKind : std::uint8_t {
  kText,        ///< a string without templates; numbers and booleans are taken as written
  kTemplate,    ///< a string in which templates are evaluated
  kCondition,   ///< a template that gives true or false
  kShell,       ///< a script: each template becomes an environment variable
  kPython,      ///< a script without templates
  kVerbatim,    ///< a text that may have braces, and no templates
  kSql,         ///< SQL: each template becomes a value
  kUrl,         ///< a URL: each template becomes a part of it
  kId,          ///< an id that is given here
  kNamespace,   ///< ids joined by dots
  kTask,        ///< the id of a task
  kNeed,        ///< the id of a task, or an object with `fields` that names another flow
  kDataTask,    ///< the id of a task that gives data
  kDataColumn,  ///< a column of such a task: "task.column"
  kInt,
  kNumber,
  kBool,
  kDuration,
  kSize,
  kCpu,         ///< cores, from 0.01 to `most`
  kEnum,        ///< one of `words`
  kRetryOn,     ///< an exit code, a kind or a code of task errors
  kColumnType,  ///< a type of a contract's column
  kScalar,      ///< a string, number or boolean, as it is
  kAny,         ///< any value; templates in its strings are evaluated
  kList,        ///< of `item`
  kTasks,       ///< a list of tasks
  kMap,         ///< of any names to `item`
  kObject,      ///< with `fields`
};

struct KeySpec {
  std::string_view name{};
  ValueKind kind = ValueKind::kText;
  std::string_view description{};
  bool required = false;
  bool not_yet = false;       ///< of the language, but not of this version
  bool one_or_list = false;   ///< kList: a single item stands for a list of one
  bool splits = false;        ///< kList: a single string is parted at blanks
  bool keeps_order = false;   ///< kMap: the order of the keys means something
  bool env_names = false;     ///< kMap: keys are names of environment variables
  bool shared = false;        ///< of a type: defaults.yaml may give it to all tasks of the type
  std::string_view preset{};  ///< the default, as JSON
  std::span<const std::string_view> words{};
  std::span<const KeySpec> fields{};
  const KeySpec* item = nullptr;
  std::string_view short_field{};  ///< kObject: a scalar stands for an object with this field,
                                   ///< and a list, where the field is one
  std::int64_t least = 0;          ///< kInt, kNumber; kDuration: ms; kSize: bytes; lists: items
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

/// Whether a name behind the key means a file in connections/.
[[nodiscard]] constexpr bool names_connection(const KeySpec& key) {
  return key.name == "connection" ||
         ((key.name == "s3" || key.name == "gcs") && key.kind == ValueKind::kObject);
}

/// A task type: who carries it out, whether it gives data, and its keys.
struct TaskType {
  std::string_view name{};
  std::string_view description{};
  std::span<const KeySpec> keys{};
  bool engine = false;   ///< decided by the engine itself
  bool data = false;     ///< other tasks may name it in `of` and `sql`
  bool not_yet = false;  ///< of the language, but not of this version
};

/// A type of trigger: its own keys.
struct TriggerKind {
  std::string_view name{};
  std::string_view description{};
  std::span<const KeySpec> keys{};
};

/// A key that only inputs of some types have; a key without a row goes with every type.
struct InputKeyRule {
  std::string_view key;
  std::span<const std::string_view> types;
  bool required = false;  ///< those types must have it
};

/// A word that other tools use, and ours.
struct Renamed {
  std::string_view theirs;
  std::string_view ours;
};

[[nodiscard]] std::span<const KeySpec> flow_keys();
[[nodiscard]] std::span<const KeySpec> defaults_keys();  ///< of defaults.yaml
[[nodiscard]] std::span<const KeySpec> project_keys();   ///< of cordyna.yaml
[[nodiscard]] std::span<const KeySpec> pool_keys();      ///< of a pool there
[[nodiscard]] std::span<const KeySpec> place_keys();     ///< of a place there
[[nodiscard]] std::span<const KeySpec> input_keys();
[[nodiscard]] std::span<const InputKeyRule> input_key_rules();
/// Of every type, and of each.
[[nodiscard]] std::span<const KeySpec> trigger_keys();
[[nodiscard]] std::span<const TriggerKind> trigger_kinds();
[[nodiscard]] std::span<const Renamed> renamed_trigger_keys();
/// Of the language, but not of this version.
[[nodiscard]] std::span<const std::string_view> later_trigger_types();
[[nodiscard]] std::span<const KeySpec> task_keys();      ///< of every type
[[nodiscard]] std::span<const KeySpec> contract_keys();  ///< of a contract, in a file or inline
[[nodiscard]] std::span<const TaskType> task_types();
[[nodiscard]] const TaskType* find_task_type(std::string_view name);
/// Of tasks whose type is a plugin's; `stored`: as a version of a flow is kept.
[[nodiscard]] const TaskType& plugin_task_type(bool stored);
[[nodiscard]] std::span<const Renamed> renamed_flow_keys();
[[nodiscard]] std::span<const Renamed> renamed_task_keys();

/// Null: no such key.
[[nodiscard]] const KeySpec* find_key(std::span<const KeySpec> keys, std::string_view name);

}  // namespace cordyna::flow
