/// A flow as the engine sees it: checked, resolved, immutable. Made by flow/, shared by its runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "model/contract.hpp"
#include "model/place.hpp"
#include "model/trigger.hpp"

namespace cordyna {

/// A task's place in `Flow::tasks`.
using TaskIndex = std::uint32_t;

/// When a task may run, by how its upstreams ended.
enum class TriggerRule : std::uint8_t {
  kAllCompleted,  ///< the default; a skipped upstream satisfies it unless all were skipped
  kAllDone,
  kAnyCompleted,
  kAnyError,
  kAllError,
};

[[nodiscard]] std::string_view to_string(TriggerRule rule);

enum class Backoff : std::uint8_t { kConstant, kExponential, kRandom };

/// `retry:`. The defaults are one attempt, no retry.
struct Retry {
  std::uint32_t attempts = 1;  ///< with the first; at least 1
  Millis delay = 0;
  Backoff backoff = Backoff::kConstant;
  Millis max_delay = 0;  ///< 0: no bound
  bool jitter = false;   ///< adds up to half of the delay
  std::vector<std::string>
      on;  ///< exit codes ("75"), kinds ("timeout") or codes ("LOST"); empty: whatever is retryable

  bool operator==(const Retry&) const = default;
};

/// `timeouts:`, each counted from the step before. 0: no limit.
struct Timeouts {
  Millis acknowledge = 0;
  Millis start = 0;
  Millis complete = 0;

  bool operator==(const Timeouts&) const = default;
};

/// Which list of the flow a task stands in. `errors` run after the main tasks if any ended in
/// error; `finally` run last, always, also after a cancel.
enum class Section : std::uint8_t { kTasks, kErrors, kFinally };

/// Who carries a task out.
enum class TaskKind : std::uint8_t {
  kEngine,   ///< `log`, `fail`, `pause`: decided by the engine itself, in the transaction; takes no
             ///< slot
  kProcess,  ///< handed to an Executor; takes a slot
  kRun,      ///< `flow`: another run of the same state does it; takes no slot
  kServed,   ///< `invoke`: a task server does it; takes a slot of its server alone
};

/// What a task waits for by itself, once its upstreams let it run.
enum class WaitFor : std::uint8_t {
  kNothing,
  kPerson,     ///< `pause`: somebody approves
  kTime,       ///< `pause` with `for`
  kCondition,  ///< `wait_for` with `until`: the engine looks
  kScript,     ///< `wait_for` with `script`: a process looks, each time as an attempt
};

/// Of `pause` and `wait_for`. Takes no slot between two looks.
struct Wait {
  WaitFor what = WaitFor::kNothing;
  Millis time = 0;      ///< kTime: so long; kCondition, kScript: from one look to the next
  bool go_on = false;   ///< kPerson: it completes when its `timeout` runs out
  std::string until{};  ///< kCondition: a template giving true or false, which knows `now`
};

inline constexpr TaskIndex kNoTask = 0xffff'ffff;
inline constexpr std::string_view kDefaultCase = "default";

/// Of a `switch`: by what it chooses which of the tasks inside of it run.
struct Choice {
  std::string value{};               ///< a template; empty: this is no switch
  std::vector<std::string> cases{};  ///< ascending; kDefaultCase last, where there is one
};

/// Of a `foreach`: its tasks inside run once for each item.
struct Foreach {
  std::string items{};         ///< JSON: a list, or what gives one; empty: this is no foreach
  std::uint32_t parallel = 0;  ///< items at a time; 0: as many as there are slots
};

/// Of a `flow`: the run that does the work of the task.
struct Subflow {
  std::string ns{};      ///< of the other flow; may be empty
  std::string id{};      ///< empty: this is no `flow`
  std::string inputs{};  ///< JSON object, strings in it are templates; empty: none are given
  Millis within = 0;     ///< a run that completed so long ago at most will do; 0: none will
  bool wait = true;      ///< false: it completes when the run has begun
  bool go_on = false;    ///< it completes, however the run ends

  [[nodiscard]] std::string name() const { return ns.empty() ? id : ns + '/' + id; }
};

/// What becomes of a run that begins while as many as may are there.
enum class WhenFull : std::uint8_t {
  kQueue,   ///< it is pending until one has ended, in order of arrival
  kSkip,    ///< it ends at once as cancelled
  kCancel,  ///< those in its way are cancelled, the oldest first, and it waits for their end
};

[[nodiscard]] std::string_view to_string(WhenFull when_full);

/// `concurrency:` of a flow.
struct Concurrency {
  std::uint32_t limit = 0;  ///< runs at a time; 0: any number
  std::string key{};        ///< a template: each text that it gives has a limit of its own
  WhenFull when_full = WhenFull::kQueue;

  bool operator==(const Concurrency&) const = default;
};

/// `resources:` of one attempt. 0: no limit.
struct Resources {
  std::uint32_t cpu_millis = 0;  ///< thousandths of a core
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;  ///< of one file that it writes
  Millis cpu_time = 0;           ///< of one of its processes, by whole seconds

