/// Which folder holds the state that a command works on.
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/layout.hpp"

namespace cordyna::cli {

/// What says it, most important first: `--state DIR`, $DYNA_STATE, else the place of the flow or of
/// the caller. Both may be empty.
struct StateChoice {
  std::string option;
  std::string environment;
  [[nodiscard]] const std::string& given() const { return option.empty() ? environment : option; }
};

/// For a flow in `flow_folder` (absolute): `.cordyna` beside the nearest `cordyna.yaml` upwards,
/// else in the flow's folder. Need not exist yet.
[[nodiscard]] StateLayout state_for_flow(const StateChoice& choice, const std::string& flow_folder);

/// The nearest `.cordyna` from `folder` (absolute) upwards. Errors: kNotFound.
[[nodiscard]] Result<StateLayout> find_state(const StateChoice& choice, const std::string& folder);

/// The absolute path of the working folder. Errors: kUnavailable: it has been removed.
[[nodiscard]] Result<std::string> working_folder();

}  // namespace cordyna::cli
