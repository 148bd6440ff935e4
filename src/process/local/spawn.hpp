/// Starts the program of a task: as a child in a process group of its own that dies with us.
///
/// The child shares our memory until it executes, as with posix_spawn, which cannot set the signal
/// that a parent's death sends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "process/local/fd.hpp"

namespace cordyna::local {

/// What each process of it is held to by itself. 0: as we are.
struct SpawnLimits {
  std::uint64_t data_bytes = 0;  ///< memory that it may write to, whether it does or not
  std::uint64_t cpu_seconds = 0;
  std::uint64_t file_bytes = 0;
};

struct SpawnRequest {
  const std::vector<std::string>& argv;
  const std::vector<std::string>& env;  ///< "NAME=value"; its PATH is where argv[0] is looked up
  const std::string& folder;
  int out = -1;
  int error = -1;
  std::uint32_t umask = 022;
  std::span<const Fd> joins{};  ///< files of control groups, which the child joins before it begins
  SpawnLimits limits{};
};

struct Spawned {
  pid_t pid = -1;        ///< -1: not started
  bool outside = false;  ///< then: a group did not take it
  std::string problem;   ///< then: what, and what would be right
};

/// As exec wants it: a pointer to each text, then null. Borrows the texts.
[[nodiscard]] std::vector<char*> pointers(const std::vector<std::string>& list);

/// Standard input is ours (/dev/null); everything above 2 is closed. Threads: one.
[[nodiscard]] Spawned spawn(const SpawnRequest& request);

}  // namespace cordyna::local
