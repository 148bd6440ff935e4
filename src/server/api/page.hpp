/// Lists, page by page.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"

namespace cordyna::server {

inline constexpr std::int64_t kPageDefault = 50;
inline constexpr std::int64_t kPageMax = 500;

/// {"runs":[…],"next":"123"}: of rows that may be one more than `limit`, which tells that there are
/// more. `next` is what the client gives to go on.
template <class Row>
[[nodiscard]] std::string page_as_json(std::string_view name, const std::vector<Row>& rows,
                                       std::size_t limit, const auto& append, const auto& key) {
  const std::size_t shown = rows.size() < limit ? rows.size() : limit;
  std::string out = fmt::format("{{\"{}\":[", name);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += ",\n";
    append(out, rows[i]);
  }
  out += ']';
  if (rows.size() > limit) {
    out += ",\"next\":";
    append_json(out, key(rows[shown - 1]));
  }
  out += '}';
  return out;
}

}  // namespace cordyna::server
