/// The state folder: which file lies where. One place, so that owner, guardians and clients agree.
///
///     .cordyna/
///       state.db              SQLite
///       owner.lock            held by the owner; its pid, or how the last one ended
///       owner.sock            further `dyna` commands reach the owner here
///       supervise.sock        the fork server, which holds supervise.lock
///       secrets               lines NAME=value that the user writes, mode 0600 (secrets/)
///       secrets.enc           what `dyna secret` keeps, encrypted; changed under secrets.lock
///       secret.key            its key, where DYNA_SECRET_KEY gives none
///       fence                 a number that each owner raises (process/local/fence.hpp)
///       runs/.next-<pid>/     a guardian's folder for its next attempt
///       runs/<run no>/<task index>[.<item>]-<attempt>/
///         guardian            "<pid> <start time> <boot id>\n" of the guardian, which holds a lock
///                             on it as long as it lives
///         exit                how it ended: that file, with the record appended, renamed
///         log                 the output (log_format.hpp)
///         outputs             what the task wrote to $DYNA_OUTPUTS
///         report              what a data step says of its end ($DYNA_REPORT)
///         artifacts/          $DYNA_ARTIFACTS
///         work/               $DYNA_WORK, emptied at the end
///       private/<run no>/<task index>[.<item>]-<attempt>
///                             a mark: this attempt's data tells about persons, and goes when its
///                             run has ended (process/data/private_data.hpp)
///       messages/<run no / 4096>
///                             what task servers and cerebro said to each other, a line of JSON
///                             each
///       fence.key             what the fences of attempts on task servers are made with
///       cache/<key>/          work that was done (process/cache/entries.hpp)
///       programs/<key>/       scripts that were compiled (process/shell/programs.hpp)
///       runs/<run no>/ended   "<task index>[.<item>]-<attempt> <record>\n" for each attempt that
///       left
///                             nothing: it has no folder
///
/// Names derive from numbers of ours, never from names that users choose (S24).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/flow.hpp"
#include "model/rows.hpp"

namespace cordyna {

/// The numbers of the items that a task stands in, outermost first, as names of files have them:
/// ".3.12" for "load[3]/run[12]/get"; empty for a task in no foreach.
[[nodiscard]] std::string items_in_path(std::string_view path);

/// The task of the flow that a path is of: "load/run/get" of "load[3]/run[12]/get".
[[nodiscard]] std::string task_in_path(std::string_view path);

class StateLayout {
 public:
  explicit StateLayout(std::string folder) : folder_(std::move(folder)) {}

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string database() const { return folder_ + "/state.db"; }
  [[nodiscard]] std::string owner_lock() const { return folder_ + "/owner.lock"; }
  [[nodiscard]] std::string owner_socket() const { return folder_ + "/owner.sock"; }
  [[nodiscard]] std::string supervise_socket() const { return folder_ + "/supervise.sock"; }
  [[nodiscard]] std::string plain_secrets() const { return folder_ + "/secrets"; }
  [[nodiscard]] std::string secret_store() const { return folder_ + "/secrets.enc"; }
  [[nodiscard]] std::string secret_key() const { return folder_ + "/secret.key"; }
  [[nodiscard]] std::string secret_lock() const { return folder_ + "/secrets.lock"; }
  [[nodiscard]] std::string run_folder(RunNo run) const {
    return folder_ + "/runs/" + std::to_string(run);
  }
  /// `items`: of the task's path (items_in_path).
  [[nodiscard]] std::string attempt_folder(RunNo run, TaskIndex task, std::uint32_t attempt,
                                           std::string_view items = {}) const {
    return run_folder(run) + "/" + attempt_name(task, attempt, items);
  }
  /// What was said between cerebro and task servers: of so many runs in one file.
  static constexpr RunNo kRunsInFile = 4096;
  [[nodiscard]] std::string messages_folder() const { return folder_ + "/messages"; }
  [[nodiscard]] std::string messages_of(RunNo run) const {
    return messages_folder() + "/" + std::to_string(run / kRunsInFile);
  }
  [[nodiscard]] std::string cache_folder() const { return folder_ + "/cache"; }
  [[nodiscard]] std::string programs_folder() const { return folder_ + "/programs"; }
  [[nodiscard]] std::string private_folder() const { return folder_ + "/private"; }
  [[nodiscard]] std::string private_folder(RunNo run) const {
    return private_folder() + "/" + std::to_string(run);
  }
  [[nodiscard]] std::string private_mark(RunNo run, TaskIndex task, std::uint32_t attempt,
                                         std::string_view items = {}) const {
    return private_folder(run) + "/" + attempt_name(task, attempt, items);
  }

 private:
  [[nodiscard]] static std::string attempt_name(TaskIndex task, std::uint32_t attempt,
                                                std::string_view items) {
    return std::to_string(task) + std::string(items) + "-" + std::to_string(attempt);
  }

  std::string folder_;
};

inline constexpr const char* kFenceFile = "fence";  ///< in the state folder
inline constexpr const char* kEndedFile = "ended";  ///< in a run's folder

/// Inside an attempt's folder.
namespace attempt_file {
inline constexpr const char* kGuardian = "guardian";
inline constexpr const char* kExit = "exit";
inline constexpr const char* kLog = "log";
inline constexpr const char* kOutputs = "outputs";
inline constexpr const char* kReport = "report";
inline constexpr const char* kArtifacts = "artifacts";
inline constexpr const char* kWork = "work";
}  // namespace attempt_file

}  // namespace cordyna
