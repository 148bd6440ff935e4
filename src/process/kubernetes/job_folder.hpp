/// What is kept of an attempt in its folder: which Job it is, how far its output was told, its end.
///
/// Written so that a crash at any place leaves what can be gone on from: the Job is made suspended,
/// its uid is written down, and only then it is let begin. So a Job whose uid is not here has run
/// nothing. Threads: one at a time for each folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "kubernetes/log_lines.hpp"
#include "model/attempt.hpp"
#include "process/local/exit_record.hpp"

namespace cordyna::kubernetes {

/// The Job of an attempt.
struct JobRecord {
  std::string context;  ///< as the task names it; empty: the current one
  std::string ns;
  std::string name;
  std::string uid;        ///< empty: it may not have been made
  bool released = false;  ///< it may have begun
  bool stays = false;     ///< it is left to its ttl
  bool has_secret = false;

  bool operator==(const JobRecord&) const = default;
};

/// How far the output was told, and the size of the log then.
struct LogMark {
  LogPosition position;
  std::uint64_t log_bytes = 0;
};

/// The id of the state folder, which labels its Jobs: made where there is none. Errors:
/// kUnavailable, kNoSpace.
[[nodiscard]] Result<std::string> owner_id(const std::string& state_folder);

class JobFolder {
 public:
  explicit JobFolder(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Nullopt: it has not ended. Errors: kCorrupt.
  [[nodiscard]] Result<std::optional<local::ExitRecord>> ended() const;
  /// Nullopt: no Job was asked for. Errors: kCorrupt.
  [[nodiscard]] Result<std::optional<JobRecord>> job() const;

  /// Makes the folder where it is not there. Durable. Errors: kNoSpace, kUnavailable.
  [[nodiscard]] Result<> save(const JobRecord& job) const;
  /// Durable. Errors as before.
  [[nodiscard]] Result<> end(const local::ExitRecord& record) const;
  /// The file that a task's outputs are read from, or a report of ours. Errors as before.
  [[nodiscard]] Result<> write(std::string_view name, std::string_view content) const;

  /// Not durable: what is lost of it is told once more, after the log was cut to its size.
  void mark_log(const LogMark& mark) const;
  /// The log as it was at the mark; without one there is none.
  [[nodiscard]] LogMark cut_log() const;
  /// The last line of output that is not blank, masked as the log is.
  [[nodiscard]] std::string last_line() const;

 private:
  [[nodiscard]] Result<> make() const;
  [[nodiscard]] Result<> replace(const char* name, std::string_view content, bool durable) const;
  [[nodiscard]] std::string file(std::string_view name) const;

  std::string path_;
};

}  // namespace cordyna::kubernetes
