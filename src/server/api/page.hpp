/// Lists, page by page.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "server/api/call.hpp"

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

/// The same of rows that have a number and a namespace, of which a caller may not see all: `list`
/// gives those that a filter (with `before` and `limit`) wants. Nullopt: the call is refused.
template <class Filter>
[[nodiscard]] std::optional<std::string> visible_page(Call& call, std::string_view name,
                                                      Filter filter, const auto& list,
                                                      const auto& append) {
  constexpr std::uint32_t kScanMax = 2000;  // rows that one page passes over at most
  const auto limit = static_cast<std::uint32_t>(call.query_number("limit", kPageDefault));
  filter.before = call.query_number("before", 0);
  filter.limit = limit + 1;
  std::string out = fmt::format("{{\"{}\":[", name);
  std::uint32_t shown = 0;
  std::uint32_t passed = 0;
  bool more = true;
  while (more && shown < limit && passed < kScanMax) {
    const auto rows = list(filter);
    if (!rows.has_value()) {
      call.refuse(rows.error());
      return std::nullopt;
    }
    more = rows->size() == filter.limit;
    for (const auto& row : *rows) {
      if (shown == limit) {
        more = true;
        break;
      }
      filter.before = row.no;
      ++passed;
      if (!call.caller.may(Role::kViewer, row.ns)) continue;
      if (shown++ > 0) out += ",\n";
      append(out, row);
    }
  }
  out += ']';
  if (more) out += fmt::format(",\"next\":\"{}\"", filter.before);
  return out + '}';
}

}  // namespace cordyna::server
