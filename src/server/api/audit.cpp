// The audit: read, and checked from its first entry on.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.hpp"
#include "flow/sha256.hpp"
#include "server/api/page.hpp"
#include "server/api/routes.hpp"
#include "server/auth/tokens.hpp"
#include "service/audit_chain.hpp"

namespace cordyna::server {

void list_audit(Api& api, Call& call) {
  AuditFilter filter;
  filter.before = call.query_number("before", 0);
  filter.actor = call.query_value("actor").value_or("");
  filter.subject = call.query_value("subject").value_or("");
  const auto limit = static_cast<std::uint32_t>(call.query_number("limit", kPageDefault));
  filter.limit = limit + 1;
  const auto rows = api.reader().list_audit(filter);
  if (!rows.has_value()) return call.refuse(rows.error());
  call.answer(page_as_json("audit", *rows, limit, append_audit,
                           [](const AuditRow& row) { return std::to_string(row.seq); }));
}

void check_audit_chain(Api& api, Call& call) {
  auto kept = std::make_shared<Call>(std::move(call));
  api.work([&api, kept] {
    const auto check = check_audit(*api.parts().plan_reader, flow::sha256_hex);
    if (!check.has_value()) return kept->refuse(check.error());
    std::string out =
        fmt::format("{{\"whole\":{},\"entries\":{}", check->broken_at == 0, check->entries);
    if (check->broken_at > 0) out += fmt::format(",\"broken_at\":{}", check->broken_at);
    if (!check->last_hash.empty()) out += fmt::format(",\"last_hash\":\"{}\"", check->last_hash);
    kept->answer(out + '}');
  });
}

}  // namespace cordyna::server
