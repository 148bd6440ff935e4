/// What blocks runs and their tasks, as text and as JSON.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/why.hpp"
#include "model/layout.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"
#include "service/json.hpp"

namespace cordyna::cli {

/// A line of the table: a task, why, since when, and whose it is.
struct WhyLine {
  std::string task;
  std::string why;
  std::string since;
  std::string owner;
};

[[nodiscard]] std::vector<WhyLine> lines_of(const RunWhy& why, Millis now);
[[nodiscard]] std::string as_table(std::vector<WhyLine> lines);
/// Which of the runs in the way nobody drives: there is no owner of the state, or it has not taken
/// them up. Asks the owner; what cannot be known counts as driven.
[[nodiscard]] Result<std::set<RunNo>> left_runs(const StateLayout& layout, StoreReader& reader,
                                                const std::vector<engine::Blocker>& blockers);

}  // namespace cordyna::cli
