// Who is told of what went wrong.
#include <utility>

#include "server/api/page.hpp"
#include "server/api/routes.hpp"
#include "service/json.hpp"

namespace cordyna::server {

void list_notices(Api& api, Call& call) {
  NoticeFilter filter;
  filter.team = call.query_value("team").value_or("");
  if (const auto kind = call.query_value("kind")) filter.kind = parse_notice_kind(*kind);
  filter.run = call.query_number("run", 0);
  auto page = visible_page(
      call, "notices", std::move(filter),
      [&api](const NoticeFilter& wanted) { return api.reader().list_notices(wanted); },
      append_notice);
  if (page.has_value()) call.answer(std::move(*page));
}

}  // namespace cordyna::server
