/// Runs the checks against a task server.
///
/// Each check has a process and a folder of its own; several run at a time.
/// Threads: the progress is told from the kit's threads, one at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "conformance/finding.hpp"

namespace cordyna::conformance {

inline constexpr int kUsualJobs = 4;

struct Wishes {
  std::string command;            ///< starts the server; see docs/protocol.md, Conformance
  std::optional<int> level;       ///< nullopt: what its hello says
  std::vector<std::string> only;  ///< names of checks; empty: all of the level
  int jobs = kUsualJobs;          ///< checks at a time
  const std::atomic<bool>* stop = nullptr;  ///< once it is true, nothing more is tried
  bool keep_trace = false;                  ///< of what is broken: all that was said
  std::string redis{};  ///< its address: streams there instead of WebSockets; empty: those
};

struct Outcome {
  std::string_view check;
  std::string_view rule;
  std::string_view where;
  int level = 0;
  std::optional<Finding> broken;
  std::string in_check{};  ///< of a rule that holds always: where it was broken, if elsewhere
  Millis took = 0;
  std::string output{};  ///< the last that the server printed, where something is broken
  std::string trace{};   ///< lines, where they were wanted
};

struct Report {
  int level = 0;
  std::vector<Outcome> outcomes;  ///< in the order of the checks

  [[nodiscard]] bool is_fine() const;
};

struct CheckInfo {
  std::string_view name;
  std::string_view rule;
  std::string_view where;
  int level;
};
[[nodiscard]] std::vector<CheckInfo> known_checks();

/// So many of so many are done, and the last one.
using Progress = std::function<void(std::size_t done, std::size_t all, const Outcome& last)>;

/// Errors: kInvalidArgument: no check has that name, or not at that level; kUnavailable: the
/// server did not come, with what it printed, or the machine has no port or folder; kCancelled: it
/// was stopped, and nothing of the server is left.
[[nodiscard]] Result<Report> run_checks(const Wishes& wishes, const Progress& progress);

}  // namespace cordyna::conformance
