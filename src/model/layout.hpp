/// The state folder: which file lies where. One place, so that owner, guardians and clients agree.
///
///     .cordyna/
///       state.db              SQLite
///       owner.lock            held by the owner; its pid as text
///       owner.sock            further `dyna` commands reach the owner here
///       supervise.sock        the fork server, which holds supervise.lock
///       runs/.next-<pid>/     a guardian's folder for its next attempt
///       runs/<run no>/<task index>-<attempt>/
///         guardian            "<pid> <start time> <boot id>\n" of the guardian, which holds a lock
///                             on it as long as it lives
///         exit                how it ended: that file, with the record appended, renamed
///         log                 the output (log_format.hpp)
///         outputs             what the task wrote to $DYNA_OUTPUTS
///         report              what a data step says of its end ($DYNA_REPORT)
///         artifacts/          $DYNA_ARTIFACTS
///         work/               $DYNA_WORK, emptied at the end
///
/// Names derive from numbers of ours, never from names that users choose (S24).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/flow.hpp"
#include "model/rows.hpp"

namespace cordyna {

class StateLayout {
 public:
  explicit StateLayout(std::string folder) : folder_(std::move(folder)) {}

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string database() const { return folder_ + "/state.db"; }
  [[nodiscard]] std::string owner_lock() const { return folder_ + "/owner.lock"; }
  [[nodiscard]] std::string owner_socket() const { return folder_ + "/owner.sock"; }
  [[nodiscard]] std::string supervise_socket() const { return folder_ + "/supervise.sock"; }
  [[nodiscard]] std::string run_folder(RunNo run) const {
    return folder_ + "/runs/" + std::to_string(run);
  }
  [[nodiscard]] std::string attempt_folder(RunNo run, TaskIndex task, std::uint32_t attempt) const {
    return run_folder(run) + "/" + std::to_string(task) + "-" + std::to_string(attempt);
  }

 private:
  std::string folder_;
};

/// Inside an attempt's folder.
namespace attempt_file {
inline constexpr std::string_view kGuardian = "guardian";
inline constexpr std::string_view kExit = "exit";
inline constexpr std::string_view kLog = "log";
inline constexpr std::string_view kOutputs = "outputs";
inline constexpr std::string_view kReport = "report";
inline constexpr std::string_view kArtifacts = "artifacts";
inline constexpr std::string_view kWork = "work";
}  // namespace attempt_file

}  // namespace cordyna
