#include "server/api/router.hpp"

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
  return pattern.empty();
}

}  // namespace

Match find_route(std::string_view method, const std::vector<std::string>& segments) {
  if (method == "HEAD") method = "GET";
  Match match;
  for (const Route& route : routes()) {
    std::vector<std::string> values;
    if (!fits(route.path, segments, values)) continue;
    match.methods.push_back(route.method);
    if (route.method != method) continue;
    match.route = &route;
    match.values = std::move(values);
  }
  return match;
}

}  // namespace cordyna::server
