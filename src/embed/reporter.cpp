#include "embed/reporter.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "base/text.hpp"
#include "base/time.hpp"

namespace cordyna::embed {

std::string describe(const Failure& failure) {
  std::string out;
  if (!failure.input.empty()) out = fmt::format("input '{}': ", failure.input);
  if (!failure.process.empty()) {
    out += fmt::format("event '{}' of '{}', process '{}', attempt {}: ", failure.event.id,
                       failure.event.location, failure.process, failure.attempt);
  }
  out += failure.error.message;
  if (failure.again) {
    out += fmt::format("; it is called again in {}", format_delay(failure.wait.count()));
  } else if (!failure.process.empty()) {
    out += "; it is not tried again";
  }
  return out;
}

void Reporter::failed(const Failure& failure) {
  const std::lock_guard lock(mutex_);
  try {
    if (options_.on_error) {
      options_.on_error(failure);
    } else {
      std::fprintf(stderr, "cordyna: %s\n", printable(describe(failure)).c_str());
    }
  } catch (...) {  // of the program around: it must not end a thread of ours
    std::fputs("cordyna: on_error threw an exception, which is passed over\n", stderr);
  }
}

void Reporter::completed(const Completion& completion) {
  if (!options_.on_completed) return;
  const std::lock_guard lock(mutex_);
  try {
    options_.on_completed(completion);
  } catch (...) {  // as above
    std::fputs("cordyna: on_completed threw an exception, which is passed over\n", stderr);
  }
}

}  // namespace cordyna::embed
