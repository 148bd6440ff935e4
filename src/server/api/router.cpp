#include "server/api/router.hpp"

#include <algorithm>

namespace cordyna::server {
namespace {

/// Whether the segments are those of the pattern; what stands for its {names} goes to `values`.
bool fits(std::string_view pattern, const std::vector<std::string>& segments,
          std::vector<std::string>& values) {
  for (const std::string& segment : segments) {
    if (!pattern.starts_with('/')) return false;
    pattern.remove_prefix(1);
    const std::string_view part = pattern.substr(0, pattern.find('/'));
    if (part.starts_with('{')) {
      values.push_back(segment);
    } else if (part != segment) {
      return false;
    }
    pattern.remove_prefix(part.size());
  }
  return pattern.empty() || (pattern == "/" && segments.empty());
}

/// Those of one length, in their order: others cannot fit.
const std::vector<const Route*>& routes_of(std::size_t segments) {
  static const std::vector<std::vector<const Route*>> by_length = [] {
    std::vector<std::vector<const Route*>> lists(1);
    for (const Route& route : routes()) {
      const auto length = route.path == "/"
                              ? std::size_t{0}
                              : static_cast<std::size_t>(std::ranges::count(route.path, '/'));
      lists.resize(std::max(lists.size(), length + 1));
      lists[length].push_back(&route);
    }
    return lists;
  }();
  static const std::vector<const Route*> none;
  return segments < by_length.size() ? by_length[segments] : none;
}

}  // namespace

Match find_route(std::string_view method, const std::vector<std::string>& segments) {
  if (method == "HEAD") method = "GET";
  Match match;
  std::vector<std::string> values;
  for (const Route* const route : routes_of(segments.size())) {
    values.clear();
    if (!fits(route->path, segments, values)) continue;
    match.methods.push_back(route->method);
    if (route->method != method) continue;
    match.route = route;
    match.values = values;
  }
  return match;
}

}  // namespace cordyna::server
