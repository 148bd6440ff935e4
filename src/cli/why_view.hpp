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

namespace cordyna::cli {

/// Why one run is where it is.
struct RunWhy {
  RunRow run;
  std::vector<engine::Blocker> blockers{};  ///< empty: it has ended
  std::set<RunNo> left{};  ///< of the runs in its way: those that nobody drives at the moment
};

/// A line of the table: a task, why, since when, and whose it is.
struct WhyLine {
  std::string task;
  std::string why;
  std::string since;
  std::string owner;
};

[[nodiscard]] std::vector<WhyLine> lines_of(const RunWhy& why, Millis now);
[[nodiscard]] std::string as_table(std::vector<WhyLine> lines);
/// A JSON object, without a line end.
[[nodiscard]] std::string as_json(const RunWhy& why);

/// Which of the runs in the way nobody drives: there is no owner of the state, or it has not taken
/// them up. Asks the owner; what cannot be known counts as driven.
[[nodiscard]] Result<std::set<RunNo>> left_runs(const StateLayout& layout, StoreReader& reader,
                                                const std::vector<engine::Blocker>& blockers);

}  // namespace cordyna::cli
