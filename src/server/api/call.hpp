/// One request on its way through a route.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/api/problem.hpp"
#include "server/api/route.hpp"
#include "server/api/target.hpp"
#include "server/auth/caller.hpp"
#include "server/http/http_server.hpp"

namespace cordyna::server {

/// Threads: one at a time; `answer` and `refuse` from any.
struct Call {
  const Route* route = nullptr;
  HttpRequest request;
  std::vector<std::string> values;  ///< of the {names} in the route's path, in order
  QueryPairs query;                 ///< checked: known names, each of its type, none twice
  JsonBody body;                    ///< checked against Route::body
  Caller caller;
  Respond respond;

  [[nodiscard]] const std::string& value(std::string_view name) const;
  /// The namespace that {namespace} names: "_" is none.
  [[nodiscard]] std::string ns() const;
  [[nodiscard]] std::optional<std::string> query_value(std::string_view name) const;
  [[nodiscard]] std::int64_t query_number(std::string_view name, std::int64_t otherwise) const;
  [[nodiscard]] Millis query_time(std::string_view name) const;  ///< 0: missing
  [[nodiscard]] bool query_flag(std::string_view name) const;

  /// With the route's status. Answers once; what comes later is dropped.
  void answer(std::string json);
  void answer(HttpResponse response);
  void refuse(const Problem& problem);
  void refuse(const Error& error) { refuse(problem_of(error)); }
};

}  // namespace cordyna::server
