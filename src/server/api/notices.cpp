// Who is told of what went wrong.
#include <fmt/format.h>

#include "server/api/page.hpp"
#include "server/api/routes.hpp"
#include "service/json.hpp"

namespace cordyna::server {
namespace {

/// Rows that one page passes over at most, for who may see few of them.
constexpr std::uint32_t kNoticesScanned = 2000;

}  // namespace

void list_notices(Api& api, Call& call) {
  const auto limit = static_cast<std::uint32_t>(call.query_number("limit", kPageDefault));
  NoticeFilter filter;
  filter.team = call.query_value("team").value_or("");
  if (const auto kind = call.query_value("kind")) filter.kind = parse_notice_kind(*kind);
  filter.run = call.query_number("run", 0);
  filter.before = call.query_number("before", 0);
  filter.limit = limit + 1;
  std::string out = "{\"notices\":[";
  std::uint32_t shown = 0;
  std::uint32_t passed = 0;
  bool more = true;
  while (more && shown < limit && passed < kNoticesScanned) {
    const auto rows = api.reader().list_notices(filter);
    if (!rows.has_value()) return call.refuse(rows.error());
    more = rows->size() == filter.limit;
    for (const NoticeRow& row : *rows) {
      if (shown == limit) {
        more = true;
        break;
      }
      filter.before = row.no;
      ++passed;
      if (!call.caller.may(Role::kViewer, row.ns)) continue;
      if (shown++ > 0) out += ",\n";
      append_notice(out, row);
    }
  }
  out += ']';
  if (more) out += fmt::format(",\"next\":\"{}\"", filter.before);
  call.answer(out + '}');
}

}  // namespace cordyna::server
