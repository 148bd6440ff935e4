/// How much an owner may run at once: slots of the machine, pools and places of the project.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "cli/commands.hpp"
#include "engine/slots.hpp"
#include "model/layout.hpp"
#include "ports/store.hpp"

namespace cordyna::cli {

/// The folder whose project a state belongs to, where no flow says it: that which it lies in.
[[nodiscard]] std::string folder_of(const StateLayout& layout);

/// `folder`: absolute; its project's pools and places count. Errors: what is wrong in cordyna.yaml.
[[nodiscard]] Result<engine::Limits> limits_for(std::uint32_t slots, const std::string& folder);

/// Pools and places of the project here, and the state that says what of them is held.
struct LimitsHere {
  engine::Limits limits;
  std::unique_ptr<StoreReader> reader;  ///< null: there is no state yet
};

/// Errors: as limits_for; the state's.
[[nodiscard]] Result<LimitsHere> limits_here(const CommandContext& context);

}  // namespace cordyna::cli
