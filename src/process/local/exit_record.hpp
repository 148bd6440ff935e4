/// How an attempt ended, as its guardian writes it into the file `exit`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace cordyna::local {

/// Which of its `resources` an attempt went over.
enum class Over : std::uint8_t { kNothing, kMemory, kCpuTime, kFileSize };

struct ExitRecord {
  int exit_code = -1;  ///< of the main process; -1: it was ended by a signal, or never started
  int signal = 0;
  Millis started = 0;
  Millis ended = 0;
  bool timeout = false;     ///< `timeouts.complete` passed while it ran
  bool cancelled = false;   ///< it was asked to end while it ran, or before it began
  std::string spawn_error;  ///< it could not be started
  std::string disk_error;   ///< its files could not be written
  bool disk_full = false;   ///< with disk_error: because there is no space
  std::uint64_t max_rss_kb = 0;
  std::uint64_t log_bytes = 0;
  bool log_truncated = false;
  std::string last_error_line;  ///< masked
  Over over = Over::kNothing;
  std::uint64_t over_limit = 0;   ///< then: what was allowed, in bytes or milliseconds
  std::uint64_t memory_peak = 0;  ///< of all its processes, in bytes, with a control group; else 0
  std::string note;               ///< of one that took work done before: where from
  bool left_nothing = false;  ///< its folder had nothing in it, and may be another attempt's now

  bool operator==(const ExitRecord&) const = default;
};

/// One line of JSON with a version.
[[nodiscard]] std::string encode(const ExitRecord& record);
/// Errors: kCorrupt: damaged, or of a newer version.
[[nodiscard]] Result<ExitRecord> parse_exit_record(std::string_view text);

}  // namespace cordyna::local
