/// Links a draft: tasks find each other, templates their names, and the graph has no circle.
///
/// Threads: none.
#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "flow/draft.hpp"
#include "flow/name_check.hpp"

namespace cordyna::flow {

class Linker {
 public:
  Linker(FlowDraft& draft, Reporter& reporter);

  /// Fills `needs` and `refs` of each task; reports what does not exist, is in the wrong section,
  /// gives no data, or needs itself.
  void link();

 private:
  /// How a task comes to be named, for messages and rules.
  enum class By : std::uint8_t { kNeeds, kData, kTemplate, kSql };

  void index_ids();
  /// A task by the name that `from` has for it: inside of its switch or foreach first, then further
  /// out.
  [[nodiscard]] std::optional<TaskIndex> find(std::string_view name, TaskIndex from) const;
  [[nodiscard]] bool is_foreach(TaskIndex task) const;
  /// The foreach that it stands in; kNoTask: none.
  [[nodiscard]] TaskIndex loop_around(TaskIndex task) const;
  [[nodiscard]] bool stands_in(TaskIndex task, TaskIndex outer) const;
  void report_item_task(TaskIndex task, TaskIndex loop, const Node& node, std::size_t offset);
  void add_need(TaskIndex from, TaskIndex to);
  /// Handles what is special between tasks of a switch or foreach. False: nothing is.
  bool in_switch(TaskIndex from, TaskIndex to, By by, const Node& node, std::size_t offset);
  void check_part(const OutputRef& ref, TaskIndex named);
  void link_task(TaskIndex index);
  void put_guards_before_shares();
  void check_guard_of_items(TaskIndex index);
  void link_sql(TaskIndex index);
  /// The tasks that columns of the contract refer to.
  void link_columns(TaskIndex index);
  /// Reports a column that the other task is known not to give.
  void check_referred(TaskIndex other, std::string_view column, const Node& at);
  void link_column(TaskIndex index, std::string_view column, std::string_view refs);
  /// Makes the edge, or reports why it cannot be.
  void add_edge(TaskIndex from, TaskIndex to, By by, const Node& node, std::size_t offset);
  void report_unknown(const Node& node, std::size_t offset, std::string_view id, By by);
  void check_flow_templates();

  FlowDraft& draft_;
  Reporter& reporter_;
  NameCheck names_;
  std::unordered_map<std::string_view, TaskIndex> ids_;
  std::vector<OutputRef> refs_;  // of one task at a time
};

/// Reports each circle of `needs` once, at its first task.
void check_cycles(const FlowDraft& draft, Reporter& reporter);

}  // namespace cordyna::flow
