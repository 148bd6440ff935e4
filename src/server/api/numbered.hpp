/// A row that a path names by its number, for who may see it.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "server/api/call.hpp"

namespace cordyna::server {

/// `name`: of the value in the path, and of the thing, for people. `find` gives the row of a
/// number; a row has its namespace in `ns`. Nullopt: the call is refused: there is none, the caller
/// may not see it (the same answer), or the route's role is missing there.
template <class Row>
[[nodiscard]] std::optional<Row> numbered_row(Call& call, std::string_view name, const auto& find) {
  const std::string& text = call.value(name);
  std::int64_t no = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, no);
  const auto missing = [&] {
    call.refuse(
        problem("not_found", fmt::format("there is no such {}, or it is not yours to see", name)));
    return std::nullopt;
  };
  if (error != std::errc() || stop != end || no < 1) return missing();
  Result<Row> row = find(no);
  if (!row.has_value() && row.error().code != ErrorCode::kNotFound) {
    call.refuse(row.error());
    return std::nullopt;
  }
  if (!row.has_value() || !call.caller.may(Role::kViewer, row->ns)) return missing();
  if (call.caller.may(call.route->role, row->ns)) return std::move(*row);
  call.refuse(
      problem("forbidden", fmt::format("this wants the role {}", to_string(call.route->role))));
  return std::nullopt;
}

}  // namespace cordyna::server
