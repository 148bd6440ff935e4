#include "embed/supervisor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "cerebro/take_in.hpp"

namespace cordyna::embed {
namespace {

/// What it throws is its failure, not the end of the program around it.
Result<> call_input(Input& input, Intake& intake, const std::stop_token& stop) {
  try {
    const auto ended = input.handle(stop, intake);
    if (!ended.has_value()) return fail("it ended", ended.error());
    return fail(ErrorCode::kUnavailable, "it ended by itself, without an error");
  } catch (const std::exception& error) {
    return fail(ErrorCode::kInternal, fmt::format("it threw: {}", error.what()));
  } catch (...) {
    return fail(ErrorCode::kInternal, "it threw something that is no std::exception");
  }
}

}  // namespace

void supervise(Input& input, Intake& intake, const OrchestratorOptions& options, Reporter& reporter,
               const std::stop_token& stop) {
  auto wait = options.first_wait;
  while (!stop.stop_requested()) {
    const std::uint64_t sent = intake.sent();
    const auto ended = call_input(input, intake, stop);
    if (stop.stop_requested()) return;
    if (intake.sent() != sent) wait = options.first_wait;
    Failure failure;
    failure.error = ended.error();
    failure.input = input.id();
    failure.again = true;
    failure.wait = wait;
    reporter.failed(failure);
    if (!rest(wait, stop)) return;
    wait = std::min(wait * 2, options.longest_wait);
  }
}

}  // namespace cordyna::embed
