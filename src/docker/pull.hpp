/// What the daemon tells while it pulls an image: one JSON object for each line.
///
/// Pure. Threads: one.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::docker {

/// Gets a line for people, without its end.
using SayLine = std::function<void(std::string_view)>;

class PullReader {
 public:
  explicit PullReader(SayLine say) : say_(std::move(say)) {}

  void feed(std::string_view bytes);
  /// How the pull went. Errors: those of pull_error.
  [[nodiscard]] Result<> end();

 private:
  void take_line(std::string_view line);

  SayLine say_;
  std::string rest_;  // a line that is not whole yet
  std::string error_;
};

/// What a failed pull means: kNotFound: there is no such image, or it is not for us; kDenied: the
/// registry wants other credentials; kNoSpace; kUnavailable: all else, which may pass.
[[nodiscard]] Error pull_error(std::string_view message);

}  // namespace cordyna::docker
