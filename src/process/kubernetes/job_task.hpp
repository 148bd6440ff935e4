/// A task of type `kubernetes` as the Job that it asks for.
///
/// Renders its templates and looks its secrets up; no other effects. Threads: one.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "kubernetes/job_spec.hpp"
#include "model/attempt.hpp"
#include "model/task_error.hpp"
#include "ports/secrets.hpp"
#include "process/kubernetes/policy.hpp"

namespace cordyna::kubernetes {

/// How long a cluster keeps a Job that has ended, where the flow says nothing: until then an end
/// that nobody was there to see can be taken up.
inline constexpr Millis kTtlDefault = Millis{86'400'000};
/// The cluster's own limit on the time of a Job comes so much later than ours.
inline constexpr Millis kDeadlineSlack = 60'000;

struct JobTask {
  JobSpec spec;  ///< without the namespace and the owner, which its cluster gives
  Wanted wanted;
  std::vector<std::string> masks;  ///< what is hidden in its output
  bool stays = false;              ///< as long as `ttl` says, for people to look at
};

/// Variables whose values hold a secret stand in a Secret; a secret is refused in all other keys.
/// Errors: phase kPrepare.
[[nodiscard]] std::expected<JobTask, TaskError> render_task(const Secrets& secrets,
                                                            const StartAttempt& command);

/// "<run id>/<path>/<n>".
[[nodiscard]] std::string attempt_text(const StartAttempt& command);

}  // namespace cordyna::kubernetes
