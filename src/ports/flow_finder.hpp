/// Flows by their names, for who runs another flow: as they are now, not as they were.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/flow.hpp"

namespace cordyna {

struct FoundFlow {
  std::shared_ptr<const Flow> flow;  ///< with its folder and its hash
  std::string canonical;             ///< what a run of it keeps
};

/// Threads: one at a time.
class FlowFinder {
 public:
  virtual ~FlowFinder() = default;

  /// The current version of `name`: "namespace/id", or an id alone, which is one of the namespace
  /// `ns` of the flow that asks. Errors: kNotFound, with the nearest name; kConflict: two files
  /// have this name, both named; kInvalidArgument: its file has errors, the first of them;
  /// kCorrupt, kUnavailable.
  [[nodiscard]] virtual Result<FoundFlow> find(std::string_view name, std::string_view ns) = 0;
};

}  // namespace cordyna
