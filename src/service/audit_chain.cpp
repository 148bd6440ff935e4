#include "service/audit_chain.hpp"

#include <fmt/format.h>

#include <iterator>
#include <vector>

#include "base/text.hpp"

namespace cordyna {
namespace {

constexpr std::uint32_t kAuditPage = 1000;

}  // namespace

Result<AuditCheck> check_audit(StoreReader& reader, const AuditHash& hash) {
  AuditCheck check;
  // From the newest down: each entry must have been made of the hash of the one that comes next.
  AuditFilter filter;
  filter.limit = kAuditPage;
  AuditRow later;
  const auto look = [&](const std::string& before) {
    if (later.seq > 0 && later.hash != hash(audit_text(later, before))) check.broken_at = later.seq;
  };
  for (;;) {
    TRY_ASSIGN(const std::vector<AuditRow> page, reader.list_audit(filter));
    for (const AuditRow& row : page) {
      if (check.entries == 0) check.last_hash = row.hash;
      ++check.entries;
      if (later.seq > 0 && row.seq != later.seq - 1) check.broken_at = later.seq;
      look(row.hash);
      later = row;
      filter.before = row.seq;
    }
    if (page.size() < kAuditPage) break;
  }
  if (later.seq > 1) check.broken_at = later.seq;
  look("");
  return check;
}

void append_audit(std::string& out, const AuditRow& row) {
  fmt::format_to(std::back_inserter(out), "{{\"seq\":{},\"at\":\"{}\",\"actor\":", row.seq,
                 format_timestamp(row.at));
  append_json(out, row.actor);
  const auto text = [&out](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    fmt::format_to(std::back_inserter(out), ",\"{}\":", key);
    append_json(out, value);
  };
  text("address", row.address);
  text("action", row.action);
  text("subject", row.subject);
  text("namespace", row.ns);
  if (!row.before.empty()) out += ",\"before\":" + row.before;
  if (!row.after.empty()) out += ",\"after\":" + row.after;
  text("hash", row.hash);
  out += '}';
}

}  // namespace cordyna
