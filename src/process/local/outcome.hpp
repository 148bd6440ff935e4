/// What an ended attempt means: from its record and the files that the task left.
///
/// The files come from the task: bounded, no links followed, nothing believed that it may not say
/// (S26). Threads: any.
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/attempt.hpp"
#include "ports/launch.hpp"
#include "process/local/exit_record.hpp"
#include "process/local/report_trust.hpp"

namespace cordyna::local {

inline constexpr std::size_t kArtifactsMax = 10'000;

/// `trust`: what of the file `report` counts.
[[nodiscard]] Outcome make_outcome(const ExitRecord& record, const std::string& folder,
                                   ReportTrust trust);

/// `text` of an outputs file as one JSON object: JSON objects, merged in order, or lines
/// name=value. Errors: kInvalidArgument, naming the line or place.
[[nodiscard]] Result<std::string> parse_outputs(std::string_view text);

[[nodiscard]] Outcome failed_outcome(TaskErrorCode code, Phase phase, std::string message);
[[nodiscard]] Outcome cancelled_outcome();

}  // namespace cordyna::local
