/// The fence: a number in the state folder that each new owner raises before it looks around.
///
/// A guardian begins an attempt only while the number is still that of its order's owner, under a
/// shared lock that keeps the number from being raised meanwhile. So after `raise_fence` nothing
/// of an earlier owner begins any more: what it began can be seen, and the rest never will be.
/// Threads: any, each with its own open file.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "process/local/fd.hpp"

namespace cordyna::local {

/// Raises the fence of this state folder; its new number, from 1 on. Waits for guardians that are
/// beginning an attempt right now. Errors: kUnavailable: no space, no permission, or a guardian
/// that was stopped (SIGSTOP) halfway.
[[nodiscard]] Result<std::uint64_t> raise_fence(const std::string& state_folder);

/// Of a guardian, open for its life. Invalid: errno says why.
[[nodiscard]] Fd open_fence(int state);

/// Locks the fence if it still stands at `mine`. 0: until `unlock_fence`; ESTALE: it was raised;
/// otherwise errno.
[[nodiscard]] int lock_fence(const Fd& fence, std::uint64_t mine);
void unlock_fence(const Fd& fence);

}  // namespace cordyna::local
