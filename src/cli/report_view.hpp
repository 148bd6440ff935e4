/// The report of a data task for people: what `dyna show RUN TASK` prints.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/palette.hpp"
#include "model/states.hpp"

namespace cordyna::cli {

struct TaskReport {
  std::string task;
  std::string type;
  TaskState state = TaskState::kPending;
  std::uint32_t attempt = 0;      ///< 0: none yet
  std::uint32_t attempts = 0;     ///< that there were
  std::string json;               ///< what the step wrote; empty: nothing
  std::string error;              ///< "CODE: message"; empty: none
  std::vector<std::string> gone;  ///< names of its files that are not there any more
};

/// Everything that one task reported.
[[nodiscard]] std::string report_as_text(const TaskReport& report, const Palette& palette);

/// One line for each task: rows and what became of them, time, memory.
[[nodiscard]] std::string reports_as_table(const std::vector<TaskReport>& reports);

/// {"task": …, "state": …, "attempt": …, "report": …}; the report as the step wrote it.
[[nodiscard]] std::string report_as_json(const TaskReport& report);

}  // namespace cordyna::cli
