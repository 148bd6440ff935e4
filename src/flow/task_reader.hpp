/// Reads one task of a flow file.
#pragma once

#include "flow/connection_file.hpp"
#include "flow/contract_file.hpp"
#include "flow/defaults_file.hpp"
#include "flow/draft.hpp"
#include "flow/requirements.hpp"

namespace cordyna::flow {

/// Where a task is read from.
struct TaskPlace {
  Section section = Section::kTasks;
  TaskIndex inside = kNoTask;  ///< the switch or foreach that a list of tasks stands in
  std::uint32_t branch = 0;
  std::string prefix{};  ///< of paths: "choose/"
};

/// What does not fit is reported, and left at its default in the draft. Presets of the type's keys
/// are filled in.
class TaskReader {
 public:
  TaskReader(Reporter& reporter, ContractFiles& contracts, ConnectionFiles& connections,
             const RequirementFiles& requirements, const Defaults& defaults, std::string_view ns,
             std::string_view folder)
      : reporter_(reporter),
        contracts_(contracts),
        connections_(connections),
        requirements_(requirements),
        defaults_(defaults),
        ns_(ns),
        folder_(folder) {}

  /// Appends the tasks of a list; those inside of one come right after it.
  void read_all(const Node& list, const TaskPlace& place, std::vector<TaskDraft>& out);

 private:
  [[nodiscard]] TaskDraft read(const Node& node, const TaskPlace& place);
  void read_switch(TaskIndex at, std::vector<TaskDraft>& out);
  void read_foreach(TaskIndex at, std::vector<TaskDraft>& out);
  void no_limits_of_its_own(TaskDraft& draft);
  void read_key(const Node& key, TaskDraft& draft, ValueReader& reader);
  void read_common(const KeySpec& spec, const Node& value, TaskDraft& draft, ValueReader& reader);
  void read_param(const KeySpec& spec, const Node& value, TaskDraft& draft, ValueReader& reader);
  void read_contract(const KeySpec& spec, const Node& value, TaskDraft& draft, ValueReader& reader);
  void read_targets(const KeySpec& spec, const Node& value, TaskDraft& draft);
  void read_requirements(const Node& value, TaskDraft& draft, ValueReader& reader);
  // shell_reader.cpp
  [[nodiscard]] std::string_view program_of(const TaskDraft& draft) const;
  [[nodiscard]] bool is_bound(const TaskDraft& draft) const;
  void read_script(const KeySpec& spec, const Node& value, TaskDraft& draft, ValueReader& reader);
  void read_script_file(const KeySpec& spec, const Node& value, TaskDraft& draft,
                        ValueReader& reader);
  void read_language(const KeySpec& spec, const Node& value, TaskDraft& draft, ValueReader& reader);
  void finish_shell(TaskDraft& draft);
  void finish_compiled(TaskDraft& draft, std::string_view language);
  void read_type(const Node& node, TaskDraft& draft);
  void check_required(TaskDraft& draft);
  void fill_defaults(TaskDraft& draft);
  void fill_presets(TaskDraft& draft);
  void read_pause(TaskDraft& draft);
  void read_questions(TaskDraft& draft);
  void read_cache(const Node& node, TaskDraft& draft, ValueReader& reader);
  void check_cache(TaskDraft& draft);
  void read_wait_for(TaskDraft& draft);
  void read_subflow(TaskDraft& draft);
  void read_invoke(TaskDraft& draft);   // invoke_reader.cpp
  void read_schemas(TaskDraft& draft);  // invoke_reader.cpp
  // plugin_reader.cpp
  void read_plugin_type(const Node& type, TaskDraft& draft);
  void read_plugin(TaskDraft& draft);
  static void hold_to_schemas(TaskDraft& draft, const std::string& inputs,
                              const std::string& output);
  void check_plugin_inputs(const TaskDraft& draft, const std::string& schema);
  /// Reports a key that the draft has and cannot have.
  void refuse_key(const TaskDraft& draft, std::string_view key, std::string_view why);
  void check_source(const TaskDraft& draft);
  void check_load(const TaskDraft& draft);
  void check_http(const TaskDraft& draft);
  void check_sql(const TaskDraft& draft);
  void check_notify(const TaskDraft& draft);
  void check_python(TaskDraft& draft);
  void check_merge(const TaskDraft& draft);
  void check_share(const TaskDraft& draft);

  Reporter& reporter_;
  ContractFiles& contracts_;
  ConnectionFiles& connections_;
  const RequirementFiles& requirements_;
  const Defaults& defaults_;
  std::string_view ns_;      // of the flow
  std::string_view folder_;  // where relative paths begin
};

/// `retry:` and `timeouts:` over what `into` has already.
void read_retry(const Node& node, ValueReader& reader, Reporter& reporter, Retry& into);
void read_timeouts(const Node& node, ValueReader& reader, Timeouts& into);
void read_resources(const Node& node, ValueReader& reader, Resources& into);
/// Adds to `into`, or replaces what has the same name; sorted by name.
void read_env(const Node& node, ValueReader& reader, Env& into);

/// Reports what is no JSON Schema, of tasks that task servers carry out. Takes a while: not of
/// flows that were looked at before.
void check_schemas(const FlowDraft& draft, Reporter& reporter);

}  // namespace cordyna::flow
