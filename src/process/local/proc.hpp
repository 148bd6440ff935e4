/// Processes as /proc shows them, and signals that cannot reach the wrong one.
///
/// A number alone names nobody: numbers are used again. Who is meant is the number with the start
/// time; a signal goes through a pidfd that was opened first and checked after.
/// Threads: any.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "process/local/fd.hpp"

namespace cordyna::local {

struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start = 0;  ///< field 22 of /proc/PID/stat: ticks since the boot

  bool operator==(const ProcessId&) const = default;
};

struct ProcessInfo {
  ProcessId id;
  pid_t parent = 0;
  pid_t session = 0;
  char state = '?';  ///< 'Z': dead, but not yet waited for
};

/// The text of this boot; empty: /proc is not mounted.
[[nodiscard]] std::string boot_id();

/// Nullopt: there is no such process, or /proc is not mounted.
[[nodiscard]] std::optional<ProcessInfo> process_info(pid_t pid);

/// All that can be seen now.
[[nodiscard]] std::vector<ProcessInfo> all_processes();

/// Those of `all` that are below one of `roots`, without the roots.
[[nodiscard]] std::vector<ProcessInfo> descendants(std::span<const ProcessInfo> all,
                                                   std::span<const pid_t> roots);

/// Opened for exactly this process; invalid: it is gone.
[[nodiscard]] Fd open_process(const ProcessId& id);

/// Of a pidfd. False: it is gone, or it may not be signalled.
bool signal_process(const Fd& process, int signal);
bool signal_process(const ProcessId& id, int signal);

/// What is left of an attempt whose guardian died.
struct Remains {
  std::string mark;   ///< "NAME=value" that all its processes were started with
  pid_t session = 0;  ///< the guardian's, where it is known that the guardian died just now; 0: no
};

/// Kills all of it, again and again until nothing is found or `limit_ms` passed. The processes that
/// were still there then: empty, if all are gone.
[[nodiscard]] std::vector<ProcessInfo> kill_remains(const Remains& remains, int limit_ms);

}  // namespace cordyna::local
