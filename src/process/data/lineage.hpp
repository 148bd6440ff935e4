/// OpenLineage events of a step: what it read, what it made, and how that looked.
///
/// Events go to a web address or are appended to a file, as the environment says (docs/lineage.md).
/// Where they cannot be delivered, the task's log says so, and the step goes on. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "process/data/report.hpp"
#include "process/data/step.hpp"

namespace cordyna::data {

/// The variables that matter, for whoever hands an environment on.
inline constexpr const char* kLineageVariables[] = {"OPENLINEAGE_URL", "OPENLINEAGE_ENDPOINT",
                                                    "OPENLINEAGE_NAMESPACE", "OPENLINEAGE_DISABLED",
                                                    "OPENLINEAGE_API_KEY"};
inline constexpr std::string_view kLineageKey = "OPENLINEAGE_API_KEY";  ///< a secret

enum class LineageMoment : std::uint8_t {
  kStart,
  kComplete,
  kAbort,  ///< held by a guard: nothing was shared
  kFail,
};

/// One event as JSON. `space`: the namespace of our jobs. `error`: of a failure.
[[nodiscard]] std::string lineage_event(LineageMoment moment, const Step& step,
                                        const StepReport& report, const TaskError* error,
                                        const std::string& space, Millis at);

class Lineage {
 public:
  /// Asks for OPENLINEAGE_URL and its companions; "" where a variable is not set.
  explicit Lineage(const std::function<std::string(const char* name)>& environment);

  /// Makes and delivers an event. `say` is told where that fails.
  void send(LineageMoment moment, const Step& step, const StepReport& report,
            const TaskError* error, Millis at,
            const std::function<void(std::string_view)>& say) const;

 private:
  [[nodiscard]] Result<> deliver(const std::string& event) const;

  std::string url_;  ///< empty: nobody wants events
  std::string space_ = "cordyna";
  std::string key_;
};

}  // namespace cordyna::data
