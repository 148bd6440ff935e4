/// How two versions of a flow differ, by their canonical forms. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/flow.hpp"

namespace cordyna {

/// The canonical form for people: each value on a line of its own, texts of several lines as
/// blocks, what is long broken nowhere, so that a diff by lines shows what changed. Reads like
/// YAML, and is for eyes only. Errors: kCorrupt.
[[nodiscard]] Result<std::string> readable(std::string_view canonical);

/// Ids in order; of tasks, whole paths.
struct PartChanges {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;

  [[nodiscard]] bool empty() const { return added.empty() && changed.empty() && removed.empty(); }
};

struct FlowDiff {
  PartChanges tasks;
  PartChanges triggers;
  PartChanges inputs;
  std::vector<std::string> lines;  ///< as unified_diff; empty: only the folder differs, or nothing
};

/// One side may be empty: a flow that is added, or removed. Errors: kCorrupt.
[[nodiscard]] Result<FlowDiff> diff_flows(std::string_view before, std::string_view after);

/// What a version of a flow asks for that a run of another version has not done.
struct NewWork {
  std::vector<std::string> tasks;   ///< paths of those that are new, or say something else
  std::vector<std::string> inputs;  ///< ids of those that are new, or say something else
  bool shared = false;              ///< what any task may read is another: `vars`
};

/// Errors: kCorrupt.
[[nodiscard]] Result<NewWork> new_work(std::string_view before, std::string_view after);

/// {"tasks":{"added":[],…},"triggers":…,"inputs":…,"diff":[…]}, without its braces.
void append_diff(std::string& out, const FlowDiff& diff);

/// When a trigger is due next, before and after; 0: never.
struct NextTime {
  std::string trigger;
  Millis before = 0;
  Millis after = 0;
};

/// Of the triggers whose next time after `now` differs. Either may be null. What cannot be read is
/// never due.
[[nodiscard]] std::vector<NextTime> changed_times(const Flow* before, const Flow* after,
                                                  Millis now);
/// The next time that any trigger of a flow is due after `now`; 0: never.
[[nodiscard]] Millis next_time(const Flow& flow, Millis now);

}  // namespace cordyna
