/// The flow that an input is for the engine: one trigger for its events, one task for each process
/// that its links reach.
///
/// Its canonical text is JSON of ours, which the state keeps: runs of an earlier program go on as
/// that program had them linked. Pure. Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "embed/links.hpp"
#include "model/flow.hpp"

namespace cordyna::embed {

inline constexpr std::string_view kNamespace = "inputs";  ///< of all these flows
inline constexpr std::string_view kTrigger = "events";
inline constexpr std::string_view kFolder = "/";  ///< nothing of theirs is a file

/// How often a process is tried for one event.
struct Tries {
  std::uint32_t attempts = 1;
  Millis wait = 0;  ///< before the second one; doubles
};

/// How long is waited after `attempt` has failed: at most an hour.
[[nodiscard]] Millis wait_after(const Tries& tries, std::uint32_t attempt);

[[nodiscard]] std::string flow_text(const std::string& input, const std::vector<Stage>& stages,
                                    const Tries& tries);

/// Errors: kCorrupt: it is no text of ours.
[[nodiscard]] Result<std::shared_ptr<const Flow>> flow_of_text(std::string_view text);

/// The processes that lead to the one of this task, in the order of the links.
[[nodiscard]] std::vector<std::string> before_of(const TaskSpec& task);

}  // namespace cordyna::embed
