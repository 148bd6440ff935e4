/// Checks templates: their syntax, and that what they name exists where they stand.
///
/// Threads: none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flow/draft.hpp"

namespace cordyna::flow {

/// Where a template stands, which decides what it may name.
enum class Scope : std::uint8_t {
  kTask,         ///< a task's keys and environment, rendered when it is handed out
  kTaskOnError,  ///< the same of a task in `errors` or `finally`: `error` too
  kCondition,    ///< `run_if`: rendered by the engine, without secrets
  kConditionOnError,
  kUntil,  ///< `until` of a wait_for: `now` too
  kUntilOnError,
  kItems,  ///< `items` of a foreach: rendered by the engine, without secrets
  kItemsOnError,
  kInputDefault,
  kTriggerInputs,  ///< values that a trigger gives to inputs
  kEventInputs,    ///< the same of one that has events: `event` too
  kRowInputs,      ///< and of one whose events are rows of a database
  kVars,
  kFlowEnv,
  kFlowOutputs,
  kCacheKey,  ///< as a task's keys, and files('…') too
  kCacheKeyOnError,
  kSubflow,  ///< `inputs` of a task of type flow: rendered by the engine, without secrets
  kSubflowOnError,
  kConcurrencyKey,  ///< rendered by the engine when a run comes: `trigger` too
};

/// A task that a template names: {{ outputs.ID }}.
struct OutputRef {
  std::string id;
  std::string part;  ///< the output; empty: all, or not known
  const Node* node = nullptr;
  std::size_t offset = 0;
};

class NameCheck {
 public:
  NameCheck(const FlowDraft& draft, Reporter& reporter);

  /// Reports what is wrong with one template; adds the tasks whose outputs it reads to `refs`.
  /// `in_loop`: it stands inside of a foreach, and knows `item` and `loop`.
  void check(const TemplateUse& use, Scope scope, std::vector<OutputRef>& refs,
             bool in_loop = false);

 private:
  struct Name {
    std::string root;
    std::string field;  ///< empty: the whole
    std::string part;   ///< of the field; empty: all of it
    std::size_t offset = 0;
  };

  void check_name(const TemplateUse& use, const Name& name, Scope scope,
                  std::vector<OutputRef>& refs);
  /// Of secret(inputs.ID).
  void check_secret_input(const TemplateUse& use, std::size_t offset, std::string_view id);
  void check_outputs(const TemplateUse& use, const Name& name, std::vector<OutputRef>& refs);
  void check_field(const TemplateUse& use, const Name& name,
                   const std::vector<std::string_view>& fields);
  [[nodiscard]] std::vector<std::string_view> fields_of(std::string_view root) const;

  Reporter& reporter_;
  std::vector<std::string_view> inputs_;
  std::vector<std::string_view> secret_inputs_;  // those whose value is a secret's name
  std::vector<std::string_view> vars_;
  std::vector<std::string_view> labels_;
  bool in_loop_ = false;  // of the template that is checked
};

}  // namespace cordyna::flow
