/// Work that was done before, by what it depended on.
///
/// Whoever runs attempts asks it before it begins one, and gives to it what a completed one left.
/// What is wrong with the cache itself never fails an attempt: then the work is done.
/// Threads: any.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/attempt.hpp"
#include "ports/launch.hpp"

namespace cordyna {

/// What is kept of a completed attempt, besides its folder.
struct DoneWork {
  std::string key;                 ///< as `key` gave it
  StartAttempt command;            ///< the attempt that did it
  std::string folder;              ///< its folder: absolute
  std::string private_mark;        ///< where this file is, the data tells about persons
  std::vector<std::string> masks;  ///< secrets it was given
};

class WorkCache {
 public:
  virtual ~WorkCache() = default;

  /// What the attempt's work is known by: 64 hexadecimal digits, from the key of the task's
  /// `cache`, the task's place, and all that `preparer` makes of it but for the places of an
  /// attempt. Reads the files that the key names. Errors: a TaskError with phase kPrepare.
  [[nodiscard]] virtual std::expected<std::string, TaskError> key(const StartAttempt& command,
                                                                  Preparer& preparer) = 0;

  /// Fills `staged`, an empty folder, as the attempt's folder `target` that did the work. Gives
  /// what people are told: "from cache: run 12, 3h02m old". Nullopt: there is nothing to take,
  /// and `staged` may hold a part of it.
  [[nodiscard]] virtual std::optional<std::string> take(const std::string& key,
                                                        const StartAttempt& command,
                                                        const std::string& staged,
                                                        const std::string& target) = 0;

  /// Keeps what the attempt left, in place of what was there under the key; whole or not at all.
  /// Errors, to be shown: why it was not kept.
  [[nodiscard]] virtual Result<> keep(const DoneWork& work) = 0;
};

}  // namespace cordyna
