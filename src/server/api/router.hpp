/// Which route a path is of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/api/route.hpp"

namespace cordyna::server {

struct Match {
  const Route* route = nullptr;             ///< null: none has this path and method
  std::vector<std::string> values{};        ///< of the {names} in its path
  std::vector<std::string_view> methods{};  ///< that this path has; empty: there is no such path
};

/// HEAD finds the route of GET. Pure. Threads: any.
[[nodiscard]] Match find_route(std::string_view method, const std::vector<std::string>& segments);

}  // namespace cordyna::server
