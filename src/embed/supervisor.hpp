/// Keeps an input going: one that ends or throws is reported, and called again after a while.
#pragma once

#include <stop_token>

#include "cordyna/orchestrator.hpp"
#include "embed/intake.hpp"
#include "embed/reporter.hpp"

namespace cordyna::embed {

/// Returns when `stop` was asked for and the input has ended. The wait before the input is called
/// again doubles each time; once it has sent something, it begins anew. Threads: one for each
/// input.
void supervise(Input& input, Intake& intake, const OrchestratorOptions& options, Reporter& reporter,
               const std::stop_token& stop);

}  // namespace cordyna::embed
