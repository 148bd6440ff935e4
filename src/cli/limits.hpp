/// How much an owner may run at once: slots of the machine, and the pools of the project.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "engine/slots.hpp"
#include "model/layout.hpp"
#include "model/pool.hpp"

namespace cordyna::cli {

/// The folder whose project a state belongs to, where no flow says it: that which it lies in.
[[nodiscard]] std::string folder_of(const StateLayout& layout);

/// `folder`: absolute; its project's pools count. Errors: what is wrong in cordyna.yaml.
[[nodiscard]] Result<engine::Limits> limits_for(std::uint32_t slots, const std::string& folder);

}  // namespace cordyna::cli
