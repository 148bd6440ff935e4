/// Starts the program of a task: as a child in a process group of its own that dies with us.
///
/// The child shares our memory until it executes, as with posix_spawn, which cannot set the signal
/// that a parent's death sends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace cordyna::local {

struct SpawnRequest {
  const std::vector<std::string>& argv;
  const std::vector<std::string>& env;  ///< "NAME=value"; its PATH is where argv[0] is looked up
  const std::string& folder;
  int out = -1;
  int error = -1;
  std::uint32_t umask = 022;
};

struct Spawned {
  pid_t pid = -1;       ///< -1: not started
  std::string problem;  ///< then: what, and what would be right
};

/// As exec wants it: a pointer to each text, then null. Borrows the texts.
[[nodiscard]] std::vector<char*> pointers(const std::vector<std::string>& list);

/// Standard input is ours (/dev/null); everything above 2 is closed. Threads: one.
[[nodiscard]] Spawned spawn(const SpawnRequest& request);

}  // namespace cordyna::local
