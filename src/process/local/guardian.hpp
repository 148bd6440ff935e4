/// The guardian: the process that carries attempts out, one after the other, and outlives its
/// owner.
///
/// It leads a session, adopts what its tasks leave behind (subreaper), holds their output, enforces
/// the deadline, and writes the record of the end. It takes another attempt from the same owner
/// only when everything of the one before is proven gone; once its owner is gone, or it was
/// signalled, its present attempt is its last.
///
/// SIGTERM: cancel the attempt. Errors of an attempt become its record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "process/local/cgroup.hpp"
#include "process/local/fd.hpp"
#include "process/local/proc.hpp"

namespace cordyna::local {

/// What a guardian has from the fork server.
struct GuardianPost {
  int state = -1;    ///< the state folder, open
  int signals = -1;  ///< a signalfd of SIGCHLD and SIGTERM, which are blocked
  Fd owner;          ///< the guardian's end of the socket pair
  std::string boot;
  ProcessId self{};                     ///< set by run_guardian
  std::optional<GroupPlaces> groups{};  ///< looked up for the first attempt with `resources`
  std::uint64_t groups_made = 0;
};

/// In a process forked for it. Threads: one.
[[noreturn]] void run_guardian(GuardianPost post);

}  // namespace cordyna::local