  bool operator==(const Resources&) const = default;
};

enum class InputType : std::uint8_t {
  kString,
  kInt,
  kFloat,
  kBool,
  kDate,
  kDatetime,
  kDuration,
  kJson,
  kSelect,       ///< one of `values`
  kMultiselect,  ///< a list of them, each once
  kArray,        ///< a list of `items`
  kFile,         ///< the path of a file; absolute in templates
  kSecret,       ///< the name of a secret, never its value
};

[[nodiscard]] std::string_view to_string(InputType type);

struct InputSpec {
  std::string id;
  std::string description;
  std::string default_value;  ///< JSON text, or a JSON string that is a template; empty: none
  InputType type = InputType::kString;
  bool required = false;                 ///< no default and not optional: a run must give it
  InputType items = InputType::kString;  ///< of kArray: a type of single values
  std::vector<std::string> values;       ///< of kSelect and kMultiselect: what may be chosen
  std::string min;  ///< the least value as JSON; of types with an order; empty: no bound
  std::string max;
  std::string match;  ///< of kString: a regular expression for the whole value; empty: any
  std::optional<std::int64_t> min_length;  ///< of kString: characters
  std::optional<std::int64_t> max_length;
  std::optional<std::int64_t> min_items;  ///< of kArray and kMultiselect
  std::optional<std::int64_t> max_items;
  std::uint32_t line = 0;  ///< of its default in the flow file, from 1; 0: unknown
  std::uint32_t column = 0;
};

/// `cache:` of a task of a process: work that was done with the same key is not done again.
struct Cache {
  std::string key{};  ///< a template, which knows files('…') too; empty: no cache
  Millis age = 0;     ///< how old the work may be; 0: as old as it is kept

  bool operator==(const Cache&) const = default;
};

struct TaskSpec {
  std::string id;    ///< its path: "clean", or "choose/clean" inside of a switch
  std::string type;  ///< a name of the registry: "shell"
  std::string description;
  std::string owner;    ///< its own or the flow's; never empty
  std::string run_if;   ///< a template giving true or false; empty: always
  std::string params;   ///< the keys of its type as a JSON object; templates are not rendered
  std::string message;  ///< of an engine task (`log`, `fail`, `pause`): a template, or empty
  Wait wait;
  std::vector<InputSpec> inputs;  ///< of a pause: what the person who approves gives
  Choice choice;
  Foreach foreach;
  Subflow subflow;
  TaskIndex inside = kNoTask;  ///< the switch that it stands in, which comes before it
  std::uint32_t branch = 0;    ///< the case of it, by its place
  std::vector<std::pair<std::string, std::string>> env;  ///< name → template
  std::vector<TaskIndex> needs;  ///< upstream tasks of the same section, ascending, each once; from
                                 ///< `needs` and from references
  std::vector<TaskIndex> refs;   ///< tasks, also of earlier sections, whose outputs it reads
  Retry retry;
  Timeouts timeouts;
  Millis timeout = 0;  ///< whole, with retries; 0: no limit
  Resources resources;
  Cache cache;
  Contract contract;
  std::int32_t priority = 0;  ///< who waits for a slot: the greater goes first
  std::string pool{};         ///< whose slot each attempt takes too; empty: none
  PlaceNeed place;            ///< where its attempts may run
  Section section = Section::kTasks;
  TaskKind kind = TaskKind::kProcess;
  TriggerRule trigger_rule = TriggerRule::kAllCompleted;
  bool allow_failure = false;
  bool disabled = false;   ///< skipped
  std::uint32_t line = 0;  ///< in the flow file, from 1
};

/// One version of a flow. `hash` names it: equal canonical forms are one version.
struct Flow {
  std::string id;
  std::string ns;  ///< `namespace`; may be empty
  std::string description;
  std::string owner;
  std::string labels;   ///< JSON object of strings
  std::string vars;     ///< JSON object; strings in it are templates
  std::string outputs;  ///< JSON object of templates over the tasks' outputs; "{}": none
  std::string folder;  ///< absolute; relative paths in the flow are from here, and scripts run here
  std::string hash;    ///< SHA-256 of the canonical form, hexadecimal
  Millis timeout = 0;  ///< of a whole run, from when it begins; 0: no limit
  Millis late_after = 0;   ///< a run that takes longer is told of; 0: none
  Millis stuck_after = 0;  ///< so is a task that may run and has not begun by then; 0: none
  Concurrency concurrency;
  std::vector<InputSpec> inputs;
  std::vector<TriggerSpec> triggers;
  std::vector<TaskSpec> tasks;  ///< `tasks`, then `errors`, then `finally`, each in file order;
                                ///< those inside of a switch follow it, case by case
};

/// What a person is told of the inputs: "amount (int), reason (string, may be left out)".
[[nodiscard]] std::string describe_inputs(const std::vector<InputSpec>& inputs);

/// How the templates of `task` name `other`: by the last part of its path where both stand in one
/// switch, or `other` in one further out; else by its whole path.
[[nodiscard]] std::string_view name_within(const Flow& flow, TaskIndex task, TaskIndex other);

}  // namespace cordyna
