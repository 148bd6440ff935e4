/// Where the files of an attempt lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/flow.hpp"
#include "model/layout.hpp"
#include "model/rows.hpp"

namespace cordyna::server {

/// By our own numbers, whatever the path says. Nullopt: the flow has no task at that path.
[[nodiscard]] std::optional<std::string> attempt_place(const StateLayout& layout, const Flow& flow,
                                                       RunNo run, const std::string& path,
                                                       std::uint32_t attempt);

}  // namespace cordyna::server
