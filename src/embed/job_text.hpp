/// Events and statuses on their way through the engine, as JSON that only this room reads.
///
/// `data` of an event is kept as a text in it, so that it comes out byte for byte. Pure.
/// Threads: any.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cordyna/event.hpp"
#include "cordyna/process.hpp"
#include "model/attempt.hpp"

namespace cordyna::embed {

/// {"event":{…}}: the payload of an event of the engine, and the inputs of its run.
[[nodiscard]] std::string payload_of(const Event& event);

/// The outputs of an attempt. Of its logs, the last kLogBytesMax bytes.
[[nodiscard]] std::string outputs_of(const ProcessStatus& status);

/// What a process is given.
struct Job {
  Event event;
  std::vector<ProcessStatus> before;  ///< in the order of the links
};

/// Errors: kCorrupt.
[[nodiscard]] Result<Job> job_of(const StartAttempt& command);

/// The last lines that have `bytes` together; where some are left out, a line in front says so.
[[nodiscard]] std::vector<std::string> last_lines(const std::vector<std::string>& lines,
                                                  std::size_t bytes);

}  // namespace cordyna::embed
