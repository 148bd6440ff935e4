/// A flow between its text and its final form: what the file says, not yet linked.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flow/json_text.hpp"
#include "flow/values.hpp"
#include "model/flow.hpp"

namespace cordyna::flow {

using Env = std::vector<std::pair<std::string, std::string>>;

struct TaskDraft {
  const Node* node = nullptr;
  const TaskType* type = nullptr;  ///< null: unknown
  TaskSpec spec;                   ///< without needs, refs and params
  JsonFields params;               ///< sorted, with presets
  Uses uses;
  bool reads_values = false;         ///< its program reads the outputs of all that it needs
  bool implied = false;              ///< what `needs` of another task says of another flow
  Uses input_uses;                   ///< in defaults of its inputs
  std::vector<const Node*> schemas;  ///< texts that are to be JSON Schemas
};

struct FlowDraft {
  Flow flow;                     ///< without tasks and hash
  std::vector<TaskDraft> tasks;  ///< by section: tasks, errors, finally
  Env env;                       ///< of all tasks
  Uses default_uses;             ///< in inputs' defaults
  Uses trigger_uses;             ///< in values that triggers give to inputs
  Uses event_uses;               ///< the same of triggers that have events: webhooks
  Uses row_uses;                 ///< and of those whose events are rows of a database
  Uses vars_uses;
  Uses env_uses;
  Uses output_uses;
  Uses concurrency_uses;
  std::vector<std::string> var_names;
  std::vector<std::string> label_names;
};

/// What a flow gives to each of its tasks.
struct TaskDefaults {
  Retry retry;
  Timeouts timeouts;
  Resources resources;
  Env env;
  std::string owner;
  std::string pool;
  std::int32_t priority = 0;
};

}  // namespace cordyna::flow
