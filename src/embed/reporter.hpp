/// What went wrong and what was done, told to the program around: one call at a time.
///
/// Threads: any.
#pragma once

#include <mutex>

#include "cordyna/orchestrator.hpp"

namespace cordyna::embed {

/// "input 'a': it ended: …; it is called again in 100ms"
[[nodiscard]] std::string describe(const Failure& failure);

class Reporter {
 public:
  /// Borrows the options.
  explicit Reporter(const OrchestratorOptions& options) : options_(options) {}

  void failed(const Failure& failure);
  void completed(const Completion& completion);

 private:
  const OrchestratorOptions& options_;
  std::mutex mutex_;
};

}  // namespace cordyna::embed
